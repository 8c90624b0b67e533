#requires -Version 7.6
# containerd stops under an open session, and comes back.

BeforeDiscovery {
    Import-Module (Join-Path $PSScriptRoot Helpers.psm1)
}

BeforeAll {
    $ErrorActionPreference = 'Stop'
    Import-ModuleUnderTest
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
