#requires -Version 7.6
# Files of images without a mount: what the cmdlets tell and write is what a mount of the image by ctr shows, byte for byte and mode for mode.

BeforeDiscovery {
    Import-Module (Join-Path $PSScriptRoot Helpers.psm1)
}

BeforeAll {
    $ErrorActionPreference = 'Stop'
    Import-ModuleUnderTest

    # Makes a tar of entries, with .NET's writer: each a hash table with Name and, where it is no empty file, Type, Text, Mode, Owner, Link.
    function New-Layer {
        [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '', Justification = 'a file of the test')]
        param([string] $Path, [Collections.IDictionary[]] $Entry, [string] $Format = 'Pax')
        $file = [IO.File]::Create($Path)
        $writer = [Formats.Tar.TarWriter]::new($file, $Format)
        foreach ($one in $Entry) {
            $type = $one['Type'] ?? 'RegularFile'
            $item = $Format -eq 'Pax' ? [Formats.Tar.PaxTarEntry]::new($type, $one.Name) : [Formats.Tar.GnuTarEntry]::new($type, $one.Name)
            $item.Mode = [Convert]::ToInt32(($one['Mode'] ?? ($type -eq 'Directory' ? '755' : '644')), 8)
            $item.Uid, $item.Gid = $one['Owner'] ?? (0, 0)
            $item.ModificationTime = [DateTimeOffset]::FromUnixTimeSeconds(1700000000 + $one.Name.Length)
            if ($one['Link']) { $item.LinkName = $one.Link }
            if ($type -match 'Device') { $item.DeviceMajor, $item.DeviceMinor = 1, 3 }
            if ($one['Text']) { $item.DataStream = [IO.MemoryStream]::new([Text.Encoding]::UTF8.GetBytes($one.Text)) }
            $writer.WriteEntry($item)
        }
        $writer.Dispose()
        $file.Dispose()
        $Path
    }

    # Makes an OCI archive of tars, packed as asked by the system's programs, and imports it by ctr.
    function Import-Layer {
        param([pscustomobject] $Rig, [string] $Namespace, [string] $Name, [string[]] $Tar, [string] $Pack = 'gzip', [switch] $Docker)
        $folder = (New-Item "$TestDrive/layout-$([guid]::NewGuid())/blobs/sha256" -ItemType Directory).FullName
        $add = {
            param($Source)
            $digest = (Get-FileHash $Source -Algorithm SHA256).Hash.ToLowerInvariant()
            Move-Item $Source "$folder/$digest" -Force
            @{ digest = "sha256:$digest"; size = (Get-Item "$folder/$digest").Length }
        }
        $addText = { param($Value) $text = "$folder/text"; [IO.File]::WriteAllText($text, (ConvertTo-Json $Value -Depth 9 -Compress)); & $add $text }
        $ids = [Collections.Generic.List[string]]::new()
        $layers = foreach ($one in $Tar) {
            $ids.Add("sha256:$((Get-FileHash $one -Algorithm SHA256).Hash.ToLowerInvariant())")
            $packed = "$folder/packed"
            switch ($Pack) {
                'gzip' { bash -c "gzip -nc '$one' > '$packed'" }
                'zstd' { bash -c "zstd -qc '$one' > '$packed'" }
                'plain' { Copy-Item $one $packed }
            }
            $blob = & $add $packed
            $suffix = @{ gzip = '+gzip'; zstd = '+zstd'; plain = '' }[$Pack]
            $blob.mediaType = $Docker ? 'application/vnd.docker.image.rootfs.diff.tar.gzip' : "application/vnd.oci.image.layer.v1.tar$suffix"
            $blob
        }
        $config = & $addText @{ architecture = 'amd64'; os = 'linux'; config = @{}; rootfs = @{ type = 'layers'; diff_ids = @($ids) } }
        $config.mediaType = $Docker ? 'application/vnd.docker.container.image.v1+json' : 'application/vnd.oci.image.config.v1+json'
        $type = $Docker ? 'application/vnd.docker.distribution.manifest.v2+json' : 'application/vnd.oci.image.manifest.v1+json'
        $manifest = & $addText @{ schemaVersion = 2; mediaType = $type; config = $config; layers = @($layers) }
        $manifest.mediaType = $type
        $manifest.platform = @{ os = 'linux'; architecture = 'amd64' }
        $manifest.annotations = @{ 'io.containerd.image.name' = $Name }
        $root = Split-Path (Split-Path $folder)
        [IO.File]::WriteAllText("$root/index.json", (ConvertTo-Json @{ schemaVersion = 2; manifests = @($manifest) } -Depth 9))
        [IO.File]::WriteAllText("$root/oci-layout", '{"imageLayoutVersion":"1.0.0"}')
        tar -C $root -cf "$root.tar" oci-layout index.json blobs
        $null = Invoke-Ctr $Rig -n $Namespace images import --no-unpack "$root.tar"
        Remove-Item $root, "$root.tar" -Recurse
        @($layers).digest
    }

    # What is below a folder, a line each: path, kind, mode, owner, size, link, time; bytes are hashed.
    function Get-Tree {
        param([string] $Folder)
        $lines = find $Folder -mindepth 1 -printf '%P|%y|%#m|%U|%G|%s|%l|%T@\n'
        foreach ($line in $lines | Sort-Object -Culture '' -CaseSensitive) {
            $path, $kind, $mode, $user, $group, $size, $link, $time = $line -split '\|'
            $mode = [Convert]::ToInt32($mode, 8)
            $size = $kind -eq 'f' ? $size : 0
            # A folder that no layer names has the time when it was made.
            $time = $kind -eq 'd' ? '' : [long][Math]::Floor([double]$time)
            "$path|$kind|$mode|$user|$group|$size|$link|$time"
        }
    }

    # The same as the cmdlet tells it.
    function Get-ToldTree {
        param([string] $Name)
        $kinds = @{ File = 'f'; Directory = 'd'; SymbolicLink = 'l'; CharacterDevice = 'c'; BlockDevice = 'b'; Fifo = 'p' }
        $lines = foreach ($file in Get-CtrImageFile $Name -Recurse -Session $session -Namespace $namespace) {
            $time = $file.Kind -eq 'Directory' ? '' : $file.LastWriteTime.ToUnixTimeSeconds()
            "$($file.Path.Substring(1))|$($kinds["$($file.Kind)"])|$($file.Mode)|$($file.Uid)|$($file.Gid)|$($file.Size)|$($file.LinkTarget)|$time"
        }
        $lines | Sort-Object -Culture '' -CaseSensitive
    }

    function Get-Hash {
        param([string] $Folder)
        bash -c "cd '$Folder' && find . -type f -print0 | sort -z | xargs -0 -r sha256sum"
    }

    # Mounts an image by ctr, does something with the folder, and takes the mount away.
    function Use-Mount {
        param([pscustomobject] $Rig, [string] $Namespace, [string] $Name, [scriptblock] $Script)
        $target = (New-Item "$space/mount-$([guid]::NewGuid())" -ItemType Directory).FullName
        $null = Invoke-Ctr $Rig -n $Namespace images mount $Name $target
        try {
            & $Script $target
        } finally {
            $null = Invoke-Ctr $Rig -n $Namespace images unmount --rm $target
        }
    }

    # All that layers can do to one another.
    $file = { param($Name, $Text) @{ Name = $Name; Text = $Text } }
    $folder = { param($Name, $Mode = '755') @{ Name = $Name; Type = 'Directory'; Mode = $Mode } }
    $layers = @(
        @(
            & $folder a; & $folder a/sub 700; & $file a/sub/one one; & $file a/two two; & $file gone gone; & $folder swap; & $file swap/inner x
            @{ Name = 'setuid'; Text = 'x'; Mode = '4755' }; @{ Name = 'sticky'; Type = 'Directory'; Mode = '1777' }
            @{ Name = 'owned'; Text = 'mine'; Owner = 1000, 2000 }; @{ Name = 'link'; Type = 'SymbolicLink'; Link = 'a/two' }
            @{ Name = 'far'; Type = 'SymbolicLink'; Link = '/a/sub' }; @{ Name = 'hard'; Type = 'HardLink'; Link = 'a/two' }
            @{ Name = 'pipe'; Type = 'Fifo' }; @{ Name = 'null'; Type = 'CharacterDevice' }; & $folder opaque 711; & $file opaque/old old
            & $folder 'spaced name'; & $file "spaced name/n`u{e4}me" text; & $file empty; & $folder usr; & $folder usr/lib
            @{ Name = 'lib'; Type = 'SymbolicLink'; Link = 'usr/lib' }; & $folder deep 750; & $folder deep/er 710; & $file deep/er/file 1
        ),
        @(
            & $file .wh.gone; & $file swap file; & $folder opaque 755; & $file opaque/.wh..wh..opq; & $file opaque/new new
            & $file a/.wh.two; & $file a/sub/one 'one again'; & $file deep/er/another 2; & $file ./usr/lib/code code
            & $file ('long/' + ('n' * 200) + '/' + ('m' * 200)) long
        ),
        @(
            & $file gone back; & $folder link; & $file link/now folder; & $file hard replaced; & $file a/two third
            @{ Name = 'self'; Type = 'SymbolicLink'; Link = 'a' }; & $file self/through here; & $folder swap; & $file swap/again y
        )
    )
}

Describe 'Files of images, containerd <generation>' -ForEach (Get-RigGeneration) {
    if ($reason) {
        It 'has a daemon' { Set-ItResult -Skipped -Because $reason }
        return
    }

    BeforeAll {
        # What is written there has links to folders above itself (/usr/bin/X11), which Pester follows where it looks through its own folder.
        $space = (New-Item (Join-Path ([IO.Path]::GetTempPath()) "ctrps-files-$([guid]::NewGuid())") -ItemType Directory).FullName
        $rig = Get-Rig $generation
        $namespace = Add-TestNamespace $rig busybox
        $session = Connect-CtrSession $rig.Address -Namespace $namespace
        $null = Invoke-Ctr $rig -n $namespace images import --no-unpack (Get-ArchivePath nginx)
        $new = { $index = 0; foreach ($one in $layers) { New-Layer "$TestDrive/$generation-$((++$index)).tar" $one } }
        $null = Import-Layer -Rig $rig -Namespace $namespace -Name localhost/files:gzip (& $new)
        $null = Import-Layer -Rig $rig -Namespace $namespace -Name localhost/files:plain (& $new) -Pack plain
        $null = Import-Layer -Rig $rig -Namespace $namespace -Name localhost/files:docker (& $new) -Docker
        if ($generation -ne '1.6') {
            $null = Import-Layer -Rig $rig -Namespace $namespace -Name localhost/files:zstd (& $new) -Pack zstd
        }
        $leases = @(Invoke-Ctr $rig -n $namespace leases ls -q)
    }

    AfterAll {
        Disconnect-CtrSession $session
        Clear-TestNamespace $rig $namespace
        rm -rf $space
    }

    It 'are those of a mount: localhost/files:<_>' -ForEach @('gzip', 'plain', 'docker'; if ($generation -ne '1.6') { 'zstd' }) {
        $name = "localhost/files:$_"
        $told = Get-ToldTree $name
        $written = "$space/written-$_"
        $null = mkdir $written
        Copy-CtrImageFile $name / $written -PreserveOwner -WarningVariable left -WarningAction SilentlyContinue
        $left | Should -HaveCount 2 # a pipe and a device
        Use-Mount -Rig $rig -Namespace $namespace -Name $name {
            $told | Should -Be (Get-Tree $args[0])
            # Links have a time of their own there.
            $plain = { $_ -match '\|l\|' ? ($_ -replace '\d+$') : $_ }
            Get-Tree $written | ForEach-Object $plain |
                Should -Be (Get-Tree $args[0] | Where-Object { $_ -notmatch '\|[pc]\|' } | ForEach-Object $plain)
            Get-Hash $written | Should -Be (Get-Hash $args[0])
        }
    }

    if ($generation -eq '2') {
        It 'are read once a layer, and then come out of the middle of it' {
            $written = "$space/nginx"
            $null = mkdir $written
            Copy-CtrImageFile nginx:deb / $written -PreserveOwner -WarningAction SilentlyContinue
            $told = Get-ToldTree nginx:deb
            Use-Mount -Rig $rig -Namespace $namespace -Name docker.io/library/nginx:deb {
                $told | Should -Be (Get-Tree $args[0])
                Get-Hash $written | Should -Be (Get-Hash $args[0])
                foreach ($path in 'usr/bin/perl', 'etc/nginx/nginx.conf', 'usr/bin/openssl', 'usr/bin/bash') {
                    $bytes = [byte[]](Get-CtrImageContent nginx:deb $path -AsByteStream | ForEach-Object { $_ })
                    [Convert]::ToHexString([Security.Cryptography.SHA256]::HashData($bytes)) | Should -Be (Get-FileHash "$($args[0])/$path").Hash
                }
            }
        }
    }

    It 'can be found by path, wildcard, depth and through links' {
        (Get-CtrImageFile localhost/files:gzip /a/sub).Path | Should -Be /a/sub/one
        (Get-CtrImageFile localhost/files:gzip far).Path | Should -Be /a/sub/one
        (Get-CtrImageFile localhost/files:gzip /far/../two).Path | Should -Be /a/two
        (Get-CtrImageFile localhost/files:gzip ../../a/two).Path | Should -Be /a/two
        (Get-CtrImageFile localhost/files:gzip /a/s*/o?e).Path | Should -Be /a/sub/one
        (Get-CtrImageFile localhost/files:gzip '/spaced*/*').Name | Should -Be "n`u{e4}me"
        Get-CtrImageFile localhost/files:gzip /A* | Should -BeNullOrEmpty
        (Get-CtrImageFile localhost/files:gzip /deep -Depth 0).Path | Should -Be /deep/er
        (Get-CtrImageFile localhost/files:gzip /deep -Depth 1).Path | Should -Be /deep/er, /deep/er/another, /deep/er/file
        $setuid = Get-CtrImageFile localhost/files:gzip /setuid
        $setuid.UnixMode, $setuid.LayerIndex, $setuid.Namespace | Should -Be '-rwsr-xr-x', 1, $namespace
        $setuid.Layer | Should -Be (Get-CtrImageLayer localhost/files:gzip)[0].Digest
        (Get-CtrImageFile localhost/files:gzip /[s]ticky).UnixMode | Should -Be 'drwxrwxrwt'
        (Get-CtrImage localhost/files:gzip, localhost/files:plain | Get-CtrImageFile -FilePath /owned).Uid | Should -Be 1000, 1000
        { Get-CtrImageFile localhost/files:gzip /a/towo } | Should -Throw "*Did you mean '/a/two'?*" -ErrorId 'CtrImageFileNotFound,*'
        { Get-CtrImageFile localhost/files:gzip /owned/x } | Should -Throw '*is no folder*' -ErrorId 'CtrImageFileNotFound,*'
    }

    It 'are told with -Hidden as later layers replaced or took them away' {
        $hidden = Get-CtrImageFile localhost/files:gzip -Recurse -Hidden | Where-Object State -NE Visible
        $lines = $hidden | ForEach-Object { "$($_.State) $($_.Path) $($_.LayerIndex)" } | Sort-Object -Culture ''
        $lines | Should -Contain 'Replaced /a/sub/one 1'
        $lines | Should -Contain 'Deleted /opaque/old 1'
        $lines | Should -Contain 'Replaced /gone 1'
        $lines | Should -Contain 'Replaced /swap 2'
        $lines | Should -Contain 'Deleted /swap/inner 1'
        $hidden | Where-Object { $_.Path -eq '/opaque/old' } | Get-CtrImageContent | Should -Be old
        $hidden | Where-Object { $_.Path -eq '/a/sub/one' } | Copy-CtrImageFile -Destination "$TestDrive/hidden-$generation"
        Get-Content "$TestDrive/hidden-$generation/one" | Should -Be one
    }

    It 'have content as Get-Content gives it' {
        $text = "one`ntwo`r`nthree`rfour`n`nlast"
        $null = Import-Layer -Rig $rig -Namespace $namespace -Name localhost/text:1 (New-Layer "$TestDrive/text.tar" @(
                @{ Name = 'text'; Text = $text }; @{ Name = 'link'; Type = 'SymbolicLink'; Link = 'text' }; @{ Name = 'folder'; Type = 'Directory' }
            ))
        [IO.File]::WriteAllText("$TestDrive/text", $text)
        $lines = Get-Content "$TestDrive/text"
        Get-CtrImageContent localhost/text:1 /text | Should -Be $lines
        Get-CtrImageContent localhost/text:1 /link -TotalCount 2 | Should -Be $lines[0..1]
        Get-CtrImageContent localhost/text:1 /text -Tail 3 | Should -Be $lines[-3..-1]
        Get-CtrImageContent localhost/text:1 /text -TotalCount 0 | Should -BeNullOrEmpty
        Get-CtrImageContent localhost/text:1 /text -Raw | Should -BeExactly $text
        (Get-CtrImageContent localhost/text:1 /text -Raw -Encoding unicode).Length | Should -Be ([Math]::Ceiling($text.Length / 2))
        [Text.Encoding]::UTF8.GetString((Get-CtrImageContent localhost/text:1 /text -AsByteStream)) | Should -BeExactly $text
        $hash = (Get-FileHash "$TestDrive/text").Hash.ToLowerInvariant()
        Get-CtrImageContent localhost/text:1 /text -AsByteStream | sha256sum | Should -Be "$hash  -"
        Get-CtrImageFile localhost/text:1 /t* | Get-CtrImageContent -TotalCount 1 | Should -Be one
        Get-CtrImageFile localhost/text:1 /text | ConvertTo-Json | ConvertFrom-Json | Get-CtrImageContent -TotalCount 1 | Should -Be one
        { Get-CtrImageContent localhost/text:1 /folder } | Should -Throw '*is a folder*' -ErrorId 'CtrInvalidArgument,*'
        { Get-CtrImageContent localhost/text:1 } | Should -Throw -ErrorId 'CtrInvalidArgument,*'
    }

    It 'are written as named, and nothing that is there is lost' {
        $to = "$TestDrive/to-$generation"
        $null = mkdir $to
        Copy-CtrImageFile localhost/files:gzip /owned $to/renamed -PassThru | ForEach-Object FullName | Should -Be $to/renamed
        Copy-CtrImageFile localhost/files:gzip /far $to
        Get-Content $to/far/one | Should -Be 'one again' -Because 'a link that is named stands for what it points to'
        { Copy-CtrImageFile localhost/files:gzip /owned $to/renamed } | Should -Throw -ErrorId 'CtrFileExists,*'
        Set-Content $to/renamed other
        Copy-CtrImageFile localhost/files:gzip /owned $to/renamed -Force
        Get-Content $to/renamed -Raw | Should -Be mine
        Copy-CtrImageFile localhost/files:gzip /setuid $to
        [int](Get-Item $to/setuid).UnixFileMode | Should -Be 0x1ED -Because 'only who gets the owner gets what stands for it'
        { Copy-CtrImageFile localhost/files:gzip /a $to/none/x } | Should -Throw -ErrorId 'CtrInvalidPath,*'
        Copy-CtrImageFile localhost/files:gzip /a $to/what -WhatIf
        "$to/what" | Should -Not -Exist
        { Copy-CtrImageFile localhost/files:gzip -Destination $to } | Should -Throw -ErrorId 'CtrInvalidArgument,*'
    }

    It 'are never written through a link, whoever made it' {
        $outside = (New-Item "$TestDrive/outside-$generation" -ItemType Directory).FullName
        $evil = New-Layer "$TestDrive/evil.tar" @(
            @{ Name = 'door'; Type = 'SymbolicLink'; Link = $outside }
            @{ Name = 'up/../../../../../../../../../../escaped'; Text = 'x' }
            @{ Name = '/absolute'; Text = 'x' }
            @{ Name = 'tree'; Type = 'Directory' }; @{ Name = 'tree/file'; Text = 'x' }
        )
        $through = New-Layer "$TestDrive/through.tar" @(@{ Name = 'door/evil'; Text = 'x' })
        $null = Import-Layer -Rig $rig -Namespace $namespace -Name localhost/evil:1 $evil, $through
        $to = "$space/caught"
        $null = mkdir $to
        Copy-CtrImageFile localhost/evil:1 / $to
        (Get-ChildItem $to).Name | Sort-Object | Should -Be absolute, door, escaped, tree
        "$to/door" | Get-Item | ForEach-Object LinkTarget | Should -BeNullOrEmpty -Because 'the second layer makes a folder of it, as overlayfs shows'
        Get-ChildItem $outside | Should -BeNullOrEmpty

        # A link that another process planted.
        Remove-Item $to/tree -Recurse
        $null = New-Item $to/tree -ItemType SymbolicLink -Target $outside
        { Copy-CtrImageFile localhost/evil:1 /tree $to -Force } | Should -Throw -ErrorId 'CtrFileExists,*'
        Remove-Item $to/tree
        $null = mkdir $to/tree
        $null = New-Item $to/tree/file -ItemType SymbolicLink -Target $outside/file
        Copy-CtrImageFile localhost/evil:1 /tree $to -Force
        Get-Content $to/tree/file -Raw | Should -Be x
        (Get-Item $to/tree/file).LinkTarget | Should -BeNullOrEmpty
        Get-ChildItem $outside | Should -BeNullOrEmpty
    }

    It 'stop at a limit that is told: <what>' -ForEach @(
        @{ what = 'a path of 5000 bytes'; entry = { @{ Name = 'n' * 5000 } }; says = '*more than 4096 bytes*'; id = 'CtrImageTooLarge' }
        @{
            what = 'links to one another'; says = '*more than 40 links*'; id = 'CtrImageTooLarge'
            entry = { @{ Name = 'x'; Type = 'SymbolicLink'; Link = 'y' }; @{ Name = 'y'; Type = 'SymbolicLink'; Link = 'x' }; @{ Name = 'x/z' } }
        }
        @{ what = 'a whiteout of nothing'; entry = { @{ Name = 'a/.wh.' } }; says = '*names nothing*'; id = 'CtrBlobCorrupt' }
        @{ what = 'a file below a file'; entry = { @{ Name = 'f' }; @{ Name = 'f/x' } }; says = '*is no folder*'; id = 'CtrBlobCorrupt' }
    ) {
        $null = Import-Layer -Rig $rig -Namespace $namespace -Name localhost/limit:1 (New-Layer "$TestDrive/limit.tar" @(& $entry))
        { Get-CtrImageFile localhost/limit:1 } | Should -Throw $says -ErrorId "$id,*"
    }

    if ($generation -eq '2') {
        It 'stop where a layer expands beyond reason' {
            bash -c "cd '$TestDrive' && truncate -s 1100M bomb && tar -cf - bomb | zstd -qc > bomb.zst && rm bomb"
            $null = Import-Layer -Rig $rig -Namespace $namespace -Name localhost/bomb:1 "$TestDrive/bomb.zst" -Pack plain
            { Get-CtrImageFile localhost/bomb:1 } | Should -Throw '*expand*' -ErrorId 'CtrImageTooLarge,*'
        }
    }

    It 'are refused where a layer is damaged, cut, gone or encrypted' {
        $tar = New-Layer "$TestDrive/broken.tar" @(@{ Name = 'file'; Text = 'abc' * 5000 })
        $digest = Import-Layer -Rig $rig -Namespace $namespace -Name localhost/broken:1 $tar -Pack plain
        $blob = Join-Path $rig.Root io.containerd.content.v1.content blobs ($digest -replace ':', '/')
        $whole = [IO.File]::ReadAllBytes($blob)
        $damaged = [byte[]]$whole.Clone()
        $damaged[2000] = 0
        [IO.File]::WriteAllBytes($blob, $damaged)
        { Get-CtrImageFile localhost/broken:1 } | Should -Throw '*bytes hash to*' -ErrorId 'CtrBlobCorrupt,*'
        [IO.File]::WriteAllBytes($blob, $whole[0..3000])
        { Get-CtrImageFile localhost/broken:1 } | Should -Throw -ErrorId 'CtrBlobCorrupt,*'
        [IO.File]::WriteAllBytes($blob, $whole)
        (Get-CtrImageFile localhost/broken:1).Name | Should -Be file
        { Get-CtrImageFile index:partial -Platform linux/arm64 -Namespace k8s.io } | Should -Throw -ErrorId 'CtrBlobMissing,*'
        { Get-CtrImageFile nginx:deb -Platform linux/arm64 } | Should -Throw -ErrorId 'CtrPlatformNotFound,*'
    }

    if ($generation -ne '1.6') {
        It 'of 131 layers are those of a mount' {
            $tars = foreach ($index in 1..131) {
                New-Layer "$TestDrive/many-$index.tar" @(
                    @{ Name = "dir/file-$($index % 50)"; Text = "$index" }; @{ Name = "own-$index" }
                    if ($index % 7 -eq 0) { @{ Name = ".wh.own-$($index - 3)" } }
                )
            }
            $null = Import-Layer -Rig $rig -Namespace $namespace -Name localhost/many:131 $tars -Pack plain
            $told = Get-ToldTree localhost/many:131
            Get-CtrImageContent localhost/many:131 /dir/file-31 | Should -Be 131
            Use-Mount -Rig $rig -Namespace $namespace -Name localhost/many:131 { $told | Should -Be (Get-Tree $args[0]) }
        }
    }

    It 'come from a daemon that is not on this machine, and to eight at once' {
        $relay = Open-Relay $rig
        try {
            $far = Connect-CtrSession $relay.Address -Namespace $namespace -NoDefault
            $line = { "$($_.UnixMode) $($_.Path) $($_.Size)" }
            $near = Get-CtrImageFile localhost/files:gzip -Recurse | ForEach-Object $line
            Get-CtrImageFile localhost/files:gzip -Recurse -Session $far | ForEach-Object $line | Should -Be $near
            $manifest = Get-ManifestPath
            $lines = 1..8 | ForEach-Object -ThrottleLimit 8 -Parallel {
                Import-Module $using:manifest
                Get-CtrImageContent nginx:deb /etc/nginx/mime.types -Session $using:far -Raw
            }
            $lines | Should -HaveCount 8
            $lines | Select-Object -Unique | Should -HaveCount 1
            Disconnect-CtrSession $far
        } finally {
            $relay.Dispose()
        }
    }

    It 'end with Ctrl-C and leave nothing half written' {
        $to = "$space/stopped"
        $null = mkdir $to
        $shell = [powershell]::Create()
        try {
            $null = $shell.AddScript("Import-Module '$(Get-ManifestPath)'").Invoke()
            $shell.Commands.Clear()
            # The layers are known to the session already: it writes as soon as it begins.
            $null = Get-CtrImageFile nginx:deb -Recurse
            $null = $shell.AddScript("param(`$Session) Copy-CtrImageFile nginx:deb / '$to' -Session `$Session -WarningAction Ignore")
            $running = $shell.AddArgument($session).BeginInvoke()
            Wait-Until { (Test-Path $to/usr) -or $running.IsCompleted } 'it writes'
            $shell.Stop()
            $shell.InvocationStateInfo.State | Should -Be Stopped
            Get-ChildItem $to -Recurse -Filter *.partial | Should -BeNullOrEmpty
        } finally {
            $shell.Dispose()
        }
        @(Invoke-Ctr $rig -n $namespace leases ls -q) | Should -Be $leases
    }

    It 'compared are what diff finds of two mounts' {
        $found = Compare-CtrImage localhost/files:gzip busybox:1.35 -File
        ($found | Where-Object Kind -EQ Layer).SideIndicator | Sort-Object | Should -Be '<=', '<=', '<=', '=>'
        Compare-CtrImage localhost/files:gzip localhost/files:plain -File | Should -BeNullOrEmpty -Because 'what is packed otherwise is the same'
        (Compare-CtrImage localhost/files:gzip localhost/files:plain -IncludeEqual | Where-Object Kind -EQ Layer).Status | Should -Be Same, Same, Same
        $one = New-Layer "$TestDrive/one.tar" @(
            @{ Name = 'same'; Text = 'x' }; @{ Name = 'text'; Text = 'abc' }; @{ Name = 'mode'; Text = 'x' }; @{ Name = 'old'; Type = 'Directory' }
            @{ Name = 'old/file'; Text = '12345' }; @{ Name = 'kind' }
        )
        $other = New-Layer "$TestDrive/other.tar" @(
            @{ Name = 'same'; Text = 'x' }; @{ Name = 'text'; Text = 'abd' }; @{ Name = 'mode'; Text = 'x'; Mode = '600' }
            @{ Name = 'new'; Text = '123' }; @{ Name = 'kind'; Type = 'Directory' }
        )
        $null = Import-Layer -Rig $rig -Namespace $namespace -Name localhost/one:1 $one
        $null = Import-Layer -Rig $rig -Namespace $namespace -Name localhost/other:1 $other
        $files = Compare-CtrImage localhost/one:1 localhost/other:1 -File | Where-Object Kind -EQ File
        $files | ForEach-Object { "$($_.SideIndicator) $($_.Item) $($_.Changes)" } | Should -Be @(
            '<> /kind Kind Mode', '<> /mode Mode', '=> /new ', '<= /old ', '<= /old/file ', '<> /text Content'
        )
        ($files | Where-Object Item -EQ /new).DifferenceSize | Should -Be 3
        ($files | Where-Object Item -EQ /old/file).ReferenceSize | Should -Be 5
        $settings = Compare-CtrImage busybox:1.35 nginx:deb | Where-Object Kind -EQ Config
        ($settings | Where-Object Item -EQ 'ExposedPort 80/tcp').SideIndicator | Should -Be '=>'
        ($settings | Where-Object Item -EQ Cmd).DifferenceValue | Should -Be "-g 'daemon off;'"
        { Compare-CtrImage busybox:1.35 nginx:* } | Should -Throw -ErrorId 'CtrInvalidReference,*'
        { Compare-CtrImage busybox:1.35 nginx:dbe } | Should -Throw -ErrorId 'CtrImageNotFound,*'
    }
}
