#requires -Version 7.6
#requires -Modules CtrPS
<#
.SYNOPSIS
Frees a node's disk of images that no container could need, until enough is free.
.DESCRIPTION
Removes images of a namespace that no container of any namespace uses, no lease holds and nobody pinned, the one that was pulled or tagged the
longest ago first, and no more of them than it takes. The image of pods' sandboxes stays, and so does what -KeepFile names. -WhatIf is for the
change ticket: it tells each image with the bytes that become free, and the sum. Writes what went, with what it freed.
.EXAMPLE
./Clear-NodeImage.ps1 -UntilFree 25GB -KeepFile /etc/runbook/keep-images.txt -WhatIf
.EXAMPLE
./Clear-NodeImage.ps1 -UntilFree 25GB | Measure-Object Freed -Sum
.EXAMPLE
./Clear-NodeImage.ps1 -Reclaim 5GB -OlderThan 30d -Session (Get-CtrSession)
#>
[CmdletBinding(SupportsShouldProcess, DefaultParameterSetName = 'UntilFree')]
[OutputType('CtrPS.CtrClearedResource')]
param(
    # Bytes that the file system with containerd's blobs is to have free. On the node itself only.
    [Parameter(Mandatory, ParameterSetName = 'UntilFree')] [long] $UntilFree,

    # Bytes to free, wherever the node is.
    [Parameter(Mandatory, ParameterSetName = 'Reclaim')] [long] $Reclaim,

    # A file with names of images that stay, one a line; wildcards. Empty lines and those with # mean nothing.
    [string] $KeepFile,

    # Only images that were not pulled or tagged since then.
    [string] $OlderThan = '14d',

    # The newest images of each repository that stay: the way back after a failed update.
    [ValidateRange(0, 1000)] [int] $KeepLast = 1,

    [string] $Namespace = 'k8s.io',

    # The nodes. Default: the default session.
    [object[]] $Session
)

$ErrorActionPreference = 'Stop'
$rules = @{ Namespace = $Namespace; OlderThan = $OlderThan; KeepLast = $KeepLast }
$rules[$PSCmdlet.ParameterSetName] = $PSBoundParameters[$PSCmdlet.ParameterSetName]
if ($Session) {
    $rules.Session = $Session
}
if ($KeepFile) {
    $rules.Keep = @(Get-Content -LiteralPath $KeepFile | ForEach-Object Trim | Where-Object { $_ -and $_ -notlike '#*' })
}
if (-not $PSBoundParameters.ContainsKey('Confirm')) {
    $rules.Confirm = $false # it runs at night; -WhatIf is what asks
}

Clear-CtrImage @rules
