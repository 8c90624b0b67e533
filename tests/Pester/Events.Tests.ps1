#requires -Version 7.6
# Watch-, Wait- and Register-CtrEvent. What happens is done by ctr.

BeforeDiscovery {
    Import-Module (Join-Path $PSScriptRoot Helpers.psm1)
}

BeforeAll {
    $ErrorActionPreference = 'Stop'
    Import-ModuleUnderTest
}

Describe 'Events, containerd <generation>' -ForEach (Get-RigGeneration) {
    if ($reason) {
        It 'has a daemon' { Set-ItResult -Skipped -Because $reason }
        return
    }

    BeforeAll {
        $rig = Get-Rig $generation Restart
        $name = "events-$([guid]::NewGuid().ToString('n').Substring(0, 8))"
        $image = 'docker.io/library/busybox:1.35'
        $null = Invoke-Ctr $rig -n $name images import (Get-ArchivePath busybox)
        $session = Connect-CtrSession $rig.Address -Namespace $name
        $calls = Get-CallCount
        function Invoke-Here { Invoke-Ctr $rig -n $name @args }
        function Get-UniqueId { "ev-$([guid]::NewGuid().ToString('n').Substring(0, 8))" }
    }

    AfterAll {
        Disconnect-CtrSession $session
        Clear-TestNamespace $rig $name
    }

    It 'tell the life of a container, typed, with what is known of it' {
        $id = Get-UniqueId
        $told = Watch-CtrEvent /tasks/create, /tasks/start, /tasks/exit, /containers/* -Timeout 20 -MaxCount 5 -ScriptBlock {
            try { Invoke-Here run --rm --label team=web $image $id sh -c 'exit 3' } catch { "$_" | Should -Match 'ended with 3' }
        }
        $told | Should -BeOfType CtrPS.CtrEvent
        $told.Topic | Should -Be '/containers/create', '/tasks/create', '/tasks/start', '/tasks/exit', '/containers/delete'
        $told.Namespace | Sort-Object -Unique | Should -Be $name
        $told.ContainerId | Sort-Object -Unique | Should -Be $id
        $told.Image | Sort-Object -Unique | Should -Be $image -Because 'it is told of one that is deleted by now, too'
        $told[3].Labels['team'] | Should -Be 'web'
        $told[3].Payload | Should -BeOfType CtrPS.CtrTaskExitPayload
        $told[3].ExitCode | Should -BeExactly 3
        $told[3].ExitedAt | Should -BeOfType DateTimeOffset
        $told[3].ProcessId | Should -Be $told[1].Payload.ProcessId
        $told[3].IsExec | Should -BeFalse
        ($told | Where-Object ExitCode -EQ 3).Topic | Should -Be '/tasks/exit'
        ($told | Out-String -Width 80) -split '\r?\n' | Where-Object { $_.TrimEnd().Length -gt 80 } | Should -BeNullOrEmpty
    }

    It 'tell the end of a process that was added from the end of a container' {
        $id = Get-UniqueId
        Invoke-Here run -d $image $id sleep 1000
        try {
            $all = Watch-CtrEvent /tasks/exec-*, /tasks/exit -Container $id -Timeout 20 -MaxCount 4 -ScriptBlock {
                try { Invoke-Here tasks exec --exec-id extra $id sh -c 'exit 7' } catch { "$_" | Should -Match 'ended with 7' }
                Invoke-Here tasks kill --signal SIGKILL $id
                Wait-Until { (Invoke-Here tasks ls) -match "$id.*STOPPED" } 'the task has ended'
                Invoke-Here tasks delete $id
            }
            ($all | Where-Object IsExec).Topic | Should -Be '/tasks/exec-added', '/tasks/exec-started', '/tasks/exit'
            ($all | Where-Object IsExec).ExecId | Sort-Object -Unique | Should -Be 'extra'
            ($all | Where-Object { $_.Topic -eq '/tasks/exit' }).ExitCode | Should -Be 7, 137
            $all.Image | Sort-Object -Unique | Should -Be $image -Because 'it was there before'
        } finally {
            Invoke-Here containers rm $id
        }
    }

    It 'leave out processes that were added with -ExcludeExec' {
        $id = Get-UniqueId
        Invoke-Here run -d $image $id sleep 1000
        $told = Wait-CtrEvent /tasks/exit -Container "$id*" -ExcludeExec -Timeout 20 -ScriptBlock {
            try { Invoke-Here tasks exec --exec-id extra $id sh -c 'exit 7' } catch { "$_" | Should -Match 'ended with 7' }
            Invoke-Here tasks kill --signal SIGKILL $id
        }
        $told.ExitCode | Should -Be 137
        Invoke-Here tasks delete $id
        Invoke-Here containers rm $id
    }

    It 'of images and namespaces bring their names on' {
        $told = Watch-CtrEvent images/*, /NAMESPACES/* -Namespace * -Timeout 20 -MaxCount 4 -ScriptBlock {
            Invoke-Here images tag $image docker.io/library/busybox:other
            Invoke-Here namespaces create "$name-x"
            Invoke-Here namespaces rm "$name-x"
            Invoke-Here images rm docker.io/library/busybox:other
        }
        $told.Topic | Should -Be '/images/create', '/namespaces/create', '/namespaces/delete', '/images/delete'
        $told.Subject | Should -Be 'docker.io/library/busybox:other', "$name-x", "$name-x", 'docker.io/library/busybox:other'
        $told[0].Payload | Should -BeOfType CtrPS.CtrImagePayload
        Invoke-Here images tag $image docker.io/library/busybox:other
        ($told[0] | Get-CtrImage).Name | Should -Be 'docker.io/library/busybox:other'
        Invoke-Here images rm docker.io/library/busybox:other
    }

    It 'are those that were asked for, and all of them from the first on' {
        $told = Watch-CtrEvent /images/create -Namespace "$($name.Substring(0, 10))*" -Timeout 20 -MaxCount 15 -ScriptBlock {
            foreach ($i in 1..15) {
                Invoke-Here images tag $image "docker.io/library/busybox:n$i"
                $null = Invoke-Ctr $rig -n k8s.io images label docker.io/library/busybox:1.35 "n=$i"
            }
            $null = Invoke-Ctr $rig -n k8s.io images label docker.io/library/busybox:1.35 'n='
        }
        $told.Image | Should -Be (1..15 | ForEach-Object { "docker.io/library/busybox:n$_" })
        Invoke-Here images rm @($told.Image)
        $told = Watch-CtrEvent -Filter 'topic~=/update$/' -Namespace $name, k8s.io -Timeout 20 -MaxCount 1 -ScriptBlock {
            Invoke-Here images tag $image docker.io/library/busybox:other
            Invoke-Here images label docker.io/library/busybox:other a=b
        }
        $told.Topic, $told.Labels['a'] | Should -Be '/images/update', 'b'
        Invoke-Here images rm docker.io/library/busybox:other
    }

    It 'never show how a subscription is proven' {
        $told = Watch-CtrEvent -Namespace * -Timeout 20 -MaxCount 1 -ScriptBlock {
            { Wait-CtrEvent -Namespace * -Timeout 1 } | Should -Throw -ErrorId 'CtrEventTimeout,*'
            Invoke-Here namespaces create "$name-y"
            Invoke-Here namespaces rm "$name-y"
        }
        $told.Topic | Should -Be '/namespaces/create'
    }

    It 'end with <how>, and the call with them' -ForEach @(
        @{ how = 'Select-Object -First'; script = {
                $label = { Invoke-Here images label $image "x=$(Get-UniqueId)" }
                $null = Watch-CtrEvent -Namespace * -ScriptBlock $label | Select-Object -First 1
            }
        }
        @{ how = 'the time'; script = { Watch-CtrEvent -Timeout 1 | Should -BeNullOrEmpty } }
        @{ how = 'an error of the script'; script = { { Watch-CtrEvent -ScriptBlock { throw 'stop it' } } | Should -Throw '*stop it*' } }
        @{ how = 'Ctrl-C'; script = {
                $shell = [powershell]::Create()
                $null = $shell.AddScript("Import-Module '$(Get-ManifestPath)'; Watch-CtrEvent -Session '$($rig.Address)' -Namespace * -Verbose")
                $output = $shell.BeginInvoke()
                Wait-Until { $shell.Streams.Verbose.Count -gt 1 } 'the subscription is live'
                $shell.Stop()
                $output.IsCompleted | Should -BeTrue
                $shell.InvocationStateInfo.State | Should -Be 'Stopped'
                $shell.Runspace.Dispose()
                $shell.Dispose()
            }
        }
    ) {
        $open = $calls.Open
        & $script
        Wait-Until { $calls.Open -eq $open } 'the call has ended'
    }

    It 'tell a filter that containerd does not understand, and an event that does not come' {
        { Watch-CtrEvent -Filter 'topic=x' } | Should -Throw -ErrorId 'CtrInvalidArgument,*' -ExpectedMessage '*unsupported operator*'
        $record = { Wait-CtrEvent /tasks/oom -Container web -Timeout 1 } |
            Should -Throw -ErrorId 'CtrEventTimeout,*' -ExpectedMessage "*/tasks/oom of container 'web'*" -PassThru
        $record.CategoryInfo.Category | Should -Be 'OperationTimeout'
        { Watch-CtrEvent -Namespace 'no namespace' } | Should -Throw -ErrorId 'CtrInvalidNamespace,*'
    }

    It 'do nothing where the pipeline brings no container' {
        @() | Watch-CtrEvent | Should -BeNullOrEmpty
    }

    It 'come to an action of Register-CtrEvent, until it is unregistered' {
        $open = $calls.Open
        $seen = [Collections.Generic.List[object]]::new()
        $job = Register-CtrEvent /images/* -SourceIdentifier images -MessageData $seen -Action { $Event.MessageData.Add($EventArgs.Event) }
        try {
            $job | Should -BeOfType System.Management.Automation.PSEventJob
            { Register-CtrEvent -SourceIdentifier images } | Should -Throw -ErrorId 'CtrAlreadyExists,*'
            Invoke-Here images label $image "x=$(Get-UniqueId)"
            Wait-Until { $seen.Count -eq 1 } 'the action ran'
            $seen[0].Topic, $seen[0].Image | Should -Be '/images/update', $image
        } finally {
            Unregister-Event images
            Remove-Job $job
        }
        Wait-Until { $calls.Open -eq $open } 'the call has ended'
    }

    It 'come into the event queue without an action, as many as were asked for' {
        $open = $calls.Open
        Register-CtrEvent /images/update -SourceIdentifier queued -MaxTriggerCount 2 | Should -BeNullOrEmpty
        foreach ($i in 1..3) {
            Invoke-Here images label $image "x=$(Get-UniqueId)"
        }
        $null = Wait-Event queued -Timeout 20
        Wait-Until { $calls.Open -eq $open } 'the call has ended'
        $queued = Get-Event queued
        $queued.SourceEventArgs.Event.Topic | Should -Be '/images/update', '/images/update'
        $queued | Remove-Event
        Get-EventSubscriber -SourceIdentifier queued -ErrorAction Ignore | Should -BeNullOrEmpty
    }

    It 'end with <how>' -ForEach @(
        @{ how = 'the module'; end = 'Remove-Module CtrPS; (Get-EventSubscriber).Count' }
        @{ how = 'the runspace'; end = '0' }
        @{ how = 'the session, and say so'
            end = 'Get-CtrSession | Disconnect-CtrSession; (Wait-Event own -Timeout 20).SourceEventArgs.Event.Kind -eq "Gap" ? 0 : 1'
        }
    ) {
        $open = $calls.Open
        $shell = [powershell]::Create()
        $null = $shell.AddScript("Import-Module '$(Get-ManifestPath)'; Register-CtrEvent -Session '$($rig.Address)' -SourceIdentifier own; $end")
        $shell.Invoke() | Should -Be 0
        $shell.Runspace.Dispose()
        $shell.Dispose()
        Wait-Until { $calls.Open -eq $open } 'the call has ended'
    }

    It 'go on after the daemon was <command>ed, with a gap in between' -ForEach @{ command = 'kill' }, @{ command = 'stop' } {
        $id = Get-UniqueId
        Invoke-Here containers create $image $id
        $begin = [DateTimeOffset]::Now
        Register-CtrEvent /containers/* -SourceIdentifier restart
        try {
            Send-RigCommand $rig $command
            Send-RigCommand $rig start
            $gap = (Wait-Event restart -Timeout 20).SourceEventArgs.Event
            Remove-Event restart
            Invoke-Here containers rm $id
            $told = (Wait-Event restart -Timeout 20).SourceEventArgs.Event
            Remove-Event restart
        } finally {
            Unregister-Event restart
        }
        $gap.Kind | Should -Be 'Gap'
        $gap.From | Should -BeGreaterOrEqual $begin
        $gap.To | Should -BeGreaterThan $gap.From
        $gap.Reason | Should -BeLike '*containerd was away*'
        $told.Kind, $told.Topic, $told.Image | Should -Be 'Event', '/containers/delete', $image
    }

    It 'refuse a number of times below none' {
        Assert-Line $rig 'Register-CtrEvent -MaxTriggerCount -1' -Fails ParameterArgumentValidationError
    }
}
