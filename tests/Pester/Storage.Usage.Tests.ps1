#requires -Version 7.6
# What takes the disk, who keeps it, and what nobody needs. ctr, the content folder and the garbage collector are the judges.

BeforeDiscovery {
    Import-Module (Join-Path $PSScriptRoot Helpers.psm1)
}

BeforeAll {
    $ErrorActionPreference = 'Stop'
    Import-ModuleUnderTest
}

Describe 'The disk, containerd <generation>' -ForEach (Get-RigGeneration) {
    if ($reason) {
        It 'has a daemon' { Set-ItResult -Skipped -Because $reason }
        return
    }

    BeforeAll {
        # Of its own: all of the daemon is looked at, and what a collection would take.
        $rig = Get-Rig $generation Usage
        $session = Connect-CtrSession $rig.Address
        $namespace = Add-TestNamespace $rig
        $PSDefaultParameterValues['*-Ctr*:Namespace'] = $namespace
        $PSDefaultParameterValues['*-Ctr*:Session'] = $session
        $image = Get-CtrImage busybox:1.35
        $null = Expand-CtrImage busybox:1.35
        $layer = Get-CtrImageLayer busybox:1.35
        $null = Invoke-CtrGarbageCollection # what ctr's import leaves for the collector
        $hostile = "a'b`e[31m"

        function Get-Blob {
            @(Invoke-Ctr $rig -n $namespace content ls -q)
        }

        # A blob that nothing keeps but a label of its own.
        function Add-Blob {
            param([string] $Text)
            $file = New-Item (Join-Path $TestDrive blob) -ItemType File -Value $Text -Force
            $digest = "sha256:$((Get-FileHash $file).Hash.ToLowerInvariant())"
            $words = $rig.Ctr, $rig.Address, $namespace, $digest, $file
            $null = & /bin/sh -c 'exec "$0" -a "$1" -n "$2" content ingest --expected-digest "$3" ref < "$4"' @words
            $null = Invoke-Ctr $rig -n $namespace content label $digest containerd.io/gc.root=x
            $digest
        }
    }

    AfterAll {
        $PSDefaultParameterValues.Clear()
        Get-CtrContainer -Session $session -Namespace $namespace | Remove-CtrContainer -Force
        Disconnect-CtrSession $session
        Clear-TestNamespace $rig $namespace
    }

    Context 'Get-CtrDiskUsage' {
        It 'counts what the content folder and the snapshotter have' {
            $sums = @(Get-CtrDiskUsage -Namespace *)
            $sums | Should -BeOfType CtrPS.CtrDiskUsageSummary
            ($sums | Measure-Object Content -Sum).Sum | Should -Be (Measure-Disk $rig -Content)
            ($sums | Measure-Object Snapshot -Sum).Sum | Should -Be (Measure-Disk $rig -Snapshot)
        }

        It 'gives each owner with what it needs, the largest first' {
            $all = @(Get-CtrDiskUsage -Detailed)
            $all.Size | Should -Be ($all.Size | Sort-Object -Descending)
            $one = $all | Where-Object Kind -EQ Image
            $one.Owner | Should -Be docker.io/library/busybox:1.35
            $one.Namespace, $one.Address | Should -Be $namespace, $rig.Address
            $one.Content | Should -Be ((Get-Blob | ForEach-Object { (Get-CtrReference $_)[0].Size } | Measure-Object -Sum).Sum)
            $one.Snapshot | Should -BeGreaterThan 0
            $one.InUse | Should -BeFalse
            # Its blobs are another namespace's, too: only what is unpacked here would be free.
            $one.Reclaimable | Should -Be $one.Snapshot
            $one.FreedBy | Should -Be "Remove-CtrImage 'docker.io/library/busybox:1.35' -Namespace '$namespace'"
        }

        It 'tells what a container writes, and that its image is in use' {
            Add-TestContainer $rig $namespace usage sleep 100000
            $null = Invoke-CtrCommand usage -- sh -c 'dd if=/dev/zero of=/big bs=1024 count=2048 2>/dev/null'
            $mine = Get-CtrDiskUsage -Detailed -Kind Container
            $mine.Owner, $mine.InUse, $mine.Reclaimable | Should -Be usage, $true, 0
            $mine.Unique | Should -BeGreaterOrEqual 2MB
            $mine.Unique | Should -Be (Get-CtrContainer usage -Size).Size
            $its = Get-CtrDiskUsage -Detailed -Kind Image
            $its.InUse, $its.Reclaimable | Should -Be $true, 0
            $its.WhyKept | Should -BeLike '*usage*'
            Remove-CtrContainer usage -Force
            (Get-CtrDiskUsage -Detailed -Kind Image).InUse | Should -BeFalse
        }

        It 'adds up to what the folder takes on the disk, and names what no record explains' {
            # The daemon writes into its databases at any time: what is told while it did not has to be right.
            function Assert-Sum {
                Wait-Until {
                    $before = Get-DiskOf $rig.Root
                    $told = (Get-CtrDiskUsage -Namespace * | Measure-Object Size -Sum).Sum
                    $script:sums = $told, $before
                    $before -eq (Get-DiskOf $rig.Root)
                } 'the daemon does not write'
                $script:sums[0] | Should -Be $script:sums[1]
            }
            function Get-DiskOf { param([string] $Path) [long]((& du --summarize '--block-size=1' $Path) -split '\s')[0] }
            foreach ($name in 'pester', 'removed') {
                $null = New-CtrSnapshot $name -Snapshotter native
                $source = (Get-CtrSnapshotMount $name -Snapshotter native).Source
                [System.IO.File]::WriteAllBytes("$source/a", [byte[]]::new(90000))
            }
            Remove-CtrSnapshot removed -Snapshotter native
            $nobody = Get-CtrDiskUsage -Namespace * -Detailed -Kind Nobody | Where-Object Owner -EQ $source
            if ($nobody) {
                $nobody.FreedBy | Should -Be 'Invoke-CtrGarbageCollection'
            } else {
                $source | Should -Not -Exist -Because 'then the daemon has collected it meanwhile'
            }
            $null = Invoke-CtrGarbageCollection # what was removed lies there until then
            Get-CtrDiskUsage -Namespace * -Detailed -Kind Unexplained | Should -BeNullOrEmpty
            Assert-Sum

            $snapshots = Join-Path $rig.Root io.containerd.snapshotter.v1.overlayfs snapshots
            $left = foreach ($name in '999999', 'new-1', 'rm-2') {
                $folder = New-Item (Join-Path $snapshots $name fs) -ItemType Directory -Force
                [System.IO.File]::WriteAllBytes("$folder/a", [byte[]]::new(70000))
                $null = New-Item "$folder/b" -ItemType HardLink -Value "$folder/a"
                $folder.Parent.FullName
            }
            $content = Join-Path $rig.Root io.containerd.content.v1.content
            [System.IO.File]::WriteAllBytes("$content/blobs/sha256/$('7' * 64)", [byte[]]::new(50000))
            $write = New-Item "$content/ingest/old" -ItemType Directory
            [System.IO.File]::WriteAllText("$write/ref", "gone/3/layer`e[31m")
            [System.IO.File]::WriteAllBytes("$write/data", [byte[]]::new(30000))
            $other = New-Item (Join-Path $rig.Root 'lost x') -ItemType File -Value 'not of containerd'

            $found = Get-CtrDiskUsage -Namespace * -Detailed -Kind Unexplained
            $found.Owner | Sort-Object | Should -Be ("$content/blobs", "$write", "$other", $left | ForEach-Object { $_ } | Sort-Object)
            foreach ($one in $found | Where-Object Owner -NE "$content/blobs") {
                $one.Size, $one.Unique | Should -Be (Get-DiskOf $one.Owner), (Get-DiskOf $one.Owner)
            }
            ($found | Where-Object Owner -EQ "$write" | Format-List | Out-String) | Should -Not -Match "`e\[31m"
            ($found | Where-Object Snapshot).FreedBy | Sort-Object -Unique | Should -Be 'Get-CtrOrphan -Kind Snapshot | Remove-CtrOrphan'
            Assert-Sum
            Get-CtrDiskUsage -Detailed -Kind Unexplained, Metadata | Should -BeNullOrEmpty -Because 'they are in no namespace'

            # What is new may be somebody's work in progress.
            Get-CtrOrphan -Namespace * | Where-Object Namespace -EQ '' | Should -BeNullOrEmpty
            Get-Item (@($left) + "$content/blobs/sha256/$('7' * 64)") | ForEach-Object { $_.LastWriteTime = (Get-Date).AddHours(-2) }
            $orphans = Get-CtrOrphan -Namespace * | Where-Object Namespace -EQ ''
            $orphans.Key | Sort-Object | Should -Be (@($left) + "sha256:$('7' * 64)" | Sort-Object)
            $orphans | Remove-CtrOrphan
            $left | Where-Object { Test-Path $_ } | Should -BeNullOrEmpty
            Remove-Item $write, $other -Recurse
            Remove-CtrSnapshot pester -Snapshotter native
            Get-CtrDiskUsage -Namespace * -Detailed -Kind Unexplained | Should -BeNullOrEmpty
        }

        It 'says what is not there' {
            { Get-CtrDiskUsage -Namespace no-such } | Should -Throw -ErrorId 'CtrNamespaceNotFound,*'
            Get-CtrDiskUsage -Detailed -Namespace no-such-* | Should -BeNullOrEmpty
        }
    }

    Context 'Get-CtrReference' {
        It 'tells who keeps a layer, up to the image' {
            $rows = @($layer | Get-CtrReference)
            $rows[0].Key, $rows[0].Relation, $rows[0].Depth | Should -Be $layer.Digest, Subject, 0
            $rows[-1].Kind, $rows[-1].Key, $rows[-1].IsRoot | Should -Be Image, $image.Name, $true
            $rows | Select-Object -Skip 1 | ForEach-Object Keeps | Should -Not -Contain $false
            ($rows | Where-Object Relation -EQ Child).Label | Should -BeLike 'containerd.io/gc.ref.content.*'
            (Get-CtrReference $layer.Digest).Key | Should -Be $rows.Key
            (Get-CtrReference $layer.Digest.Substring(7, 12)).Key | Should -Be $rows.Key
            ($rows | ConvertTo-Json | ConvertFrom-Json | Select-Object -First 1 | Get-CtrReference).Key | Should -Be $rows.Key
        }

        It 'tells what an image keeps, which is what there is' {
            $rows = @(Get-CtrReference -Image busybox:1.35 -To)
            ($rows | Where-Object Kind -EQ Content).Key | Sort-Object | Should -Be (Get-Blob | Sort-Object)
            ($rows | Where-Object Kind -EQ Snapshot).Key | Should -Be $layer.ChainId
            ($image | Get-CtrReference -To).Key | Should -Be $rows.Key
        }

        It 'says how an image is named that was taken for a blob' {
            Get-CtrReference busybox:1.35 -ErrorVariable errors -ErrorAction SilentlyContinue
            $errors.ErrorDetails.RecommendedAction | Should -BeLike '*-Image*'
        }

        It 'tells the snapshot of a container, and a lease' {
            $container = New-CtrContainer busybox:1.35 $namespace
            $lease = New-CtrLease pester
            Add-CtrLeaseResource pester $layer.Digest
            ($container | Get-CtrReference).Key | Should -Be $namespace, $namespace
            (Get-CtrReference -Snapshot $layer.ChainId | Where-Object Kind -EQ Container).Key | Should -Contain $namespace
            $held = $layer | Get-CtrReference | Where-Object Kind -EQ Lease
            $held.Key, $held.Relation, $held.Keeps, $held.IsRoot | Should -Be pester, Lease, $true, $true
            $lease | Remove-CtrLease
            $container | Remove-CtrContainer
        }

        It 'tells a child that no label keeps' {
            $label = ($layer | Get-CtrReference | Where-Object Relation -EQ Child)[0]
            $null = Invoke-Ctr $rig -n $namespace content label $label.Key "$($label.Label)="
            $row = $layer | Get-CtrReference | Where-Object Relation -EQ Child
            $row.Keeps, $row.Label | Should -Be $false, $null
            $null = Invoke-Ctr $rig -n $namespace content label $label.Key "$($label.Label)=$($layer.Digest)"
            ($layer | Get-CtrReference | Where-Object Relation -EQ Child).Keeps | Should -BeTrue
        }

        It 'says what is not there, and where it is' {
            $absent = "sha256:$('0' * 64)"
            { Get-CtrReference $absent } | Should -Throw -ErrorId 'CtrBlobMissing,*' -ExpectedMessage "*$absent*$namespace*"
            { Get-CtrReference $layer.Digest -Namespace no-such } | Should -Throw -ErrorId 'CtrBlobMissing,*' -ExpectedMessage "*$namespace*"
            { Get-CtrReference -Snapshot none } | Should -Throw -ErrorId 'CtrNotFound,*'
            { Get-CtrReference -Image busybox:9 } | Should -Throw -ErrorId 'CtrImageNotFound,*'
            Get-CtrReference -Image no-such-* | Should -BeNullOrEmpty
        }
    }

    Context 'Invoke-CtrGarbageCollection' {
        It 'takes what it foretold, and tells the bytes' {
            $digest = Add-Blob "pester $generation"
            $null = Invoke-Ctr $rig -n $namespace snapshots prepare pester-left
            $null = Invoke-Ctr $rig -n $namespace content label $digest containerd.io/gc.root=
            $null = Invoke-Ctr $rig -n $namespace snapshots label pester-left containerd.io/gc.root=
            $would = Invoke-CtrGarbageCollection -WhatIf
            $would.IsPrediction | Should -BeTrue
            $did = Invoke-CtrGarbageCollection
            $did.IsPrediction | Should -BeFalse
            $did.Items.Key | Should -Be $would.Items.Key
            $did.Freed | Should -Be $would.Freed
            $did.Items.Key | Should -Be $digest, pester-left
            $did.Duration | Should -BeGreaterThan ([timespan]::Zero)
            Get-Blob | Should -Not -Contain $digest
            (Invoke-CtrGarbageCollection).Items | Should -BeNullOrEmpty
        }

        It 'makes no namespace' {
            $before = Invoke-Ctr $rig namespaces ls -q
            $other = Connect-CtrSession $rig.Address -Namespace no-such-here
            (Invoke-CtrGarbageCollection -Session $other).Duration | Should -BeGreaterThan ([timespan]::Zero)
            Disconnect-CtrSession $other
            Invoke-Ctr $rig namespaces ls -q | Should -Be $before
        }
    }

    Context 'Get-CtrOrphan' {
        It 'finds nothing where all is well' {
            Get-CtrOrphan | Should -BeNullOrEmpty
            Get-CtrOrphan -Namespace * | Where-Object Namespace -EQ $namespace | Should -BeNullOrEmpty
        }

        It 'finds what is planted and nothing else, and removes it' {
            $null = Invoke-Ctr $rig -n $namespace snapshots prepare "below $hostile"
            $null = Invoke-Ctr $rig -n $namespace snapshots commit lower "below $hostile"
            $null = Invoke-Ctr $rig -n $namespace snapshots prepare $hostile lower
            $blob = Add-Blob "left $generation"
            $null = Invoke-Ctr $rig -n $namespace containers create docker.io/library/busybox:1.35 broken
            $null = Invoke-Ctr $rig -n $namespace snapshots rm broken
            $found = @(Get-CtrOrphan)
            $found | ForEach-Object { "$($_.Kind) $($_.Key)" } | Sort-Object -Culture '' |
                Should -Be ('Container broken', "Content $blob", "Snapshot $hostile", 'Snapshot lower' | Sort-Object -Culture '')
            ($found | Where-Object Kind -EQ Content).Size | Should -Be "left $generation".Length
            ($found | Where-Object Key -EQ $hostile).FreedBy | Should -BeLike "Remove-CtrOrphan 'a''b*"
            ($found | Out-String) | Should -Not -Match '\e\[31m'
            $kept = @($found | Where-Object IsKept)
            $kept.Key | Sort-Object | Should -Be ($hostile, 'lower', $blob | Sort-Object) -Because 'ctr labels what it commits, too'
            $kept.FreedBy | Should -BeLike '* -Force'
            $kept | Remove-CtrOrphan -ErrorVariable told -ErrorAction SilentlyContinue
            $told.FullyQualifiedErrorId | Should -Be (@('CtrOrphanKept,CtrPS.Commands.RemoveCtrOrphanCommand') * 3)
            $found | Remove-CtrOrphan -Force -WhatIf
            (Get-CtrOrphan).Count | Should -Be 4
            # As it comes back from a file, the lower of two first: it goes last all the same.
            $found | Sort-Object Key -Descending | ConvertTo-Json | ConvertFrom-Json | Remove-CtrOrphan -Force
            Get-CtrOrphan | Should -BeNullOrEmpty
            { Remove-CtrOrphan lower } | Should -Throw -ErrorId 'CtrOrphanNotFound,*' -ExpectedMessage "*'lower'*"
            { Remove-CtrOrphan $layer.Digest } | Should -Throw -ErrorId 'CtrOrphanNotFound,*'
            Get-Blob | Should -Contain $layer.Digest
        }

        It 'finds an image without its blob, a record without its file, and a file without a record' {
            $blob = Add-Blob "file $generation"
            $null = Invoke-CtrGarbageCollection # what the test before has removed
            $path = Join-Path $rig.Root io.containerd.content.v1.content blobs $blob.Replace(':', '/')
            $stray = "sha256:$('f' * 64)"
            Move-Item $path (Join-Path (Split-Path $path) ('f' * 64))
            Get-CtrOrphan -Namespace * | Where-Object Key -EQ $stray | Should -BeNullOrEmpty -Because 'it may be just being written'
            $found = @(Get-CtrOrphan -Namespace * -IdleTime 0)
            ($found | Where-Object Key -EQ $blob).Reason | Should -BeLike '*file is gone*'
            $file = $found | Where-Object Key -EQ $stray
            $file.Namespace, $file.Size | Should -Be '', "file $generation".Length
            $found.Count | Should -Be 2 -Because ($found | Out-String -Width 200)
            $found | Remove-CtrOrphan -IdleTime 0
            Get-CtrOrphan -Namespace * -IdleTime 0 | Should -BeNullOrEmpty
            Test-Path (Join-Path (Split-Path $path) ('f' * 64)) | Should -BeFalse
        }
    }

    Context 'Get-CtrOrphan -Deep' {
        It 'finds a snapshot that shows what its layer deletes, which is right again once it is made anew' {
            $null = Invoke-Ctr $rig -n $namespace run docker.io/library/busybox:1.35 deletes sh -c 'rm /etc/passwd /bin/vi; rm -r /root; echo x > /x'
            $null = New-CtrImage deleted:1 -Container deletes
            Remove-CtrContainer deletes
            $null = Invoke-CtrGarbageCollection # and with it the container's own folder
            $folder = New-Item (Join-Path $TestDrive above) -ItemType Directory -Force
            Set-Content $folder/file above
            $null = New-CtrImage above:1 -From deleted:1 -AddPath $folder
            try {
                Get-CtrOrphan -Deep | Should -BeNullOrEmpty
                Get-CtrOrphan -Deep -Namespace * | Where-Object Namespace -EQ $namespace | Should -BeNullOrEmpty

                # As a layer comes out that was unpacked into a folder by itself: nothing marks there what it deletes.
                $root = Join-Path $rig.Root io.containerd.snapshotter.v1.overlayfs snapshots
                $marks = @(find $root -type c)
                $marks | Should -HaveCount 3
                $marks | Remove-Item
                Invoke-CtrProcess $rig -n $namespace run --rm docker.io/library/above:1 shows cat /etc/passwd | Should -Match root
                Get-CtrOrphan | Should -BeNullOrEmpty
                $found = @(Get-CtrOrphan -Deep)
                $found.Key | Should -Be (Get-CtrImageLayer above:1)[-2, -1].ChainId
                $found.Snapshotter | Sort-Object -Unique | Should -Be overlayfs
                $found[0].Reason | Should -Match "^It shows 3 files, '/(etc/passwd|bin/vi|root)' among them, which its layer deletes"
                $found[1].Reason | Should -Be "It stands on '$($found[0].Key)', which shows what its layer deletes."
                $found[0].Size | Should -BeGreaterThan 0
                { $found | Remove-CtrOrphan } | Should -Throw -ErrorId 'CtrOrphanNotFound,*'
                $found | Remove-CtrOrphan -Deep -WhatIf
                @(Get-CtrOrphan -Deep) | Should -HaveCount 2

                # An image that cannot be read hides nothing of the others.
                $own = New-Item (Join-Path $TestDrive broken) -ItemType Directory -Force
                Set-Content $own/file "broken $generation"
                $null = New-CtrImage a-broken:1 -From busybox:1.35 -AddPath $own
                $layer = (Get-CtrImageLayer a-broken:1)[-1].Digest
                $path = Join-Path $rig.Root io.containerd.content.v1.content blobs $layer.Replace(':', '/')
                [IO.File]::WriteAllBytes($path, [byte[]]::new((Get-Item $path).Length))
                @(Get-CtrOrphan -Deep -ErrorAction SilentlyContinue -ErrorVariable faults).Key | Should -Be $found.Key
                "$faults" | Should -BeLike "*'docker.io/library/a-broken:1'*$layer*" -Because 'it names the image and the blob'
                $faults | Should -HaveCount 1
                Remove-CtrOrphan none -Deep -ErrorAction SilentlyContinue -ErrorVariable faults
                $faults | ForEach-Object { $_.FullyQualifiedErrorId -replace ',.*' } | Should -Be CtrOrphanNotFound, CtrBlobCorrupt
                Remove-CtrImage a-broken:1 -Synchronous

                # What it says would mend it does.
                & ([scriptblock]::Create($found[0].FreedBy))
                $null = Expand-CtrImage above:1
                Get-CtrOrphan -Deep | Should -BeNullOrEmpty
                & $rig.Ctr -a $rig.Address -n $namespace run --rm docker.io/library/above:1 shows cat /etc/passwd *> $null
                $LASTEXITCODE | Should -Be 1
            } finally {
                Remove-CtrImage deleted:1, above:1 -Synchronous
            }
        }

        It 'is not told from another machine' {
            $relay = Open-Relay $rig
            try {
                { Get-CtrOrphan -Deep -Session $relay.Address } | Should -Throw -ErrorId 'CtrNotLocal,*'
            } finally {
                $relay.Dispose()
            }
        }
    }

    It 'is the same for eight who look at once' {
        $before = Get-RigState $rig
        $module = Get-ManifestPath
        $answers = 1..8 | ForEach-Object -ThrottleLimit 8 -Parallel {
            Import-Module $using:module
            $all = Get-CtrDiskUsage -Detailed -Session ($using:rig).Address
            ($all | ForEach-Object { "$($_.Namespace) $($_.Owner) $($_.Size)" }) -join ';'
        }
        @($answers | Sort-Object -Unique).Count | Should -Be 1
        Get-RigState $rig | Should -Be $before
    }
}
