#requires -Version 7.6
# Archives. Get- and Test-CtrArchive need no daemon: what each damage does is the client's tests'; here it is what the cmdlets make of
# it. Import-CtrImage: ctr is the judge, it imports the same archives, and says what is complete and unpacked. Save-CtrImage and
# Export-CtrInventory: what tools make of the archives is CtrPS.Client.Tests'; here it is about files, streams and the pipeline.

BeforeDiscovery {
    Import-Module (Join-Path $PSScriptRoot Helpers.psm1)
}

BeforeAll {
    $ErrorActionPreference = 'Stop'
    Import-ModuleUnderTest
    $busybox = Get-ArchivePath busybox
    $index = Get-ArchivePath index

    # A copy of an archive, unpacked, changed by a script block that runs in its folder, and packed again.
    function New-ChangedArchive {
        [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '', Justification = 'in TestDrive')]
        param([string] $Archive, [scriptblock] $Change)
        $folder = (New-Item (Join-Path $TestDrive ([guid]::NewGuid())) -ItemType Directory).FullName
        tar -xf $Archive -C $folder
        Push-Location $folder
        try {
            & $Change
        } finally {
            Pop-Location
        }
        tar -cf "$folder.tar" -C $folder @((Get-ChildItem $folder).Name)
        "$folder.tar"
    }

    # Turns one bit of a file over.
    function Set-FlippedByte {
        [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '', Justification = 'in TestDrive')]
        param([string] $Path, [long] $Offset)
        $file = [IO.File]::Open($Path, 'Open', 'ReadWrite')
        try {
            $file.Position = $Offset
            $byte = $file.ReadByte()
            $file.Position = $Offset
            $file.WriteByte($byte -bxor 1)
        } finally {
            $file.Dispose()
        }
    }

    function Get-BlobPath {
        param([string] $Digest)
        Join-Path blobs sha256 ($Digest -replace '^sha256:')
    }

    # The only image of the layout in this folder: its entry in the index, its manifest and its config.
    function Read-ImageFile {
        $index = Get-Content index.json -Raw | ConvertFrom-Json -AsHashtable
        $manifest = Get-Content (Get-BlobPath $index.manifests[0].digest) -Raw | ConvertFrom-Json -AsHashtable
        $config = Get-Content (Get-BlobPath $manifest.config.digest) -Raw | ConvertFrom-Json -AsHashtable
        @{ Index = $index; Manifest = $manifest; Config = $config }
    }

    # The same changed, under its new digests.
    function Save-ImageFile {
        param([hashtable] $Image)
        $add = {
            param($descriptor, $document)
            $bytes = [Text.Encoding]::UTF8.GetBytes(($document | ConvertTo-Json -Depth 20 -Compress))
            $descriptor.digest = "sha256:$([Convert]::ToHexStringLower([Security.Cryptography.SHA256]::HashData($bytes)))"
            $descriptor.size = $bytes.Length
            [IO.File]::WriteAllBytes((Join-Path $PWD (Get-BlobPath $descriptor.digest)), $bytes)
        }
        & $add $Image.Manifest.config $Image.Config
        & $add $Image.Index.manifests[0] $Image.Manifest
        $Image.Index | ConvertTo-Json -Depth 20 | Set-Content index.json -NoNewline
    }

    # Runs a script and gives its errors as 'Id Category target', and what they say.
    function Get-Failure {
        param([scriptblock] $Script)
        & $Script -ErrorAction Continue 2>&1 | Where-Object { $_ -is [Management.Automation.ErrorRecord] } | ForEach-Object {
            $id = ($_.FullyQualifiedErrorId -split ',')[0]
            [pscustomobject]@{ Id = $id; Target = "$($_.TargetObject)"; Text = "$_"; Advice = $_.ErrorDetails.RecommendedAction }
        }
    }
}

Describe 'Get-CtrArchive' {
    It 'gives a whole object' {
        $image = Get-CtrArchive $busybox
        $image | Should -BeOfType CtrPS.CtrArchiveImage
        $image.Path | Should -Be $busybox
        $image.Name | Should -Be 'docker.io/library/busybox:1.35'
        $image.Digest | Should -Match '^sha256:[0-9a-f]{64}$'
        $image.MediaType | Should -Be 'application/vnd.oci.image.manifest.v1+json'
        $image.Size | Should -BeOfType [long]
        $image.Size | Should -BeGreaterThan 1MB
        "$($image.Format) $($image.Compression)" | Should -Be 'Oci None'
        $image.IsComplete | Should -BeTrue
        $image.Faults | Should -HaveCount 0
        "$image" | Should -Be $image.Name
    }

    It 'shows a platform that the archive leaves out' {
        $image = Get-CtrArchive $index
        $image.IsComplete | Should -BeFalse
        $image.Platforms | ForEach-Object { "$_ $($_.IsComplete)" } | Should -Be 'linux/amd64 True', 'linux/arm64 False'
        $image.Faults.Status | Should -Be 'Missing'
        $image.Faults.Digest | Should -Be $image.Platforms[1].Digest
        $image.Faults.Reason | Should -Match 'leaves it out'
    }

    It 'leaves attestations out unless they are asked for' {
        (Get-CtrArchive (Get-ArchivePath attested)).Platforms | Should -HaveCount 1
        (Get-CtrArchive (Get-ArchivePath attested) -IncludeAttestation).Platforms.IsAttestation | Should -Be $false, $true
    }

    It 'takes paths as PowerShell writes them: <how>' -ForEach @(
        @{ how = 'a relative one'; get = { Push-Location (Split-Path $busybox); try { Get-CtrArchive busybox.tar } finally { Pop-Location } } }
        @{ how = 'a drive'; get = {
                $null = New-PSDrive -Name Arch -PSProvider FileSystem -Root (Split-Path $busybox)
                Get-CtrArchive Arch:/busybox.tar
            }
        }
        @{ how = 'wildcards'; get = { Get-CtrArchive (Join-Path (Split-Path $busybox) 'bus?box.t*') } }
        @{ how = 'text in the pipeline'; get = { $busybox | Get-CtrArchive } }
        @{ how = 'a file in the pipeline'; get = { Get-Item $busybox | Get-CtrArchive } }
        @{ how = 'a property FullName'; get = { [pscustomobject]@{ FullName = $busybox } | Get-CtrArchive } }
        @{ how = 'a property PSPath'; get = { [pscustomobject]@{ PSPath = (Get-Item $busybox).PSPath } | Get-CtrArchive } }
        @{ how = 'an image of an archive'; get = { Get-CtrArchive $busybox | Get-CtrArchive } }
    ) {
        $image = & $get
        $image | Should -HaveCount 1
        $image.Path | Should -Be $busybox
    }

    It 'takes a name with brackets literally' {
        $path = Join-Path $TestDrive 'a[1].tar'
        Copy-Item $busybox $path
        (Get-CtrArchive -LiteralPath $path).Path | Should -Be $path
        (Get-Item -LiteralPath $path | Get-CtrArchive).Path | Should -Be $path
        { Get-CtrArchive $path -ErrorAction Stop } | Should -Throw -ErrorId 'CtrArchiveNotFound,*'
    }

    It 'reads a folder and a compressed archive alike' {
        $folder = New-Item (Join-Path $TestDrive layout) -ItemType Directory
        tar -xf $busybox -C $folder
        $packed = Join-Path $TestDrive packed
        zstd -q $busybox -o $packed
        $three = Get-CtrArchive $busybox, $folder, $packed
        $three.Digest | Sort-Object -Unique | Should -HaveCount 1
        $three.Size | Sort-Object -Unique | Should -HaveCount 1
        $three.Compression | Should -Be 'None', 'None', 'Zstd'
    }

    It 'goes on after an archive that it cannot read' {
        $found = Get-CtrArchive /nonexistent.tar, $PSCommandPath, $busybox -ErrorAction SilentlyContinue -ErrorVariable failures
        $found.Path | Should -Be $busybox
        $ids = $failures.FullyQualifiedErrorId -replace ',CtrPS.Commands.GetCtrArchiveCommand$'
        $ids | Should -Be 'CtrArchiveNotFound', 'CtrArchiveUnrecognized'
        $failures[1].TargetObject | Should -Be $PSCommandPath
        $failures[1].ErrorDetails.RecommendedAction | Should -Match 'OCI layout'
    }

    It 'refuses a path that is no file system''s' {
        { Get-CtrArchive Env:/PATH -ErrorAction Stop } | Should -Throw -ErrorId 'CtrInvalidArgument,*'
    }

    It 'says when an archive lists nothing' {
        $folder = New-Item (Join-Path $TestDrive empty) -ItemType Directory
        '{"imageLayoutVersion":"1.0.0"}' | Set-Content (Join-Path $folder oci-layout)
        '{"schemaVersion":2,"manifests":[]}' | Set-Content (Join-Path $folder index.json)
        Get-CtrArchive $folder -WarningVariable warnings -WarningAction SilentlyContinue | Should -BeNullOrEmpty
        $warnings | Should -Match 'lists no images'
    }

    It 'may be refused the file' -Skip:((id -u) -ne '0') {
        # Another user's file, without the capability of root to read everything all the same.
        $path = Join-Path $TestDrive secret.tar
        Copy-Item $busybox $path
        chown 65534 $path
        chmod 600 $path
        $module = Get-ManifestPath
        $powershell = @(Get-PowerShellWord)
        $said = setpriv --inh-caps=-all --bounding-set=-all @powershell -NoProfile -Command "
            Import-Module '$module'; Get-CtrArchive '$path' -ErrorAction SilentlyContinue
            `$Error[0].FullyQualifiedErrorId; `$Error[0].CategoryInfo.Category"
        $said | Should -Be 'CtrArchiveAccessDenied,CtrPS.Commands.GetCtrArchiveCommand', 'PermissionDenied'
    }
}

Describe 'Bytes in the place of paths' {
    It 'ends <cmdlet> with one error that says how: <how>' -ForEach @(
        foreach ($cmdlet in 'Get-CtrArchive', 'Test-CtrArchive', 'Import-CtrImage') {
            foreach ($how in 'a tar', 'gzip', 'zstd', 'xz', 'bzip2', 'bzip2 with a first line of text', 'bytes', 'arrays of bytes') {
                @{ cmdlet = $cmdlet; how = $how }
            }
        }
    ) {
        $failures = @(
            try {
                switch ($how) {
                    'a tar' { cat $busybox | & $cmdlet 2>&1 }
                    'bzip2 with a first line of text' { 'BZh91AY&SY', '"x' | & $cmdlet 2>&1 }
                    'bytes' { [byte[]](1, 2, 3) | & $cmdlet 2>&1 }
                    'arrays of bytes' { [byte[]](1, 2), [byte[]](4, 5) | & $cmdlet 2>&1 }
                    default { & $how -c $busybox | & $cmdlet 2>&1 }
                }
            } catch {
                $_
            }
        )
        $failures | Should -HaveCount 1
        $failures[0].FullyQualifiedErrorId | Should -BeLike 'CtrInvalidArgument,*'
        "$($failures[0])" | Should -Be ("$cmdlet takes paths from the pipeline, and what came is the content of a file: on its way into a cmdlet " +
            'PowerShell makes text of it, and what it was is lost.')
        $failures[0].ErrorDetails.RecommendedAction | Should -BeLike "*pwsh -Command '$cmdlet /dev/stdin' < x.tar*"
    }

    It 'says the same of -, which stands for standard input elsewhere' {
        $null = Get-CtrArchive - -ErrorVariable failure -ErrorAction SilentlyContinue
        $failure.FullyQualifiedErrorId | Should -BeLike 'CtrArchiveNotFound,*'
        $failure.ErrorDetails.RecommendedAction | Should -BeLike "*pwsh -Command 'Get-CtrArchive /dev/stdin' < x.tar*"
    }

    It 'reads the file that is a script''s standard input, as the error says' {
        $words = (Get-PowerShellWord | ForEach-Object { "'$_'" }) -join ' '
        $line = "$words -NoProfile -NonInteractive -Command 'Import-Module `"$(Get-ManifestPath)`"; (Get-CtrArchive /dev/stdin).Name' < '$busybox'"
        sh -c $line | Should -Be 'docker.io/library/busybox:1.35'
    }
}

Describe 'Test-CtrArchive' {
    It 'proves a whole archive: <image>' -ForEach @(
        @{ image = 'busybox' }, @{ image = 'busybox-docker' }, @{ image = 'index' }
        @{ image = 'index-full' }, @{ image = 'attested' }, @{ image = 'nested' }
    ) {
        $check = Test-CtrArchive (Get-ArchivePath $image)
        $check | Should -BeOfType CtrPS.CtrArchiveCheck
        $check.Status | Should -Be 'Ok'
        $check.Faults | Should -HaveCount 0
        $check.BlobCount | Should -BeGreaterOrEqual 3
        $check.Size | Should -BeGreaterThan 1MB
    }

    It 'names a corrupt and a missing blob' {
        $folder = New-Item (Join-Path $TestDrive damaged) -ItemType Directory
        tar -xf $busybox -C $folder
        $layer = Get-ChildItem (Join-Path $folder blobs sha256) | Sort-Object Length | Select-Object -Last 1
        $stream = [IO.File]::OpenWrite($layer.FullName)
        $stream.Position = 1000
        $stream.WriteByte(255)
        $stream.Dispose()
        $check = Test-CtrArchive $folder
        $check.Status | Should -Be 'Corrupt'
        $check.Faults.Digest | Should -Be "sha256:$($layer.Name)"
        $check.Faults.ActualDigest | Should -Be "sha256:$((Get-FileHash $layer).Hash.ToLowerInvariant())"
        $check.Faults.Platform.ToString() | Should -Be 'linux/amd64'

        Remove-Item $layer
        $check = Test-CtrArchive $folder
        $check.Status | Should -Be 'Missing'
        $check.Faults.Digest | Should -Be "sha256:$($layer.Name)"
        (Get-CtrArchive $folder).Faults.Digest | Should -Be "sha256:$($layer.Name)"
    }

    It 'is an error for a cut archive' {
        $path = Join-Path $TestDrive cut.tar
        [IO.File]::WriteAllBytes($path, [IO.File]::ReadAllBytes($busybox)[0..500000])
        Test-CtrArchive $path -ErrorAction SilentlyContinue -ErrorVariable failure | Should -BeNullOrEmpty
        $failure.FullyQualifiedErrorId | Should -Be 'CtrArchiveTruncated,CtrPS.Commands.TestCtrArchiveCommand'
        $failure[0].Exception.Message | Should -Match 'it ends within the entry ''blobs/sha256/[0-9a-f]{64}'', of which \d+ of \d+ bytes are there'
    }

    It 'answers with one true or false with -Quiet' {
        $path = Join-Path $TestDrive quiet.tar
        [IO.File]::WriteAllBytes($path, [IO.File]::ReadAllBytes($busybox)[0..500000])
        Test-CtrArchive $busybox, $index -Quiet | Should -BeOfType bool
        Test-CtrArchive $busybox, $index -Quiet | Should -BeTrue
        foreach ($wrong in $path, "$path.none", (Join-Path $TestDrive 'none*.tar'), "$PSScriptRoot") {
            Test-CtrArchive $busybox, $wrong -Quiet -ErrorVariable errors | Should -BeFalse -Because $wrong
            $errors | Should -BeNullOrEmpty
        }
    }

    It 'reads each archive once' {
        Test-CtrArchive $index, $index | Should -HaveCount 1
        Get-CtrArchive $index, $busybox | Test-CtrArchive | Should -HaveCount 2
    }

    It 'unpacks packed layers with -Deep, and tells what is not what the config says' {
        $wrong = New-ChangedArchive (Get-ArchivePath many:1) {
            $image = Read-ImageFile
            $image.Config.rootfs.diff_ids[0] = 'sha256:' + '0' * 64
            $image.Manifest.layers[0].mediaType | Should -Match 'gzip$'
            Save-ImageFile $image
        }
        (Test-CtrArchive $wrong).Status | Should -Be Ok
        $deep = Test-CtrArchive $wrong -Deep
        $deep.Status | Should -Be Corrupt
        $deep.Faults.Reason | Should -Match 'decompresses to sha256:[0-9a-f]{64}, but the config says sha256:0{64}'
        (Test-CtrArchive $busybox -Deep).Status | Should -Be Ok
    }

    It 'leaves no file open: <how>' -ForEach @(
        @{ how = 'read to the end'; end = { param($shell) $shell.EndInvoke($running) } }
        @{ how = 'stopped in the middle'; end = { param($shell) $shell.Stop() } }
    ) {
        $path = Get-ArchivePath nginx-docker
        $isOpen = { (Get-ChildItem /proc/$PID/fd -ErrorAction Ignore).LinkTarget -contains $path }
        $shell = [powershell]::Create().AddScript("Import-Module '$(Get-ManifestPath)'; Test-CtrArchive '$path'")
        try {
            $running = $shell.BeginInvoke()
            Wait-Until { (& $isOpen) -or $running.IsCompleted } 'the archive is open'
            $null = & $end $shell
            & $isOpen | Should -BeFalse
            $shell.Streams.Error | Should -BeNullOrEmpty
        } finally {
            $shell.Dispose()
        }
    }

    It 'leaves no file open when the pipeline needs no more' {
        $path = Get-ArchivePath many:50
        Get-CtrArchive $path | Select-Object -First 1 | Should -HaveCount 1
        (Get-ChildItem /proc/$PID/fd -ErrorAction Ignore).LinkTarget | Should -Not -Contain $path
    }
}

Describe 'Importing archives, containerd <generation>' -ForEach (Get-RigGeneration) {
    if ($reason) {
        It 'has a daemon' { Set-ItResult -Skipped -Because $reason }
        return
    }

    BeforeAll {
        $rig = Get-Rig $generation
        $session = Connect-CtrSession $rig.Address
        $busybox = Get-ArchivePath busybox
        $busyboxDigest = (Get-CtrImage busybox:1.35 -Namespace k8s.io).Digest
        $state = @{ Now = Get-RigState $rig }
    }

    BeforeEach {
        $namespace = "import-$([guid]::NewGuid().ToString('n').Substring(0, 8))"
    }

    AfterEach {
        Clear-TestNamespace $rig $namespace, "$namespace-ctr"
        # As after the test before.
        $before = $state.Now
        $state.Now = Get-RigState $rig
        $state.Now | Should -Be $before
    }

    AfterAll {
        Disconnect-CtrSession $session
    }

    It 'gives <image> the digest that ctr gives it, whole and unpacked' -ForEach @(
        @{ image = 'busybox' }, @{ image = 'busybox-docker' }, @{ image = 'index' }
        @{ image = 'index-full' }, @{ image = 'attested' }, @{ image = 'nested' }
    ) {
        $archive = Get-ArchivePath $image
        $made = Import-CtrImage $archive -Namespace $namespace
        $null = Invoke-Ctr $rig -n "$namespace-ctr" images import --no-unpack $archive
        $own = ConvertFrom-CtrTable (Invoke-Ctr $rig -n $namespace images ls)
        $theirs = ConvertFrom-CtrTable (Invoke-Ctr $rig -n "$namespace-ctr" images ls)
        $own.REF | Should -Be $theirs.REF
        $own.DIGEST | Should -Be $theirs.DIGEST
        $own.SIZE | Should -Be $theirs.SIZE
        $made | Should -BeOfType CtrPS.CtrImage
        $made.Name | Should -Be $own.REF
        $made.Digest | Should -Be $own.DIGEST

        # After a collection too: then the labels are right.
        $null = Invoke-Ctr $rig -n "$namespace-ctr" images rm --sync @($theirs.REF)
        $check = ConvertFrom-CtrTable (Invoke-Ctr $rig -n $namespace images check)
        $check.STATUS | Should -Match '^complete'
        $check.UNPACKED | Should -Be 'true'
    }

    It 'labels what it writes as ctr does: <image>' -ForEach @{ image = 'busybox' }, @{ image = 'index-full' }, @{ image = 'attested' } {
        # At least so: where ctr leaves the platforms that it does not want to the collector, ours stay.
        $null = Import-CtrImage (Get-ArchivePath $image) -Namespace $namespace -NoUnpack
        $null = Invoke-Ctr $rig -n "$namespace-ctr" images import --no-unpack (Get-ArchivePath $image)
        $labels = foreach ($one in $namespace, "$namespace-ctr") {
            $table = @{}
            foreach ($line in Invoke-Ctr $rig -n $one content ls | Select-Object -Skip 1) {
                $words = $line -split '\s+'
                $table[$words[0]] = $words[-1] -split ','
            }
            $table
        }
        $labels[0].Count | Should -BeGreaterThan 2
        foreach ($digest in $labels[0].Keys) {
            $labels[1][$digest] | Where-Object { $_ -ne '-' -and $_ -notin $labels[0][$digest] } | Should -BeNullOrEmpty
        }
    }

    It 'writes nothing again' {
        $null = Import-CtrImage $busybox -Namespace $namespace
        $blobs = Invoke-Ctr $rig -n $namespace content ls -q | Sort-Object
        $words = Import-CtrImage $busybox -Namespace $namespace -Verbose 4>&1 | Where-Object { $_ -is [Management.Automation.VerboseRecord] }
        "$words" | Should -Match ': 0 blobs written, 3 were there'
        Invoke-Ctr $rig -n $namespace content ls -q | Sort-Object | Should -Be $blobs
    }

    It 'reads an archive compressed with <program>' -ForEach @(
        @{ program = 'gzip' }, @{ program = 'zstd' }, @{ program = 'xz' }, @{ program = 'bzip2' }
    ) {
        if (-not (Get-Command $program -CommandType Application -ErrorAction Ignore)) {
            Set-ItResult -Skipped -Because "there is no $program here"
            return
        }
        $packed = Join-Path $TestDrive "busybox.tar.$program"
        & $program -c $busybox > $packed
        (Import-CtrImage $packed -Namespace $namespace).Digest | Should -Be $busyboxDigest
        (ConvertFrom-CtrTable (Invoke-Ctr $rig -n $namespace images check)).STATUS | Should -Match '^complete'
    }

    It 'reads a folder, several archives by wildcard, and what Get-ChildItem finds' {
        $folder = (New-Item (Join-Path $TestDrive "several-$generation") -ItemType Directory).FullName
        $layout = (New-Item (Join-Path $folder layout) -ItemType Directory).FullName
        tar -xf $busybox -C $layout
        (Import-CtrImage $layout -Namespace $namespace).Digest | Should -Be $busyboxDigest
        Copy-Item $busybox (Join-Path $folder 1.tar)
        Copy-Item (Get-ArchivePath arm) (Join-Path $folder '2[x].tar')
        $how = @{ Namespace = $namespace; NoUnpack = $true; WarningAction = 'Ignore' }
        $names = 'docker.io/library/busybox:1.35', 'docker.io/library/arm:v7'
        (Import-CtrImage (Join-Path $folder *.tar) @how).Name | Should -Be $names
        (Get-ChildItem $folder -Filter *.tar | Import-CtrImage @how).Name | Should -Be $names
        (Import-CtrImage -LiteralPath (Join-Path $folder '2[x].tar') @how).Name | Should -Be $names[1]
    }

    It 'takes an index of which one platform is there, without a flag, and says which is not' {
        $archive = Get-ArchivePath index
        $image = Import-CtrImage $archive -Namespace $namespace
        "$($image.Platforms | Where-Object IsComplete)" | Should -Be 'linux/amd64'
        (ConvertFrom-CtrTable (Invoke-Ctr $rig -n $namespace images check)).STATUS | Should -Be 'complete (2/2)'
        (Import-CtrImage $archive -Namespace $namespace -AllPlatforms).Digest | Should -Be $image.Digest
        $null = Invoke-Ctr $rig -n $namespace images rm --sync $image.Name
        foreach ($extra in @{ Platform = 'linux/arm64' }, @{ Strict = $true }) {
            $failure = Get-Failure { Import-CtrImage $archive -Namespace $namespace @extra @args }
            $failure.Id | Should -Contain 'CtrBlobMissing'
            $failure[0].Text | Should -Match "image 'docker.io/library/index:partial' in archive .* manifest 'sha256:[0-9a-f]{64}'"
            $failure[0].Text | Should -Match 'for linux/arm64 is absent'
            $failure[0].Target | Should -Match '^sha256:'
        }
        $none = Get-Failure { Import-CtrImage $archive -Namespace $namespace -Platform linux/s390x @args }
        $none.Id | Should -Be 'CtrPlatformNotFound'
        $none.Text | Should -Match 'is not for linux/s390x, but for linux/amd64, linux/arm64; whole are linux/amd64'
        Invoke-Ctr $rig -n $namespace images ls -q | Should -BeNullOrEmpty
        Invoke-Ctr $rig -n $namespace content ls -q | Should -BeNullOrEmpty
    }

    It 'takes only the wanted platform of several, or all' {
        $archive = Get-ArchivePath index-full
        $one = Import-CtrImage $archive -Namespace $namespace -Platform linux/arm64 -WarningVariable warnings -WarningAction SilentlyContinue
        "$($one.Platforms | Where-Object IsComplete)" | Should -Be 'linux/arm64'
        "$warnings" | Should -Match 'is not unpacked'
        $all = Import-CtrImage $archive -Namespace $namespace -AllPlatforms
        $all.Platforms.IsComplete | Should -Not -Contain $false
        $all.Digest | Should -Be $one.Digest
    }

    It 'names what it imports' {
        (Import-CtrImage $busybox -Namespace $namespace -Name team/tools:1).Name | Should -Be 'docker.io/team/tools:1'
        $two = Import-CtrImage $busybox -Namespace $namespace -DigestReference
        $two.Name | Should -Be 'docker.io/library/busybox:1.35', "docker.io/library/busybox@$busyboxDigest"
        $index = Import-CtrImage $busybox -Namespace $namespace -IndexName example.com/all:1 | Where-Object Name -EQ example.com/all:1
        $index.MediaType | Should -Be 'application/vnd.oci.image.index.v1+json'

        $tagOnly = New-ChangedArchive $busybox {
            $json = Get-Content index.json -Raw | ConvertFrom-Json -AsHashtable
            $json.manifests[0].annotations = @{ 'org.opencontainers.image.ref.name' = '1.35' }
            $json | ConvertTo-Json -Depth 10 | Set-Content index.json -NoNewline
            Remove-Item manifest.json -ErrorAction Ignore
        }
        (Import-CtrImage $tagOnly -Namespace $namespace -BaseName example.com/base).Name | Should -Be 'example.com/base:1.35'
        (Import-CtrImage $tagOnly -Namespace $namespace).Name | Should -Match '^import-\d{4}-\d\d-\d\d:1.35$'
        $unnamed = New-ChangedArchive $busybox {
            $json = Get-Content index.json -Raw | ConvertFrom-Json -AsHashtable
            $json.manifests[0].Remove('annotations')
            $json | ConvertTo-Json -Depth 10 | Set-Content index.json -NoNewline
            Remove-Item manifest.json -ErrorAction Ignore
        }
        $image = Import-CtrImage $unnamed -Namespace $namespace -WarningVariable warnings -WarningAction SilentlyContinue
        $image.Name | Should -Match "^import-\d{4}-\d\d-\d\d@$busyboxDigest$"
        "$warnings" | Should -Match 'has no name for the image'
        $failure = Get-Failure { Import-CtrImage (Get-ArchivePath names) -Namespace $namespace -Name 'not A name' @args }
        $failure.Id | Should -Be 'CtrInvalidReference'
    }

    It 'compresses the plain layers of a docker archive when asked' {
        $archive = Get-ArchivePath busybox-docker
        $plain = Import-CtrImage $archive -Namespace $namespace -NoUnpack
        $null = Invoke-Ctr $rig -n $namespace images rm --sync $plain.Name
        $small = Import-CtrImage $archive -Namespace $namespace -CompressLayer
        $small.Size | Should -BeLessThan $plain.Size
        $small.Digest | Should -Not -Be $plain.Digest
        $check = ConvertFrom-CtrTable (Invoke-Ctr $rig -n $namespace images check)
        $check.STATUS, $check.UNPACKED | Should -Be 'complete (2/2)', 'true'
        (Import-CtrImage $archive -Namespace $namespace -CompressLayer).Digest | Should -Be $small.Digest
    }

    It 'leaves the layers to the collector with -DiscardUnpackedLayer, and the image stays unpacked' {
        $null = Import-CtrImage $busybox -Namespace $namespace -DiscardUnpackedLayer
        $null = New-CtrNamespace "$namespace-ctr"
        $null = Invoke-Ctr $rig -n $namespace images tag docker.io/library/busybox:1.35 docker.io/library/other:1
        $null = Invoke-Ctr $rig -n $namespace images rm --sync docker.io/library/other:1
        $check = ConvertFrom-CtrTable (Invoke-Ctr $rig -n $namespace images check)
        $check.STATUS, $check.UNPACKED | Should -Be 'incomplete (1/2)', 'true'
    }

    It 'unpacks with the snapshotter it is told, not at all with -NoUnpack, and refuses one that does not work' {
        $null = Import-CtrImage $busybox -Namespace $namespace -NoUnpack -Label @{ team = 'web' }
        (ConvertFrom-CtrTable (Invoke-Ctr $rig -n $namespace images check)).UNPACKED | Should -Be 'false'
        (ConvertFrom-CtrTable (Invoke-Ctr $rig -n $namespace images ls)).LABELS | Should -Be 'team=web'
        $null = Import-CtrImage $busybox -Namespace $namespace -Snapshotter native
        (ConvertFrom-CtrTable (Invoke-Ctr $rig -n $namespace images check --snapshotter native)).UNPACKED | Should -Be 'true'
        (ConvertFrom-CtrTable (Invoke-Ctr $rig -n $namespace images ls)).LABELS | Should -Be 'team=web'
        $failure = Get-Failure { Import-CtrImage $busybox -Namespace $namespace -Snapshotter nope @args }
        $failure.Id | Should -Be 'CtrNotSupported'
        $failure.Text | Should -Match "no snapshotter 'nope' at work. It has .*native"
    }

    It 'changes nothing with -WhatIf, and says what it would do' {
        $null = Import-CtrImage $busybox -Namespace $namespace -WhatIf
        Invoke-Ctr $rig namespaces ls -q | Should -Not -Contain $namespace
    }

    It 'tells <damage> by name and leaves nothing' -ForEach @(
        @{ damage = 'a flipped byte in a layer'; id = 'CtrBlobCorrupt'; text = "'docker.io/library/many-0001:1' .* The blob .* is corrupt"; change = {
                $layer = Get-ChildItem blobs/sha256 | Sort-Object Length | Select-Object -First 1
                Set-FlippedByte $layer.FullName 60
            }
        }
        @{ damage = 'a flipped byte in the manifest'; id = 'CtrBlobCorrupt'; text = "manifest 'sha256:[0-9a-f]{64}' .* cannot be used"; change = {
                Set-FlippedByte (Get-Item (Get-BlobPath (Get-Content index.json | ConvertFrom-Json).manifests[0].digest)).FullName 40
            }
        }
        @{ damage = 'an absent layer'; id = 'CtrBlobMissing'; text = "layer 'sha256:[0-9a-f]{64}' .* is absent"; change = {
                Get-ChildItem blobs/sha256 | Sort-Object Length | Select-Object -First 1 | Remove-Item
            }
        }
        @{ damage = 'a layer that is cut off'; id = 'CtrBlobCorrupt'; text = 'bytes in archive .*, but its descriptor says'; change = {
                $layer = Get-ChildItem blobs/sha256 | Sort-Object Length | Select-Object -First 1
                $file = [IO.File]::OpenWrite($layer.FullName)
                $file.SetLength(50)
                $file.Dispose()
            }
        }
    ) {
        # An image that no other namespace has: there the bytes would come from.
        $archive = New-ChangedArchive (Get-ArchivePath many:1) $change
        $failure = Get-Failure { Import-CtrImage $archive -Namespace $namespace @args }
        $failure.Id | Should -Be $id
        $failure.Text | Should -Match $text
        $failure.Target | Should -Match '^sha256:[0-9a-f]{64}$'
        $failure.Advice | Should -Not -BeNullOrEmpty
        Invoke-Ctr $rig -n $namespace images ls -q | Should -BeNullOrEmpty
        Invoke-Ctr $rig -n $namespace content ls -q | Should -BeNullOrEmpty
    }

    It 'refuses a name that containerd''s client would refuse, and -Name brings the image: <what>' -ForEach @(
        @{ what = 'escape sequences'; name = "case.test/`e[31mred`e[0m:1"; shown = "'case.test/\u001b[31mred\u001b[0m:1'" }
        @{ what = 'a line end'; name = "case.test/two`nlines:1"; shown = "'case.test/two\u000alines:1'" }
    ) {
        $archive = New-ChangedArchive $busybox {
            $index = Get-Content index.json -Raw | ConvertFrom-Json -AsHashtable
            $index.manifests[0].annotations.'io.containerd.image.name' = $name
            $index | ConvertTo-Json -Depth 10 | Set-Content index.json -NoNewline
        }
        $failure = Get-Failure { Import-CtrImage $archive -Namespace $namespace -NoUnpack @args }
        $failure.Id | Should -Be CtrInvalidReference
        $failure.Text.Contains("cannot be imported as ${shown}: it has blanks or control characters.") | Should -BeTrue -Because $failure.Text
        $failure.Advice | Should -Be 'Give the image another name with -Name.'
        Invoke-Ctr $rig -n $namespace images ls -q | Should -BeNullOrEmpty
        (Import-CtrImage $archive -Namespace $namespace -NoUnpack -Name good:1).Name | Should -Be docker.io/library/good:1
    }

    It 'lists a name that is no reference as it stands, and -Name brings the image: <form>' -ForEach @(
        @{ form = 'docker'; image = 'busybox-docker'; change = {
                $list = Get-Content manifest.json -Raw | ConvertFrom-Json -AsHashtable -NoEnumerate
                $list[0].RepoTags = @('UPPER/Case:1')
                ConvertTo-Json $list -Depth 10 | Set-Content manifest.json -NoNewline
            }
        }
        @{ form = 'OCI'; image = 'busybox'; change = {
                $index = Get-Content index.json -Raw | ConvertFrom-Json -AsHashtable
                $index.manifests[0].annotations.'io.containerd.image.name' = 'UPPER/Case:1'
                $index | ConvertTo-Json -Depth 10 | Set-Content index.json -NoNewline
            }
        }
    ) {
        $archive = New-ChangedArchive (Get-ArchivePath $image) $change
        (Get-CtrArchive $archive).Name | Should -Be UPPER/Case:1
        (Test-CtrArchive $archive).Status | Should -Be Ok
        $failure = Get-Failure { Import-CtrImage $archive -Namespace $namespace -NoUnpack @args }
        $failure.Id | Should -Be CtrInvalidReference
        $failure.Text | Should -Match "cannot be imported as 'UPPER/Case:1': it is no reference of an image."
        (Import-CtrImage $archive -Namespace $namespace -NoUnpack -Name good:1).Name | Should -Be docker.io/library/good:1
    }

    It 'warns of a name that several images have' {
        $archive = New-ChangedArchive (Get-ArchivePath many:3) {
            $index = Get-Content index.json -Raw | ConvertFrom-Json -AsHashtable
            $index.manifests.ForEach({ $_.annotations.'io.containerd.image.name' = 'case.test/twice:1' })
            $index | ConvertTo-Json -Depth 10 | Set-Content index.json -NoNewline
        }
        $listed = Get-CtrArchive $archive
        $image = Import-CtrImage $archive -Namespace $namespace -NoUnpack -WarningVariable warnings -WarningAction SilentlyContinue
        $image.Name, $image.Digest | Should -Be case.test/twice:1, $listed[-1].Digest
        $warnings | Should -HaveCount 2
        $warnings | Should -Match "gives the name 'case.test/twice:1' to several images: it is that of $($listed[-1].Digest), the last of them"
        foreach ($other in $listed[0, 1].Digest) {
            "$warnings" | Should -Match "The image $other has no other, and is not imported"
            Invoke-Ctr $rig -n $namespace content ls -q | Should -Not -Contain $other
        }
        Invoke-Ctr $rig -n $namespace images ls -q | Should -Be case.test/twice:1
    }

    It 'tells a descriptor without media type as such, as the test does' {
        $archive = New-ChangedArchive (Get-ArchivePath many:1) {
            $index = Get-Content index.json -Raw | ConvertFrom-Json -AsHashtable
            $index.manifests[0].Remove('mediaType')
            $index | ConvertTo-Json -Depth 10 | Set-Content index.json -NoNewline
        }
        $check = Test-CtrArchive $archive
        $check.Status | Should -Be Corrupt
        $check.Faults.Reason | Should -Match 'has no media type: nothing says what the blob is'
        $failures = @(Get-Failure { Import-CtrImage $archive -Namespace $namespace @args -WarningVariable warnings })
        $failures.Id | Should -Be CtrBlobCorrupt
        $failures.Text | Should -Match 'has no media type: nothing says what the blob is, and containerd keeps no image of it'
        $failures.Advice | Should -Match 'The image was made so'
        $warnings | Should -BeNullOrEmpty
    }

    It 'says that the store takes sha256 only, of a blob with another digest' {
        $archive = New-ChangedArchive (Get-ArchivePath many:1) {
            $image = Read-ImageFile
            $layer = Get-Item (Get-BlobPath $image.Manifest.layers[0].digest)
            $image.Manifest.layers[0].digest = "sha512:$((Get-FileHash $layer -Algorithm SHA512).Hash.ToLowerInvariant())"
            $null = New-Item blobs/sha512 -ItemType Directory
            Move-Item $layer (Join-Path blobs ($image.Manifest.layers[0].digest -replace ':', '/'))
            Save-ImageFile $image
        }
        (Test-CtrArchive $archive).Status | Should -Be Ok
        $failure = Get-Failure { Import-CtrImage $archive -Namespace $namespace -NoUnpack @args }
        $failure.Id | Should -Be CtrNotSupported
        $failure.Text | Should -Match "cannot be imported. This containerd's store takes digests of sha256 only, and the blob 'sha512:"
        $failure.Advice | Should -Match 'Build or convert the image anew'
        Invoke-Ctr $rig -n $namespace content ls -q | Should -BeNullOrEmpty
    }

    It 'gives the daemon''s reason where its disk is full' -Skip:((id -u) -ne 0) {
        $ingests = Join-Path $rig.Root io.containerd.content.v1.content ingest
        & mount -t tmpfs -o size=4m ctrps-test $ingests
        try {
            $failure = Get-Failure { Import-CtrImage (Get-ArchivePath nginx-docker) -Namespace $namespace -NoUnpack @args }
        } finally {
            & umount --lazy $ingests # the daemon may not have closed its file yet
        }
        $failure.Text | Should -Match 'no space left on device'
        $failure.Text | Should -Not -Match 'No reason was given'
        Invoke-Ctr $rig -n $namespace images ls -q | Should -BeNullOrEmpty
    }

    It 'takes what a delta leaves out from the namespace, and says what is not there either' {
        $delta = New-ChangedArchive $busybox { Get-ChildItem blobs/sha256 | Sort-Object Length | Select-Object -Last 1 | Remove-Item }
        Get-Failure { Import-CtrImage $delta -Namespace $namespace @args } | ForEach-Object Id | Should -Be 'CtrBlobMissing'
        $null = Invoke-Ctr $rig -n $namespace images import --no-unpack $busybox
        (Import-CtrImage $delta -Namespace $namespace -Name delta:1).Digest | Should -Be $busyboxDigest
        $null = Invoke-Ctr $rig -n $namespace images rm --sync docker.io/library/busybox:1.35
        (ConvertFrom-CtrTable (Invoke-Ctr $rig -n $namespace images check)).STATUS | Should -Be 'complete (2/2)'
    }

    It 'leaves nothing when it is stopped in the middle' {
        $archive = Get-ArchivePath nginx-docker
        $shell = [powershell]::Create()
        try {
            $null = $shell.AddScript("Import-Module '$(Get-ManifestPath)'").AddStatement()
            $null = $shell.AddScript("Import-CtrImage '$archive' -Namespace $namespace -Address '$($rig.Address)'")
            $running = $shell.BeginInvoke()
            Wait-Until { Invoke-Ctr $rig -n $namespace content active | Select-Object -Skip 1 } 'bytes are being written'
            $shell.Stop()
            $shell.InvocationStateInfo.State | Should -Be 'Stopped'
            Wait-Until { $running.IsCompleted } 'the pipeline has ended'
        } finally {
            $shell.Dispose()
        }
        Invoke-Ctr $rig -n $namespace images ls -q | Should -BeNullOrEmpty
        Invoke-Ctr $rig -n $namespace content ls -q | Should -BeNullOrEmpty
    }

    It 'refuses <what>' -ForEach @(
        @{ what = 'a file that is not there'; id = 'CtrArchiveNotFound'; line = { Import-CtrImage /nonexistent/x.tar @args } }
        @{ what = 'a path of another provider'; id = 'CtrInvalidArgument'; line = { Import-CtrImage Env:PATH @args } }
        @{ what = 'contradictions'; id = 'CtrInvalidArgument'; line = { Import-CtrImage x.tar -Platform linux/arm64 -AllPlatforms @args } }
        @{ what = 'what is no archive'; id = 'CtrArchiveUnrecognized'; line = { Import-CtrImage (Join-Path $PSHOME LICENSE.txt) @args } }
    ) {
        $failure = try { Get-Failure $line } catch { [pscustomobject]@{ Id = ($_.FullyQualifiedErrorId -split ',')[0] } }
        $failure.Id | Should -Be $id
    }
}

Describe 'A daemon that dies during an import, containerd <generation>' -ForEach (Get-RigGeneration) {
    if ($reason) {
        It 'has a daemon' { Set-ItResult -Skipped -Because $reason }
        return
    }

    It 'keeps nothing of it once it is back' {
        $rig = Get-Rig $generation Restart
        $before = Get-RigState $rig
        $blobs = Invoke-Ctr $rig -n dies content ls -q
        $shell = [powershell]::Create()
        try {
            $null = $shell.AddScript("Import-Module '$(Get-ManifestPath)'").AddStatement()
            $null = $shell.AddScript("Import-CtrImage '$(Get-ArchivePath nginx-docker)' -Namespace dies -Address '$($rig.Address)'")
            $running = $shell.BeginInvoke()
            Wait-Until { Invoke-Ctr $rig -n dies content active | Select-Object -Skip 1 } 'bytes are being written'
            Send-RigCommand $rig kill
            Send-RigCommand $rig start
            $shell.EndInvoke($running) | Should -BeNullOrEmpty
            ($shell.Streams.Error.FullyQualifiedErrorId -split ',')[0] | Should -BeIn 'CtrUnavailable', 'CtrConnectionRefused', 'CtrAddressNotFound'
            "$($shell.Streams.Error)" | Should -Match ([regex]::Escape($rig.Address))
        } finally {
            $shell.Dispose()
        }
        Get-RigState $rig | Should -Be $before
        Invoke-Ctr $rig -n dies images ls -q | Should -BeNullOrEmpty
        Invoke-Ctr $rig -n dies content ls -q | Should -Be $blobs
    }
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
        { Save-CtrImage busybox:1.35 $path -Session /nonexistent/c.sock } | Should -Throw -ErrorId "$id,CtrPS.Commands.SaveCtrImageCommand"
        Get-Content (Join-Path $folder old.tar) | Should -Be old
    }

    It 'refuses a device with -Force too' {
        { Save-CtrImage busybox:1.35 /dev/null -Force } | Should -Throw -ErrorId CtrInvalidPath*
        (Get-Item /dev/null).UnixMode[0] | Should -Be c
    }

    It 'replaces with -Force, and leaves owner and permissions as they were' {
        Set-Content $file old
        chmod 600 $file
        if ((id -u) -eq 0) {
            chown 65534:65533 $file
        }
        $before = stat -c '%u:%g %a' $file
        $before | Should -Match ' 600$'
        Save-CtrImage busybox:1.35 $file -Force
        Get-ArchiveName $file | Should -Be docker.io/library/busybox:1.35
        stat -c '%u:%g %a' $file | Should -Be $before
        Save-CtrImage busybox:1.35 "$file.2" -Checksum
        Set-Content "$file.3" new
        $new = stat -c '%a' "$file.3"
        stat -c '%a' "$file.2" "$file.2.sha256" | Should -Be $new, $new
    }

    It 'never writes through a link: <what>' -ForEach @(
        @{ what = 'to a file'; target = 'real.tar'; says = "is a link to '{folder}/real.tar'. Nothing is written through a link" }
        @{ what = 'to nothing'; target = 'nowhere.tar'; says = "is a link to '{folder}/nowhere.tar', where nothing is. Nothing is written" }
    ) {
        Set-Content (Join-Path $folder real.tar) old
        $link = Join-Path $folder link.tar
        $null = New-Item -ItemType SymbolicLink $link -Target (Join-Path $folder $target)
        foreach ($extra in @{}, @{ Force = $true }) {
            $failure = try { Save-CtrImage busybox:1.35 $link @extra } catch { $_ }
            $failure.FullyQualifiedErrorId | Should -BeLike 'CtrInvalidPath,*'
            "$failure" | Should -BeLike "*$($says.Replace('{folder}', $folder))*"
            { Export-CtrInventory $link @extra } | Should -Throw -ErrorId CtrInvalidPath*
        }
        (Get-Item $link).LinkType | Should -Be SymbolicLink
        Get-Content (Join-Path $folder real.tar) | Should -Be old
        (Get-ChildItem $folder).Name | Should -Be link.tar, real.tar
    }

    It 'takes away what a process left that was killed while it wrote the same file, and nothing that one still writes' {
        $left = "$file.0123abcd.partial"
        $written = "$file.89abcdef.partial"
        $others = "$(Join-Path $folder other.tar).0123abcd.partial", "$file.partial", "$file.0123abcdef.partial"
        $left, $written, $others[0], $others[1], $others[2] | ForEach-Object { Set-Content $_ part }
        $null = New-Item -ItemType SymbolicLink "$file.00000000.partial" -Target $others[0]
        $holder = Start-Process flock -ArgumentList $written, 'sleep', '1000' -PassThru
        try {
            Wait-Until { -not (flock -n $written true && $true) } 'it is locked'
            Save-CtrImage busybox:1.35 $file
        } finally {
            $holder.Kill($true)
        }
        (Get-ChildItem $folder).Name |
            Should -Be (@('images.tar', 'images.tar.00000000.partial') + @($written, $others[0], $others[1], $others[2] | Split-Path -Leaf) |
                    Sort-Object)
    }

    It 'does not replace a file that came while it wrote' {
        $shell = [powershell]::Create()
        try {
            $null = $shell.AddScript("Import-Module '$(Get-ManifestPath)'").AddStatement().AddScript(
                "Save-CtrImage nginx:deb '$file' -Namespace k8s.io -Session '$($rig.Address)' -Compress Gzip")
            $running = $shell.BeginInvoke()
            Wait-Until { Get-ChildItem $folder -Filter *.partial }
            Set-Content $file new
            Wait-Until { $running.IsCompleted } 'the pipeline has ended' -Seconds 60
            $shell.Streams.Error[0].FullyQualifiedErrorId | Should -BeLike 'CtrFileExists,*'
        } finally {
            $shell.Dispose()
        }
        Get-Content $file | Should -Be new
        (Get-ChildItem $folder).Name | Should -Be images.tar
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
        $fault.FullyQualifiedErrorId | Should -Be 'CtrImageNotFound,CtrPS.Commands.SaveCtrImageCommand'
        Test-Path $file | Should -BeFalse
        $null = Get-CtrImage no-such-* | Save-CtrImage -Path $file -ErrorVariable fault -ErrorAction SilentlyContinue
        $fault.FullyQualifiedErrorId | Should -Be 'CtrImageNotFound,CtrPS.Commands.SaveCtrImageCommand'
        Get-ChildItem $folder | Should -BeNullOrEmpty
    }

    It 'gives an error for each missing blob, and writes nothing' {
        $null = Invoke-Ctr $rig -n $namespace images import --no-unpack (Get-ArchivePath index)
        Save-CtrImage index:partial $file -Namespace $namespace
        $null = Save-CtrImage index:partial $file -Namespace $namespace -Platform All -Force -ErrorVariable faults -ErrorAction SilentlyContinue
        $faults | Should -HaveCount 1
        $faults[0].FullyQualifiedErrorId | Should -Be 'CtrBlobMissing,CtrPS.Commands.SaveCtrImageCommand'
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
                $fault.FullyQualifiedErrorId | Should -Be 'CtrDiskFull,CtrPS.Commands.SaveCtrImageCommand'
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

Describe 'Lines about archives' {
    BeforeAll {
        $rig = [pscustomobject]@{ Address = '/nonexistent/containerd.sock' }
    }

    It '<line>' -ForEach @(
        @{
            line  = 'Get-CtrArchive -LiteralPath {archives}/busybox-docker.tar | Select -Expand MediaType'
            gives = 'application/vnd.docker.distribution.manifest.v2+json'
        }
        @{ line = "'{archives}/index.tar', '{archives}/attested.tar' | Get-CtrArchive | Select -Expand IsComplete"; gives = 'False', 'True' }
        @{ line = 'Test-CtrArchive {archives}/busybox.tar | Select -Expand BlobCount'; gives = '3' }
        @{ line = 'Test-CtrArchive -LiteralPath {archives}/index.tar, {archives}/index.tar | Select -Expand Status'; gives = 'Ok' }
        @{ line = 'Get-CtrArchive {archives}/index.tar | Test-CtrArchive | Select -Expand Name'; gives = 'docker.io/library/index:partial' }
        @{ line = "Get-CtrArchive -LiteralPath '/no*.tar'"; fails = 'CtrArchiveNotFound ObjectNotFound [/no*.tar]' }
        @{ line = 'Get-CtrArchive /etc'; fails = 'CtrArchiveUnrecognized InvalidData [/etc]' }
        @{ line = 'Test-CtrArchive /etc/hostname'; fails = 'CtrArchiveUnrecognized InvalidData [/etc/hostname]' }
        @{
            line = 'Get-CtrArchive {archives}/index.tar'
            has  = 'Path', 'Name', 'Digest', 'MediaType', 'Size', 'Platforms', 'Format', 'Compression', 'Faults', 'IsComplete'
        }
        @{
            line = 'Get-CtrArchive {archives}/index.tar | Select -Expand Faults'
            has  = 'Digest', 'MediaType', 'Size', 'Status', 'Platform', 'ActualDigest', 'ActualSize', 'Reason', 'RecommendedAction'
        }
        @{ line = 'Test-CtrArchive {archives}/busybox-docker.tar'; has = 'Path', 'Name', 'Digest', 'Status', 'BlobCount', 'Size', 'Faults' }
        @{ line = 'Get-CtrArchive {archives}/index.tar'; shows = 'Digest             Size Complete Platforms     Name' }
        @{ line = 'Get-CtrArchive {archives}/busybox.tar'; shows = '# # MiB True     linux/amd64   docker.io/library/busybox:1.35' }
        @{ line = 'Get-CtrArchive {archives}/index.tar | Format-List'; shows = 'Format      : Oci' }
        @{
            line  = 'Get-CtrArchive {archives}/index.tar | Select -Expand Faults'
            shows = 'Status     Digest             Size Platform      Reason'
        }
        @{ line = 'Test-CtrArchive {archives}/busybox.tar'; shows = 'Ok         # # MiB     3 docker.io/library/busybox:1.35' }
        @{ line = 'Test-CtrArchive {archives}/busybox.tar'; shows = 'Status     Digest             Size Blobs Name' }
    ) {
        Assert-Line $rig @_
    }
}

Describe 'Lines that save and import, containerd <generation>' -ForEach (Get-RigGeneration) {
    if ($reason) {
        It 'has a daemon' { Set-ItResult -Skipped -Because $reason }
        return
    }

    BeforeAll {
        $rig = Get-Rig $generation
        $place = @{ folder = "$TestDrive"; here = "pester-$([guid]::NewGuid().ToString('n').Substring(0, 8))" }
    }

    AfterAll {
        Clear-TestNamespace $rig $place.here
    }

    It '<line>' -ForEach @(
        @{
            line  = 'Export-CtrImage busybox:1.35, index:partial {folder}/spec.tar -Namespace k8s.io -Force -Checksum -PassThru | Select -Expand Name'
            gives = 'spec.tar'
        }
        @{
            line  = 'Save-CtrImage index:partial {folder}/arm.tar -Namespace k8s.io -Platform linux/s390x'
            fails = 'CtrPlatformNotFound'
        }
        @{
            line  = 'Export-CtrInventory {folder}/i.json -Namespace k8s.io -Force; Save-CtrImage busybox:1.35 {folder}/delta.tar -Namespace k8s.io ' +
            '-ExcludeInventory {folder}/i.json -Format Oci -Force -PassThru | Where Length -lt 10KB | Select -Expand Name'
            gives = 'delta.tar'
        }
        @{
            line  = "'{archives}/busybox.tar' | Import-CtrImage -Namespace {here} -NoUnpack -Name spec:1 -Label @{ a = 'b' } | Select -Expand Tag"
            gives = '1'
        }
        @{
            line  = 'Import-CtrImage /nonexistent.tar, {archives}/index.tar -Namespace {here} -NoUnpack | Select -Expand Tag'
            gives = 'partial'; fails = 'CtrArchiveNotFound ObjectNotFound [/nonexistent.tar]'
        }
        @{ line = 'Import-CtrImage {archives}/busybox.tar -Namespace {here} -NoUnpack -DiscardUnpackedLayer'; fails = 'CtrInvalidArgument' }
    ) {
        Assert-Line $rig @_ -Place $place
    }
}
