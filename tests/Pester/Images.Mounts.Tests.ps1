#requires -Version 7.6
# Images unpacked and mounted: the files are those that ctr shows, they stay as long as the mount does, and nothing is left of it afterwards.

BeforeDiscovery {
    Import-Module (Join-Path $PSScriptRoot Helpers.psm1)
}

BeforeAll {
    $ErrorActionPreference = 'Stop'
    Import-ModuleUnderTest

    # Names, kinds, modes, owners, sizes, times, targets of links and numbers of names of all that is below a folder.
    function Get-Tree {
        param([string] $Folder)
        find $Folder -mindepth 1 -printf '%P|%y|%m|%U|%G|%s|%T@|%l|%n\n' | Sort-Object -Culture ''
    }

    # An image of many layers, each with a file of its own, the last one with one that all of them write.
    function New-DeepArchive {
        [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '', Justification = 'in the test drive')]
        param([string] $Path, [int] $Layer)
        $folder = (New-Item "$Path.d/blobs/sha256" -ItemType Directory -Force).FullName
        $add = {
            param([byte[]] $Bytes)
            $hex = [Convert]::ToHexStringLower([Security.Cryptography.SHA256]::HashData($Bytes))
            [IO.File]::WriteAllBytes("$folder/$hex", $Bytes)
            @{ digest = "sha256:$hex"; size = $Bytes.Length }
        }
        $layers = foreach ($number in 1..$Layer) {
            $tar = [IO.MemoryStream]::new()
            $writer = [Formats.Tar.TarWriter]::new($tar, [Formats.Tar.TarEntryFormat]::Pax, $true)
            foreach ($name in "layer-$number", 'all') {
                $entry = [Formats.Tar.PaxTarEntry]::new('RegularFile', $name)
                $entry.DataStream = [IO.MemoryStream]::new([Text.Encoding]::UTF8.GetBytes("$number"))
                $writer.WriteEntry($entry)
            }
            $writer.Dispose()
            & $add $tar.ToArray()
        }
        $layers | ForEach-Object { $_.mediaType = 'application/vnd.oci.image.layer.v1.tar' }
        $rootfs = @{ type = 'layers'; diff_ids = @($layers.digest) }
        $json = { [Text.Encoding]::UTF8.GetBytes((ConvertTo-Json $args[0] -Depth 9 -Compress)) }
        $config = & $add (& $json @{ architecture = 'amd64'; os = 'linux'; config = @{}; rootfs = $rootfs })
        $config.mediaType = 'application/vnd.oci.image.config.v1+json'
        $manifest = & $add (& $json @{
                schemaVersion = 2; mediaType = 'application/vnd.oci.image.manifest.v1+json'; config = $config; layers = @($layers)
            })
        $manifest.mediaType = 'application/vnd.oci.image.manifest.v1+json'
        $manifest.annotations = @{ 'io.containerd.image.name' = 'docker.io/library/deep:1' }
        [IO.File]::WriteAllBytes("$Path.d/index.json", (& $json @{ schemaVersion = 2; manifests = @($manifest) }))
        [IO.File]::WriteAllText("$Path.d/oci-layout", '{"imageLayoutVersion":"1.0.0"}')
        tar -C "$Path.d" -cf $Path oci-layout index.json blobs
    }
}

Describe 'Images unpacked and mounted, containerd <generation>' -ForEach (Get-RigGeneration) {
    if ($reason) {
        It 'has a daemon' { Set-ItResult -Skipped -Because $reason }
        return
    }

    BeforeAll {
        $rig = Get-Rig $generation
        $namespace = Add-TestNamespace $rig
        $null = Invoke-Ctr $rig -n $namespace images import --no-unpack (Get-ArchivePath nginx)
        $session = Connect-CtrSession $rig.Address -Namespace $namespace
        $busybox = 'docker.io/library/busybox:1.35'
        # Below the rig's own folder: what stays mounted is seen by its state.
        $folder = (New-Item (Join-Path (Split-Path $rig.Root) mnt) -ItemType Directory -Force).FullName
        function New-Target {
            [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '', Justification = 'of the rig')]
            param()
            (New-Item (Join-Path $folder ([guid]::NewGuid().ToString('n').Substring(0, 8))) -ItemType Directory).FullName
        }
        function Test-Mount {
            param([string] $Path)
            [bool]([IO.File]::ReadAllLines('/proc/self/mountinfo') | Where-Object { ($_ -split ' ')[4] -eq $Path })
        }
        $null = Expand-CtrImage busybox:1.35, nginx:deb
        $null = Expand-CtrImage busybox:1.35 -Snapshotter native
        $before = Get-RigState $rig
    }

    AfterEach {
        # Whatever a test did: no lease, snapshot, write or mount is left.
        Compare-Object $before (Get-RigState $rig) | ForEach-Object { "$($_.SideIndicator) $($_.InputObject)" } | Should -BeNullOrEmpty
    }

    AfterAll {
        Disconnect-CtrSession $session
        Clear-TestNamespace $rig $namespace
    }

    It 'shows extended attributes, those of ctr and of the layers' {
        # Written and read by GNU tar, which asks the kernel for them.
        $source = Join-Path $TestDrive "attributes-$generation.tar"
        $attributes = [Collections.Generic.Dictionary[string, string]]::new()
        $attributes['SCHILY.xattr.user.note'] = 'kept'
        $entry = [Formats.Tar.PaxTarEntry]::new('RegularFile', 'noted', $attributes)
        $entry.DataStream = [IO.MemoryStream]::new([byte[]](1, 2, 3))
        $file = [IO.File]::Create($source)
        $writer = [Formats.Tar.TarWriter]::new($file, [Formats.Tar.TarEntryFormat]::Pax, $false)
        $writer.WriteEntry($entry)
        $writer.Dispose()
        function Read-Attribute {
            param([string] $Folder)
            $read = "$source.read"
            tar --xattrs '--xattrs-include=*' -C $Folder -cf $read noted
            $reader = [Formats.Tar.TarReader]::new([IO.File]::OpenRead($read), $false)
            try {
                $reader.GetNextEntry($true).ExtendedAttributes['SCHILY.xattr.user.note']
            } finally {
                $reader.Dispose()
            }
        }
        $own = Add-TestNamespace $rig
        try {
            $null = New-CtrImage localhost/noted:1 -Path $source -Namespace $own
            $told = Get-CtrImageFile localhost/noted:1 /noted -Namespace $own
            $told.ExtendedAttributes['user.note'] | Should -Be "0x$([Convert]::ToHexStringLower([Text.Encoding]::UTF8.GetBytes('kept')))"
            foreach ($snapshotter in 'overlayfs', 'native') {
                $ours, $theirs = (New-Target), (New-Target)
                $null = Mount-CtrImage localhost/noted:1 $ours -Namespace $own -Snapshotter $snapshotter
                $null = Invoke-Ctr $rig -n $own images mount --snapshotter $snapshotter localhost/noted:1 $theirs
                try {
                    Read-Attribute $theirs | Should -Be kept
                    Read-Attribute $ours | Should -Be kept
                } finally {
                    Dismount-CtrImage $ours, $theirs -Namespace $own
                }
            }
        } finally {
            Clear-TestNamespace $rig $own
        }
    }

    It 'unpacks what is packed, tells what was there, and the collector leaves it' {
        $own = Add-TestNamespace $rig
        $first = Expand-CtrImage busybox:1.35 -Namespace $own -Snapshotter native
        $first.PresentLayers | Should -Be 0
        $first.UnpackedLayers | Should -Be @(Get-CtrImageLayer busybox:1.35 -Namespace $own).Count
        $first.Platform, $first.Snapshotter, $first.Namespace | Should -Be linux/amd64, native, $own
        $first.Duration | Should -BeGreaterThan ([timespan]::Zero)
        $chains = @((Get-CtrImageLayer busybox:1.35 -Namespace $own -Snapshotter native).ChainId)
        $first.ChainId | Should -Be $chains[-1]
        $null = Invoke-Ctr $rig -n $own content prune references
        $kept = ConvertFrom-CtrTable (Invoke-Ctr $rig -n $own snapshots --snapshotter native ls)
        $kept.KEY | Sort-Object -Culture '' | Should -Be ($chains | Sort-Object -Culture '')
        $again = Get-CtrImage -Namespace $own | Expand-CtrImage -Snapshotter native
        $again.UnpackedLayers, $again.PresentLayers, $again.ChainId | Should -Be 0, $chains.Count, $first.ChainId
        Clear-TestNamespace $rig $own
    }

    It 'unpacks for every platform that is here' {
        $own = Add-TestNamespace $rig
        $null = Import-CtrImage (Get-ArchivePath index-full) -AllPlatforms -NoUnpack -Namespace $own # ctr keeps one platform
        $all = Expand-CtrImage index:full -Namespace $own -AllPlatforms
        $all.Platform | Should -Be linux/amd64, linux/arm64
        (Expand-CtrImage index:full -Namespace $own -Platform linux/arm64).PresentLayers |
            Should -Be ($all[1].UnpackedLayers + $all[1].PresentLayers)
        Clear-TestNamespace $rig $own
    }

    It 'shows with <snapshotter> the tree that ctr shows, read-only' -ForEach @(
        @{ snapshotter = 'overlayfs'; image = 'nginx:deb' }
        @{ snapshotter = 'native'; image = 'busybox:1.35' }
    ) {
        $own, $theirs = (New-Target), (New-Target)
        $mount = Mount-CtrImage $image $own -Snapshotter $snapshotter
        $null = Invoke-Ctr $rig -n $namespace images mount --snapshotter $snapshotter "docker.io/library/$image" $theirs
        $tree = Get-Tree $own
        $tree.Count | Should -BeGreaterThan 10
        $tree | Should -Be (Get-Tree $theirs)
        { [IO.File]::WriteAllText("$own/new", 'x') } | Should -Throw -ExpectedMessage '*Read-only file system*'
        $mount.Path, $mount.Name, $mount.Snapshotter, $mount.IsWritable, $mount.IsMounted |
            Should -Be $own, "docker.io/library/$image", $snapshotter, $false, $true
        # ctr's own mounts are listed, and ended, as ours are.
        $listed = Get-CtrImageMount
        $listed.Path | Should -Be ($own, $theirs | Sort-Object -Culture '')
        $listed.Name | Should -Be ("docker.io/library/$image", "docker.io/library/$image")
        $listed.IsMounted | Should -Be $true, $true
        ($listed | Where-Object Path -EQ $own).ProcessId | Should -Be $PID
        ($listed | Where-Object Path -EQ $theirs).ProcessId | Should -BeNullOrEmpty
        $listed | Dismount-CtrImage
        Test-Mount $own | Should -BeFalse
        Test-Mount $theirs | Should -BeFalse
    }

    It 'is ended by ctr as well' {
        $target = New-Target
        $null = Mount-CtrImage busybox:1.35 $target
        $null = Invoke-Ctr $rig -n $namespace images unmount --rm $target
        Test-Mount $target | Should -BeFalse
        Get-CtrImageMount | Should -BeNullOrEmpty
    }

    It 'leaves snapshots alone that others name like a folder' {
        $null = Invoke-Ctr $rig -n $namespace snapshots prepare /somebody/else
        Get-CtrImageMount | Should -BeNullOrEmpty
        { Dismount-CtrImage /somebody/else } | Should -Throw -ErrorId 'CtrMountNotFound,*'
        $null = Invoke-Ctr $rig -n $namespace snapshots rm /somebody/else
    }

    It 'outlives the image and every collection' {
        $target = New-Target
        $own = Add-TestNamespace $rig
        $null = Mount-CtrImage busybox:1.35 $target -Namespace $own
        $tree = Get-Tree $target
        $null = Invoke-Ctr $rig -n $own images rm --sync $busybox
        $null = Invoke-Ctr $rig -n $own content prune references
        Get-Tree $target | Should -Be $tree
        # Nothing ends it by time.
        Invoke-Ctr $rig -n $own leases ls | Select-String gc.expire | Should -BeNullOrEmpty
        Dismount-CtrImage $target -Namespace $own
        Clear-TestNamespace $rig $own
    }

    It 'lets files be written that are gone afterwards, with <_>' -ForEach 'overlayfs', 'native' {
        $target = New-Target
        $mount = Mount-CtrImage busybox:1.35 $target -Writable -Snapshotter $_
        $mount.IsWritable | Should -BeTrue
        [IO.File]::WriteAllText("$target/new", 'x')
        [IO.Directory]::Delete("$target/bin", $true)
        (Get-CtrImageMount $target).IsWritable | Should -BeTrue
        Dismount-CtrImage $target
        $null = Mount-CtrImage busybox:1.35 $target -Writable -Snapshotter $_
        "$target/new" | Should -Not -Exist
        "$target/bin" | Should -Exist
        Get-Item $target | Dismount-CtrImage
    }

    It 'mounts 131 layers, whose options are more than a page' {
        $own = Add-TestNamespace $rig
        New-DeepArchive "$TestDrive/deep-$generation.tar" 131
        $null = Import-CtrImage "$TestDrive/deep-$generation.tar" -NoUnpack -Namespace $own
        foreach ($writable in $false, $true) {
            $target = New-Target
            $here = [Environment]::CurrentDirectory
            $mount = Mount-CtrImage deep:1 $target -Namespace $own -Writable:$writable
            [Environment]::CurrentDirectory | Should -Be $here
            [IO.File]::ReadAllText("$target/all") | Should -Be '131'
            (Get-ChildItem $target).Count | Should -Be 132
            (Get-CtrImageMount deep:1 -Namespace $own).IsMounted | Should -BeTrue
            $mount | Dismount-CtrImage
        }
        Clear-TestNamespace $rig $own
    }

    It 'mounts eight at once' {
        $targets = 1..8 | ForEach-Object { New-Target }
        $arguments = (Get-ManifestPath), $rig.Address, $namespace
        $made = $targets | ForEach-Object -Parallel {
            Import-Module ($using:arguments)[0]
            Mount-CtrImage busybox:1.35 $_ -Session ($using:arguments)[1] -Namespace ($using:arguments)[2]
        } -ThrottleLimit 8
        $made.Path | Sort-Object -Culture '' | Should -Be ($targets | Sort-Object -Culture '')
        (Get-CtrImageMount busybox:*).IsMounted | Should -Be @(1..8 | ForEach-Object { $true })
        Dismount-CtrImage busybox:1.35
        Get-CtrImageMount | Should -BeNullOrEmpty
    }

    It 'outlives a PowerShell that is killed, and what is not mounted any more is cleared' {
        $target = New-Target
        $program, $first = Get-PowerShellWord
        $start = [Diagnostics.ProcessStartInfo]::new($program)
        $line = "Import-Module '$(Get-ManifestPath)'; `$null = Mount-CtrImage busybox:1.35 '$target' -Session '$($rig.Address)' -Namespace $namespace"
        @($first) + '-NoProfile', '-NonInteractive', '-Command', "$line; [Console]::Out.WriteLine('mounted'); [Threading.Thread]::Sleep(-1)" |
            Where-Object { $_ } | ForEach-Object { $start.ArgumentList.Add($_) }
        $start.RedirectStandardOutput = $true
        $kill = {
            $child = [Diagnostics.Process]::Start($start)
            while (($words = $child.StandardOutput.ReadLine()) -ne 'mounted') {
                if ($null -eq $words) { throw 'The child ended.' }
            }
            $child.Kill()
            $child.WaitForExit()
            $child.Id
        }
        $id = & $kill
        Clear-CtrLeftover -Session $session | Where-Object Key -EQ $target | Should -BeNullOrEmpty
        Invoke-Collection $rig $namespace
        "$target/bin/busybox" | Should -Exist
        $found = Get-CtrImageMount $target
        $found.ProcessId, $found.IsMounted | Should -Be $id, $true
        $found | Dismount-CtrImage
        # The same where it was killed before it had mounted anything: nothing is mounted, and a lease says that it was to be.
        $id = & $kill
        umount $target
        (Get-CtrImageMount $target).IsMounted | Should -BeFalse
        $left = Clear-CtrLeftover -Session $session | Where-Object Key -EQ $target
        $left.Kind, $left.ProcessId | Should -Be Lease, $id
        $left.Reason | Should -BeLike 'It keeps an image*'
        Get-CtrImageMount | Should -BeNullOrEmpty
        # And the next mount does not wait for anybody to clear.
        $null = & $kill
        umount $target
        $null = Mount-CtrImage busybox:1.35 $target
        Dismount-CtrImage $target
    }

    It 'tells who uses it, and -Force takes it away' {
        $target = New-Target
        $null = Mount-CtrImage busybox:1.35 $target
        $user = Start-Process sleep 1000 -WorkingDirectory "$target/bin" -PassThru
        try {
            { Dismount-CtrImage $target } | Should -Throw -ErrorId 'CtrMountBusy,*' -ExpectedMessage "*$($user.Id) (sleep)*"
            Test-Mount $target | Should -BeTrue
            Dismount-CtrImage $target -Force
            Test-Mount $target | Should -BeFalse
        } finally {
            $user.Kill()
            $user.WaitForExit()
        }
        # What is mounted over it is nobody's to end here.
        $null = Mount-CtrImage busybox:1.35 $target
        mount -t tmpfs none $target
        { Dismount-CtrImage $target -Force } | Should -Throw -ErrorId 'CtrMountBusy,*' -ExpectedMessage '*tmpfs is mounted over it*'
        umount $target
        Dismount-CtrImage $target
    }

    It 'says by id what cannot be: <work>' -ForEach @(
        @{ work = { Mount-CtrImage busybox:1.35 /nonexistent/x }; id = 'CtrInvalidPath'; says = "*no folder '/nonexistent/x'*" }
        @{ work = { Mount-CtrImage busybox:1.35 /etc/passwd }; id = 'CtrInvalidPath'; says = '*is a file*' }
        @{ work = { Mount-CtrImage busybox:1.35 / }; id = 'CtrInvalidPath'; says = '*root*' }
        @{ work = { Mount-CtrImage busyboxx:1.35 $folder }; id = 'CtrImageNotFound'; says = '*busybox:1.35*' }
        @{ work = { Mount-CtrImage busybox:1.35 $folder -Platform linux/arm64 }; id = 'CtrPlatformNotFound'; says = '*linux/amd64*' }
        @{ work = { Mount-CtrImage busybox:1.35 $folder -Snapshotter nothing }; id = 'CtrNotSupported'; says = '*no snapshotter*' }

        @{ work = { Expand-CtrImage absent:1 -Namespace k8s.io }; id = 'CtrBlobMissing'; says = '*is not in namespace*' }
        @{ work = { Expand-CtrImage busybox:1.35 -Platform linux/arm64 }; id = 'CtrPlatformNotFound'; says = '*linux/amd64*' }
        @{ work = { Expand-CtrImage busybox:1.35 -Platform linux/arm64 -AllPlatforms }; id = 'CtrInvalidArgument'; says = '*contradict*' }
        @{ work = { Dismount-CtrImage $folder }; id = 'CtrMountNotFound'; says = "*at '*" }
        @{ work = { Dismount-CtrImage busybox:1.35 }; id = 'CtrMountNotFound'; says = "*'busybox:1.35'*" }
        @{ work = { Get-CtrImageMount ./x }; id = 'CtrMountNotFound'; says = "*'./x'*" }
        @{ work = { Mount-CtrImage busybox:1.35, nginx:deb $folder -WhatIf }; id = 'CtrInvalidArgument'; says = '*one image*' }
    ) {
        $work | Should -Throw -ErrorId "$id,*" -ExpectedMessage $says
    }

    It 'does not mount where an image is mounted, and says where else one is' {
        $target = New-Target
        $null = Mount-CtrImage busybox:1.35 $target
        { Mount-CtrImage nginx:deb $target } | Should -Throw -ErrorId 'CtrMountExists,*'
        { Dismount-CtrImage $target -Namespace default } | Should -Throw -ErrorId 'CtrMountNotFound,*' -ExpectedMessage "*'$namespace' is*"
        Get-CtrImageMount nginx:* | Should -BeNullOrEmpty
        (Get-CtrImageMount "$folder/*").Path | Should -Be $target
        Dismount-CtrImage "$folder/*" -WhatIf
        Test-Mount $target | Should -BeTrue
        Get-CtrImage busybox:1.35 | Dismount-CtrImage
        Test-Mount $target | Should -BeFalse
    }

    It 'warns of files that are hidden, and takes a folder by a link or from here' {
        $target = New-Target
        Set-Content "$target/own" x
        $link = "$TestDrive/link-$generation"
        $null = New-Item $link -ItemType SymbolicLink -Target $target
        $mount = Mount-CtrImage busybox:1.35 $link -WarningVariable words -WarningAction SilentlyContinue
        $words | Should -BeLike "*'$target' is not empty*"
        $mount.Path | Should -Be $target
        Push-Location $folder
        try {
            Dismount-CtrImage "./$(Split-Path $target -Leaf)"
        } finally {
            Pop-Location
        }
        Get-Content "$target/own" | Should -Be x
    }

    It 'is for the daemon''s machine alone' {
        $relay = Open-Relay $rig
        try {
            $far = Connect-CtrSession $relay.Address -Namespace $namespace -NoDefault
            { Mount-CtrImage busybox:1.35 $folder -Session $far } | Should -Throw -ErrorId 'CtrNotLocal,*'
            (Expand-CtrImage busybox:1.35 -Session $far).UnpackedLayers | Should -Be 0
            $target = New-Target
            $null = Mount-CtrImage busybox:1.35 $target
            (Get-CtrImageMount -Session $far).IsMounted | Should -BeNullOrEmpty
            { Dismount-CtrImage $target -Session $far } | Should -Throw -ErrorId 'CtrNotLocal,*'
            Dismount-CtrImage $target
            Disconnect-CtrSession $far
        } finally {
            $relay.Dispose()
        }
    }

    It 'is for root alone' {
        # May open everything, the socket as well, and is not root.
        $as = '--reuid=65534', '--regid=65534', '--clear-groups', '--inh-caps=+dac_override', '--ambient-caps=+dac_override'
        $script = {
            Import-Module '{0}'
            try { Mount-CtrImage busybox:1.35 '{2}' -Session '{1}' -Namespace '{3}' -ErrorAction Stop } catch { "> $($_.FullyQualifiedErrorId)" }
        }.ToString().Replace('{0}', (Get-ManifestPath)).Replace('{1}', $rig.Address).Replace('{2}', $folder).Replace('{3}', $namespace)
        $powershell = @(Get-PowerShellWord)
        $nobody = (New-Item (Join-Path $TestDrive "nobody-$generation") -ItemType Directory).FullName
        chown 65534:65534 $nobody
        $lines = Use-Environment @{ HOME = $nobody } { setpriv @as @powershell -NoProfile -NonInteractive -Command $script 2>&1 }
        $lines | Should -Contain '> CtrRootRequired,CtrPS.Commands.MountCtrImageCommand'
    }

    It 'changes nothing with -WhatIf' {
        $target = New-Target
        Mount-CtrImage busybox:1.35 $target -WhatIf
        Expand-CtrImage busybox:1.35 -WhatIf
        Test-Mount $target | Should -BeFalse
    }
}
