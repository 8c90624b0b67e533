#requires -Version 7.6
# Signatures and SBOMs that go with images: attached and looked at by oras, kept by containerd's own collector.

BeforeDiscovery {
    Import-Module (Join-Path $PSScriptRoot Helpers.psm1)
    $generations = @(Get-RigGeneration)
    $noOras = (Get-RegistryReader oras) ? $null : 'oras is not here; Debian 13 has it'
}

BeforeAll {
    $ErrorActionPreference = 'Stop'
    Import-ModuleUnderTest
    $empty = (New-Item (Join-Path $TestDrive empty) -ItemType Directory).FullName
    $PSDefaultParameterValues['*-Ctr*:HostsDirectory'] = $empty
}

AfterAll {
    $PSDefaultParameterValues.Clear()
}

Describe 'Referrers, containerd <generation>' -ForEach $generations {
    if ($reason -or $noOras) {
        It 'has a daemon, and oras' { Set-ItResult -Skipped -Because ($reason ?? $noOras) }
        return
    }

    BeforeAll {
        $rig = Get-Rig $generation
        $from = Get-Registry
        $to = Get-Registry -Version 2.8.3
        $api = Get-Registry -Faulty -Option '--referrers'
        $path = "referrers/$($generation.Replace('.', '-'))"

        function Get-Blob { Invoke-Ctr $rig -n $namespace content ls -q }
    }

    BeforeEach {
        $namespace = Add-TestNamespace $rig
        $session = Connect-CtrSession $rig.Address -Namespace $namespace
    }

    AfterEach {
        Disconnect-CtrSession $session
        Invoke-Ctr $rig -n $namespace leases ls -q | Should -BeNullOrEmpty
        Clear-TestNamespace $rig $namespace
    }

    It 'come and stay with the image, go on with it, and go with it' {
        $signed = Add-TestSignedImage $from "$path/round:1" pause
        $tree = Get-ReferrerTree $signed.Reference
        $tree | Should -HaveCount 3
        $got = Receive-CtrImage $signed.Reference -IncludeReferrer
        $got.Status, $got.ReferrerCount | Should -Be New, 3
        $again = Receive-CtrImage $signed.Reference -IncludeReferrer
        $again.Status, $again.ReferrerCount, $again.BlobsFetched | Should -Be UpToDate, 3, 0
        Invoke-Collection $rig $namespace
        $blobs = Get-Blob
        foreach ($one in $signed.Referrers) { $blobs | Should -Contain $one }
        Invoke-Ctr $rig -n $namespace images check -q | Should -Contain $signed.Reference

        # Elsewhere oras shows the same, and the list is not written twice.
        $target = "$($to.Address)/$path/round:1"
        $sent = Send-CtrImage $signed.Reference $target -IncludeReferrer
        $sent.Status, $sent.ReferrerCount | Should -Be Sent, 3
        Get-ReferrerTree $target | Should -Be $tree
        $sent = Send-CtrImage $signed.Reference $target -IncludeReferrer
        $sent.Status, $sent.ReferrerCount, $sent.BytesSent | Should -Be UpToDate, 3, 0
        $null = Invoke-RegistryReader oras pull --plain-http -o "$TestDrive/pulled-$namespace" "$($target -replace ':1$')@$($signed.Referrers[0])"
        Get-ChildItem "$TestDrive/pulled-$namespace" -Recurse -File | Get-Content | Should -Be "{`"sbom`":`"$path/round:1`"}"

        # An archive holds the image as it was before.
        $null = Save-CtrImage $signed.Reference -Path "$TestDrive/$namespace.tar"
        Test-CtrArchive "$TestDrive/$namespace.tar" -Quiet | Should -BeTrue
        Test-CtrImage $signed.Reference -Deep -Quiet | Should -BeTrue
        (Copy-CtrImage $signed.Reference -DestinationNamespace "$namespace-copy" -PassThru).Digest | Should -Be $got.Digest
        Test-CtrImage $signed.Reference -Namespace "$namespace-copy" -Deep -Quiet | Should -BeTrue
        Clear-TestNamespace $rig "$namespace-copy"
        $null = Add-CtrImageTag $signed.Reference "$($to.Address)/$path/other:1"
        $null = Remove-CtrImage "$($to.Address)/$path/other:1" -Synchronous
        foreach ($one in $signed.Referrers) { Get-Blob | Should -Contain $one }
        $null = Remove-CtrImage $signed.Reference -Synchronous
        foreach ($one in $signed.Referrers) { Get-Blob | Should -Not -Contain $one }
    }

    It 'stay away without -IncludeReferrer, and are found missing with it' {
        $signed = Add-TestSignedImage $from "$path/later:1"
        (Receive-CtrImage $signed.Reference -NoUnpack).ReferrerCount | Should -Be 0
        Get-Blob | Should -Not -Contain $signed.Referrers[0]
        $got = Receive-CtrImage $signed.Reference -NoUnpack -IncludeReferrer
        $got.Status, $got.ReferrerCount, $got.BlobsFetched | Should -Be Completed, 3, 7 # each a manifest and a file; the empty config is the same
        $target = "$($to.Address)/$path/later:1"
        (Send-CtrImage $signed.Reference $target).ReferrerCount | Should -Be 0
        Get-ReferrerTree $target | Should -BeNullOrEmpty
        # Another client's is left in the list.
        $other = Add-TestReferrer $target application/vnd.other.v1 other
        (Send-CtrImage $signed.Reference $target -IncludeReferrer).Status | Should -Be Sent
        $format = 'go-template={{range .manifests}}{{println .digest}}{{end}}'
        $all = Invoke-RegistryReader oras discover --plain-http --format $format $target | Where-Object { $_ }
        $all | Sort-Object | Should -Be (@(($other -split '@')[1]) + $signed.Referrers[0, 2] | Sort-Object)
    }

    It 'come and go by the API of a registry that has it' {
        $signed = Add-TestSignedImage $api "$path/api:1"
        $tree = Get-ReferrerTree $signed.Reference
        $tree | Should -HaveCount 3
        Clear-RegistryFault $api
        (Receive-CtrImage $signed.Reference -NoUnpack -IncludeReferrer).ReferrerCount | Should -Be 3
        (Get-RegistryRequest $api).Path | Where-Object { $_ -match '/manifests/sha256-' } | Should -BeNullOrEmpty
        # From a list by tag into a registry with the API, and nobody writes a tag there.
        $tagged = Add-TestSignedImage $from "$path/both:1" pause
        $null = Receive-CtrImage $tagged.Reference -NoUnpack -IncludeReferrer
        $target = "$($api.Address)/$path/both:1"
        (Send-CtrImage $tagged.Reference $target -IncludeReferrer).ReferrerCount | Should -Be 3
        (Send-CtrImage $tagged.Reference $target -IncludeReferrer).Status | Should -Be UpToDate
        (Get-RegistryRequest $api).Path | Where-Object { $_ -match '/manifests/sha256-' } | Should -BeNullOrEmpty
        Get-ReferrerTree $target | Should -Be (Get-ReferrerTree $tagged.Reference)
    }

    It 'are told before anything moves' {
        $signed = Add-TestSignedImage $from "$path/told:1"
        $common = "-Session $($rig.Address) -Namespace $namespace -HostsDirectory '$empty' -IncludeReferrer"
        $line = "Import-Module '$(Get-ManifestPath)'; Receive-CtrImage $($signed.Reference) $common -WhatIf"
        $line += "; `$null = Receive-CtrImage $($signed.Reference) $common -NoUnpack"
        $line += "; Send-CtrImage $($signed.Reference) $($to.Address)/$path/told:1 $common -WhatIf"
        $told = (pwsh -NoProfile -NonInteractive -Command $line) -join "`n"
        $told | Should -BeLike '*to fetch, and 3 things that refer to it*only what is not there, and 3 things that refer to it*'
    }
}

Describe 'Copy-CtrRemoteImage -IncludeReferrer' {
    if ($noOras) {
        It 'has oras' { Set-ItResult -Skipped -Because $noOras }
        return
    }

    It 'copies what refers to the image from registry to registry' {
        $from = Get-Registry
        $to = Get-Registry -Version 2.8.3
        $signed = Add-TestSignedImage $from referrers/copied:1
        (Copy-CtrRemoteImage $signed.Reference "$($to.Address)/referrers/bare:1").ReferrerCount | Should -Be 0
        $copied = Copy-CtrRemoteImage $signed.Reference "$($to.Address)/referrers/copied:1" -IncludeReferrer
        $copied.Status, $copied.ReferrerCount | Should -Be Sent, 3
        Get-ReferrerTree $copied.Target | Should -Be (Get-ReferrerTree $signed.Reference)
        (Get-CtrRemoteImage $copied.Target).Referrers.ArtifactType | Should -Be application/spdx+json, application/vnd.example.signature.v1
        (Get-CtrRemoteImage $copied.Target).Referrers[0].Annotations['about'] | Should -Be application/spdx+json
        (Copy-CtrRemoteImage $signed.Reference $copied.Target -IncludeReferrer).Status | Should -Be UpToDate
    }
}
