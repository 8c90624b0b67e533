#requires -Version 7.6
# Get-, Remove- and Set-CtrImage, Add-CtrImageTag; Test-, Repair- and Copy-CtrImage; aliases and ids. ctr is the judge of what is on the daemon; sizes
# and platforms against ctr are Parity.Tests.ps1's. Damage on the disk is the business of the xunit tests; here records are taken away.

BeforeDiscovery {
    Import-Module (Join-Path $PSScriptRoot Helpers.psm1)
}

BeforeAll {
    $ErrorActionPreference = 'Stop'
    Import-ModuleUnderTest
    $busybox = 'docker.io/library/busybox:1.35'

    # Takes the record of an image's layer away; returns its digest.
    function Remove-Layer {
        [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '', Justification = 'in a rig')]
        param([pscustomobject] $Rig, [string] $Namespace)
        $target = (Get-CtrImage $busybox -Namespace $Namespace -Session $Rig.Address).Digest
        $layer = (Invoke-Ctr $Rig -n $Namespace content get $target | ConvertFrom-Json).layers[0].digest
        $null = Invoke-Ctr $Rig -n $Namespace content rm $layer
        $layer
    }
}

Describe 'Finding images, containerd <generation>' -ForEach (Get-RigGeneration) {
    if ($reason) {
        It 'has a daemon' { Set-ItResult -Skipped -Because $reason }
        return
    }

    BeforeAll {
        $rig = Get-Rig $generation
        $session = Connect-CtrSession $rig.Address -Namespace k8s.io
        $namespace = Add-TestNamespace $rig
        $null = Invoke-Ctr $rig -n $namespace images tag docker.io/library/busybox:1.35 registry.example.com:5000/team/app:2 docker.io/team/tool:3
        $null = Invoke-Ctr $rig -n $namespace images label docker.io/team/tool:3 team=web io.cri-containerd.pinned=pinned
    }

    AfterAll {
        Clear-TestNamespace $rig $namespace
        Disconnect-CtrSession $session
    }

    It 'answers the question of the README' {
        $large = Get-CtrImage -Namespace k8s.io | Where-Object Size -GT 100MB
        $large.Name | Should -Be 'docker.io/library/nginx:deb'
        $large.Size | Should -BeOfType [long]
    }

    It 'gives a whole object' {
        $image = Get-CtrImage docker.io/team/tool:3 -Namespace $namespace
        $image | Should -BeOfType CtrPS.CtrImage
        $image.Namespace | Should -Be $namespace
        $image.Registry, $image.Repository, $image.Tag | Should -Be 'docker.io', 'team/tool', '3'
        $image.Names | Should -Be $image.Name
        $image.Digest | Should -Match '^sha256:[0-9a-f]{64}$'
        $image.MediaType | Should -Be 'application/vnd.oci.image.manifest.v1+json'
        $image.Labels['team'] | Should -Be 'web'
        $image.Pinned | Should -BeTrue
        $image.CreatedAt | Should -BeGreaterThan ([DateTimeOffset]::Now.AddMinutes(-30))
        $image.UpdatedAt | Should -BeGreaterOrEqual $image.CreatedAt
        $image.Platforms | Should -HaveCount 1
        $image.Platforms[0].Os, $image.Platforms[0].Architecture, $image.Platforms[0].Variant | Should -Be 'linux', 'amd64', ''
        $image.Platforms[0].IsComplete | Should -BeTrue
        $image.Platforms[0].Digest | Should -Be $image.Digest
    }

    It 'finds <given>' -ForEach @(
        @{ given = 'docker.io/team/tool:3'; found = 'docker.io/team/tool:3' }
        @{ given = 'team/tool:3'; found = 'docker.io/team/tool:3' }
        @{ given = 'busybox:1.35'; found = 'docker.io/library/busybox:1.35' }
        @{ given = 'registry.example.com:5000/team/app:2'; found = 'registry.example.com:5000/team/app:2' }
        @{ given = 'busybox*'; found = 'docker.io/library/busybox:1.35' }
        @{ given = 'TEAM/*'; found = 'docker.io/team/tool:3' }
        @{ given = '*/team/*'; found = 'docker.io/team/tool:3', 'registry.example.com:5000/team/app:2' }
        @{ given = 'no-such-*'; found = $null }
    ) {
        (Get-CtrImage $given -Namespace $namespace).Name | Should -Be $found
    }

    It 'finds names in the order given, also from the pipeline and from records' {
        $found = 'docker.io/team/tool:3', 'docker.io/library/busybox:1.35'
        (Get-CtrImage team/tool:3, busybox:1.35 -Namespace $namespace).Name | Should -Be $found
        ('team/tool:3', 'busybox:1.35' | Get-CtrImage -Namespace $namespace).Name | Should -Be $found
        ($found | ForEach-Object { [pscustomobject]@{ Name = $_; Namespace = $namespace } } | Get-CtrImage).Name | Should -Be $found
    }

    It 'searches namespaces by list and wildcard' {
        (Get-CtrImage busybox:1.35 -Namespace $namespace, k8s.io).Namespace | Should -Be $namespace, 'k8s.io'
        (Get-CtrImage busybox:1.35 -Namespace *).Namespace | Sort-Object | Should -Be 'k8s.io', $namespace
        (Get-CtrImage -Namespace pester-*).Name | Should -Be (Invoke-Ctr $rig -n $namespace images ls -q)
        Get-CtrImage -Namespace no-such-* | Should -BeNullOrEmpty
    }

    It 'lists all images of a namespace object' {
        (Get-CtrNamespace $namespace | Get-CtrImage).Name | Should -Be (Invoke-Ctr $rig -n $namespace images ls -q)
        (Get-CtrNamespace | Get-CtrImage).Count | Should -Be (Get-CtrImage -Namespace *).Count
    }

    It 'hands filters to containerd' {
        (Get-CtrImage -Namespace $namespace -Filter labels.team==web).Name | Should -Be 'docker.io/team/tool:3'
        (Get-CtrImage -Namespace $namespace -Filter name==docker.io/team/tool:3, name~=app).Name |
            Should -Be 'docker.io/team/tool:3', 'registry.example.com:5000/team/app:2'
        (Get-CtrImage *tool* -Namespace $namespace -Filter name~=o).Name | Should -Be 'docker.io/team/tool:3'
        { Get-CtrImage -Namespace $namespace -Filter '==' } | Should -Throw -ErrorId 'CtrInvalidArgument,*'
    }

    It 'picks by platform and gives the size for it' {
        $index = (Invoke-Ctr $rig -n k8s.io content get (Get-CtrImage index:full).Digest | ConvertFrom-Json).manifests
        foreach ($entry in $index) {
            $image = Get-CtrImage index:full -Platform "linux/$($entry.platform.architecture)"
            $platform = $image.Platforms | Where-Object Digest -EQ $entry.digest
            # All of one platform, and the index above it.
            $manifest = Invoke-Ctr $rig -n k8s.io content get $entry.digest | ConvertFrom-Json
            $platform.Size | Should -Be (@($entry.size, $manifest.config.size) + $manifest.layers.size | Measure-Object -Sum).Sum
            $image.Size - $platform.Size | Should -Be ([Text.Encoding]::UTF8.GetByteCount((Invoke-Ctr $rig -n k8s.io content get $image.Digest)))
        }
        (Get-CtrImage -Platform linux/arm/v7).Name | Should -Be 'docker.io/library/arm:v7'
        (Get-CtrImage -Platform windows/amd64) | Should -BeNullOrEmpty
        (Get-CtrImage -Platform linux/arm64).Name | Should -Be 'docker.io/library/index:full', 'docker.io/library/index:partial'
        { Get-CtrImage -Platform a/b/c/d } | Should -Throw -ExpectedMessage "*'a/b/c/d' is not a platform*linux/arm64*"
    }

    It 'gives one object a digest with -Unique, under a name with a tag' {
        $unique = Get-CtrImage -Namespace $namespace -Unique
        $unique | Should -HaveCount 1
        $unique.Names | Should -Be (Invoke-Ctr $rig -n $namespace images ls -q)
        $all = Get-CtrImage
        $unique = Get-CtrImage -Unique
        $unique.Count | Should -Be ($all.Digest | Sort-Object -Unique).Count
        $unique.Names | Sort-Object | Should -Be ($all.Name | Sort-Object)
        $unique | Where-Object { $_.Names.Count -gt 1 -and -not $_.Tag } | Should -BeNullOrEmpty
    }

    It 'hides attestations unless asked' {
        (Get-CtrImage attested:1).Platforms | ForEach-Object { "$_" } | Should -Be 'linux/amd64'
        (Get-CtrImage attested:1 -IncludeAttestation).Platforms | ForEach-Object { "$_ $($_.IsAttestation)" } |
            Should -Be 'linux/amd64 False', 'unknown/unknown True'
    }

    It 'says of each platform whether it is here' {
        $platforms = (Get-CtrImage index:partial).Platforms
        $platforms | ForEach-Object { "$_ $($_.IsComplete)" } | Should -Be 'linux/amd64 True', 'linux/arm64 False'
        $platforms | Where-Object IsComplete -EQ $false | ForEach-Object { $_.Size } | Should -BeNullOrEmpty
        (Get-CtrImage index:full).Platforms.IsComplete | Should -Be $true, $true
    }

    It 'has lists that can be indexed' {
        $image = Get-CtrImage index:full
        "$($image.Platforms[0]) $($image.Platforms[1]) $($image.Platforms[-1])" | Should -Be 'linux/amd64 linux/arm64 linux/arm64'
        (Get-CtrImage -Namespace $namespace -Unique).Names[-1] | Should -Be 'registry.example.com:5000/team/app:2'
    }

    It 'warns when there is nothing here but elsewhere' {
        $empty = Connect-CtrSession $rig.Address -Namespace default -NoDefault
        $found = Get-CtrImage -Session $empty -WarningVariable warned -WarningAction SilentlyContinue
        $found | Should -BeNullOrEmpty
        $warned | Should -HaveCount 1
        "$warned" | Should -BeLike '*default*k8s.io*-Namespace*'
        Disconnect-CtrSession $empty
    }
}

Describe 'Changing images, containerd <generation>' -ForEach (Get-RigGeneration) {
    if ($reason) {
        It 'has a daemon' { Set-ItResult -Skipped -Because $reason }
        return
    }

    BeforeAll {
        $rig = Get-Rig $generation

        function Get-Row {
            ConvertFrom-CtrTable (Invoke-Ctr $rig -n $namespace images ls)
        }
    }

    BeforeEach {
        $namespace = Add-TestNamespace $rig
        $session = Connect-CtrSession $rig.Address -Namespace $namespace
        $busybox = 'docker.io/library/busybox:1.35'
        $null = Invoke-Ctr $rig -n $namespace images label $busybox keep=1 change=1 drop=1
    }

    AfterEach {
        Disconnect-CtrSession $session
        Clear-TestNamespace $rig $namespace
    }

    It 'adds names that point to the same digest, with the labels' {
        Add-CtrImageTag busybox:1.35 team/one, registry.example.com:5000/two:2 | Should -BeNullOrEmpty
        $rows = Get-Row
        $rows.REF | Should -Be $busybox, 'docker.io/team/one:latest', 'registry.example.com:5000/two:2'
        $rows.DIGEST | Sort-Object -Unique | Should -HaveCount 1
        $rows.LABELS | Sort-Object -Unique | Should -HaveCount 1
    }

    It 'returns the image under its further names with -PassThru' {
        $made = Get-CtrImage busybox:1.35 | Add-CtrImageTag -Tag one, two -PassThru
        $made | Should -BeOfType CtrPS.CtrImage
        $made.Name | Should -Be 'docker.io/library/one:latest', 'docker.io/library/two:latest'
        $made.Size | Sort-Object -Unique | Should -Be (Get-CtrImage busybox:1.35).Size
        $made | Remove-CtrImage
        (Get-Row).REF | Should -Be $busybox
    }

    It 'moves a name to another image only with -Force' {
        $null = Invoke-Ctr $rig -n $namespace images import --no-unpack --platform linux/arm/v7 (Get-ArchivePath arm)
        $before = (Get-Row | Where-Object REF -EQ docker.io/library/arm:v7).DIGEST
        $record = { Add-CtrImageTag busybox:1.35 arm:v7 } |
            Should -Throw -ErrorId 'CtrImageExists,*' -ExpectedMessage '*docker.io/library/arm:v7*' -PassThru
        $record.CategoryInfo.Category | Should -Be 'ResourceExists'
        $record.ErrorDetails.RecommendedAction | Should -BeLike '*-Force*'
        (Get-Row | Where-Object REF -EQ docker.io/library/arm:v7).DIGEST | Should -Be $before
        Add-CtrImageTag busybox:1.35 arm:v7 -Force
        (Get-Row).DIGEST | Sort-Object -Unique | Should -HaveCount 1
        Add-CtrImageTag busybox:1.35 arm:v7 -PassThru | ForEach-Object Name | Should -Be 'docker.io/library/arm:v7'
    }

    It 'gives a list of images names in another registry' {
        Add-CtrImageTag busybox:1.35 registry.k8s.io/pause:3.9, quay.io/team/tool:1
        $made = Get-CtrImage | Add-CtrImageTag -ReplaceRegistry @{ 'docker.io' = 'mirror:5000/hub'; 'REGISTRY.k8s.io' = 'localhost:5000' } -PassThru
        $made.Name | Should -Be 'mirror:5000/hub/library/busybox:1.35', 'localhost:5000/pause:3.9'
        (Get-Row).REF | Should -HaveCount 5
        (Add-CtrImageTag *pause* -ReplaceRegistry @{ 'localhost:5000' = 'other' + '.example.com' } -PassThru).Name |
            Should -Be 'other.example.com/pause:3.9'
    }

    It 'adds, changes and removes labels, and leaves the others' {
        Set-CtrImage busybox:1.35 -Label @{ change = '2'; drop = ''; add = 'a/value' } | Should -BeNullOrEmpty
        (Get-Row).LABELS -split ',' | Should -Be 'add=a/value', 'change=2', 'keep=1'
    }

    It 'replaces all labels, and returns the image with -PassThru' {
        $changed = Get-CtrImage | Set-CtrImage -ReplaceLabel @{ 'io.cri-containerd.pinned' = 'pinned' } -PassThru
        $changed.Pinned | Should -BeTrue
        $changed.Size | Should -Be (Get-CtrImage).Size
        $changed.UpdatedAt | Should -BeGreaterThan $changed.CreatedAt
        (Get-Row).LABELS | Should -Be 'io.cri-containerd.pinned=pinned'
        (Set-CtrImage * -ReplaceLabel @{} -PassThru).Labels.Count | Should -Be 0
    }

    It 'removes images by name, wildcard and object' {
        Add-CtrImageTag busybox:1.35 one, two, three, other
        Remove-CtrImage one, t* | Should -BeNullOrEmpty
        (Get-Row).REF | Should -Be $busybox, 'docker.io/library/other:latest'
        Get-CtrImage other | Remove-CtrImage
        (Get-Row).REF | Should -Be $busybox
        Remove-CtrImage no-such-*
        (Get-Row).REF | Should -Be $busybox
    }

    It 'has freed the content when it returns with -Synchronous' {
        @(Invoke-Ctr $rig -n $namespace content ls -q).Count | Should -BeGreaterOrEqual 3
        Get-CtrImage | Remove-CtrImage -Synchronous
        Invoke-Ctr $rig -n $namespace content ls -q | Should -BeNullOrEmpty
        Invoke-Ctr $rig -n $namespace leases ls -q | Should -BeNullOrEmpty
    }

    It 'removes a pinned image only with -Force, and goes on with the others' {
        Add-CtrImageTag busybox:1.35 one, two
        Set-CtrImage one -Label @{ 'io.cri-containerd.pinned' = 'pinned' }
        Remove-CtrImage one, two -ErrorAction SilentlyContinue -ErrorVariable refused
        $refused | Should -HaveCount 1
        $refused.FullyQualifiedErrorId | Should -BeLike 'CtrImagePinned,*'
        $refused.CategoryInfo.Category | Should -Be 'PermissionDenied'
        $refused.ErrorDetails.RecommendedAction | Should -BeLike '*-Force*'
        (Get-Row).REF | Should -Be $busybox, 'docker.io/library/one:latest'
        Remove-CtrImage one -Force
        (Get-Row).REF | Should -Be $busybox
    }

    It 'does not remove a name that points to another image than the object did' {
        Add-CtrImageTag busybox:1.35 moving
        $stale = Get-CtrImage moving
        $null = Invoke-Ctr $rig -n $namespace images import --no-unpack --platform linux/arm/v7 (Get-ArchivePath arm)
        Add-CtrImageTag arm:v7 moving -Force
        $record = { $stale | Remove-CtrImage } | Should -Throw -ErrorId 'CtrImageChanged,*' -ExpectedMessage "*$($stale.Digest)*" -PassThru
        $record.CategoryInfo.Category | Should -Be 'InvalidOperation'
        (Get-Row).REF | Should -Contain 'docker.io/library/moving:latest'
    }
}

Describe 'One row an image, containerd <generation>' -ForEach (Get-RigGeneration) {
    if ($reason) {
        It 'has a daemon' { Set-ItResult -Skipped -Because $reason }
        return
    }

    BeforeAll {
        $rig = Get-Rig $generation

        function Get-Record {
            @(Invoke-Ctr $rig -n $namespace images ls -q)
        }
    }

    BeforeEach {
        $namespace = Add-TestNamespace $rig
        $aliases = Add-TestAlias $rig $namespace
        $session = Connect-CtrSession $rig.Address -Namespace $namespace
        $digest = (Get-CtrImage).Digest
        $file = Join-Path $TestDrive "$([guid]::NewGuid()).tar"
    }

    AfterEach {
        Disconnect-CtrSession $session
        # What the tests removed goes with the collection that the removal of this one waits for.
        $null = Invoke-Ctr $rig -n $namespace images import --no-unpack (Get-ArchivePath busybox)
        Clear-TestNamespace $rig $namespace
    }

    It 'has the records that nobody named as aliases, and all with -All' {
        $image = Get-CtrImage
        $image | Should -HaveCount 1
        $image.Name | Should -Be $busybox
        $image.Aliases | Should -Be $aliases
        $image.Aliases[0] | Should -Be $aliases[0] # a list that PowerShell can index
        $all = Get-CtrImage -All
        $all.Name | Should -Be (Get-Record)
        $all.Aliases | Should -BeNullOrEmpty
        (Get-CtrImage $aliases[1] -All).Name | Should -Be $aliases[1]
        (Get-CtrImage $digest.Substring(7, 12) -All).Name | Should -Be (Get-Record)
        ($all | Get-CtrImage).Name | Should -Be $all.Name
        $all[0] | Get-CtrImage | Should -Be $all[0]
        $image | Export-Clixml $file
        $copy = Import-Clixml $file
        $copy.Aliases | Should -Be $aliases
        $copy | Format-List | Out-String | Should -Match 'Aliases    : docker'
    }

    It 'has those records as images where no name is left' {
        $null = Invoke-Ctr $rig -n $namespace images rm $busybox
        $image = Get-CtrImage
        $image.Name | Should -Be $aliases[0]
        $image.Aliases | Should -Be $aliases[1]
        $null = Invoke-Ctr $rig -n $namespace images rm $aliases[0]
        (Get-CtrImage).Name | Should -Be $aliases[1]
        (Get-CtrImage).Aliases.Count | Should -Be 0
    }

    It 'finds the image by <what>' -ForEach @(
        @{ what = 'an alias'; given = { $aliases[0] } }
        @{ what = 'an alias in its short form'; given = { $aliases[0] -replace 'docker.io/library/' } }
        @{ what = 'the alias of the id'; given = { $aliases[1] } }
        @{ what = 'the digest'; given = { $digest } }
        @{
            what = 'the first digits of the digest, as the table shows them'
            given = { (Get-CtrImage | Out-String -Width 100) -match '\b[0-9a-f]{12}\b'; $Matches[0] }
        }
        @{ what = 'six digits of the digest'; given = { $digest.Substring(0, 13) } }
        @{ what = 'the first digits of the id'; given = { $aliases[1].Substring(7, 13) } }
    ) {
        (Get-CtrImage @(& $given)[-1]).Name | Should -Be $busybox
    }

    It 'takes the first digits of a digest or of an id for the image in every cmdlet' {
        $one = $digest.Substring(7, 12)
        (Test-CtrImage $one).Name | Should -Be $busybox
        Test-CtrImage $one -Quiet | Should -BeTrue
        (Repair-CtrImage $one -From (Get-ArchivePath busybox)).Name | Should -Be $busybox
        (Set-CtrImage $one @{ team = 'web' } -PassThru).Labels['team'] | Should -Be 'web'
        (New-CtrSpec $one).Process.Args | Should -Not -BeNullOrEmpty
        Save-CtrImage $one $file
        (Get-CtrArchive $file).Name | Should -Be $busybox
        $other = "pester-$([guid]::NewGuid().ToString('n').Substring(0, 8))"
        (Copy-CtrImage $one $other -PassThru).Name | Should -Be $busybox
        Clear-TestNamespace $rig $other
        (New-CtrContainer $one made).Image | Should -Be $busybox
        Remove-CtrContainer made
        Invoke-CtrImage $one run -Remove echo here | Should -Be here
        (Add-CtrImageTag $one further:1 -PassThru).Name | Should -Be docker.io/library/further:1
        (Get-CtrImage $one).Name | Should -Be $busybox, docker.io/library/further:1
        (Add-CtrImageTag $one again:1 -PassThru) | Should -HaveCount 1
        Remove-CtrImage $aliases[1].Substring(7, 13)
        Get-Record | Should -BeNullOrEmpty
    }

    It 'lists the images of which digits are the beginning' {
        # A config's id begins as the digest of another image does: forged, in the name of a record.
        $null = Invoke-Ctr $rig -n $namespace images import --no-unpack --platform linux/arm/v7 (Get-ArchivePath arm)
        $local = @($generation -eq '1.6' ? @() : '--local')
        $null = Invoke-Ctr $rig -n $namespace images tag @local docker.io/library/arm:v7 ($digest.Substring(0, 20) + '0' * 51)
        $short = $digest.Substring(7, 8)
        foreach ($line in { Get-CtrImage $short }, { Remove-CtrImage $short }, { Test-CtrImage $short -Quiet }, { New-CtrContainer $short }) {
            $record = $line | Should -Throw -ErrorId 'CtrAmbiguousReference,*' -ExpectedMessage "'$short'*2 images*arm:v7*$busybox*" -PassThru
            $record.CategoryInfo.Category | Should -Be InvalidArgument
            $record.ErrorDetails.RecommendedAction | Should -BeLike '*more digits*'
        }
    }

    It 'writes names into an archive, and no aliases' {
        foreach ($save in { Get-CtrImage | Save-CtrImage -Path $file -Force }, { Get-CtrImage -All | Save-CtrImage -Path $file -Force }) {
            & $save
            $listed = (& tar -xOf $file index.json | ConvertFrom-Json).manifests
            $listed | Should -HaveCount 1
            $listed.annotations.'io.containerd.image.name' | Should -Be $busybox
        }
        $null = Invoke-Ctr $rig -n $namespace images rm $busybox
        Get-CtrImage | Save-CtrImage -Path $file -Force
        (Get-CtrArchive $file).Name | Should -Be $aliases[0]
    }

    It 'takes the aliases along with the last name, and says so' {
        Add-CtrImageTag busybox:1.35 second:1
        $words = pwsh -NoProfile -NonInteractive -Command "Import-Module '$(Get-ManifestPath)'
            Remove-CtrImage busybox*, second:1 -Namespace $namespace -Session $($rig.Address) -WhatIf"
        $words | Should -Be @(
            "What if: Performing the operation `"Remove`" on target `"image '$busybox' in namespace '$namespace'`"."
            "What if: Performing the operation `"Remove with its aliases '$($aliases[0])', '$($aliases[1])'`" on target " +
            "`"image 'docker.io/library/second:1' in namespace '$namespace'`"."
        )
        (Get-CtrImage).Name | Should -Be $busybox, docker.io/library/second:1
        Remove-CtrImage second:1
        Get-Record | Should -Be (@($busybox) + $aliases)
        Get-CtrImage | Remove-CtrImage -Synchronous
        Get-Record | Should -BeNullOrEmpty
        Invoke-Ctr $rig -n $namespace content ls -q | Should -BeNullOrEmpty
    }

    It 'removes all names at once, and the aliases with them' {
        Add-CtrImageTag busybox:1.35 second:1
        Remove-CtrImage *
        Get-Record | Should -BeNullOrEmpty
    }

    It 'removes the record alone of an object of -All' {
        Get-CtrImage -All | Where-Object Name -EQ $busybox | Remove-CtrImage
        Get-Record | Should -Be $aliases
        Get-CtrImage -All | Where-Object Name -Like 'sha256:*' | Remove-CtrImage
        Get-Record | Should -Be $aliases[0]
        $gone = Get-CtrImage -All
        $gone | Remove-CtrImage
        { $gone | Remove-CtrImage } | Should -Throw -ErrorId 'CtrImageNotFound,*'
    }

    It 'labels the aliases too' {
        Get-CtrImage | Set-CtrImage -Label @{ team = 'web' }
        (ConvertFrom-CtrTable (Invoke-Ctr $rig -n $namespace images ls)).LABELS | Should -Be 'team=web', 'team=web', 'team=web'
        Get-CtrImage $aliases[1] -All | Set-CtrImage -Label @{ 'io.cri-containerd.pinned' = 'pinned' }
        (Get-CtrImage).Pinned | Should -BeTrue
        (Get-CtrImage -All).Pinned | Should -Be $false, $false, $true
        { Get-CtrImage | Remove-CtrImage } | Should -Throw -ErrorId 'CtrImagePinned,*'
    }

    It 'copies the aliases with the image, and not under another name' {
        $to = "pester-$([guid]::NewGuid().ToString('n').Substring(0, 8))"
        try {
            (Get-CtrImage | Copy-CtrImage -DestinationNamespace $to -PassThru).Aliases | Should -Be $aliases
            Invoke-Ctr $rig -n $to images ls -q | Should -Be (Get-Record)
            Clear-TestNamespace $rig $to
            Copy-CtrImage busybox:1.35 $to -NewName other:1
            Invoke-Ctr $rig -n $to images ls -q | Should -Be docker.io/library/other:1
        } finally {
            Clear-TestNamespace $rig $to
        }
    }

    It 'lists the containers of an image whose record they name by an alias' {
        Add-TestContainer $rig $namespace web sleep 100000
        (Get-CtrImage | Get-CtrContainer).Id | Should -Be web
    }

    It 'warns of containers that use an image, names them with -WhatIf, and says nothing with -Force' {
        Add-TestContainer $rig $namespace web sleep 100000
        Add-TestContainer $rig $namespace job sleep 100000
        Add-CtrImageTag busybox:1.35 second:1
        $words = pwsh -NoProfile -NonInteractive -Command "Import-Module '$(Get-ManifestPath)'
            Remove-CtrImage busybox:1.35, second:1 -Namespace $namespace -Session $($rig.Address) -WhatIf"
        $words[0] | Should -BeLike "*`"Remove although the containers 'job', 'web' use it`" on target*"
        Remove-CtrImage second:1 -WarningVariable none
        $none | Should -BeNullOrEmpty
        Remove-CtrImage busybox:1.35 -WarningVariable warned -WarningAction SilentlyContinue
        "$warned" | Should -Be ("The image '$busybox' in namespace '$namespace' is removed although the containers 'job', 'web' use it. " +
            'What was made from it stays as it is.')
        Get-Record | Should -BeNullOrEmpty
        (Get-CtrContainer).State | Should -Be Running, Running
        $null = Import-CtrImage (Get-ArchivePath busybox) -NoUnpack
        Remove-CtrImage busybox:1.35 -Force -WarningVariable none
        $none | Should -BeNullOrEmpty
    }

    It 'answers a question about images with true or false' {
        Test-CtrImage -Quiet | Should -BeOfType bool
        Test-CtrImage -Quiet | Should -BeTrue
        Get-CtrImage | Test-CtrImage -Quiet -Deep | Should -BeTrue
        Test-CtrImage busybox:1.35, nope -Quiet | Should -BeFalse
        Test-CtrImage no-such-* -Quiet | Should -BeFalse
        Test-CtrImage busybox:1.35 -Platform linux/amd64, linux/s390x -Quiet | Should -BeFalse
        $null = Remove-Layer $rig $namespace
        Test-CtrImage busybox* -Quiet | Should -BeFalse
        Test-CtrImage -Namespace nowhere -Quiet | Should -BeFalse
        { Test-CtrImage 'No/Such' -Quiet } | Should -Throw -ErrorId 'CtrInvalidReference,*'
        $given = Test-CtrImage 'No/Such' -Quiet -ErrorAction SilentlyContinue
        $given | Should -BeFalse
    }

    It 'checks all images of the namespace, or of namespaces that are piped in' {
        (Test-CtrImage).Name | Should -Be $busybox
        $all = Get-CtrNamespace $namespace, k8s.io | Test-CtrImage
        $all.Namespace | Select-Object -Unique | Should -Be $namespace, k8s.io
    }

    It 'calls an image sound of which no blob was mended' {
        $null = Invoke-Ctr $rig -n $namespace images import --no-unpack (Get-ArchivePath attested)
        $null = Invoke-Ctr $rig -n $namespace images import --no-unpack (Get-ArchivePath index-full)
        (Get-CtrImage | Repair-CtrImage -From (Get-ArchivePath index-full)).Status | Should -Be Sound, Sound, Sound
    }

    It 'offers a near name: <line>' -ForEach @(
        @{ line = 'Get-CtrImage busybx:1.35'; says = "*Did you mean '*busybox:1.35' in '*'?" }
        @{ line = 'Remove-CtrImage bsuybox'; says = "*Did you mean '*busybox:1.35' in '*'?" }
        @{ line = 'New-CtrContainer busybocks'; says = "*Did you mean '*busybox:1.35' in '*'?" }
        @{ line = 'Get-CtrContainer wbe'; says = "*Did you mean 'web' in '*'?" }
        @{ line = 'Stop-CtrTask wbe'; says = "*Did you mean 'web' in '*'?" }
        @{ line = 'Get-CtrNamespace k8sio'; says = "*Did you mean 'k8s.io'?" }
    ) {
        Add-TestContainer $rig $namespace web sleep 100000
        $record = [scriptblock]::Create("$line -ErrorAction Stop") | Should -Throw -ErrorId 'Ctr*NotFound,*' -ExpectedMessage $says -PassThru
        $record.CategoryInfo.Category | Should -Be ObjectNotFound
    }
}

Describe 'Images of Kubernetes, containerd <generation>' -ForEach (Get-RigGeneration) {
    $first = @((Get-RigGeneration | Where-Object { -not $_.reason }).generation)[0]
    if ($reason) {
        It 'has a daemon' { Set-ItResult -Skipped -Because $reason }
        return
    }

    BeforeAll {
        $rig = Get-Rig $generation Cri
        $session = Connect-CtrSession $rig.Address -Namespace k8s.io
        # Kubernetes' part names what comes in by its id a moment later.
        Wait-Until { @(Invoke-Ctr $rig -n k8s.io images ls -q | Where-Object { $_ -like 'sha256:*' }).Count -eq 2 } 'both images have an id'
        $null = Add-TestAlias $rig k8s.io
        $file = Join-Path $TestDrive "big-$generation.tar"
        Get-CtrImage -Namespace k8s.io | Where-Object Size -GT 100MB | Save-CtrImage -Path $file
        $large = Get-CtrImage nginx:deb
    }

    AfterAll {
        Disconnect-CtrSession $session
    }

    It 'are one row each' {
        Invoke-Ctr $rig -n k8s.io images ls -q | Should -HaveCount 5
        (Get-CtrImage).Name | Should -Be $busybox, docker.io/library/nginx:deb
        (Get-CtrImage).Aliases | Should -HaveCount 3
    }

    It 'are the same file whatever daemon saves them' {
        $script:saved ??= (Get-FileHash $file).Hash
        (Get-FileHash $file).Hash | Should -Be $saved
    }

    # One file for all, then: once is enough to read it by tools that take seconds.
    if ($generation -eq $first) {
        It 'are read by skopeo as the one image that was saved' {
            foreach ($reference in "oci-archive:$file", "docker-archive:$file") {
                $told = skopeo inspect $reference 2>&1 | Out-String | ConvertFrom-Json
                $told.Layers | Should -HaveCount 3 -Because $reference
            }
            (skopeo inspect "oci-archive:$file" | Out-String | ConvertFrom-Json).Digest | Should -Be $large.Digest
        }

        It 'are read by podman as the one image that was saved' {
            # Where the rig has its files, which may be memory, and without a copy of all for each layer.
            $root = Join-Path (Split-Path $rig.Root) podman
            $podman = '--root', $root, '--runroot', "$root-run", '--storage-driver', 'overlay'
            try {
                $loaded = podman @podman load --quiet --input $file
                $loaded | Should -Be 'Loaded image: docker.io/library/nginx:deb'
                podman @podman images --quiet | Should -HaveCount 1
                $told = podman @podman history --no-trunc --format json docker.io/library/nginx:deb | ConvertFrom-Json -AsHashtable
                $history = Get-CtrImageHistory nginx:deb
                $history.CreatedBy | Should -Be $told.CreatedBy
                $history.Created | Should -Be @($told | ForEach-Object { [DateTimeOffset]$_['created'] })
                $history[0].Id | Should -Be "sha256:$($told[0].id)"
                $history | Select-Object -Skip 1 | ForEach-Object { $_.Id ?? '<missing>' } | Should -Be ($told | Select-Object -Skip 1).id
            } finally {
                podman @podman rmi --all --force | Out-Null
                Remove-Item $root, "$root-run" -Recurse -Force
            }
        }
    }

    It 'are read by ctr as the one image that was saved' {
        $to = Add-TestNamespace $rig
        try {
            $null = Invoke-Ctr $rig -n $to images import --no-unpack $file
            $rows = ConvertFrom-CtrTable (Invoke-Ctr $rig -n $to images ls)
            $rows.REF | Should -Be $busybox, docker.io/library/nginx:deb
            $rows[1].DIGEST | Should -Be $large.Digest
        } finally {
            Clear-TestNamespace $rig $to
        }
    }
}

Describe 'Checking images, containerd <generation>' -ForEach (Get-RigGeneration) {
    if ($reason) {
        It 'has a daemon' { Set-ItResult -Skipped -Because $reason }
        return
    }

    BeforeAll {
        $rig = Get-Rig $generation
        $session = Connect-CtrSession $rig.Address -Namespace k8s.io
        $namespace = Add-TestNamespace $rig
    }

    AfterAll {
        Clear-TestNamespace $rig $namespace
        Disconnect-CtrSession $session
    }

    It 'gives one object for each image, none of them an error' {
        $checks = Test-CtrImage * -ErrorVariable errors
        $errors | Should -BeNullOrEmpty
        $checks.Name | Should -Be (Get-CtrImage).Name
        $checks | ForEach-Object { $_ | Should -BeOfType CtrPS.CtrImageCheck }
        ($checks | Where-Object Status -EQ Unavailable).Name | Should -Contain 'docker.io/library/absent:1'
        ($checks | Where-Object Name -EQ $busybox).IsComplete | Should -BeTrue
    }

    It 'reads all bytes with -Deep' {
        $check = Get-CtrImage nginx:deb | Test-CtrImage -Deep
        $check.Status | Should -Be Complete
        $check.BytesRead | Should -Be (Get-CtrImage nginx:deb).Size
        $check.IsDeep | Should -BeTrue
        $check.Faults | Should -BeNullOrEmpty
        $check.Namespace | Should -Be k8s.io
    }

    It 'tells what is missing, and goes on after a name that is not there' {
        $layer = Remove-Layer $rig $namespace
        $check = Test-CtrImage nope, busybox* -Namespace $namespace -ErrorAction SilentlyContinue -ErrorVariable errors
        $errors.FullyQualifiedErrorId | Should -Be 'CtrImageNotFound,CtrPS.Commands.TestCtrImageCommand'
        $check.Status, $check.PresentCount, $check.RequiredCount | Should -Be Incomplete, 1, 2
        $check.Faults.Count | Should -Be 1
        $check.Faults[0].Digest, $check.Faults[0].Status | Should -Be $layer, Missing
        $check.Faults[0].RecommendedAction | Should -Match 'Repair-CtrImage'
    }

    It 'gives one object for each platform' {
        $checks = Test-CtrImage index:partial -Platform linux/amd64, linux/arm64
        "$($checks.Status)" | Should -Be 'Complete Unavailable'
        "$($checks.Platform)" | Should -Be 'linux/amd64 linux/arm64'
    }

    It 'shows a table within 80 columns' {
        $lines = Test-CtrImage * | Out-String -Width 80 -Stream
        $lines | Where-Object { $_ -match '^Status\s+Present Required\s+Size Unpacked Deep\s+Name' } | Should -HaveCount 1
        ($lines | Measure-Object Length -Maximum).Maximum | Should -BeLessOrEqual 80
    }

    It 'stops when the pipeline does, and leaves no call open' {
        $first = Get-CtrImage * | Test-CtrImage -Deep | Select-Object -First 1
        $first | Should -HaveCount 1
        Wait-Until { (Get-CallCount).Open -eq 0 } 'no call is open'
    }
}

Describe 'Repairing images, containerd <generation>' -ForEach (Get-RigGeneration) {
    if ($reason) {
        It 'has a daemon' { Set-ItResult -Skipped -Because $reason }
        return
    }

    BeforeAll {
        $rig = Get-Rig $generation
        $session = Connect-CtrSession $rig.Address
        $archive = Get-ArchivePath busybox
    }

    BeforeEach {
        $namespace = Add-TestNamespace $rig
    }

    AfterEach {
        Clear-TestNamespace $rig $namespace
    }

    AfterAll {
        Disconnect-CtrSession $session
    }

    It 'takes a blob out of <kind>' -ForEach @(
        @{ kind = 'an archive by its path'; from = { $archive } }
        @{ kind = 'an archive as a file'; from = { Get-Item $archive } }
        @{ kind = 'one of several archives by a wildcard'; from = { Join-Path (Split-Path $archive) 'busybox*.tar' } }
        @{ kind = 'a namespace by its name'; from = { 'k8s.io' } }
        @{ kind = 'a namespace object'; from = { Get-CtrNamespace k8s.io } }
    ) {
        $layer = Remove-Layer $rig $namespace
        $source = & $from
        $result = Get-CtrImage $busybox -Namespace $namespace | Repair-CtrImage -From $source
        $result | Should -BeOfType CtrPS.CtrRepairResult
        $result.Status | Should -Be Repaired
        $result.Repaired[0].Digest | Should -Be $layer
        $result.Failed | Should -BeNullOrEmpty
        Invoke-Ctr $rig -n $namespace images check | Select-Object -Last 1 | Should -Match 'complete \(2/2\)'
        Invoke-Ctr $rig -n $namespace leases ls -q | Should -BeNullOrEmpty
        (Test-CtrImage $busybox -Namespace $namespace -Deep).Status | Should -Be Complete
    }

    It 'takes a blob from another daemon, by session and by address' {
        $other = (Get-RigGeneration | Where-Object { -not $_.reason -and $_.generation -ne $generation } | Select-Object -First 1).generation
        if (-not $other) {
            Set-ItResult -Skipped -Because 'there is one generation only'
            return
        }
        $address = (Get-Rig $other).Address
        foreach ($from in (Connect-CtrSession $address -NoDefault), $address) {
            $null = Remove-Layer $rig $namespace
            (Repair-CtrImage $busybox -Namespace $namespace -From $from -FromNamespace k8s.io).Status | Should -Be Repaired
        }
        Get-CtrSession | Where-Object Address -EQ $address | Disconnect-CtrSession
    }

    It 'says that nothing was wrong' {
        (Repair-CtrImage $busybox -Namespace $namespace -From $archive).Status | Should -Be Sound
    }

    It 'changes nothing with -WhatIf' {
        $null = Remove-Layer $rig $namespace
        Repair-CtrImage $busybox -Namespace $namespace -From $archive -WhatIf | Should -BeNullOrEmpty
        (Test-CtrImage $busybox -Namespace $namespace).Status | Should -Be Incomplete
    }

    It 'tells what no source has' {
        $result = Repair-CtrImage absent:1 -Namespace k8s.io -From $archive -ErrorAction SilentlyContinue -ErrorVariable errors
        $result.Status, $result.Failed.Count | Should -Be Failed, 1
        $errors.FullyQualifiedErrorId | Should -Be 'CtrBlobMissing,CtrPS.Commands.RepairCtrImageCommand'
        "$errors" | Should -Match 'None of the sources has it'
        $errors[0].TargetObject | Should -Be $result.Failed[0].Digest
        Invoke-Ctr $rig -n k8s.io leases ls -q | Should -BeNullOrEmpty
    }

    It 'refuses a word that is both a file and a namespace, and one that is neither' {
        Push-Location $TestDrive
        try {
            Set-Content k8s.io 'not an archive'
            $null = Repair-CtrImage $busybox -Namespace $namespace -From k8s.io -ErrorAction SilentlyContinue -ErrorVariable errors
            $errors.FullyQualifiedErrorId | Should -Be 'CtrInvalidArgument,CtrPS.Commands.RepairCtrImageCommand'
            "$errors" | Should -Match 'both a file or folder here and a namespace'
            $null = Repair-CtrImage $busybox -Namespace $namespace -From ./k8s.io -ErrorAction SilentlyContinue -ErrorVariable errors
            $errors.FullyQualifiedErrorId | Should -Be 'CtrArchiveUnrecognized,CtrPS.Commands.RepairCtrImageCommand'
            $null = Repair-CtrImage $busybox -Namespace $namespace -From nowhere -ErrorAction SilentlyContinue -ErrorVariable errors
            $errors.FullyQualifiedErrorId | Should -Be 'CtrInvalidArgument,CtrPS.Commands.RepairCtrImageCommand'
            $null = Repair-CtrImage $busybox -Namespace $namespace -From nowhere.tar -ErrorAction SilentlyContinue -ErrorVariable errors
            $errors.FullyQualifiedErrorId | Should -Be 'CtrArchiveNotFound,CtrPS.Commands.RepairCtrImageCommand'
            $both = @{ From = $archive; FromNamespace = 'web' }
            $null = Repair-CtrImage $busybox -Namespace $namespace @both -ErrorAction SilentlyContinue -ErrorVariable errors
            $errors.FullyQualifiedErrorId | Should -Be 'CtrInvalidArgument,CtrPS.Commands.RepairCtrImageCommand'
        } finally {
            Pop-Location
        }
    }
}

Describe 'Copying images, containerd <generation>' -ForEach (Get-RigGeneration) {
    if ($reason) {
        It 'has a daemon' { Set-ItResult -Skipped -Because $reason }
        return
    }

    BeforeAll {
        $rig = Get-Rig $generation
        $session = Connect-CtrSession $rig.Address -Namespace k8s.io
    }

    BeforeEach {
        $to = "pester-$([guid]::NewGuid().ToString('n').Substring(0, 8))"
    }

    AfterEach {
        Clear-TestNamespace $rig $to
    }

    AfterAll {
        Disconnect-CtrSession $session
    }

    It 'copies to a namespace, and says what it moved' {
        $copy = Get-CtrImage busybox:1.35 | Copy-CtrImage -DestinationNamespace $to -PassThru -Verbose 4>&1
        $words = $copy | Where-Object { $_ -is [System.Management.Automation.VerboseRecord] } | Select-Object -Last 1
        "$words" | Should -Match "^Copied image '$busybox' in namespace 'k8s.io' to namespace '$to': 0 blobs written"
        "$words" | Should -Match 'written \(0.0 B\), 3 linked, 0 there already\.$'
        $image = $copy | Where-Object { $_ -is [CtrPS.CtrImage] }
        $image.Namespace, $image.Name | Should -Be $to, $busybox
        $image.Size | Should -Be (Get-CtrImage busybox:1.35).Size
        Invoke-Ctr $rig -n $to images check | Select-Object -Last 1 | Should -Match 'complete \(2/2\)'
        Invoke-Ctr $rig -n $to leases ls -q | Should -BeNullOrEmpty
        ($image | Get-CtrImage).Digest | Should -Be $image.Digest
    }

    It 'copies several, with wildcards' {
        Copy-CtrImage busybox:* $to
        (Get-CtrImage -Namespace $to).Name | Should -Be 'docker.io/library/busybox:1.35', 'docker.io/library/busybox:docker'
    }

    It 'gives another name to one image' {
        Copy-CtrImage busybox:1.35 $to -NewName tools/shell
        Invoke-Ctr $rig -n $to images ls -q | Should -Be docker.io/tools/shell:latest
        Copy-CtrImage busybox:* $to -NewName other -ErrorAction SilentlyContinue -ErrorVariable errors
        $errors.FullyQualifiedErrorId | Should -Be 'CtrInvalidReference,CtrPS.Commands.CopyCtrImageCommand'
        Copy-CtrImage busybox:1.35, arm:v7 $to -NewName other -ErrorAction SilentlyContinue -ErrorVariable errors
        $errors.FullyQualifiedErrorId | Should -Be 'CtrInvalidReference,CtrPS.Commands.CopyCtrImageCommand'
    }

    It 'does not move a name without -Force' {
        Copy-CtrImage busybox:1.35 $to
        Copy-CtrImage arm:v7 $to -NewName busybox:1.35 -ErrorAction SilentlyContinue -ErrorVariable errors
        $errors.FullyQualifiedErrorId | Should -Be 'CtrImageExists,CtrPS.Commands.CopyCtrImageCommand'
        (Copy-CtrImage arm:v7 $to -NewName busybox:1.35 -Force -PassThru).Digest | Should -Be (Get-CtrImage arm:v7).Digest
    }

    It 'refuses to copy an image onto itself' {
        Copy-CtrImage busybox:1.35 k8s.io -ErrorAction SilentlyContinue -ErrorVariable errors
        $errors.FullyQualifiedErrorId | Should -Be 'CtrInvalidArgument,CtrPS.Commands.CopyCtrImageCommand'
        "$errors" | Should -Match 'cannot be copied onto itself'
    }

    It 'copies nothing with -WhatIf' {
        Copy-CtrImage busybox:1.35 $to -WhatIf
        Invoke-Ctr $rig namespaces ls -q | Should -Not -Contain $to
    }

    It 'copies the platforms that are asked for' {
        Copy-CtrImage index:full $to -Platform linux/arm64
        "$((Get-CtrImage index:full -Namespace $to).Platforms.IsComplete)" | Should -Be 'False True'
        Copy-CtrImage index:partial $to -Platform All -ErrorAction SilentlyContinue -ErrorVariable errors
        $errors.FullyQualifiedErrorId | Should -Be 'CtrBlobMissing,CtrPS.Commands.CopyCtrImageCommand'
        $id = 'CtrInvalidArgument,CtrPS.Commands.CopyCtrImageCommand'
        { Copy-CtrImage index:partial $to -Platform All, linux/arm64 } | Should -Throw -ErrorId $id
    }

    It 'copies to another daemon and unpacks there' {
        $other = (Get-RigGeneration | Where-Object { -not $_.reason -and $_.generation -ne $generation } | Select-Object -First 1).generation
        if (-not $other) {
            Set-ItResult -Skipped -Because 'there is one generation only'
            return
        }
        $far = Get-Rig $other
        try {
            $copy = Copy-CtrImage busybox:1.35 -DestinationSession $far.Address -DestinationNamespace $to -Unpack -PassThru
            $copy.Namespace | Should -Be $to
            ($copy | Test-CtrImage).Unpacked | Should -BeTrue
            Invoke-Ctr $far -n $to images check | Select-Object -Last 1 | Should -Match 'complete \(2/2\).*true'
            Invoke-Ctr $far -n $to leases ls -q | Should -BeNullOrEmpty
        } finally {
            Clear-TestNamespace $far $to
            Get-CtrSession | Where-Object Address -EQ $far.Address | Disconnect-CtrSession
        }
    }
}

Describe 'Lines about images, containerd <generation>' -ForEach (Get-RigGeneration) {
    if ($reason) {
        It 'has a daemon' { Set-ItResult -Skipped -Because $reason }
        return
    }

    BeforeAll {
        $rig = Get-Rig $generation
        $null = Invoke-Ctr $rig -n web images import --no-unpack --platform linux/arm/v7 (Get-ArchivePath arm)
        $place = @{ here = Add-TestNamespace $rig }
    }

    AfterAll {
        Clear-TestNamespace $rig web, $place.here
    }

    It '<line>' -ForEach @(
        @{ line = 'Get-CtrImage -Name busybox:1.35 -Namespace k8s.io | Select -Expand Name'; gives = 'docker.io/library/busybox:1.35' }
        @{ line = 'Get-CtrImage busybox:* -Namespace k* | Select -Expand Tag'; gives = '1.35', 'docker' }
        @{ line = 'Get-CtrImage absent:1 -Namespace k8s.io | Select -Expand Size'; gives = @() }
        @{ line = 'Get-CtrImage -Namespace k8s.io -Platform arm64, linux/arm/v7 | Select -Expand Tag'; gives = 'v7', 'full', 'partial' }
        @{ line = 'Get-CtrImage arm:v7 -Namespace * | Select -Expand Namespace'; gives = 'k8s.io', 'web' }
        @{ line = 'Get-CtrImage nginx:deb -Namespace k8s.io -Session {address} | Get-CtrImage | Select -Expand Tag'; gives = 'deb' }
        @{ line = "'busybox:1.35', 'nope' | Get-CtrImage -Namespace k8s.io | Select -First 1 | Select -Expand Tag"; gives = '1.35' }
        @{
            line = 'Get-CtrImage'; gives = @()
            warns = 'There are no images in namespace default, but there are in k8s.io, {here}, web. Use -Namespace, or * for all.'
        }
        @{ line = "Get-CtrImage ''"; fails = 'CannotConvertArgumentNoMessage' }
        @{ line = 'Get-CtrImage $null'; fails = 'ParameterArgumentValidationError' }
        @{ line = "Get-CtrImage -Namespace k8s.io -Filter 'name~~x'"; fails = 'CtrInvalidArgument InvalidArgument [k8s.io]' }
        @{ line = 'Set-CtrImage busybox:1.35 -Label @{ a = 1 } -ReplaceLabel @{ b = 1 }'; fails = 'AmbiguousParameterSet' }
        @{
            line = 'Get-CtrImage -Namespace k8s.io'
            has  = 'Name', 'Names', 'Aliases', 'Registry', 'Repository', 'Tag', 'Digest', 'MediaType', 'Size', 'Platforms', 'Labels', 'Created',
            'CreatedAt', 'UpdatedAt', 'Pinned', 'Namespace', 'Address'
        }
        @{
            line = 'Get-CtrImage attested:1 -Namespace k8s.io -IncludeAttestation | Select -Expand Platforms'
            has  = 'Digest', 'Size', 'IsComplete', 'IsAttestation', 'Os', 'Architecture', 'Variant', 'OsVersion'
        }
        @{ line = 'Get-CtrImage -Namespace k8s.io | Where Size -gt 100MB'; shows = 'Digest             Size        Age Platforms     Name' }
        @{ line = 'Get-CtrImage -Namespace k8s.io | Where Size -gt 100MB'; shows = '# # MiB <age> linux/amd64   docker.io/library/nginx:deb' }
        @{ line = 'Get-CtrImage -Namespace *'; shows = '   Namespace: k8s.io' }
        @{ line = 'Get-CtrImage -Namespace *'; shows = '   Namespace: web' }
        @{ line = 'Get-CtrImage -Namespace * | Format-List'; shows = 'Namespace  : web' }
        @{ line = 'Get-CtrImage -Namespace k8s.io'; shows = '# <age>               docker.io/library/absent:1' }
        @{ line = 'Get-CtrImage busybox:1.35 -Namespace k8s.io | Format-List'; shows = 'Repository : library/busybox' }
        @{
            line  = 'Get-CtrImage busybox:1.35 -Namespace k8s.io | Format-List'
            shows = 'Aliases    : docker.io/library/busybox@sha256:#'
        }
        @{ line = 'Get-CtrImage arm:v7 -Namespace k8s.io | Format-List Name, Platforms, CreatedAt'; shows = 'Platforms : {linux/arm/v7}' }
        @{
            line  = 'Get-CtrImage arm:v7, nginx:deb -Namespace k8s.io | Format-Table Name, Tag, Pinned, Platforms'
            shows = 'docker.io/library/arm:v7    v7   False {linux/arm/v7}'
        }
        @{ line = 'Get-CtrImage index:partial -Namespace k8s.io | Select -Expand Platforms'; shows = 'linux/arm64 #         False    False' }
        @{ line = 'Get-CtrImage arm:v7 -Namespace k8s.io | ConvertTo-Json -Depth 1 -WarningAction Ignore'; shows = '    "linux/arm/v7"' }
    ) {
        Assert-Line $rig @_ -Place $place
    }

    It 'give a further name, label it and take it away, one after another' {
        foreach ($step in @(
                @{ line = 'Tag-CtrImage busybox:1.35 spec:1, spec:2 -Namespace {here}'; gives = @() }
                @{ line = 'Tag-CtrImage spec:1 -ReplaceRegistry @{ "docker.io" = "mirror:5000/hub" } -Namespace {here}'; gives = @() }
                @{
                    line = 'Set-CtrImage spec:* @{ team = "web" } -Namespace {here} -PassThru | Select -Expand Labels | Select -Expand Values'
                    gives = 'web', 'web'
                }
                @{ line = 'Get-CtrImage -Namespace {here} -Filter labels.team==web | Select -Expand Tag'; gives = '1', '2' }
                @{ line = 'Remove-CtrImage spec:* -Namespace {here} -Force -Synchronous'; gives = @() }
                @{ line = 'Get-CtrImage -Namespace {here} | Where Registry -like mirror* | Remove-CtrImage -Verbose'; gives = @() }
                @{ line = 'Get-CtrImage *spec* -Namespace {here}'; gives = @() }
            )) {
            Assert-Line $rig @step -Place $place
        }
    }
}
