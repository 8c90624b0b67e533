#requires -Version 7.6
# CtrPS at work against a private containerd with a real image. Called by build.ps1 -Task Demo. What it makes lies in the rig's folder, and
# the rig takes that away, with daemon and containers, as soon as this script is gone, however it ended.
[CmdletBinding()]
param(
    # The rig's program, CtrPS.Rig.dll.
    [Parameter(Mandatory)] [string] $Rig,
    # The module's manifest.
    [string] $Module = "$PSScriptRoot/../output/CtrPS/CtrPS.psd1",
    # Which containerd: 1.6, 1.7 or 2.
    [string] $Generation = '1.6',
    # What was done before and how long it took, for the table at the end.
    [Collections.Specialized.OrderedDictionary] $Took = [ordered]@{}
)
$ErrorActionPreference = 'Stop'

# Shows a step, in 80 columns: what a user would type, what comes of it, and how long that took.
function Show-Step {
    param([string] $Title, [scriptblock] $Script)
    $lines = ("$Script".Trim() -split '\r?\n' | ForEach-Object { $_ -replace '^ {8}' }) -join "`n  >> "
    Write-Host "`n# $Title`nPS> $lines"
    $clock = [Diagnostics.Stopwatch]::StartNew()
    $objects = . $Script
    $Took[$Title] = $clock.Elapsed
    $text = ($objects | Out-String -Width 80).Trim("`r", "`n")
    if ($text) {
        Write-Host $text
    }
}

# A port that nothing listens on now.
function Get-FreePort {
    $listener = [Net.Sockets.TcpListener]::new([Net.IPAddress]::Loopback, 0)
    $listener.Start()
    $listener.LocalEndpoint.Port
    $listener.Dispose()
}

$clock = [Diagnostics.Stopwatch]::StartNew()
[string[]] $words = $Rig, 'up', '--generation', $Generation, '--load', 'nginx', '--namespace', 'k8s.io'
$start = [Diagnostics.ProcessStartInfo]::new('dotnet', $words)
$start.RedirectStandardInput = $start.RedirectStandardOutput = $true
$process = [Diagnostics.Process]::Start($start)
$before = $env:CONTAINERD_ADDRESS, $env:CONTAINERD_NAMESPACE
try {
    $line = $process.StandardOutput.ReadLine()
    if (-not $line) {
        throw 'the private containerd did not start; the lines above say why'
    }
    $daemon = $line | ConvertFrom-Json
    $Took["start containerd $($daemon.version), load the image with ctr"] = $clock.Elapsed
    $folder = Split-Path $daemon.root
    Push-Location $folder
    $port = Get-FreePort
    Set-Content site.conf "daemon off; events {} http { access_log off; server { listen 127.0.0.1:$port; root /var/www/html; } }"
    $env:PSModulePath = (Split-Path (Split-Path (Resolve-Path $Module))) + [IO.Path]::PathSeparator + $env:PSModulePath
    $env:CONTAINERD_ADDRESS, $env:CONTAINERD_NAMESPACE = $daemon.address, $null
    Write-Host "`nA private containerd $($daemon.version) listens at $($daemon.address)."

    Show-Step 'import the module' { Import-Module CtrPS }
    Show-Step 'find the large images' { Get-CtrImage -Namespace k8s.io | Where-Object Size -GT 100MB }
    Show-Step 'save them' {
        Get-CtrImage -Namespace k8s.io | Where-Object Size -GT 100MB |
            Save-CtrImage -Path big.tar
    }
    Show-Step 'check the archive' { Test-CtrArchive big.tar }
    Show-Step 'run a web server' {
        $site = @{
            Mount       = "$PWD/site.conf:/site.conf:ro"
            HostNetwork = $true
            Command     = '-c', '/site.conf'
        }
        New-CtrContainer nginx:deb web -Namespace k8s.io @site |
            Start-CtrTask
    }
    Show-Step 'ask it' {
        Invoke-RestMethod "http://127.0.0.1:$port/" -MaximumRetryCount 9
    }
    Show-Step 'stop and remove it' {
        Stop-CtrTask web -Namespace k8s.io -PassThru
        Remove-CtrContainer web -Namespace k8s.io
    }
    Show-Step 'a runbook that forgot namespace and tag' {
        try { Get-CtrImage nginx -ErrorAction Stop } catch { "$_" }
    }
} finally {
    $env:CONTAINERD_ADDRESS, $env:CONTAINERD_NAMESPACE = $before
    Pop-Location
    $process.StandardInput.Close()
    $process.WaitForExit()
}

Write-Host "`nWhat it took, in seconds:"
$Took.GetEnumerator() | ForEach-Object { Write-Host ('{0,8:n2}  {1}' -f $_.Value.TotalSeconds, $_.Key) }
