#requires -Version 7.6
# What PowerShell promises of a pipeline: it can be stopped at any point, -WhatIf changes nothing, objects bind again.

BeforeDiscovery {
    Import-Module (Join-Path $PSScriptRoot Helpers.psm1)
}

BeforeAll {
    $ErrorActionPreference = 'Stop'
    Import-ModuleUnderTest
    $calls = Get-CallCount
}

Describe 'Ctrl-C while nobody answers' {
    BeforeAll {
        $address = Join-Path $TestDrive silent.sock
        $socket = Open-SilentSocket $address
    }

    AfterAll {
        $socket.Dispose()
    }

    It 'ends <_> at once and leaves no call open' -ForEach @(
        'Connect-CtrSession', 'Get-CtrServer', 'Get-CtrPlugin', 'Get-CtrNamespace', 'Get-CtrImage', 'Get-CtrImage nginx', 'Get-CtrImage -Namespace *'
        'New-CtrNamespace pester', 'Set-CtrNamespace pester @{ a = 1 }', 'Remove-CtrNamespace pester -Force'
        'Invoke-CtrCommand a b', 'Start-CtrTask a', 'Connect-CtrTask a', 'Enter-CtrContainer a', 'Invoke-CtrImage a b'
        'Get-CtrContainer', 'Get-CtrContainer a', 'Set-CtrContainer a @{ a = 1 }', 'Remove-CtrContainer a*', 'Get-CtrTask', 'Stop-CtrTask a'
        'Suspend-CtrTask a', 'Resume-CtrTask a', 'Wait-CtrTask a', 'Remove-CtrTask a', 'Send-CtrSignal a HUP', 'Get-CtrProcess', 'Get-CtrMetric'
        'Update-CtrTask a -Memory 64MB', 'Set-CtrImage a @{ a = 1 }', 'Add-CtrImageTag a b', 'Remove-CtrImage a', 'Remove-CtrImage a*'
        'Get-CtrSnapshot', 'Get-CtrSnapshotMount a', 'New-CtrSnapshot a', 'Complete-CtrSnapshot a b', 'Set-CtrSnapshot a @{ a = 1 }'
        'Remove-CtrSnapshot a', 'Get-CtrContent', "Get-CtrContentData sha256:$('a' * 64)", 'Add-CtrContent -Value a'
        "Remove-CtrContent sha256:$('a' * 64)", 'Get-CtrIngest', "Send-CtrContent sha256:$('a' * 64) localhost:1/x"
        'Get-CtrDiskUsage', "Get-CtrReference sha256:$('a' * 64)", 'Get-CtrOrphan', 'Remove-CtrOrphan a', 'Invoke-CtrGarbageCollection'
        'Get-CtrImage -Unused', 'Clear-CtrImage -Force', 'Clear-CtrImageLayer a'
        'Get-CtrLease', 'Get-CtrLeaseResource a', 'New-CtrLease a', 'Remove-CtrLease a', "Add-CtrLeaseResource a sha256:$('a' * 64)"
    ) {
        $shell = [powershell]::Create()
        try {
            $null = $shell.AddScript("Import-Module '$(Get-ManifestPath)'").Invoke()
            $shell.Commands.Clear()
            $started = $calls.Started
            $cmdlet, $words = $_ -split ' ', 2 # the address comes first: what follows a command's first word is the command's
            $running = $shell.AddScript("$cmdlet -Address '$address' $words").BeginInvoke()
            Wait-Until { $calls.Started -gt $started } "'$_' has a call under way"
            $calls.Open | Should -Be 1
            $running.IsCompleted | Should -BeFalse

            $clock = [Diagnostics.Stopwatch]::StartNew()
            $shell.Stop()
            $clock.Elapsed.TotalSeconds | Should -BeLessThan 5
            $shell.InvocationStateInfo.State | Should -Be 'Stopped'
            $running.IsCompleted | Should -BeTrue
            $shell.Streams.Error | Should -BeNullOrEmpty
            Wait-Until { $calls.Open -eq 0 } 'no call is open'
        } finally {
            $shell.Dispose()
        }
    }
}

Describe 'The pipeline, containerd <generation>' -ForEach (Get-RigGeneration) {
    if ($reason) {
        It 'has a daemon' { Set-ItResult -Skipped -Because $reason }
        return
    }

    BeforeAll {
        $rig = Get-Rig $generation
        $session = Connect-CtrSession $rig.Address -Namespace k8s.io

        # All that a cmdlet of the module can change, in ctr's words.
        function Get-State {
            Invoke-Ctr $rig namespaces ls
            foreach ($name in Invoke-Ctr $rig namespaces ls -q) {
                Invoke-Ctr $rig -n $name images ls
                Invoke-Ctr $rig -n $name containers ls
                Invoke-Ctr $rig -n $name tasks ls | Sort-Object # they come in any order
            }
        }
    }

    AfterAll {
        Disconnect-CtrSession $session
    }

    Context 'of which only the beginning is wanted' {
        BeforeAll {
            $many = Add-TestNamespace $rig many:100
            $relay = Open-Relay $rig
        }

        BeforeEach {
            $cold = Connect-CtrSession $relay.Address -Namespace $many -NoDefault
        }

        AfterEach {
            Disconnect-CtrSession $cold
        }

        AfterAll {
            $relay.Dispose()
            Clear-TestNamespace $rig $many
        }

        # With the fifth object the answers stop, so that what is under way then never ends by itself. Something nearly always is: the
        # cmdlet reads ahead. Where by chance nothing is, the test tries again.
        It 'leaves no call open after <what>' -ForEach @(
            @{
                what = 'Select-Object -First'
                run = { $null = Get-CtrImage -Session $cold | & $freeze | Select-Object -First 5 }
            }
            @{
                what = 'a break downstream'
                run = { foreach ($once in 1) { Get-CtrImage -Session $cold | & $freeze | ForEach-Object { if ($seen.Count -eq 5) { break } } } }
            }
            @{
                what = 'a throw downstream'
                run = {
                    { Get-CtrImage -Session $cold | & $freeze | ForEach-Object { if ($seen.Count -eq 5) { throw 'enough' } } } |
                        Should -Throw 'enough'
                }
            }
        ) {
            $freeze = {
                process {
                    $seen.Count++
                    if ($seen.Count -eq 5) {
                        $relay.Freeze()
                        # What was on its way still arrives. What is open after that stays open.
                        [Threading.Thread]::Sleep(50)
                        $seen.Open = $calls.Open
                        $seen.Clock.Restart()
                    }
                    $_
                }
            }
            $attempts = 0
            do {
                $seen = @{ Count = 0; Open = 0; Clock = [Diagnostics.Stopwatch]::new() }
                Disconnect-CtrSession $cold
                $cold = Connect-CtrSession $relay.Address -Namespace $many -NoDefault
                try {
                    & $run
                    $seen.Clock.Elapsed.TotalSeconds | Should -BeLessThan 5
                    Wait-Until { $calls.Open -eq 0 } 'no call is open'
                } finally {
                    $relay.Thaw()
                }
            } until ($seen.Open -gt 0 -or ++$attempts -eq 20)
            $seen.Count | Should -Be 5
            $seen.Open | Should -BeGreaterThan 0
        }

        It 'leaves no call open after Ctrl-C in the middle' {
            $shell = [powershell]::Create()
            try {
                $null = $shell.AddScript("Import-Module '$(Get-ManifestPath)'").Invoke()
                $shell.Commands.Clear()
                $null = $shell.AddScript('param($Cold, $Relay) Get-CtrImage -Session $Cold | ForEach-Object { $Relay.Freeze() }')
                $running = $shell.AddArgument($cold).AddArgument($relay).BeginInvoke()
                Wait-Until { $relay.IsFrozen } 'the first object came'
                Wait-Until { $calls.Open -gt 0 } 'a call is under way'
                $running.IsCompleted | Should -BeFalse
                $shell.Stop()
                $shell.InvocationStateInfo.State | Should -Be 'Stopped'
                $shell.Streams.Error | Should -BeNullOrEmpty
                Wait-Until { $calls.Open -eq 0 } 'no call is open'
            } finally {
                $relay.Thaw()
                $shell.Dispose()
            }
        }

        It 'gives the first object before it has read the last' {
            $before = $calls.Started
            Get-CtrImage -Session $cold | Select-Object -First 1 | Should -HaveCount 1
            $first = $calls.Started - $before
            Get-CtrImage -Session $cold | Should -HaveCount 100
            $calls.Started - $before | Should -BeGreaterThan (2 * $first)
        }
    }

    Context 'with -WhatIf' {
        BeforeAll {
            $namespace = Add-TestNamespace $rig
            $null = New-CtrNamespace pester-empty
            $null = Copy-CtrImage nginx:deb pester-clear -Session $rig.Address -Namespace k8s.io
            $container = "pester-$([guid]::NewGuid().ToString('n').Substring(0, 6))"
            Add-TestContainer $rig $namespace $container sleep 100000
            Add-TestContainer $rig $namespace paused sleep 100000
            $null = Invoke-Ctr $rig -n $namespace tasks pause paused
            $null = Invoke-Ctr $rig -n $namespace leases create --id pester-lease
            $null = Invoke-Ctr $rig -n $namespace snapshots prepare pester-orphan
            $archive = Get-ArchivePath busybox
            $digest = (Get-CtrImage busybox:1.35 -Session $rig.Address -Namespace $namespace).Digest
            $folder = "$TestDrive"
            $remote = Push-ToRegistry (Get-Registry)
            Set-Content $folder/config.toml @'
version = 2
[plugins."io.containerd.grpc.v1.cri".registry.mirrors."docker.io"]
endpoint = ["https://m.example.com"]
'@
            $remote = Push-ToRegistry (Get-Registry) busybox pipeline/busybox:1
            $remoteDigest = (Get-CtrRemoteImage $remote -HostsDirectory $folder).Digest
            $null = New-Item $folder/mnt -ItemType Directory
            $null = Mount-CtrImage busybox:1.35 $folder/mnt -Session $rig.Address -Namespace $namespace
            $content = (Add-CtrContent -Value pester -Session $rig.Address -Namespace $namespace).Digest
            $null = New-CtrSnapshot pester-snapshot -Session $rig.Address -Namespace $namespace
            $null = New-CtrSnapshot pester-mounted -Session $rig.Address -Namespace $namespace
            $null = New-Item $folder/mnt-snapshot -ItemType Directory
            $null = Mount-CtrSnapshot pester-mounted $folder/mnt-snapshot -Session $rig.Address -Namespace $namespace
            $ingest = [Diagnostics.ProcessStartInfo]::new($rig.Ctr, "--address $($rig.Address) -n $namespace content ingest pester-ref")
            $ingest.RedirectStandardInput = $true
            $ingest = [Diagnostics.Process]::Start($ingest)
            Wait-Until { Get-CtrIngest -Session $rig.Address -Namespace $namespace } 'ctr writes'
            $scripts = @{
                'Add-CtrContent' = { Add-CtrContent -Value other -Namespace $namespace -WhatIf }
                'Add-CtrImageTag' = { Add-CtrImageTag busybox:1.35 other -Namespace $namespace -Force -PassThru -WhatIf }
                'Add-CtrLeaseResource' = { Add-CtrLeaseResource pester-lease $digest -Namespace $namespace -PassThru -WhatIf }
                'Checkpoint-CtrContainer' = { Checkpoint-CtrContainer $container localhost/pester:c -Namespace $namespace -WhatIf }
                'Checkpoint-CtrTask' = { Checkpoint-CtrTask $container -Namespace $namespace -Exit -ImagePath $folder -WhatIf }
                'Clear-CtrImage' = { $null = Clear-CtrImage -Namespace pester-clear -WhatIf }
                'Clear-CtrImageLayer' = { $null = Clear-CtrImageLayer busybox:1.35 -Namespace $namespace -WhatIf }
                'Clear-CtrLeftover' = { Clear-CtrLeftover -Namespace $namespace -WhatIf }
                'Complete-CtrSnapshot' = { Complete-CtrSnapshot pester-snapshot pester-done -Namespace $namespace -WhatIf }
                'Connect-CtrRegistry' = { Connect-CtrRegistry r.example.com ([pscredential]::new('me', [securestring]::new())) -WhatIf }
                'Convert-CtrImage' = { Convert-CtrImage busybox:1.35 pester-zstd -Namespace $namespace -Compression Zstd -Force -WhatIf }
                'ConvertTo-CtrHostsToml' = { ConvertTo-CtrHostsToml $folder/config.toml -HostsDirectory $folder -Force -WhatIf }
                'Copy-CtrContainerFile' = { Copy-CtrContainerFile $container /bin $folder/bin -Namespace $namespace -WhatIf }
                'Copy-CtrImage' = { Copy-CtrImage busybox:1.35 pester-copy -Namespace $namespace -WhatIf }
                'Copy-CtrImageFile' = { Copy-CtrImageFile busybox:1.35 /bin -Destination $folder/bin -Namespace $namespace -WhatIf }
                'Copy-CtrRemoteImage' = { Copy-CtrRemoteImage $remote "$remote-copy" -HostsDirectory $folder -WhatIf }
                'Disconnect-CtrRegistry' = { Disconnect-CtrRegistry registry.example.com -WhatIf }
                'Dismount-CtrImage' = { Dismount-CtrImage $folder/mnt -Namespace $namespace -Force -WhatIf }
                'Dismount-CtrSnapshot' = { Dismount-CtrSnapshot pester-mounted -Namespace $namespace -Force -WhatIf }
                'Enter-CtrContainer' = { Enter-CtrContainer $container -Namespace $namespace -WhatIf }
                'Expand-CtrImage' = { Expand-CtrImage busybox:1.35 -Namespace $namespace -Snapshotter native -WhatIf }
                'Export-CtrInventory' = { Export-CtrInventory $folder/inventory.json -Namespace $namespace -WhatIf }
                'Export-CtrReport' = { Export-CtrReport $folder/report.html -WhatIf }
                'Export-CtrSnapshot' = { Export-CtrSnapshot pester-snapshot $folder/snapshot.tar -Namespace $namespace -WhatIf }
                'Import-CtrImage' = { Import-CtrImage $archive -Namespace pester-import -WhatIf }
                'Invoke-CtrCommand' = { Invoke-CtrCommand $container -Namespace $namespace -WhatIf true }
                'Invoke-CtrGarbageCollection' = { $null = Invoke-CtrGarbageCollection -WhatIf }
                'Invoke-CtrImage' = { Invoke-CtrImage busybox:1.35 pester-run -Namespace $namespace -Remove -WhatIf true }
                'Mount-CtrImage' = { Mount-CtrImage busybox:1.35 $folder -Namespace $namespace -WhatIf }
                'Mount-CtrSnapshot' = { Mount-CtrSnapshot pester-snapshot $folder -Namespace $namespace -WhatIf }
                'New-CtrContainer' = { New-CtrContainer busybox:1.35 pester-made -Namespace $namespace -WhatIf }
                'New-CtrImage' = { New-CtrImage pester-new -From busybox:1.35 -Namespace $namespace -Env A=b -Force -WhatIf }
                'New-CtrLease' = { New-CtrLease pester-new -Namespace $namespace -WhatIf }
                'New-CtrNamespace' = { New-CtrNamespace pester-new -WhatIf }
                'New-CtrSnapshot' = { New-CtrSnapshot pester-new pester-parent -Namespace $namespace -View -WhatIf }
                'Protect-CtrImage' = { Protect-CtrImage busybox:1.35 -Namespace $namespace -PassThru -WhatIf }
                'Receive-CtrImage' = { Receive-CtrImage $remote -Namespace $namespace -WhatIf }
                'Remove-CtrContainer' = { Remove-CtrContainer $container -Namespace $namespace -Force -WhatIf }
                'Remove-CtrContent' = { Remove-CtrContent $content -Namespace $namespace -Force -WhatIf }
                'Remove-CtrImage' = { Remove-CtrImage busybox:1.35 -Namespace $namespace -Force -Synchronous -WhatIf }
                'Remove-CtrLease' = { Remove-CtrLease pester-lease -Namespace $namespace -Synchronous -WhatIf }
                'Remove-CtrLeaseResource' = { Remove-CtrLeaseResource pester-lease $digest -Namespace $namespace -WhatIf }
                'Remove-CtrNamespace' = { Remove-CtrNamespace pester-empty -Force -WhatIf }
                'Remove-CtrOrphan' = { Remove-CtrOrphan pester-orphan -Namespace $namespace -Force -WhatIf }
                'Remove-CtrRemoteImage' = { Remove-CtrRemoteImage $remote -HostsDirectory $folder -Force -WhatIf }
                'Remove-CtrSnapshot' = { Remove-CtrSnapshot pester-snapshot -Namespace $namespace -Recurse -Force -WhatIf }
                'Remove-CtrTask' = { Remove-CtrTask $container -Namespace $namespace -Force -WhatIf }
                'Repair-CtrImage' = { Repair-CtrImage busybox:1.35 -Namespace $namespace -From $archive -WhatIf }
                'Restore-CtrContainer' = { Restore-CtrContainer pester-back busybox:1.35 -Namespace $namespace -WhatIf }
                'Resume-CtrTask' = { Resume-CtrTask paused -Namespace $namespace -PassThru -WhatIf }
                'Save-CtrContainer' = { Save-CtrContainer $container $folder/saved.tar -Namespace $namespace -PassThru -WhatIf }
                'Save-CtrImage' = { Save-CtrImage busybox:1.35 $folder/saved.tar -Namespace $namespace -WhatIf }
                'Send-CtrContent' = { Send-CtrContent $content $remote -Namespace $namespace -WhatIf }
                'Send-CtrImage' = { Send-CtrImage busybox:1.35 ($remote + '2') -Namespace $namespace -WhatIf }
                'Send-CtrSignal' = { Send-CtrSignal $container KILL -Namespace $namespace -All -WhatIf }
                'Set-CtrContainer' = { Set-CtrContainer $container @{ a = 'b' } -Namespace $namespace -PassThru -WhatIf }
                'Set-CtrContent' = { Set-CtrContent $content @{ a = 'b' } -Namespace $namespace -PassThru -WhatIf }
                'Set-CtrImage' = { Set-CtrImage busybox:1.35 @{ a = 'b' } -Namespace $namespace -PassThru -WhatIf }
                'Set-CtrRegistryHost' = { Set-CtrRegistryHost docker.io https://m.example.com -HostsDirectory $folder -Force -PassThru -WhatIf }
                'Set-CtrNamespace' = { Set-CtrNamespace pester-empty @{ a = 'b' } -PassThru -WhatIf }
                'Set-CtrSnapshot' = { Set-CtrSnapshot pester-snapshot @{ a = 'b' } -Namespace $namespace -PassThru -WhatIf }
                'Start-CtrTask' = { Start-CtrTask $container -Namespace $namespace -WhatIf }
                'Stop-CtrIngest' = { Stop-CtrIngest pester-ref -Namespace $namespace -Force -PassThru -WhatIf }
                'Stop-CtrTask' = { Stop-CtrTask $container -Namespace $namespace -PassThru -WhatIf }
                'Suspend-CtrTask' = { Suspend-CtrTask $container -Namespace $namespace -PassThru -WhatIf }
                'Unprotect-CtrImage' = { Unprotect-CtrImage busybox:1.35 -Namespace $namespace -PassThru -WhatIf }
                'Update-CtrTask' = { Update-CtrTask $container -Namespace $namespace -Memory 64MB -Cpus 0.5 -PassThru -WhatIf }
            }
        }

        AfterAll {
            Dismount-CtrSnapshot pester-mounted -Session $rig.Address -Namespace $namespace
            Remove-CtrSnapshot pester-mounted, pester-snapshot -Session $rig.Address -Namespace $namespace
            $ingest.Kill()
            $ingest.WaitForExit()
            Stop-CtrIngest pester-ref -Session $rig.Address -Namespace $namespace -Force
            $null = Invoke-Ctr $rig -n $namespace leases rm pester-lease
            $null = Invoke-Ctr $rig -n $namespace snapshots rm pester-orphan
            Dismount-CtrImage $folder/mnt -Session $rig.Address -Namespace $namespace
            Clear-TestNamespace $rig $namespace, pester-empty, pester-clear
        }

        It 'changes nothing and says what it would do, whatever -Confirm and -Force say' {
            $changing = Get-Command -Module CtrPS -CommandType Cmdlet | Where-Object { $_.Parameters.ContainsKey('WhatIf') } | ForEach-Object Name
            $scripts.Keys | Sort-Object | Should -Be ($changing | Sort-Object)
            $image = "image 'docker.io/library/busybox:1.35' in namespace '$namespace'"
            $whole = "image 'docker.io/library/busybox:1.35'"
            $which = "container '$container' in namespace '$namespace'"
            $lease = "lease 'pester-lease' in namespace '$namespace'"
            $snapshot = "snapshot 'pester-snapshot' of overlayfs in namespace '$namespace'"
            $orphan = Get-CtrOrphan -Session $rig.Address -Namespace $namespace | Where-Object Key -EQ pester-orphan
            $size = [CtrPS.Output.CtrFormat]::Size($orphan.Size)
            $null = Invoke-CtrGarbageCollection -Session $rig.Address
            $expected = @(
                "`"Add a blob of 5 bytes`" on target `"namespace '$namespace'`"."
                "`"Add tag 'docker.io/library/other:latest'`" on target `"$image`"."
                "`"Add to the lease`" on target `"content '$digest', $lease`"."
                "`"Keep as image 'localhost/pester:c'`" on target `"$which`"."
                "`"Keep the state in '$folder' and end`" on target `"task of $which`"."
                "`"Remove`" on target `"image 'docker.io/library/nginx:deb' in namespace 'pester-clear': 0.0 B become free`"."
                "`"Remove`" on target `"1 image: 0.0 B become free`"."
                "`"Discard 1 layer, without which it cannot be saved or sent`" on target `"${image}: 0.0 B become free`"."
                "`"Freeze as 'pester-done'`" on target `"$snapshot`"."
                "`"Log in as 'me', kept in the file '$folder/config.json'`" on target `"registry 'r.example.com'`"."
                "`"Convert to layers of zstd as 'docker.io/library/pester-zstd:latest'`" on target `"$image`"."
                "`"Write the hosts of registry 'docker.io': https://m.example.com/v2`" on target `"file '$folder/docker.io/hosts.toml'`"."
                "`"Copy to '$folder/bin'`" on target `"folder '/bin' of $which`"."
                "`"Copy to namespace 'pester-copy'`" on target `"$image`"."
                "`"Copy to '$folder/bin'`" on target `"folder '/bin' of $image`"."
                "`"Copy to '$remote-copy' with digest $remoteDigest`: 3 blobs with 1.0 MiB, only what is not there`" on target `"image '$remote'`"."
                "`"Log out`" on target `"registry 'registry.example.com'`"."
                "`"Dismount from '$folder/mnt'`" on target `"$image`"."
                "`"Dismount from '$folder/mnt-snapshot'`" on target `"snapshot 'pester-mounted' of overlayfs in namespace '$namespace'`"."
                "`"Enter`" on target `"$which`"."
                "`"Unpack with native`" on target `"$image`"."
                "`"Export`" on target `"4 digests of '$namespace' to '$folder/inventory.json'`"."
                "`"Write a report as Html`" on target `"file '$folder/report.html'`"."
                "`"Pack all that it has into '$folder/snapshot.tar'`" on target `"$snapshot`"."
                "`"Import $whole from archive '$archive': 3 blobs with 1.0 MiB to write, 0 there already`" on target `"namespace 'pester-import'`"."
                "`"Run 'true'`" on target `"$which`"."
                "`"Collect garbage: nothing`" on target `"all namespaces`"."
                "`"Run from $whole`" on target `"container 'pester-run' in namespace '$namespace'`"."
                "`"Mount read-only in '$folder'`" on target `"$image`"."
                "`"Mount writable in '$folder'`" on target `"$snapshot`"."
                "`"Create from $whole`" on target `"container 'pester-made' in namespace '$namespace'`"."
                "`"Make from $whole`" on target `"image 'docker.io/library/pester-new:latest' in namespace '$namespace'`"."
                "`"Create`" on target `"lease 'pester-new' in namespace '$namespace'`"."
                "`"Create`" on target `"namespace 'pester-new' at '$($rig.Address)'`"."
                "`"Create a view on 'pester-parent'`" on target `"snapshot 'pester-new' of overlayfs in namespace '$namespace'`"."
                "`"Pin against the kubelet's image garbage collection`" on target `"$image`"."
                "`"Receive ${digest}: 0 blobs with 0.0 B to fetch`" on target `"image '$remote' in namespace '$namespace'`"."
                "`"Kill and remove`" on target `"$which`"."
                "`"Remove`" on target `"blob '$content' in namespace '$namespace'`"."
                "`"Remove`" on target `"$image`"."
                "`"Remove`" on target `"$lease`"."
                "`"Remove from the lease`" on target `"content '$digest', $lease`"."
                "`"Remove`" on target `"namespace 'pester-empty' at '$($rig.Address)'`"."
                "`"Remove`" on target `"snapshot 'pester-orphan' in namespace '$namespace', ${size}: $($orphan.Reason)`"."
                "`"Remove the tag, or where the registry cannot, its manifest $remoteDigest with no other tag`" on target `"image '$remote'`"."
                "`"Remove`" on target `"$snapshot`"."
                "`"Kill and remove`" on target `"task of $which`"."
                "`"Repair from '$archive'`" on target `"$image`"."
                "`"Restore from 'busybox:1.35' and start`" on target `"container 'pester-back' in namespace '$namespace'`"."
                "`"Resume`" on target `"task of container 'paused' in namespace '$namespace'`"."
                "`"Save its root file system to '$folder/saved.tar'`" on target `"$which`"."
                "`"Save`" on target `"1 image (3 blobs, 1.0 MiB) to '$folder/saved.tar'`"."
                "`"Send as '$($remote -replace ':1$')@$content' (application/octet-stream, 6.0 B), unless it is there`" on target " +
                "`"blob '$content' in namespace '$namespace'`"."
                "`"Send as '${remote}2' with digest ${digest}: 3 blobs with 1.0 MiB, only what is not there`" on target `"$image`"."
                "`"Send SIGKILL to all processes`" on target `"task of $which`"."
                "`"Set labels a=b`" on target `"$which`"."
                "`"Set labels a=b`" on target `"blob '$content' in namespace '$namespace'`"."
                "`"Set labels a=b`" on target `"$image`"."
                "`"Set labels a=b`" on target `"namespace 'pester-empty' at '$($rig.Address)'`"."
                "`"Write the hosts of registry 'docker.io': https://m.example.com/v2`" on target `"file '$folder/docker.io/hosts.toml'`"."
                "`"Set labels a=b`" on target `"$snapshot`"."
                "`"Start`" on target `"$which`"."
                "`"Throw its 0 bytes away`" on target `"unfinished write 'pester-ref' in namespace '$namespace'`"."
                "`"Stop`" on target `"task of $which`"."
                "`"Suspend`" on target `"task of $which`"."
                "`"Leave to the kubelet's image garbage collection`" on target `"$image`"."
                "`"Set Memory=67108864, Cpus=0.5`" on target `"task of $which`"."
            )
            $lines = @(
                foreach ($name in $changing | Sort-Object) { "$($scripts[$name])" }
                foreach ($name in $changing | Sort-Object) { "$($scripts[$name]) -Confirm:`$false" }
                '$WhatIfPreference = $true'
                foreach ($name in $changing | Sort-Object) { "$($scripts[$name])".Replace('-WhatIf', '') }
            )
            $begin = @(
                "Import-Module '$(Get-ManifestPath)'"
                "`$namespace = '$namespace'; `$container = '$container'; `$archive = '$archive'; `$folder = '$folder'"
                "`$remote = '$remote'; `$digest = '$digest'; `$content = '$content'"
                "`$env:DOCKER_CONFIG = '$folder'; `$null = Connect-CtrSession '$($rig.Address)'"
            )
            $before = Get-State
            # The words of -WhatIf go to the host: in a PowerShell of its own they are output.
            $words = pwsh -NoProfile -NonInteractive -Command ($begin + $lines -join '; ')
            $words | Should -Be ($expected * 3 | ForEach-Object { "What if: Performing the operation $_" })
            Get-State | Should -Be $before
        }

        It 'has all cmdlets that change something do it without -WhatIf' {
            $before = Get-State
            foreach ($name in 'Add-CtrImageTag', 'New-CtrNamespace', 'Set-CtrImage', 'Set-CtrNamespace', 'Remove-CtrImage', 'Remove-CtrNamespace') {
                $null = & ([scriptblock]::Create("$($scripts[$name])".Replace('-WhatIf', '')))
                $after = Get-State
                $after -join "`n" | Should -Not -Be ($before -join "`n") -Because "$name did something"
                $before = $after
            }
            Clear-TestNamespace $rig pester-new
        }
    }

    Context 'with objects' {
        BeforeAll {
            $one = Add-TestNamespace $rig
            $two = Add-TestNamespace $rig
            $busybox = 'docker.io/library/busybox:1.35'
            $roundTrips = @{
                'Export-Clixml' = { $input | Export-Clixml (Join-Path $TestDrive object.xml); Import-Clixml (Join-Path $TestDrive object.xml) }
                'ConvertTo-Json' = { $input | ConvertTo-Json -Depth 3 | ConvertFrom-Json }
                'ConvertTo-Csv' = { $input | ConvertTo-Csv | ConvertFrom-Csv }
                'Select-Object' = { $input | Select-Object Name, Namespace }
            }
        }

        AfterAll {
            Clear-TestNamespace $rig $one, $two
        }

        It 'works on each in its own namespace' {
            $changed = Get-CtrImage busybox:1.35 -Namespace $one, $two | Set-CtrImage -Label @{ seen = 'yes' } -PassThru
            $changed.Namespace | Should -Be $one, $two
            foreach ($name in $one, $two) {
                (ConvertFrom-CtrTable (Invoke-Ctr $rig -n $name images ls)).LABELS | Should -Be 'seen=yes'
            }
            (Get-CtrImage busybox:1.35 -Namespace k8s.io).Labels.Keys | Should -Not -Contain 'seen'
        }

        It 'takes names and objects mixed, in one pipeline and in one argument' {
            $image = Get-CtrImage busybox:1.35 -Namespace $one
            $found = $image, 'nginx:deb', [pscustomobject]@{ Name = 'busybox:1.35'; Namespace = $two } | Get-CtrImage
            $found | ForEach-Object { "$($_.Namespace) $($_.Tag)" } | Should -Be "$one 1.35", 'k8s.io deb', "$two 1.35"
            $found = Get-CtrImage $image, nginx:deb
            $found.Namespace | Should -Be $one, 'k8s.io'
        }

        It 'binds images again that went through <_>' -ForEach 'Export-Clixml', 'ConvertTo-Json', 'ConvertTo-Csv', 'Select-Object' {
            $copies = Get-CtrImage busybox:1.35 -Namespace $one, $two | & $roundTrips[$_]
            $copies[0] | Should -Not -BeOfType CtrPS.CtrImage
            ($copies | Get-CtrImage).Namespace | Should -Be $one, $two
            ($copies | Set-CtrImage -Label @{ copied = 'yes' } -PassThru).Namespace | Should -Be $one, $two
            $made = $copies | Add-CtrImageTag -Tag copied -PassThru
            $made.Namespace | Should -Be $one, $two
            $made | & $roundTrips[$_] | Remove-CtrImage
            (Get-CtrImage -Namespace $one, $two).Name | Should -Be $busybox, $busybox
        }

        It 'binds namespaces again that went through <_>' -ForEach 'Export-Clixml', 'ConvertTo-Json', 'ConvertTo-Csv', 'Select-Object' {
            $copies = Get-CtrNamespace $one, $two | & $roundTrips[$_]
            ($copies | Get-CtrNamespace).Name | Should -Be $one, $two
            $changed = $copies | Set-CtrNamespace -Label @{ copied = $_ } -PassThru
            $changed | ForEach-Object { $_.Labels['copied'] } | Should -Be $_, $_
        }

        It 'keeps sizes as numbers through <_>' -ForEach 'Export-Clixml', 'ConvertTo-Json' {
            $copy = Get-CtrImage nginx:deb | & $roundTrips[$_]
            $copy.Size | Should -BeOfType [long]
            $copy.Size | Should -BeGreaterThan 100MB
            $copy | Where-Object Size -GT 100MB | Should -HaveCount 1
        }

        It 'compares images by what they are' {
            $first, $again = 1..2 | ForEach-Object { Get-CtrImage busybox:1.35 -Namespace $one }
            $first | Should -Be $again
            $first -eq (Get-CtrImage busybox:1.35 -Namespace $two) | Should -BeFalse
            (Get-CtrImage -All | Sort-Object).Name | Should -Be (Invoke-Ctr $rig -n k8s.io images ls -q)
        }
    }
}
