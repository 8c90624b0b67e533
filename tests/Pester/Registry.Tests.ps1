#requires -Version 7.6
# Images from and to a real registry, as a user types it: the client's tests have the faults.

BeforeDiscovery {
    Import-Module (Join-Path $PSScriptRoot Helpers.psm1)
    $generations = @(Get-RigGeneration)
}

BeforeAll {
    $ErrorActionPreference = 'Stop'
    Import-ModuleUnderTest
}

Describe 'Registries, containerd <generation>' -ForEach $generations {
    if ($reason) {
        It 'has a daemon' { Set-ItResult -Skipped -Because $reason }
        return
    }

    BeforeAll {
        $rig = Get-Rig $generation
        $registry = Get-Registry
        $host5000 = $registry.Address
        $busybox = Push-ToRegistry $registry busybox
        $nginx = Push-ToRegistry $registry nginx
    }

    BeforeEach {
        $namespace = Add-TestNamespace $rig
        $session = Connect-CtrSession $rig.Address -Namespace $namespace
    }

    AfterEach {
        Disconnect-CtrSession $session
        Invoke-Ctr $rig -n $namespace leases ls -q | Should -BeNullOrEmpty
        Invoke-Ctr $rig -n $namespace content active | Select-Object -Skip 1 | Should -BeNullOrEmpty
        Clear-TestNamespace $rig $namespace
    }

    It 'gives images that can be run, saved and sent on, one after the other or several' {
        $got = Receive-CtrImage $busybox, $nginx, $busybox
        $got.Name | Should -Be $busybox, $nginx
        $got.Status | Should -Be New, New
        $got.Unpacked | Should -Be $true, $true
        $got | ForEach-Object Address | Should -Be $rig.Address, $rig.Address
        Invoke-Ctr $rig -n $namespace images check -q | Should -Contain $nginx
        (Receive-CtrImage $busybox).Status | Should -Be UpToDate
        Invoke-CtrImage $busybox -Remove -- echo works | Should -Be works

        $got[0] | Save-CtrImage -Path "$TestDrive/$namespace.tar" -Session $session
        (Get-CtrArchive "$TestDrive/$namespace.tar").Name | Should -Be $busybox
        $sent = $got[0] | Send-CtrImage -Destination "$host5000/$namespace/box:1"
        $sent.Mounted | Should -BeGreaterThan 0
        $sent.Digest | Should -Be $got[0].Digest
        $sent.ToString() | Should -Be "$host5000/$namespace/box:1"
    }

    It 'sends what <name> reads byte by byte' -ForEach @(foreach ($one in 'crane', 'oras') { @{ name = $one; reader = Get-RegistryReader $one } }) {
        if (-not $reader) {
            Set-ItResult -Skipped -Because "$name is not here; Debian has it"
            return
        }
        $null = Receive-CtrImage $nginx -NoUnpack
        $target = "$host5000/read-$name/$($namespace):1"
        $sent = Send-CtrImage $nginx $target
        # The bytes that the program writes, untouched by PowerShell's pipeline: what they hash to.
        $hash = {
            param([string] $Words)
            $line = "set -o pipefail; '$reader' $Words | sha256sum"
            $told = bash -c $line
            if ($LASTEXITCODE -ne 0) { throw "$reader $Words ended with $LASTEXITCODE" }
            "sha256:$(($told -split ' ')[0])"
        }
        $words = $name -eq 'crane' ? 'manifest --insecure' : 'manifest fetch --plain-http'
        & $hash "$words '$target'" | Should -Be $sent.Digest
        $manifest = & $reader @($words -split ' ') $target | ConvertFrom-Json
        $blobs = @($manifest.config) + $manifest.layers
        $blobs.Count | Should -Be ($sent.Pushed + $sent.Mounted + $sent.Skipped - 1)
        foreach ($blob in $blobs) {
            $of = "'$host5000/read-$name/$namespace@$($blob.digest)'"
            & $hash ($name -eq 'crane' ? "blob --insecure $of" : "blob fetch --plain-http --output - $of") | Should -Be $blob.digest
        }
        if ($name -eq 'crane') {
            "$(& $reader validate --insecure --remote $target 2>&1)" | Should -BeLike '*PASS*'
        }
    }

    It 'says of one that is not there so, and brings the others' {
        $got = Receive-CtrImage $busybox, "$host5000/library/none:1" -ErrorAction SilentlyContinue -ErrorVariable told
        $got.Name | Should -Be $busybox
        $told.FullyQualifiedErrorId | Should -BeLike 'CtrRemoteImageNotFound,*'
        "$told" | Should -BeLike "*'$host5000/library/none:1'*MANIFEST_UNKNOWN*"
        { Receive-CtrImage 127.0.0.1:1/library/none:1 -MaximumRetryCount 0 } | Should -Throw -ErrorId 'CtrRegistryUnreachable,*'
        { Receive-CtrImage 'Not Valid' } | Should -Throw -ErrorId 'CtrInvalidReference,*'
        { Receive-CtrImage $busybox -Platform linux/arm64 -AllPlatforms } | Should -Throw -ErrorId 'CtrInvalidArgument,*'
        { Receive-CtrImage $busybox -NoUnpack -Snapshotter overlayfs } | Should -Throw -ErrorId 'CtrInvalidArgument,*'
        { Receive-CtrImage $busybox -HostsDirectory "$TestDrive/none" } | Should -Throw -ErrorId 'CtrInvalidPath,*'
        { Receive-CtrImage $busybox -Session /tmp/none.sock } | Should -Throw -ErrorId 'CtrAddressNotFound,*'
    }

    It 'goes by mirrors and certificates: the chapter of a site without the internet' {
        # A registry with a certificate of a private authority stands for Docker Hub, as a hosts.toml says that we write.
        $secure = Get-Registry -Tls
        $null = Push-ToRegistry $secure busybox 'library/mirrored:1'
        $folder = (New-Item -ItemType Directory "$TestDrive/hosts-$namespace").FullName
        Set-CtrRegistryHost docker.io $secure.Url -Ca $secure.Certificate -HostsDirectory $folder -SkipFallback
        (Get-CtrRegistryHost docker.io -HostsDirectory $folder)[0].Url | Should -BeLike "https://$($secure.Address)*"
        $got = Receive-CtrImage mirrored:1 -HostsDirectory $folder
        $got.Name | Should -Be 'docker.io/library/mirrored:1'
        $got.Host | Should -BeLike "https://$($secure.Address)*"
        # ctr takes the same folder.
        $local = $generation -eq '2' ? @('--local') : @()
        Invoke-Ctr $rig -n $namespace images pull @local --hosts-dir $folder docker.io/library/mirrored:1 | Select-Object -Last 1 |
            Should -Not -BeNullOrEmpty
        # Without the file nobody trusts it.
        Set-Content "$folder/docker.io/hosts.toml" "server = '$($secure.Url)'`n[host.'$($secure.Url)']"
        { Receive-CtrImage mirrored:1 -HostsDirectory $folder -Force } | Should -Throw -ErrorId 'CtrRegistryTlsFailed,*'
        Set-Content "$folder/docker.io/hosts.toml" 'server = '
        { Receive-CtrImage mirrored:1 -HostsDirectory $folder } | Should -Throw -ErrorId 'CtrInvalidHostsFile,*'
    }

    It 'identifies by what was logged in with, and keeps the password to itself' {
        $closed = Get-Registry -Token
        $private = Push-ToRegistry $closed busybox
        $config = (New-Item -ItemType Directory "$TestDrive/docker-$namespace").FullName
        Use-Environment @{ DOCKER_CONFIG = $config; REGISTRY_AUTH_FILE = $null; DOCKER_AUTH_CONFIG = $null } {
            { Receive-CtrImage $private } | Should -Throw -ErrorId 'CtrRegistryDenied,*'
            $wrong = [pscredential]::new($closed.User, [Net.NetworkCredential]::new('', 'wr0ng word').SecurePassword)
            $failure = { Receive-CtrImage $private -Credential $wrong -Debug -Verbose } | Should -Throw -ErrorId 'CtrRegistryDenied,*' -PassThru
            $failure | Format-List * -Force | Out-String | Should -Not -Match 'wr0ng'
            { Connect-CtrRegistry $closed.Address $wrong } | Should -Throw -ErrorId 'CtrLoginFailed,*'
            $right = [pscredential]::new($closed.User, [Net.NetworkCredential]::new('', $closed.Password).SecurePassword)
            Connect-CtrRegistry $closed.Address $right
            (Receive-CtrImage $private).Status | Should -Be New
            (Send-CtrImage $private "$($closed.Address)/$namespace/own:1").Status | Should -Be Sent
            Disconnect-CtrRegistry $closed.Address
            { Receive-CtrImage $private -Force } | Should -Throw -ErrorId 'CtrRegistryDenied,*'
        }
    }

    It 'shows -Credential to one registry only' {
        $faulty = Get-Registry -Faulty
        Clear-RegistryFault $faulty
        $elsewhere = "$($faulty.Address)/library/none:1"
        $credential = [pscredential]::new('pester', [Net.NetworkCredential]::new('', 'secret word').SecurePassword)
        $null = Receive-CtrImage $busybox -Credential $credential -NoUnpack
        Add-CtrImageTag $busybox $elsewhere
        foreach ($work in { Receive-CtrImage $busybox, $elsewhere -Credential $credential },
            { Receive-CtrImage $elsewhere, $busybox -Credential $credential },
            { Get-CtrImage | Send-CtrImage -Credential $credential },
            { Test-CtrImage -Latest -Credential $credential }) {
            $told = $work | Should -Throw -ErrorId 'CtrInvalidArgument,*' -PassThru
            "$told" | Should -BeLike "*'$host5000'*"
            "$told" | Should -BeLike "*'$($faulty.Address)'*"
            $told.ErrorDetails.RecommendedAction | Should -BeLike '*Connect-CtrRegistry*'
        }
        $second = Connect-CtrSession $rig.Address -Namespace $namespace
        foreach ($work in { Send-CtrImage * -Credential $credential -Session $session, $second },
            { Test-CtrImage -Latest -Credential $credential -Session $session, $second }) {
            $work | Should -Throw '*works with one session at a time, as -Credential is for one registry*'
        }
        Disconnect-CtrSession $second
        Get-RegistryRequest $faulty | Should -BeNullOrEmpty
        Remove-CtrImage $elsewhere -Session $session
    }

    It 'brings ten at once, and never more than -ThrottleLimit' {
        $faulty = Get-Registry -Faulty
        if (-not $faulty.PSObject.Properties['Ten']) {
            # Once for all generations.
            $faulty | Add-Member Ten (1..10 | ForEach-Object { Push-ToRegistry $faulty busybox "ten/image-${_}:1" })
        }
        $ten = $faulty.Ten
        try {
            Clear-RegistryFault $faulty
            Add-RegistryFault $faulty @{ Method = 'HEAD'; DelaySeconds = 0.1 }
            Add-RegistryFault $faulty @{ Method = 'GET'; Path = '/blobs/'; DelaySeconds = 0.1 }
            $got = Receive-CtrImage $ten -ThrottleLimit 3 -Label @{ site = 'here' }
            $requests = Get-RegistryRequest $faulty
        } finally {
            Clear-RegistryFault $faulty
        }
        $got.Name | Should -Be $ten
        ($requests | Where-Object Method -EQ HEAD | Measure-Object Waiting -Maximum).Maximum | Should -Be 3 -Because 'three images are under way'
        ($requests | Where-Object Path -Like '*/blobs/*' | Measure-Object Waiting -Maximum).Maximum | Should -BeLessOrEqual 9
        (Get-CtrImage $ten).ForEach({ $_.Labels['site'] }) | Should -Be (@('here') * 10)
        Invoke-Collection $rig $namespace
        foreach ($line in Invoke-Ctr $rig -n $namespace content ls | Select-Object -Skip 1) {
            $line | Should -BeLike '*containerd.io/distribution.source.127.0.0.1=*ten/image-*'
        }
        Remove-CtrImage $ten[9] -Synchronous # the collector runs
        (Test-CtrImage $ten[0..8]).Status | Should -Be (@('Complete') * 9)
    }

    It 'sends a list of retagged images, and only what is not there' {
        $null = Receive-CtrImage $busybox, $nginx
        $target = "$host5000/moved-$namespace"
        $tagged = Get-CtrImage "$host5000/library/*" | Add-CtrImageTag -ReplaceRegistry @{ $host5000 = $target } -PassThru
        $sent = $tagged | Send-CtrImage
        $sent.Target | Sort-Object | Should -Be "$target/library/busybox:1", "$target/library/nginx:1"
        $sent.Status | Should -Be Sent, Sent
        $tagged | Send-CtrImage | ForEach-Object Status | Should -Be UpToDate, UpToDate
        (Receive-CtrImage "$target/library/nginx:1").Status | Should -Be UpToDate
        { Send-CtrImage "$target/*" "$host5000/one:1" } | Should -Throw -ErrorId 'CtrInvalidReference,*'
    }

    It 'moves a registry: the runbook' {
        $null = Receive-CtrImage $busybox, $nginx
        $env:PSModulePath, $path = "$(Split-Path (Split-Path (Get-ManifestPath)))$([IO.Path]::PathSeparator)$env:PSModulePath", $env:PSModulePath
        try {
            $runbook = Join-Path $PSScriptRoot .. .. docs runbooks Move-RegistryImage.ps1
            $move = @{ From = $host5000; To = "$host5000/runbook-$namespace"; Namespace = $namespace; Session = $session }
            & $runbook @move -WhatIf | Should -BeNullOrEmpty
            Get-CtrImage "$host5000/runbook-*" | Should -BeNullOrEmpty
            $sent = & $runbook @move
            $sent.Status | Should -Be Sent, Sent
            (& $runbook @move).Status | Sort-Object -Unique | Should -Contain UpToDate
        } finally {
            $env:PSModulePath = $path
        }
        (Receive-CtrImage "$host5000/runbook-$namespace/library/busybox:1").Status | Should -Be UpToDate
    }

    It 'gives up after -Timeout, or when it is stopped, and goes on then' {
        $faulty = Get-Registry -Faulty
        $folder = New-Item (Join-Path $TestDrive "slow-$generation") -ItemType Directory
        [IO.File]::WriteAllBytes("$folder/picture.jpg", [Security.Cryptography.RandomNumberGenerator]::GetBytes(16MB))
        $slow = "$($faulty.Address)/slow-${namespace}:1"
        $null = Receive-CtrImage $busybox -NoUnpack
        $null = New-CtrImage $slow -From $busybox -AddPath $folder
        $null = Send-CtrImage $slow $slow
        Remove-CtrImage $slow -Synchronous
        $shell = [powershell]::Create()
        try {
            Add-RegistryFault $faulty @{ Method = 'GET'; Path = "/slow-$namespace/blobs/"; StallAfter = 3MB }
            { Receive-CtrImage $slow -Timeout 2 } | Should -Throw -ErrorId 'CtrReceiveTimeout,*'
            $first = (Get-CtrIngest | Measure-Object Offset -Sum).Sum
            $first | Should -BeGreaterThan 1MB

            $null = $shell.AddScript("Import-Module '$(Get-ManifestPath)'; Receive-CtrImage '$slow' -Session `$args[0]").AddArgument($session)
            $running = $shell.BeginInvoke()
            Wait-Until { (Get-CtrIngest | Measure-Object Offset -Sum).Sum -gt $first } 'it goes on'
            $running.IsCompleted | Should -BeFalse
            $shell.Stop()
            $second = (Get-CtrIngest | Measure-Object Offset -Sum).Sum
        } finally {
            $shell.Dispose()
            Clear-RegistryFault $faulty
        }
        $got = Receive-CtrImage $slow
        $got.Status | Should -Be New
        $got.BytesResumed | Should -BeGreaterOrEqual $second
        $got.BytesFetched | Should -BeGreaterThan 1MB
    }

    It 'asks a registry again that does not know a blob just then' {
        $faulty = Get-Registry -Faulty
        $null = Receive-CtrImage $busybox -NoUnpack
        $unknown = @{
            Method = 'PUT'; Path = '/manifests/'; Status = 400
            Body   = '{"errors":[{"code":"MANIFEST_BLOB_UNKNOWN","message":"blob unknown to registry"}]}'
        }
        try {
            Clear-RegistryFault $faulty
            Add-RegistryFault $faulty ($unknown + @{ Times = 1 })
            (Send-CtrImage $busybox "$($faulty.Address)/unknown-${namespace}:1").Status | Should -Be Sent
            Get-RegistryRequest $faulty | Where-Object { $_.Method -eq 'PUT' -and $_.Path -like '*/manifests/*' } | Should -HaveCount 2
            Clear-RegistryFault $faulty
            Add-RegistryFault $faulty $unknown
            { Send-CtrImage $busybox "$($faulty.Address)/unknown-${namespace}:2" } |
                Should -Throw -ErrorId 'CtrRegistryFailed,*' -ExpectedMessage '*MANIFEST_BLOB_UNKNOWN*'
            { Send-CtrImage $busybox "$($faulty.Address)/unknown-${namespace}:2" -MaximumRetryCount 0 } |
                Should -Throw -ErrorId 'CtrRegistryFailed,*'
            Get-RegistryRequest $faulty | Where-Object { $_.Method -eq 'PUT' -and $_.Path -like '*/manifests/*' } | Should -HaveCount 4
        } finally {
            Clear-RegistryFault $faulty
        }
    }

    It 'completes names and shows what it would do' {
        $null = Receive-CtrImage $busybox -NoUnpack
        $line = 'Send-CtrImage 127.0'
        (TabExpansion2 $line $line.Length).CompletionMatches.CompletionText | Should -Contain $busybox
        Remove-CtrImage $busybox -Synchronous
        $line = "Import-Module '$(Get-ManifestPath)'; Receive-CtrImage $busybox -Session $($rig.Address) -Namespace $namespace -WhatIf"
        pwsh -NoProfile -NonInteractive -Command $line | Should -BeLike "*Receive sha256:*to fetch*image '$busybox' in namespace '$namespace'*"
        Invoke-Ctr $rig -n $namespace images ls -q | Should -Not -Contain $busybox
    }
}

Describe 'Registries and Kubernetes, containerd <generation>' -ForEach $generations {
    if ($reason) {
        It 'has a daemon' { Set-ItResult -Skipped -Because $reason }
        return
    }

    It 'has the kubelet see the image, with its digest, when the cmdlet returns' {
        $rig = Get-Rig $generation Cri
        $name = Push-ToRegistry (Get-Registry) pause "kube/pause-$($generation.Replace('.', '-')):1"
        $got = Receive-CtrImage $name -Session $rig.Address -Namespace k8s.io -WarningVariable warnings -WarningAction SilentlyContinue
        $warnings | Should -BeNullOrEmpty
        $image = Get-CtrImage $name -Session $rig.Address -Namespace k8s.io
        $image.Aliases | Should -Contain "$($name -replace ':1$')@$($got.Digest)"
        $image.Aliases | Where-Object { $_ -like 'sha256:*' } | Should -HaveCount 1
        Remove-CtrImage $name -Session $rig.Address -Namespace k8s.io
    }
}
