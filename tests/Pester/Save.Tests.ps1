#requires -Version 7.6
# Save-CtrImage and Export-CtrInventory. What tools make of the archives is CtrPS.Client.Tests'; here it is about files, streams and the pipeline.

BeforeDiscovery {
    Import-Module (Join-Path $PSScriptRoot Helpers.psm1)
}

BeforeAll {
    $ErrorActionPreference = 'Stop'
    Import-ModuleUnderTest
}

Describe 'Saving, containerd <generation>' -ForEach (Get-RigGeneration) {
    if ($reason) {
        It 'has a daemon' { Set-ItResult -Skipped -Because $reason }
        return
    }

    BeforeAll {
        $rig = Get-Rig $generation
        $session = Connect-CtrSession $rig.Address -Namespace k8s.io
        $namespace = Add-TestNamespace $rig

        function Get-ArchiveName($Path) {
            (& tar -xOf $Path index.json | ConvertFrom-Json).manifests.annotations.'io.containerd.image.name'
        }
    }

    BeforeEach {
        $folder = (New-Item -ItemType Directory (Join-Path ([IO.Path]::GetTempPath()) "ctrps-save-$([Guid]::NewGuid().ToString('N'))")).FullName
        $file = Join-Path $folder images.tar
    }

    AfterEach {
        Remove-Item $folder -Recurse -Force
    }

    AfterAll {
        Clear-TestNamespace $rig $namespace
        Disconnect-CtrSession $session
    }

    It 'saves what is piped, and ctr imports it' {
        $null = Get-CtrImage | Where-Object Size -GT 100MB | Save-CtrImage -Path $file
        $to = Add-TestNamespace $rig
        try {
            $null = Invoke-Ctr $rig -n $to images import --no-unpack $file
            $digest = (ConvertFrom-CtrTable (Invoke-Ctr $rig -n $to images ls) | Where-Object REF -EQ docker.io/library/nginx:deb).DIGEST
            $digest | Should -Be (Get-CtrImage nginx:deb).Digest
        } finally {
            Clear-TestNamespace $rig $to
        }
    }

    It 'gives nothing, or the file with -PassThru' {
        Save-CtrImage busybox:1.35 $file | Should -BeNullOrEmpty
        $saved = Save-CtrImage busybox:1.35 -LiteralPath $file -Force -PassThru
        $saved | Should -BeOfType IO.FileInfo
        $saved.FullName, $saved.Length | Should -Be $file, (Get-Item $file).Length
        (Get-ChildItem $folder).Name | Should -Be images.tar
    }

    It 'takes names, wildcards, objects and records, each image once' {
        Save-CtrImage busybox:1.35, nginx:deb, 'busybox:1.*' $file
        Get-ArchiveName $file | Should -Be 'docker.io/library/busybox:1.35', 'docker.io/library/nginx:deb'
        [pscustomobject]@{ Name = 'busybox:1.35'; Namespace = 'k8s.io' } | Export-CtrImage -Path $file -Force
        Get-ArchiveName $file | Should -Be 'docker.io/library/busybox:1.35'
    }

    It 'saves all names of an image that -Unique grouped' {
        $null = Invoke-Ctr $rig -n $namespace images tag docker.io/library/busybox:1.35 example.com/save/box:1
        Get-CtrImage *box* -Namespace $namespace -Unique | Save-CtrImage -Path $file
        Get-ArchiveName $file | Should -Be 'docker.io/library/busybox:1.35', 'example.com/save/box:1'
    }

    It 'saves an object by its digest' {
        $image = Get-CtrImage busybox:1.35
        [CtrPS.CtrImageIdentity]::new($image) | Save-CtrImage -Path $file
        (& tar -xOf $file index.json | ConvertFrom-Json).manifests.digest | Should -Be $image.Digest
    }

    It 'resolves the path by PowerShell''s location' {
        Push-Location $folder
        try {
            Save-CtrImage busybox:1.35 'here [1].tar'
        } finally {
            Pop-Location
        }
        (Get-ChildItem $folder).Name | Should -Be 'here [1].tar'
    }

    It 'refuses <what> before anything else' -ForEach @(
        @{ what = 'a file that is there'; path = 'old.tar'; id = 'CtrFileExists' }
        @{ what = 'a folder'; path = '.'; id = 'CtrInvalidPath' }
        @{ what = 'a file in no folder'; path = 'nowhere/x.tar'; id = 'CtrInvalidPath' }
        @{ what = 'another provider'; path = 'Env:\x.tar'; id = 'CtrInvalidArgument' }
        @{ what = 'a device'; path = '/dev/null'; id = 'CtrInvalidPath' }
    ) {
        Set-Content (Join-Path $folder old.tar) old
        $path = if ($path -match '[:/]') { $path -replace '^nowhere', "$folder/nowhere" } else { Join-Path $folder $path }
        { Save-CtrImage busybox:1.35 $path -Session /nonexistent/c.sock } | Should -Throw -ErrorId "$id,CtrPS.Commands.Image.SaveCtrImageCommand"
        Get-Content (Join-Path $folder old.tar) | Should -Be old
    }

    It 'refuses a device with -Force too' {
        { Save-CtrImage busybox:1.35 /dev/null -Force } | Should -Throw -ErrorId CtrInvalidPath*
        (Get-Item /dev/null).UnixMode[0] | Should -Be c
    }

    It 'replaces with -Force, through a link the file behind it' {
        Set-Content (Join-Path $folder real.tar) old
        $null = New-Item -ItemType SymbolicLink (Join-Path $folder link.tar) -Target (Join-Path $folder real.tar)
        Save-CtrImage busybox:1.35 (Join-Path $folder link.tar) -Force
        Get-ArchiveName (Join-Path $folder real.tar) | Should -Be docker.io/library/busybox:1.35
        (Get-Item (Join-Path $folder link.tar)).LinkType | Should -Be SymbolicLink
    }

    It 'writes nothing with -WhatIf' {
        Save-CtrImage busybox:1.35 $file -WhatIf
        Test-Path $file | Should -BeFalse
        Save-CtrImage busybox:1.35 -AsByteStream -WhatIf | Should -BeNullOrEmpty
    }

    It 'writes a checksum that sha256sum takes' {
        Save-CtrImage busybox:1.35 $file -Checksum
        & sh -c "cd '$folder' && sha256sum -c images.tar.sha256" | Should -Be 'images.tar: OK'
        (Get-ChildItem $folder).Name | Should -Be images.tar, images.tar.sha256
        Remove-Item $file
        { Save-CtrImage busybox:1.35 $file -Checksum } | Should -Throw -ErrorId CtrFileExists*
    }

    It 'streams the same bytes into a program, and as arrays' {
        Save-CtrImage nginx:deb $file
        $hash = (Get-FileHash $file).Hash.ToLowerInvariant()
        (Save-CtrImage nginx:deb -AsByteStream | sha256sum) -replace ' .*' | Should -Be $hash
        $sizes = @(Save-CtrImage nginx:deb -AsByteStream | ForEach-Object { if ($_ -is [byte[]]) { $_.Length } })
        ($sizes | Measure-Object -Sum).Sum | Should -Be (Get-Item $file).Length
        ($sizes | Measure-Object -Maximum).Maximum | Should -Be 1MB
    }

    It 'ends when nobody takes more of the stream' {
        (Save-CtrImage nginx:deb -AsByteStream | Select-Object -First 1).Length | Should -Be 1MB
        { Save-CtrImage nginx:deb -AsByteStream | ForEach-Object { throw 'enough' } } | Should -Throw enough
    }

    It 'writes nothing where an image is not found, or none came' {
        $null = Save-CtrImage busybox:1.35, nope:1 $file -ErrorVariable fault -ErrorAction SilentlyContinue
        $fault.FullyQualifiedErrorId | Should -Be 'CtrImageNotFound,CtrPS.Commands.Image.SaveCtrImageCommand'
        Test-Path $file | Should -BeFalse
        $null = Get-CtrImage no-such-* | Save-CtrImage -Path $file -ErrorVariable fault -ErrorAction SilentlyContinue
        $fault.FullyQualifiedErrorId | Should -Be 'CtrImageNotFound,CtrPS.Commands.Image.SaveCtrImageCommand'
        Get-ChildItem $folder | Should -BeNullOrEmpty
    }

    It 'gives an error for each missing blob, and writes nothing' {
        $null = Invoke-Ctr $rig -n $namespace images import --no-unpack (Get-ArchivePath index)
        Save-CtrImage index:partial $file -Namespace $namespace
        $null = Save-CtrImage index:partial $file -Namespace $namespace -Platform All -Force -ErrorVariable faults -ErrorAction SilentlyContinue
        $faults | Should -HaveCount 1
        $faults[0].FullyQualifiedErrorId | Should -Be 'CtrBlobMissing,CtrPS.Commands.Image.SaveCtrImageCommand'
        $faults[0].TargetObject | Should -Be (Get-CtrImage index:partial -Namespace $namespace).Platforms[1].Digest
        "$($faults[0])" | Should -Match 'linux/arm64.*never fetched'
        $faults[0].ErrorDetails.RecommendedAction | Should -Match 'Repair-CtrImage'
        (Get-ChildItem $folder).Name | Should -Be images.tar
        { Save-CtrImage index:partial "$file.2" -Namespace $namespace -Platform All, linux/amd64 } | Should -Throw -ErrorId CtrInvalidArgument*
    }

    It 'removes what it began when it is stopped' {
        $shell = [powershell]::Create()
        try {
            $null = $shell.AddScript("Import-Module '$(Get-ManifestPath)'").AddStatement().AddScript(
                "Save-CtrImage nginx:deb '$file' -Namespace k8s.io -Session '$($rig.Address)' -Compress Gzip")
            $running = $shell.BeginInvoke()
            Wait-Until { Get-ChildItem $folder -Filter *.partial }
            $shell.Stop()
            Wait-Until { $running.IsCompleted } 'the pipeline has ended'
            $shell.InvocationStateInfo.State | Should -Be 'Stopped'
        } finally {
            $shell.Dispose()
        }
        Get-ChildItem $folder | Should -BeNullOrEmpty
    }

    It 'leaves the old file on a full disk, and says what is needed' -Skip:((id -u) -ne 0) {
        $disk = (New-Item -ItemType Directory (Join-Path $folder disk)).FullName
        & mount -t tmpfs -o size=4m ctrps-test $disk
        try {
            $old = Join-Path $disk old.tar
            Set-Content $old old
            foreach ($extra in @{}, @{ Compress = 'Gzip' }) {
                $null = Save-CtrImage nginx:deb $old -Force @extra -ErrorVariable fault -ErrorAction SilentlyContinue
                $fault.FullyQualifiedErrorId | Should -Be 'CtrDiskFull,CtrPS.Commands.Image.SaveCtrImageCommand'
                "$fault" | Should -Match ([regex]::Escape($old))
                Get-Content $old | Should -Be old
                (Get-ChildItem $disk).Name | Should -Be old.tar
            }
            "$fault" | Should -Match 'free'
        } finally {
            & umount $disk
        }
    }

    It 'lists the blobs for a delta, and leaves them out' {
        $inventory = Join-Path $folder inv.json
        Export-CtrInventory $inventory | Should -BeNullOrEmpty
        { Export-CtrInventory $inventory } | Should -Throw -ErrorId CtrFileExists*
        (Export-CtrInventory $inventory -Namespace k8s.* -Force -PassThru).Name | Should -Be inv.json
        $read = Get-Content $inventory -Raw | ConvertFrom-Json
        $read.schemaVersion, $read.server, $read.namespaces | Should -Be 1, (Get-CtrServer).Uuid, 'k8s.io'
        $read.digests | Should -Be @(Invoke-Ctr $rig -n k8s.io content ls -q | Sort-Object -Culture '')
        Save-CtrImage nginx:deb $file -ExcludeInventory $inventory
        (Get-Item $file).Length | Should -BeLessThan 64KB

        # A plain list will do.
        Invoke-Ctr $rig -n k8s.io content ls -q | Set-Content "$inventory.txt"
        Save-CtrImage nginx:deb "$file.2" -ExcludeInventory "$inventory.txt"
        (Get-FileHash $file).Hash | Should -Be (Get-FileHash "$file.2").Hash
        Set-Content "$inventory.txt" 'no digest'
        { Save-CtrImage nginx:deb "$file.3" -ExcludeInventory "$inventory.txt" } | Should -Throw -ErrorId CtrInvalidDigest*
        { Save-CtrImage nginx:deb "$file.3" -ExcludeInventory "$folder/nowhere.json" } | Should -Throw -ErrorId CtrArchiveNotFound*
        { Export-CtrInventory "$inventory.3" -Namespace nowhere -ErrorAction Stop } | Should -Throw -ErrorId CtrNamespaceNotFound*
    }
}
