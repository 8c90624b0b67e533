#requires -Version 7.6
<#
.SYNOPSIS
Runs the Pester suite against the built module in output/CtrPS, and ends the private containerds that the tests started.
.DESCRIPTION
With -PassThru the outcome is Pester's result object; without it the exit code is the number of failed tests.
.EXAMPLE
tests/Pester/Run.ps1 -Path tests/Pester/Image.Tests.ps1
#>
[CmdletBinding()]
param(
    # Test files or folders.
    [string[]] $Path = $PSScriptRoot,

    # Only tests whose full name is like this.
    [string[]] $FullName = @(),

    [ValidateSet('None', 'Normal', 'Detailed', 'Diagnostic')]
    [string] $Verbosity = 'Detailed',

    [switch] $PassThru
)

$ErrorActionPreference = 'Stop'
if (-not (Get-Module Pester)) {
    Import-Module Pester -MinimumVersion 5.7 -MaximumVersion 5.999
}
$helpers = Import-Module (Join-Path $PSScriptRoot Helpers.psm1) -PassThru
try {
    $run = Invoke-Pester -Configuration @{
        Run = @{ Path = $Path; PassThru = $true }
        Filter = @{ FullName = $FullName }
        Output = @{ Verbosity = $Verbosity }
    }
} finally {
    Remove-Module $helpers
}
if ($PassThru) {
    return $run
}
exit $run.FailedCount + $run.FailedBlocksCount + $run.FailedContainersCount
