#requires -Version 7.6
# Snapshots: layers and file systems. ctr and the garbage collector are the judges.

BeforeDiscovery {
    Import-Module (Join-Path $PSScriptRoot Helpers.psm1)
}

BeforeAll {
    $ErrorActionPreference = 'Stop'
    Import-ModuleUnderTest
}

Describe 'Snapshots, containerd <generation>' -ForEach (Get-RigGeneration) {
    if ($reason) {
        It 'has a daemon' { Set-ItResult -Skipped -Because $reason }
        return
    }

    BeforeAll {
        $rig = Get-Rig $generation
        $session = Connect-CtrSession $rig.Address
        $namespace = Add-TestNamespace $rig
        $PSDefaultParameterValues['*-Ctr*:Namespace'] = $namespace
        $expanded = Expand-CtrImage busybox:1.35
        $chain = $expanded.ChainId

        function Get-CtrKey {
            param([string] $Snapshotter = 'overlayfs')
            $lines = Invoke-Ctr $rig -n $namespace snapshots --snapshotter $Snapshotter ls | Select-Object -Skip 1
            @($lines | ForEach-Object { ($_ -split '\s+')[0] })
        }
    }

    AfterEach {
        Get-CtrLease | Remove-CtrLease -Force
        Invoke-Collection $rig $namespace # else it may come between the list and the removal, and take what no lease holds any more
        Get-CtrSnapshot | Where-Object { $_.Key -ne $chain -and $_.Parent -in '', $chain } | Remove-CtrSnapshot -Recurse -Force
        Get-CtrKey | Should -Be $chain
        Get-CtrKey native | Should -BeNullOrEmpty
    }

    AfterAll {
        $PSDefaultParameterValues.Clear()
        Disconnect-CtrSession $session
        Clear-TestNamespace $rig $namespace
    }

    It 'are listed as ctr lists them, of all snapshotters' {
        $null = Invoke-Ctr $rig -n $namespace snapshots prepare ctr-work $chain
        $null = Invoke-Ctr $rig -n $namespace snapshots --snapshotter native prepare ctr-native
        $null = New-CtrSnapshot ctr-view $chain -View # ctr leaves its own to the garbage collector
        $all = Get-CtrSnapshot
        $all | ForEach-Object { $_ | Should -BeOfType CtrPS.CtrSnapshot }
        ($all | Where-Object Snapshotter -EQ overlayfs).Key | Sort-Object | Should -Be (Get-CtrKey | Sort-Object)
        ($all | Where-Object Snapshotter -EQ native).Key | Should -Be ctr-native
        $work = Get-CtrSnapshot ctr-work
        $work.Kind, $work.Parent, $work.Snapshotter, $work.Namespace, $work.Address | Should -Be Active, $chain, overlayfs, $namespace, $rig.Address
        (Get-CtrSnapshot ctr-view).Kind, (Get-CtrSnapshot $chain).Kind | Should -Be View, Committed
        $mine = $work.ToJson() | ConvertFrom-Json -AsHashtable -DateKind String
        $theirs = (Invoke-Ctr $rig -n $namespace snapshots info ctr-work) -join "`n" | ConvertFrom-Json -AsHashtable -DateKind String
        $mine.Keys | Sort-Object | Should -Be ($theirs.Keys | Sort-Object)
        foreach ($key in 'Kind', 'Name', 'Parent') {
            $mine[$key] | Should -BeExactly $theirs[$key]
        }
        [Math]::Abs(([DateTimeOffset]$mine.Created - [DateTimeOffset]$theirs.Created).TotalMilliseconds) | Should -BeLessThan 1
        $mine.Labels['containerd.io/gc.root'] | Should -BeExactly $theirs.Labels['containerd.io/gc.root']
        (Get-CtrSnapshot -Kind View).Key | Should -Be ctr-view
        (Get-CtrSnapshot -Label containerd.io/gc.root).Key | Sort-Object | Should -Be ctr-native, ctr-view, ctr-work
        Get-CtrSnapshot -OlderThan 1h | Should -BeNullOrEmpty
        (Get-CtrSnapshot -Snapshotter nat*).Key | Should -Be ctr-native
        { Get-CtrSnapshot -Snapshotter zfs } | Should -Throw -ErrorId 'CtrNotSupported,*'
    }

    It 'are found by key, wildcard and whatever has one' {
        $null = Invoke-Ctr $rig -n $namespace snapshots prepare ctr-work $chain
        (Get-CtrSnapshot CTR-*).Key | Should -Be ctr-work
        (Get-CtrImageLayer busybox:1.35 | Get-CtrSnapshot).Key | Should -Be $chain
        ($expanded | Get-CtrSnapshot).Key | Should -Be $chain
        $null = New-CtrContainer busybox:1.35 web
        (Get-CtrContainer web | Get-CtrSnapshot).Key | Should -Be web
        $file = Join-Path $TestDrive snapshot.xml
        Get-CtrSnapshot ctr-work | Export-Clixml $file
        (Import-Clixml $file | Get-CtrSnapshot).Key | Should -Be ctr-work
        (Get-CtrSnapshot ctr-work | ConvertTo-Csv | ConvertFrom-Csv | Get-CtrSnapshot).Key | Should -Be ctr-work
        { Get-CtrSnapshot ctr-wrk } | Should -Throw -ErrorId 'CtrSnapshotNotFound,*' -ExpectedMessage "*'ctr-work'*"
        { Get-CtrSnapshot ctr-work -Namespace k8s.io } | Should -Throw -ErrorId 'CtrSnapshotNotFound,*' -ExpectedMessage "*'$namespace' (overlayfs)*"
        { Get-CtrSnapshot ctr-work -Snapshotter native } | Should -Throw -ErrorId 'CtrSnapshotNotFound,*' -ExpectedMessage '*(overlayfs)*'
        Get-CtrSnapshot none-* | Should -BeNullOrEmpty
        Remove-CtrContainer web
    }

    It 'tell what they take, and stand in a tree' {
        $null = Invoke-Ctr $rig -n $namespace snapshots prepare ctr-a $chain
        $null = Invoke-Ctr $rig -n $namespace snapshots prepare ctr-b
        $layer = Get-CtrImageLayer busybox:1.35
        $sized = Get-CtrSnapshot -Size
        ($sized | Where-Object Key -EQ $chain).Size, ($sized | Where-Object Key -EQ $chain).Inodes | Should -Be $layer.Size, $layer.Inodes
        (Get-CtrSnapshot $chain).Size | Should -BeNullOrEmpty
        $usage = ConvertFrom-CtrTable (Invoke-Ctr $rig -n $namespace snapshots usage -b)
        ($usage | Where-Object KEY -EQ ctr-a).INODES | Should -Be "$(($sized | Where-Object Key -EQ ctr-a).Inodes)"
        $tree = Get-CtrSnapshot -Tree -Snapshotter overlayfs
        $tree.Key | Should -Be 'ctr-b', $chain, 'ctr-a'
        $tree.Level | Should -Be 0, 0, 1
        ($tree | Format-Table | Out-String -Width 200) -replace '\e\[[0-9;]*m' | Should -Match '(?m)  ctr-a\s*$'
    }

    It 'are made as ctr makes them, and kept' -ForEach 'overlayfs', 'native' {
        $snapshotter = $_
        $empty = New-CtrSnapshot mine -Snapshotter $snapshotter -Label @{ team = 'web' }
        $empty.Key, $empty.Kind, $empty.Parent, $empty.Snapshotter | Should -Be mine, Active, '', $snapshotter
        $empty.Labels.Keys | Should -Be containerd.io/gc.root, team
        $frozen = Complete-CtrSnapshot mine base
        $frozen.Key, $frozen.Kind, $frozen.Snapshotter | Should -Be base, Committed, $snapshotter
        $frozen.Labels.Keys | Should -Be containerd.io/gc.root
        $view = New-CtrSnapshot looked -Parent $frozen -View
        $view.Kind, $view.Parent, $view.Snapshotter | Should -Be View, base, $snapshotter
        Invoke-Collection $rig $namespace
        Get-CtrKey $snapshotter | Should -Contain base
        Get-CtrKey $snapshotter | Should -Contain looked
        { New-CtrSnapshot looked -Snapshotter $snapshotter } | Should -Throw -ErrorId 'CtrSnapshotExists,*'
        { Complete-CtrSnapshot looked x } | Should -Throw -ErrorId 'CtrFailedPrecondition,*' -ExpectedMessage '*view*'
        { Complete-CtrSnapshot base x } | Should -Throw -ErrorId 'CtrFailedPrecondition,*' -ExpectedMessage '*frozen*'
        { New-CtrSnapshot on looked -Snapshotter $snapshotter } | Should -Throw -ErrorId 'CtrFailedPrecondition,*' -ExpectedMessage '*is a view*'
        { New-CtrSnapshot on -Parent none -Snapshotter $snapshotter } | Should -Throw -ErrorId 'CtrSnapshotNotFound,*' -ExpectedMessage "*'none'*"
        { New-CtrSnapshot on -Snapshotter zfs } | Should -Throw -ErrorId 'CtrNotSupported,*'
        $other = New-CtrSnapshot other -Snapshotter $snapshotter
        { $other | Complete-CtrSnapshot -Name base } | Should -Throw -ErrorId 'CtrSnapshotExists,*'
        (Invoke-Ctr $rig -n $namespace snapshots --snapshotter $snapshotter info other) -join '' | Should -Match 'Active'
    }

    It 'are kept by a lease where one is named, and by nothing with -NoRoot' {
        $null = New-CtrLease keep
        (New-CtrSnapshot kept $chain -Lease keep).Labels.Count | Should -Be 0
        (Get-CtrLeaseResource keep).Key | Should -Be kept
        (New-CtrSnapshot loose $chain -NoRoot).Labels.Count | Should -Be 0
        Invoke-Collection $rig $namespace
        Get-CtrKey | Should -Contain kept
        Get-CtrKey | Should -Not -Contain loose
        Remove-CtrLease keep -Synchronous
        Get-CtrKey | Should -Not -Contain kept
        { New-CtrSnapshot x -Lease nobody } | Should -Throw -ErrorId 'CtrLeaseNotFound,*'
        { New-CtrSnapshot x -Lease a -NoRoot } | Should -Throw -ErrorId 'CtrInvalidArgument,*'
    }

    It 'are told of as they were made, however often the collector goes over what nothing keeps' {
        $line = 'Import-Module $args[0]; while ($true) { $null = Invoke-CtrGarbageCollection -Session $args[1] }'
        $collector = [powershell]::Create().AddScript($line).AddArgument((Get-ManifestPath)).AddArgument($session)
        $null = $collector.BeginInvoke()
        try {
            foreach ($i in 1..60) {
                (New-CtrSnapshot "loose-$i" $chain -NoRoot).Kind | Should -Be Active
                $frozen = New-CtrSnapshot "kept-$i" $chain | Complete-CtrSnapshot -Name "frozen-$i" -NoRoot
                $frozen.Kind, $frozen.Labels.Count | Should -Be Committed, 0
            }
        } finally {
            $collector.Stop()
            $collector.Dispose()
        }
        Invoke-Collection $rig $namespace
        Get-CtrKey | Should -Be $chain
        Get-CtrLease | Should -BeNullOrEmpty
    }

    It 'have mounts, as ctr prints them, that the kernel takes' -ForEach 'overlayfs', 'native' {
        $snapshotter = $_
        $null = Expand-CtrImage busybox:1.35 -Snapshotter $snapshotter
        $made = New-CtrSnapshot mounted -Parent $chain -Snapshotter $snapshotter
        $folder = Join-Path $TestDrive "mnt-$snapshotter"
        $null = New-Item $folder -ItemType Directory
        $mount = $made | Get-CtrSnapshotMount -Target $folder
        $mount | Should -BeOfType CtrPS.CtrSnapshotMount
        $line = Invoke-Ctr $rig -n $namespace snapshots --snapshotter $snapshotter mounts $folder mounted
        $line | Should -Match ([regex]::Escape(($mount.Options -join ',')))
        $mount.Type, $mount.Key, $mount.SubFolder | Should -Be ($snapshotter -eq 'native' ? 'bind' : 'overlay'), mounted, ''
        bash -c $mount.CommandLine
        $LASTEXITCODE | Should -Be 0
        try {
            Test-Path $folder/bin/busybox | Should -BeTrue
            Set-Content $folder/new.txt hello
        } finally {
            umount $folder
        }
        $frozen = $made | Complete-CtrSnapshot -Name with-file
        $view = New-CtrSnapshot look -Parent $frozen -View
        $look = @($view | Get-CtrSnapshotMount -Target $folder)
        bash -c ($look.CommandLine -join ' && ')
        try {
            Get-Content $folder/new.txt | Should -Be hello
            { Set-Content $folder/other.txt x } | Should -Throw
        } finally {
            umount $folder
        }
        { Get-CtrSnapshotMount with-file } | Should -Throw -ErrorId 'CtrFailedPrecondition,*' -ExpectedMessage '*layer*'
        Get-CtrSnapshotMount | ForEach-Object Key | Sort-Object -Unique | Should -Be look
        if ($snapshotter -eq 'native') {
            $config = (Get-CtrContent -Kind Config).Digest
            Set-CtrContent $config -Label @{ 'containerd.io/gc.ref.snapshot.native' = $null }
            Get-CtrSnapshot $chain -Snapshotter native | Remove-CtrSnapshot -Recurse -Force
        }
    }

    It 'are mounted, kept and dismounted' -ForEach 'overlayfs', 'native' {
        $snapshotter = $_
        $folder = Join-Path $TestDrive "own-$snapshotter"
        $other = Join-Path $TestDrive "other-$snapshotter"
        $null = New-Item $folder, $other -ItemType Directory
        $made = New-CtrSnapshot base-work -Snapshotter $snapshotter | Complete-CtrSnapshot -Name base
        $null = New-CtrLease hold # else the daemon may collect it before it is mounted
        $made = New-CtrSnapshot written $made -Lease hold
        $mount = $made | Mount-CtrSnapshot -Target $folder
        Remove-CtrLease hold
        $mount | Should -BeOfType CtrPS.CtrSnapshotMount
        $mount.Target, $mount.Key, $mount.Snapshotter | Should -Be $folder, written, $snapshotter
        Set-Content $folder/new.txt hello
        Invoke-Collection $rig $namespace
        Get-CtrKey $snapshotter | Should -Contain written
        { $made | Remove-CtrSnapshot } | Should -Throw -ErrorId 'CtrSnapshotInUse,*' -ExpectedMessage "*lease '$folder'*"
        { $made | Mount-CtrSnapshot -Target $other } | Should -Throw -ErrorId 'CtrMountExists,*' -ExpectedMessage "*'$folder'*"
        { Mount-CtrSnapshot base $other -Snapshotter $snapshotter } | Should -Throw -ErrorId 'CtrFailedPrecondition,*' -ExpectedMessage '*layer*'
        { $made | Dismount-CtrSnapshot -Target $other } | Should -Throw -ErrorId 'CtrMountNotFound,*'
        $user = [IO.File]::OpenRead("$folder/new.txt")
        try {
            { $made | Dismount-CtrSnapshot } | Should -Throw -ErrorId 'CtrMountBusy,*' -ExpectedMessage "*$PID*"
        } finally {
            $user.Dispose()
        }
        $made | Dismount-CtrSnapshot
        [IO.File]::ReadAllLines('/proc/mounts') | Where-Object { $_.Contains($folder) } | Should -BeNullOrEmpty
        Invoke-Ctr $rig -n $namespace leases ls -q | Should -BeNullOrEmpty
        { $made | Dismount-CtrSnapshot } | Should -Throw -ErrorId 'Ctr*NotFound,*'
        Dismount-CtrSnapshot *
        { New-CtrSnapshot x -Snapshotter $snapshotter | Mount-CtrSnapshot -Target "$TestDrive/none" } |
            Should -Throw -ErrorId 'CtrInvalidPath,*' -ExpectedMessage '*no folder*'
        $view = New-CtrSnapshot look base -Snapshotter $snapshotter -View
        $view | Mount-CtrSnapshot -Target $folder | Should -HaveCount 1
        { Set-Content $folder/other.txt x } | Should -Throw
        { New-CtrSnapshot again base -Snapshotter $snapshotter | Mount-CtrSnapshot -Target $folder } |
            Should -Throw -ErrorId 'CtrMountExists,*' -ExpectedMessage "*'$folder'*"
        $view | Dismount-CtrSnapshot -Target $folder
        Get-CtrKey $snapshotter | Should -Contain look
    }

    It 'are kept for a mount that is gone until that is cleared, and told by their names' {
        $folder = New-Item (Join-Path $TestDrive gone) -ItemType Directory
        $null = New-CtrSnapshot kept
        $line = "Import-Module '$(Get-ManifestPath)'; `$null = Mount-CtrSnapshot kept '$folder' -Session '$($rig.Address)' -Namespace $namespace"
        pwsh -NoProfile -NonInteractive -Command $line
        Clear-CtrLeftover -WhatIf | Should -BeNullOrEmpty -Because 'a mount stays when its maker ends'
        umount $folder
        $left = Clear-CtrLeftover
        $left.Kind, $left.Key | Should -Be Lease, "$folder"
        $left.Reason | Should -BeLike "It keeps the snapshot 'kept' for a mount there*"
        Invoke-Ctr $rig -n $namespace leases ls -q | Should -BeNullOrEmpty
        (Get-CtrSnapshot kept).Key | Should -Be kept
        Get-CtrSnapshot kept | Remove-CtrSnapshot -Force
    }

    It 'are packed into a tar or a blob of what changed' {
        $made = New-CtrSnapshot packed -Parent $chain
        $folder = Join-Path $TestDrive mnt-pack
        $null = New-Item $folder -ItemType Directory
        bash -c ($made | Get-CtrSnapshotMount -Target $folder).CommandLine
        Set-Content $folder/new.txt hello -NoNewline
        Remove-Item $folder/bin/busybox
        umount $folder
        $tar = Join-Path $TestDrive "packed-$generation.tar"
        $before = Get-CtrContent
        $made | Export-CtrSnapshot -Path $tar | Should -BeNullOrEmpty
        tar -tf $tar | Should -Be bin/, bin/.wh.busybox, new.txt
        tar -xOf $tar new.txt | Should -BeExactly hello
        { $made | Export-CtrSnapshot -Path $tar } | Should -Throw -ErrorId 'CtrFileExists,*'
        (Get-CtrContent).Digest | Should -Be $before.Digest
        $frozen = $made | Complete-CtrSnapshot -Name packed-base
        ($frozen | Export-CtrSnapshot -LiteralPath $tar -Force -PassThru -MediaType application/vnd.oci.image.layer.v1.tar+gzip).FullName |
            Should -Be $tar
        tar -tzf $tar | Should -Be bin/, bin/.wh.busybox, new.txt
        $blob = $frozen | Export-CtrSnapshot -AsContent -Label @{ team = 'web' }
        $blob | Should -BeOfType CtrPS.CtrContent
        $blob.Labels.Keys | Should -Contain containerd.io/gc.root
        $blob.Labels['containerd.io/uncompressed'] | Should -Match '^sha256:'
        Invoke-Collection $rig $namespace
        (Get-CtrContent $blob.Digest).Labels['team'] | Should -Be web
        # ctr packs the same files.
        $words = "--address $($rig.Address) -n $namespace snapshots diff --media-type application/vnd.oci.image.layer.v1.tar packed-base"
        bash -c "'$($rig.Ctr)' $words | tar -t" | Should -Be bin/, bin/.wh.busybox, new.txt
        { $frozen | Export-CtrSnapshot -Path "$tar.x" -MediaType text/plain } | Should -Throw -ErrorId 'Ctr*'
        { Get-CtrSnapshot | Export-CtrSnapshot -Path "$tar.y" } | Should -Throw -ErrorId 'CtrInvalidArgument,*' -ExpectedMessage '*one snapshot*'
        Invoke-Ctr $rig -n $namespace leases ls -q | Should -BeNullOrEmpty
        (Get-CtrKey | Where-Object { $_ -like 'ctrps-*' }) | Should -BeNullOrEmpty
        Get-CtrContent | Where-Object Digest -NotIn $before.Digest | Remove-CtrContent -Force
    }

    It 'have labels as ctr sets and shows them' {
        $null = New-CtrLease labels # without its label gc.root nothing else keeps the snapshot
        $null = New-CtrSnapshot labelled
        Add-CtrLeaseResource labels labelled -Snapshotter overlayfs
        $changed = Set-CtrSnapshot labelled @{ a = 'b'; c = 'd' } -PassThru
        $changed.Labels['a'] | Should -Be b
        (Invoke-Ctr $rig -n $namespace snapshots info labelled) -join '' | Should -Match '"a": *"b"'
        Set-CtrSnapshot labelled -Label @{ a = $null; c = '' }
        (Get-CtrSnapshot labelled).Labels.Keys | Should -Be containerd.io/gc.root
        Set-CtrSnapshot labelled -ReplaceLabel @{ only = 'this' }
        (Get-CtrSnapshot labelled).Labels.Keys | Should -Be only
        { Set-CtrSnapshot none @{ a = 'b' } } | Should -Throw -ErrorId 'CtrSnapshotNotFound,*'
        { Set-CtrSnapshot labelled @{ ('k' * 4000) = 'v' * 200 } } | Should -Throw -ErrorId 'CtrInvalidArgument,*'
        Remove-CtrLease labels
    }

    It 'are removed when nobody needs them, those on top first' {
        $null = New-CtrSnapshot a | Complete-CtrSnapshot -Name base
        $null = New-CtrSnapshot b base | Complete-CtrSnapshot -Name middle
        $null = New-CtrSnapshot top middle
        { Remove-CtrSnapshot base } | Should -Throw -ErrorId 'CtrSnapshotInUse,*' -ExpectedMessage "*'middle', 'top'*"
        Remove-CtrSnapshot base -Recurse -WhatIf
        Remove-CtrSnapshot top
        Get-CtrKey | Sort-Object | Should -Be ('base', 'middle', $chain | Sort-Object)
        $null = New-CtrLease keep
        Add-CtrLeaseResource keep middle -Snapshotter overlayfs
        { Remove-CtrSnapshot base -Recurse } | Should -Throw -ErrorId 'CtrSnapshotInUse,*' -ExpectedMessage "*'middle'*lease 'keep'*"
        Remove-CtrLease keep
        Remove-CtrSnapshot base -Recurse
        Get-CtrKey | Should -Be $chain
        { Remove-CtrSnapshot base } | Should -Throw -ErrorId 'CtrSnapshotNotFound,*'
        Remove-CtrSnapshot base*
    }

    It 'are removed where the collector took what was made on them' {
        $null = New-CtrSnapshot a | Complete-CtrSnapshot -Name base
        $null = New-CtrSnapshot loose base -NoRoot
        Invoke-Collection $rig $namespace
        Get-CtrKey | Should -Not -Contain loose
        Remove-CtrSnapshot base
        Get-CtrKey | Should -Be $chain
    }

    It 'are not taken from a container, an image or a mount' {
        $null = New-CtrContainer busybox:1.35 web
        { Remove-CtrSnapshot web } | Should -Throw -ErrorId 'CtrSnapshotInUse,*' -ExpectedMessage "*container 'web'*"
        { Remove-CtrSnapshot $chain -Recurse } | Should -Throw -ErrorId 'CtrSnapshotInUse,*' -ExpectedMessage '*unpacked image*'
        Remove-CtrContainer web
        $folder = Join-Path $TestDrive mnt-image
        $null = New-Item $folder -ItemType Directory
        $null = Mount-CtrImage busybox:1.35 $folder
        { Get-CtrImageMount | Remove-CtrSnapshot } | Should -Throw -ErrorId 'CtrSnapshotInUse,*' -ExpectedMessage "*lease '$folder'*"
        Dismount-CtrImage $folder
        $null = New-CtrSnapshot same
        $null = New-CtrSnapshot same -Snapshotter native
        { Remove-CtrSnapshot same } | Should -Throw -ErrorId 'CtrAmbiguousReference,*' -ExpectedMessage '*native, overlayfs*'
        Remove-CtrSnapshot same -Snapshotter native
        Get-CtrSnapshot same | Remove-CtrSnapshot
    }

    It 'show hostile keys escaped' {
        $evil = "a`e]0;owned`ab"
        $made = New-CtrSnapshot $evil
        ($made | Out-String -Width 200) -replace '\e\[[0-9;]*m' | Should -Match 'a\\u001b\]0;owned\\u0007b'
        (Get-CtrSnapshot $evil).Key | Should -BeExactly $evil
        ($made | Get-CtrSnapshotMount | Out-String -Width 200) -replace '\e\[[0-9;]*m' | Should -Not -Match "`a"
        $made | Remove-CtrSnapshot
    }

    It 'are made and removed by eight at once' {
        $address, $path = $rig.Address, (Get-ManifestPath)
        $errors = 0..7 | ForEach-Object -ThrottleLimit 8 -Parallel {
            Import-Module $using:path
            $null = Connect-CtrSession $using:address -Namespace $using:namespace
            $number = $_
            $number = $_
            0..3 | ForEach-Object { $null = New-CtrSnapshot "crowd-$number-$_" -Parent $using:chain }
            Get-CtrSnapshot "crowd-$number-*" | Remove-CtrSnapshot -ErrorAction SilentlyContinue -ErrorVariable failed
            $failed
        }
        $errors | Should -BeNullOrEmpty
    }

    It 'complete by key' {
        $null = New-CtrSnapshot pester-tab
        $line = "Remove-CtrSnapshot -Namespace $namespace pester-t"
        (TabExpansion2 $line $line.Length).CompletionMatches.CompletionText | Should -Be pester-tab
    }
}
