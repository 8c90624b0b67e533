#requires -Version 7.6
# Connect-, Get- and Disconnect-CtrSession, which session a cmdlet takes, and a containerd that stops under an open session and comes back.

BeforeDiscovery {
    Import-Module (Join-Path $PSScriptRoot Helpers.psm1)
}

BeforeAll {
    $ErrorActionPreference = 'Stop'
    Import-ModuleUnderTest
}

Describe 'Sessions, containerd <generation>' -ForEach (Get-RigGeneration) {
    if ($reason) {
        It 'has a daemon' { Set-ItResult -Skipped -Because $reason }
        return
    }

    BeforeAll {
        $rig = Get-Rig $generation
        $address = $rig.Address
    }

    AfterEach {
        Get-CtrSession | Disconnect-CtrSession
    }

    It 'connects, and says where to' {
        $begin = [DateTimeOffset]::Now
        $session = Connect-CtrSession $address -Namespace k8s.io
        $session | Should -BeOfType CtrPS.CtrSession
        $session.Address | Should -Be $address
        $session.Namespace | Should -Be 'k8s.io'
        $session.ServerVersion | Should -Be $rig.Version
        $session.State | Should -Be 'Opened'
        $session.IsDefault | Should -BeTrue
        $session.ConnectedAt | Should -BeGreaterOrEqual $begin
        $session.ConnectedAt | Should -BeLessOrEqual ([DateTimeOffset]::Now)
        "$session" | Should -Be $address
    }

    It 'uses the last connected session where none is named, but not one with -NoDefault' {
        $first = Connect-CtrSession $address -Namespace default
        $second = Connect-CtrSession $address -Namespace k8s.io
        $third = Connect-CtrSession $address -Namespace default -NoDefault
        (Get-CtrImage busybox:1.35).Namespace | Should -Be 'k8s.io'
        $first.IsDefault, $second.IsDefault, $third.IsDefault | Should -Be $false, $true, $false
        Disconnect-CtrSession
        $second.State | Should -Be 'Closed'
        $first.State, $third.State | Should -Be 'Opened', 'Opened'
    }

    It 'connects by itself to the address and namespace of the environment' {
        Use-Environment @{ CONTAINERD_ADDRESS = $address; CONTAINERD_NAMESPACE = 'k8s.io' } {
            (Get-CtrImage busybox:1.35).Name | Should -Be 'docker.io/library/busybox:1.35'
            $session = Get-CtrSession
            $session | Should -HaveCount 1
            $session.Address | Should -Be $address
            $session.Namespace | Should -Be 'k8s.io'
            $session.IsDefault | Should -BeTrue
            $env:CONTAINERD_NAMESPACE = 'default'
            $session.Namespace | Should -Be 'default' -Because 'it was not opened with another'
            (Connect-CtrSession -Namespace k8s.io).Namespace | Should -Be 'k8s.io'
        }
    }

    It 'takes the namespace "default" where nothing says another' {
        (Connect-CtrSession $address).Namespace | Should -Be 'default'
    }

    It 'takes a session, its number, a path or a URI as -Session' {
        $session = Connect-CtrSession $address -NoDefault
        foreach ($form in $session, $session.Id, "$($session.Id)", $address, "unix://$address") {
            (Get-CtrServer -Session $form).Address | Should -Be $address
        }
        (Get-CtrServer -Address $address).Address | Should -Be $address
        Get-CtrSession | Should -HaveCount 1 -Because 'all forms mean the session that is there'
        { Get-CtrServer -Session 4711 } | Should -Throw -ErrorId 'ParameterArgumentTransformationError,*' -ExpectedMessage '*no session 4711*'
    }

    It 'lists sessions by number' {
        $one, $two = 1..2 | ForEach-Object { Connect-CtrSession $address }
        $two.Id | Should -BeGreaterThan $one.Id
        (Get-CtrSession $one.Id) | Should -Be $one
        (Get-CtrSession).Id | Should -Be $one.Id, $two.Id
        $two.Id, $one.Id | Get-CtrSession | ForEach-Object Id | Should -Be $two.Id, $one.Id
    }

    It 'closes sessions by object, number, address, and through the pipeline' {
        $sessions = 1..5 | ForEach-Object { Connect-CtrSession $address -NoDefault }
        Disconnect-CtrSession $sessions[0]
        Disconnect-CtrSession -Session $sessions[1].Id
        $sessions.State | Should -Be 'Closed', 'Closed', 'Opened', 'Opened', 'Opened'
        $sessions[2] | Disconnect-CtrSession
        $sessions.State | Should -Be 'Closed', 'Closed', 'Closed', 'Opened', 'Opened'
        Disconnect-CtrSession -Address $address
        $sessions.State | Should -Be 'Closed', 'Closed', 'Closed', 'Closed', 'Closed' -Because 'an address means all sessions there'
        Get-CtrSession | Should -BeNullOrEmpty
        Disconnect-CtrSession
        { Disconnect-CtrSession -Address $address } | Should -Throw -ExpectedMessage "*no session with '$address'*"
    }

    It 'leaves no session behind when it cannot connect' {
        { Connect-CtrSession "$address.none" } | Should -Throw -ErrorId 'CtrAddressNotFound,*'
        Get-CtrSession | Should -BeNullOrEmpty
    }

    It 'keeps objects with their session: they work whatever the default is' {
        $namespace = Add-TestNamespace $rig
        try {
            $image = Get-CtrImage -Session (Connect-CtrSession $address -NoDefault) -Namespace $namespace
            $image | Set-CtrImage -Label @{ team = 'web' }
            ($image | Get-CtrImage).Labels['team'] | Should -Be 'web'
        } finally {
            Clear-TestNamespace $rig $namespace
        }
    }

    It 'lets other runspaces use a session, and keeps their own apart' {
        $session = Connect-CtrSession $address -Namespace k8s.io
        $manifest = Get-ManifestPath
        $found = 1..3 | ForEach-Object -UseNewRunspace -Parallel {
            Import-Module $using:manifest
            "$((Get-CtrImage busybox:1.35 -Session $using:session).Tag) $(@(Get-CtrSession).Count)"
        }
        $found | Should -Be '1.35 0', '1.35 0', '1.35 0'
        (Get-CtrSession).Id | Should -Be $session.Id
    }

    It 'are opened, listed and closed by lines, one after another' {
        foreach ($step in @(
                @{ line = 'Get-CtrSession | Disconnect-CtrSession'; gives = @() }
                @{ line = 'Connect-CtrSession {address} k8s.io | Select -Expand Namespace'; gives = 'k8s.io' }
                @{ line = 'Get-CtrImage nginx:deb | Select -Expand Tag'; gives = 'deb' }
                @{ line = 'Connect-CtrSession {address} -NoDefault -Timeout 5 | Select -Expand State'; gives = 'Opened' }
                @{ line = 'Get-CtrSession | Select -Expand IsDefault'; gives = 'True', 'False' }
                @{ line = 'Get-CtrSession | Select -First 1 | Disconnect-CtrSession -Verbose'; gives = @() }
                @{ line = 'Get-CtrImage -WarningAction Ignore'; gives = @() }
                @{ line = 'Disconnect-CtrSession {address}'; gives = @() }
                @{ line = 'Get-CtrSession'; gives = @() }
                @{ line = "'nope' | Disconnect-CtrSession"; fails = 'ParameterArgumentTransformationError InvalidData [nope]' }
                @{ line = 'Connect-CtrSession -Timeout 0'; fails = 'ParameterArgumentValidationError' }
                @{
                    line  = 'Connect-CtrSession tcp://127.0.0.1:1 -CertificateAuthority /nonexistent/ca.pem'
                    fails = 'CtrInvalidArgument InvalidArgument [tcp://127.0.0.1:1]'
                }
            )) {
            Assert-Line $rig @step
        }
    }
}

Describe 'A daemon that goes and comes, containerd <generation>' -ForEach (Get-RigGeneration) {
    if ($reason) {
        It 'has a daemon' { Set-ItResult -Skipped -Because $reason }
        return
    }

    BeforeAll {
        $rig = Get-Rig $generation Restart
    }

    It 'is missed in one clear error, and found again by the same session, after <how>' -ForEach @(
        @{ how = 'systemctl stop'; command = 'stop' }
        @{ how = 'kill -9'; command = 'kill' }
    ) {
        $session = Connect-CtrSession $rig.Address -Namespace k8s.io
        $image = Get-CtrImage busybox:1.35
        Send-RigCommand $rig $command
        try {
            foreach ($script in { Get-CtrImage }, { $image, $image | Get-CtrImage }, { Get-CtrServer }, { $image | Remove-CtrImage }) {
                $clock = [Diagnostics.Stopwatch]::StartNew()
                # Terminating, or -ErrorAction would have silenced it; and the only one.
                $Error.Clear()
                $record = { & $script -ErrorAction SilentlyContinue } | Should -Throw -ExpectedMessage "*'$($rig.Address)'*" -PassThru
                $Error.Count | Should -Be 1
                $record.Exception.ErrorId | Should -BeIn 'CtrAddressNotFound', 'CtrConnectionRefused', 'CtrUnavailable'
                $record.CategoryInfo.Category | Should -BeIn 'ResourceUnavailable', 'ConnectionError'
                $record.TargetObject | Should -Be $rig.Address
                $record.ErrorDetails.RecommendedAction | Should -BeLike '*containerd*'
                $clock.Elapsed.TotalSeconds | Should -BeLessThan 5
            }
            $session.State | Should -Be 'Opened'
        } finally {
            Send-RigCommand $rig start
        }
        (Get-CtrImage busybox:1.35).Digest | Should -Be $image.Digest
        ($image | Get-CtrImage).Digest | Should -Be $image.Digest
        (Get-CtrServer).Version | Should -Be $rig.Version
        Get-CtrSession | ForEach-Object Id | Should -Contain $session.Id
        Disconnect-CtrSession $session
    }
}
