#requires -Version 7.6
# Images converted and made: what ctr, skopeo, umoci and podman say of them, and what runs from them. The same work gives the same digest, on every
# containerd.

BeforeDiscovery {
    Import-Module (Join-Path $PSScriptRoot Helpers.psm1)
}

BeforeAll {
    $ErrorActionPreference = 'Stop'
    Import-ModuleUnderTest
    $manifest = Get-ManifestPath

    # What an earlier generation of containerd made of the same.
    $digests = @{}

    # The digest of some work is that of the first containerd, too.
    function Assert-SameDigest {
        param([string] $Work, [string] $Digest)
        $digests[$Work] ??= $Digest
        $Digest | Should -Be $digests[$Work]
    }

    # Unpacks an image by umoci; returns the folder.
    function Expand-Image {
        param([string] $Name)
        $folder = Join-Path $TestDrive "files-$([guid]::NewGuid().ToString('n'))"
        $null = New-Item $folder/layout -ItemType Directory
        Save-CtrImage $Name "$folder/image.tar" -Namespace $namespace -Session $session -Format Oci
        tar --extract --file "$folder/image.tar" --directory $folder/layout
        $tag = (Get-Content "$folder/layout/index.json" -Raw | ConvertFrom-Json).manifests[0].annotations.'org.opencontainers.image.ref.name'
        $null = umoci raw unpack --image "$folder/layout:$tag" "$folder/root" 2>&1
        $LASTEXITCODE | Should -Be 0
        "$folder/root"
    }

    # The files of an image: path, kind, permissions, owner, number of names, target of links, size of files.
    function Get-ImageFile {
        param([string] $Name)
        Push-Location (Expand-Image $Name)
        try {
            find . -mindepth 1 -type f -printf '%P %y %m %U:%G %n %l %s\n' -o -mindepth 1 -printf '%P %y %m %U:%G %n %l \n' |
                Sort-Object -CaseSensitive
        } finally {
            Pop-Location
        }
    }

    # What ctr says: complete and, where it is asked for, unpacked.
    function Assert-Complete {
        param([string] $Name, [switch] $Unpacked)
        $row = ConvertFrom-CtrTable (Invoke-Ctr $rig -n $namespace images check "name==$Name")
        $row.STATUS | Should -BeLike 'complete*'
        if ($Unpacked) {
            $row.UNPACKED | Should -Be true
        }
    }
}

Describe 'Images converted and made, containerd <generation>' -ForEach (Get-RigGeneration) {
    if ($reason) {
        It 'has a daemon' { Set-ItResult -Skipped -Because $reason }
        return
    }

    BeforeAll {
        $rig = Get-Rig $generation
        $namespace = Add-TestNamespace $rig busybox
        $session = Connect-CtrSession $rig.Address -Namespace $namespace
        foreach ($archive in 'nginx', 'busybox-docker', 'attested', 'index-full') {
            $null = Import-CtrImage (Get-ArchivePath $archive) -AllPlatforms -NoUnpack
        }
        $before = Get-RigState $rig | Where-Object { $_ -notmatch '^snapshot' }
        $nginx = 'docker.io/library/nginx:deb'
    }

    AfterAll {
        Get-RigState $rig | Where-Object { $_ -notmatch '^snapshot' } | Should -Be $before
        Disconnect-CtrSession $session
        Clear-TestNamespace $rig $namespace
    }

    It 'have layers of zstd, and the files, the config and the digest that they always have' {
        $made = Convert-CtrImage nginx:deb nginx:zstd -Compression Zstd
        $made | Should -BeOfType CtrPS.CtrConvertedImage
        $made.Source, $made.Name | Should -Be $nginx, docker.io/library/nginx:zstd
        $made.LayersConverted, $made.LayersKept | Should -Be @((Get-CtrImageLayer nginx:deb)).Count, 0
        $made.Size | Should -BeLessThan $made.SourceSize
        (Get-CtrImageLayer nginx:zstd).MediaType | Sort-Object -Unique | Should -Be application/vnd.oci.image.layer.v1.tar+zstd
        (Get-CtrImageConfig nginx:zstd).Digest | Should -Be (Get-CtrImageConfig nginx:deb).Digest
        Assert-Complete docker.io/library/nginx:zstd
        Test-CtrImage nginx:zstd -Deep | ForEach-Object Status | Should -Be Complete
        Assert-SameDigest zstd $made.Digest

        # Again: nothing is written, and the name need not move.
        (Convert-CtrImage nginx:deb nginx:zstd -Compression Zstd).Digest | Should -Be $made.Digest
        Remove-CtrImage nginx:zstd -Synchronous
        (Convert-CtrImage nginx:deb nginx:zstd -Compression Zstd -ThrottleLimit 1).Digest | Should -Be $made.Digest

        # As containerd's own client labels it, so that a collection leaves it whole.
        $info = Invoke-Ctr $rig -n $namespace content ls | Where-Object { $_ -like "$((Get-CtrImageLayer nginx:zstd)[0].Digest)*" }
        $info | Should -BeLike "*containerd.io/uncompressed=$((Get-CtrImageLayer nginx:zstd)[0].DiffId)*"
        Remove-CtrImage (Add-CtrImageTag busybox:1.35 other:1 -PassThru) -Synchronous
        Test-CtrImage nginx:zstd -Deep | ForEach-Object Status | Should -Be Complete
    }

    It 'have plain layers, named as the config names them, and go back to gzip' {
        $plain = Convert-CtrImage busybox:1.35 busybox:plain -Compression None
        $layers = Get-CtrImageLayer busybox:plain
        $layers.Digest | Should -Be $layers.DiffId
        Assert-Complete docker.io/library/busybox:plain
        Assert-SameDigest plain $plain.Digest
        Assert-SameDigest gzip (Convert-CtrImage busybox:plain busybox:gzip -Compression Gzip).Digest
        Assert-SameDigest gzip1 (Convert-CtrImage busybox:plain busybox:gzip1 -Compression Gzip -CompressionLevel 1).Digest
        $digests.gzip1 | Should -Not -Be $digests.gzip
        (Get-CtrImageLayer busybox:gzip).DiffId | Should -Be $layers.DiffId
        { Convert-CtrImage busybox:plain busybox:no -Compression Gzip -CompressionLevel 10 } | Should -Throw -ErrorId CtrInvalidArgument*

        # ctr makes the same layers.
        $null = Invoke-Ctr $rig -n $namespace images convert --uncompress docker.io/library/busybox:1.35 docker.io/library/busybox:ctr
        (Get-CtrImageLayer busybox:ctr).Digest | Should -Be $layers.Digest
    }

    It 'have docker''s media types or OCI''s' {
        $docker = Convert-CtrImage nginx:deb nginx:docker -Format Docker
        $docker.MediaType | Should -Be application/vnd.docker.distribution.manifest.v2+json
        $docker.LayersConverted | Should -Be 0
        $manifest = (Get-CtrImageManifest nginx:docker).ToJson() | ConvertFrom-Json
        $manifest.config.mediaType | Should -Be application/vnd.docker.container.image.v1+json
        $manifest.layers.mediaType | Sort-Object -Unique | Should -Be application/vnd.docker.image.rootfs.diff.tar.gzip
        Assert-Complete docker.io/library/nginx:docker
        Assert-SameDigest docker $docker.Digest
        $oci = Convert-CtrImage nginx:docker nginx:oci -Format Oci
        $oci.MediaType | Should -Be application/vnd.oci.image.manifest.v1+json
        (Get-CtrImageLayer nginx:oci).Digest | Should -Be (Get-CtrImageLayer nginx:deb).Digest

        # Nothing to do: the same image under another name.
        (Convert-CtrImage nginx:oci nginx:oci2 -Format Oci -Compression Gzip).Digest | Should -Be $oci.Digest
        { Convert-CtrImage nginx:deb nginx:no -Format Docker -Compression Zstd } | Should -Throw -ErrorId CtrInvalidArgument*
        { Convert-CtrImage nginx:docker nginx:no -Compression Zstd } | Should -Throw "*docker's format*"
        Get-CtrImage nginx:no -ErrorAction Ignore | Should -BeNullOrEmpty
    }

    It 'have the platforms that are wanted, the others are out of the index' {
        $index = Get-CtrImage *index* | Where-Object { $_.Platforms.Count -gt 1 } | Select-Object -First 1
        $one = Convert-CtrImage $index index:one -Platform linux/arm64
        "$($one.Platforms)" | Should -Be linux/arm64
        "$((Get-CtrImage index:one).Platforms)" | Should -Be linux/arm64
        $all = Convert-CtrImage $index index:zstd -Compression Zstd -Format Oci -Platform All
        $all.Platforms.Count | Should -Be (Get-CtrImage $index).Platforms.Count
        Test-CtrImage index:zstd -Platform linux/arm64 -Deep | ForEach-Object Status | Should -Be Complete
        { Convert-CtrImage $index index:no -Platform linux/s390x } | Should -Throw -ErrorId CtrPlatformNotFound*
    }

    It 'lose the attestations that do not fit any more, with a word' {
        $null = Convert-CtrImage attested:1 attested:zstd -Compression Zstd -WarningVariable told -WarningAction SilentlyContinue
        "$told" | Should -BeLike '*Attestations*left out*'
        (Get-CtrImage attested:zstd -IncludeAttestation).Platforms | Where-Object IsAttestation | Should -BeNullOrEmpty
        $same = Convert-CtrImage attested:1 attested:same -Compression Gzip -WarningVariable told
        $told | Should -BeNullOrEmpty
        $same.Digest | Should -Be (Get-CtrImage attested:1).Digest
    }

    It 'have one layer of what all of them show' {
        $folder = (New-Item (Join-Path $TestDrive "squash-$generation") -ItemType Directory).FullName
        $null = New-Item $folder/etc, $folder/opt/new, $folder/usr/share/doc -ItemType Directory -Force
        Set-Content $folder/etc/note one
        Set-Content $folder/opt/new/file two
        Set-Content $folder/usr/share/doc/old three
        ln $folder/opt/new/file $folder/opt/second
        ln -s ../etc/note $folder/opt/link
        setcap cap_net_raw+ep $folder/etc/note
        $null = New-CtrImage squash:added -From busybox:1.35 -AddPath $folder -Created 2020-01-01
        $line = 'rm -r /opt/new/file /usr/share/doc; mkdir /usr/share/doc; echo x >/usr/share/doc/x; ln /etc/note /etc/other; echo >>/opt/second four'
        Invoke-CtrImage squash:added "squashed-$namespace" -- sh -c $line
        try {
            $null = New-CtrImage squash:changed -Container "squashed-$namespace"
        } finally {
            Remove-CtrContainer "squashed-$namespace" -Force
        }
        $made = Convert-CtrImage squash:changed squash:one -Squash
        $made.LayersConverted | Should -Be @(Get-CtrImageLayer squash:changed).Count
        Get-CtrImageLayer squash:one | Should -HaveCount 1
        Assert-Complete docker.io/library/squash:one
        $files = Get-ImageFile squash:one
        $files | Should -Be (Get-ImageFile squash:changed)
        getcap "$(Expand-Image squash:one)/etc/other" | Should -BeLike '*cap_net_raw*'
        $files -like 'usr/share/doc/*' | Should -BeLike 'usr/share/doc/x f *'
        (Convert-CtrImage squash:changed squash:again -Squash).Digest | Should -Be $made.Digest
        $history = @(Get-CtrImageHistory squash:one)
        @($history | Where-Object { -not $_.IsEmptyLayer }).Count | Should -Be 1
        $history[0].Comment | Should -Be "$($made.LayersConverted) layers merged"
        Invoke-CtrImage squash:one "squash-run-$namespace" -Remove -- cat /opt/second /usr/share/doc/x | Should -Be two, four, x
    }

    It 'take the place of their own name with -Force alone, and of another''s' {
        $null = Add-CtrImageTag busybox:1.35 place:1
        { Convert-CtrImage place:1 -Compression Zstd } | Should -Throw -ErrorId CtrImageExists*
        { Convert-CtrImage busybox:1.35 nginx:deb -Compression Zstd } | Should -Throw -ErrorId CtrImageExists*
        (Convert-CtrImage place:1 -Compression Zstd -Force -Unpack).Name | Should -Be docker.io/library/place:1
        Assert-Complete docker.io/library/place:1 -Unpacked
        Invoke-CtrImage place:1 place-run -Remove -- echo runs | Should -Be runs
        { Convert-CtrImage place:1 } | Should -Throw '*Nothing is to be converted*'
        { Convert-CtrImage nginx:*, busybox:* x:1 -Compression Zstd } | Should -Throw -ErrorId CtrInvalidReference*
    }

    It 'are read by skopeo and podman' {
        $forms = @{ zstd = @{ Compression = 'Zstd' }; plain = @{ Compression = 'None' }; docker = @{ Format = 'Docker' }; one = @{ Squash = $true } }
        $root = Join-Path (Split-Path $rig.Root) podman
        $podman = '--root', $root, '--runroot', "$root-run", '--storage-driver', 'overlay'
        try {
            foreach ($form in $forms.Keys) {
                $options = $forms[$form]
                $made = Convert-CtrImage ($form -eq 'one' ? 'squash:changed' : 'busybox:1.35') "read:$form" @options
                $file = Join-Path $TestDrive "$generation-$form.tar"
                Save-CtrImage $made $file -Format Oci -Force
                (skopeo inspect "oci-archive:$file" | ConvertFrom-Json).Digest | Should -Be $made.Digest
                podman @podman load --quiet --input $file | Should -Be "Loaded image: docker.io/library/read:$form"
                podman @podman image inspect --format '{{ .Id }}' "read:$form" | Should -Be ((Get-CtrImageConfig "read:$form").Digest -replace '.*:')
            }
        } finally {
            $null = podman @podman rmi --all --force
            Remove-Item $root, "$root-run" -Recurse -Force
        }
    }

    It 'are made of a folder, with all that is in it, and of its tar' {
        $root = (New-Item (Join-Path $TestDrive "root-$generation") -ItemType Directory).FullName
        $null = New-Item $root/bin, $root/etc -ItemType Directory
        Copy-Item "$(Expand-Image busybox:1.35)/bin/busybox" $root/bin/busybox
        ln $root/bin/busybox $root/bin/sh
        ln -s busybox $root/bin/cat
        Set-Content "$root/etc/passwd" 'root:x:0:0:root:/:/bin/sh'
        chown 1000:7 $root/etc/passwd
        chmod 4711 $root/bin/busybox
        setcap cap_net_raw+ep $root/bin/busybox
        $socket = [Net.Sockets.Socket]::new('Unix', 'Stream', 'Unspecified')
        try {
            $socket.Bind([Net.Sockets.UnixDomainSocketEndPoint]::new("$root/etc/socket"))
            $make = @{ Path = $root; Entrypoint = '/bin/sh'; Created = '2024-02-03T04:05:06Z'; WarningAction = 'SilentlyContinue' }
            $image = New-CtrImage folder:1 @make -WarningVariable told
        } finally {
            $socket.Dispose()
        }
        $image | Should -BeOfType CtrPS.CtrImage
        "$told" | Should -BeLike "*socket '*/etc/socket' is left out*"
        $image.Created | Should -Be ([DateTimeOffset]'2024-02-03T04:05:06Z')
        Assert-Complete docker.io/library/folder:1 -Unpacked
        $files = Get-ImageFile folder:1
        getcap "$(Expand-Image folder:1)/bin/busybox" | Should -BeLike '*cap_net_raw*'
        $files | Should -Contain "bin/busybox f 4711 0:0 2  $((Get-Item $root/bin/busybox).Length)"
        ($files -like 'bin/sh f 4711 0:0 2 *') | Should -HaveCount 1
        $files | Should -Contain 'bin/cat l 777 0:0 1 busybox '
        ($files -like 'etc/passwd f 644 1000:7 *') | Should -HaveCount 1
        Invoke-CtrImage folder:1 folder-run -Remove -- -c 'cat /etc/passwd' | Should -Be 'root:x:0:0:root:/:/bin/sh'
        { New-CtrImage folder:1 @make } | Should -Throw -ErrorId CtrImageExists*
        (New-CtrImage folder:2 @make).Digest | Should -Be $image.Digest

        tar --create --xz --file "$root.tar.xz" --directory $root .
        $make.Path = "$root.tar.xz"
        $null = New-CtrImage tar:1 @make
        Get-ImageFile tar:1 | Should -Be $files
        New-Item "$root/.wh.x" | Out-Null
        { New-CtrImage folder:3 -Path $root } | Should -Throw -ErrorId CtrInvalidPath*
        { New-CtrImage folder:3 -Path (Get-ArchivePath busybox) } | Should -Throw -ErrorId CtrArchiveUnrecognized*
        { New-CtrImage folder:3 -Path $root/etc/passwd } | Should -Throw -ErrorId CtrArchiveUnrecognized*
        head -c 20000 "$root.tar.xz" > "$root.cut"
        { New-CtrImage folder:3 -Path "$root.cut" } | Should -Throw -ErrorId CtrArchive*
        Get-CtrImage folder:3 -ErrorAction Ignore | Should -BeNullOrEmpty
    }

    It 'are made of another image with another config, whose layers stay' {
        $change = @{
            From = 'nginx:deb'; Env = @{ A = '1'; PATH = $null }; Label = @{ team = 'web' }; Cmd = 'nginx', '-v'; User = 'www-data'
            ExposedPort = '8080'; Volume = '/data'; WorkingDirectory = '/srv'; StopSignal = 'SIGTERM'; Comment = 'why'; Author = 'me'
            Created = '2024-01-01T00:00:00Z'
        }
        $image = New-CtrImage nginx:config @change
        Assert-SameDigest config $image.Digest
        $config, $old = Get-CtrImageConfig nginx:config, nginx:deb
        $config.Env | Should -Be (@($old.Env -notlike 'PATH=*') + 'A=1')
        $config.Labels.team, $config.User, $config.WorkingDirectory, $config.StopSignal, $config.Author |
            Should -Be web, www-data, /srv, SIGTERM, me
        $config.Cmd | Should -Be nginx, '-v'
        $config.ExposedPorts | Should -Contain 8080/tcp
        $config.Volumes | Should -Contain /data
        (Get-CtrImageLayer nginx:config).Digest | Should -Be (Get-CtrImageLayer nginx:deb).Digest
        $history = @(Get-CtrImageHistory nginx:config)
        $history[0].IsEmptyLayer, $history[0].Comment, $history[0].CreatedBy | Should -Be $true, why, 'New-CtrImage -From'
        Assert-Complete docker.io/library/nginx:config -Unpacked
        { New-CtrImage nginx:no -From nginx:deb -ExposedPort 80/http } | Should -Throw -ErrorId CtrInvalidArgument*
        { New-CtrImage nginx:no -From nginx:deb -Volume data } | Should -Throw -ErrorId CtrInvalidArgument*
        { New-CtrImage nginx:no -From nginx:nowhere } | Should -Throw -ErrorId CtrImageNotFound*
        { New-CtrImage nginx:no -From nginx:* } | Should -Throw -ErrorId CtrInvalidArgument*
        $docker = Get-CtrImage *busybox* | Where-Object MediaType -Like *docker* | Select-Object -First 1
        ($docker | New-CtrImage docker:new -Env A=b).MediaType | Should -Be $docker.MediaType
    }

    It 'are made of an image and files beside those' {
        $folder = (New-Item (Join-Path $TestDrive "add-$generation") -ItemType Directory).FullName
        Set-Content $folder/page.html hello
        (Get-Item $folder/page.html).LastWriteTimeUtc = (Get-Item $folder).LastWriteTimeUtc = [datetime]'2030-01-01'
        $image = New-CtrImage busybox:page -From busybox:1.35 -AddPath $folder -Target /srv/www -Created 2024-01-01T00:00:00Z
        Assert-SameDigest added $image.Digest
        Invoke-CtrImage busybox:page page-run -Remove -- cat /srv/www/page.html | Should -Be hello
        Get-CtrImage -BasedOn busybox:1.35 | ForEach-Object Name | Should -Contain docker.io/library/busybox:page
        Get-CtrImage -BasedOn busybox:page | Should -BeNullOrEmpty
        Get-CtrImage nginx:deb -BasedOn busybox:1.35 | Should -BeNullOrEmpty
        Get-CtrImage -SharingLayerWith $image | ForEach-Object Name | Should -Contain docker.io/library/busybox:1.35
        (Get-CtrImage -SharingLayerWith $image).Digest | Should -Not -Contain $image.Digest
        (Get-CtrImage -BasedOn nginx:deb).Name | Should -Contain docker.io/library/nginx:zstd # the same files, however they are compressed
        (Get-CtrImage -SharingLayerWith nginx:deb).Name | Should -Not -Contain docker.io/library/nginx:zstd
        { Get-CtrImage -BasedOn nowhere:1 } | Should -Throw -ErrorId CtrImageNotFound*
        { Get-CtrImage nowhere:1 -BasedOn nginx:deb } | Should -Throw -ErrorId CtrImageNotFound*
        { Get-CtrImage -BasedOn nginx:* } | Should -Throw -ErrorId CtrInvalidArgument*
    }

    It 'are made of a running container, with what it has changed' {
        $null = New-CtrContainer nginx:deb "commit-$namespace" | Start-CtrTask -NullIO
        try {
            Invoke-CtrCommand "commit-$namespace" -- sh -c 'echo changed >/var/www/html/index.html; rm /etc/nginx/koi-utf'
            $image = Get-CtrContainer "commit-$namespace" | New-CtrImage nginx:commit -Pause -Env SINCE=commit
            (Get-CtrTask "commit-$namespace").State | Should -Be Running
            @(Get-CtrImageLayer nginx:commit).Count | Should -Be (@(Get-CtrImageLayer nginx:deb).Count + 1)
            Assert-Complete docker.io/library/nginx:commit -Unpacked
            Test-CtrImage nginx:commit -Deep | ForEach-Object Status | Should -Be Complete
            $task = New-CtrContainer nginx:commit "committed-$namespace" | Start-CtrTask -NullIO
            try {
                Wait-Until { nsenter --target $task.ProcessId --net curl --silent --max-time 2 http://127.0.0.1/ } 'nginx answers'
                nsenter --target $task.ProcessId --net curl --silent http://127.0.0.1/ | Should -Be changed
                $line = 'ls /etc/nginx/koi-utf; echo $SINCE'
                Invoke-CtrCommand "committed-$namespace" -Shell $line 2>$null | Should -Be commit
            } finally {
                Remove-CtrContainer "committed-$namespace" -Force
            }
            $null = New-CtrImage nginx:commit-zstd -Container "commit-$namespace" -Compression Zstd
            (Get-CtrImageLayer nginx:commit-zstd)[-1].MediaType | Should -BeLike *zstd
            $image.Digest | Should -Be (Get-CtrImage nginx:commit).Digest

            # The name moved on: what the container has changed would lie on something else.
            $null = Add-CtrImageTag nginx:deb nginx:kept
            $null = Add-CtrImageTag busybox:1.35 nginx:deb -Force
            { New-CtrImage nginx:no -Container "commit-$namespace" } | Should -Throw -ErrorId CtrFailedPrecondition*
        } finally {
            $null = Add-CtrImageTag nginx:kept nginx:deb -Force -ErrorAction Ignore
            Remove-CtrContainer "commit-$namespace" -Force
        }
        { New-CtrImage nginx:no -Container nowhere } | Should -Throw -ErrorId CtrContainerNotFound*
    }

    It 'that are damaged are told, and nothing is left of the try' {
        $digest = (Get-CtrImageLayer busybox:1.35)[0].Digest
        $folder = Join-Path $TestDrive "wrong-$generation"
        $null = New-Item $folder -ItemType Directory
        Save-CtrImage busybox:1.35 $folder/a.tar -Format Oci
        $null = New-Item $folder/layout -ItemType Directory
        tar --extract --file $folder/a.tar --directory $folder/layout
        # A config that names other layers than the manifest has.
        $blobs = "$folder/layout/blobs/sha256"
        $index = Get-Content $folder/layout/index.json -Raw | ConvertFrom-Json
        $manifest = Get-Content "$blobs/$($index.manifests[0].digest -replace '.*:')" -Raw | ConvertFrom-Json
        $config = (Get-Content "$blobs/$($manifest.config.digest -replace '.*:')" -Raw) -replace '(?<="diff_ids":\["sha256:)[0-9a-f]{64}', ('a' * 64)
        foreach ($part in @{ of = 'config'; text = $config }) {
            Set-Content "$blobs/x" $part.text -NoNewline
            $hash = (Get-FileHash "$blobs/x").Hash.ToLowerInvariant()
            Move-Item "$blobs/x" "$blobs/$hash"
            $manifest.config.digest, $manifest.config.size = "sha256:$hash", (Get-Item "$blobs/$hash").Length
        }
        Set-Content "$blobs/x" ($manifest | ConvertTo-Json -Depth 9 -Compress) -NoNewline
        $hash = (Get-FileHash "$blobs/x").Hash.ToLowerInvariant()
        Move-Item "$blobs/x" "$blobs/$hash"
        $index.manifests[0].digest, $index.manifests[0].size = "sha256:$hash", (Get-Item "$blobs/$hash").Length
        Set-Content $folder/layout/index.json ($index | ConvertTo-Json -Depth 9 -Compress) -NoNewline
        tar --create --file $folder/b.tar --directory $folder/layout .
        $null = Import-CtrImage $folder/b.tar -Name wrong:1 -NoUnpack
        $fault = { Convert-CtrImage wrong:1 wrong:2 -Compression Zstd } | Should -Throw -ErrorId CtrBlobCorrupt* -PassThru
        "$fault" | Should -BeLike "*$digest*but its config says sha256:aaa*"
        { Convert-CtrImage wrong:1 wrong:2 -Compression None } | Should -Throw -ErrorId CtrBlobCorrupt*
        Get-CtrImage wrong:2 -ErrorAction Ignore | Should -BeNullOrEmpty
        Get-RigState $rig | Where-Object { $_ -notmatch '^snapshot' } | Should -Be $before
    }

    It 'are converted by eight at once, and what a killed one left the next one clears' {
        $lines = foreach ($i in 0..7) {
            "Convert-CtrImage busybox:1.35 crowd:$i -Compression Zstd -Session '$($rig.Address)' -Namespace '$namespace'"
        }
        $given = $lines | ForEach-Object -Parallel {
            Import-Module $using:manifest
            & ([scriptblock]::Create($_))
        } -ThrottleLimit 8
        $given.Digest | Sort-Object -Unique | Should -HaveCount 1
        Assert-SameDigest crowd $given[0].Digest

        $start = [Diagnostics.ProcessStartInfo]::new('pwsh')
        $line = "Convert-CtrImage nginx:deb killed:1 -Compression Zstd -CompressionLevel 19 -Session '$($rig.Address)' -Namespace '$namespace'"
        '-NoProfile', '-NonInteractive', '-Command', "Import-Module '$manifest'; $line" | ForEach-Object { $start.ArgumentList.Add($_) }
        $process = [Diagnostics.Process]::Start($start)
        Wait-Until { (Get-RigState $rig) -like "ingest $namespace ctrps-layer-*" } 'a layer is being written' -Seconds 60
        $process.Kill()
        $process.WaitForExit()
        (Get-RigState $rig) -like "lease $namespace *" | Should -HaveCount 1
        $null = Convert-CtrImage busybox:1.35 busybox:zstd -Compression Zstd
        Invoke-Collection $rig $namespace
        "$(Get-RigState $rig | Where-Object { $_ -notmatch '^snapshot' })" | Should -Be "$before"
        Get-CtrImage killed:1 -ErrorAction Ignore | Should -BeNullOrEmpty
    }
}
