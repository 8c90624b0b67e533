#requires -Version 7.6
<#
.SYNOPSIS
Runs Pester files against the built module in output/CtrPS, and ends the private containerds that the tests started.
.DESCRIPTION
By hand: the exit code is the number of failed tests. With -Queue, as the test task of build.ps1 calls it, several of these processes
share a folder of waiting test files and leave a log and a result beside each; then the exit code says only whether all was done.
.EXAMPLE
tests/Pester/Run.ps1 -Path tests/Pester/Images.Tests.ps1
#>
[CmdletBinding()]
[Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSReviewUnusedParameter', '', Justification = 'read by a function')]
param(
    # Test files or folders.
    [string[]] $Path = $PSScriptRoot,

    # Only tests whose full name is like this.
    [string[]] $FullName = @(),

    [ValidateSet('None', 'Normal', 'Detailed', 'Diagnostic')]
    [string] $Verbosity = 'Detailed',

    # Pester's manifest; the installed one where it is not given.
    [string] $Pester = 'Pester',

    # Take test files from this folder (tests/Tools/Suites.psm1).
    [string] $Queue
)

$ErrorActionPreference = 'Stop'
Import-Module $Pester -MinimumVersion 6.0
$helpers = Import-Module (Join-Path $PSScriptRoot Helpers.psm1) -PassThru

function Invoke-TestFile {
    param([string[]] $Path)
    Invoke-Pester -Configuration @{
        Run = @{ Path = $Path; PassThru = $true }
        Filter = @{ FullName = $FullName }
        Output = @{ Verbosity = $Verbosity }
    }
}

# The next file of the queue that no other process took; nothing when there is none.
function Get-NextFile {
    foreach ($waiting in [IO.Directory]::GetFiles($Queue, '*.waiting') | Sort-Object) {
        $taken = [IO.Path]::ChangeExtension($waiting, 'taken')
        try {
            [IO.File]::Move($waiting, $taken)
            return $taken
        } catch [IO.FileNotFoundException] {
            Write-Verbose "$waiting was taken meanwhile"
        }
    }
}

# What Write-Host, and every other stream, would have put on the screen: Pester writes its lines in pieces.
filter ConvertTo-Text {
    $message = $_ -is [Management.Automation.InformationRecord] ? $_.MessageData : $_
    $message -is [Management.Automation.HostInformationMessage] -and $message.NoNewLine ? $message.Message : "$message`n"
}

# Beside the tests, a block whose set-up or tear-down failed and a file that did not load are failures too.
function ConvertTo-Result {
    param([object] $Run)
    @($Run.Tests) + @($Run.FailedBlocks) + @($Run.FailedContainers) | Where-Object { $_ } | ForEach-Object {
        $name = $_.PSObject.Properties['ExpandedPath'] ? $_.ExpandedPath : "$($_.Item)"
        $reason = "$($_.ErrorRecord)" -replace '^is (skipped|inconclusive), because ' -split '\r?\n' | Select-Object -First 1
        [ordered]@{ Name = $name; Result = "$($_.Result)"; Reason = $reason }
    }
}

try {
    if (-not $Queue) {
        $run = Invoke-TestFile $Path
        exit $run.FailedCount + $run.FailedBlocksCount + $run.FailedContainersCount
    }
    while ($taken = Get-NextFile) {
        $file = [IO.File]::ReadAllText($taken)
        # Line by line: should it never end, the log tells how far it came.
        $log = [IO.Path]::ChangeExtension($taken, 'log')
        & { $script:run = Invoke-TestFile $file } *>&1 | ConvertTo-Text | ForEach-Object { [IO.File]::AppendAllText($log, $_) }
        $results = @(ConvertTo-Result $run)
        if ($results.Count -eq 0) {
            $results = , [ordered]@{ Name = $file; Result = 'Failed'; Reason = 'not run: there is no test in it' }
        }
        $json = [IO.Path]::ChangeExtension($taken, 'json')
        ConvertTo-Json $results | Set-Content "$json.part"
        Move-Item "$json.part" $json
    }
} finally {
    Remove-Module $helpers
}
