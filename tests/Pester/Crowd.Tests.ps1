#requires -Version 7.6
<#
The same things done by eight runspaces at once, and by a running ctr beside them: all succeed, or say a true reason, and nothing is left.
#>

BeforeDiscovery {
    Import-Module (Join-Path $PSScriptRoot Helpers.psm1)
}

BeforeAll {
    $ErrorActionPreference = 'Stop'
    Import-ModuleUnderTest

    # Runs a line eight times at the same moment, each in a runspace of its own, where $i is 0 to 7 and $n the namespace, and ctr with words beside
    # them. Returns what each gave: Values, and Ids and Texts of its errors.
    function Invoke-Crowd {
        param([pscustomobject] $Rig, [string] $Namespace, [string] $Line, [string[]] $Ctr)
        $start = [Threading.Barrier]::new(8 + [int][bool]$Ctr)
        $manifest, $address = (Get-ManifestPath), $Rig.Address
        $beside = if ($Ctr) {
            Start-ThreadJob {
                $words = $using:Ctr
                $null = ($using:start).SignalAndWait(60000)
                $told = & ($using:Rig).Ctr --address ($using:address) -n ($using:Namespace) @words 2>&1
                [pscustomobject]@{ Code = $LASTEXITCODE; Text = "$told" }
            }
        }
        try {
            $given = 0..7 | ForEach-Object -ThrottleLimit 8 -Parallel {
                Import-Module $using:manifest
                Set-Variable i $_
                Set-Variable n $using:Namespace
                $null = Connect-CtrSession $using:address -Namespace $using:Namespace
                $null = ($using:start).SignalAndWait(60000)
                $values = @()
                $ErrorActionPreference = 'SilentlyContinue'
                $Error.Clear()
                try {
                    $values = @(& ([scriptblock]::Create($using:Line)))
                } catch {
                    Write-Verbose "in `$Error too: $_"
                }
                $errors = @($Error | Where-Object { $_ -is [Management.Automation.ErrorRecord] })
                [pscustomobject]@{
                    Values = $values
                    Ids    = @($errors | ForEach-Object { ($_.FullyQualifiedErrorId -split ',')[0] })
                    Texts  = @($errors | ForEach-Object { "$_" })
                }
            }
            # Not -AutoRemoveJob: it looks for a job that has ended meanwhile, and may have removed it itself.
            $told = $beside ? (Wait-Job $beside | Receive-Job) : $null
            [pscustomobject]@{ Given = $given; Ctr = $told }
        } finally {
            if ($beside) {
                Remove-Job $beside -Force
            }
            $start.Dispose()
        }
    }

    # That all went well; else the errors are shown.
    function Assert-AllWell {
        param([pscustomobject] $Crowd)
        $Crowd.Given | ForEach-Object Texts | Should -BeNullOrEmpty
        if ($Crowd.Ctr) {
            $Crowd.Ctr.Code | Should -Be 0 -Because $Crowd.Ctr.Text
        }
    }

    # That one did it and the others say by an error of this id why not.
    function Assert-OneDid {
        param([pscustomobject] $Crowd, [string[]] $Id)
        @($Crowd.Given | Where-Object { -not $_.Ids }) | Should -HaveCount 1
        $texts = $Crowd.Given | ForEach-Object Texts | Select-Object -First 3
        $Crowd.Given | ForEach-Object Ids | Sort-Object -Unique | Should -BeIn $Id -Because $texts
    }
}

Describe 'Eight at once, containerd <generation>' -ForEach (Get-RigGeneration) {
    if ($reason) {
        It 'has a daemon' { Set-ItResult -Skipped -Because $reason }
        return
    }

    BeforeAll {
        $rig = Get-Rig $generation
        $registry = Get-Registry
        $null = Push-ToRegistry $registry busybox
        $nginx, $busybox = (Get-ArchivePath nginx), (Get-ArchivePath busybox)
    }

    BeforeEach {
        $before = @(Get-RigState $rig)
        $namespace = "pester-$([guid]::NewGuid().ToString('n').Substring(0, 8))"
        $null = Invoke-Ctr $rig namespaces create $namespace
        $here = @{ Rig = $rig; Namespace = $namespace }
    }

    AfterEach {
        # A collection, as a namespace is not empty before what was removed is collected.
        Clear-TestContainer $rig $namespace
        $null = Invoke-Ctr $rig -n $namespace images import --no-unpack $busybox
        Clear-TestNamespace $rig $namespace
        Wait-Until { -not (Compare-Object $before @(Get-RigState $rig)) } 'nothing is left'
    }

    It 'import and unpack the same archive, ctr among them' {
        $crowd = Invoke-Crowd @here -Line "Import-CtrImage '$busybox'" -Ctr images, import, $busybox
        # ctr changes the record, and makes it where there is none: whoever makes one in between fails it (containerd, client/import.go).
        if ($crowd.Ctr.Code -ne 0) {
            $crowd.Ctr.Text | Should -BeLike '*image "docker.io/library/busybox:1.35": already exists'
            $crowd.Ctr = $null
        }
        Assert-AllWell $crowd
        $crowd.Given | ForEach-Object { $_.Values.Name } | Sort-Object -Unique | Should -Be docker.io/library/busybox:1.35
        Invoke-Ctr $rig -n $namespace images check | Select-Object -Skip 1 | Should -BeLike '* complete (*true*'
    }

    It 'unpack the same image for containers of their own, ctr among them' {
        # Each of the nine unpacks all of it until the first is through: the large image on the daemon of most users, elsewhere a small one.
        $archive, $image = $generation -eq '2' ? ($nginx, 'nginx:deb') : ($busybox, 'busybox:1.35')
        $null = Invoke-Ctr $rig -n $namespace images import --no-unpack $archive
        $line = "New-CtrContainer $image `"crowd-`$n-`$i`" -- sleep 100"
        $crowd = Invoke-Crowd @here -Line $line -Ctr containers, create, "docker.io/library/$image", "crowd-$namespace-ctr", sleep, 100
        Assert-AllWell $crowd
        Invoke-Ctr $rig -n $namespace containers ls -q | Should -HaveCount 9
    }

    It 'make, start, stop and remove the same container: one does, the others say why not' {
        $null = Invoke-Ctr $rig -n $namespace images import $busybox
        Assert-OneDid (Invoke-Crowd @here -Line 'New-CtrContainer busybox:1.35 "crowd-$n" -- sleep 1000') CtrContainerExists, CtrSnapshotExists
        Assert-OneDid (Invoke-Crowd @here -Line 'Start-CtrTask "crowd-$n" -NullIO') CtrTaskExists
        (Get-CtrTask -Session $rig.Address -Namespace $namespace).State | Should -Be Running
        Assert-AllWell (Invoke-Crowd @here -Line 'Stop-CtrTask "crowd-$n" -Timeout 0')
        $crowd = Invoke-Crowd @here -Line 'Remove-CtrContainer "crowd-$n"'
        @($crowd.Given | Where-Object { -not $_.Ids }).Count | Should -BeGreaterOrEqual 1
        $crowd.Given | ForEach-Object Ids | Sort-Object -Unique | Should -BeIn @($null, 'CtrContainerNotFound')
        Get-CtrContainer -Session $rig.Address -Namespace $namespace | Should -BeNullOrEmpty
    }

    It 'pause, limit and signal the same task, and let it go on: one does, or all, and the others say why not' {
        $null = Invoke-Ctr $rig -n $namespace images import $busybox
        Add-TestContainer $rig $namespace "crowd-$namespace" sleep 1000
        Assert-OneDid (Invoke-Crowd @here -Line 'Suspend-CtrTask "crowd-$n"') CtrTaskState
        (Get-CtrTask -Session $rig.Address -Namespace $namespace).State | Should -Be Paused
        Assert-OneDid (Invoke-Crowd @here -Line 'Resume-CtrTask "crowd-$n"') CtrTaskState
        (Get-CtrTask -Session $rig.Address -Namespace $namespace).State | Should -Be Running
        Assert-AllWell (Invoke-Crowd @here -Line 'Update-CtrTask "crowd-$n" -Memory "$(64 + $i)MB"; Send-CtrSignal "crowd-$n" CONT')
        (Get-CtrMetric "crowd-$namespace" -Session $rig.Address -Namespace $namespace).MemoryLimit / 1MB | Should -BeIn (64..71)
        $crowd = Invoke-Crowd @here -Line 'Remove-CtrTask "crowd-$n" -Force'
        $crowd.Given | ForEach-Object Ids | Sort-Object -Unique | Should -BeIn @($null, 'CtrTaskNotFound')
        Get-CtrTask -Session $rig.Address -Namespace $namespace | Should -BeNullOrEmpty
    }

    It 'run a command in the same container, each with its own output' {
        $null = Invoke-Ctr $rig -n $namespace images import $busybox
        Add-TestContainer $rig $namespace "crowd-$namespace" sleep 1000
        $crowd = Invoke-Crowd @here -Line 'Invoke-CtrCommand "crowd-$n" -- sh -c "echo $i; seq 1000 | wc -l"'
        Assert-AllWell $crowd
        $crowd.Given | ForEach-Object { $_.Values -join ' ' } | Sort-Object | Should -Be (0..7 | ForEach-Object { "$_ 1000" })
    }

    It 'copy files into the same container, and out of it, while it does not run' {
        $null = Invoke-Ctr $rig -n $namespace images import $busybox
        $null = New-CtrContainer busybox:1.35 "crowd-$namespace" -Session $rig.Address -Namespace $namespace -- true
        $file = (New-Item "$TestDrive/$namespace.txt" -Value words).FullName
        # Into folders of the image: the kernel copies those up first, through a folder that a second mount would take away.
        $line = "'etc', 'root', 'bin', 'tmp' | ForEach-Object { Copy-CtrContainerFile `"crowd-`$n`" -Path $file `"/`$_/in-`$i`" }; " +
        "Copy-CtrContainerFile `"crowd-`$n`" `"/etc/in-`$i`" $TestDrive/`$n-out-`$i"
        Assert-AllWell (Invoke-Crowd @here -Line $line)
        Get-Content "$TestDrive/$namespace-out-*" | Should -Be (@('words') * 8)
        @(Compare-CtrContainer "crowd-$namespace" -Session $rig.Address -Namespace $namespace | Where-Object Path -Like '/*/in-?').Count |
            Should -Be 32
    }

    It 'mount the same snapshot to write, in a folder each' {
        $null = Invoke-Ctr $rig -n $namespace images import $busybox
        $null = New-CtrContainer busybox:1.35 "crowd-$namespace" -Session $rig.Address -Namespace $namespace -- true
        $folders = 0..7 | ForEach-Object { (New-Item "$TestDrive/$namespace-at-$_" -ItemType Directory).FullName }
        Assert-OneDid (Invoke-Crowd @here -Line "Mount-CtrSnapshot `"crowd-`$n`" `"$TestDrive/`$n-at-`$i`"") CtrMountExists
        @($folders | Where-Object { Test-Path $_/bin }) | Should -HaveCount 1
        Dismount-CtrSnapshot "crowd-$namespace" -Session $rig.Address -Namespace $namespace
    }

    It 'unpack and compare the same images, compare and save the same container' {
        $null = Invoke-Ctr $rig -n $namespace images import --no-unpack $busybox
        $null = New-CtrImage localhost/other:1 -From busybox:1.35 -Env A=b -NoUnpack -Session $rig.Address -Namespace $namespace
        Assert-AllWell (Invoke-Crowd @here -Line 'Expand-CtrImage busybox:1.35')
        Invoke-Ctr $rig -n $namespace images check | Where-Object { $_ -match 'busybox' } | Should -BeLike '* complete (*true*'
        $crowd = Invoke-Crowd @here -Line 'Compare-CtrImage busybox:1.35 localhost/other:1 | ConvertTo-Json'
        Assert-AllWell $crowd
        $crowd.Given | ForEach-Object { "$($_.Values)" } | Sort-Object -Unique | Should -BeLike '*Env A*Added*'
        Start-TestContainer $rig $namespace "crowd-$namespace" 'echo x > /new; trap "exit 0" TERM; sleep 1000 & wait'
        $line = 'Compare-CtrContainer "crowd-$n" | ForEach-Object Path; Save-CtrContainer "crowd-$n" "' + $TestDrive + '/$n-$i.tar"'
        $crowd = Invoke-Crowd @here -Line $line
        Assert-AllWell $crowd
        $crowd.Given | ForEach-Object { "$($_.Values)" } | Sort-Object -Unique | Should -BeLike '*/new*'
        $saved = Get-ChildItem "$TestDrive/$namespace-*.tar" | Get-FileHash
        $saved | Should -HaveCount 8
        $saved.Hash | Sort-Object -Unique | Should -HaveCount 1
    }

    It 'tag, label, copy and save the same image, ctr among them' {
        $null = Invoke-Ctr $rig -n $namespace images import --no-unpack $busybox
        $name = 'docker.io/library/busybox:1.35'
        $crowd = Invoke-Crowd @here -Line 'Add-CtrImageTag busybox:1.35 crowd:1' -Ctr images, tag, --force, $name, docker.io/library/crowd:1
        Assert-AllWell $crowd
        Assert-AllWell (Invoke-Crowd @here -Line 'Set-CtrImage busybox:1.35 -Label @{ "crowd.$i" = "yes" }')
        (Get-CtrImage busybox:1.35 -Session $rig.Address -Namespace $namespace).Labels.Keys -like 'crowd.*' | Should -HaveCount 8
        try {
            Assert-AllWell (Invoke-Crowd @here -Line 'Copy-CtrImage busybox:1.35 "$n-copy" -Unpack')
            Invoke-Ctr $rig -n "$namespace-copy" images check | Select-Object -Skip 1 | Should -BeLike '* complete (*true*'
        } finally {
            Clear-TestNamespace $rig "$namespace-copy"
        }
        $file = Join-Path $TestDrive "$namespace.tar"
        # By the Transfer service ctr ends before all is written.
        $export = @('images', 'export') + @($generation -eq '2' ? '--local' : @()) + @("$file.ctr", $name)
        Assert-AllWell (Invoke-Crowd @here -Line "Save-CtrImage busybox:1.35 '$file' -Force" -Ctr $export)
        Get-ChildItem $TestDrive -Filter "$namespace*" | ForEach-Object Name | Sort-Object | Should -Be "$namespace.tar", "$namespace.tar.ctr"
        Test-CtrArchive $file | ForEach-Object Status | Sort-Object -Unique | Should -Be Ok
    }

    It 'save the same image whose layers were discarded, from its snapshots' {
        $null = Invoke-Ctr $rig -n $namespace images import (Get-ArchivePath built)
        $image = Get-CtrImage built:1 -Session $rig.Address -Namespace $namespace
        $layers = (Get-CtrImageLayer $image).Digest
        $null = Invoke-Ctr $rig -n $namespace content rm @layers
        $crowd = Invoke-Crowd @here -Line "Save-CtrImage built:1 `"$TestDrive/$namespace-built-`$i.tar`" -FromSnapshot -WarningAction Ignore"
        Assert-AllWell $crowd
        $checked = Test-CtrArchive "$TestDrive/$namespace-built-*.tar"
        $checked.Status | Should -Be (, 'Ok' * 8)
        $checked.Digest | Sort-Object -Unique | Should -HaveCount 1
    }

    It 'write reports into one file: it is one of them and whole, and nothing is beside it' {
        $null = Invoke-Ctr $rig -n $namespace images import --no-unpack $busybox
        $folder = New-Item -ItemType Directory (Join-Path $TestDrive "report-$namespace")
        # By the namespaces in its commands each can be told from the others.
        foreach ($format in 'json', 'html', 'csv') {
            $file = "$folder/node.$format"
            $line = "Export-CtrReport '$file' -Namespace `$n, `"of-`$i-*`""
            Assert-OneDid (Invoke-Crowd @here -Line $line) CtrFileExists
            Assert-AllWell (Invoke-Crowd @here -Line "$line -Force")
            $text = Get-Content $file -Raw
            [regex]::Matches($text, 'of-\d-') | ForEach-Object Value | Sort-Object -Unique | Should -HaveCount 1
            [regex]::Matches($text, 'of-\d-') | Should -HaveCount 3 -Because 'so many clean-ups have namespaces'
            $text | Should -Match '(\}|</html>|IncludeContainer"?)\s*\z'
        }
        (Get-Content "$folder/node.json" -Raw | ConvertFrom-Json).nodes.cleanups | Should -HaveCount 4
        (Get-ChildItem $folder -Force).Name | Sort-Object | Should -Be node.csv, node.html, node.json
    }

    It 'receive, pin, look into and send the same image, ctr among them' {
        $source, $target = "$($registry.Address)/library/busybox:1", "$($registry.Address)/crowd/$namespace"
        $crowd = Invoke-Crowd @here -Line "Receive-CtrImage $source" -Ctr images, pull, --plain-http, $source
        Assert-AllWell $crowd
        $crowd.Given | ForEach-Object { $_.Values.Digest } | Sort-Object -Unique | Should -HaveCount 1
        Invoke-Ctr $rig -n $namespace images check | Select-Object -Skip 1 | Should -BeLike '* complete (*true*'
        Assert-AllWell (Invoke-Crowd @here -Line "if (`$i % 2) { Protect-CtrImage $source } else { Unprotect-CtrImage $source }" 3>$null)
        $crowd = Invoke-Crowd @here -Line "Get-CtrImageHistory $source; Get-CtrImageLayer $source; Measure-CtrImage $source"
        Assert-AllWell $crowd
        $crowd.Given | ForEach-Object { $_.Values.Count } | Sort-Object -Unique | Should -HaveCount 1
        # To one name, and each to a name of its own.
        $crowd = Invoke-Crowd @here -Line "Send-CtrImage $source ${target}:one; Send-CtrImage $source `"${target}:`$i`"" -Ctr (
            @('images', 'push', '--plain-http') + @("${target}:one", $source))
        Assert-AllWell $crowd
        (Find-CtrImage $target).Tag | Sort-Object | Should -Be (@(0..7 | ForEach-Object { "$_" }) + 'one')
        $digests = Get-CtrRemoteImage (@("${target}:one") + @(0..7 | ForEach-Object { "${target}:$_" })) | ForEach-Object Digest
        $digests | Should -HaveCount 9
        $digests | Sort-Object -Unique | Should -HaveCount 1
    }

    It 'send the same blobs and their manifest, ctr among them' {
        $null = Invoke-Ctr $rig -n $namespace images import --no-unpack $busybox
        $session = Connect-CtrSession $rig.Address -Namespace $namespace
        $digests = @((Get-CtrImage busybox:1.35).Digest) + (Get-CtrImageManifest busybox:1.35 -Tree).Digest
        Disconnect-CtrSession $session
        $target = "$($registry.Address)/crowd/content-$namespace"
        $words = @('content', 'push-object', '--plain-http', "${target}:ctr", $digests[-1], 'application/octet-stream')
        $crowd = Invoke-Crowd @here -Line "Send-CtrContent $(($digests | Sort-Object -Unique) -join ',') ${target}:1" -Ctr $words
        # ctr's word for a blob that is there.
        if ($crowd.Ctr.Code -ne 0) {
            $crowd.Ctr.Text | Should -BeLike '*on remote: already exists'
            $crowd.Ctr = $null
        }
        Assert-AllWell $crowd
        (Get-CtrRemoteImage "${target}:1").Digest | Should -Be $digests[0]
    }

    It 'remove the same images, ctr among them' {
        $null = Invoke-Ctr $rig -n $namespace images import $busybox
        $null = Invoke-Ctr $rig -n $namespace images tag docker.io/library/busybox:1.35 docker.io/library/other:1
        $crowd = Invoke-Crowd @here -Line 'Remove-CtrImage busybox:1.35, other:1' -Ctr images, rm, docker.io/library/other:1
        $crowd.Given | ForEach-Object Ids | Sort-Object -Unique | Should -BeIn @($null, 'CtrImageNotFound')
        Invoke-Ctr $rig -n $namespace images ls -q | Should -BeNullOrEmpty
    }

    It 'give labels of their own to the same image, blob, snapshot, container and namespace: none is lost' {
        $null = Invoke-Ctr $rig -n $namespace images import $busybox
        $null = New-CtrContainer busybox:1.35 "crowd-$namespace" -Session $rig.Address -Namespace $namespace -- true
        $digest = (Get-CtrImage busybox:1.35 -Session $rig.Address -Namespace $namespace).Digest
        $label = '@{ "n$i" = "$i" }'
        $line = "Set-CtrImage busybox:1.35 $label; Set-CtrContent $digest $label; Set-CtrSnapshot `"crowd-`$n`" $label; " +
        "Set-CtrContainer `"crowd-`$n`" $label; Set-CtrNamespace `$n $label"
        Assert-AllWell (Invoke-Crowd @here -Line $line)
        $there = @{ Session = $rig.Address; Namespace = $namespace }
        $given = @(
            Get-CtrImage busybox:1.35 @there
            Get-CtrContent $digest @there
            Get-CtrSnapshot "crowd-$namespace" @there
            Get-CtrContainer "crowd-$namespace" @there
            Get-CtrNamespace $namespace -Session $rig.Address
        )
        foreach ($one in $given) {
            0..7 | ForEach-Object { $one.Labels["n$_"] } | Should -Be (0..7) -Because $one.GetType().Name
        }
    }

    It 'pack the same snapshot, as the same blob and as files of their own' {
        $null = Invoke-Ctr $rig -n $namespace images import $busybox
        Start-TestContainer $rig $namespace "crowd-$namespace" 'echo x > /new; trap "exit 0" TERM; sleep 1000 & wait'
        $line = "Export-CtrSnapshot `"crowd-`$n`" -AsContent; Export-CtrSnapshot `"crowd-`$n`" `"$TestDrive/`$n-packed-`$i.tar`""
        $crowd = Invoke-Crowd @here -Line $line
        Assert-AllWell $crowd
        $digest = $crowd.Given | ForEach-Object { $_.Values.Digest } | Sort-Object -Unique
        $digest | Should -HaveCount 1
        $there = @{ Session = $rig.Address; Namespace = $namespace }
        $null = Invoke-CtrGarbageCollection -Session $rig.Address
        (Get-CtrContent $digest @there).Labels.Keys | Should -Contain containerd.io/gc.root
        $files = Get-ChildItem "$TestDrive/$namespace-packed-*.tar" | Get-FileHash
        $files | Should -HaveCount 8
        $files.Hash | Sort-Object -Unique | Should -HaveCount 1
        Remove-CtrContent $digest -Force @there
    }

    It 'keep the same container as images of their own and as the same, and make one out of it' {
        $null = Invoke-Ctr $rig -n $namespace images import $busybox
        Start-TestContainer $rig $namespace "crowd-$namespace" 'echo x > /new; trap "exit 0" TERM; sleep 1000 & wait'
        $line = 'Checkpoint-CtrContainer "crowd-$n" "kept:$i" -IncludeWritableLayer -IncludeImage'
        Assert-AllWell (Invoke-Crowd @here -Line $line)
        @(Invoke-Ctr $rig -n $namespace images ls -q | Where-Object { $_ -match '/kept:' }) | Should -HaveCount 8
        Assert-OneDid (Invoke-Crowd @here -Line 'Checkpoint-CtrContainer "crowd-$n" "one:1" -IncludeImage') CtrImageExists
        $line = 'Restore-CtrContainer "again-$n" kept:1 -IncludeWritableLayer -NoStart'
        Assert-OneDid (Invoke-Crowd @here -Line $line) CtrContainerExists, CtrSnapshotExists
        Invoke-CtrProcess $rig -n $namespace run --rm docker.io/library/busybox:1.35 "beside-$namespace" true | Should -BeNullOrEmpty
    }

    It 'mend the same image' {
        $null = Invoke-Ctr $rig -n $namespace images import $busybox
        $there = @{ Session = $rig.Address; Namespace = $namespace }
        (Get-CtrImageLayer busybox:1.35 @there)[0].Digest | Remove-CtrContent -Force @there
        Test-CtrImage busybox:1.35 @there | ForEach-Object Status | Should -Be Incomplete
        Assert-AllWell (Invoke-Crowd @here -Line "Repair-CtrImage busybox:1.35 -From '$busybox'")
        Test-CtrImage busybox:1.35 -Deep @there | ForEach-Object Status | Should -Be Complete
        Invoke-Ctr $rig -n $namespace images check | Select-Object -Skip 1 | Should -BeLike '* complete (*'
    }

    It 'take the same blob from the same lease' {
        $null = Invoke-Ctr $rig -n $namespace images import $busybox
        $there = @{ Session = $rig.Address; Namespace = $namespace }
        $digest = (Get-CtrImage busybox:1.35 @there).Digest
        $null = New-CtrLease crowd @there
        Add-CtrLeaseResource crowd $digest @there
        $crowd = Invoke-Crowd @here -Line "Remove-CtrLeaseResource crowd $digest"
        $crowd.Given | ForEach-Object Ids | Sort-Object -Unique | Should -BeIn @($null, 'CtrNotFound')
        Get-CtrLeaseResource crowd @there | Should -BeNullOrEmpty
        Remove-CtrLease crowd @there
    }

    It 'write the same file: one did, the others say that it is there' {
        $null = Invoke-Ctr $rig -n $namespace images import $busybox
        Assert-OneDid (Invoke-Crowd @here -Line "Copy-CtrImageFile busybox:1.35 /etc/passwd `"$TestDrive/`$n-passwd`"") CtrFileExists
        Assert-OneDid (Invoke-Crowd @here -Line "Export-CtrInventory `"$TestDrive/`$n-inventory`"") CtrFileExists
        Get-ChildItem $TestDrive -Filter *.partial -Recurse -Force | Should -BeNullOrEmpty
    }

    It 'import what others remove: a true reason, or all of it' {
        $archive = Get-ArchivePath busybox
        $remove = '1..5 | ForEach-Object { Remove-CtrImage busybox:1.35 -Synchronous -ErrorAction Ignore }'
        $crowd = Invoke-Crowd @here -Line "if (`$i % 2) { Import-CtrImage '$busybox' } else { $remove }"
        $crowd.Given | ForEach-Object Texts | Should -BeNullOrEmpty
        $null = Import-CtrImage $busybox -Session $rig.Address -Namespace $namespace
        Test-CtrImage busybox:1.35 -Session $rig.Address -Namespace $namespace -Deep | ForEach-Object Status | Should -Be Complete
    }
}

Describe 'Eight at once, a registry alone' {
    BeforeAll {
        $daemon = Get-RigGeneration | Where-Object { -not $_.reason } | Select-Object -Last 1
        $here = @{ Rig = Get-Rig $daemon.generation; Namespace = 'default' }
        $at = (Get-Registry).Address
        $null = Push-ToRegistry (Get-Registry) attested crowd/source:1
        $null = Push-ToRegistry (Get-Registry) busybox
    }

    It 'copy the same image to one name and to names of their own, while it is listed and looked at' {
        $line = "Copy-CtrRemoteImage $at/crowd/source:1 $at/crowd/copy:one; Copy-CtrRemoteImage $at/crowd/source:1 $at/crowd/copy-`${i}:1"
        Assert-AllWell (Invoke-Crowd @here -Line "$line; Find-CtrImage $at/crowd/source; Get-CtrRemoteImage $at/crowd/source:1")
        (Find-CtrImage -Registry $at 'crowd/copy*').Count | Should -Be 9
        (Get-CtrRemoteImage "$at/crowd/copy:one").Digest | Should -Be (Get-CtrRemoteImage "$at/crowd/source:1").Digest
    }

    It 'read the same blob, each into a file of its own' {
        $layer = ((Get-CtrRemoteImage "$at/library/busybox:1").ToJson() | ConvertFrom-Json).layers[0]
        $crowd = Invoke-Crowd @here -Line "Get-CtrRemoteContentData $at/library/busybox $($layer.digest) -Path ('$TestDrive/' + `$i) -PassThru"
        Assert-AllWell $crowd
        $crowd.Given | ForEach-Object { $_.Values[0].Length } | Should -Be (@($layer.size) * 8)
        (Get-ChildItem $TestDrive -Force | Get-FileHash).Hash | Sort-Object -Unique | Should -Be $layer.digest.Substring(7).ToUpperInvariant()
    }

    It 'write the settings of the same registry, and of registries of their own' {
        $folder = (New-Item "$TestDrive/hosts" -ItemType Directory).FullName
        $line = "Set-CtrRegistryHost reg.example -Mirror http://127.0.0.`$(`$i + 1):5000 -Force -HostsDirectory '$folder'; " +
        "Set-CtrRegistryHost reg`$i.example -Mirror http://127.0.0.1:5000 -HostsDirectory '$folder'"
        Assert-AllWell (Invoke-Crowd @here -Line $line)
        @(Get-ChildItem $folder -Directory) | Should -HaveCount 9
        (Get-CtrRegistryHost reg.example -HostsDirectory $folder).Url -join ' ' | Should -Match 'http://127\.0\.0\.[1-8]:5000'
        Get-ChildItem $folder -Recurse -File -Force | ForEach-Object Name | Sort-Object -Unique | Should -Be hosts.toml
    }

    It 'remove the same tag: it is gone, and who came late says so' {
        $null = Copy-CtrRemoteImage "$at/crowd/source:1" "$at/crowd/gone:1"
        $crowd = Invoke-Crowd @here -Line "Remove-CtrRemoteImage $at/crowd/gone:1 -Confirm:`$false -Force"
        @($crowd.Given | Where-Object { -not $_.Ids }).Count | Should -BeGreaterOrEqual 1
        $crowd.Given | ForEach-Object Ids | Sort-Object -Unique | Should -BeIn @($null, 'CtrRemoteImageNotFound')
        { Get-CtrRemoteImage "$at/crowd/gone:1" } | Should -Throw -ErrorId 'CtrRemoteImageNotFound,*'
        (Get-CtrRemoteImage "$at/crowd/source:1").Digest | Should -Not -BeNullOrEmpty
    }
}
