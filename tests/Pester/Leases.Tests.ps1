#requires -Version 7.6
# Leases and what they hold. ctr and the garbage collector are the judges.

BeforeDiscovery {
    Import-Module (Join-Path $PSScriptRoot Helpers.psm1)
}

BeforeAll {
    $ErrorActionPreference = 'Stop'
    Import-ModuleUnderTest
}

Describe 'Leases, containerd <generation>' -ForEach (Get-RigGeneration) {
    if ($reason) {
        It 'has a daemon' { Set-ItResult -Skipped -Because $reason }
        return
    }

    BeforeAll {
        $rig = Get-Rig $generation
        $session = Connect-CtrSession $rig.Address
        $namespace = Add-TestNamespace $rig
        $PSDefaultParameterValues['*-Ctr*:Namespace'] = $namespace
        $image = Get-CtrImage busybox:1.35

        function Get-CtrLine {
            ConvertFrom-CtrTable (Invoke-Ctr $rig -n $namespace leases ls)
        }
    }

    AfterEach {
        Get-CtrLease | Remove-CtrLease -Force
        Get-CtrLine | Should -BeNullOrEmpty
    }

    AfterAll {
        $PSDefaultParameterValues.Clear()
        Disconnect-CtrSession $session
        Clear-TestNamespace $rig $namespace
    }

    It 'are made as ctr makes them' {
        $made = New-CtrLease pester-a, pester-b -Label @{ team = 'web' }
        $made | Should -BeOfType CtrPS.CtrLease
        $made.Id | Should -Be pester-a, pester-b
        $made[0].Namespace, $made[0].Address | Should -Be $namespace, $rig.Address
        $made[0].State, $made[0].IsFlat, $made[0].ProcessId | Should -Be Active, $false, $null
        ($made[0].ExpiresAt - [DateTimeOffset]::Now).TotalHours | Should -BeGreaterThan 23.9
        ($made[0].ExpiresAt - [DateTimeOffset]::Now).TotalHours | Should -BeLessOrEqual 24
        $null = Invoke-Ctr $rig -n $namespace leases create --id ctr-a team=web
        (Get-CtrLine).ID | Should -Be ctr-a, pester-a, pester-b
        $theirs, $ours = Get-CtrLease ctr-a, pester-a
        $ours.Labels.Keys | Should -Be $theirs.Labels.Keys
        $ours.Labels['team'] | Should -Be $theirs.Labels['team']
        [Math]::Abs(($ours.ExpiresAt - $theirs.ExpiresAt).TotalSeconds) | Should -BeLessThan 60
    }

    It 'have the end, the kind and the labels that were asked for' {
        $given = [DateTimeOffset]::new(2099, 1, 2, 3, 4, 5, [TimeSpan]::Zero)
        (New-CtrLease at -Expires $given).ExpiresAt | Should -Be $given
        ((New-CtrLease in -Expires 2h).ExpiresAt - [DateTimeOffset]::Now).TotalMinutes | Should -BeGreaterThan 119
        $forever = New-CtrLease forever -NoExpiry -Flat -Label @{ a = 'b'; 'containerd.io/gc.flat' = 'yes' }
        $forever.ExpiresAt | Should -BeNullOrEmpty
        $forever.IsFlat | Should -BeTrue
        $forever.Labels.Keys | Should -Be a, containerd.io/gc.flat
        $named = New-CtrLease
        $named.Id | Should -Not -BeNullOrEmpty
        (Get-CtrLine).ID | Should -Contain $named.Id
        { New-CtrLease past -Expires ([DateTimeOffset]::Now.AddHours(-1)) } | Should -Throw -ErrorId 'CtrInvalidArgument,*' -ExpectedMessage '*over*'
        { New-CtrLease at } | Should -Throw -ErrorId 'CtrLeaseExists,*' -ExpectedMessage "*'at'*"
        { New-CtrLease x -Expires soon } | Should -Throw -ErrorId 'ParameterArgumentTransformationError,*'
    }

    It 'are found by id, wildcard, state and object' {
        $null = New-CtrLease pester-a, pester-b, other
        $null = Invoke-Ctr $rig -n $namespace leases create --id past 'containerd.io/gc.expire=2020-01-01T00:00:00Z'
        (Get-CtrLease PESTER-*).Id | Should -Be pester-a, pester-b
        (Get-CtrLease other | Get-CtrLease).Id | Should -Be other
        'other' | Get-CtrLease | ForEach-Object Id | Should -Be other
        (Get-CtrLease -Namespace * | Where-Object Namespace -EQ $namespace).Count | Should -Be 4
        Get-CtrLease no-such-* | Should -BeNullOrEmpty
        # ctr's own end comes over a label of that name in some versions.
        $past = Get-CtrLease past
        $past.State | Should -Be ($past.ExpiresAt -le [DateTimeOffset]::Now ? 'Expired' : 'Active')
        (Get-CtrLease -State Active).Id | Should -Contain other
        { Get-CtrLease othe } | Should -Throw -ErrorId 'CtrLeaseNotFound,*' -ExpectedMessage "*'othe'*'other'*"
        { Get-CtrLease other -Namespace k8s.io } | Should -Throw -ErrorId 'CtrLeaseNotFound,*' -ExpectedMessage "*$namespace*"
    }

    It 'come back from a file and name the same lease' {
        $file = Join-Path $TestDrive lease.xml
        New-CtrLease saved | Export-Clixml $file
        Add-CtrLeaseResource saved $image.Digest
        Import-Clixml $file | Get-CtrLeaseResource | ForEach-Object Key | Should -Be $image.Digest
        Get-CtrLeaseResource saved | ConvertTo-Csv | ConvertFrom-Csv | Remove-CtrLeaseResource
        Get-CtrLeaseResource saved | Should -BeNullOrEmpty
        Get-CtrLease saved | ConvertTo-Json | ConvertFrom-Json | Remove-CtrLease
        Get-CtrLine | Should -BeNullOrEmpty
        (Get-CtrLease -Namespace *).Count | Should -BeGreaterOrEqual 0
    }

    It 'keep an image that was removed, until they end' {
        $null = Invoke-Ctr $rig -n $namespace images import (Get-ArchivePath busybox)
        $chain = Get-CtrImageLayer busybox:1.35 | ForEach-Object ChainId
        $null = New-CtrLease keep
        $added = Add-CtrLeaseResource keep $image.Digest -PassThru
        $added | Should -BeOfType CtrPS.CtrLeaseResource
        "$added", $added.Lease, $added.Type, $added.Namespace | Should -Be $image.Digest, keep, content, $namespace
        Add-CtrLeaseResource keep $chain -Snapshotter overlayfs
        (Get-CtrLeaseResource keep).Type | Should -Be content, snapshots/overlayfs
        (Get-CtrLeaseResource keep -Type snap*).Key | Should -Be $chain
        Remove-CtrImage busybox:1.35 -Synchronous
        (Invoke-Ctr $rig -n $namespace content ls -q) -join ' ' | Should -Match $image.Digest
        (Invoke-Ctr $rig -n $namespace content ls -q).Count | Should -Be 3
        (Invoke-Ctr $rig -n $namespace snapshots ls) -join ' ' | Should -Match $chain
        Remove-CtrLeaseResource keep $chain -Type snapshots/overlayfs
        Remove-CtrLease keep -Synchronous
        Invoke-Ctr $rig -n $namespace content ls -q | Should -BeNullOrEmpty
        (Invoke-Ctr $rig -n $namespace snapshots ls) -join ' ' | Should -Not -Match $chain
        $null = Invoke-Ctr $rig -n $namespace images import (Get-ArchivePath busybox)
    }

    It 'of a flat kind keep the blob alone' {
        $null = New-CtrLease flat -Flat
        Get-CtrLease flat | Add-CtrLeaseResource -Key $image.Digest
        Remove-CtrImage busybox:1.35 -Synchronous
        Invoke-Ctr $rig -n $namespace content ls -q | Should -Be $image.Digest
        Remove-CtrLease flat -Synchronous
        $null = Invoke-Ctr $rig -n $namespace images import (Get-ArchivePath busybox)
    }

    It 'take nothing that is not there, and stay as they were' {
        $null = New-CtrLease keep
        Add-CtrLeaseResource keep $image.Digest
        $absent = "sha256:$('0' * 64)"
        { Add-CtrLeaseResource keep $absent } | Should -Throw -ErrorId 'CtrBlobMissing,*' -ExpectedMessage "*$absent*"
        { Add-CtrLeaseResource keep none -Snapshotter overlayfs } | Should -Throw -ErrorId 'CtrNotFound,*' -ExpectedMessage "*snapshot 'none'*"
        { Add-CtrLeaseResource keep none -Type ingests } | Should -Throw -ErrorId 'CtrNotFound,*' -ExpectedMessage "*write 'none'*"
        { Add-CtrLeaseResource keep none } | Should -Throw -ErrorId 'CtrInvalidDigest,*'
        { Add-CtrLeaseResource keep a -Type blobs } | Should -Throw -ErrorId 'CtrInvalidArgument,*' -ExpectedMessage "*'blobs'*"
        { Add-CtrLeaseResource nobody $image.Digest } | Should -Throw -ErrorId 'CtrLeaseNotFound,*'
        (Get-CtrLeaseResource keep).Key | Should -Be $image.Digest
        if ($generation -eq '2') {
            Add-CtrLeaseResource keep docker.io/library/busybox:1.35 -Type images
            (Get-CtrLeaseResource keep).Type | Should -Be content, images
        } else {
            { Add-CtrLeaseResource keep docker.io/library/busybox:1.35 -Type images } | Should -Throw -ErrorId 'CtrNotSupported,*'
        }
    }

    It 'that a process works under are not removed without -Force' {
        $faulty = Get-Registry -Faulty
        Clear-RegistryFault $faulty
        $reference = Push-ToRegistry $faulty nginx
        Add-RegistryFault $faulty @{ Method = 'GET'; Path = '/blobs/'; StallAfter = 1000000 }
        $address, $manifest = $rig.Address, (Get-ManifestPath)
        $receiving = Start-ThreadJob {
            Import-Module $using:manifest
            Receive-CtrImage $using:reference -Session $using:address -Namespace $using:namespace -PlainHttp -HostsDirectory $using:TestDrive
        }
        try {
            Wait-Until { Get-CtrLease -State Active } 'it works under a lease'
            $lease = Get-CtrLease
            $lease.ProcessId | Should -Be $PID
            { $lease | Remove-CtrLease } | Should -Throw -ErrorId 'CtrLeaseInUse,*' -ExpectedMessage "*process $PID*"
            (Get-CtrLine).ID | Should -Be $lease.Id
        } finally {
            $receiving | Stop-Job -PassThru | Remove-Job -Force
            Clear-RegistryFault $faulty
        }
        # What was received is kept for the next try, and nobody works under it any more.
        Wait-Until { Get-CtrLease -State Abandoned } 'its process is done with it'
        Get-CtrLease | Remove-CtrLease -Synchronous
    }

    It 'take the first digits of a digest, and are told what to lose by what they hold' {
        $null = New-CtrLease short
        $chain = Get-CtrImageLayer busybox:1.35 | ForEach-Object ChainId
        (Add-CtrLeaseResource short $image.Digest.Substring(7, 8) -PassThru).Key | Should -Be $image.Digest
        Add-CtrLeaseResource short $chain -Snapshotter overlayfs
        { Add-CtrLeaseResource short ffffffffffff } | Should -Throw -ErrorId 'CtrContentNotFound,*'
        { Remove-CtrLeaseResource short nothing } | Should -Throw -ErrorId 'CtrNotFound,*' -ExpectedMessage "*lease 'short'*holds no 'nothing'*"
        { Remove-CtrLeaseResource short ffffffffffff } | Should -Throw -ErrorId 'CtrNotFound,*'
        $line = "Remove-CtrLeaseResource short -Namespace $namespace -Key sha"
        $complete = (TabExpansion2 $line $line.Length).CompletionMatches.CompletionText
        $complete | Sort-Object | Should -Be ($image.Digest, $chain | Sort-Object)
        $line = "Add-CtrLeaseResource short -Namespace $namespace -Snapshotter overlayfs -Key $($chain.Substring(0, 20))"
        (TabExpansion2 $line $line.Length).CompletionMatches.CompletionText | Should -Be $chain
        $null = New-CtrSnapshot plain-key -Lease short
        Remove-CtrLeaseResource short plain-key
        Remove-CtrLeaseResource short $image.Digest.Substring(0, 20)
        (Get-CtrLeaseResource short).Key | Should -Be $chain
        Remove-CtrSnapshot plain-key -ErrorAction Ignore # unless the collector was faster, as nothing keeps it any more
        Remove-CtrLease short
    }

    It 'complete by id and type, and say what they would do' {
        $null = New-CtrLease pester-tab
        $line = "Remove-CtrLease -Namespace $namespace pester-t"
        (TabExpansion2 $line $line.Length).CompletionMatches.CompletionText | Should -Be pester-tab
        $line = 'Add-CtrLeaseResource pester-tab x -Type snapshots/ov'
        (TabExpansion2 $line $line.Length).CompletionMatches.CompletionText | Should -Be snapshots/overlayfs
    }

    It 'are ended by eight at once, each told at most once' {
        $null = New-CtrLease (0..15 | ForEach-Object { "crowd-$_" })
        $address, $manifest = $rig.Address, (Get-ManifestPath)
        $errors = 0..7 | ForEach-Object -ThrottleLimit 8 -Parallel {
            Import-Module $using:manifest
            $null = Connect-CtrSession $using:address -Namespace $using:namespace
            Remove-CtrLease crowd-* -ErrorAction Continue 2>&1
        }
        $errors | Should -BeNullOrEmpty
        Get-CtrLease crowd-* | Should -BeNullOrEmpty
    }
}
