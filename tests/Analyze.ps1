#requires -Version 7.6
# What PSScriptAnalyzer finds in the scripts of this tree, a line each, as a JSON array in a file. build.ps1 -Task Analyze runs it.
param(
    # The analyzer's module.
    [Parameter(Mandatory)]
    [string] $Analyzer,

    # The file for the answer.
    [Parameter(Mandatory)]
    [string] $Answer
)

$ErrorActionPreference = 'Stop'
Import-Module $Analyzer
$root = Split-Path $PSScriptRoot
$settings = Join-Path $PSScriptRoot PSScriptAnalyzerSettings.psd1
$scripts = 'build.ps1', 'docs', 'module', 'tests' | ForEach-Object { Get-ChildItem (Join-Path $root $_) -Recurse -File } |
    Where-Object { $_.Extension -in '.ps1', '.psm1', '.psd1' -and $_.FullName -notmatch '[\\/](bin|obj)[\\/]' }
$findings = $scripts | ForEach-Object { Invoke-ScriptAnalyzer $_.FullName -Settings $settings } |
    ForEach-Object { "$($_.ScriptPath):$($_.Line):$($_.Column): $($_.RuleName): $($_.Message)" }
ConvertTo-Json @($findings) | Set-Content $Answer
