#requires -Version 7.6
# Test-CtrImage, Repair-CtrImage and Copy-CtrImage. ctr is the judge of what is on the daemon. Damage on the disk is the business of the
# xunit tests; here records are taken away.

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
        $checks.Name | Should -Be (Invoke-Ctr $rig -n k8s.io images ls -q)
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
        $errors.FullyQualifiedErrorId | Should -Be 'CtrImageNotFound,CtrPS.Commands.Image.TestCtrImageCommand'
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
        $errors.FullyQualifiedErrorId | Should -Be 'CtrBlobMissing,CtrPS.Commands.Image.RepairCtrImageCommand'
        "$errors" | Should -Match 'None of the sources has it'
        $errors[0].TargetObject | Should -Be $result.Failed[0].Digest
        Invoke-Ctr $rig -n k8s.io leases ls -q | Should -BeNullOrEmpty
    }

    It 'refuses a word that is both a file and a namespace, and one that is neither' {
        Push-Location $TestDrive
        try {
            Set-Content k8s.io 'not an archive'
            $null = Repair-CtrImage $busybox -Namespace $namespace -From k8s.io -ErrorAction SilentlyContinue -ErrorVariable errors
            $errors.FullyQualifiedErrorId | Should -Be 'CtrInvalidArgument,CtrPS.Commands.Image.RepairCtrImageCommand'
            "$errors" | Should -Match 'both a file or folder here and a namespace'
            $null = Repair-CtrImage $busybox -Namespace $namespace -From ./k8s.io -ErrorAction SilentlyContinue -ErrorVariable errors
            $errors.FullyQualifiedErrorId | Should -Be 'CtrArchiveUnrecognized,CtrPS.Commands.Image.RepairCtrImageCommand'
            $null = Repair-CtrImage $busybox -Namespace $namespace -From nowhere -ErrorAction SilentlyContinue -ErrorVariable errors
            $errors.FullyQualifiedErrorId | Should -Be 'CtrInvalidArgument,CtrPS.Commands.Image.RepairCtrImageCommand'
            $null = Repair-CtrImage $busybox -Namespace $namespace -From nowhere.tar -ErrorAction SilentlyContinue -ErrorVariable errors
            $errors.FullyQualifiedErrorId | Should -Be 'CtrArchiveNotFound,CtrPS.Commands.Image.RepairCtrImageCommand'
            $both = @{ From = $archive; FromNamespace = 'web' }
            $null = Repair-CtrImage $busybox -Namespace $namespace @both -ErrorAction SilentlyContinue -ErrorVariable errors
            $errors.FullyQualifiedErrorId | Should -Be 'CtrInvalidArgument,CtrPS.Commands.Image.RepairCtrImageCommand'
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
        Invoke-Ctr $rig -n $to images ls -q | Should -Be 'docker.io/library/busybox:1.35', 'docker.io/library/busybox:docker'
    }

    It 'gives another name to one image' {
        Copy-CtrImage busybox:1.35 $to -NewName tools/shell
        Invoke-Ctr $rig -n $to images ls -q | Should -Be docker.io/tools/shell:latest
        Copy-CtrImage busybox:* $to -NewName other -ErrorAction SilentlyContinue -ErrorVariable errors
        $errors.FullyQualifiedErrorId | Should -Be 'CtrInvalidReference,CtrPS.Commands.Image.CopyCtrImageCommand'
        Copy-CtrImage busybox:1.35, arm:v7 $to -NewName other -ErrorAction SilentlyContinue -ErrorVariable errors
        $errors.FullyQualifiedErrorId | Should -Be 'CtrInvalidReference,CtrPS.Commands.Image.CopyCtrImageCommand'
    }

    It 'does not move a name without -Force' {
        Copy-CtrImage busybox:1.35 $to
        Copy-CtrImage arm:v7 $to -NewName busybox:1.35 -ErrorAction SilentlyContinue -ErrorVariable errors
        $errors.FullyQualifiedErrorId | Should -Be 'CtrImageExists,CtrPS.Commands.Image.CopyCtrImageCommand'
        (Copy-CtrImage arm:v7 $to -NewName busybox:1.35 -Force -PassThru).Digest | Should -Be (Get-CtrImage arm:v7).Digest
    }

    It 'refuses to copy an image onto itself' {
        Copy-CtrImage busybox:1.35 k8s.io -ErrorAction SilentlyContinue -ErrorVariable errors
        $errors.FullyQualifiedErrorId | Should -Be 'CtrInvalidArgument,CtrPS.Commands.Image.CopyCtrImageCommand'
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
        $errors.FullyQualifiedErrorId | Should -Be 'CtrBlobMissing,CtrPS.Commands.Image.CopyCtrImageCommand'
        $id = 'CtrInvalidArgument,CtrPS.Commands.Image.CopyCtrImageCommand'
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
