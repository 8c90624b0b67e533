#requires -Version 7.6
# The main job, against a private containerd with a real image: what README promises. Called by build.ps1 -Task Demo.
[CmdletBinding()]
param(
    # The rig's program, CtrPS.Rig.dll.
    [Parameter(Mandatory)][string] $Rig,
    # The module's manifest.
    [string] $Module = "$PSScriptRoot/../output/CtrPS/CtrPS.psd1",
    # Which containerd: 1.6, 1.7 or 2.
    [string] $Generation = '1.6'
)
$ErrorActionPreference = 'Stop'
[string[]] $up = $Rig, 'up', '--generation', $Generation, '--load', 'nginx,busybox', '--namespace', 'k8s.io'
$start = [Diagnostics.ProcessStartInfo]::new('dotnet', $up)
$start.RedirectStandardInput = $true
$start.RedirectStandardOutput = $true
$process = [Diagnostics.Process]::Start($start)
try {
    $line = $process.StandardOutput.ReadLine()
    if (-not $line) { throw 'The private containerd did not start; the lines above say why.' }
    $daemon = $line | ConvertFrom-Json
    Import-Module $Module
    $env:CONTAINERD_ADDRESS = $daemon.address
    "A private containerd $($daemon.version) listens at $($daemon.address); ctr loaded these images into namespace k8s.io:"
    & $daemon.ctr --address $daemon.address --namespace k8s.io images ls -q

    ''
    'PS> Get-CtrImage -Namespace k8s.io | Where Size -gt 100MB'
    Get-CtrImage -Namespace k8s.io | Where-Object Size -GT 100MB | Out-String | ForEach-Object TrimEnd

    ''
    'PS> Get-CtrImage nginx:deb -Namespace k8s.io | Add-CtrImageTag -Tag registry.example.com/web/nginx:1 -WhatIf'
    Get-CtrImage nginx:deb -Namespace k8s.io | Add-CtrImageTag -Tag registry.example.com/web/nginx:1 -WhatIf

    ''
    'PS> Get-CtrImage nginx    # a runbook that forgot the namespace and the tag'
    try { Get-CtrImage nginx } catch { "$($_.FullyQualifiedErrorId): $($_.Exception.Message)" }
    try { Get-CtrImage nginx:deb } catch { "$($_.FullyQualifiedErrorId): $($_.Exception.Message)" }
} finally {
    $process.StandardInput.Close()
    $process.WaitForExit()
}
