#requires -Version 7.6
# A session that runs the command lines it gets: one JSON request a line on the standard input, one answer a line, marked with character 1.
# What is written before an answer is what the line said to the user alone.
param([Parameter(Mandatory)][string] $Module)

$ErrorActionPreference = 'Continue'
[cultureinfo]::CurrentCulture = [cultureinfo]::InvariantCulture
$PSStyle.OutputRendering = 'PlainText'
Import-Module $Module

while ($null -ne ($line = [Console]::In.ReadLine())) {
    $request = $line | ConvertFrom-Json
    $env:CONTAINERD_ADDRESS = $request.address
    $all = [Collections.Generic.List[object]]::new()
    try {
        & ([scriptblock]::Create($request.line)) *>&1 | ForEach-Object { $all.Add($_) }
    } catch {
        $all.Add($_)
    }
    $streams = @{ ErrorRecord = @(); WarningRecord = @(); VerboseRecord = @(); Output = @() }
    foreach ($one in $all) {
        $name = $one -is [Management.Automation.ErrorRecord] -or $one -is [Management.Automation.InformationalRecord] ? $one.GetType().Name : 'Output'
        $streams[$name] += , $one
    }
    $formatted = @($streams.Output).Where({ $_ -and $_.GetType().Namespace -eq 'Microsoft.PowerShell.Commands.Internal.Format' }).Count -gt 0
    $answer = [ordered]@{
        Json     = $formatted ? $null : (ConvertTo-Json @($streams.Output) -Depth 4 -Compress -WarningAction Ignore)
        Text     = $streams.Output | Out-String -Width 80
        Errors   = @($streams.ErrorRecord | ForEach-Object {
                [ordered]@{ Id = $_.FullyQualifiedErrorId; Category = "$($_.CategoryInfo.Category)"; Target = "$($_.TargetObject)"; Message = "$_" }
            })
        Warnings = @($streams.WarningRecord | ForEach-Object Message)
        Verbose  = @($streams.VerboseRecord | ForEach-Object Message)
        Host     = @()
    }
    [Console]::Out.WriteLine([char]1 + (ConvertTo-Json $answer -Depth 5 -Compress))
}
