#requires -Version 7.6
#requires -Modules CtrPS
<#
.SYNOPSIS
Tells where a node's disk went, and removes what belongs to nobody.
.DESCRIPTION
Writes one object: what images, containers, leases and nobody have of the disk (Usage), the largest of these (Owners), the containers that wrote the
most (Containers), and what nobody needs, with the reason (Orphans). Those are removed then, and what they kept is collected; Collection tells what
that freed. What is being written and what a lease holds whose time is not over stays, and so does what a label of its own keeps
(-IncludeKept takes that, too). With -WhatIf nothing is changed.
.EXAMPLE
$report = ./Clear-NodeOrphan.ps1 -WhatIf
$report.Usage
$report.Orphans | Get-CtrReference
.EXAMPLE
(./Clear-NodeOrphan.ps1 -MinimumAge 1.00:00:00).Collection.Freed
#>
[CmdletBinding(SupportsShouldProcess)]
[OutputType([pscustomobject])]
param(
    # How long nothing may have happened to an orphan. What is younger may belong to somebody who has just begun.
    [timespan] $MinimumAge = '01:00:00',

    # Rows of Owners and Containers.
    [ValidateRange(1, 10000)] [int] $First = 10,

    # Remove also orphans that a label of their own keeps: somebody meant them to stay.
    [switch] $IncludeKept,

    # The node. Default: the default session.
    [object] $Session
)

$ErrorActionPreference = 'Stop'
$where = @{}
if ($Session) {
    $where.Session = $Session
}

$usage = @(Get-CtrDiskUsage -Namespace * @where)
$owners = @(Get-CtrDiskUsage -Namespace * -Detailed @where | Select-Object -First $First)
$containers = @(Get-CtrContainer -Namespace * -Size @where | Sort-Object Size -Descending | Select-Object -First $First)
$orphans = @(Get-CtrOrphan -Namespace * -IdleTime $MinimumAge @where | Where-Object { $_.Age -ge $MinimumAge -or $_.Kind -eq 'Lease' })
Write-Verbose "$($orphans.Count) orphans with $(($orphans | Measure-Object Size -Sum).Sum) bytes"
$orphans | Where-Object { $IncludeKept -or -not $_.IsKept } | Remove-CtrOrphan -IdleTime $MinimumAge -Force:$IncludeKept
[pscustomobject]@{
    Usage      = $usage
    Owners     = $owners
    Containers = $containers
    Orphans    = $orphans
    Collection = Invoke-CtrGarbageCollection @where
}
