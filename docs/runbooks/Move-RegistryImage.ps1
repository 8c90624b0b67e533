#requires -Version 7.6
#requires -Modules CtrPS
<#
.SYNOPSIS
Sends all images of one registry, as a node has them, to another registry.
.DESCRIPTION
For a registry that moves to another name, or for a site that fills its own from a node that has the images: each image of -From gets a second
name at -To, and is sent under it. Only what is not there is sent, so the script can be run again at any time, and goes on where it was broken off.
Of images of several platforms what the node has is sent; the digest is another one then, and a warning says so.
.EXAMPLE
./Move-RegistryImage.ps1 -From old.example.com -To new.example.com:5000/mirror -WhatIf
.EXAMPLE
./Move-RegistryImage.ps1 -From registry.k8s.io -To new.example.com:5000 -Session (Get-CtrSession) | Where-Object Status -eq Sent
#>
[CmdletBinding(SupportsShouldProcess)]
[OutputType('CtrPS.CtrSentImage')]
param(
    # The registry that the images are of, as in their names.
    [Parameter(Mandatory)] [string] $From,

    # The registry to send them to, with a path where that is wanted.
    [Parameter(Mandatory)] [string] $To,

    [string] $Namespace = 'k8s.io',

    # The nodes. Default: the default session.
    [object[]] $Session,

    # Who we are there. Default: what docker's and podman's files and helpers know.
    [pscredential] $Credential,

    # Images at the same time.
    [ValidateRange(1, 64)] [int] $ThrottleLimit = 4,

    # Further parameters of Send-CtrImage, such as @{ CaCertificate = '/etc/ssl/site.pem' }.
    [hashtable] $Option = @{}
)

$ErrorActionPreference = 'Stop'
$where = @{ Namespace = $Namespace }
if ($Session) {
    $where.Session = $Session
}
if ($Credential) {
    $Option = $Option + @{ Credential = $Credential }
}

$images = Get-CtrImage "$From/*" @where
Write-Verbose "$(@($images).Count) images of $From"
$images | Add-CtrImageTag -ReplaceRegistry @{ $From = $To } -PassThru -Force |
    Send-CtrImage -Platform Available -ThrottleLimit $ThrottleLimit @Option
