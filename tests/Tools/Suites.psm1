#requires -Version 7.6
<#
Runs the test suites side by side: most tests wait for a daemon, so one suite alone leaves the machine idle. A suite is one or several
processes; what a process says is printed whole when it ends, and counted from the results that it wrote.
#>

$ErrorActionPreference = 'Stop'
Set-StrictMode -Version 3.0

# Projects whose tests are, for the most part, the same tests on each generation of containerd: a process for each word that a test's
# name may hold, and one for the rest.
$split = @{ 'CtrPS.Client.Tests' = 'V16', 'V17', 'V2' }

<#
.SYNOPSIS
Runs all xunit projects and the Pester files below a folder; returns an object for each suite: Passed (a number), Failed and Skipped
('name: reason').
#>
function Invoke-Suite {
    [CmdletBinding()]
    param(
        # The folder of the tests, Pester's manifest, and an empty folder for the results.
        [Parameter(Mandatory)] [string] $Tests,
        [Parameter(Mandatory)] [string] $Pester,
        [Parameter(Mandatory)] [string] $Results,
        [string] $Configuration = 'Release',
        # How many processes at a time, and how many of them take files from Pester's queue.
        [int] $Parallel = [Math]::Max(2, 2 * [Environment]::ProcessorCount),
        [int] $PesterProcess = 3,
        # What runs longer than this in all has got stuck: it is ended, and has failed.
        [timespan] $Limit = '0:45'
    )
    $projects = Get-ChildItem (Join-Path $Tests *.Tests *.csproj)
    $queue = Initialize-PesterQueue (Join-Path $Tests Pester) $Results
    $runs = @(
        1..$PesterProcess | ForEach-Object {
            $run = Join-Path $Tests Pester Run.ps1
            $words = '-NoProfile', '-NonInteractive', '-File', $run, '-Pester', $Pester, '-Queue', $queue
            New-Run -Suite Pester -Title "Pester $_" -Program pwsh -Word $words
        }
        $projects | ForEach-Object { New-XunitRun -Project $_ -Configuration $Configuration -Results $Results } |
            Sort-Object { $_.Title -notlike '*:*' } -Stable
    )
    Invoke-Run -Run $runs -Parallel $Parallel -Limit $Limit -Watch { Show-PesterFile $queue }
    Show-PesterFile $queue -All
    foreach ($project in $projects) {
        Get-XunitSuite $project.BaseName @($runs | Where-Object Suite -EQ $project.BaseName)
    }
    Get-PesterSuite $queue @($runs | Where-Object Suite -EQ Pester)
}

function New-Run {
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '', Justification = 'an object in memory')]
    param([string] $Suite, [string] $Title, [string] $Program, [string[]] $Word, [string] $Trx)
    [pscustomobject]@{
        Suite = $Suite; Title = $Title; Program = $Program; Word = $Word; Trx = $Trx
        Process = $null; Text = $null; Code = $null; Clock = $null
    }
}

# dotnet test, once or in the parts that $split says. The parts leave out no test and have none twice.
function New-XunitRun {
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '', Justification = 'an object in memory')]
    param([IO.FileInfo] $Project, [string] $Configuration, [string] $Results)
    $name = $Project.BaseName
    $before = ''
    $parts = @(foreach ($word in $split[$name]) {
            @{ Title = "${name}: $word"; Filter = "${before}DisplayName~$word" }
            $before += "DisplayName!~$word&"
        }
        @{ Title = $name; Filter = $before.TrimEnd('&') })
    foreach ($part in $parts) {
        $trx = $part.Title.Replace(': ', '-') + '.trx'
        $words = 'test', $Project.FullName, '-c', $Configuration, '--no-build', '--logger', "trx;LogFileName=$trx", '--results-directory', $Results
        $words += $part.Filter ? @('--filter', $part.Filter) : @()
        New-Run -Suite $name -Title $part.Title -Program dotnet -Word $words -Trx (Join-Path $Results $trx)
    }
}

# Runs all, so many at a time, in their order. -Watch is called again and again meanwhile. What is not done within the limit is ended.
function Invoke-Run {
    param([object[]] $Run, [int] $Parallel, [timespan] $Limit, [scriptblock] $Watch)
    $clock = [Diagnostics.Stopwatch]::StartNew()
    $waiting = [Collections.Generic.Queue[object]]::new($Run)
    $open = [Collections.Generic.List[object]]::new()
    try {
        while ($waiting.Count + $open.Count -gt 0) {
            while ($waiting.Count -gt 0 -and $open.Count -lt $Parallel) {
                $open.Add((Start-Run $waiting.Dequeue()))
            }
            Start-Sleep -Milliseconds 200
            & $Watch
            if ($clock.Elapsed -gt $Limit) {
                $titles = @($open) + @($waiting) | ForEach-Object Title | Join-String -Separator ', '
                Write-Host "`nEnded, as it was not done within $($Limit.TotalMinutes) minutes: $titles"
                $waiting.Clear()
                $open | Where-Object { -not $_.Process.HasExited } | ForEach-Object { $_.Process.Kill() }
                $null = $open | ForEach-Object { $_.Process.WaitForExit(10000) }
            }
            foreach ($ended in @($open | Where-Object { $_.Process.HasExited })) {
                $null = $open.Remove($ended)
                Complete-Run $ended
            }
        }
        & $Watch
    } finally {
        # Interrupted: a rig whose owner is gone cleans up after itself.
        $open | Where-Object { -not $_.Process.HasExited } | ForEach-Object { $_.Process.Kill() }
    }
}

function Start-Run {
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '', Justification = 'the task is to run tests')]
    param([pscustomobject] $Run)
    $start = [Diagnostics.ProcessStartInfo]::new($Run.Program, $Run.Word)
    $start.RedirectStandardInput = $start.RedirectStandardOutput = $start.RedirectStandardError = $true
    $Run.Clock = [Diagnostics.Stopwatch]::StartNew()
    $Run.Process = [Diagnostics.Process]::Start($start)
    $Run.Process.StandardInput.Close()
    $Run.Text = $Run.Process.StandardOutput.ReadToEndAsync(), $Run.Process.StandardError.ReadToEndAsync()
    $Run
}

function Complete-Run {
    param([pscustomobject] $Run)
    # A process that a test left behind may hold the pipe open.
    $text = foreach ($one in $Run.Text) { $one.Wait(10000) ? $one.Result.Trim() : '(its output is still open: a process outlived it)' }
    $Run.Code = $Run.Process.ExitCode
    Write-Host ("`n--- {0}, {1:n0} s" -f $Run.Title, $Run.Clock.Elapsed.TotalSeconds)
    $text | Where-Object { $_ } | Out-Host
}

# What a suite says: the number that passed, the failed and the skipped as 'name: reason'. A suite in which nothing ran has failed.
function ConvertTo-Suite {
    param([string] $Name, [int] $Passed, [string[]] $Failed, [string[]] $Skipped)
    $suite = [pscustomobject]@{
        Name = $Name; Passed = $Passed; Failed = @($Failed | Where-Object { $_ }); Skipped = @($Skipped | Where-Object { $_ })
    }
    if ($suite.Passed + $suite.Failed.Count + $suite.Skipped.Count -eq 0) {
        $suite.Failed = , "${Name}: not run: there is no test in it"
    }
    $suite
}

function Get-XunitSuite {
    param([string] $Name, [object[]] $Run)
    $tests = @($Run | Where-Object { Test-Path $_.Trx } |
            ForEach-Object { Select-Xml -Path $_.Trx -XPath "//*[local-name()='UnitTestResult']" } | ForEach-Object Node)
    $line = { '{0}: {1}' -f $_.testName, (($_.SelectSingleNode(".//*[local-name()='Message']")?.InnerText ?? 'no reason given') -split '\r?\n')[0] }
    $passed = @($tests | Where-Object outcome -EQ Passed)
    $skipped = @($tests | Where-Object outcome -EQ NotExecuted | ForEach-Object $line)
    $failed = @($tests | Where-Object outcome -NotIn Passed, NotExecuted | ForEach-Object $line)
    if ($failed.Count -eq 0) {
        $failed = @($Run | Where-Object { $_.Code -ne 0 -or -not (Test-Path $_.Trx) } |
                ForEach-Object { "$($_.Title): dotnet test ended with $($_.Code), without a failed test" })
    }
    ConvertTo-Suite -Name $Name -Passed $passed.Count -Failed $failed -Skipped $skipped
}

# A folder with a file of a test file's name for each; a process takes one by moving it to its .taken. What takes longest comes first: the
# examples of all pages on all generations, then the largest files.
function Initialize-PesterQueue {
    param([string] $Folder, [string] $Results)
    $queue = (New-Item (Join-Path $Results pester) -ItemType Directory).FullName
    $order = { $_.BaseName -ne 'Examples.Tests' }, @{ Expression = 'Length'; Descending = $true }
    $place = 0
    foreach ($file in Get-ChildItem $Folder -Filter *.Tests.ps1 -Recurse | Sort-Object $order) {
        $place++
        [IO.File]::WriteAllText((Join-Path $queue ('{0:d3}.{1}.waiting' -f $place, $file.BaseName)), $file.FullName)
    }
    $queue
}

# Prints what a test file said, once its result is there; with -All also what one said that came to no end.
function Show-PesterFile {
    param([string] $Queue, [switch] $All)
    foreach ($log in Get-ChildItem $Queue -Filter *.log) {
        if ($All -or (Test-Path ([IO.Path]::ChangeExtension($log.FullName, 'json')))) {
            Write-Host
            [IO.File]::ReadAllText($log.FullName).Trim() | Out-Host
            Move-Item $log ([IO.Path]::ChangeExtension($log.FullName, 'shown'))
        }
    }
}

function Get-PesterSuite {
    param([string] $Queue, [object[]] $Run)
    $tests = @(Get-ChildItem $Queue -Filter *.json | ForEach-Object { Get-Content $_ -Raw | ConvertFrom-Json })
    $line = { '{0}: {1}' -f $_.Name, ($_.Reason ? $_.Reason : 'no reason given') }
    $failed = @(
        $tests | Where-Object Result -EQ Failed | ForEach-Object $line
        foreach ($file in Get-ChildItem $Queue | Where-Object Extension -In .waiting, .taken) {
            if (-not (Test-Path ([IO.Path]::ChangeExtension($file.FullName, 'json')))) {
                "$([IO.File]::ReadAllText($file.FullName)): ended without a result"
            }
        }
        $Run | Where-Object Code -NE 0 | ForEach-Object { "$($_.Title): ended with $($_.Code)" }
    )
    $skipped = @($tests | Where-Object Result -In Skipped, Inconclusive, NotRun | ForEach-Object $line)
    ConvertTo-Suite -Name Pester -Passed @($tests | Where-Object Result -EQ Passed).Count -Failed $failed -Skipped $skipped
}

Export-ModuleMember -Function Invoke-Suite
