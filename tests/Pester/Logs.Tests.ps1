#requires -Version 7.6
# Get-CtrLog: tasks that ctr started with a log file, and log files by themselves.

BeforeDiscovery {
    Import-Module (Join-Path $PSScriptRoot Helpers.psm1)
}

BeforeAll {
    $ErrorActionPreference = 'Stop'
    Import-ModuleUnderTest
}

Describe 'Logs, containerd <generation>' -ForEach (Get-RigGeneration) {
    if ($reason) {
        It 'has a daemon' { Set-ItResult -Skipped -Because $reason }
        return
    }

    BeforeAll {
        $rig = Get-Rig $generation Restart
        $name = "logs-$([guid]::NewGuid().ToString('n').Substring(0, 8))"
        $image = 'docker.io/library/busybox:1.35'
        $null = Invoke-Ctr $rig -n $name images import (Get-ArchivePath busybox)
        $session = Connect-CtrSession $rig.Address -Namespace $name
        function Invoke-Here { Invoke-Ctr $rig -n $name @args }
        function Start-Logged {
            [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '', Justification = 'for tests')]
            param([string] $Script)
            $id = "log-$([guid]::NewGuid().ToString('n').Substring(0, 8))"
            $null = Invoke-Here run -d --log-uri "file://$TestDrive/$id.log" $image $id sh -c $Script
            $id
        }
        function Remove-Logged {
            [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '', Justification = 'for tests')]
            param([string] $Id)
            try { Invoke-Here tasks rm --force $Id } catch { "$_" | Should -Match 'exit with non-zero' }
            Invoke-Here containers rm $Id
        }
    }

    AfterAll {
        Disconnect-CtrSession $session
        Clear-TestNamespace $rig $name
    }

    It 'are the lines of a task, while it runs and when it has ended' {
        $id = Start-Logged 'for i in 1 2 3 4 5; do echo line $i; done; until [ -e /go ]; do sleep 0.1; done; printf end'
        Wait-Until { (Get-CtrLog $id).Count -eq 5 } 'the lines are written'
        $lines = Get-CtrLog $id -Tail 2
        $lines | Should -BeOfType CtrPS.CtrLogLine
        $lines.Text | Should -Be 'line 4', 'line 5'
        "$($lines[0])" | Should -Be 'line 4'
        $lines[0].ContainerId, $lines[0].Namespace, $lines[0].Path | Should -Be $id, $name, "$TestDrive/$id.log"
        $lines[0].Time | Should -BeNullOrEmpty
        Get-CtrLog $id -Tail 0 | Should -BeNullOrEmpty
        (Get-CtrLog "$($id.Substring(0, 8))*" | Where-Object Text -EQ 'line 3').ContainerId | Should -Be $id
        (Get-CtrLog $id -Namespace *).Text | Should -Contain 'line 3'
        (Get-CtrLog $id -Namespace "$($name.Substring(0, 7))*", none -Tail 1).Namespace | Should -Be $name
        { Get-CtrLog $id -Namespace none } | Should -Throw -ErrorId 'CtrContainerNotFound,*'

        # What follows ends with the task.
        $process = Invoke-Here tasks ls | Where-Object { $_ -match "^$id\s+(\d+)" } | ForEach-Object { $Matches[1] }
        $followed = Get-CtrLog $id -Tail 1 -Follow | ForEach-Object {
            if ($_.Text -eq 'line 5') { $null = New-Item "/proc/$process/root/go" }
            $_.Text
        }
        $followed | Should -Be 'line 5', 'end'
        (Get-CtrLog $id).Count | Should -Be 6
        Remove-Logged $id
    }

    It 'are found by the label once the task is removed' {
        # It goes on: a shim that has read one of the streams to its end may close the file before it knows of the other.
        $id = Start-Logged 'echo one; echo two >&2; sleep 1000'
        Wait-Until { (Get-CtrLog $id).Count -eq 2 } 'the lines are written'
        Invoke-Here tasks rm --force $id
        { Get-CtrLog $id } | Should -Throw -ErrorId 'CtrLogNotFound,*' -ExpectedMessage '*has no task*'
        Invoke-Here containers label $id "ctrps.io/log-uri=file://$TestDrive/$id.log"
        (Get-CtrLog $id).Text | Sort-Object | Should -Be 'one', 'two'

        # Start-CtrTask sets the label itself, and takes that of an earlier start away.
        Invoke-Here containers label $id 'ctrps.io/log-uri='
        $null = Start-CtrTask $id -LogPath "$TestDrive/{Id}.2.log"
        Wait-Until { @(Get-Content "$TestDrive/$id.2.log" -ErrorAction Ignore).Count -eq 2 } 'the lines are written'
        Stop-CtrTask $id -Timeout 0
        Remove-CtrTask $id
        (Get-CtrLog $id).Text | Sort-Object | Should -Be 'one', 'two'
        (Get-CtrLog $id)[0].Path | Should -Be "$TestDrive/$id.2.log"
        $null = Start-CtrTask $id
        { Get-CtrLog $id } | Should -Throw -ErrorId 'CtrLogNotFound,*' -ExpectedMessage '*goes nowhere*'
        Stop-CtrTask $id -Timeout 0
        Remove-CtrTask $id
        Invoke-Here containers rm $id
    }

    It 'of several containers are followed side by side, to the end of each' {
        $first = Start-Logged 'echo a1; sleep 1; echo a2'
        $second = Start-Logged 'echo b1; until [ -e /go ]; do sleep 0.1; done; echo b2'
        $process = Invoke-Here tasks ls | Where-Object { $_ -match "^$second\s+(\d+)" } | ForEach-Object { $Matches[1] }
        $texts = Get-CtrLog $second, $first -Follow | ForEach-Object {
            if ($_.Text -eq 'a2') { $null = New-Item "/proc/$process/root/go" }
            $_.Text
        }
        $texts | Sort-Object | Should -Be 'a1', 'a2', 'b1', 'b2'
        $texts[-1] | Should -Be 'b2'
        Remove-Logged $first
        Remove-Logged $second
    }

    It 'are followed until Ctrl-C, and the call ends' {
        $id = Start-Logged 'echo up; sleep 1000'
        $open = (Get-CallCount).Open
        $shell = [powershell]::Create()
        $null = $shell.AddScript("Import-Module '$(Get-ManifestPath)'; Get-CtrLog $id -Follow -Session '$($rig.Address)' -Namespace $name")
        $output = [Management.Automation.PSDataCollection[psobject]]::new()
        $running = $shell.BeginInvoke([Management.Automation.PSDataCollection[psobject]]::new(), $output)
        Wait-Until { $output.Count -eq 1 } 'the line is there'
        $shell.Stop()
        $running.IsCompleted | Should -BeTrue
        $shell.InvocationStateInfo.State | Should -Be 'Stopped'
        $shell.Runspace.Dispose()
        $shell.Dispose()
        Get-CtrLog $id -Follow | Select-Object -First 1 | ForEach-Object Text | Should -Be 'up'
        Wait-Until { (Get-CallCount).Open -eq $open } 'the calls have ended'
        Remove-Logged $id
    }

    It 'that are none are told, with where the output goes' {
        $id = "log-$([guid]::NewGuid().ToString('n').Substring(0, 8))"
        Invoke-Here containers create $image $id
        $record = { Get-CtrLog $id } | Should -Throw -ErrorId 'CtrLogNotFound,*' -PassThru
        $record.CategoryInfo.Category | Should -Be 'ObjectNotFound'
        $record.ErrorDetails.RecommendedAction | Should -BeLike '*Start-CtrTask -LogPath*'
        $relay = Open-Relay $rig
        { Get-CtrLog $id -Session $relay.Address -Namespace $name } | Should -Throw -ErrorId 'CtrNotLocal,*'
        Get-CtrSession | Where-Object Address -EQ $relay.Address | Disconnect-CtrSession
        $relay.Dispose()
        Invoke-Here containers rm $id
        { Get-CtrLog $id } | Should -Throw -ErrorId 'CtrContainerNotFound,*'
        Get-CtrLog 'none*' | Should -BeNullOrEmpty
        $id = Start-Logged 'echo up'
        Wait-Until { (Get-CtrLog $id -ErrorAction Ignore).Count -eq 1 } 'the line is there'
        Remove-Item "$TestDrive/$id.log"
        { Get-CtrLog $id } | Should -Throw -ErrorId 'CtrLogNotFound,*' -ExpectedMessage "*$id.log*"
        Remove-Logged $id
    }
}

Describe 'Log files' {
    BeforeAll {
        $folder = New-Item -ItemType Directory "$TestDrive/shop_web-0_0f4a-11/app"
        $path = "$folder/0.log"
        @(
            '2026-01-02T03:00:01.5Z stdout F first'
            '2026-01-02T03:00:02.5Z stderr P wrong '
            '2026-01-02T03:00:03.5Z stdout F second'
            '2026-01-02T03:00:04.5Z stderr F at last'
        ) | Set-Content $path
    }

    It 'of the kubelet are taken apart, parts joined, the pod told by the path' {
        $lines = Get-CtrLog -Path "$TestDrive/*/*/*.log"
        $lines.Text | Should -Be 'first', 'second', 'wrong at last'
        $lines.Stream | Should -Be 'Output', 'Output', 'Error'
        $lines[2].Time | Should -Be ([DateTimeOffset]'2026-01-02T03:00:02.5Z')
        $lines[0].PodNamespace, $lines[0].PodName, $lines[0].ContainerName | Should -Be 'shop', 'web-0', 'app'
        Get-CtrLog -Path "$TestDrive/none*.log" | Should -BeNullOrEmpty
        ($lines | Out-String -Width 80) -split '\r?\n' | Where-Object { $_.TrimEnd().Length -gt 80 } | Should -BeNullOrEmpty
    }

    It 'come from the pipeline as Get-ChildItem gives them, and as objects with a path' {
        $odd = New-Item -ItemType Directory "$TestDrive/odd"
        'one' | Set-Content -LiteralPath "$odd/a[1].log"
        'two' | Set-Content -LiteralPath "$odd/b.log"
        (Get-ChildItem $odd | Get-CtrLog).Text | Should -Be 'one', 'two'
        (Get-ChildItem "$odd/*.log" | Where-Object Length -GT 0 | Get-CtrLog -Tail 1).Text | Should -Be 'one', 'two'
        ([IO.DirectoryInfo]::new($odd).GetFiles() | Sort-Object Name | Get-CtrLog).Text | Should -Be 'one', 'two'
        ([pscustomobject]@{ FullName = "$odd/a[1].log" } | Get-CtrLog).Text | Should -Be 'one'
        (Get-CtrLog -LP "$odd/a[1].log").Text | Should -Be 'one'
        { Get-Item $odd | Get-CtrLog } | Should -Throw -ErrorId 'CtrInvalidPath,*'
    }

    It 'are chosen from by stream and time' {
        (Get-CtrLog -LiteralPath $path -Stream Error).Text | Should -Be 'wrong at last'
        (Get-CtrLog -LiteralPath $path -Since '2026-01-02T03:00:02Z' -Until '2026-01-02T03:00:03Z').Text | Should -Be 'wrong at last'
        (Get-CtrLog -LiteralPath $path -Since ([datetime]::new(2026, 1, 2, 3, 0, 3, [DateTimeKind]::Utc)) -Tail 1).Text | Should -Be 'second'
        Get-CtrLog -LiteralPath $path -Since 10m | Should -BeNullOrEmpty
        Get-CtrLog -LiteralPath $path -Until 10m | Should -HaveCount 3
        Get-CtrLog -LiteralPath $path -Since (New-TimeSpan -Days 36500) | Should -HaveCount 3
    }

    It 'without times say so, and give all' {
        'plain' | Set-Content "$TestDrive/plain.log"
        (Get-CtrLog -Path "$TestDrive/plain.log" -Since 1h -WarningVariable warning -WarningAction SilentlyContinue).Text | Should -Be 'plain'
        $warning | Should -HaveCount 1
        $warning[0].Message | Should -BeLike '*does not say when*'
    }

    It 'refuse <what>' -ForEach @(
        @{ what = 'a number as a time'; script = { Get-CtrLog -Path $path -Since 5 }; id = 'ParameterArgumentTransformationError,*' }
        @{ what = 'nonsense as a time'; script = { Get-CtrLog -Path $path -Until 'long ago' }; id = 'ParameterArgumentTransformationError,*' }
        @{ what = 'a file that is not there'; script = { Get-CtrLog -Path "$TestDrive/none.log" }; id = 'CtrLogNotFound,*' }
        @{ what = 'a folder'; script = { Get-CtrLog -LiteralPath $folder }; id = 'CtrInvalidPath,*' }
    ) {
        $script | Should -Throw -ErrorId $id
    }

    It 'are named in the error where they are not there' {
        $nowhere = [pscustomobject]@{ Address = '/nonexistent/containerd.sock' }
        Assert-Line $nowhere 'Get-CtrLog -LiteralPath /nonexistent/web.log' -Fails 'CtrLogNotFound ObjectNotFound [/nonexistent/web.log]'
    }
}
