#requires -Version 7.6
# Processes in containers, by real runtimes: Invoke-CtrCommand, Start-CtrTask, Connect-CtrTask, Enter-CtrContainer; Invoke-CtrImage, that
# makes, runs and removes a container in one; and what a terminal is for, on a real one.

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

    # Whether pipes belong to another daemon of the machine: its shims hold them.
    function Test-OthersPipe {
        param([string] $Folder)
        foreach ($shim in Get-Process containerd-shim* | Where-Object CommandLine -NotLike "*$($rig.Address)*") {
            if ((Get-ChildItem "/proc/$($shim.Id)/fd" -ErrorAction Ignore).LinkTarget -like "*/$Folder/*") {
                return $true
            }
        }
        return $false
    }

    # That the pipes of now go. Other programs on the machine make some there too.
    function Wait-PipeRemoval {
        $new = @(Get-PipeFolder | Where-Object { $_ -notin $before })
        Wait-Until { -not (Get-PipeFolder | Where-Object { $_ -in $new -and -not (Test-OthersPipe $_) }) } 'all pipes are removed'
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

    # Containers, tasks and snapshots of the namespace that are in use, in ctr's words.
    function Get-Leftover {
        Invoke-Ctr $rig -n $namespace containers ls -q
        Invoke-Ctr $rig -n $namespace tasks ls -q
        Invoke-Ctr $rig -n $namespace snapshots ls | Where-Object { $_ -match '\sActive\s*$' }
        Wait-PipeRemoval
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
        Wait-PipeRemoval
    }

    AfterAll {
        Disconnect-CtrSession $session
        Clear-TestNamespace $rig $namespace
    }

    Context 'Invoke-CtrCommand' {
        It 'gives lines, errors and the exit code apart' {
            $script = 'echo out; echo err >&2; printf rest; exit 3'
            $lines = Invoke-CtrCommand $one -ErrorAction SilentlyContinue -ErrorVariable told -- sh -c $script
            $LASTEXITCODE | Should -Be 3
            $lines | Should -Be 'out', 'rest'
            "$told" | Should -Be 'err'
            $told.Exception.ErrorId | Should -Be 'CtrStandardError'
            $told.CategoryInfo.Category | Should -Be 'FromStdErr'
            $told.TargetObject.Id | Should -Be $one
        }

        It 'sends standard error where it is told: <to>' -ForEach @(
            @{ to = 'Output'; lines = @('err') }
            @{ to = 'Null'; lines = @() }
        ) {
            @(Invoke-CtrCommand $one -RedirectStandardError $to -- sh -c 'echo err >&2') | Should -Be $lines
        }

        It 'leaves the words to the command: <line>' -ForEach @(
            @{ line = 'Invoke-CtrCommand $one -- echo -v -cf x -ev -us -c y'; words = '-v -cf x -ev -us -c y' }
            @{ line = 'Invoke-CtrCommand -Container $one echo a -RedirectStandardError Null b'; words = 'a b' }
            @{ line = 'Invoke-CtrCommand $one -work / echo a b -RedirectStandardError Null'; words = 'a b' }
            @{ line = 'Invoke-CtrCommand $one echo --all --version=5 -5 007 -'; words = '--all --version=5 -5 007 -' }
            @{ line = 'Invoke-CtrCommand -User root $one -- echo -a -c -user -- -v'; words = '-a -c -user -- -v' }
            @{ line = 'Invoke-CtrCommand $one -- echo "-Dfoo.bar=1" "-o:x"'; words = '-Dfoo.bar=1 -o:x' }
            @{ line = 'Invoke-CtrCommand $one echo @("a", "b") $many'; words = 'a b c d' }
            @{ line = 'Invoke-CtrCommand $one -Command echo, -v, "a b"'; words = '-v a b' }
            @{ line = 'function each { Invoke-CtrCommand $one @args }; each -- echo -cf x'; words = '-cf x' }
            @{ line = 'Set-Alias inside Invoke-CtrCommand; inside $one -- echo -cf'; words = '-cf' }
            @{ line = '$table = @{ Container = $one; us = "root" }; Invoke-CtrCommand @table echo a'; words = 'a' }
            @{
                line  = '[powershell]::Create("CurrentRunspace").AddCommand("Invoke-CtrCommand").AddArgument($one)' +
                '.AddArgument("echo").AddArgument("-cf").Invoke()'
                words = '-cf'
            }
        ) {
            $many = 'c', 'd'
            & ([scriptblock]::Create($line)) | Should -Be $words
        }

        It 'runs nothing where a word could be the cmdlet''s: <line>' -ForEach @(
            @{ line = 'Invoke-CtrCommand $one touch /wrong -cf x'; word = '-cf'; write = 'Invoke-CtrCommand $one -- touch /wrong -cf x' }
            @{ line = 'Invoke-CtrCommand $one touch /wrong -ev f'; word = '-ev'; write = 'Invoke-CtrCommand $one -- touch /wrong -ev f' }
            @{ line = 'Invoke-CtrCommand $one touch -us /wrong'; word = '-us'; write = 'Invoke-CtrCommand $one -- touch -us /wrong' }
            @{ line = 'Invoke-CtrCommand $one touch /wrong -user nobody'; word = '-user'; write = '-- touch /wrong -user nobody' }
            @{ line = 'Invoke-CtrCommand $one touch /wrong -name $two'; word = '-name'; write = 'Invoke-CtrCommand $one -- touch /wrong -name $two' }
            @{ line = 'Invoke-CtrCommand $one touch -s -o /wrong'; word = '-s'; write = 'Invoke-CtrCommand $one -- touch -s -o /wrong' }
            @{ line = 'Invoke-CtrCommand $one touch -e a -e /wrong'; word = '-e'; write = 'Invoke-CtrCommand $one -- touch -e a -e /wrong' }
            @{ line = 'Invoke-CtrCommand $one touch -in (Get-Date) /wrong'; word = '-in'; write = '-- touch -in (Get-Date) /wrong' }
            @{ line = 'Invoke-CtrCommand $one touch -la /wrong'; word = '-la'; write = 'Invoke-CtrCommand $one -- touch -la /wrong' }
            @{ line = 'Invoke-CtrCommand $one touch -Dx.y=1 /wrong'; word = '-Dx.y=1'; write = "Invoke-CtrCommand `$one -- touch '-Dx.y=1' /wrong" }
            @{ line = 'Invoke-CtrCommand $one -- touch -Dx.y=1 /wrong'; word = '-Dx.y=1'; write = "in quotation marks: '-Dx.y=1'" }
            @{ line = 'Invoke-CtrCommand $one touch /wrong -verbose'; word = '-verbose'; write = 'Invoke-CtrCommand $one -- touch /wrong -verbose' }
            @{ line = 'Invoke-CtrCommand $one sh -c "touch /wrong" -AsResult 2>&1 | Out-Null'; word = '-c'
                write = 'Invoke-CtrCommand $one -AsResult -- sh -c "touch /wrong" 2>&1 | Out-Null'
            }
            @{ line = '$x = @(Get-CtrContainer $one | Invoke-CtrCommand touch -c /wrong).Count'; word = '-c'
                write = '$x = @(Get-CtrContainer $one | Invoke-CtrCommand -- touch -c /wrong).Count'
            }
            @{ line = '"x" | CtrPS\Invoke-CtrCommand $one touch -c /wrong'; word = '-c'; write = 'CtrPS\Invoke-CtrCommand $one -- touch -c /wrong' }
            @{ line = 'function each { Invoke-CtrCommand $one @args }; each touch -cf /wrong'; word = '-cf'; write = '' }
            @{ line = 'Set-Alias inside Invoke-CtrCommand; inside $one touch -cf /wrong'; word = '-cf'; write = 'inside $one -- touch -cf /wrong' }
            @{ line = '$run = Get-Command Invoke-CtrCommand; & $run $one touch -cf /wrong'; word = '-cf'; write = '& $run $one -- touch -cf /wrong' }
            @{ line = 'Enter-CtrContainer $one touch -cf /wrong'; word = '-cf'; write = 'Enter-CtrContainer $one -- touch -cf /wrong' }
        ) {
            $told = try { & ([scriptblock]::Create($line)); $null } catch { $_ }
            $told.FullyQualifiedErrorId | Should -BeLike 'CtrInvalidArgument,CtrPS.Commands.*'
            "$told" | Should -BeLike "*'$word'*"
            "$told" | Should -BeLike ('*' + [WildcardPattern]::Escape($write)) -Because 'the message shows the whole line'
            $told.ErrorDetails.RecommendedAction | Should -Not -BeNullOrEmpty
            Invoke-CtrCommand $one, $two -- find / -xdev -name '*wrong*' | Should -BeNullOrEmpty
        }

        It 'gives empty arguments' {
            Invoke-CtrCommand $one -- printf '[%s]' '' x '' | Should -Be '[][x][]'
            Invoke-CtrCommand $one printf '[%s]' '' | Should -Be '[]'
            { Invoke-CtrCommand $one '' x } | Should -Throw -ErrorId 'CtrInvalidArgument,*' -ExpectedMessage '*first word is empty*'
            { Invoke-CtrCommand $one } | Should -Throw -ErrorId 'CtrInvalidArgument,*' -ExpectedMessage '*no command*'
        }

        It 'runs a line by the container''s shell' {
            Invoke-CtrCommand $one -Shell 'printf "%s\n" b a | sort; echo $((1 + 1)) "" -c' | Should -Be 'a', 'b', '2  -c'
            Get-CtrContainer $one | Invoke-CtrCommand -Shell 'exit 9'
            $LASTEXITCODE | Should -Be 9
            'in' | Invoke-CtrCommand $one -Shell 'cat | tr i I' | Should -Be 'In'
            { Invoke-CtrCommand $one -Shell ls /etc } | Should -Throw -ErrorId 'CtrInvalidArgument,*' -ExpectedMessage "*'/etc' is left over*"
        }

        It 'takes all words for the command where the containers come from the pipeline' {
            $ids = Get-CtrContainer $two, $one | Invoke-CtrCommand -ThrottleLimit 1 cat /proc/sys/kernel/hostname
            $ids | Should -HaveCount 2
            Get-CtrTask $one | Invoke-CtrCommand echo a b | Should -Be 'a b'
            Get-CtrContainer $one | Invoke-CtrCommand -- echo -n a | Should -Be '-n a'.Substring(3)
            Get-CtrContainer $one | Export-Clixml "$TestDrive/one.xml"
            Import-Clixml "$TestDrive/one.xml" | Invoke-CtrCommand hostname | Should -HaveCount 1
            $left = Get-CtrContainer $one | Invoke-CtrCommand -Detach true
            $left.ContainerId | Should -Be $one
            Get-CtrContainer "none-$tag*" | Invoke-CtrCommand $one touch /wrong | Should -BeNullOrEmpty
            { Get-CtrContainer $one | Invoke-CtrCommand -Container $two hostname } | Should -Throw -ErrorId 'CtrTargetConflict,*'
            Invoke-CtrCommand $one -- find / -xdev -name '*wrong*' | Should -BeNullOrEmpty
        }

        It 'is a native program to a script: <line>' -ForEach @(
            @{ line = '-Shell "echo note >&2"'; ok = $true; code = 0 }
            @{ line = '-Shell "echo note >&2; exit 3"'; ok = $false; code = 3 }
            @{ line = '-Shell "exit 3"'; ok = $false; code = 3 }
            @{ line = 'true'; ok = $true; code = 0 }
        ) {
            # $ErrorActionPreference is Stop here.
            $Error.Clear()
            $told = & ([scriptblock]::Create("`$told = Invoke-CtrCommand `$one $line 2>&1; `$?; `$told"))
            $told[0] | Should -Be $ok
            $LASTEXITCODE | Should -Be $code
            @($told | Select-Object -Skip 1 | ForEach-Object ToString) | Should -Be @($line -match 'note' ? 'note' : @())
            $Error.Count | Should -Be 0 -Because 'a native program leaves none'
        }

        It 'shows the words of standard error as they are' {
            $manifest = Get-ManifestPath
            $script = "Import-Module '$manifest'; `$ErrorActionPreference = 'Stop'; `$PSStyle.OutputRendering = 'PlainText'
                `$null = Connect-CtrSession '$($rig.Address)' -Namespace $namespace
                Invoke-CtrCommand $one -Shell 'echo out; echo one two >&2'; `"`$?`""
            $shell = @(Get-PowerShellWord)
            $out = & $shell[0] @($shell | Select-Object -Skip 1) -NoProfile -NonInteractive -Command $script 2> "$TestDrive/native.err"
            $out | Should -Be 'out', 'True'
            Get-Content "$TestDrive/native.err" | Should -Be 'one two'
        }

        It 'makes an exit code an error where that is wanted' {
            $PSNativeCommandUseErrorActionPreference = $false
            $null = Invoke-CtrCommand $one -Shell 'exit 3'
            { Invoke-CtrCommand $one -ErrorOnExitCode -Shell 'exit 3' } | Should -Throw -ErrorId 'CtrCommandFailed,*' -ExpectedMessage '*exit code 3*'
            $LASTEXITCODE | Should -Be 3
            $PSNativeCommandUseErrorActionPreference = $true
            { Invoke-CtrCommand $one -Shell 'exit 4' } | Should -Throw -ErrorId 'CtrCommandFailed,*'
            Invoke-CtrCommand $one -Shell 'exit 4' -ErrorAction SilentlyContinue
            $LASTEXITCODE | Should -Be 4
            $result = Invoke-CtrCommand $one -AsResult -Shell 'exit 5'
            $?, $result.ExitCode, $LASTEXITCODE | Should -Be $true, 5, 5 -Because 'in a result it is data'
            { Invoke-CtrCommand $one -AsResult -ErrorOnExitCode -Shell 'exit 5' } | Should -Throw -ErrorId 'CtrCommandFailed,*'
            Invoke-CtrCommand $one true
        }

        It 'tells what is there and cannot be run from what is not: <word>' -ForEach @(
            @{ word = '/etc'; code = 126; id = 'CtrCommandNotRunnable' }
            @{ word = '/etc/passwd'; code = 126; id = 'CtrCommandNotRunnable' }
            @{ word = '/no/such'; code = 127; id = 'CtrCommandNotFound' }
            @{ word = 'no-such-program'; code = 127; id = 'CtrCommandNotFound' }
        ) {
            { Invoke-CtrCommand $one $word } | Should -Throw -ErrorId "$id,*" -ExpectedMessage "*'$word'*"
            $LASTEXITCODE | Should -Be $code
            $result = Invoke-CtrCommand $one $word -AsResult -ErrorAction SilentlyContinue -ErrorVariable told
            $result.ExitCode, $LASTEXITCODE | Should -Be $code, $code
            $result.StdErr | Should -Be "$told"
            $told.FullyQualifiedErrorId | Should -BeLike "$id,*"
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
            Invoke-CtrCommand $one -User ':1234' -Shell 'echo $(id -u):$(id -g)' | Should -Be '0:1234'
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

        It 'tells that there is no shell' {
            Invoke-CtrCommand $two -- mv /bin/sh /bin/sh.away
            try {
                Invoke-CtrCommand $two -Shell 'ls | wc' -ErrorAction SilentlyContinue -ErrorVariable told
                $LASTEXITCODE | Should -Be 127
                "$told" | Should -BeLike "*'$two'*has no /bin/sh*"
                $told.ErrorDetails.RecommendedAction | Should -BeLike '*without -Shell*'
            } finally {
                Invoke-CtrCommand $two -- mv /bin/sh.away /bin/sh
            }
        }

        It 'tells that nobody answers' {
            { Invoke-CtrCommand $one -Session (Join-Path $TestDrive none.sock) -- true } | Should -Throw -ErrorId 'CtrAddressNotFound,*'
            $LASTEXITCODE | Should -Be 125
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
            @{ what = 'an error that stops'; run = { { Invoke-CtrCommand $one -- yes | ForEach-Object { Write-Error 'no' } } | Should -Throw 'no' } }
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

        It 'waits for a shim that is slow to tell the state of its task' {
            $shim = Get-Process containerd-shim* | Where-Object CommandLine -Like "*-namespace $namespace -id $one *"
            $shim | Should -HaveCount 1
            kill -STOP $shim.Id
            try {
                $started = Start-Shell 'Invoke-CtrCommand $Parameter.Id echo late -Session $Session' @{ Id = $one }
                Wait-Until { (Get-CtrTask $one).State -eq 'Unknown' } 'the daemon cannot tell'
            } finally {
                kill -CONT $shim.Id
            }
            try {
                $started.Shell.EndInvoke($started.Running) | Should -Be late
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
            $task.StandardOutput | Should -Be $log
        }

        It 'has all of both streams in the log when the task has ended' {
            # By containerd's shim the stream that ends first closes the file for both: seen in one run of ten, with all of the other lost.
            $both = 'i=0; while [ $i -lt 300 ]; do echo "err $i" >&2; echo "out $i"; i=$((i+1)); done'
            foreach ($n in 1..20) {
                $null = New-CtrContainer busybox:1.35 "$id-$n" -Shell $both
                $log = "$TestDrive/both $generation/$id-$n.log"
                $null = Start-CtrTask "$id-$n" -LogPath $log
                $null = Wait-CtrTask "$id-$n"
                Remove-CtrTask "$id-$n"
                (Get-CtrLog "$id-$n").Text | Group-Object { $_.Split()[0] } | ForEach-Object Count | Should -Be 300, 300
                (Get-Item $log).UnixFileMode | Should -Be 'OtherRead, GroupRead, UserWrite, UserRead'
                Remove-CtrContainer "$id-$n"
            }
            $left = Invoke-CtrCommand $one -Detach -LogPath "$TestDrive/added $generation.log" -Shell 'echo a >&2; echo b'
            Wait-Until { @(Get-Content "$TestDrive/added $generation.log").Count -eq 2 } 'the log has both lines'
            $left.ExitCode | Should -BeNullOrEmpty
        }

        It 'writes the process id through no link, and replaces a file as it is' {
            $null = New-CtrContainer busybox:1.35 $id -Command sleep, 100000
            $real = Join-Path $TestDrive "real $generation"
            $link = Join-Path $TestDrive "link $generation"
            Set-Content $real old
            chmod 640 $real
            $null = New-Item -ItemType SymbolicLink $link -Target $real
            $null = Start-CtrTask $id -PidFile $link -ErrorAction SilentlyContinue -ErrorVariable failure
            $failure.FullyQualifiedErrorId | Should -BeLike 'CtrInvalidPath,*'
            "$failure" | Should -BeLike "*'$link' is a link to '$real'*"
            Get-Content $real | Should -Be old
            Get-TaskState $id | Should -Be 'NONE'
            $task = Start-CtrTask $id -PidFile $real
            Get-Content $real -Raw | Should -Be "$($task.ProcessId)"
            stat -c %a $real | Should -Be 640
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
        Wait-PipeRemoval
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

Describe 'Running images, containerd <generation>' -ForEach $generations {
    if ($reason) {
        It 'has a daemon' { Set-ItResult -Skipped -Because $reason }
        return
    }

    BeforeAll {
        $rig = Get-Rig $generation
        $namespace = Add-TestNamespace $rig
        $session = Connect-CtrSession $rig.Address -Namespace $namespace
        $before = @(Get-PipeFolder)
    }

    BeforeEach {
        $id = "run-$([guid]::NewGuid().ToString('n').Substring(0, 6))"
    }

    AfterAll {
        Disconnect-CtrSession $session
        Clear-TestNamespace $rig $namespace
    }

    It 'runs a command and leaves nothing with -Remove' {
        $lines = Invoke-CtrImage busybox:1.35 $id -Remove -ErrorAction SilentlyContinue -ErrorVariable told -- sh -c 'echo out; echo err >&2; exit 3'
        $LASTEXITCODE | Should -Be 3
        $lines | Should -Be 'out'
        "$told" | Should -Be 'err'
        Get-Leftover | Should -BeNullOrEmpty
    }

    It 'leaves the words to the command: <line>' -ForEach @(
        @{ line = 'Invoke-CtrImage busybox:1.35 $id -Remove -- sh -c "echo a b"'; words = 'a b' }
        @{ line = 'Run-CtrImage -Remove busybox:1.35 $id -- echo -n'; words = $null }
        @{ line = 'Invoke-CtrImage -Remove busybox:1.35 -- echo -cf "" b'; words = '-cf  b' }
        @{ line = 'Invoke-CtrImage -Remove busybox:1.35 -Shell "echo a | cat; true -c"'; words = 'a' }
        @{ line = 'Invoke-CtrImage busybox:1.35 -Remove -Command echo, a'; words = 'a' }
        @{ line = 'Get-CtrImage busybox:1.35 | Invoke-CtrImage -Remove -Command echo, piped'; words = 'piped' }
    ) {
        & ([scriptblock]::Create($line)) | Should -Be $words
        $LASTEXITCODE | Should -Be 0
        Get-Leftover | Should -BeNullOrEmpty
    }

    It 'gives input, and bytes back' {
        'b', 'a' | Invoke-CtrImage busybox:1.35 $id sort -Remove | Should -Be 'a', 'b'
        $bytes = [byte[]](0..255)
        $back = [Collections.Generic.List[byte]]::new()
        , $bytes | Invoke-CtrImage busybox:1.35 $id cat -Remove -AsByteStream | ForEach-Object { $back.AddRange([byte[]]$_) }
        [Convert]::ToHexString($back.ToArray()) | Should -Be ([Convert]::ToHexString($bytes))
        Get-Leftover | Should -BeNullOrEmpty
    }

    It 'keeps the container without -Remove, and no task' {
        Invoke-CtrImage busybox:1.35 $id echo kept | Should -Be 'kept'
        Invoke-Ctr $rig -n $namespace containers ls -q | Should -Be $id
        Invoke-Ctr $rig -n $namespace tasks ls -q | Should -BeNullOrEmpty
        Start-CtrTask $id -Attach | Should -Be 'kept'
        Remove-CtrContainer $id
        Get-Leftover | Should -BeNullOrEmpty
    }

    It 'gives the task with -Detach, and a log' {
        $log = Join-Path $TestDrive "$generation-{Id}.log"
        $task = Invoke-CtrImage busybox:1.35 $id -Detach -LogPath $log -Command sh, -c, 'echo logged; exec sleep 100000'
        $task | Should -BeOfType CtrPS.CtrTask
        $task.Id, $task.State | Should -Be $id, 'Running'
        $file = $log.Replace('{Id}', $id)
        Wait-Until { (Test-Path $file) -and (Get-Content $file) -eq 'logged' } 'the log has the line'
        $task | Remove-CtrContainer -Force
        Get-Leftover | Should -BeNullOrEmpty
    }

    It 'leaves nothing where <what>' -ForEach @(
        @{ what = 'there is no such program'; line = 'Invoke-CtrImage busybox:1.35 $id no-such-program'; error = 'CtrCommandNotFound'; code = 127 }
        @{ what = 'none, detached'; line = 'Invoke-CtrImage busybox:1.35 $id no-such-program -Detach'; error = 'CtrCommandNotFound'; code = -1 }
        @{ what = 'there is no such image'; line = 'Invoke-CtrImage no-such:1 $id true'; error = 'CtrImageNotFound'; code = 125 }
        @{ what = 'parameters contradict'; line = 'Invoke-CtrImage busybox:1.35 $id true -Detach -Remove'; error = 'CtrInvalidArgument'; code = -1 }
    ) {
        $global:LASTEXITCODE = -1
        { & ([scriptblock]::Create($line)) } | Should -Throw -ErrorId "$error,*"
        $LASTEXITCODE | Should -Be $code
        Get-Leftover | Should -BeNullOrEmpty
    }

    It 'does not touch a container whose id is taken' {
        $null = New-CtrContainer busybox:1.35 $id true
        { Invoke-CtrImage busybox:1.35 $id true -Remove } | Should -Throw -ErrorId 'CtrContainerExists,*'
        Invoke-Ctr $rig -n $namespace containers ls -q | Should -Be $id
        Remove-CtrContainer $id
    }

    It 'removes all when the pipeline ends early: <what>' -ForEach @(
        @{ what = 'Select-Object -First'; run = { Invoke-CtrImage busybox:1.35 $id yes -Remove | Select-Object -First 2 | Should -Be 'y', 'y' } }
        @{ what = 'a throw'; run = { { Invoke-CtrImage busybox:1.35 $id yes -Remove | ForEach-Object { throw 'enough' } } | Should -Throw 'enough' } }
    ) {
        & $run
        Get-Leftover | Should -BeNullOrEmpty
    }

    It 'removes all with Ctrl-C' {
        $shell = [powershell]::Create()
        try {
            $null = $shell.AddScript("Import-Module '$(Get-ManifestPath)'").Invoke()
            $shell.Commands.Clear()
            $null = $shell.AddScript('param($Session, $Id) Invoke-CtrImage busybox:1.35 $Id sleep 100000 -Remove -Session $Session')
            $running = $shell.AddArgument($session).AddArgument($id).BeginInvoke()
            Wait-Until { (Invoke-Ctr $rig -n $namespace tasks ls) -match "^$id .*RUNNING" } 'it runs'
            $running.IsCompleted | Should -BeFalse
            $shell.Stop()
            $shell.InvocationStateInfo.State | Should -Be 'Stopped'
            $shell.Streams.Error | Should -BeNullOrEmpty
        } finally {
            $shell.Dispose()
        }
        Get-Leftover | Should -BeNullOrEmpty
    }

    It 'has a terminal with -Tty' {
        Invoke-CtrImage busybox:1.35 $id tty -Tty -Remove | Should -Be '/dev/pts/0'
        Get-Leftover | Should -BeNullOrEmpty
    }
}

Describe 'A terminal, containerd <generation>' -ForEach $last {
    BeforeAll {
        $rig = Get-Rig $generation
        $namespace = Add-TestNamespace $rig
        $session = Connect-CtrSession $rig.Address -Namespace $namespace
        $host1 = "shell-$([guid]::NewGuid().ToString('n').Substring(0, 6))"
        Add-TestContainer $rig $namespace $host1 sleep 100000

        # Runs a script in a PowerShell on a terminal of its own. Send types; Text is all that it showed.
        function Open-Terminal {
            param([string] $Script)
            $name = [guid]::NewGuid().ToString('n')
            $file = Join-Path $TestDrive "$name.ps1"
            $shown = Join-Path $TestDrive "$name.txt"
            # Progress asks the terminal where its cursor is: there is nobody to answer.
            Set-Content $file @(
                "`$ProgressPreference = 'Ignore'; Import-Module '$(Get-ManifestPath)'"
                "`$null = Connect-CtrSession '$($rig.Address)' -Namespace $namespace"
                $Script
                "'over ' + 'now'"
            )
            $start = [Diagnostics.ProcessStartInfo]::new('script')
            # The terminal stays when PowerShell has ended, so that its settings can be read then.
            foreach ($word in '-qfc', "stty rows 33 cols 77; pwsh -NoProfile -NoLogo -File '$file'; exec sleep 1000", $shown) {
                $start.ArgumentList.Add($word)
            }
            $start.RedirectStandardInput = $start.RedirectStandardOutput = $true
            $start.Environment['TERM'] = 'xterm'
            $process = [Diagnostics.Process]::Start($start)
            $null = $process.StandardOutput.ReadToEndAsync()
            @{ Process = $process; File = $shown }
        }

        function Wait-Text {
            param([hashtable] $Terminal, [string] $Pattern)
            $shown = $Terminal.File
            Wait-Until { (Test-Path $shown) -and (Get-Content $shown -Raw) -match $Pattern } "the terminal shows '$Pattern'"
        }

        function Send-Key {
            param([hashtable] $Terminal, [string] $Key)
            $Terminal.Process.StandardInput.Write($Key)
            $Terminal.Process.StandardInput.Flush()
        }

        function Close-Terminal {
            param([hashtable] $Terminal)
            if (-not $Terminal.Process.HasExited) {
                $Terminal.Process.Kill($true)
            }
            $Terminal.Process.Dispose()
        }
    }

    AfterAll {
        Disconnect-CtrSession $session
        Clear-TestNamespace $rig $namespace
    }

    It 'is a shell''s with Enter-CtrContainer: keys, size, Ctrl-C, and as before at the end' {
        $terminal = Open-Terminal @"
            'on ' + (tty)
            `$before = stty -g
            Enter-CtrContainer $host1
            "code `$LASTEXITCODE"
            'same ' + (`$before -eq (stty -g))
"@
        try {
            Wait-Text $terminal 'on (/dev/pts/\d+)[\s\S]*# '
            $null = (Get-Content $terminal.File -Raw) -match 'on (/dev/pts/\d+)'
            $tty = $Matches[1]
            Send-Key $terminal "stty size`r"
            Wait-Text $terminal '33 77'
            stty -F $tty rows 40 cols 100
            Wait-Until { Send-Key $terminal "stty size`r"; (Get-Content $terminal.File -Raw) -match '40 100' } 'the size follows'
            Send-Key $terminal "sleep 1000; echo code=`$?`r"
            Wait-Until { (Invoke-Ctr $rig -n $namespace tasks ps $host1).Count -gt 3 } 'the command runs'
            Send-Key $terminal ([string][char]3)
            Send-Key $terminal "echo sti''ll here`r"
            Wait-Text $terminal 'still here'
            Send-Key $terminal "exit 7`r"
            Wait-Text $terminal 'code 7[\s\S]*same True[\s\S]*over now'
        } finally {
            Close-Terminal $terminal
        }
        Invoke-Ctr $rig -n $namespace tasks ps $host1 | Where-Object { $_ -match 'exec-' } | Should -BeNullOrEmpty
    }

    It 'is left with the detach keys, and has its settings back' {
        $terminal = Open-Terminal @"
            `$before = stty -g
            Enter-CtrContainer -DetachKeys 'ctrl-a,x' $host1 -Verbose -- sh -c 'echo rea''''dy; exec cat'
            'same ' + (`$before -eq (stty -g))
"@
        try {
            Wait-Text $terminal 'ready'
            Send-Key $terminal "$([char]1)y"
            Wait-Text $terminal '\^Ay'
            Send-Key $terminal "$([char]1)x"
            Wait-Text $terminal 'goes on in container[\s\S]*same True[\s\S]*over now'
        } finally {
            Close-Terminal $terminal
        }
        Invoke-Ctr $rig -n $namespace tasks ps $host1 | Where-Object { $_ -match 'exec-' } | Should -Not -BeNullOrEmpty
    }

    It 'has its settings back when PowerShell is told to end' {
        $terminal = Open-Terminal "'on ' + (tty) + ' by ' + `$PID; Enter-CtrContainer $host1 -- sh -c 'echo rea''''dy; exec sleep 100000'"
        try {
            Wait-Text $terminal 'on (/dev/pts/\d+) by (\d+)[\s\S]*ready'
            $null = (Get-Content $terminal.File -Raw) -match 'on (/dev/pts/\d+) by (\d+)'
            $tty, $shell = $Matches[1], $Matches[2]
            # Held open: the settings go with the last one who has it.
            $held = [IO.File]::Open($tty, 'Open', 'ReadWrite', 'ReadWrite')
            (stty -F $tty -a) -join ' ' | Should -Match '-icanon'
            kill -TERM $shell
            Wait-Until { (stty -F $tty -a) -match '\sicanon' } 'the settings are back'
            $held.Dispose()
        } finally {
            Close-Terminal $terminal
        }
    }

    It 'is a container''s with Invoke-CtrImage -Tty, which another connects to later' {
        $id = "tty-$([guid]::NewGuid().ToString('n').Substring(0, 6))"
        $before = @(Get-PipeFolder)
        $terminal = Open-Terminal @"
            Invoke-CtrImage busybox:1.35 $id sh -Tty -Remove
            'left'
            Connect-CtrTask $id -Remove
            "code `$LASTEXITCODE"
"@
        try {
            Wait-Text $terminal '/ # '
            Send-Key $terminal "stty size; A=kept`r"
            Wait-Text $terminal '33 77'
            Send-Key $terminal "$([char]16)$([char]17)"
            Wait-Text $terminal 'left'
            Send-Key $terminal "echo `$A''again; exit 6`r"
            Wait-Text $terminal 'keptagain[\s\S]*code 6[\s\S]*over now'
        } finally {
            Close-Terminal $terminal
        }
        Invoke-Ctr $rig -n $namespace tasks ls -q | Should -Not -Contain $id
        Wait-PipeRemoval
        Remove-CtrContainer $id
    }
}
