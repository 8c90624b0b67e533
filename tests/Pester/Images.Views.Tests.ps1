#requires -Version 7.6
# Images looked into: what the cmdlets tell of configs, histories, layers and manifests is what other tools and the bytes themselves tell.

BeforeDiscovery {
    Import-Module (Join-Path $PSScriptRoot Helpers.psm1)
    $read = @(
        @{ archive = 'nginx'; name = 'nginx:deb' }
        @{ archive = 'busybox'; name = 'busybox:1.35' }
        @{ archive = 'busybox-docker'; name = 'busybox:docker' }
        @{ archive = 'attested'; name = 'attested:1' }
        @{ archive = 'arm'; name = 'arm:v7' }
    )
}

BeforeAll {
    $ErrorActionPreference = 'Stop'
    Import-ModuleUnderTest

    # The address that skopeo reads one of the rig's archives by.
    function Get-SkopeoAddress {
        param([string] $Archive)
        "$($Archive -like '*-docker' ? 'docker' : 'oci')-archive:$(Get-ArchivePath $Archive)"
    }
}

Describe 'Images looked into, containerd <generation>' -ForEach (Get-RigGeneration) {
    if ($reason) {
        It 'has a daemon' { Set-ItResult -Skipped -Because $reason }
        return
    }

    BeforeAll {
        $rig = Get-Rig $generation
        $session = Connect-CtrSession $rig.Address -Namespace k8s.io
    }

    AfterAll {
        Disconnect-CtrSession $session
    }

    It 'have the config of <name>, byte for byte and field by field' -ForEach $read {
        $config = Get-CtrImageConfig $name
        $bytes = Get-CtrImageConfig $name -Raw
        $bytes | Should -BeOfType byte
        $stored = [IO.File]::ReadAllBytes((Join-Path $rig.Root io.containerd.content.v1.content blobs ($config.Digest -replace ':', '/')))
        [Convert]::ToHexString($bytes) | Should -Be ([Convert]::ToHexString($stored))
        $json = skopeo inspect --config --raw --override-arch ($name -eq 'arm:v7' ? 'arm' : 'amd64') (Get-SkopeoAddress $archive) |
            ConvertFrom-Json -AsHashtable
        $told = $json.config ?? @{}
        $config.Platform.Architecture | Should -Be $json.architecture
        $config.Created | Should -Be ([DateTimeOffset]$json.created)
        $config.Env | Should -Be $told.Env
        $config.Entrypoint | Should -Be $told.Entrypoint
        $config.Cmd | Should -Be $told.Cmd
        $config.User | Should -Be "$($told.User)"
        $config.WorkingDirectory | Should -Be "$($told.WorkingDir)"
        $config.StopSignal | Should -Be "$($told.StopSignal)"
        $config.ExposedPorts | Should -Be ($told.ExposedPorts.Keys | Sort-Object)
        $config.Labels.Count | Should -Be $told.Labels.Count
        $told.Labels.Keys | ForEach-Object { $config.Labels[$_] | Should -Be $told.Labels[$_] }
        $config.RootFS.DiffIds | Should -Be $json.rootfs.diff_ids
        $inspected = $config.ToJson() | ConvertFrom-Json -AsHashtable
        $inspected.Id | Should -Be $config.Digest
        $inspected.RepoTags | Should -Contain $name
        $inspected.Config.Count | Should -Be $told.Count
        $inspected.RootFS.Layers | Should -Be $json.rootfs.diff_ids
        (Get-CtrImage $name).Created | Should -Be ([DateTimeOffset]$json.created)
    }

    It 'have the history of <name>, newest first, with the layers of the manifest' -ForEach $read {
        $history = @(Get-CtrImageHistory $name)
        $json = (Get-CtrImageConfig $name).ToJson() | ConvertFrom-Json
        $steps = [Text.Encoding]::UTF8.GetString((Get-CtrImageConfig $name -Raw)) | ConvertFrom-Json | ForEach-Object history
        [array]::Reverse($history)
        if ($steps) {
            $history.CreatedBy | Should -Be ($steps | ForEach-Object { "$($_.created_by)" })
            $history.IsEmptyLayer | Should -Be ($steps | ForEach-Object { [bool]$_.PSObject.Properties['empty_layer'] -and $_.empty_layer })
        }
        $layers = Get-CtrImageLayer $name
        $history.LayerDigest | Where-Object { $_ } | Should -Be $layers.Digest
        ($history.PackedSize | Measure-Object -Sum).Sum | Should -Be ($layers.PackedSize | Measure-Object -Sum).Sum
        $history | Where-Object Id | ForEach-Object Id | Should -Be $json.Id
        $history[-1].Id | Should -Be $json.Id
    }

    It 'have the steps that umoci tells of nginx, with the layer of each' {
        $layout = Join-Path $TestDrive "umoci-$generation"
        $null = mkdir $layout
        tar -xf (Get-ArchivePath nginx) -C $layout
        $told = (umoci stat --image "${layout}:docker.io/library/nginx:deb" --json | ConvertFrom-Json -Depth 9).history
        $history = @(Get-CtrImageHistory nginx:deb)
        [array]::Reverse($history)
        $history.CreatedBy | Should -Be $told.created_by
        $history.LayerDigest | Should -Be @($told | ForEach-Object { $_.layer ? $_.layer.digest : $null })
        $history.PackedSize | Should -Be @($told | ForEach-Object { $_.layer ? $_.layer.size : 0 })
        $history.IsEmptyLayer | Should -Be @($told | ForEach-Object { [bool]$_.empty_layer })
        $history.Created | Should -Be @($told | ForEach-Object { [DateTimeOffset]$_.created })
        $layers = @($told | Where-Object layer)
        (Get-CtrImageLayer nginx:deb).DiffId | Should -Be $layers.diff_id
    }

    It 'have the layers that skopeo lists of <name>' -ForEach $read {
        $layers = @(Get-CtrImageLayer $name)
        $arch = $name -eq 'arm:v7' ? 'arm' : 'amd64'
        if ($archive -notlike '*-docker') {
            # Of docker's form skopeo makes layers of its own.
            (skopeo inspect --override-arch $arch (Get-SkopeoAddress $archive) | ConvertFrom-Json).Layers | Should -Be $layers.Digest
            $manifest = skopeo inspect --raw (Get-SkopeoAddress $archive) | ConvertFrom-Json
            if ($manifest.PSObject.Properties['layers']) {
                $layers.PackedSize | Should -Be $manifest.layers.size
                $layers.MediaType | Should -Be $manifest.layers.mediaType
            }
        }
        $layers.Index | Should -Be (1..$layers.Count)
        ($layers.Share | Measure-Object -Sum).Sum | Should -BeGreaterThan 0.999
        $layers[0].ChainId | Should -Be $layers[0].DiffId
        $layers.IsPresent | Should -Not -Contain $false
    }

    It 'tell who shares a layer, and the tree has all of it' {
        $tree = Get-CtrImageManifest * -Tree
        foreach ($layer in Get-CtrImageLayer busybox:1.35, index:full, nginx:deb) {
            $own = (Get-CtrImage $layer.Name).Digest
            $users = $tree | Where-Object { $_.Digest -eq $layer.Digest -and (Get-CtrImage $_.Name).Digest -ne $own }
            $layer.SharedWith | Sort-Object | Should -Be ($users | ForEach-Object Name | Sort-Object -Unique)
        }
        $nested = @($tree | Where-Object Name -EQ docker.io/library/nested:1)
        $nested[0].Kind, $nested[0].Depth | Should -Be Index, 0
        ($nested | Where-Object Kind -EQ Manifest).Depth | Should -Be 2
        ($tree | Where-Object { $_.Name -eq 'docker.io/library/attested:1' -and $_.Depth -eq 1 }).Kind | Should -Be Manifest, Attestation
        ($tree | Where-Object { $_.Name -eq 'docker.io/library/index:partial' -and -not $_.IsPresent }).Platform | Should -Be linux/arm64
    }

    # ctr images inspect is of 2.0 and later.
    It 'list what ctr inspects' -ForEach @(if ($generation -eq '2') { 'nginx:deb', 'index:full', 'attested:1' }) -AllowNullOrEmptyForEach {
        $digests = Invoke-Ctr $rig -n k8s.io images inspect "docker.io/library/$_" | Select-String 'sha256:[0-9a-f]{64}' -AllMatches |
            ForEach-Object { $_.Matches.Value }
        (Get-CtrImageManifest $_ -Tree).Digest | Sort-Object -Unique | Should -Be ($digests | Sort-Object -Unique)
    }

    It 'have manifests, byte for byte' {
        $index = Get-CtrImageManifest index:partial
        $listed = Get-CtrImageManifest index:partial -Tree | Where-Object Depth -EQ 1
        $listed.Platform | Should -Be linux/amd64, linux/arm64
        $listed.IsPresent | Should -Be $true, $false
        $index.Manifests | Should -Be $listed.Digest
        $index.Config | Should -BeNullOrEmpty
        $manifest = Get-CtrImageManifest index:partial -Platform linux/amd64
        $manifest.Digest | Should -Be $index.Manifests[0]
        $manifest.Config | Should -Be (Get-CtrImageConfig index:partial).Digest
        $manifest.Layers | Should -Be (Get-CtrImageLayer index:partial).Digest
        $bytes = Get-CtrImageManifest index:partial -Raw
        $hash = [Convert]::ToHexStringLower([Security.Cryptography.SHA256]::HashData([byte[]]$bytes))
        "sha256:$hash" | Should -Be $index.Digest
        [Text.Encoding]::UTF8.GetString($bytes) | Should -Be $index.ToJson()
    }

    It 'say by id what is not there: <work>' -ForEach @(
        @{ work = { Get-CtrImageConfig nginx:deb -Platform linux/arm64 }; id = 'CtrPlatformNotFound'; says = '*it is for linux/amd64.' }
        @{ work = { Get-CtrImageConfig absent:1 }; id = 'CtrBlobMissing'; says = "*is not in namespace 'k8s.io'." }
        @{ work = { Get-CtrImageHistory nginxx:deb }; id = 'CtrImageNotFound'; says = '*nginx:deb*' }
        @{ work = { Get-CtrImageLayer busybox:1.35 -Snapshotter nothing }; id = 'CtrNotSupported'; says = '*no snapshotter*' }
        @{ work = { Measure-CtrImage nginxx:deb }; id = 'CtrImageNotFound'; says = '*nginx:deb*' }
        @{ work = { Protect-CtrImage nginxx:deb }; id = 'CtrImageNotFound'; says = '*nginx:deb*' }
    ) {
        $work | Should -Throw -ErrorId "$id,*" -ExpectedMessage $says
    }

    It 'are looked into over a pipeline, a platform each, and all where none is named' {
        (Get-CtrImage index:full | Get-CtrImageConfig -Platform linux/amd64, linux/arm64).Platform | Should -Be linux/amd64, linux/arm64
        $named = Get-CtrImageConfig -ErrorVariable told -ErrorAction SilentlyContinue
        $told.FullyQualifiedErrorId | Should -BeLike 'CtrBlobMissing,*'
        $named.Name | Should -Be (Get-CtrImage | Where-Object Name -NE docker.io/library/absent:1).Name
    }
}

Describe 'Images with what they take, containerd <generation>' -ForEach (Get-RigGeneration) {
    if ($reason) {
        It 'has a daemon' { Set-ItResult -Skipped -Because $reason }
        return
    }

    BeforeAll {
        $rig = Get-Rig $generation
        $namespace = Add-TestNamespace $rig
        $session = Connect-CtrSession $rig.Address -Namespace $namespace
        foreach ($archive in 'busybox', 'index', 'index-full') {
            $null = Invoke-Ctr $rig -n $namespace images import (Get-ArchivePath $archive)
        }
        # ctr of 2.x leaves to the collector what no platform of its needs.
        $null = Add-CtrImageTag busybox:1.35 gone:1
        Remove-CtrImage gone:1 -Synchronous
    }

    AfterAll {
        Disconnect-CtrSession $session
        Clear-TestNamespace $rig $namespace
    }

    It 'have the unpacked size that the snapshotter tells' {
        $layers = Get-CtrImageLayer busybox:1.35
        $layers.IsUnpacked | Should -BeTrue
        $usage = ConvertFrom-CtrTable (Invoke-Ctr $rig -n $namespace snapshots usage -b $layers[-1].ChainId)
        $layers.Size | Should -Be ([long]($usage.SIZE -replace '\D'))
        $layers.Inodes | Should -Be ([long]$usage.INODES)
        (Get-CtrImageHistory busybox:1.35 | Where-Object LayerDigest).Size | Should -Be $layers.Size
        (Get-CtrImageConfig busybox:1.35).Platform | Should -Be linux/amd64
    }

    It 'are measured alone and with those that share' {
        $all = Measure-CtrImage
        $all.Name | Should -Be (Get-CtrImage).Name
        foreach ($usage in $all) {
            $tree = Get-CtrImageManifest $usage.Name -Tree | Where-Object IsPresent | Sort-Object Digest -Unique
            $usage.PackedSize | Should -Be ($tree | Measure-Object Size -Sum).Sum
            $usage.UniqueSize + $usage.SharedSize | Should -Be $usage.TotalSize
            $others = Get-CtrImageManifest ($all.Name -ne $usage.Name) -Tree | Where-Object IsPresent | ForEach-Object Digest
            $unpacked = @(Get-CtrImageLayer $usage.Name | Where-Object IsUnpacked)
            $usage.UnpackedLayers | Should -BeGreaterOrEqual $unpacked.Count
            $alone = ($tree | Where-Object Digest -NotIn $others | Measure-Object Size -Sum).Sum
            $usage.UniqueSize | Should -BeGreaterOrEqual $alone
        }

        # One more name is no other image; with the image itself gone, all of it is freed.
        $before = Measure-CtrImage busybox:1.35
        $null = Add-CtrImageTag busybox:1.35 other:1
        (Measure-CtrImage busybox:1.35).UniqueSize | Should -Be $before.UniqueSize
        Remove-CtrImage other:1
    }

    It 'are pinned and freed, with their aliases, and only where asked' {
        $digest = (Get-CtrImage busybox:1.35).Digest
        $null = Invoke-Ctr $rig -n $namespace images tag docker.io/library/busybox:1.35 "docker.io/library/busybox@$digest"
        Protect-CtrImage busybox:1.35 -WhatIf
        (Get-CtrImage busybox:1.35).Pinned | Should -BeFalse
        (Protect-CtrImage busybox:1.35 -PassThru -WarningVariable told -WarningAction SilentlyContinue).Pinned | Should -BeTrue
        @($told) | Should -HaveCount ($generation -eq '1.6' ? 1 : 0)
        (Get-CtrImage busybox* -All).Pinned | Should -Be $true, $true
        { Remove-CtrImage busybox:1.35 } | Should -Throw -ErrorId 'CtrImagePinned,*'
        (Unprotect-CtrImage busybox:1.35 -PassThru).Pinned | Should -BeFalse
        (Get-CtrImage busybox* -All).Pinned | Should -Be $false, $false
        Unprotect-CtrImage busybox:1.35
    }

    It 'tell the layers and the manifest of an artifact, which has no config to be run by' {
        $folder = (New-Item (Join-Path $TestDrive "artifact-$generation/blobs/sha256") -ItemType Directory -Force).FullName
        function Add-Blob {
            param([string] $Text)
            $bytes = [Text.Encoding]::UTF8.GetBytes($Text)
            $hash = [Convert]::ToHexStringLower([Security.Cryptography.SHA256]::HashData($bytes))
            [IO.File]::WriteAllBytes((Join-Path $folder $hash), $bytes)
            [ordered]@{ digest = "sha256:$hash"; size = $bytes.Length }
        }
        $config = [ordered]@{ mediaType = 'application/vnd.example.config+json' } + (Add-Blob '{}')
        $layer = [ordered]@{ mediaType = 'application/vnd.example.sbom+json' } + (Add-Blob '{"sbom":1}')
        $manifest = Add-Blob ([ordered]@{
                schemaVersion = 2; mediaType = 'application/vnd.oci.image.manifest.v1+json'; artifactType = 'application/vnd.example.sbom'
                config = $config; layers = @($layer); annotations = @{ made = 'here' }
            } | ConvertTo-Json -Depth 5 -Compress)
        $entry = [ordered]@{ mediaType = 'application/vnd.oci.image.manifest.v1+json' } + $manifest +
        @{ annotations = @{ 'org.opencontainers.image.ref.name' = 'docker.io/library/artifact:1' } }
        $top = Join-Path $TestDrive "artifact-$generation"
        @{ schemaVersion = 2; manifests = @($entry) } | ConvertTo-Json -Depth 5 | Set-Content (Join-Path $top index.json)
        '{"imageLayoutVersion":"1.0.0"}' | Set-Content (Join-Path $top oci-layout)
        $null = Import-CtrImage $top -WarningAction SilentlyContinue
        $told = Get-CtrImageManifest artifact:1
        $told.ArtifactType | Should -Be application/vnd.example.sbom
        $told.Annotations['made'] | Should -Be here
        $layers = Get-CtrImageLayer artifact:1
        $layers.MediaType | Should -Be application/vnd.example.sbom+json
        $layers.DiffId | Should -BeNullOrEmpty
        { Get-CtrImageConfig artifact:1 } | Should -Throw -ErrorId 'CtrInvalidArgument,*' -ExpectedMessage '*it is an artifact*'
        { Get-CtrImageHistory artifact:1 } | Should -Throw -ErrorId 'CtrInvalidArgument,*'
        Remove-CtrImage artifact:1
    }
}
