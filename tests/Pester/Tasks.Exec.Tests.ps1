#requires -Version 7.6
# Invoke-CtrCommand, Start-CtrTask, Connect-CtrTask, Enter-CtrContainer: processes in containers, by real runtimes.

BeforeDiscovery {
    Import-Module (Join-Path $PSScriptRoot Helpers.psm1)
    $generations = @(Get-RigGeneration)
    $last = @($generations | Where-Object { -not $_.reason } | Select-Object -Last 1)
}

BeforeAll {
    $ErrorActionPreference = 'Stop'
    Import-ModuleUnderTest

    # What runs in a container, in ctr's words: one line a process.
    function Get-ProcessLine {
        param([string] $Id)
        @(Invoke-Ctr $rig -n $namespace tasks ps $Id | Select-Object -Skip 1)
    }

    # Ids of added processes that the daemon still knows of in a running container.
    function Get-ExecLine {
        param([string] $Id)
        Get-ProcessLine $Id | Where-Object { $_ -match 'exec-' }
    }

    function Get-PipeFolder {
        Get-ChildItem /run/containerd/fifo -Filter ctrps-* -ErrorAction Ignore | ForEach-Object Name
    }

    function Get-TaskState {
        param([string] $Id)
        $row = Invoke-Ctr $rig -n $namespace tasks ls | Where-Object { ($_ -split '\s+')[0] -eq $Id }
        $row ? ($row.Trim() -split '\s+')[2] : 'NONE'
    }

    # A PowerShell of its own that runs a script with the session: to be stopped.
    function Start-Shell {
        [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '', Justification = 'its own')]
        param([string] $Script, [hashtable] $Parameter = @{})
        $shell = [powershell]::Create()
        $null = $shell.AddScript("Import-Module '$(Get-ManifestPath)'").Invoke()
        $shell.Commands.Clear()
        $null = $shell.AddScript("param(`$Session, `$Parameter) $Script").AddArgument($session).AddArgument($Parameter)
        @{ Shell = $shell; Running = $shell.BeginInvoke() }
    }
}

Describe 'Processes in containers, containerd <generation>' -ForEach $generations {
    if ($reason) {
        It 'has a daemon' { Set-ItResult -Skipped -Because $reason }
        return
    }

    BeforeAll {
        $rig = Get-Rig $generation
        $namespace = Add-TestNamespace $rig
        $session = Connect-CtrSession $rig.Address -Namespace $namespace
        $tag = [guid]::NewGuid().ToString('n').Substring(0, 6)
        $one, $two = "one-$tag", "two-$tag"
        $one, $two | ForEach-Object { Add-TestContainer $rig $namespace $_ sleep 100000 }
        $before = @(Get-PipeFolder)
    }

    AfterEach {
        Get-ExecLine $one | Should -BeNullOrEmpty -Because 'each added process is removed'
        Wait-Until { -not (Get-PipeFolder | Where-Object { $_ -notin $before }) } 'all pipes are removed'
    }

    AfterAll {
        Disconnect-CtrSession $session
        Clear-TestNamespace $rig $namespace
    }

    Context 'Invoke-CtrCommand' {
        It 'gives lines, errors and the exit code apart' {
            $lines = Invoke-CtrCommand $one sh -c 'echo out; echo err >&2; printf rest; exit 3' -ErrorAction SilentlyContinue -ErrorVariable told
            $LASTEXITCODE | Should -Be 3
            $lines | Should -Be 'out', 'rest'
            "$told" | Should -Be 'err'
            $told.FullyQualifiedErrorId | Should -BeLike 'CtrCommandFailed,*'
            $told.CategoryInfo.Category | Should -Be 'FromStdErr'
            $told.TargetObject.Id | Should -Be $one
        }

        It 'sends standard error where it is told: <to>' -ForEach @(
            @{ to = 'Output'; lines = @('err') }
            @{ to = 'Null'; lines = @() }
        ) {
            @(Invoke-CtrCommand $one sh -c 'echo err >&2' -RedirectStandardError $to) | Should -Be $lines
        }

        It 'leaves the words to the command: <line>' -ForEach @(
            @{ line = 'Invoke-CtrCommand $one echo -v'; words = '-v' }
            @{ line = 'Invoke-CtrCommand $one echo -v x'; words = '-v x' }
            @{ line = 'Invoke-CtrCommand $one echo x -c y'; words = 'x -c y' }
            @{ line = 'Invoke-CtrCommand $one echo -V'; words = '-V' }
            @{ line = 'Invoke-CtrCommand -Container $one echo a -t b'; words = 'a -t b' }
            @{ line = 'Invoke-CtrCommand $one -WorkingDirectory / echo a -t b -RedirectStandardError Null'; words = 'a -t b' }
            @{ line = 'Invoke-CtrCommand $one echo -la --version -5 007'; words = '-la --version -5 007' }
            @{ line = 'Invoke-CtrCommand -User root $one -- echo -a -c -user -- -v'; words = '-a -c -user -- -v' }
            @{ line = 'Invoke-CtrCommand $one echo @("a", "b") $many'; words = 'a b c d' }
            @{ line = 'Invoke-CtrCommand $one -Command echo, -v, "a b"'; words = '-v a b' }
        ) {
            $many = 'c', 'd'
            & ([scriptblock]::Create($line)) | Should -Be $words
        }

        It 'says what to do where it cannot tell where an option stood' {
            $many = 'a', 'b'
            { Invoke-CtrCommand $one echo $many -v } | Should -Throw -ErrorId 'CtrInvalidArgument,*' -ExpectedMessage '*PowerShell takes*'
        }

        It 'takes a letter of every parameter for the command''s: <_>' -ForEach @(
            'Invoke-CtrCommand', 'Invoke-CtrImage', 'Enter-CtrContainer', 'New-CtrContainer'
        ) {
            $cmdlet = Get-Command $_
            $names = $cmdlet.Parameters.Values | ForEach-Object { $_.Name; $_.Aliases } | Where-Object Length -GT 1
            $letters = $names | ForEach-Object { $_.Substring(0, 1).ToLowerInvariant() }
            $cmdlet.Parameters['CommandOption'].Aliases | Sort-Object | Should -Be ($letters | Sort-Object -Unique)
        }

        It 'gives the input that is piped in' {
            'one', 'zwei äöü', '', 3 | Invoke-CtrCommand $one cat | Should -Be 'one', 'zwei äöü', '', '3'
            [byte[]](104, 105, 10) | Invoke-CtrCommand $one cat | Should -Be 'hi'
            'ä' | Invoke-CtrCommand $one -InputEncoding latin1 -- od -An -tx1 | Should -Be ' e4 0a'
            Invoke-CtrCommand $one -OutputEncoding latin1 -- printf '\344\n' | Should -Be 'ä'
            @(Invoke-CtrCommand $one cat) | Should -HaveCount 0 -Because 'no input ends at once'
        }

        It 'gives bytes as they are' {
            $bytes = [byte[]](0..255)
            $back = [Collections.Generic.List[byte]]::new()
            , $bytes | Invoke-CtrCommand $one cat -AsByteStream | ForEach-Object { $back.AddRange([byte[]]$_) }
            [Convert]::ToHexString($back.ToArray()) | Should -Be ([Convert]::ToHexString($bytes))
        }

        It 'does not wait for a command that takes no input' {
            1..20000 | Invoke-CtrCommand $one true | Should -BeNullOrEmpty
            1..20000 | Invoke-CtrCommand $one -- head -n 2 | Should -Be 1, 2
        }

        It 'gives a result as one object' {
            $result = Invoke-CtrCommand -AsResult $one -- sh -c 'echo a; echo b; echo c >&2; exit 7'
            $result | Should -BeOfType CtrPS.CtrCommandResult
            $result.ContainerId, $result.Namespace, $result.ExitCode, $result.TimedOut | Should -Be $one, $namespace, 7, $false
            $result.StdOut | Should -Be "a`nb"
            $result.StdErr | Should -Be 'c'
            $result.Command | Should -Be 'sh', '-c', 'echo a; echo b; echo c >&2; exit 7'
            $result.Duration | Should -BeGreaterThan ([timespan]::Zero)
            $LASTEXITCODE | Should -Be 7
        }

        It 'runs as another user, elsewhere, with other variables' {
            $line = Invoke-CtrCommand $one -User 1000:1001 -WorkingDirectory /proc -Env A=1 -- sh -c 'echo $(id -u):$(id -g) $(pwd) $A'
            $line | Should -Be '1000:1001 /proc 1'
        }

        It 'gives a terminal' {
            Invoke-CtrCommand $one -Tty -- sh -c 'tty; echo err >&2' | Should -Be '/dev/pts/0', 'err'
            'typed' | Invoke-CtrCommand $one -Tty -- cat | Select-Object -Last 1 | Should -Be 'typed'
        }

        It 'kills what takes too long' {
            $lines = Invoke-CtrCommand $one -Timeout 1 -ErrorAction SilentlyContinue -ErrorVariable told -- sh -c 'echo begun; exec sleep 100'
            $lines | Should -Be 'begun'
            $told.FullyQualifiedErrorId | Should -BeLike 'CtrCommandTimeout,*'
            $told.CategoryInfo.Category | Should -Be 'OperationTimeout'
            $LASTEXITCODE | Should -Be 143
            $result = Invoke-CtrCommand $one -Timeout 1 -AsResult -- sh -c 'trap : TERM; while :; do sleep 1; done'
            $result.TimedOut, $result.ExitCode | Should -Be $true, 137
        }

        It 'tells a program that is not there' {
            Invoke-CtrCommand $one no-such-program -ErrorAction SilentlyContinue -ErrorVariable told
            $told.FullyQualifiedErrorId | Should -BeLike 'CtrCommandNotFound,*'
            "$told" | Should -BeLike "*'$one'*'no-such-program'*"
            $LASTEXITCODE | Should -Be 127
        }

        It 'tells a container that is not there, and goes on' {
            $lines = Invoke-CtrCommand "no-$tag", $one echo yes -ErrorAction SilentlyContinue -ErrorVariable told
            $lines | Should -Be 'yes'
            $told.FullyQualifiedErrorId | Should -BeLike 'CtrContainerNotFound,*'
            $LASTEXITCODE | Should -Be 125
        }

        It 'gives the output of several containers in their order, each whole' {
            $lines = Invoke-CtrCommand $two, $one -- sh -c 'echo begin; sleep 0.1; echo end'
            $lines | Should -Be 'begin', 'end', 'begin', 'end'
            $results = Get-CtrContainer $one, $two | Invoke-CtrCommand -Command cat, /proc/1/comm -AsResult
            $results.ContainerId | Should -Be $one, $two
            'x', 'y' | Invoke-CtrCommand $one, $two cat | Should -Be 'x', 'y', 'x', 'y'
            Invoke-CtrCommand "*-$tag" -- sh -c 'exit 4'
            $LASTEXITCODE | Should -Be 4
        }

        It 'leaves a command running with -Detach' {
            $file = Join-Path $TestDrive "$generation.log"
            $left = Invoke-CtrCommand $one -Detach -LogPath $file -- sh -c 'echo logged; exec sleep 1000'
            $left.ExitCode | Should -BeNullOrEmpty
            Get-ExecLine $one | Should -BeLike "*$($left.ExecId)*"
            Wait-Until { (Test-Path $file) -and (Get-Content $file) -eq 'logged' } 'the log has the line'
            $null = Invoke-Ctr $rig -n $namespace tasks kill --exec-id $left.ExecId -s SIGKILL $one
            Wait-Until { -not (Get-ExecLine $one) } 'it has ended'
        }

        It 'ends with the pipeline: <what>' -ForEach @(
            @{ what = 'Select-Object -First'; run = { Invoke-CtrCommand $one yes | Select-Object -First 3 | Should -Be 'y', 'y', 'y' } }
            @{ what = 'a throw'; run = { { Invoke-CtrCommand $one yes | ForEach-Object { throw 'enough' } } | Should -Throw 'enough' } }
            @{ what = 'an error that stops'; run = { { Invoke-CtrCommand $one -- sh -c 'echo no >&2; exec sleep 100' } | Should -Throw 'no' } }
            @{
                what = 'input that throws'
                run = { { 1, 2 | ForEach-Object { if ($_ -eq 2) { throw 'no more' }; $_ } | Invoke-CtrCommand $one cat } | Should -Throw 'no more' }
            }
        ) {
            & $run
        }

        It 'is killed by Ctrl-C: <script>' -ForEach @(
            @{ script = 'Invoke-CtrCommand $Parameter.Id sleep 1000 -Session $Session' }
            @{ script = 'Invoke-CtrCommand $Parameter.Id yes -Session $Session | ForEach-Object { }' }
            @{ script = '1..1000000 | ForEach-Object { $_ } | Invoke-CtrCommand $Parameter.Id cat -Session $Session | ForEach-Object { }' }
        ) {
            $started = Start-Shell $script @{ Id = $one }
            try {
                Wait-Until { Get-ExecLine $one } 'the command runs'
                $started.Shell.Stop()
                $started.Shell.InvocationStateInfo.State | Should -Be 'Stopped'
                $started.Shell.Streams.Error | Should -BeNullOrEmpty
            } finally {
                $started.Shell.Dispose()
            }
        }

        It 'refuses a paused and an ended container' {
            $null = Invoke-Ctr $rig -n $namespace tasks pause $two
            try {
                { Invoke-CtrCommand $two true } | Should -Throw -ErrorId 'CtrTaskState,*' -ExpectedMessage '*paused*'
            } finally {
                $null = Invoke-Ctr $rig -n $namespace tasks resume $two
            }
            $null = Invoke-Ctr $rig -n $namespace tasks kill -s SIGKILL $two
            Wait-Until { (Get-TaskState $two) -eq 'STOPPED' } 'it has ended'
            { Invoke-CtrCommand $two true } | Should -Throw -ErrorId 'CtrTaskState,*' -ExpectedMessage '*has ended*'
            Start-CtrTask $two | ForEach-Object State | Should -Be 'Running'
        }

        It 'needs the daemon''s own machine' {
            $relay = Open-Relay $rig
            try {
                $far = Connect-CtrSession $relay.Address -Namespace $namespace -NoDefault
                { Invoke-CtrCommand $one true -Session $far } | Should -Throw -ErrorId 'CtrNotLocal,*'
                $LASTEXITCODE | Should -Be 125
                Disconnect-CtrSession $far
            } finally {
                $relay.Dispose()
            }
        }
    }

    Context 'Start-CtrTask' {
        BeforeEach {
            $id = "start-$([guid]::NewGuid().ToString('n').Substring(0, 6))"
        }

        It 'starts a container, detached, and again when it has ended' {
            $null = New-CtrContainer busybox:1.35 $id sleep 100000
            $task = Start-CtrTask $id
            $task | Should -BeOfType CtrPS.CtrTask
            $task.State, $task.Namespace | Should -Be 'Running', $namespace
            Get-TaskState $id | Should -Be 'RUNNING'
            "$(Get-ProcessLine $id)" | Should -BeLike "$($task.ProcessId)*"
            { Start-CtrTask $id } | Should -Throw -ErrorId 'CtrTaskExists,*' -ExpectedMessage '*runs already*'
            $null = Invoke-Ctr $rig -n $namespace tasks kill -s SIGKILL $id
            Wait-Until { (Get-TaskState $id) -eq 'STOPPED' } 'it has ended'
            (Start-CtrTask $id).ProcessId | Should -Not -Be $task.ProcessId
        }

        It 'writes a log and the process id' {
            $null = New-CtrContainer busybox:1.35 $id -Command sh, -c, 'echo out; echo err >&2; exec sleep 100000'
            $folder = Join-Path $TestDrive "logs $generation"
            $null = New-Item $folder -ItemType Directory
            Push-Location $folder
            try {
                $task = Start-CtrTask $id -LogPath '{Id}.log' -PidFile '{Id}.pid'
            } finally {
                Pop-Location
            }
            $log = Join-Path $folder "$id.log"
            Wait-Until { (Test-Path $log) -and @(Get-Content $log).Count -eq 2 } 'the log has both lines'
            Get-Content $log | Sort-Object | Should -Be 'err', 'out'
            Get-Content (Join-Path $folder "$id.pid") -Raw | Should -Be "$($task.ProcessId)"
            $task.StandardOutput | Should -BeLike 'file:///*'
        }

        It 'stays with -Attach, talks, and removes the task' {
            $null = New-CtrContainer busybox:1.35 $id -Command sh, -c, 'cat; echo err >&2; exit 5'
            $lines = 'a', 'b' | Start-CtrTask $id -Attach -ErrorAction SilentlyContinue -ErrorVariable told
            $lines | Should -Be 'a', 'b'
            "$told" | Should -Be 'err'
            $LASTEXITCODE | Should -Be 5
            Get-TaskState $id | Should -Be 'NONE'
        }

        It 'kills and removes the task with the pipeline' {
            $null = New-CtrContainer busybox:1.35 $id yes
            Start-CtrTask $id -Attach | Select-Object -First 2 | Should -Be 'y', 'y'
            Get-TaskState $id | Should -Be 'NONE'
        }

        It 'tells a program that is not there, and leaves no task' {
            $null = New-CtrContainer busybox:1.35 $id no-such-program
            { Start-CtrTask $id } | Should -Throw -ErrorId 'CtrCommandNotFound,*' -ExpectedMessage "*'no-such-program'*"
            Get-TaskState $id | Should -Be 'NONE'
        }

        It 'puts a container back under the restart monitor' {
            $labels = @('containerd.io/restart.status=stopped', 'containerd.io/restart.explicitly-stopped=true')
            $null = New-CtrContainer busybox:1.35 $id sleep 100000
            $null = Invoke-Ctr $rig -n $namespace containers label $id @labels
            $null = Start-CtrTask $id
            $container = Get-CtrContainer $id
            $container.Labels['containerd.io/restart.status'] | Should -Be 'running'
            $container.Labels.ContainsKey('containerd.io/restart.explicitly-stopped') | Should -BeFalse
            $null = Set-CtrContainer $id @{ 'containerd.io/restart.status' = '' }
        }
    }

    Context 'Connect-CtrTask' {
        BeforeAll {
            $piped = "piped-$tag"
            # ctr leaves the pipes where they are, and goes.
            $script = 'while read -r line; do echo got $line; echo err >&2; [ $line = end ] && exit 6; done'
            $null = Invoke-Ctr $rig -n $namespace run -d docker.io/library/busybox:1.35 $piped sh -c $script
        }

        It 'reads and writes, and leaves the task alone' {
            'one' | Connect-CtrTask $piped -RedirectStandardError Null | Select-Object -First 1 | Should -Be 'got one'
            Get-TaskState $piped | Should -Be 'RUNNING'
        }

        It 'ends with the task' {
            $lines = 'end' | Connect-CtrTask $piped -ErrorAction SilentlyContinue -ErrorVariable told
            $lines | Should -Be 'got end'
            "$($told[-1])" | Should -Be 'err'
            $LASTEXITCODE | Should -Be 6
            Get-TaskState $piped | Should -Be 'STOPPED'
        }

        It 'tells a task without pipes' {
            { Connect-CtrTask $one } | Should -Throw -ErrorId 'CtrFailedPrecondition,*' -ExpectedMessage '*no pipes*'
        }
    }

    It 'does not hang Stop on a container that floods its output while nobody reads' {
        $flood = "flood-$tag"
        $null = New-CtrContainer busybox:1.35 $flood yes ('x' * 1000)
        $taken = [Threading.ManualResetEvent]::new($false)
        $go = [Threading.ManualResetEvent]::new($false)
        $started = Start-Shell @'
            Start-CtrTask $Parameter.Id -Attach -Session $Session | ForEach-Object { $Parameter.Taken.Set(); $null = $Parameter.Go.WaitOne() }
'@ @{ Id = $flood; Taken = $taken; Go = $go }
        try {
            $taken.WaitOne(20000) | Should -BeTrue
            Stop-CtrTask $flood -Timeout 1
            $go.Set()
            Wait-Until { $started.Running.IsCompleted } 'the pipeline ends'
            Get-TaskState $flood | Should -Be 'NONE'
        } finally {
            $started.Shell.Dispose()
        }
    }

    It 'refuses to enter without a console' {
        { Enter-CtrContainer $one } | Should -Throw -ErrorId 'CtrNoConsole,*'
    }
}

Describe 'Much at a time, containerd <generation>' -ForEach $last {
    BeforeAll {
        $rig = Get-Rig $generation
        $namespace = Add-TestNamespace $rig
        $session = Connect-CtrSession $rig.Address -Namespace $namespace
        $tag = [guid]::NewGuid().ToString('n').Substring(0, 6)
        $ids = 1..20 | ForEach-Object { "many$_-$tag" }
        $ids | ForEach-Object { Add-TestContainer $rig $namespace $_ sleep 100000 }
        $before = @(Get-PipeFolder)
    }

    AfterAll {
        Disconnect-CtrSession $session
        Clear-TestNamespace $rig $namespace
    }

    It 'runs 200 commands over 20 containers: all output whole, none mixed, nothing left' {
        $script = 'i=0; while [ $i -lt 300 ]; do echo $0-$i; i=$((i+1)); done'
        $wanted = $ids * 10
        $results = $wanted | Invoke-CtrCommand -Command sh, -c, $script, token -AsResult -ThrottleLimit 32
        $results | Should -HaveCount 200
        $results.ContainerId | Should -Be $wanted
        $whole = (0..299 | ForEach-Object { "token-$_" }) -join "`n"
        $results | Where-Object { $_.StdOut -cne $whole -or $_.ExitCode -ne 0 } | Should -BeNullOrEmpty
        ($results.ExecId | Sort-Object -Unique).Count | Should -Be 200
        $ids | ForEach-Object { Get-ExecLine $_ } | Should -BeNullOrEmpty
        Wait-Until { -not (Get-PipeFolder | Where-Object { $_ -notin $before }) } 'all pipes are removed'
    }

    It 'passes 100 MB through a command and back, byte by byte' {
        $bytes = [byte[]]::new(100MB)
        [Random]::new(1).NextBytes($bytes)
        $hash = [Security.Cryptography.IncrementalHash]::CreateHash('SHA256')
        , $bytes | Invoke-CtrCommand $ids[0] cat -AsByteStream | ForEach-Object { $hash.AppendData($_) }
        [Convert]::ToHexString($hash.GetHashAndReset()) | Should -Be ([Convert]::ToHexString([Security.Cryptography.SHA256]::HashData($bytes)))
        $LASTEXITCODE | Should -Be 0
    }
}
