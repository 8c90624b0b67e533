#requires -Version 7.6
# Images whose layers were discarded after unpacking (discard_unpacked_layers, the default of big clouds): -FromSnapshot of Save-, Copy-, Send- and
# Repair-CtrImage makes them anew. ctr discards, and ctr and skopeo say of what came that it is whole.

BeforeDiscovery {
    Import-Module (Join-Path $PSScriptRoot Helpers.psm1)
}

BeforeAll {
    $ErrorActionPreference = 'Stop'
    Import-ModuleUnderTest
    $built = 'docker.io/library/built:1'

    # Imports an image of the rig, unpacks it, and lets its layers go, all by ctr.
    function Import-Discarded {
        [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSAvoidUsingPositionalParameters', '', Justification = 'the words of ctr')]
        param([string] $Archive, [string] $Namespace, [string] $Snapshotter = 'overlayfs')
        $words = $rig.Version -like '1.6*' ? @() : @('--discard-unpacked-layers')
        $words += $rig.Version -like '2*' ? @('--local') : @()
        $null = Invoke-Ctr $rig -n $Namespace images import --snapshotter $Snapshotter @words $Archive
        foreach ($name in Invoke-Ctr $rig -n $Namespace images ls -q) {
            Remove-TestLayer $name $Namespace
        }
        $null = Invoke-CtrGarbageCollection -Session $session # ctr leaves the archive's own index
    }

    # Lets the layers of an image go: from the manifest's labels, and if they are still there then, from the store.
    function Remove-TestLayer {
        [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSAvoidUsingPositionalParameters', '', Justification = 'the words of ctr')]
        [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '', Justification = 'blobs of the test')]
        param([string] $Name, [string] $Namespace)
        $image = Get-CtrImage $Name -Namespace $Namespace -Session $session
        $manifest = Get-CtrImageManifest $image
        $layers = @(Get-CtrImageLayer $image)
        $labels = @(0..($layers.Count - 1) | ForEach-Object { "containerd.io/gc.ref.content.l.$_=" })
        $null = Invoke-Ctr $rig -n $Namespace content label $manifest.Digest @labels
        $there = @(Invoke-Ctr $rig -n $Namespace content ls -q | Where-Object { $_ -in $layers.Digest })
        if ($there) {
            $null = Invoke-Ctr $rig -n $Namespace content rm @there
        }
        (Test-CtrImage $image).Status | Should -Be Incomplete
    }

    # What a namespace has: names with their targets, and blobs.
    function Get-Held {
        [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSAvoidUsingPositionalParameters', '', Justification = 'the words of ctr')]
        param([string] $Namespace)
        (ConvertFrom-CtrTable (Invoke-Ctr $rig -n $Namespace images ls)) | ForEach-Object { "$($_.REF) $($_.DIGEST)" }
        Invoke-Ctr $rig -n $Namespace content ls -q | Sort-Object
    }

    function Assert-CtrComplete {
        [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSAvoidUsingPositionalParameters', '', Justification = 'the words of ctr')]
        param([string] $Name, [string] $Namespace)
        $row = ConvertFrom-CtrTable (Invoke-Ctr $rig -n $Namespace images check "name==$Name")
        $row.STATUS | Should -BeLike 'complete*'
        $row.UNPACKED | Should -Be true
    }
}

Describe 'Images rebuilt from snapshots, containerd <generation>' -ForEach (Get-RigGeneration) {
    if ($reason) {
        It 'has a daemon' { Set-ItResult -Skipped -Because $reason }
        return
    }

    BeforeAll {
        $rig = Get-Rig $generation
        $session = Connect-CtrSession $rig.Address
        $state = Get-RigState $rig
        $namespaces = @()
    }

    BeforeEach {
        $namespace, $other = 1..2 | ForEach-Object { "pester-$([guid]::NewGuid().ToString('n').Substring(0, 8))" }
        $namespaces += $namespace, $other
        $at = @{ Namespace = $namespace; Session = $session }
    }

    AfterEach {
        Clear-TestNamespace $rig @($namespace, $other)
    }

    AfterAll {
        Get-RigState $rig | Should -Be $state
        Disconnect-CtrSession $session
    }

    It 'is saved, with the same diff ids and id, and the node is as it was' {
        Import-Discarded (Get-ArchivePath built) $namespace
        $held = Get-Held $namespace
        $diffIds = (Get-CtrImageLayer $built @at).DiffId
        $id = (Get-CtrImageConfig $built @at).Digest
        $old = (Get-CtrImage $built @at).Digest
        $archive = Join-Path $TestDrive "$namespace.tar"

        { Save-CtrImage $built $archive @at -ErrorAction Stop } | Should -Throw -ErrorId 'CtrBlobMissing*'
        Save-CtrImage $built $archive @at -ErrorVariable faults -ErrorAction SilentlyContinue
        $faults | ForEach-Object { $_.ErrorDetails.RecommendedAction } | Should -BeLike '*-FromSnapshot*'
        Save-CtrImage $built $archive @at -FromSnapshot -WhatIf
        Test-Path $archive | Should -BeFalse
        Get-Held $namespace | Should -Be $held

        Save-CtrImage $built $archive @at -FromSnapshot -WarningVariable words -WarningAction SilentlyContinue
        $saved = Test-CtrArchive $archive
        $saved.Status | Should -Be Ok
        $saved.Digest | Should -Not -Be $old
        $words | Should -BeExactly (
            "The image '$built' in namespace '$namespace': 3 layers were rebuilt from snapshots. They have the diff ids of the config, so the " +
            "image's id stays. Its digest is $($saved.Digest) instead of $old.")
        $null = Invoke-CtrGarbageCollection -Session $session
        Get-Held $namespace | Should -Be $held

        # Again: the same work gives the same digest.
        Save-CtrImage $built $archive @at -FromSnapshot -Force -WarningAction SilentlyContinue
        (Test-CtrArchive $archive).Digest | Should -Be $saved.Digest

        skopeo inspect --config --raw "docker-archive:$archive" | ConvertFrom-Json | ForEach-Object { $_.rootfs.diff_ids } | Should -Be $diffIds
        $null = Invoke-Ctr $rig -n $other images import $archive
        Assert-CtrComplete $built $other
        (Get-CtrImageConfig $built -Namespace $other -Session $session).Digest | Should -Be $id
        $manifest = Invoke-Ctr $rig -n $other content get $saved.Digest | ConvertFrom-Json
        $manifest.annotations.'ctrps.io/rebuilt-from' | Should -Be $old
        Invoke-CtrProcess $rig -n $other run --rm $built check | Should -Be hi
    }

    It 'is copied to another namespace, unpacked, and runs there' {
        Import-Discarded (Get-ArchivePath built) $namespace
        $copy = Copy-CtrImage $built $other @at -FromSnapshot -Unpack -PassThru -WarningAction SilentlyContinue
        $copy.Digest | Should -Not -Be (Get-CtrImage $built @at).Digest
        Assert-CtrComplete $built $other
        Invoke-CtrProcess $rig -n $other run --rm $built check | Should -Be hi
        (Test-CtrImage $copy -Deep).Status | Should -Be Complete
    }

    It 'is sent to a registry, whence others pull it' {
        Import-Discarded (Get-ArchivePath built) $namespace
        $registry = Get-Registry
        $sent = Send-CtrImage $built "$($registry.Address)/rebuilt-${namespace}:1" @at -PlainHttp -FromSnapshot -WarningAction SilentlyContinue
        $null = Invoke-Ctr $rig -n $other images pull --plain-http "$($registry.Address)/rebuilt-${namespace}:1"
        Assert-CtrComplete "$($registry.Address)/rebuilt-${namespace}:1" $other
        $pulled = Get-CtrImage -Namespace $other -Session $session
        $pulled.Digest | Should -Be $sent.Digest
        (Get-CtrImageConfig $pulled).Digest | Should -Be (Get-CtrImageConfig $built @at).Digest
    }

    It 'is repaired: its name moves, and that by its id; what is sound stays' {
        Import-Discarded (Get-ArchivePath built) $namespace
        $old = Get-CtrImage $built @at
        $id = (Get-CtrImageConfig $old).Digest
        $byDigest = "docker.io/library/built@$($old.Digest)"
        $local = @($rig.Version -like '1.6*' ? @() : '--local')
        $null = Invoke-Ctr $rig -n $namespace images tag @local $built $byDigest $id
        Repair-CtrImage $built @at -FromSnapshot -WhatIf | Should -BeNullOrEmpty
        (Get-CtrImage $built @at).Digest | Should -Be $old.Digest

        $result = Repair-CtrImage $built @at -FromSnapshot -WarningVariable words -WarningAction SilentlyContinue
        $result.Status, $result.Repaired.Count, $result.Failed.Count | Should -Be Repaired, 3, 0
        $result.BytesWritten | Should -BeGreaterThan 1MB
        $words | Should -BeLike "*Its digest is $($result.Digest) instead of $($old.Digest)."
        (Get-CtrImage $built @at).Digest | Should -Be $result.Digest
        $null = Invoke-CtrGarbageCollection -Session $session
        (Test-CtrImage $built @at -Deep).Status | Should -Be Complete
        Assert-CtrComplete $built $namespace
        $targets = @{}
        ConvertFrom-CtrTable (Invoke-Ctr $rig -n $namespace images ls) | ForEach-Object { $targets[$_.REF] = $_.DIGEST }
        $targets[$id], $targets[$byDigest] | Should -Be $result.Digest, $old.Digest

        $again = Repair-CtrImage $built @at -FromSnapshot
        $again.Status, $again.Digest, $again.BytesWritten | Should -Be Sound, $result.Digest, 0
        { Repair-CtrImage $byDigest @at -FromSnapshot -ErrorAction Stop -WarningAction SilentlyContinue } |
            Should -Throw -ErrorId 'CtrFailedPrecondition*' -ExpectedMessage '*the name says another one*'
    }

    It 'has its very layers again where they are plain, and the digest that it had' {
        $null = Import-CtrImage (Get-ArchivePath built) @at -NoUnpack
        $plain = (Convert-CtrImage $built plain:1 @at -Compression None -Unpack).Name
        Remove-TestLayer $plain $namespace
        $digest = (Get-CtrImage $plain @at).Digest
        $result = Repair-CtrImage $plain @at -FromSnapshot -WarningVariable words -WarningAction SilentlyContinue
        $result.Status, $result.Digest | Should -Be Repaired, $digest
        $words | Should -BeLike "*the image's id stays. Its digest stays, too."
        $null = Invoke-CtrGarbageCollection -Session $session
        (Test-CtrImage $plain @at -Deep).Status | Should -Be Complete
        Assert-CtrComplete $plain $namespace
    }

    It 'has a layer that containerd packed itself: the changes of a container' {
        $null = Import-CtrImage (Get-ArchivePath built) @at
        # Nothing is deleted: before 2.0 a mark of that has the time of its making.
        $null = Invoke-Ctr $rig -n $namespace run $built change sh -c 'echo new > /opt/new; chmod 700 /opt/a'
        $made = New-CtrImage changed:1 -Container change @at
        Remove-TestLayer $made.Name $namespace
        $result = Repair-CtrImage $made @at -FromSnapshot -WarningVariable words -WarningAction SilentlyContinue
        $result.Status, $result.Repaired.Count | Should -Be Repaired, 4
        $words | Should -BeLike "*so the image's id stays.*"
        (Test-CtrImage $made.Name @at -Deep).Status | Should -Be Complete
    }

    It 'that only another snapshotter has is found there' {
        Import-Discarded (Get-ArchivePath built) $namespace -Snapshotter native
        (Repair-CtrImage $built @at -FromSnapshot -WarningAction SilentlyContinue).Status | Should -Be Repaired
        (Test-CtrImage $built @at -Deep).Status | Should -Be Complete
    }

    It 'whose files were laid out in another way is refused, and taken as it is where that is wanted' {
        # umoci's layers begin with an entry of the root itself.
        Import-Discarded (Get-ArchivePath busybox) $namespace
        $held = Get-Held $namespace
        $busybox = 'docker.io/library/busybox:1.35'
        $archive = Join-Path $TestDrive "$namespace.tar"
        Save-CtrImage $busybox $archive @at -FromSnapshot -ErrorAction SilentlyContinue -ErrorVariable errors
        $errors[0].FullyQualifiedErrorId | Should -BeLike 'CtrLayerUnproven,*'
        $errors[0].ErrorDetails.RecommendedAction | Should -BeLike '*-AllowNewDiffId*'
        Test-Path $archive | Should -BeFalse
        Repair-CtrImage $busybox @at -FromSnapshot -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $null = Invoke-CtrGarbageCollection -Session $session
        Get-Held $namespace | Should -Be $held

        Save-CtrImage $busybox $archive @at -FromSnapshot -AllowNewDiffId -WarningVariable words -WarningAction SilentlyContinue
        $words | Should -BeLike '*1 of them has another diff id than the config said: nothing proves*its id is sha256:* instead of sha256:*'
        (Test-CtrArchive $archive).Status | Should -Be Ok
        $null = Invoke-Ctr $rig -n $other images import $archive
        Assert-CtrComplete $busybox $other
        $before = Get-CtrImageFile $busybox @at -Recurse -ErrorAction SilentlyContinue
        $before | Should -BeNullOrEmpty # its layers are gone
        Invoke-CtrProcess $rig -n $other run --rm $busybox check echo it runs | Should -Be 'it runs'
    }

    It 'of an index is rebuilt in it: what else it lists stays, but for what was said of the old manifest' {
        Import-Discarded (Get-ArchivePath attested) $namespace
        $image = Get-CtrImage @at
        $tree = Get-CtrImageManifest $image -Tree
        $result = Repair-CtrImage $image -FromSnapshot -AllowNewDiffId -WarningVariable words -WarningAction SilentlyContinue
        $result.Status | Should -Be Repaired
        $words | Should -BeLike '*Attestations (provenance, SBOM) are left out: they name the digests of the image as it was.'
        $index = Invoke-Ctr $rig -n $namespace content get $result.Digest | ConvertFrom-Json
        $index.mediaType | Should -BeLike '*index*'
        $index.manifests.Count | Should -Be 1
        $index.manifests[0].platform.architecture | Should -Be amd64
        "$tree" | Should -Not -BeNullOrEmpty
        (Test-CtrImage $image.Name @at -Deep).Status | Should -Be Complete
    }

    It 'lacks what no snapshot has: that is told, and the rest is done' {
        $null = Import-CtrImage (Get-ArchivePath built) @at -NoUnpack
        Remove-TestLayer $built $namespace
        $result = Repair-CtrImage $built @at -FromSnapshot -ErrorAction SilentlyContinue -ErrorVariable errors
        $result.Status, $result.Repaired.Count, $result.Failed.Count | Should -Be Failed, 0, 3
        $errors.Count | Should -Be 3
        $errors[0].FullyQualifiedErrorId | Should -BeLike 'CtrBlobMissing,*'
    }

    It 'refuses words that say nothing' {
        $null = Import-CtrImage (Get-ArchivePath built) @at -NoUnpack
        foreach ($line in @(
                { Save-CtrImage $built never.tar @at -AllowNewDiffId }
                { Copy-CtrImage $built $other @at -AllowNewDiffId }
                { Send-CtrImage $built @at -AllowNewDiffId }
                { Repair-CtrImage $built @at -FromSnapshot:$false }
            )) {
            $line | Should -Throw -ErrorId 'CtrInvalidArgument*'
        }
    }
}
