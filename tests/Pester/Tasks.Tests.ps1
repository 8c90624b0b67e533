#requires -Version 7.6
# Get-, Stop-, Suspend-, Resume-, Wait-, Remove- and Update-CtrTask, Send-CtrSignal, Get-CtrProcess and Get-CtrMetric. ctr makes the
# containers and is the judge of their states.

BeforeDiscovery {
    Import-Module (Join-Path $PSScriptRoot Helpers.psm1)
}

BeforeAll {
    $ErrorActionPreference = 'Stop'
    Import-ModuleUnderTest
    $calls = Get-CallCount
    $loop = 'trap "exit 7" TERM; sleep 1000 & wait'
    $stubborn = 'trap "" TERM; sleep 1000 & wait'

    # Runs a script beside the test, in this process, so that its calls are counted; param($Session) is the first thing in it.
    function Start-Shell {
        [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '', Justification = 'ends with the test')]
        param([string] $Script, [object] $Argument)
        $shell = [powershell]::Create()
        $null = $shell.AddScript("Import-Module '$(Get-ManifestPath)'").Invoke()
        $shell.Commands.Clear()
        $null = $shell.AddScript($Script).AddArgument($Argument)
        $output = [Management.Automation.PSDataCollection[psobject]]::new()
        # What is under way before: the wait itself is the last of the calls of a cmdlet that waits.
        @{
            Open = $calls.Open; Started = $calls.Started; Shell = $shell; Output = $output
            Running = $shell.BeginInvoke([Management.Automation.PSDataCollection[psobject]]$null, $output)
        }
    }
}

Describe 'Tasks, containerd <generation>' -ForEach (Get-RigGeneration) {
    if ($reason) {
        It 'has a daemon' { Set-ItResult -Skipped -Because $reason }
        return
    }

    BeforeAll {
        $rig = Get-Rig $generation
        $namespace = Add-TestNamespace $rig
        $session = Connect-CtrSession $rig.Address -Namespace $namespace

        # Containers of the restart monitor, which looks every ten seconds: stopped here, looked at in the end.
        $watched = '--label', 'containerd.io/restart.status=running', '--label', 'containerd.io/restart.policy=always'
        foreach ($name in 'watched-ours', 'watched-killed', 'watched-removed') {
            Start-TestContainer $rig $namespace $name $loop -Option $watched
        }
        $killed = (Get-CtrTask watched-killed).ProcessId
        Stop-CtrTask watched-ours
        Remove-CtrTask watched-removed -Force
        $null = Invoke-Ctr $rig -n $namespace tasks kill -s SIGKILL watched-killed

        function Get-StateOfCtr {
            param([string] $Id)
            (ConvertFrom-CtrTable (Invoke-Ctr $rig -n $namespace tasks ls) | Where-Object TASK -EQ $Id).STATUS
        }
    }

    AfterEach {
        $left = @(Invoke-Ctr $rig -n $namespace containers ls -q | Where-Object { $_ -notlike 'watched-*' })
        if ($left) {
            Clear-TestContainer $rig $namespace $left
        }
    }

    AfterAll {
        Clear-TestNamespace $rig $namespace
        Disconnect-CtrSession $session
    }

    It 'shows and changes each state as ctr does' {
        Start-TestContainer $rig $namespace one $loop
        Get-StateOfCtr one | Should -Be 'RUNNING'
        $task = Get-CtrTask one
        $task | Should -BeOfType CtrPS.CtrTask
        "$task", $task.State, $task.ExitCode, $task.Terminal | Should -Be 'one', 'Running', $null, $false
        $task.ProcessId | Should -Be (ConvertFrom-CtrTable (Invoke-Ctr $rig -n $namespace tasks ls) | Where-Object TASK -EQ one).PID

        (Suspend-CtrTask one -PassThru).State | Should -Be 'Paused'
        Get-StateOfCtr one | Should -Be 'PAUSED'
        { Suspend-CtrTask one } | Should -Throw -ErrorId 'CtrTaskState,*' -ExpectedMessage '*is paused*'
        { Remove-CtrTask one } | Should -Throw -ErrorId 'CtrTaskState,*' -ExpectedMessage '*is paused*not removed*'
        (Get-CtrTask -State Paused | Resume-CtrTask -PassThru).State | Should -Be 'Running'
        Get-StateOfCtr one | Should -Be 'RUNNING'
        { Resume-CtrTask one } | Should -Throw -ErrorId 'CtrTaskState,*' -ExpectedMessage '*is running*'
        { Remove-CtrTask one } | Should -Throw -ErrorId 'CtrTaskState,*' -ExpectedMessage '*is running*not removed*'

        $null = Invoke-Ctr $rig -n $namespace tasks pause one
        (Get-CtrTask one).State | Should -Be 'Paused'
        $null = Invoke-Ctr $rig -n $namespace tasks resume one
        $null = Invoke-Ctr $rig -n $namespace tasks kill one
        $ended = Wait-CtrTask one
        $ended.State, $ended.ExitCode | Should -Be 'Stopped', 7
        $ended.ExitedAt | Should -BeGreaterThan ([DateTimeOffset]::Now.AddMinutes(-1))
        Get-StateOfCtr one | Should -Be 'STOPPED'
        (Get-CtrTask one).ExitCode | Should -Be 7
        foreach ($script in { Suspend-CtrTask one }, { Resume-CtrTask one }, { Send-CtrSignal one TERM }, { Update-CtrTask one -PidsLimit 9 }) {
            $script | Should -Throw -ErrorId 'CtrTaskState,*' -ExpectedMessage '*has ended*'
        }

        Remove-CtrTask one
        Get-StateOfCtr one | Should -BeNullOrEmpty
        (Get-CtrContainer one).State | Should -Be 'None'
    }

    It 'stops with the signal that the image names, or the one that is given' {
        $script = 'trap "exit 3" USR1; trap "exit 7" TERM; trap "exit 9" INT; sleep 1000 & wait'
        Start-TestContainer $rig $namespace default $script
        Start-TestContainer $rig $namespace named $script -Option --label, io.containerd.image.config.stop-signal=SIGUSR1
        Start-TestContainer $rig $namespace given $script
        Set-CtrContainer given @{ 'io.containerd.image.config.stop-signal' = 'SIGUSR1' }
        # ctr's own label from the image comes last in some versions: what stands there decides.
        Set-CtrContainer named @{ 'io.containerd.image.config.stop-signal' = 'SIGUSR1' }
        (Stop-CtrTask default, named -PassThru).ExitCode | Should -Be 7, 3
        (Stop-CtrTask given -Signal int -PassThru).ExitCode | Should -Be 9
        Get-StateOfCtr named | Should -Be 'STOPPED'
        Start-TestContainer $rig $namespace wrong $script
        Set-CtrContainer wrong @{ 'io.containerd.image.config.stop-signal' = 'SIGNONE' }
        { Stop-CtrTask wrong -Signal NONE } | Should -Throw -ExpectedMessage "*'NONE' is not a signal*"
        (Get-CtrTask wrong).State | Should -Be 'Running'
        (Stop-CtrTask wrong -PassThru -WarningVariable warned -WarningAction SilentlyContinue).ExitCode | Should -Be 7
        "$warned" | Should -BeLike "*'SIGNONE'*not a signal*SIGTERM*"
    }

    It 'kills what does not end in time, and says so; what has ended is no error' {
        Start-TestContainer $rig $namespace stubborn $stubborn
        $said = Stop-CtrTask stubborn -Timeout 0 -PassThru -Verbose 4>&1
        ($said | Where-Object { $_ -is [CtrPS.CtrTask] }).ExitCode | Should -Be 137
        "$said" | Should -BeLike '*was killed: exit code 137*'
        $said = Stop-CtrTask stubborn -PassThru -Verbose 4>&1
        ($said | Where-Object { $_ -is [CtrPS.CtrTask] }).ExitCode | Should -Be 137
        "$said" | Should -BeLike '*had ended already*'
    }

    It 'lets a paused task act on its signal, and kills a paused one that does not' {
        Start-TestContainer $rig $namespace paused $loop
        Start-TestContainer $rig $namespace stubborn $stubborn
        Suspend-CtrTask paused, stubborn
        (Stop-CtrTask paused -PassThru).ExitCode | Should -Be 7
        (Stop-CtrTask stubborn -Timeout 0 -PassThru).ExitCode | Should -Be 137
        Start-TestContainer $rig $namespace frozen $loop
        Suspend-CtrTask frozen
        Remove-CtrTask frozen -Force
        Get-StateOfCtr frozen | Should -BeNullOrEmpty
    }

    It 'stops several side by side; Ctrl-C ends the wait at once and leaves no call' {
        foreach ($n in 1..4) {
            Start-TestContainer $rig $namespace "many-$n" $stubborn
        }
        $open = $calls.Open
        $run = Start-Shell 'param($Session) Stop-CtrTask many-* -Session $Session -Timeout 600' $session
        try {
            Wait-Until { $calls.Open -eq $open + 4 } 'four waits are open'
            Wait-Until { -not $run.Running.IsCompleted } 'it waits'
            $run.Shell.Stop()
            $run.Shell.InvocationStateInfo.State | Should -Be 'Stopped'
            $run.Shell.Streams.Error | Should -BeNullOrEmpty
            Wait-Until { $calls.Open -eq $open } 'no call is left open'
        } finally {
            $run.Shell.Dispose()
        }
        (Get-CtrTask many-*).State | Should -Be (@('Running') * 4)
        (Stop-CtrTask many-*, many-1 -Timeout 0 -PassThru).Id | Should -Be 'many-1', 'many-2', 'many-3', 'many-4'
    }

    It 'waits for many, gives each as it ends, and not longer than it should' {
        foreach ($n in 1..3) {
            Start-TestContainer $rig $namespace "w-$n" "trap `"exit $n`" TERM; sleep 1000 & wait"
        }
        $open = $calls.Open
        $run = Start-Shell 'param($Session) Wait-CtrTask w-1, w-2, w-3 -Session $Session' $session
        try {
            # Two calls find each container, one its task, and one waits.
            Wait-Until { $calls.Started -eq $run.Started + 12 -and $calls.Open -eq $open + 3 } 'three waits are open'
            Send-CtrSignal w-2 TERM
            Wait-Until { $run.Output.Count -eq 1 } 'the first has come'
            $run.Output[0].Id, $run.Output[0].ExitCode | Should -Be 'w-2', 2
            $run.Shell.Stop()
            Wait-Until { $calls.Open -eq $open } 'no call is left open'
        } finally {
            $run.Shell.Dispose()
        }
        { Wait-CtrTask w-1 -Timeout 0 } | Should -Throw -ErrorId 'CtrTaskTimeout,*' -ExpectedMessage '*did not end within 0 seconds*'
        $ended = Wait-CtrTask w-1, w-2 -Timeout 1 -ErrorVariable late -ErrorAction SilentlyContinue
        $ended.Id | Should -Be 'w-2'
        $late.TargetObject.Id | Should -Be 'w-1'
        $late.CategoryInfo.Category | Should -Be 'OperationTimeout'
        (Wait-CtrTask w-1, w-2, w-3 | Select-Object -First 1).Id | Should -Be 'w-2'
        $calls.Open | Should -Be $open
    }

    It 'sends signals to the first process, to one that was added, and to all' {
        $script = 'trap "exit 4" HUP; sleep 1000 & wait'
        Start-TestContainer $rig $namespace sig $script
        $null = Invoke-Ctr $rig -n $namespace tasks exec -d --exec-id extra sig sleep 2000
        $added = Get-CtrProcess sig | Where-Object ExecId
        $added.ExecId, $added.CommandLine | Should -Be 'extra', 'sleep 2000'
        Get-CtrProcess sig | Where-Object CommandLine -EQ 'sleep 1000' -OutVariable child | Should -HaveCount 1
        { $child | Send-CtrSignal -Signal KILL } | Should -Throw -ErrorId 'CtrInvalidArgument,*' -ExpectedMessage '*was started by another process*'
        { Send-CtrSignal sig KILL -ExecId nope } | Should -Throw -ErrorId 'CtrProcessNotFound,*'
        $added | Send-CtrSignal -Signal SIGKILL
        Wait-Until { -not (Test-Path "/proc/$($added.ProcessId)") } 'the added process has gone'
        (Get-CtrTask sig).State | Should -Be 'Running'
        Get-CtrProcess sig | Where-Object IsFirst | Send-CtrSignal -Signal 1
        (Wait-CtrTask sig).ExitCode | Should -Be 4

        Start-TestContainer $rig $namespace all $stubborn
        Send-CtrSignal all RTMIN+1
        (Wait-CtrTask all -Timeout 0 -ErrorAction SilentlyContinue) | Should -BeNullOrEmpty
        Send-CtrSignal all KILL -All
        (Wait-CtrTask all).ExitCode | Should -Be 137
        (TabExpansion2 'Send-CtrSignal all ' 19).CompletionMatches[0, 1].CompletionText | Should -Be 'SIGTERM', 'SIGKILL'
        (TabExpansion2 'Stop-CtrTask -Signal us' 23).CompletionMatches.CompletionText | Should -Be 'USR1', 'USR2'
    }

    It 'lists the processes that ctr lists, with what the kernel tells of them' {
        Start-TestContainer $rig $namespace ps 'sleep 1001 & sleep 1002 & wait' -Process 3
        $processes = Get-CtrProcess ps
        $ids = Invoke-Ctr $rig -n $namespace tasks ps ps | Select-Object -Skip 1 | ForEach-Object { [long]($_ -split '\s+')[0] }
        $processes.ProcessId | Should -Be ($ids | Sort-Object)
        $first = $processes | Where-Object IsFirst
        $first.ProcessId | Should -Be (Get-CtrTask ps).ProcessId
        $first.Arguments | Should -Be 'sh', '-c', 'sleep 1001 & sleep 1002 & wait'
        $children = $processes | Where-Object ParentProcessId -EQ $first.ProcessId
        $children.CommandLine | Should -Be 'sleep 1001', 'sleep 1002'
        $children.UserId | Should -Be 0, 0
        foreach ($process in $processes) {
            $start = ([DateTimeOffset](Get-Process -Id $process.ProcessId).StartTime).ToUnixTimeSeconds()
            $process.StartedAt.ToUnixTimeSeconds() | Should -BeIn (-1..1 | ForEach-Object { $_ + $start })
        }
        (Get-CtrProcess -Namespace * | Where-Object Id -EQ ps).Count | Should -Be 3
        ($processes | Out-String -Width 80) -replace '\e\[[0-9;]*m' | Should -Match 'Container: ps'

        # A daemon behind a relay may be anywhere: what the kernel here says of its numbers would be of other processes.
        $relay = Open-Relay $rig
        try {
            $remote = Get-CtrProcess ps -Namespace $namespace -Session $relay.Address
            $remote.ProcessId | Should -Be $processes.ProcessId
            @($remote.CommandLine) + $remote.ParentProcessId | Where-Object { $null -ne $_ } | Should -BeNullOrEmpty
        } finally {
            Get-CtrSession | Where-Object Address -EQ $relay.Address | Disconnect-CtrSession
            $relay.Dispose()
        }
        Stop-CtrTask ps -Timeout 0
        Get-CtrProcess ps | Should -BeNullOrEmpty
    }

    It 'reads the counters that ctr reads' {
        Start-TestContainer $rig $namespace metric 'while :; do :; done & sleep 1000 & wait' -Option --memory-limit, 67108864 -Process 3
        Start-TestContainer $rig $namespace unlimited $loop
        $busy = Get-CtrMetric metric -Count 1 -Interval 0.5
        $busy.CpuPercent | Should -BeGreaterThan 1
        # A paused container counts nothing.
        Suspend-CtrTask metric
        $metric = Get-CtrMetric metric
        $raw = Invoke-Ctr $rig -n $namespace tasks metrics --format json metric | ConvertFrom-Json
        $metric.CpuPercent | Should -BeNullOrEmpty
        $metric.CpuUsage | Should -BeGreaterThan $busy.CpuUsage
        $metric.MemoryLimit | Should -Be 67108864
        $metric.MemoryLimit | Should -BeOfType long
        if ($metric.CgroupVersion -eq 1) {
            $metric.CpuUsage.Ticks | Should -Be ([Math]::Floor($raw.cpu.usage.total / 100))
            # What a processor has in stock of a cgroup counts as used, and others make it give that back: from one reading to the next the use
            # differs by some pages (Linux, cgroup-v1/memory.rst, usage_in_bytes).
            $own = $metric.GetRaw().memory
            $metric.MemoryBytes | Should -Be $own.usage.usage
            $metric.WorkingSetBytes | Should -Be ($own.usage.usage - $own.total_inactive_file)
            $stock = 64 * [Environment]::SystemPageSize * [Environment]::ProcessorCount
            [Math]::Abs($metric.MemoryBytes - $raw.memory.usage.usage) | Should -BeLessOrEqual $stock
            $metric.MemoryPeakBytes | Should -Be $raw.memory.usage.max
            $metric.GetRaw().memory.total_rss | Should -Be $raw.memory.total_rss
            $metric.GetRaw().cpu.usage.per_cpu | Should -Be $raw.cpu.usage.per_cpu
        } else {
            $metric.CpuUsage.Ticks | Should -Be ($raw.cpu.usage_usec * 10)
            $metric.MemoryBytes | Should -Be $raw.memory.usage
        }
        $metric.Pids | Should -Be $raw.pids.current
        $metric.PidsLimit | Should -BeNullOrEmpty
        (Get-CtrMetric unlimited).MemoryLimit | Should -BeNullOrEmpty
        (Get-CtrMetric metric, unlimited -Count 2 -Interval 0.1).Id | Should -Be 'metric', 'unlimited', 'metric', 'unlimited'
        (Get-CtrMetric -Interval 0.1 | Select-Object -First 5).Count | Should -Be 5
        ($metric | Out-String -Width 80) -replace '\e\[[0-9;]*m' | Should -Match '64\.0 MiB'
        { Get-CtrMetric no-such } | Should -Throw -ErrorId 'CtrContainerNotFound,*'
    }

    It 'changes limits of what runs, and keeps them in the spec' {
        Start-TestContainer $rig $namespace limits $loop
        $before = (Invoke-Ctr $rig -n $namespace containers info limits | ConvertFrom-Json -AsHashtable).Spec
        (Update-CtrTask limits -Memory 64MB -Cpus 0.5 -CpuShares 512 -PidsLimit 40 -PassThru).Id | Should -Be 'limits'
        $metric = Get-CtrMetric limits
        $metric.MemoryLimit, $metric.PidsLimit | Should -Be 64MB, 40
        $after = (Invoke-Ctr $rig -n $namespace containers info limits | ConvertFrom-Json -AsHashtable).Spec
        $resources = $after.linux.resources
        $resources.memory.limit, $resources.pids.limit | Should -Be 64MB, 40
        $resources.cpu.shares, $resources.cpu.quota, $resources.cpu.period | Should -Be 512, 50000, 100000
        $devices = $before.linux.resources.devices | ConvertTo-Json -Compress -Depth 9
        $resources.devices | ConvertTo-Json -Compress -Depth 9 | Should -Be $devices
        foreach ($spec in $before, $after) {
            $spec.linux.Remove('resources')
        }
        $after | ConvertTo-Json -Depth 20 | Should -Be ($before | ConvertTo-Json -Depth 20)

        Update-CtrTask limits -Memory -1 -CpuQuota -1 -PidsLimit -1
        (Get-CtrMetric limits).MemoryLimit, (Get-CtrMetric limits).PidsLimit | Should -Be $null, $null
        { Update-CtrTask limits -Memory 1 } | Should -Throw -ErrorId 'CtrRuntimeFailed,*' -ExpectedMessage '*memory*'
        (Invoke-Ctr $rig -n $namespace containers info limits | ConvertFrom-Json).Spec.linux.resources.memory.limit | Should -Be -1
        { Update-CtrTask limits } | Should -Throw -ErrorId 'CtrInvalidArgument,*' -ExpectedMessage 'No limit*'
        { Update-CtrTask limits -Memory 0 } | Should -Throw -ErrorId 'CtrInvalidArgument,*' -ExpectedMessage '*-Memory cannot be 0*'
    }

    It 'tells a typo and a container without a task apart: <_>' -ForEach @(
        'Get-CtrTask', 'Stop-CtrTask', 'Suspend-CtrTask', 'Resume-CtrTask', 'Wait-CtrTask', 'Remove-CtrTask', 'Get-CtrProcess', 'Get-CtrMetric'
        'Send-CtrSignal -Signal TERM -Container', 'Update-CtrTask -PidsLimit 9 -Container'
    ) {
        $null = Invoke-Ctr $rig -n $namespace containers create docker.io/library/busybox:1.35 idle true
        $record = { & ([scriptblock]::Create("$_ no-such")) } |
            Should -Throw -ErrorId 'CtrContainerNotFound,*' -ExpectedMessage "*'no-such'*" -PassThru
        $record.CategoryInfo.Category | Should -Be 'ObjectNotFound'
        { & ([scriptblock]::Create("$_ idle")) } | Should -Throw -ErrorId 'CtrTaskNotFound,*' -ExpectedMessage "*'idle'*has no task*"
        & ([scriptblock]::Create("$_ no-such*, id*")) | Should -BeNullOrEmpty
    }

    It 'tells of a shim that was killed, and clears away what it left' {
        foreach ($name in 'wait', 'stop', 'gone') {
            Start-TestContainer $rig $namespace $name $stubborn
        }
        $first = (Get-CtrTask wait, stop, gone).ProcessId
        $wait = Start-Shell 'param($Session) Wait-CtrTask wait -Session $Session' $session
        Wait-Until { $calls.Started -eq $wait.Started + 4 -and $calls.Open -eq $wait.Open + 1 } 'one waits'
        $stop = Start-Shell 'param($Session) Stop-CtrTask stop -Timeout 600 -PassThru -Session $Session' $session
        try {
            Wait-Until { $calls.Started -eq $stop.Started + 7 -and $calls.Open -eq $stop.Open + 1 } 'the other one waits'
            foreach ($name in 'wait', 'stop', 'gone') {
                Stop-Process -Id (Get-CtrProcess $name | Where-Object IsFirst).ParentProcessId -Force
            }
            Wait-Until { $wait.Running.IsCompleted -and $stop.Running.IsCompleted } 'both have come back'
            $wait.Shell.Streams.Error.FullyQualifiedErrorId | Should -BeLike 'CtrRuntimeFailed,*'
            "$($wait.Shell.Streams.Error)" | Should -BeLike "*shim of container 'wait'*"
            $stop.Shell.Streams.Error | Should -BeNullOrEmpty
            $stop.Output[0].State, $stop.Output[0].ExitCode | Should -Be 'Stopped', $null
        } finally {
            $wait.Shell.Dispose()
            $stop.Shell.Dispose()
        }
        Wait-Until { -not ($first | Where-Object { Test-Path "/proc/$_" }) } 'the daemon has killed the processes'
        Wait-Until { -not (Get-StateOfCtr gone) } 'the task is gone'
        (Get-CtrContainer gone).State | Should -Be 'None'
        Remove-CtrContainer wait, stop, gone
        Invoke-Ctr $rig -n $namespace containers ls -q | Where-Object { $_ -notlike 'watched-*' } | Should -BeNullOrEmpty
    }

    It 'keeps stopped what the restart monitor would start anew' {
        foreach ($labels in (Get-CtrContainer watched-ours, watched-removed).Labels) {
            $labels['containerd.io/restart.status'], $labels['containerd.io/restart.explicitly-stopped'] | Should -Be 'stopped', 'true'
        }
        $again = { (Get-CtrContainer watched-killed).ProcessId -ne $killed -and (Get-CtrContainer watched-killed).State -eq 'Running' }
        Wait-Until $again 'the monitor has started the other one' 30
        (Get-CtrContainer watched-ours, watched-removed).State | Should -Be 'Stopped', 'None'
        (Get-CtrContainer watched-ours).ExitCode | Should -Be 7
        Remove-CtrContainer watched-* -Force
    }
}

Describe 'A daemon that goes and comes while a task runs, containerd <generation>' -ForEach (Get-RigGeneration) {
    if ($reason) {
        It 'has a daemon' { Set-ItResult -Skipped -Because $reason }
        return
    }

    It 'finds the task again, and the wait for it goes on' {
        $rig = Get-Rig $generation Restart
        $namespace = Add-TestNamespace $rig
        $session = Connect-CtrSession $rig.Address -Namespace $namespace
        Start-TestContainer $rig $namespace lasting $loop
        $before = Get-CtrTask lasting
        $run = Start-Shell 'param($Session) Wait-CtrTask lasting -Session $Session' $session
        try {
            Wait-Until { $calls.Started -eq $run.Started + 4 -and $calls.Open -eq $run.Open + 1 } 'the wait is open'
            Send-RigCommand $rig stop
            try {
                foreach ($script in { Get-CtrContainer }, { Get-CtrTask }, { $before | Stop-CtrTask }, { $before | Get-CtrMetric }) {
                    $record = { & $script -ErrorAction SilentlyContinue } | Should -Throw -ExpectedMessage "*'$($rig.Address)'*" -PassThru
                    $record.Exception.ErrorId | Should -BeIn 'CtrAddressNotFound', 'CtrConnectionRefused', 'CtrUnavailable'
                }
                Test-Path "/proc/$($before.ProcessId)" | Should -BeTrue
            } finally {
                Send-RigCommand $rig start
            }
            $after = Get-CtrTask lasting
            $after.State, $after.ProcessId | Should -Be 'Running', $before.ProcessId
            $run.Running.IsCompleted | Should -BeFalse
            (Stop-CtrTask lasting -PassThru).ExitCode | Should -Be 7
            Wait-Until { $run.Running.IsCompleted } 'the wait has ended'
            $run.Shell.Streams.Error | Should -BeNullOrEmpty
            $run.Output[0].ExitCode | Should -Be 7
        } finally {
            $run.Shell.Dispose()
            Clear-TestNamespace $rig $namespace
            Disconnect-CtrSession $session
        }
    }
}
