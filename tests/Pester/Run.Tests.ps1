#requires -Version 7.6
# Invoke-CtrImage: containers that are made, run and removed in one; and what a terminal is for, on a real one.

BeforeDiscovery {
    Import-Module (Join-Path $PSScriptRoot Helpers.psm1)
    $generations = @(Get-RigGeneration)
    $last = @($generations | Where-Object { -not $_.reason } | Select-Object -Last 1)
}

BeforeAll {
    $ErrorActionPreference = 'Stop'
    Import-ModuleUnderTest

    function Get-PipeFolder {
        Get-ChildItem /run/containerd/fifo -Filter ctrps-* -ErrorAction Ignore | ForEach-Object Name
    }

    # Containers, tasks and snapshots of the namespace that are in use, in ctr's words.
    function Get-Leftover {
        Invoke-Ctr $rig -n $namespace containers ls -q
        Invoke-Ctr $rig -n $namespace tasks ls -q
        Invoke-Ctr $rig -n $namespace snapshots ls | Where-Object { $_ -match '\sActive\s*$' }
        # Other programs on the machine make pipes there too: ours are those that stay.
        Wait-Until { -not (Get-PipeFolder | Where-Object { $_ -notin $before }) } 'all pipes are removed'
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
        $told.FullyQualifiedErrorId | Should -BeLike 'CtrCommandFailed,*'
        Get-Leftover | Should -BeNullOrEmpty
    }

    It 'leaves the words to the command: <line>' -ForEach @(
        @{ line = 'Invoke-CtrImage busybox:1.35 $id sh -c "echo a b" -Remove'; words = 'a b' }
        @{ line = 'Run-CtrImage -Remove busybox:1.35 $id echo -n'; words = $null }
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
            foreach ($word in '-qfc', "stty rows 33 cols 77; exec pwsh -NoProfile -NoLogo -File '$file'", $shown) {
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
        Wait-Until { -not (Get-PipeFolder | Where-Object { $_ -notin $before }) } 'all pipes are removed'
        Remove-CtrContainer $id
    }
}
