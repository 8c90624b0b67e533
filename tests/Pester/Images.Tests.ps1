#requires -Version 7.6
# Get-CtrImage, Remove-CtrImage, Add-CtrImageTag and Set-CtrImage. ctr is the judge of what is on the daemon; sizes and platforms
# against ctr are Parity.Tests.ps1's.

BeforeDiscovery {
    Import-Module (Join-Path $PSScriptRoot Helpers.psm1)
}

BeforeAll {
    $ErrorActionPreference = 'Stop'
    Import-ModuleUnderTest
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

    It 'finds records that CRI names by digest and by config' {
        $byTag = Get-CtrImage busybox:1.35
        $byDigest = Get-CtrImage "busybox@$($byTag.Digest)"
        $byDigest.Name | Should -Be "docker.io/library/busybox@$($byTag.Digest)"
        $byDigest.Tag | Should -BeNullOrEmpty
        $byConfig = Get-CtrImage sha256:*
        $byConfig | Should -HaveCount 1
        (Get-CtrImage $byConfig.Name).Digest | Should -Be $byTag.Digest
        $byConfig.Registry, $byConfig.Repository, $byConfig.Tag | Should -Be $null, $null, $null
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
