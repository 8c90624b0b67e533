#requires -Version 7.6
# Checkpoint-CtrContainer, Checkpoint-CtrTask and Restore-CtrContainer as far as they need no criu: with one that works here they are the
# business of the xunit tests.

BeforeDiscovery {
    Import-Module (Join-Path $PSScriptRoot Helpers.psm1)
}

BeforeAll {
    $ErrorActionPreference = 'Stop'
    Import-ModuleUnderTest
}

Describe 'Checkpoints, containerd <generation>' -ForEach (Get-RigGeneration) {
    if ($reason) {
        It 'has a daemon' { Set-ItResult -Skipped -Because $reason }
        return
    }

    BeforeAll {
        $rig = Get-Rig $generation
        $namespace = Add-TestNamespace $rig
        $session = Connect-CtrSession $rig.Address -Namespace $namespace
        $id = "ck$([guid]::NewGuid().ToString('n').Substring(0, 8))"
        Add-TestContainer $rig $namespace $id -Command sh, '-c', 'echo mine >/kept; sleep 1000'
        Wait-Until { (Invoke-CtrProcess $rig -n $namespace tasks exec --exec-id "e$(Get-Random)" $id ls /) -contains 'kept' } 'the file is there'
    }

    AfterAll {
        Disconnect-CtrSession $session
        Clear-TestContainer $rig $namespace
        Clear-TestNamespace $rig $namespace
    }

    It 'keeps a container and makes another from it' {
        $image = Checkpoint-CtrContainer $id web:kept -IncludeWritableLayer -IncludeImage
        $image | Should -BeOfType CtrPS.CtrImage
        $image.Name | Should -Be docker.io/library/web:kept
        (Get-CtrTask $id).State | Should -Be Running
        $second = $image | Restore-CtrContainer "${id}b" -Rw
        $second.State | Should -Be Running
        $second.Image | Should -Be docker.io/library/busybox:1.35
        Invoke-Ctr $rig -n $namespace tasks exec --exec-id e1 $second.Id grep -qx mine /kept
        $second | Remove-CtrContainer -Force
        Get-CtrContainer | ForEach-Object Id | Should -Be $id
        Remove-CtrImage $image
        Invoke-Ctr $rig -n $namespace leases ls -q | Should -BeNullOrEmpty
    }

    It 'does nothing with -WhatIf' {
        Checkpoint-CtrContainer $id web:no -WhatIf
        Checkpoint-CtrTask $id -Exit -WhatIf
        Restore-CtrContainer other web:no -WhatIf
        Get-CtrImage | ForEach-Object Name | Should -Be docker.io/library/busybox:1.35
        (Get-CtrTask $id).State | Should -Be Running
    }

    It 'tells what cannot be' {
        $errors = $null
        Restore-CtrContainer other busybox:1.35 -ErrorAction SilentlyContinue -ErrorVariable +errors
        Restore-CtrContainer other web:none -ErrorAction SilentlyContinue -ErrorVariable +errors
        Restore-CtrContainer 'no id' web:none -ErrorAction SilentlyContinue -ErrorVariable +errors
        Restore-CtrContainer other web:none -Live -NoStart -ErrorAction SilentlyContinue -ErrorVariable +errors
        $expected = 'CtrInvalidCheckpoint', 'CtrImageNotFound', 'CtrInvalidContainerId', 'CtrInvalidArgument'
        $errors.FullyQualifiedErrorId -replace ',.*' | Should -Be $expected
    }

    It 'refuses a task that has ended' {
        $ended = "${id}e"
        Add-TestContainer $rig $namespace $ended true
        $null = Wait-CtrTask $ended
        { Checkpoint-CtrTask $ended } | Should -Throw -ErrorId 'CtrTaskState,*'
        Clear-TestContainer $rig $namespace $ended
    }

    It 'says that criu is not there' {
        if (Get-Command criu -ErrorAction Ignore) {
            Set-ItResult -Skipped -Because 'this machine has a criu'
            return
        }
        Checkpoint-CtrTask $id -ErrorAction SilentlyContinue -ErrorVariable errors
        $errors.FullyQualifiedErrorId | Should -Be 'CtrRuntimeNotFound,CtrPS.Commands.CheckpointCtrTaskCommand'
        "$errors" | Should -Match "'criu' is not installed"
        (Get-CtrTask $id).State | Should -Be Running
    }
}
