#requires -Version 7.6
# Import-CtrImage. ctr is the judge: it imports the same archives, and says what is complete and unpacked.

BeforeDiscovery {
    Import-Module (Join-Path $PSScriptRoot Helpers.psm1)
}

BeforeAll {
    $ErrorActionPreference = 'Stop'
    Import-ModuleUnderTest

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

    # Runs a script and gives its errors as 'Id Category target', and what they say.
    function Get-Failure {
        param([scriptblock] $Script)
        & $Script -ErrorAction Continue 2>&1 | Where-Object { $_ -is [Management.Automation.ErrorRecord] } | ForEach-Object {
            $id = ($_.FullyQualifiedErrorId -split ',')[0]
            [pscustomobject]@{ Id = $id; Target = "$($_.TargetObject)"; Text = "$_"; Advice = $_.ErrorDetails.RecommendedAction }
        }
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
    }

    BeforeEach {
        $namespace = "import-$([guid]::NewGuid().ToString('n').Substring(0, 8))"
        $before = Get-RigState $rig
    }

    AfterEach {
        Clear-TestNamespace $rig $namespace, "$namespace-ctr"
        Get-RigState $rig | Should -Be $before
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
            $failure[0].Text | Should -Match 'for linux/arm64\) is absent'
            $failure[0].Target | Should -Match '^sha256:'
        }
        $none = Get-Failure { Import-CtrImage $archive -Namespace $namespace -Platform linux/s390x @args }
        $none.Id | Should -Be 'CtrPlatformNotFound'
        $none.Text | Should -Match 'is not for linux/s390x. It is for linux/amd64, linux/arm64; whole are linux/amd64'
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
        @{ damage = 'a flipped byte in a layer'; id = 'CtrBlobCorrupt'; text = "'docker.io/library/many-0001:1': The blob .* is corrupt"; change = {
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
