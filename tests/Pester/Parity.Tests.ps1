#requires -Version 7.6
# Get-CtrImage agrees with `ctr images ls` of the same daemon, column by column, and its Size is right to the byte.

BeforeDiscovery {
    Import-Module (Join-Path $PSScriptRoot Helpers.psm1)
    $images = @(
        @{ kind = 'an OCI manifest'; name = 'docker.io/library/nginx:deb'; platforms = 'linux/amd64' }
        @{ kind = 'docker media types'; name = 'docker.io/library/busybox:docker'; platforms = 'linux/amd64' }
        @{ kind = 'an index with both platforms here'; name = 'docker.io/library/index:full'; platforms = 'linux/amd64', 'linux/arm64' }
        @{ kind = 'an index with one platform here'; name = 'docker.io/library/index:partial'; platforms = 'linux/amd64', 'linux/arm64' }
        @{ kind = 'an index with an attestation'; name = 'docker.io/library/attested:1'; platforms = 'linux/amd64' }
        @{ kind = 'an index in an index'; name = 'docker.io/library/nested:1'; platforms = 'linux/amd64' }
        @{ kind = 'a manifest for another platform'; name = 'docker.io/library/arm:v7'; platforms = 'linux/arm/v7' }
        @{ kind = 'a manifest that is not here'; name = 'docker.io/library/absent:1'; platforms = @() }
        @{ kind = 'one of the names of CRI: tag'; name = 'docker.io/library/busybox:1.35'; platforms = 'linux/amd64' }
        @{ kind = 'one of the names of CRI: digest'; name = 'docker.io/library/busybox@sha256:*'; platforms = 'linux/amd64' }
        @{ kind = 'one of the names of CRI: config'; name = 'sha256:*'; platforms = 'linux/amd64' }
    )
    $cases = foreach ($one in Get-RigGeneration) {
        foreach ($way in 'on this machine', 'as a remote one') {
            $one + @{ way = $way }
        }
    }
}

BeforeAll {
    $ErrorActionPreference = 'Stop'
    Import-ModuleUnderTest

    # As Go's "%.1f" with units of 1024 writes it.
    function ConvertTo-CtrSize {
        param([double] $Bytes)
        $units = 'B', 'KiB', 'MiB', 'GiB'
        $unit = 0
        while ($Bytes -ge 1024) {
            $Bytes /= 1024
            $unit++
        }
        [Math]::Round($Bytes, 1).ToString('0.0', [cultureinfo]::InvariantCulture) + " $($units[$unit])"
    }

    # From the blobs on the daemon's disk: index, manifest for this platform, config and layers.
    function Measure-Blob {
        param([string] $Digest)
        $blob = Get-Item (Join-Path $rig.Root io.containerd.content.v1.content blobs ($Digest -replace ':', '/'))
        $json = Get-Content $blob -Raw | ConvertFrom-Json
        if ($json.PSObject.Properties['manifests']) {
            $chosen = $json.manifests | Where-Object { -not $_.platform -or $_.platform.architecture -eq 'amd64' } | Select-Object -First 1
            return $blob.Length + (Measure-Blob $chosen.digest)
        }
        $blob.Length + $json.config.size + ($json.layers.size | Measure-Object -Sum).Sum
    }
}

Describe 'ctr images ls and Get-CtrImage on containerd <generation> <way>' -ForEach $cases {
    if ($reason) {
        It 'have a daemon' { Set-ItResult -Skipped -Because $reason }
        return
    }

    BeforeAll {
        $rig = Get-Rig $generation
        $relay = Open-Relay $rig
        $session = Connect-CtrSession ($way -like '*remote*' ? $relay.Address : $rig.Address) -Namespace k8s.io
        $said = & $rig.Ctr --address $rig.Address -n k8s.io images ls 2>&1
        $rows = ConvertFrom-CtrTable ($said | Where-Object { $_ -is [string] })
        # The SIZE of these is what ctr had counted when it gave up.
        $uncounted = [regex]::Matches("$($said | Where-Object { $_ -isnot [string] })", 'failed calculating size for image ([^"]+)') |
            ForEach-Object { $_.Groups[1].Value }
        $plain = Get-CtrImage -All
        # 1.6 counts attestations among the platforms.
        $listed = Get-CtrImage -All -IncludeAttestation:([bool]($rows.PLATFORMS -like '*unknown/unknown*'))
    }

    AfterAll {
        Disconnect-CtrSession $session
        $relay.Dispose()
    }

    It 'have the same images in the same order' {
        $rows.Count | Should -Be 11
        $plain.Name | Should -Be $rows.REF
    }

    It 'agree about <kind>' -ForEach $images {
        $row = $rows | Where-Object REF -Like $name
        $image = $listed | Where-Object Name -Like $name
        $image.Digest | Should -Be $row.DIGEST
        $image.MediaType | Should -Be $row.TYPE
        $labels = $image.Labels.Keys | Sort-Object | ForEach-Object { "$_=$($image.Labels[$_])" }
        $labels | Should -Be ($row.LABELS -eq '-' ? $null : $row.LABELS -split ',')
        $image.Platforms | ForEach-Object { "$_" } | Sort-Object | Should -Be ($row.PLATFORMS -eq '-' ? $null : $row.PLATFORMS -split ',')
        ($plain | Where-Object Name -EQ $image.Name).Platforms | ForEach-Object { "$_" } | Should -Be ($platforms ? $platforms : $null)

        if ($image.Name -in $uncounted) {
            $image.Size | Should -BeNullOrEmpty
        } else {
            ConvertTo-CtrSize $image.Size | Should -Be $row.SIZE
            [CtrPS.Output.CtrFormat]::Size($image.Size) | Should -Be $row.SIZE
            $image.Size | Should -Be (Measure-Blob $image.Digest)
        }
    }

    It 'leave out the size of the absent manifest, and of no other' {
        $uncounted | Should -Be 'docker.io/library/absent:1'
        ($plain | Where-Object Size -EQ $null).Name | Should -Be $uncounted
    }

    It 'give one image alone as in the list' {
        foreach ($image in $plain) {
            $alone = Get-CtrImage $image.Name -All
            $alone | Should -Be $image
            $alone.Size | Should -Be $image.Size
            $alone.Platforms | ForEach-Object { "$_ $($_.Size) $($_.IsComplete)" } |
                Should -Be ($image.Platforms | ForEach-Object { "$_ $($_.Size) $($_.IsComplete)" })
        }
    }
}
