@{
    RootModule           = 'CtrPS.dll'
    ModuleVersion        = '0.1.0'
    GUID                 = 'a621cc28-0b16-4ea6-9740-8ea220df6156'
    Author               = 'The CtrPS developers'
    CompanyName          = 'The CtrPS developers'
    Copyright            = '(c) The CtrPS developers. MIT licence.'
    Description          = 'Cmdlets that operate containerd over its gRPC API and emit typed objects that compose in pipelines.'
    PowerShellVersion    = '7.6'
    CompatiblePSEditions = @('Core')
    FormatsToProcess     = @('CtrPS.Format.ps1xml')
    TypesToProcess       = @('CtrPS.Types.ps1xml')
    FunctionsToExport    = @()
    VariablesToExport    = @()
    CmdletsToExport      = @(
        'Add-CtrImageTag'
        'Checkpoint-CtrContainer'
        'Checkpoint-CtrTask'
        'Clear-CtrLeftover'
        'Connect-CtrRegistry'
        'Connect-CtrSession'
        'Connect-CtrTask'
        'ConvertTo-CtrHostsToml'
        'Copy-CtrImage'
        'Disconnect-CtrRegistry'
        'Disconnect-CtrSession'
        'Enter-CtrContainer'
        'Export-CtrInventory'
        'Get-CtrArchive'
        'Get-CtrContainer'
        'Get-CtrImage'
        'Get-CtrLog'
        'Get-CtrMetric'
        'Get-CtrNamespace'
        'Get-CtrPlugin'
        'Get-CtrProcess'
        'Get-CtrRegistry'
        'Get-CtrRegistryHost'
        'Get-CtrServer'
        'Get-CtrSession'
        'Get-CtrTask'
        'Import-CtrImage'
        'Invoke-CtrCommand'
        'Invoke-CtrImage'
        'New-CtrContainer'
        'New-CtrMount'
        'New-CtrNamespace'
        'New-CtrSpec'
        'Register-CtrEvent'
        'Remove-CtrContainer'
        'Remove-CtrImage'
        'Remove-CtrNamespace'
        'Remove-CtrTask'
        'Repair-CtrImage'
        'Restore-CtrContainer'
        'Resume-CtrTask'
        'Save-CtrImage'
        'Send-CtrSignal'
        'Set-CtrContainer'
        'Set-CtrImage'
        'Set-CtrNamespace'
        'Set-CtrRegistryHost'
        'Start-CtrTask'
        'Stop-CtrTask'
        'Suspend-CtrTask'
        'Test-CtrArchive'
        'Test-CtrImage'
        'Update-CtrTask'
        'Wait-CtrEvent'
        'Wait-CtrTask'
        'Watch-CtrEvent'
    )
    AliasesToExport      = @(
        'Export-CtrImage'
        'Run-CtrImage'
        'Tag-CtrImage'
    )
    PrivateData          = @{
        PSData = @{
            Tags         = @('PSEdition_Core', 'Linux', 'Windows', 'containerd', 'containers', 'images', 'Kubernetes', 'OCI')
            ReleaseNotes = 'See CHANGELOG.md.'
        }
    }
}
