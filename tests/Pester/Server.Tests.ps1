#requires -Version 7.6
# Get-CtrServer and Get-CtrPlugin, against what ctr says of the same daemon.

BeforeDiscovery {
    Import-Module (Join-Path $PSScriptRoot Helpers.psm1)
}

BeforeAll {
    $ErrorActionPreference = 'Stop'
    Import-ModuleUnderTest
}

Describe 'The server, containerd <generation>' -ForEach (Get-RigGeneration) {
    if ($reason) {
        It 'has a daemon' { Set-ItResult -Skipped -Because $reason }
        return
    }

    BeforeAll {
        $rig = Get-Rig $generation
        $session = Connect-CtrSession $rig.Address
        $listed = ConvertFrom-CtrTable (Invoke-Ctr $rig plugins ls)
        $plugins = Get-CtrPlugin
    }

    AfterAll {
        Disconnect-CtrSession $session
    }

    It 'tells what ctr version tells' {
        $words = Invoke-Ctr $rig version | Select-Object -Skip 4
        $server = Get-CtrServer
        $server | Should -BeOfType CtrPS.CtrServer
        $server.Address | Should -Be $rig.Address
        $server.Version | Should -Be ($words -match '^\s*Version:' -replace '^\s*Version:\s*' | Select-Object -Last 1)
        $server.Version.TrimStart('v') | Should -BeLike "$generation.*"
        $server.Revision | Should -Be ($words -match '^\s*Revision:' -replace '^\s*Revision:\s*' | Select-Object -Last 1)
        $server.Uuid | Should -Be ($words -match '^\s*UUID:' -replace '^\s*UUID:\s*')
        { [guid]$server.Uuid } | Should -Not -Throw
        "$server" | Should -Be "$($rig.Address) ($($server.Version))"
    }

    It 'knows its process id from 1.7 on' {
        $wanted = $generation -eq '1.6' ? $null : $rig.ProcessId
        (Get-CtrServer).ProcessId | Should -Be $wanted
    }

    It 'has the plugins that ctr lists, with the same status' {
        $listed.Count | Should -BeGreaterThan 20
        $wanted = $listed | ForEach-Object { "$($_.TYPE) $($_.ID) $($_.STATUS)" } | Sort-Object
        $plugins | ForEach-Object { "$($_.Type) $($_.Id) $("$($_.Status)".ToLowerInvariant())" } | Sort-Object | Should -Be $wanted
        $wanted = $listed | Where-Object PLATFORMS -NE '-' | ForEach-Object { "$($_.ID) $($_.PLATFORMS)" } | Sort-Object
        $plugins | Where-Object Platforms | ForEach-Object { "$($_.Id) $($_.Platforms -join ',')" } | Sort-Object | Should -Be $wanted
    }

    It 'gives the reason where a plugin did not come up, and only there' {
        $plugins | Where-Object { ($_.Status -eq 'Ok') -eq [bool]$_.Reason } | Should -BeNullOrEmpty
        $plugins | Where-Object Status -EQ Skip | Should -Not -BeNullOrEmpty
    }

    It 'tells what a plugin needs and exports' {
        $plugin = Get-CtrPlugin overlayfs -Type io.containerd.snapshotter.v1
        $plugin | Should -BeOfType CtrPS.CtrPlugin
        $plugin.Exports['root'] | Should -BeLike "$(Split-Path $rig.Address)*io.containerd.snapshotter.v1.overlayfs"
        (Get-CtrPlugin bolt -Type *metadata*).Requires | Should -Contain 'io.containerd.content.v1'
        "$plugin" | Should -Be 'io.containerd.snapshotter.v1/overlayfs'
    }

    It 'picks plugins by name, type, status and filter' {
        $snapshotters = ($listed | Where-Object TYPE -EQ io.containerd.snapshotter.v1).ID
        (Get-CtrPlugin -Type *snapshotter*).Id | Sort-Object | Should -Be ($snapshotters | Sort-Object)
        (Get-CtrPlugin -Filter type==io.containerd.snapshotter.v1).Id | Sort-Object | Should -Be ($snapshotters | Sort-Object)
        (Get-CtrPlugin over*, nat* -Type *snapshotter*).Id | Sort-Object | Should -Be 'native', 'overlayfs'
        @(Get-CtrPlugin -Status Skip).Count | Should -Be @($listed | Where-Object STATUS -EQ skip).Count
        Get-CtrPlugin no-such-* | Should -BeNullOrEmpty
        ('native', 'over*' | Get-CtrPlugin -Type *snapshotter*).Id | Should -Be 'native', 'overlayfs'
        $one = Get-CtrPlugin overlayfs -Type *snapshotter*
        $one | Get-CtrPlugin | Should -HaveCount 1
        ($one | ConvertTo-Json -Depth 3 | ConvertFrom-Json | Get-CtrPlugin).Type | Should -Be $one.Type
    }

    It 'says so when a named plugin is not there' {
        $found = Get-CtrPlugin overlayfs, nowhere -ErrorAction SilentlyContinue -ErrorVariable missing
        $found.Id | Should -Contain 'overlayfs'
        $missing | Should -HaveCount 1
        $missing.FullyQualifiedErrorId | Should -BeLike 'CtrNotFound,*'
        $missing.CategoryInfo.Category | Should -Be 'ObjectNotFound'
        "$missing" | Should -BeLike "*'nowhere'*"
    }

    It '<line>' -ForEach @(
        @{ line = 'Get-CtrServer -Address $env:CONTAINERD_ADDRESS | Select -Expand Address'; gives = '{address}' }
        @{
            line  = 'Get-CtrPlugin -Type *.snapshotter.* -Status Ok | Where Id -in native, overlayfs | Select -Expand Id'
            gives = 'native', 'overlayfs'
        }
        @{ line = 'Get-CtrServer'; has = 'Address', 'Version', 'Revision', 'Uuid', 'ProcessId', 'Deprecations' }
        @{ line = 'Get-CtrPlugin'; has = 'Type', 'Id', 'Status', 'Reason', 'Platforms', 'Capabilities', 'Requires', 'Exports', 'Address' }
        @{ line = 'Get-CtrServer'; shows = 'Deprecations :' }
        @{
            line  = 'Get-CtrPlugin -Type *snap* | Where Id -eq native'
            shows = 'io.containerd.snapshotter.v1       native               Ok     linux/amd64'
        }
        @{
            line  = 'Get-CtrPlugin -Type *snap* | Where Status -ne Ok'
            shows = 'Type                               Id                   Status Platforms'
        }
    ) {
        Assert-Line $rig @_
    }
}
