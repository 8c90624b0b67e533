#requires -Version 7.6
# The files of containers: what they changed, saved as a tar, copied out and in. What is on the disk is the oracle.

BeforeDiscovery {
    Import-Module (Join-Path $PSScriptRoot Helpers.psm1)
}

BeforeAll {
    $ErrorActionPreference = 'Stop'
    Import-ModuleUnderTest

    # The files of a container, as the kernel shows its root file system on this machine.
    function Get-Root {
        param([string] $Id)
        Join-Path $rig.State io.containerd.runtime.v2.task $namespace $Id rootfs
    }
    # Paths below a folder with what makes a file another: of a folder its kind, mode and owner.
    function Get-Fact {
        param([string] $Folder)
        $facts = @{}
        find $Folder -mindepth 1 -xdev '(' -type d -printf '/%P|%y|%m|%U|%G\n' -o -printf '/%P|%y|%m|%U|%G|%s|%T@|%l\n' ')' |
            ForEach-Object { $path, $rest = $_ -split '\|', 2; $facts[$path] = $rest }
        $facts
    }
}

Describe 'The files of containers, containerd <generation>' -ForEach (Get-RigGeneration) {
    if ($reason) {
        It 'has a daemon' { Set-ItResult -Skipped -Because $reason }
        return
    }

    BeforeAll {
        $rig = Get-Rig $generation | Select-Object *, @{ Name = 'State'; Expression = { Join-Path (Split-Path $_.Root) state } }
        $namespace = Add-TestNamespace $rig
        $session = Connect-CtrSession $rig.Address -Namespace $namespace
        $script = 'mkdir -p /srv/new/deep; echo hello > /srv/new/deep/a; echo x >> /etc/own; ln -s a /srv/new/link; mkfifo /srv/new/pipe; ' +
        'rm /bin/vi /bin/wget; chmod 700 /root /tmp; trap "exit 0" TERM; sleep 100000 & wait'
        Start-TestContainer $rig $namespace web $script
        $null = New-CtrContainer busybox:1.35 still -Command true
        $null = New-CtrContainer busybox:1.35 plain -Snapshotter native -Command true
        $null = Start-CtrTask plain -LogPath "$TestDrive/plain.log" | Wait-CtrTask
        $before = Get-RigState $rig
        Invoke-Collection $rig $namespace # ctr's import leaves the index of the archive to it
        $blobs = Invoke-Ctr $rig -n $namespace content ls -q
    }

    AfterEach {
        Compare-Object $before (Get-RigState $rig) | ForEach-Object { "$($_.SideIndicator) $($_.InputObject)" } | Should -BeNullOrEmpty
        Invoke-Ctr $rig -n $namespace content ls -q | Should -Be $blobs
    }

    AfterAll {
        Disconnect-CtrSession $session
        Clear-TestNamespace $rig $namespace
    }

    It 'differ from the image in what the disk says, while the container runs' {
        $lower = (New-Item "$TestDrive/lower-$generation" -ItemType Directory).FullName
        $null = Mount-CtrImage busybox:1.35 $lower
        $old, $new = (Get-Fact $lower), (Get-Fact (Get-Root web))
        Dismount-CtrImage $lower
        $changes = @(Compare-CtrContainer web)
        $changes.Path | Should -Be ($changes.Path | Sort-Object -Culture '' -Unique)
        $made = $new.Keys | Where-Object { -not $old.ContainsKey($_) }
        ($changes | Where-Object Change -EQ Added).Path | Sort-Object | Should -Be ($made | Sort-Object)
        $gone = @($old.Keys | Where-Object { -not $new.ContainsKey($_) })
        $tops = $gone | Where-Object { (Split-Path $_) -notin $gone }
        $tops | Should -Contain /bin/wget
        @($changes | Where-Object Change -EQ Deleted | ForEach-Object Path | Sort-Object) | Should -Be @($tops | Sort-Object)
        $other = $new.Keys | Where-Object { $old.ContainsKey($_) -and $old[$_] -ne $new[$_] }
        $other | Where-Object { $_ -notin ($changes | Where-Object Change -EQ Changed).Path } | Should -BeNullOrEmpty
        # What is Changed besides is a folder on the way.
        $changes | Where-Object { $_.Change -eq 'Changed' -and $_.Path -notin $other -and $_.Kind -ne 'Directory' } | Should -BeNullOrEmpty
        $added = $changes | Where-Object Path -EQ /srv/new/deep/a
        $added.Change, $added.Kind, $added.Size, $added.ContainerId, "$added" | Should -Be Added, File, 6, web, 'A /srv/new/deep/a'
        ($changes | Where-Object Path -EQ /srv/new/link).Kind | Should -Be SymbolicLink
        ($changes | Where-Object Path -EQ /tmp).Change | Should -Be ($old.ContainsKey('/tmp') ? 'Changed' : 'Added')
    }

    It 'differ in nothing where nothing was done' {
        Compare-CtrContainer still | Should -BeNullOrEmpty
    }

    It 'are looked at without another mount to write, under which the container would write' {
        # The kernel makes an overlay's work folder anew with each such mount.
        $work = Join-Path ((Get-CtrSnapshotMount web).Options -like 'workdir=*' -replace '^workdir=') work
        $made = stat -c %i $work
        $null = Compare-CtrContainer web
        stat -c %i $work | Should -Be $made
        Save-CtrContainer web "$TestDrive/looked-$generation.tar"
        Get-CtrSnapshot web | Export-CtrSnapshot -Path "$TestDrive/layer-$generation.tar"
        $null = New-CtrImage looked:1 -Container web
        Remove-CtrImage looked:1 -Synchronous
        stat -c %i $work | Should -Be $made
    }

    It 'are compared in those ways that are asked for, with the native snapshotter too' {
        (Compare-CtrContainer web -Change Deleted | Where-Object Change -NE Deleted) | Should -BeNullOrEmpty
        (Compare-CtrContainer web -Change Added).Path | Should -Contain /srv/new
        { Compare-CtrContainer plain } | Should -Not -Throw
    }

    It 'are saved as they are, while the container runs' {
        $tar = "$TestDrive/web-$generation.tar"
        $saved = Save-CtrContainer web $tar -PassThru
        $saved.Path, $saved.ContainerId | Should -Be $tar, web
        $saved.Size | Should -Be (Get-Item $tar).Length
        $saved.Digest | Should -Be "sha256:$((Get-FileHash $tar).Hash.ToLowerInvariant())"
        $folder = (New-Item "$TestDrive/out-$generation" -ItemType Directory).FullName
        tar -C $folder --numeric-owner -xpf $tar
        $disk, $read = (Get-Fact (Get-Root web)), (Get-Fact $folder)
        $read.Keys | Sort-Object | Should -Be ($disk.Keys | Sort-Object)
        # Times in tars are those of the daemon's packer: whole seconds.
        foreach ($path in $disk.Keys) {
            $read[$path] -replace '\.\d+(?=\|)' | Should -Be ($disk[$path] -replace '\.\d+(?=\|)') -Because $path
        }
        { Save-CtrContainer web $tar } | Should -Throw -ErrorId 'CtrFileExists,*'
        (Save-CtrContainer still $tar -Force -PassThru).Digest | Should -Be "sha256:$((Get-FileHash $tar).Hash.ToLowerInvariant())"
        Get-ChildItem $TestDrive -Filter *.partial | Should -BeNullOrEmpty
    }

    It 'are saved to a program on the right' {
        @(Save-CtrContainer web -AsByteStream | tar -tf -) | Should -Contain srv/new/deep/a
        Save-CtrContainer web -AsByteStream | Select-Object -First 1 | Should -HaveCount 1
    }

    It 'are saved from afar' {
        $relay = Open-Relay $rig
        try {
            $far = Connect-CtrSession $relay.Address -Namespace $namespace -NoDefault
            $tar = "$TestDrive/far-$generation.tar"
            Save-CtrContainer still $tar -Session $far
            tar -tf $tar | Should -Contain bin/busybox
            (Compare-CtrContainer web -Session $far).Path | Should -Be (Compare-CtrContainer web).Path
            Disconnect-CtrSession $far
        } finally {
            $relay.Dispose()
        }
    }

    It 'take the room that ctr tells' {
        $usage = ConvertFrom-CtrTable (Invoke-Ctr $rig -n $namespace snapshots usage -b web)
        (Get-CtrContainer web -Size).Size | Should -Be ([long]($usage.SIZE -replace '\D'))
        (Get-CtrContainer web).Size | Should -BeNullOrEmpty
        (Get-CtrContainer -Size).Id | Should -Be plain, still, web
    }

    It 'are said not to be there by id: <work>' -ForEach @(
        @{ work = { Compare-CtrContainer webb }; id = 'CtrContainerNotFound' }
        @{ work = { Save-CtrContainer webb "$TestDrive/x.tar" }; id = 'CtrContainerNotFound' }
        @{ work = { Save-CtrContainer web, still "$TestDrive/y.tar" -WhatIf }; id = 'CtrInvalidArgument' }
        @{ work = { Save-CtrContainer web /nonexistent/x.tar }; id = 'CtrInvalidPath' }
    ) {
        $work | Should -Throw -ErrorId "$id,*"
        "$TestDrive/x.tar" | Should -Not -Exist
    }

    It 'are not there for a container without a snapshot' {
        $null = New-CtrContainer -RootFS / bare true
        { Compare-CtrContainer bare } | Should -Throw -ErrorId 'CtrFailedPrecondition,*' -ExpectedMessage '*has no snapshot*'
        { Save-CtrContainer bare "$TestDrive/bare.tar" } | Should -Throw -ErrorId 'CtrFailedPrecondition,*'
        (Get-CtrContainer bare -Size).Size | Should -BeNullOrEmpty
        Remove-CtrContainer bare
    }
}
