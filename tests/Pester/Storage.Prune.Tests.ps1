#requires -Version 7.6
# Images that nothing works with: found, and cleared away as foretold. The content folder, ctr and containers that still start are the judges.

BeforeDiscovery {
    Import-Module (Join-Path $PSScriptRoot Helpers.psm1)
}

BeforeAll {
    $ErrorActionPreference = 'Stop'
    Import-ModuleUnderTest
}

Describe 'Clearing away, containerd <generation>' -ForEach (Get-RigGeneration) {
    if ($reason) {
        It 'has a daemon' { Set-ItResult -Skipped -Because $reason }
        return
    }

    BeforeAll {
        # Of its own: what becomes free depends on all of the daemon.
        $rig = Get-Rig $generation Prune
        $session = Connect-CtrSession $rig.Address
        $runbooks = Join-Path $PSScriptRoot .. .. docs runbooks
        $busybox = 'docker.io/library/busybox:1.35'
        $image = (Get-CtrImage busybox:1.35 -Session $session -Namespace k8s.io).Digest

        # An image of one layer with so many KiB that nobody else has; further ones share the first layer.
        function Add-Image {
            param([string] $Name, [int] $Size, [string] $On)
            $folder = New-Item -ItemType Directory (Join-Path $TestDrive ([guid]::NewGuid()))
            $bytes = [byte[]]::new($Size * 1KB)
            [Random]::new().NextBytes($bytes)
            [IO.File]::WriteAllBytes("$folder/file", $bytes)
            $from = $On ? @{ From = $On; AddPath = $folder; Target = "/$([guid]::NewGuid())" } : @{ Path = $folder }
            $null = New-CtrImage $Name @from -Compression None
        }
    }

    BeforeEach {
        $namespace = Add-TestNamespace $rig
        $PSDefaultParameterValues['*-Ctr*:Namespace'] = $namespace
        $PSDefaultParameterValues['*-Ctr*:Session'] = $session
        $null = Expand-CtrImage busybox:1.35
        $null = Invoke-CtrGarbageCollection # what ctr's import leaves: else the daemon takes it at any moment
    }

    AfterEach {
        $PSDefaultParameterValues.Clear()
        Get-CtrContainer -Session $session -Namespace $namespace | Remove-CtrContainer -Force
        Get-CtrLease -Session $session -Namespace $namespace | Remove-CtrLease
        Clear-TestNamespace $rig $namespace
    }

    AfterAll {
        Disconnect-CtrSession $session
    }

    Context 'Clear-CtrImageLayer' {
        BeforeAll {
            # What ctr lists of a namespace: digests, and labels by digest.
            function Get-Blob([string] $Of) {
                $blobs = @{}
                foreach ($row in Invoke-Ctr $rig -n $Of content ls | Select-Object -Skip 1) {
                    $digest, $labels = ($row -split '\t')[0, 3]
                    $blobs[$digest] = ($labels -split ',' | Where-Object { $_ -notmatch 'containerd.io/distribution|uncompressed' }) -join ','
                }
                $blobs
            }
        }

        It 'takes the labels and layers that ctr content prune references takes, and the image runs as before' {
            $twin = Add-TestNamespace $rig
            try {
                $null = Expand-CtrImage busybox:1.35 -Namespace $twin
                $null = Invoke-Ctr $rig -n $twin content prune references
                $gone = Clear-CtrImageLayer busybox:1.35
                $gone | Should -BeOfType CtrPS.CtrClearedResource
                $gone.Kind, $gone.Namespace, $gone.Freed | Should -Be Content, $namespace, 0 -Because 'another namespace has it'
                $mine, $theirs = (Get-Blob $namespace), (Get-Blob $twin)
                $mine.Keys | Sort-Object | Should -Be ($theirs.Keys | Sort-Object)
                $mine.Keys | Should -Not -Contain $gone.Name
                foreach ($digest in $mine.Keys) { $mine[$digest] | Should -Be $theirs[$digest] }
                Invoke-CtrImage busybox:1.35 -Remove -- echo runs | Should -Be runs
                { Save-CtrImage busybox:1.35 "$TestDrive/none.tar" } |
                    Should -Throw -ErrorId 'CtrBlobMissing,*' -ExpectedMessage '*discarded after unpack*'
                Clear-CtrImageLayer busybox:1.35 | Should -BeNullOrEmpty
                Clear-CtrImageLayer busybox:1.35 -Verbose 4>&1 | Should -BeLike '*keeps no layers that could go*'
            } finally {
                Clear-TestNamespace $rig $twin
            }
        }

        It 'foretells what becomes free: layers that an image shares with one that stays, a lease or a namespace has, do not' {
            Add-Image first:1 100
            Add-Image second:1 50 -On first:1
            Add-Image leased:1 30
            $null = Expand-CtrImage first:1
            $null = Expand-CtrImage second:1
            $null = Expand-CtrImage leased:1
            $null = New-CtrLease pester
            Get-CtrImageLayer leased:1 | Add-CtrLeaseResource pester
            Clear-CtrImageLayer first:1 -WhatIf | Should -BeNullOrEmpty -Because 'the second has its layer too'
            (Clear-CtrImageLayer first:1, second:1 -WhatIf).IsPrediction | Should -Be $true, $true
            $foretold = Clear-CtrImageLayer * -WhatIf
            $null = Invoke-CtrGarbageCollection # as below: ctr's import leaves something to it
            $before = Measure-Disk $rig
            $gone = Clear-CtrImageLayer *
            ($foretold | Measure-Object Freed -Sum).Sum | Should -Be ($before - (Measure-Disk $rig))
            $gone.Name | Should -Be $foretold.Name
            ($gone | Measure-Object Freed -Sum).Sum | Should -Be ($foretold | Measure-Object Freed -Sum).Sum
            $gone | Where-Object Freed | Should -HaveCount 2
            (Get-CtrImageLayer leased:1).IsPresent | Should -BeTrue
            (Get-CtrSnapshot | Where-Object Kind -EQ Committed).Count | Should -Be 4
        }

        It 'of an index takes what is unpacked, and leaves the other platforms theirs' {
            $null = Import-CtrImage (Get-ArchivePath index-full) -AllPlatforms -NoUnpack
            { Clear-CtrImageLayer index:full } | Should -Throw -ErrorId 'CtrFailedPrecondition,*' -ExpectedMessage '*linux/amd64, linux/arm64*'
            $null = Expand-CtrImage index:full
            $told = Clear-CtrImageLayer index:full -Verbose 4>&1 | Out-String -Width 300
            $told | Should -BeLike '*is not unpacked for linux/arm64: those layers stay*'
            $kept = foreach ($manifest in Get-CtrImageManifest index:full -Tree | Where-Object Kind -EQ Manifest) {
                "$($manifest.Platform) $((Get-CtrContent $manifest.Digest).Labels.Keys -match '\.l\.\d')"
            }
            $kept | Sort-Object | Should -Be 'linux/amd64 ', 'linux/arm64 containerd.io/gc.ref.content.l.0'
            Clear-CtrImageLayer index:full | Should -BeNullOrEmpty -Because 'what could go is gone'
        }

        It 'leaves what is not unpacked, or whose snapshot nothing keeps, and says so where it was named' {
            Add-Image packed:1 10
            Get-CtrSnapshot | Where-Object Name -NotIn (Get-CtrImageLayer busybox:1.35).ChainId | Remove-CtrSnapshot -Force
            $packed = (Get-CtrImageLayer packed:1).Digest
            { Clear-CtrImageLayer packed:1 } |
                Should -Throw -ErrorId 'CtrFailedPrecondition,*' -ExpectedMessage '*is not unpacked for linux/*None was discarded.'
            $Error[0].ErrorDetails.RecommendedAction | Should -BeLike '*Expand-CtrImage*'
            $errors = $null
            Clear-CtrImageLayer packed* -ErrorVariable errors | Should -BeNullOrEmpty
            $errors | Should -BeNullOrEmpty
            # A snapshot that is there and that its image does not keep would go with the next collection.
            $null = Expand-CtrImage packed:1
            $config = (Get-CtrImageManifest packed:1 -Tree | Where-Object Kind -EQ Config).Digest
            Set-CtrContent $config @{ 'containerd.io/gc.ref.snapshot.overlayfs' = '' }
            { Clear-CtrImageLayer packed:1 } | Should -Throw -ErrorId 'CtrFailedPrecondition,*'
            Get-CtrContent $packed | Should -HaveCount 1
        }
    }

    Context 'Get-CtrImage -Unused' {
        It 'leaves out what a container uses by a name, another tag, a digest, an id, its layers, or from another namespace' {
            $names = @($busybox) + (Add-TestAlias $rig $namespace)
            $null = Add-CtrImageTag busybox:1.35 other:1
            Add-Image free:1 4
            (Get-CtrImage -Unused).Name | Sort-Object -Culture '' |
                Should -Be $busybox, 'docker.io/library/free:1', 'docker.io/library/other:1'
            foreach ($name in $names) {
                $null = Invoke-Ctr $rig -n $namespace containers create $name user
                (Get-CtrImage -Unused).Name | Should -Be docker.io/library/free:1
                (Get-CtrImage -Unused -Namespace * -All).Name | Should -Be docker.io/library/free:1
                Get-CtrImage busybox:1.35 -Unused | Should -BeNullOrEmpty
                Remove-CtrContainer user
            }
            # By its layers alone: the name that it was made from is gone.
            $null = Invoke-Ctr $rig -n $namespace containers create $busybox user
            Remove-CtrImage busybox:1.35 -Force
            (Get-CtrContainer user).Image | Should -Be $busybox
            (Get-CtrImage -Unused).Name | Should -Be docker.io/library/free:1
        }

        It 'leaves out what is pinned, leased, mounted, or what sandboxes are made from' {
            Add-Image registry.k8s.io/pause:3.9 1
            Add-Image leased:1 1
            Add-Image pinned:1 1
            $null = New-CtrLease pester
            Add-CtrLeaseResource pester (Get-CtrImage leased:1).Digest
            Protect-CtrImage pinned:1
            (Get-CtrImage -Unused).Name | Should -Be $busybox
            $folder = New-Item -ItemType Directory (Join-Path $TestDrive ([guid]::NewGuid()))
            $null = Mount-CtrImage busybox:1.35 $folder
            Get-CtrImage -Unused | Should -BeNullOrEmpty
            Clear-CtrImage -Force | Should -BeNullOrEmpty
            (Clear-CtrImage -Force -Verbose 4>&1 | Out-String -Width 200) | Should -Match 'It is pinned'
            Dismount-CtrImage $folder
            Unprotect-CtrImage pinned:1
            Remove-CtrLease pester
            (Get-CtrImage -Unused | Measure-Object).Count | Should -Be 3
        }

        It 'feeds Remove-CtrImage: what was tagged anew meanwhile stays' {
            Add-Image moved:1 1
            Add-Image stays:1 1
            $found = Get-CtrImage -Unused
            $null = Add-CtrImageTag stays:1 moved:1 -Force
            $found | Remove-CtrImage -ErrorVariable told -ErrorAction SilentlyContinue
            $told.FullyQualifiedErrorId | Should -Be 'CtrImageChanged,CtrPS.Commands.RemoveCtrImageCommand'
            (Get-CtrImage).Name | Should -Be docker.io/library/moved:1
        }
    }

    Context 'Clear-CtrImage' {
        It 'takes what -WhatIf foretold, frees as much, and leaves what containers of each namespace need' {
            $other = Add-TestNamespace $rig
            $null = Add-TestAlias $rig $namespace
            Add-Image base:1 100
            Add-Image up:1 40 -On base:1
            Add-Image up:2 60 -On base:1
            $null = Add-CtrImageTag up:2 up:latest
            $null = New-CtrContainer busybox:1.35 mine -Namespace $other
            $null = Invoke-CtrGarbageCollection
            $state = Get-RigState $rig
            $before = Measure-Disk $rig
            $would = Clear-CtrImage -WhatIf
            Get-RigState $rig | Should -Be $state
            $would.Name | Should -Be docker.io/library/base:1, docker.io/library/up:1, docker.io/library/up:2, docker.io/library/up:latest
            $would.IsPrediction | Should -Be (, $true * 4)
            $would[2].Freed | Should -Be 0 -Because 'up:latest keeps all of it'
            $did = Clear-CtrImage -Force
            $did | Should -BeOfType CtrPS.CtrClearedResource
            $did.Name | Should -Be $would.Name
            $did.Freed | Should -Be $would.Freed
            $did.IsPrediction | Should -Be (, $false * 4)
            ($did | Measure-Object Freed -Sum).Sum | Should -Be ($before - (Measure-Disk $rig))
            ($did | Measure-Object Freed -Sum).Sum | Should -BeGreaterThan (200KB)
            (Get-CtrImage).Name | Should -Be $busybox -Because 'a container of another namespace uses it'
            (Get-CtrImage -All).Count | Should -Be 3
            $null = Start-CtrTask mine -Namespace $other
            Remove-CtrContainer mine -Namespace $other -Force
            foreach ($one in $namespace, $other) {
                Invoke-CtrImage busybox:1.35 again -Namespace $one -Remove -- echo fine | Should -Be fine
            }
            (Get-CtrLease -Namespace *) | Should -BeNullOrEmpty

            # The aliases go with the last name; the blobs stay where another namespace has them.
            $last = Clear-CtrImage -Force
            $last.Name | Should -Be $busybox
            $last.Aliases.Count | Should -Be 2
            Get-CtrImage -All | Should -BeNullOrEmpty
            (Get-CtrImage -Namespace $other).Digest | Should -Be $image
            Clear-TestNamespace $rig $other
        }

        It 'is foretold by a report as well: what others use, hold or pinned is in none of its lines' {
            $other = Add-TestNamespace $rig
            try {
                Add-Image free:1 100
                Add-Image pinned:1 110
                Add-Image leased:1 120
                Add-Image ended:1 130
                Protect-CtrImage pinned:1
                $null = New-CtrLease pester
                Add-CtrLeaseResource pester (Get-CtrImage leased:1).Digest
                $null = New-CtrContainer busybox:1.35 theirs -Namespace $other
                $null = New-CtrContainer ended:1 waits -- none
                # An orphan of two namespaces that no label of its own keeps, and the collector leaves alone: what it leaves alone refers to it.
                foreach ($one in $namespace, $other) {
                    $twice = Add-CtrContent -Value ('twice' * 100) -Namespace $one
                    $keeper = (Add-CtrContent -Value keeper -Namespace $one).Digest
                    $null = Invoke-Ctr $rig -n $one content label $keeper "containerd.io/gc.ref.content.x=$($twice.Digest)"
                    $null = Invoke-Ctr $rig -n $one content label $twice.Digest containerd.io/gc.root=
                }
                $null = Invoke-CtrGarbageCollection # what ctr's import left in the other namespace
                $file = Join-Path $TestDrive "$([guid]::NewGuid()).json"
                foreach ($spaces in @('*'), @($namespace, $other)) {
                    Export-CtrReport $file -Namespace $spaces -Force
                    $node = (Get-Content $file -Raw | ConvertFrom-Json).nodes
                    $lines = $node.cleanups
                    $words = $spaces[0] -eq '*' ? '*' : "'$namespace', '$other'"
                    $lines.command | Should -Be 'Invoke-CtrGarbageCollection', (
                        "Get-CtrOrphan -Namespace $words | Where-Object IsKept -EQ `$false | Remove-CtrOrphan"
                    ), "Clear-CtrImage -Namespace $words", "Clear-CtrImage -Namespace $words -IncludeContainer"
                    # Each is what the command itself foretells.
                    $garbage = Invoke-CtrGarbageCollection -WhatIf
                    $lines[0].count, $lines[0].freed | Should -Be $garbage.Items.Count, $garbage.Freed
                    $orphans = @(Get-CtrOrphan -Namespace $spaces | Where-Object IsKept -EQ $false)
                    $lines[1].count, $lines[1].freed | Should -Be $orphans.Count, $twice.Size
                    $orphans.Key | Should -Be $twice.Digest, $twice.Digest
                    foreach ($at in 2, 3) {
                        $would = & ([scriptblock]::Create("$($lines[$at].command) -WhatIf"))
                        $lines[$at].count, $lines[$at].freed | Should -Be $would.Count, ($would | Measure-Object Freed -Sum).Sum
                    }
                }
                # What nothing in their own namespace works with is another question.
                $lines[2].freed | Should -BeLessThan ($node.usage | Where-Object kind -EQ Image).reclaimable
                $disk = Measure-Disk $rig
                $did = Clear-CtrImage -Namespace $namespace, $other -Force
                $did.Name | Should -Be docker.io/library/free:1
                $lines[2].count, $lines[2].freed | Should -Be 1, ($disk - (Measure-Disk $rig))
            } finally {
                Clear-TestNamespace $rig $other
            }
        }

        It 'stops at the goal: no more than is needed, the oldest first' {
            1..4 | ForEach-Object { Add-Image "size:$_" (100 * $_) }
            Remove-CtrImage busybox:1.35
            $null = Invoke-CtrGarbageCollection
            # Twice the bytes: a blob and a snapshot. The first is given back where the ones behind it do.
            (Clear-CtrImage -Reclaim 500KB -WhatIf).Name | Should -Be docker.io/library/size:1, docker.io/library/size:2
            (Clear-CtrImage -Reclaim 300KB -WhatIf).Name | Should -Be docker.io/library/size:2
            (Clear-CtrImage -Reclaim 900KB -WhatIf).Name | Should -Be docker.io/library/size:2, docker.io/library/size:3
            Clear-CtrImage -UntilFree 1KB -Force | Should -BeNullOrEmpty
            Clear-CtrImage -Reclaim 0 -Force | Should -BeNullOrEmpty
            $all = Clear-CtrImage -UntilFree 1PB -WhatIf -WarningVariable told -WarningAction SilentlyContinue
            $all.Name | Should -Be (1..4 | ForEach-Object { "docker.io/library/size:$_" })
            $told | Should -BeLike 'All that may go frees*'
            $disk = Measure-Disk $rig
            $did = Clear-CtrImage -Reclaim 500KB -Force
            $did.Name | Should -Be docker.io/library/size:1, docker.io/library/size:2
            ($disk - (Measure-Disk $rig)) | Should -Be ($did | Measure-Object Freed -Sum).Sum
            # Their namespace would bind, and all of it be cleared.
            $piped = Get-CtrImage size:3
            $PSDefaultParameterValues.Remove('*-Ctr*:Namespace')
            { $piped | Clear-CtrImage -Force } | Should -Throw -ErrorId 'CtrInvalidArgument,*'
            $PSDefaultParameterValues['*-Ctr*:Namespace'] = $namespace
            (Get-CtrImage).Name | Should -Be docker.io/library/size:3, docker.io/library/size:4
            { Clear-CtrImage -Reclaim 5G } | Should -Throw '*5GB*'
            { Clear-CtrImage -Reclaim 5KB -UntilFree 5KB } | Should -Throw -ErrorId 'AmbiguousParameterSet,*'
        }

        It 'goes by the rules that it is given' {
            1..3 | ForEach-Object { Add-Image "r.example.com/team/app:$_" 1 }
            Add-Image nginx:1 1
            $null = Invoke-Ctr $rig -n $namespace images tag --force @($rig.Version -like '1.6*' ? @() : '--local') r.example.com/team/app:1 (
                "r.example.com/left@$((Get-CtrImage r.example.com/team/app:1).Digest)")
            $null = Add-CtrImageTag r.example.com/team/app:3 app3:1
            $null = Invoke-Ctr $rig -n $namespace images rm r.example.com/team/app:1
            Remove-CtrImage busybox:1.35
            (Clear-CtrImage -WhatIf -Dangling).Name | Should -BeLike 'r.example.com/left@sha256:*'
            (Clear-CtrImage -WhatIf -KeepLast 1 -Keep nginx:*, 'r.example.com/left@*').Name | Should -Be r.example.com/team/app:2
            (Clear-CtrImage -WhatIf -Keep 'r.example.com/*', app3:1).Name | Should -Be docker.io/library/nginx:1
            Clear-CtrImage -WhatIf -OlderThan 1h | Should -BeNullOrEmpty
            (Clear-CtrImage -WhatIf -OlderThan 0s).Count | Should -Be 5
            (Clear-CtrImage -WhatIf -OlderThan ([timespan]::Zero) -MinimumSize 1MB) | Should -BeNullOrEmpty
            { Clear-CtrImage -WhatIf -OlderThan soon } | Should -Throw '*soon*'
            { Clear-CtrImage -WhatIf -Namespace no-such } | Should -Throw -ErrorId 'CtrNamespaceNotFound,*'
            Clear-CtrImage -WhatIf -Namespace no-such-* | Should -BeNullOrEmpty
        }

        It 'takes containers that have ended, if asked to, with what only they use' {
            $null = New-CtrContainer busybox:1.35 waits
            Add-TestContainer $rig $namespace runs sleep 100000
            $null = Invoke-CtrCommand runs -- sh -c 'dd if=/dev/zero of=/big bs=1024 count=512 2>/dev/null'
            $null = Invoke-Ctr $rig -n $namespace containers create --label io.cri-containerd.kind=container $busybox pod
            Clear-CtrImage -Force | Should -BeNullOrEmpty
            (Clear-CtrImage -IncludeContainer -WhatIf).Name | Should -Be waits
            Stop-CtrTask runs -Timeout 0
            (Clear-CtrImage -IncludeContainer -WhatIf).Name | Sort-Object | Should -Be runs, waits
            $did = Clear-CtrImage -IncludeContainer -Confirm:$false
            ($did | Where-Object Name -EQ runs).Freed | Should -BeGreaterOrEqual 512KB
            (Get-CtrContainer).Id | Should -Be pod
            (Clear-CtrImage -IncludeContainer -Force).Name | Should -Be pod, $busybox
            Get-CtrSnapshot | Should -BeNullOrEmpty
        }

        It 'shows names as they are, and nothing that steers a terminal' {
            $hostile = "a'b`e[31m"
            $local = @($rig.Version -like '1.6*' ? @() : '--local'; if ($rig.Version -like '2*') { '--skip-reference-check' })
            $null = Invoke-Ctr $rig -n $namespace images tag --force @local $busybox $hostile
            (Get-CtrImage -Unused).Name | Should -Contain $hostile
            $would = Clear-CtrImage -WhatIf
            $would.Name | Should -Contain $hostile
            ($would | Out-String) | Should -Not -Match '\e\[31m'
            $words = pwsh -NoProfile -NonInteractive -Command (
                "Import-Module '$(Get-ManifestPath)'; `$null = Clear-CtrImage -WhatIf -Session '$($rig.Address)' -Namespace '$namespace'")
            $words -join "`n" | Should -Not -Match '\e\[31m'
            $words -join "`n" | Should -BeLike '*What if:*2 images*'
            (Clear-CtrImage -Force).Name | Should -Contain $hostile
            Get-CtrImage | Should -BeNullOrEmpty
        }

        It 'is done once when eight do it at once' {
            1..8 | ForEach-Object { Add-Image "crowd:$_" 10 }
            $module = Get-ManifestPath
            $disk = Measure-Disk $rig
            $done = 1..8 | ForEach-Object -ThrottleLimit 8 -Parallel {
                Import-Module $using:module
                $errors = $null
                Clear-CtrImage -Force -Session ($using:rig).Address -Namespace $using:namespace -ErrorAction SilentlyContinue -ErrorVariable errors
                $errors | Where-Object FullyQualifiedErrorId -NotLike 'CtrImageNotFound,*' | ForEach-Object { throw $_ }
            }
            $done.Name | Sort-Object | Should -Be (@($busybox) + (1..8 | ForEach-Object { "docker.io/library/crowd:$_" }))
            ($done | Measure-Object Freed -Sum).Sum | Should -BeLessOrEqual ($disk - (Measure-Disk $rig))
            Get-CtrImage | Should -BeNullOrEmpty
            Get-CtrLease | Should -BeNullOrEmpty
        }

        It 'tells of a daemon that is gone, and of one that is not here' {
            { Clear-CtrImage -Force -Session "$TestDrive/none.sock" } | Should -Throw -ErrorId 'CtrAddressNotFound,*'
            $relay = Open-Relay $rig
            try {
                { Clear-CtrImage -UntilFree 1PB -Session $relay.Address } | Should -Throw -ErrorId 'CtrNotLocal,*'
                (Clear-CtrImage -Reclaim 1KB -WhatIf -Session $relay.Address).Name | Should -Be $busybox
            } finally {
                $relay.Dispose()
            }
        }
    }

    Context 'a daemon of many' {
        It 'adds up, has the planted orphans and no others, and keeps what anybody could need' {
            $count = $generation -eq '2' ? 300 : 40
            $other = Add-TestNamespace $rig
            try {
                1..10 | ForEach-Object { Add-Image "base:$_" 20 }
                11..$count | ForEach-Object { Add-Image "app:$_" 2 -On "base:$(1 + $_ % 10)" }
                $used = 11..38 | ForEach-Object { (New-CtrContainer "app:$_" "of-$_" -- none).Image }
                foreach ($one in $namespace, $other, 'k8s.io') {
                    1..4 | ForEach-Object {
                        $null = Invoke-Ctr $rig -n $one containers create --label io.cri-containerd.kind=container $busybox "pod-$_" sleep 9
                    }
                }
                $null = Invoke-Ctr $rig -n $namespace leases create --id foreign
                Add-CtrLeaseResource foreign (Get-CtrImage "app:$count").Digest

                $null = Invoke-Ctr $rig -n $namespace snapshots prepare planted
                $blob = (Add-CtrContent -Value planted -Namespace $other).Digest
                $null = Invoke-Ctr $rig -n $other snapshots rm pod-4
                $null = Invoke-CtrGarbageCollection
                Get-CtrOrphan -Namespace * -IdleTime 0 | ForEach-Object { "$($_.Namespace) $($_.Kind) $($_.Key)" } | Sort-Object -Culture '' |
                    Should -Be ("$namespace Snapshot planted", "$other Content $blob", "$other Container pod-4" | Sort-Object -Culture '')

                $sums = Get-CtrDiskUsage -Namespace *
                ($sums | Where-Object Kind -NE Metadata | Measure-Object Size -Sum).Sum | Should -Be (Measure-Disk $rig)
                ($sums | Where-Object Kind -EQ Container).Count | Should -Be 40
                $owners = Get-CtrDiskUsage -Namespace * -Detailed
                @($owners | Where-Object Kind -EQ Image | Where-Object Namespace -EQ $namespace) | Should -HaveCount ($count + 1)
                $owners | Where-Object { $_.Unique + $_.Shared -ne $_.Size } | Should -BeNullOrEmpty

                $before = Measure-Disk $rig
                $would = Clear-CtrImage -Namespace * -WhatIf
                $would.Count | Should -Be ($count - 29)
                $did = Clear-CtrImage -Namespace * -Force
                $did.Name, $did.Freed | Should -Be $would.Name, $would.Freed
                ($did | Measure-Object Freed -Sum).Sum | Should -Be ($before - (Measure-Disk $rig))
                (Get-CtrImage).Name | Sort-Object -Culture '' |
                    Should -Be ($used + $busybox + "docker.io/library/app:$count" | Sort-Object -Culture '')
                foreach ($one in $namespace, $other, 'k8s.io') {
                    $null = Start-CtrTask pod-1 -Namespace $one
                    (Get-CtrTask pod-1 -Namespace $one).State | Should -Be 'Running'
                }
            } finally {
                foreach ($one in $other, 'k8s.io') {
                    Get-CtrContainer -Namespace $one | Remove-CtrContainer -Namespace $one -Force
                }
                Get-CtrContent -Namespace $other | Where-Object Digest -EQ $blob | Remove-CtrContent -Namespace $other -Force
                Clear-TestNamespace $rig $other
                Get-CtrSnapshot planted | Remove-CtrSnapshot
            }
        }
    }

    Context 'a file system of its own' {
        It 'has as many bytes free afterwards as were wanted, and lost no more images than that takes' {
            # Nobody else writes there. What does count beside images is the daemon's: its databases, its log.
            $others = 256KB
            $disk = New-Item -ItemType Directory (Join-Path $TestDrive ([guid]::NewGuid().ToString('n').Substring(0, 8)))
            & mount -t tmpfs -o size=96m none $disk
            $small = $null
            try {
                $small = Start-RigProcess up, --generation, $generation, --dir, $disk
                $line = $small.FirstLine.GetAwaiter().GetResult()
                $line | Should -Not -BeNullOrEmpty -Because 'then there is a daemon'
                $PSDefaultParameterValues['*-Ctr*:Session'] = ($line | ConvertFrom-Json).address
                $PSDefaultParameterValues['*-Ctr*:Namespace'] = 'default'
                # Each takes it twice, as a blob and as a snapshot. The oldest is small.
                $sizes = 300, 1024, 1500, 800, 2048, 500
                0..5 | ForEach-Object { Add-Image "image:$_" $sizes[$_] }
                $null = Invoke-CtrGarbageCollection
                $left = 0..5
                # The oldest that reach the goal, without those that the ones behind them make superfluous.
                foreach ($step in @{ Wanted = 1MB; Gone = , 1 }, @{ Wanted = 5000KB; Gone = 0, 2, 3 }, @{ Wanted = 3MB; Gone = , 4 }) {
                    $before = [IO.DriveInfo]::new($disk).AvailableFreeSpace
                    $goal = $before + $step.Wanted
                    $would = Clear-CtrImage -UntilFree $goal -WhatIf
                    $did = Clear-CtrImage -UntilFree $goal -Force
                    $did.Name | Should -Be @($step.Gone | ForEach-Object { "docker.io/library/image:$_" })
                    $did.Name, $did.Freed | Should -Be $would.Name, $would.Freed
                    $freed = ($did | Measure-Object Freed -Sum).Sum
                    $did | Where-Object { $freed - $_.Freed -ge $step.Wanted } | Should -BeNullOrEmpty -Because 'none was gone in vain'
                    $after = [IO.DriveInfo]::new($disk).AvailableFreeSpace
                    $after | Should -BeGreaterOrEqual $goal
                    # A file takes whole blocks of 4 KiB: more is free than its bytes.
                    $after - $before | Should -BeGreaterOrEqual ($freed - $others)
                    $after - $before | Should -BeLessOrEqual ($freed + $others)
                    Clear-CtrImage -UntilFree $goal -Force | Should -BeNullOrEmpty
                    $left = @($left | Where-Object { $_ -notin $step.Gone })
                    (Get-CtrImage).Name | Sort-Object | Should -Be @($left | ForEach-Object { "docker.io/library/image:$_" })
                }
            } finally {
                if ($small) {
                    $small.Process.StandardInput.Close()
                    $small.Process.WaitForExit()
                }
                & umount $disk
            }
        }
    }

    Context 'runbooks' {
        It 'Clear-NodeImage frees what is wanted, and keeps what is to be kept' {
            Add-Image keep/this:1 300
            Add-Image app:1 100
            Add-Image app:2 100
            Add-Image app:3 100
            $null = New-CtrContainer app:3 uses -- sleep 1
            $keep = New-Item (Join-Path $TestDrive keep.txt) -Value "# ours`n`nkeep/*`nbusybox:*`n"
            $rules = @{ Namespace = $namespace; Session = $session; KeepFile = $keep; OlderThan = '0s' }
            $state = Get-RigState $rig
            $would = & "$runbooks/Clear-NodeImage.ps1" @rules -Reclaim 1KB -WhatIf
            Get-RigState $rig | Should -Be $state
            $would.Name | Should -Be docker.io/library/app:1
            $before = Measure-Disk $rig
            $did = & "$runbooks/Clear-NodeImage.ps1" @rules -UntilFree 1PB -WarningAction SilentlyContinue
            $did.Name | Should -Be docker.io/library/app:1, docker.io/library/app:2
            $before - (Measure-Disk $rig) | Should -Be ($did | Measure-Object Freed -Sum).Sum
            & "$runbooks/Clear-NodeImage.ps1" @rules -UntilFree 1KB | Should -BeNullOrEmpty
            $rules.OlderThan = '14d'
            & "$runbooks/Clear-NodeImage.ps1" @rules -Reclaim 1GB -WarningAction SilentlyContinue | Should -BeNullOrEmpty
        }

        It 'Clear-NodeOrphan tells who has the disk, and removes what is planted and nothing else' {
            # ctr's import leaves the index of the archive to the daemon's collector, which would take it between two measurings.
            $null = Invoke-CtrGarbageCollection
            $null = Invoke-Ctr $rig -n $namespace snapshots prepare planted-rw
            $null = New-CtrLease young
            # As a PowerShell leaves it that was killed; containerd's collector would take one whose time is over at any moment.
            $machine = "$((Get-Content /proc/sys/kernel/random/boot_id))/$((Get-Item /proc/self/ns/pid).LinkTarget)"
            $null = Invoke-Ctr $rig -n $namespace leases create --id leaked "ctrps.io/host=$machine" 'ctrps.io/process=4194303@1'
            Add-CtrLeaseResource young $image
            $ingest = [Diagnostics.ProcessStartInfo]::new($rig.Ctr, "--address $($rig.Address) -n $namespace content ingest dead")
            $ingest.RedirectStandardInput = $true
            $ingest = [Diagnostics.Process]::Start($ingest)
            Wait-Until { Get-CtrIngest } 'ctr writes'
            $ingest.Kill()
            $ingest.WaitForExit()
            $PSDefaultParameterValues.Clear()
            $state = Get-RigState $rig
            $young = & "$runbooks/Clear-NodeOrphan.ps1" -Session $session -WhatIf
            Get-RigState $rig | Should -Be $state
            $young.Orphans.Key | Should -Be leaked -Because 'the rest is younger than an hour'
            ($young.Usage | Where-Object Kind -NE Metadata | Measure-Object Size -Sum).Sum | Should -Be (Measure-Disk $rig)
            $would = & "$runbooks/Clear-NodeOrphan.ps1" -Session $session -MinimumAge 0 -IncludeKept -WhatIf
            $would.Orphans | ForEach-Object { "$($_.Kind) $($_.Key)" } | Sort-Object |
                Should -Be 'Ingest dead', 'Lease leaked', 'Snapshot planted-rw'
            ($would.Orphans | Where-Object Kind -EQ Lease).Reason | Should -BeLike '*process of CtrPS that made it is gone*'
            Get-RigState $rig | Should -Be $state
            $line = "Remove-CtrOrphan -Session $($rig.Address) -Namespace $namespace plant"
            (TabExpansion2 $line $line.Length).CompletionMatches.CompletionText | Should -Be planted-rw
            $did = & "$runbooks/Clear-NodeOrphan.ps1" -Session $session -MinimumAge 0 -IncludeKept
            $did.Owners.Owner | Should -Contain $busybox
            $did.Collection.IsPrediction | Should -BeFalse
            (Get-CtrLease -Session $session -Namespace $namespace).Id | Should -Be young
            Get-CtrOrphan -Session $session -Namespace * | Should -BeNullOrEmpty
            (Get-CtrImage -Session $session -Namespace $namespace).Name | Should -Be $busybox
        }
    }
}
