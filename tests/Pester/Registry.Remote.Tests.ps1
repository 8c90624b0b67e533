#requires -Version 7.6
# What registries have: found, looked at, copied, removed, tested, compared. Registries alone, and one daemon for the comparison.

BeforeDiscovery {
    Import-Module (Join-Path $PSScriptRoot Helpers.psm1)
    $generations = Get-RigGeneration
}

BeforeAll {
    $ErrorActionPreference = 'Stop'
    Import-ModuleUnderTest
    # What the machine has of hosts.toml and logins says nothing here.
    $empty = (New-Item (Join-Path $TestDrive empty) -ItemType Directory).FullName
    $PSDefaultParameterValues['*-Ctr*:HostsDirectory'] = $empty
    $registry = Get-Registry
    $at = $registry.Address
    foreach ($name in 'team/app:1.9', 'team/app:1.10', 'team/app:1.10-rc1', 'team/app:latest', 'team/web:1') {
        $null = Push-ToRegistry $registry busybox $name
    }
    $null = Push-ToRegistry $registry attested team/attested:1
    $credential = [pscredential]::new('pester', [Net.NetworkCredential]::new('', 'secret word').SecurePassword)
}

AfterAll {
    $PSDefaultParameterValues.Clear()
}

Describe 'Find-CtrImage' {
    It 'gives tags in the order of versions' {
        (Find-CtrImage "$at/team/app").Tag | Should -Be latest, 1.9, 1.10-rc1, 1.10
        (Find-CtrImage "$at/team/app:1.*" -Descending -First 2).Tag | Should -Be 1.10, 1.10-rc1
        $tag = Find-CtrImage "$at/team/app:1.9"
        $tag | Should -BeOfType CtrPS.CtrRemoteTag
        "$tag", $tag.Reference, $tag.Registry, $tag.Repository | Should -Be "$at/team/app:1.9", "$at/team/app:1.9", $at, 'team/app'
        Find-CtrImage "$at/team/app:9*" | Should -BeNullOrEmpty
        (Find-CtrImage "$at/team/app" -Unsorted).Tag | Sort-Object | Should -Be 1.10, 1.10-rc1, 1.9, latest
    }

    It 'gives repositories, which go on through the pipeline' {
        $found = Find-CtrImage -Registry $at 'team/*'
        $found | Should -BeOfType CtrPS.CtrRemoteRepository
        $found.Repository | Should -Be team/app, team/attested, team/web
        ($found | Find-CtrImage).Count | Should -Be 6
        (Find-CtrImage -Registry $at team/web).Name | Should -Be "$at/team/web"
        (Find-CtrImage -Registry $at | Select-Object -First 1).Registry | Should -Be $at
    }

    It 'tells what is not there' {
        { Find-CtrImage "$at/team/app:7" } | Should -Throw -ErrorId 'CtrRemoteImageNotFound,*'
        { Find-CtrImage "$at/nobody/app" } | Should -Throw -ErrorId 'CtrRemoteImageNotFound,*'
        { Find-CtrImage -Registry $at nobody } | Should -Throw -ErrorId 'CtrRemoteImageNotFound,*'
        { Find-CtrImage "$at/*" } | Should -Throw -ErrorId 'CtrInvalidReference,*'
        { Find-CtrImage $at } | Should -Throw -ErrorId 'CtrInvalidReference,*' -ExpectedMessage '*names a registry*'
        { Find-CtrImage registry.example.com/ } | Should -Throw -ErrorId 'CtrInvalidReference,*' -ExpectedMessage '*names a registry*'
        { Find-CtrImage "$at/x" -Descending -Unsorted } | Should -Throw -ErrorId 'CtrInvalidArgument,*'
        $errors = $null
        (Find-CtrImage "$at/nobody/app", "$at/team/web" -ErrorAction SilentlyContinue -ErrorVariable errors).Tag | Should -Be 1
        $errors | Should -HaveCount 1
    }

    It 'asks with a token, and never more than it needs' {
        $asked = Get-Registry -Token
        $null = Push-ToRegistry $asked pause
        (Find-CtrImage "$($asked.Address)/library/pause" -Credential $credential).Tag | Should -Be 1
        (Find-CtrImage -Registry $asked.Address -Credential $credential).Repository | Should -Be library/pause
        (Get-TokenRequest $asked).scopes | Should -Contain 'registry:catalog:*'
        { Find-CtrImage "$($asked.Address)/library/pause" } | Should -Throw -ErrorId 'CtrRegistryDenied,*'
    }
}

Describe 'Get-CtrRemoteImage' {
    It 'tells what skopeo tells' {
        $image = Get-CtrRemoteImage "$at/team/app:1.9"
        $image | Should -BeOfType CtrPS.CtrRemoteImage
        $raw = skopeo inspect --raw --tls-verify=false "docker://$at/team/app:1.9"
        $image.ToJson().TrimEnd() | Should -BeExactly ($raw -join "`n")
        $other = skopeo inspect --tls-verify=false "docker://$at/team/app:1.9" | ConvertFrom-Json
        $image.Digest | Should -Be $other.Digest
        $image.Labels['org.opencontainers.image.title'] | Should -Be $other.Labels.'org.opencontainers.image.title'
        $image.CreatedAt | Should -Be ([DateTimeOffset]$other.Created)
        $image.Size | Should -BeGreaterThan (($other.LayersData | Measure-Object Size -Sum).Sum)
        ($image.ToJson($true) | ConvertFrom-Json).layers.Count | Should -Be $other.Layers.Count
        $image.Host | Should -Be "http://$at/v2"
    }

    It 'gives the bytes that the digest is of' {
        $bytes = Get-CtrRemoteImage "$at/team/attested:1" -Raw
        , $bytes | Should -BeOfType byte[]
        "sha256:$([Convert]::ToHexStringLower([Security.Cryptography.SHA256]::HashData($bytes)))" |
            Should -Be (Get-CtrRemoteImage "$at/team/attested:1").Digest
    }

    It 'gives platforms with their sizes, and attestations apart' {
        $image = Get-CtrRemoteImage "$at/team/attested:1"
        $image.Platforms.Where({ -not $_.IsAttestation }).ForEach({ "$_" }) | Should -Be 'linux/amd64'
        $image.Platforms.Where({ $_.IsAttestation }) | Should -Not -BeNullOrEmpty
        $image.Platforms[0].Size | Should -BeGreaterThan 1000
        (Get-CtrRemoteImage "$at/team/attested:1" -Platform linux/amd64).Platforms | Should -HaveCount 1
        { Get-CtrRemoteImage "$at/team/attested:1" -Platform linux/s390x } | Should -Throw -ErrorId 'CtrPlatformNotFound,*'
    }

    It 'takes several, side by side and in their order' {
        (Find-CtrImage "$at/team/app" | Get-CtrRemoteImage).Tag | Should -Be latest, 1.9, 1.10-rc1, 1.10
        $errors = $null
        (Get-CtrRemoteImage "$at/nobody:1", "$at/team/web:1" -ErrorAction SilentlyContinue -ErrorVariable errors).Name | Should -Be "$at/team/web:1"
        $errors[0].FullyQualifiedErrorId | Should -BeLike 'CtrRemoteImageNotFound,*'
        (Get-CtrRemoteImage "$at/team/web@$((Get-CtrRemoteImage "$at/team/web:1").Digest)").Tag | Should -BeNullOrEmpty
    }
}

Describe 'A proxy' {
    It 'is asked for what NO_PROXY does not name, and its password is told nobody' {
        $plain = Get-Registry -Option --proxy, --proxy-login, 'someone:pr0xy-w0rd'
        $secure = Get-Registry -Tls -Option --proxy, --proxy-login, 'someone:pr0xy-w0rd'
        $null = Push-ToRegistry $plain pause
        $null = Push-ToRegistry $secure pause
        $environment = @{
            http_proxy  = "http://someone:pr0xy-w0rd@$($plain.Proxy)"
            https_proxy = "http://someone:pr0xy-w0rd@$($secure.Proxy)"
            no_proxy    = '127.0.0.1,.direct.invalid'
        }
        # .NET reads the variables once in a process.
        $told = Use-Environment $environment {
            Invoke-Child {
                param($Module, $Empty, $Plain)
                Import-Module $Module
                $PSDefaultParameterValues['*-Ctr*:HostsDirectory'] = $Empty
                $PSDefaultParameterValues['*-Ctr*:MaximumRetryCount'] = 0
                (Get-CtrRemoteImage registry.example/library/pause:1 -PlainHttp).Host
                (Get-CtrRemoteImage secure.example/library/pause:1 -SkipCertificateCheck).Host
                (Get-CtrRemoteImage "$Plain/library/pause:1").Host
                (Test-CtrRegistry registry.example -PlainHttp).Proxy
                Get-CtrRemoteImage nobody.invalid/x:1 -PlainHttp -Verbose -Debug *>&1 | Format-List * -Force | Out-String -Width 500
                Get-CtrRemoteImage nobody.invalid/x:1 -Verbose -Debug *>&1 | Format-List * -Force | Out-String -Width 500
                Get-CtrRemoteImage one.direct.invalid/x:1 -PlainHttp *>&1 | Format-List * -Force | Out-String -Width 500
                Test-CtrRegistry nobody.invalid -PlainHttp | Format-List * -Force | Out-String -Width 500
            } (Get-ManifestPath), $empty, $plain.Address
        }
        $told[0..3] | Should -Be http://registry.example/v2, https://secure.example/v2, "http://$($plain.Address)/v2", "http://$($plain.Proxy)"
        "$($told[4..99])" | Should -Match '502'
        "$told" | Should -Not -Match 'pr0xy-w0rd|someone'
        $asked = Get-ProxyRequest $plain
        ($asked | Where-Object Status -EQ 200).Target | Should -Contain http://registry.example/v2/library/pause/manifests/1
        $asked.Target | Should -Not -Match '127\.0\.0\.1|direct'
        $tunnel = Get-ProxyRequest $secure | Where-Object Status -EQ 200
        "$($tunnel[0].Method) $($tunnel[0].Target)" | Should -Be 'CONNECT secure.example:443'
    }
}

Describe 'A credential that was given' {
    It 'is for one registry: <name>' -ForEach @(
        @{ Name = 'Find-CtrImage'; Work = { Find-CtrImage "$at/team/web", "$other/team/web" -Credential $credential } }
        @{ Name = 'Get-CtrRemoteImage'; Work = { Get-CtrRemoteImage "$at/team/web:1", "$other/team/web:1" -Credential $credential } }
        @{ Name = 'Remove-CtrRemoteImage'; Work = { Remove-CtrRemoteImage "$at/team/web:1", "$other/x:1" -Credential $credential -WhatIf } }
        @{ Name = 'Test-CtrRegistry'; Work = { Test-CtrRegistry $at, $other -Credential $credential } }
        @{
            Name = 'Copy-CtrRemoteImage from'
            Work = { "$at/team/web:1", "$other/team/web:1" | Copy-CtrRemoteImage -DestinationRegistry third.invalid -SourceCredential $credential }
        }
    ) {
        $faulty = Get-Registry -Faulty
        Clear-RegistryFault $faulty
        $other = $faulty.Address
        $told = $Work | Should -Throw -ErrorId 'CtrInvalidArgument,*' -PassThru
        "$told" | Should -BeLike "*is for one registry, '$at', and is not shown to '$other'."
        $told.ErrorDetails.RecommendedAction | Should -BeLike '*Connect-CtrRegistry*'
        Get-RegistryRequest $faulty | Should -BeNullOrEmpty
    }
}

Describe 'Copy-CtrRemoteImage' {
    It 'mounts what the registry has, and keeps the digest' {
        $copied = Copy-CtrRemoteImage "$at/team/attested:1" "$at/copy/attested:1"
        $copied | Should -BeOfType CtrPS.CtrCopiedImage
        $copied.Digest | Should -Be (Get-CtrRemoteImage "$at/team/attested:1").Digest
        $copied.Digest | Should -Be (Get-CtrRemoteImage "$at/copy/attested:1").Digest
        $copied.Mounted | Should -BeGreaterThan 0
        $copied.BytesSent | Should -BeLessThan 10KB
        (Copy-CtrRemoteImage "$at/team/attested:1" "$at/copy/attested:1").Status | Should -Be UpToDate
    }

    It 'goes to another registry, with the login for that alone' {
        $other = Get-Registry -Tls -User
        $copied = Find-CtrImage "$at/team/app:1.1*" |
            Copy-CtrRemoteImage -DestinationRegistry "$($other.Address)/mirror" -CaCertificate $other.Certificate -Credential $credential
        $copied.Target | Should -Be "$($other.Address)/mirror/team/app:1.10-rc1", "$($other.Address)/mirror/team/app:1.10"
        (Get-CtrRemoteImage $copied[1].Target -CaCertificate $other.Certificate -Credential $credential).Digest | Should -Be $copied[1].Digest
        # The other one is not told who we are: there a login of its own is needed.
        { Copy-CtrRemoteImage $copied[0].Target "$at/back:1" -CaCertificate $other.Certificate -Credential $credential } |
            Should -Throw -ErrorId 'CtrRegistryDenied,*'
        $back = Copy-CtrRemoteImage $copied[0].Target "$at/back:1" -CaCertificate $other.Certificate -SourceCredential $credential
        $back.Digest | Should -Be $copied[0].Digest
        $back | ConvertTo-Json | Should -Not -Match 'secret'
    }

    It 'asks, says what it would do, and refuses what is none' {
        Copy-CtrRemoteImage "$at/team/web:1" "$at/never:1" -WhatIf
        { Get-CtrRemoteImage "$at/never:1" } | Should -Throw -ErrorId 'CtrRemoteImageNotFound,*'
        { Copy-CtrRemoteImage "$at/team/web:1" "$at/team/web:1" } | Should -Throw -ErrorId 'CtrInvalidArgument,*'
        { 'app:1.9', 'web:1' | ForEach-Object { "$at/team/$_" } | Copy-CtrRemoteImage -Destination "$at/two:1" } |
            Should -Throw -ErrorId 'CtrInvalidReference,*'
        { Copy-CtrRemoteImage "$at/team/attested:1" "$at/none:1" -Platform linux/arm64 } | Should -Throw -ErrorId 'CtrPlatformNotFound,*'
    }
}

Describe 'Remove-CtrRemoteImage' {
    It 'names the tags that would go along, and takes them with -Force alone' {
        $null = Push-ToRegistry $registry pause gone/pause:1
        $null = Push-ToRegistry $registry pause gone/pause:2
        $null = Push-ToRegistry $registry busybox gone/pause:3
        $told = $null
        try { Remove-CtrRemoteImage "$at/gone/pause:1" -Confirm:$false } catch { $told = $_ }
        $told.FullyQualifiedErrorId | Should -BeLike 'CtrFailedPrecondition,*'
        "$told" | Should -BeLike '*1 other tag stands for it: 2.*'
        Remove-CtrRemoteImage "$at/gone/pause:1" -Force -WhatIf
        (Find-CtrImage "$at/gone/pause").Tag | Should -Be 1, 2, 3
        Remove-CtrRemoteImage "$at/gone/pause:1" -Force
        { Get-CtrRemoteImage "$at/gone/pause:2" } | Should -Throw -ErrorId 'CtrRemoteImageNotFound,*'
        (Get-CtrRemoteImage "$at/gone/pause:3").Tag | Should -Be 3
    }

    It 'removes a manifest by its digest' {
        $null = Push-ToRegistry $registry pause gone/other:1
        Remove-CtrRemoteImage "$at/gone/other@$((Get-CtrRemoteImage "$at/gone/other:1").Digest)" -Confirm:$false
        { Get-CtrRemoteImage "$at/gone/other:1" } | Should -Throw -ErrorId 'CtrRemoteImageNotFound,*'
        { Remove-CtrRemoteImage "$at/gone/other:1" -Force } | Should -Throw -ErrorId 'CtrRemoteImageNotFound,*'
    }
}

Describe 'Test-CtrRegistry' {
    It 'looks at each step' {
        $other = Get-Registry -Tls -User
        $reference = Push-ToRegistry $other
        $check = Test-CtrRegistry $reference -CaCertificate $other.Certificate -Credential $credential
        $check | Should -BeOfType CtrPS.CtrRegistryCheck
        "$($check.Status)", $check.Reason, $check.Challenge, $check.IsAuthorized, $check.SupportsRange | Should -Be Usable, $null, basic, $true, $true
        $check.IPAddresses | Should -Be 127.0.0.1
        $check.TlsSubject, $check.TlsIssuer | Should -Be 'CN=rig registry', 'CN=rig authority'
        $check.TlsExpiresAt | Should -BeGreaterThan ([DateTimeOffset]::Now)
        $check.TlsProtocol | Should -BeLike Tls*
        $check.Latency | Should -BeGreaterThan ([timespan]::Zero)
        $check.Digest | Should -Be (Get-CtrRemoteImage $reference -CaCertificate $other.Certificate -Credential $credential).Digest
    }

    It 'says which step fails, and what to do' {
        $other = Get-Registry -Tls -User
        $null = Push-ToRegistry $other
        $host1 = "https://$($other.Address)"
        $folder = (New-Item (Join-Path $TestDrive ([guid]::NewGuid())) -ItemType Directory).FullName
        Set-CtrRegistryHost example.invalid -Mirror $host1, http://127.0.0.1:1, "http://$at" -Capability pull, resolve -HostsDirectory $folder
        $checks = Test-CtrRegistry example.invalid/team/app:1.9 -HostsDirectory $folder
        "$($checks.Status)" | Should -Be 'TlsFailed Unreachable Usable Unreachable'
        $checks.Order | Should -Be 1, 2, 3, 4
        $checks.IsMirror | Should -Be $true, $true, $true, $false
        $checks[0].TlsIssuer | Should -Be 'CN=rig authority'
        $checks[0].RecommendedAction | Should -BeLike "*trust the authority 'CN=rig authority'*"
        $checks[3].RecommendedAction | Should -BeLike '*DNS*'
        Test-CtrRegistry example.invalid/team/app:1.9 -HostsDirectory $folder -Quiet | Should -BeTrue
        Test-CtrRegistry example.invalid/team/app:7 -HostsDirectory $folder -Quiet | Should -BeFalse
        (Test-CtrRegistry $host1 -CaCertificate $other.Certificate).Status | Should -Be Denied
        (Test-CtrRegistry "$at/nobody:1").Status | Should -Be NotFound
    }

    It 'tells limits and answers that are none of a registry' {
        $faulty = Get-Registry -Faulty
        $reference = Push-ToRegistry $faulty
        try {
            Add-RegistryFault $faulty @{ Method = 'HEAD'; Headers = @{ 'RateLimit-Limit' = '100;w=21600'; 'RateLimit-Remaining' = '76;w=21600' } }
            $check = Test-CtrRegistry $reference
            $check.RateLimit, $check.RateLimitRemaining | Should -Be 100, 76
            Clear-RegistryFault $faulty
            Add-RegistryFault $faulty @{ Status = 429 }
            (Test-CtrRegistry $reference).Status | Should -Be Limited
            Clear-RegistryFault $faulty
            Add-RegistryFault $faulty @{ Status = 404; Body = 'nothing' }
            (Test-CtrRegistry $faulty.Address).Status | Should -Be Failed
            Clear-RegistryFault $faulty
            Add-RegistryFault $faulty @{
                Status = 401; Headers = @{ 'WWW-Authenticate' = 'Bearer realm="http://169.254.169.254/token",service="x"' }
            }
            $check = Test-CtrRegistry $faulty.Address
            "$($check.Status)", $check.Challenge, $check.Realm | Should -Be Untrusted, bearer, 169.254.169.254
        } finally {
            Clear-RegistryFault $faulty
        }
    }

    It 'does not look at a registry that is none' {
        { Test-CtrRegistry 'a b' } | Should -Throw -ErrorId 'CtrInvalidReference,*'
        Test-CtrRegistry -HostsDirectory $empty | Should -BeNullOrEmpty
    }
}

Describe 'Test-CtrImage -Latest, containerd <generation>' -ForEach $generations {
    if ($reason) {
        It 'has a daemon' { Set-ItResult -Skipped -Because $reason }
        return
    }

    BeforeAll {
        $rig = Get-Rig $generation Remote
        $space = 'pester-latest' # comes into being with the first image
        $path = "latest/$generation".ToLowerInvariant()
        $there = "$at/$path"
        $null = Push-ToRegistry $registry busybox "${path}:same"
        $null = Push-ToRegistry $registry busybox "${path}:old"
    }

    AfterAll {
        Clear-TestNamespace $rig $space
    }

    It 'compares images with their registries' {
        $null = "${there}:same", "${there}:old" | Receive-CtrImage -Namespace $space -Session $rig.Address -NoUnpack
        $null = Push-ToRegistry $registry pause "${path}:old"
        foreach ($name in "${there}:none", '127.0.0.1:1/nobody:1') {
            Add-CtrImageTag "${there}:same" $name -Namespace $space -Session $rig.Address
        }
        $updates = Test-CtrImage -Latest -Namespace $space -Session $rig.Address
        $updates | Should -BeOfType CtrPS.CtrImageUpdate
        $status = @{}
        foreach ($update in $updates) { $status[$update.Name] = "$($update.Status)" }
        $status["${there}:same"], $status["${there}:old"], $status["${there}:none"], $status['127.0.0.1:1/nobody:1'] |
            Should -Be UpToDate, Outdated, NotFound, Unreachable
        $old = $updates | Where-Object Status -EQ Outdated
        $old.LatestDigest | Should -Be (Get-CtrRemoteImage "${there}:old").Digest
        $old.LatestDigest | Should -Not -Be $old.Digest
        ($updates | Where-Object Status -EQ Unreachable).Reason | Should -Not -BeNullOrEmpty
        Test-CtrImage "${there}:same" -Latest -Quiet -Namespace $space -Session $rig.Address | Should -BeTrue
        Test-CtrImage -Latest -Quiet -Namespace $space -Session $rig.Address | Should -BeFalse
    }
}
