#requires -Version 7.6
# What goes wrong, and how it is told: a stable id, a category, the thing by name, and what to do about it.

BeforeDiscovery {
    Import-Module (Join-Path $PSScriptRoot Helpers.psm1)
}

BeforeAll {
    $ErrorActionPreference = 'Stop'
    Import-ModuleUnderTest

    # Runs a script block that has to fail, and holds the error record to what is expected of it. No -Advice: there is none.
    function Assert-ErrorRecord {
        param(
            [Parameter(ValueFromPipeline)] [scriptblock] $Script,
            [string] $Id, [string] $Category, [string] $Says, [string] $Advice, [switch] $PassThru
        )
        process {
            $record = $Script | Should -Throw -ErrorId "$Id,CtrPS.Commands.*" -ExpectedMessage "*$Says*" -PassThru
            $record.CategoryInfo.Category | Should -Be $Category
            $record.Exception | Should -BeOfType CtrPS.CtrException
            $record.Exception.ErrorId | Should -Be $Id
            "$($record.TargetObject)" | Should -Not -BeNullOrEmpty
            "$($record.ErrorDetails.RecommendedAction)" | Should -BeLike $Advice
            "$record" | Should -Match '\.$' -Because 'an error is a sentence'
            "$record" | Should -Not -Match 'Exception|Status\(' -Because 'an error is for people'
            if ($PassThru) {
                $record
            }
        }
    }
}

Describe 'An address that does not work' {
    BeforeAll {
        $silent = Open-SilentSocket (Join-Path $TestDrive silent.sock)
        $deaf = [Net.Sockets.Socket]::new('Unix', 'Stream', 'Unspecified')
        $deaf.Bind([Net.Sockets.UnixDomainSocketEndPoint]::new((Join-Path $TestDrive deaf.sock)))
        $null = New-Item (Join-Path $TestDrive folder) -ItemType Directory
        Set-Content (Join-Path $TestDrive file) text

        $http = Open-SilentSocket (Join-Path $TestDrive http.sock)
        $server = Start-ThreadJob {
            while ($true) {
                $client = ($using:http).Accept()
                $null = $client.Receive([byte[]]::new(4096))
                $null = $client.Send([Text.Encoding]::ASCII.GetBytes("HTTP/1.1 400 Bad Request`r`nContent-Length: 0`r`nConnection: close`r`n`r`n"))
                $client.Dispose()
            }
        }
        $reserved = [Net.Sockets.TcpListener]::new([Net.IPAddress]::Loopback, 0)
        $reserved.Start()
        $freePort = $reserved.LocalEndpoint.Port
        $reserved.Stop()
    }

    AfterAll {
        $silent, $deaf, $http | ForEach-Object Dispose
        $server | Remove-Job -Force
        Get-CtrSession | Disconnect-CtrSession
    }

    It '<what>: <id>' -ForEach @(
        @{ what = 'no such socket'; path = 'none.sock'; id = 'CtrAddressNotFound'; category = 'ResourceUnavailable'; advice = 'Start containerd*' }
        @{ what = 'no listener'; path = 'deaf.sock'; id = 'CtrConnectionRefused'; category = 'ConnectionError'; advice = 'Start containerd*' }
        @{ what = 'a file'; path = 'file'; id = 'CtrNotASocket'; category = 'InvalidType'; advice = 'Give the path*containerd.sock*' }
        @{ what = 'a directory'; path = 'folder'; id = 'CtrNotASocket'; category = 'InvalidType'; advice = 'Give the path*containerd.sock*' }
        @{ what = 'no folder'; path = 'file/c.sock'; id = 'CtrAddressNotFound'; category = 'ResourceUnavailable'; advice = 'Start containerd*' }
        @{ what = 'an HTTP/1 server'; path = 'http.sock'; id = 'CtrNotContainerd'; category = 'ProtocolError'; advice = '*gRPC socket*config.toml*' }
    ) {
        $address = Join-Path $TestDrive $path
        { Connect-CtrSession $address } | Assert-ErrorRecord -Id $id -Category $category -Says $address -Advice $advice
        { Get-CtrImage -Session $address } | Assert-ErrorRecord -Id $id -Category $category -Says $address -Advice $advice
        $record = { Get-CtrServer -Address "unix://$address" } |
            Assert-ErrorRecord -Id $id -Category $category -Says $address -Advice $advice -PassThru
        $record.TargetObject | Should -Be $address
    }

    It 'a port where nobody listens: CtrConnectionRefused' {
        { Connect-CtrSession "tcp://127.0.0.1:$freePort" } |
            Assert-ErrorRecord -Id CtrConnectionRefused -Category ConnectionError -Says "127.0.0.1:$freePort" -Advice '*socket*'
    }

    It 'somebody who accepts and never answers: CtrTimeout, in the time that was given' {
        $address = Join-Path $TestDrive silent.sock
        $clock = [Diagnostics.Stopwatch]::StartNew()
        { Connect-CtrSession $address -Timeout 1 } |
            Assert-ErrorRecord -Id CtrTimeout -Category OperationTimeout -Says $address -Advice '*-Timeout*'
        $clock.Elapsed.TotalSeconds | Should -BeGreaterThan 0.9
        $clock.Elapsed.TotalSeconds | Should -BeLessThan 10
    }

    It 'text that is no address: "<text>"' -ForEach @(
        @{ text = 'containerd.sock'; advice = '*absolute path*tcp://host:port*' }
        @{ text = 'http://localhost'; advice = '*absolute path*tcp://host:port*' }
        @{ text = 'tcp://localhost'; advice = '*tcp://host:port*' }
        @{ text = 'unix://relative/path'; advice = '*absolute*' }
        @{ text = '/' + 'a' * 120; advice = '*107 bytes*' }
    ) {
        { Connect-CtrSession $text } | Assert-ErrorRecord -Id CtrInvalidAddress -Category InvalidArgument -Says $text -Advice $advice
        { Get-CtrServer -Session $text } | Should -Throw -ExpectedMessage "*'$text' is not an address of containerd*"
    }

    It 'TLS with a socket: CtrInvalidAddress' {
        { Connect-CtrSession (Join-Path $TestDrive none.sock) -UseTls } |
            Assert-ErrorRecord -Id CtrInvalidAddress -Category InvalidArgument -Says none.sock -Advice '*TLS*'
    }

    It 'ends the pipeline, whatever -ErrorAction says: nothing else can work' {
        { Get-CtrImage -Session (Join-Path $TestDrive none.sock) -ErrorAction SilentlyContinue } | Should -Throw -ErrorId 'CtrAddressNotFound,*'
        { 'a', 'b' | Get-CtrImage -Session (Join-Path $TestDrive none.sock) -ErrorAction SilentlyContinue } |
            Should -Throw -ErrorId 'CtrAddressNotFound,*'
    }
}

Describe 'Errors, containerd <generation>' -ForEach (Get-RigGeneration) {
    if ($reason) {
        It 'has a daemon' { Set-ItResult -Skipped -Because $reason }
        return
    }

    BeforeAll {
        $rig = Get-Rig $generation
        $session = Connect-CtrSession $rig.Address -Namespace default
    }

    AfterAll {
        Get-CtrSession | Disconnect-CtrSession
    }

    It 'no permission: CtrAccessDenied' {
        # The user nobody, who may read all files (this tree may lie anywhere) and write none: connecting needs write permission.
        $unprivileged = '--reuid=65534', '--regid=65534', '--clear-groups', '--inh-caps=+dac_read_search', '--ambient-caps=+dac_read_search'
        $script = {
            Import-Module '{0}'
            try { Get-CtrServer -Session '{1}' } catch {
                $_.FullyQualifiedErrorId, "$($_.CategoryInfo.Category)", "$_", $_.ErrorDetails.RecommendedAction | ForEach-Object { "> $_" }
            }
        }.ToString().Replace('{0}', (Get-ManifestPath)).Replace('{1}', $rig.Address)
        $powershell = @(Get-PowerShellWord)
        # .NET writes below HOME when it is new to a user.
        $nobody = (New-Item (Join-Path $TestDrive "nobody-$generation") -ItemType Directory).FullName
        chown 65534:65534 $nobody
        $lines = Use-Environment @{ HOME = $nobody } {
            setpriv @unprivileged @powershell -NoProfile -NonInteractive -Command $script 2>&1
        }
        $told = @($lines -match '^> ' -replace '^> ')
        $told.Count | Should -Be 4 -Because "pwsh as another user said: $lines"
        $told[0] | Should -BeLike 'CtrAccessDenied,CtrPS.Commands.GetCtrServerCommand'
        $told[1] | Should -Be 'PermissionDenied'
        $told[2] | Should -BeLike "No permission*'$($rig.Address)'*root*"
        $told[3] | Should -BeLike '*root*sudo*config.toml*'
    }

    It 'an invalid namespace: <script>' -ForEach @(
        @{ script = { Get-CtrImage -Namespace 'not valid' } }
        @{ script = { Get-CtrImage nginx -Namespace 'not valid' } }
        @{ script = { Remove-CtrImage nginx -Namespace 'not valid' } }
        @{ script = { New-CtrNamespace 'not valid' } }
        @{ script = { Set-CtrNamespace 'not valid' -Label @{ a = 'b' } } }
        @{ script = { Remove-CtrNamespace 'not valid' -Force } }
        @{ script = { Connect-CtrSession $rig.Address -Namespace 'not valid' } }
    ) {
        $script |
            Assert-ErrorRecord -Id CtrInvalidNamespace -Category InvalidArgument -Says "'not valid'" -Advice '*Get-CtrNamespace*'
    }

    It 'an invalid reference: <script>' -ForEach @(
        @{ script = { Get-CtrImage 'Not/Lower' }; names = 'Not/Lower' }
        @{ script = { Get-CtrImage 'a b' }; names = 'white space' }
        @{ script = { Remove-CtrImage 'nginx:' }; names = "'' is not a tag" }
        @{ script = { Set-CtrImage 'nginx@sha256:12' -Label @{ a = 'b' } }; names = 'sha256:12' }
        @{ script = { Add-CtrImageTag busybox:1.35 'UPPER' -Namespace k8s.io }; names = 'UPPER' }
    ) {
        $script | Assert-ErrorRecord -Id CtrInvalidReference -Category InvalidArgument -Says $names -Advice '*registry*:port*tag*'
    }

    It 'a missing image that another namespace has: <script>' -ForEach @(
        @{ script = { Get-CtrImage nginx:deb } }
        @{ script = { Remove-CtrImage nginx:deb } }
        @{ script = { Set-CtrImage nginx:deb -Label @{ a = 'b' } } }
        @{ script = { Add-CtrImageTag nginx:deb other } }
    ) {
        $says = "'nginx:deb' in namespace 'default'*exists in 'k8s.io'"
        $script | Assert-ErrorRecord -Id CtrImageNotFound -Category ObjectNotFound -Says $says -Advice 'Use -Namespace k8s.io*'
    }

    It 'a missing image: says what its repository has and where, or where to look' {
        { Get-CtrImage busybox:9 -Namespace k8s.io } |
            Assert-ErrorRecord -Id CtrImageNotFound -Category ObjectNotFound -Says 'busybox:1.35' -Advice '*wildcard*'
        $advice = '*Get-CtrImage -Namespace *'
        $record = { Get-CtrImage no-such:1 } |
            Assert-ErrorRecord -Id CtrImageNotFound -Category ObjectNotFound -Says "'no-such:1'*'default'" -Advice $advice -PassThru
        "$($record.TargetObject)" | Should -Be 'no-such:1'
    }

    It 'a missing image does not end the pipeline' {
        $found = Get-CtrImage no-such:1, busybox:1.35, neither:2 -Namespace k8s.io -ErrorAction SilentlyContinue -ErrorVariable missing
        $found.Name | Should -Be 'docker.io/library/busybox:1.35'
        $missing.FullyQualifiedErrorId | Should -Be (@('CtrImageNotFound,CtrPS.Commands.GetCtrImageCommand') * 2)
        Get-CtrImage no-such:1 -ErrorAction Ignore -ErrorVariable ignored | Should -BeNullOrEmpty
        $ignored | Should -BeNullOrEmpty
    }

    It 'a missing namespace, and where images are' {
        { Get-CtrImage -Namespace nowhere } |
            Assert-ErrorRecord -Id CtrNamespaceNotFound -Category ObjectNotFound -Says "'nowhere'*k8s.io" -Advice '*Get-CtrNamespace*'
        { Get-CtrNamespace nowhere } |
            Assert-ErrorRecord -Id CtrNamespaceNotFound -Category ObjectNotFound -Says "'nowhere'*$($rig.Address)" -Advice '*Get-CtrNamespace*'
    }

    It 'a closed session' {
        $closed = Connect-CtrSession $rig.Address -Namespace k8s.io -NoDefault
        $image = Get-CtrImage busybox:1.35 -Session $closed
        Disconnect-CtrSession $closed
        { Get-CtrServer -Session $closed } |
            Assert-ErrorRecord -Id CtrSessionClosed -Category ConnectionError -Says $rig.Address -Advice '*Connect-CtrSession*'
        { $image | Get-CtrImage } |
            Assert-ErrorRecord -Id CtrSessionClosed -Category ConnectionError -Says $rig.Address -Advice '*Connect-CtrSession*'
    }

    It 'a session number that is not there' {
        { Get-CtrSession 4711 } |
            Assert-ErrorRecord -Id CtrSessionNotFound -Category ObjectNotFound -Says 4711 -Advice '*Get-CtrSession*'
    }

    It 'a piped object against -Namespace or -Session: <script>' -ForEach @(
        @{ script = { $image | Get-CtrImage -Namespace default }; names = "'k8s.io'*'default'" }
        @{ script = { $image | Remove-CtrImage -Namespace default }; names = "'k8s.io'*'default'" }
        @{ script = { $image | Set-CtrImage -Label @{ a = 'b' } -Namespace default }; names = "'k8s.io'*'default'" }
        @{ script = { $image | Add-CtrImageTag -Tag other -Namespace default }; names = "'k8s.io'*'default'" }
        @{ script = { $image | Get-CtrImage -Session $other }; names = 'session*-Session' }
        @{ script = { Get-CtrNamespace k8s.io | Set-CtrNamespace -Label @{ a = 'b' } -Session $other }; names = 'session*-Session' }
    ) {
        $other = Join-Path $TestDrive other.sock
        $image = Get-CtrImage busybox:1.35 -Namespace k8s.io
        $script |
            Assert-ErrorRecord -Id CtrTargetConflict -Category InvalidArgument -Says $names -Advice '*leave -Session and -Namespace out*'
        { $image | Get-CtrImage -Namespace k8s.* -Session $session } | Should -Not -Throw -Because 'what agrees is no conflict'
    }

    It 'an image that is not for the platform, or not what the filter wants' {
        { Get-CtrImage nginx:deb -Namespace k8s.io -Platform windows/amd64 } |
            Assert-ErrorRecord -Id CtrImageNotFound -Category ObjectNotFound -Says "nginx:deb'*is not for windows/amd64*linux/amd64"
        { Get-CtrImage nginx:deb -Namespace k8s.io -Filter labels.no==yes } |
            Assert-ErrorRecord -Id CtrImageNotFound -Category ObjectNotFound -Says "nginx:deb' in namespace 'k8s.io' does not match the filter"
    }

    It 'a malformed wildcard pattern' {
        { Get-CtrImage 'a[b' -Namespace k8s.io } | Assert-ErrorRecord -Id CtrInvalidArgument -Category InvalidArgument -Says "'a?b'"
    }

    It 'labels that containerd would not take' {
        { Set-CtrImage busybox:1.35 -Namespace k8s.io -Label @{ long = 'x' * 4096 } } |
            Assert-ErrorRecord -Id CtrInvalidArgument -Category InvalidArgument -Says "'long'"
        { New-CtrNamespace pester-labels -Label @{ '' = 'x' } } |
            Assert-ErrorRecord -Id CtrInvalidArgument -Category InvalidArgument -Says 'no name'
        Invoke-Ctr $rig namespaces ls -q | Should -Not -Contain 'pester-labels'
    }

    It 'one name for several images' {
        { Add-CtrImageTag busybox* one -Namespace k8s.io } |
            Assert-ErrorRecord -Id CtrInvalidReference -Category InvalidArgument -Says 'may mean several' -Advice '*-ReplaceRegistry*'
    }

    It 'a hanging daemon: CtrTimeout, and the session goes on afterwards' {
        $relay = Open-Relay $rig
        try {
            $patient = Connect-CtrSession $relay.Address -Timeout 1 -NoDefault
            $relay.Freeze()
            { Get-CtrServer -Session $patient } |
                Assert-ErrorRecord -Id CtrTimeout -Category OperationTimeout -Says "$($relay.Address)*1 second" -Advice '*-Timeout*'
            $relay.Thaw()
            (Get-CtrServer -Session $patient).Version | Should -Be $rig.Version
        } finally {
            $relay.Dispose()
        }
    }

    It 'a connection that breaks under a call: CtrUnavailable' {
        $relay = Open-Relay $rig
        $shell = [powershell]::Create()
        try {
            $broken = Connect-CtrSession $relay.Address -NoDefault
            $relay.Freeze()
            $started = (Get-CallCount).Started
            $null = $shell.AddScript("Import-Module '$(Get-ManifestPath)'").Invoke()
            $shell.Commands.Clear()
            $running = $shell.AddCommand('Get-CtrServer').AddParameter('Session', $broken).BeginInvoke()
            Wait-Until { (Get-CallCount).Started -gt $started } 'the call is under way'
            $relay.Dispose()
            { try { $shell.EndInvoke($running) } catch { throw $_.Exception.InnerException.ErrorRecord } } |
                Assert-ErrorRecord -Id CtrUnavailable -Category ConnectionError -Says $relay.Address -Advice '*reconnects*'
        } finally {
            $relay.Dispose()
            $shell.Dispose()
        }
    }
}
