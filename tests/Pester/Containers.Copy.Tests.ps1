#requires -Version 7.6
# Files in and out of containers, as docker cp copies them; what a process in the container sees is the oracle.

BeforeDiscovery {
    Import-Module (Join-Path $PSScriptRoot Helpers.psm1)
}

BeforeAll {
    $ErrorActionPreference = 'Stop'
    Import-ModuleUnderTest
}

Describe 'Files in and out of containers, containerd <generation>' -ForEach (Get-RigGeneration) {
    if ($reason) {
        It 'has a daemon' { Set-ItResult -Skipped -Because $reason }
        return
    }

    BeforeAll {
        $rig = Get-Rig $generation
        $namespace = Add-TestNamespace $rig
        $session = Connect-CtrSession $rig.Address -Namespace $namespace
        $volume = (New-Item "$TestDrive/volume-$generation" -ItemType Directory).FullName
        [IO.File]::WriteAllText("$volume/kept", 'kept')
        $make = 'mkdir -p /srv/d/sub /srv/hold; echo one > /srv/d/a; echo two > /srv/d/sub/b; chmod 640 /srv/d/a; chown 7:8 /srv/d/a; ' +
        'ln -s a /srv/d/rel; ln -s /srv/d/sub /srv/abs; ln -s ../../../../../../../etc /srv/up; ln -s loop /srv/loop; mkfifo /srv/d/pipe; '
        $option = '--mount', "type=bind,src=$volume,dst=/volume,options=rbind:rw"
        Start-TestContainer $rig $namespace web ($make + 'trap "exit 0" TERM; sleep 100000 & wait') -Option $option
        $null = Invoke-Ctr $rig -n $namespace run --null-io docker.io/library/busybox:1.35 still sh -c $make
        $map = '0:100000:65536'
        Start-TestContainer $rig $namespace mapped 'trap "exit 0" TERM; sleep 100000 & wait' -Option '--uidmap', $map, '--gidmap', $map
        $read = { param($Path) Invoke-CtrCommand web -- cat $Path }
        $local = (New-Item "$TestDrive/in-$generation/tree/sub" -ItemType Directory).Parent.FullName
        [IO.File]::WriteAllText("$local/x", 'x')
        [IO.File]::WriteAllText("$local/sub/y", 'y')
        chown 1000:2000 $local/x
        chmod 4751 $local/x
        ln -s /etc/hostname $local/link
        $before = Get-RigState $rig
    }

    BeforeEach {
        $to = (New-Item "$TestDrive/$([guid]::NewGuid())" -ItemType Directory).FullName
    }

    AfterEach {
        Compare-Object $before (Get-RigState $rig) | ForEach-Object { "$($_.SideIndicator) $($_.InputObject)" } | Should -BeNullOrEmpty
    }

    AfterAll {
        Disconnect-CtrSession $session
        Clear-TestNamespace $rig $namespace
    }

    It 'come out of one that <state>, by the rules of docker cp' -ForEach @(@{ id = 'web'; state = 'runs' }, @{ id = 'still'; state = 'has ended' }) {
        # A file: to a name, to a folder, under a name with a slash that is no folder.
        Copy-CtrContainerFile $id /srv/d/a $to/named
        Copy-CtrContainerFile $id srv/d/a $to
        Get-Content $to/named, $to/a | Should -Be one, one
        { Copy-CtrContainerFile $id /srv/d/a $to/none/ } | Should -Throw -ErrorId 'CtrInvalidPath,*'
        { Copy-CtrContainerFile $id /srv/d/a $to/none/x } | Should -Throw -ErrorId 'CtrInvalidPath,*'
        stat -c '%a %u %g' $to/a | Should -Be '640 0 0'
        # A folder: becomes the one that is not there, goes into one that is, gives its content with /. alone.
        Copy-CtrContainerFile $id /srv/d $to/new -WarningVariable left -WarningAction SilentlyContinue
        "$left" | Should -BeLike '*/srv/d/pipe*named pipe*'
        Copy-CtrContainerFile $id /srv/d/sub $to/new -Force
        Copy-CtrContainerFile $id /srv/d/sub/ $to
        Copy-CtrContainerFile $id /srv/d/sub/. $to
        (find $to -mindepth 1 -printf '%P %y\n' | Sort-Object -Culture '') -join ',' |
            Should -Be 'a f,b f,named f,new d,new/a f,new/rel l,new/sub d,new/sub/b f,sub d,sub/b f'
        { Copy-CtrContainerFile $id /srv/d/sub $to/named -Force } | Should -Throw -ErrorId 'CtrInvalidPath,*'
        # Several, with owners.
        $given = Copy-CtrContainerFile $id /srv/d/a, /srv/d/sub $to -Force -PreserveOwner -PassThru
        $given.FullName | Should -Be $to/a, $to/sub
        $given[1] | Should -BeOfType IO.DirectoryInfo
        stat -c '%a %u %g' $to/a | Should -Be '640 7 8'
        { Copy-CtrContainerFile $id /srv/d/a, /srv/d/sub $to/several } | Should -Throw -ErrorId 'CtrInvalidPath,*'
        # What is there stays.
        { Copy-CtrContainerFile $id /srv/d/a $to } | Should -Throw -ErrorId 'CtrFileExists,*'
        { Copy-CtrContainerFile $id /srv/nothing $to } | Should -Throw -ErrorId 'CtrContainerFileNotFound,*'
        { Copy-CtrContainerFile $id /srv/d/a/ $to } | Should -Throw -ErrorId 'CtrContainerFileNotFound,*'
        Copy-CtrContainerFile $id /srv/d $to/what -WhatIf
        "$to/what" | Should -Not -Exist
    }

    It 'are links as they are, unless they are followed, and then within the container: <id>' -ForEach @{ id = 'web' }, @{ id = 'still' } {
        Copy-CtrContainerFile $id /srv/d/rel, /srv/abs, /srv/up $to
        readlink $to/rel $to/abs $to/up | Should -Be a, /srv/d/sub, ../../../../../../../etc
        Copy-CtrContainerFile $id /srv/d/rel $to/followed -FollowLink
        Get-Content $to/followed | Should -Be one
        Copy-CtrContainerFile $id /srv/abs/ $to/abs-folder
        Get-ChildItem $to/abs-folder -Name | Should -Be b
        # Both lead out of the root, if anybody let them.
        Copy-CtrContainerFile $id /srv/up/passwd $to/passwd
        Copy-CtrContainerFile $id ../../../etc/passwd $to/passwd2
        $own = Invoke-CtrCommand web -- cat /etc/passwd
        Get-Content $to/passwd | Should -Be $own
        Get-Content $to/passwd2 | Should -Be $own
        $own | Should -Not -Be (Get-Content /etc/passwd)
        { Copy-CtrContainerFile $id /srv/loop $to -FollowLink } | Should -Throw -ErrorId 'CtrInvalidArgument,*'
    }

    It 'are seen as the container sees them: with what is mounted, without what the kernel makes up' {
        Copy-CtrContainerFile web /volume $to
        Get-Content $to/volume/kept | Should -Be kept
        Copy-CtrContainerFile web /proc/1/comm $to
        Get-Content $to/comm | Should -Be sh
        Copy-CtrContainerFile web / $to -Force -WarningAction SilentlyContinue
        Get-ChildItem $to/proc, $to/sys | Should -BeNullOrEmpty
        (Get-FileHash $to/bin/busybox).Hash | Should -Be ((Invoke-CtrCommand web -- sha256sum /bin/busybox) -split ' ')[0]
        Copy-CtrContainerFile web -Path $local/x /volume
        Get-Content $volume/x | Should -Be x
    }

    It 'go in, by the same rules, for root of the container' {
        Copy-CtrContainerFile web -Path $local /srv/in
        Invoke-CtrCommand web -- find /srv/in | Sort-Object -Culture '' | Should -Be /srv/in, /srv/in/link, /srv/in/sub, /srv/in/sub/y, /srv/in/x
        Invoke-CtrCommand web -- stat -c '%a %u %g' /srv/in/x | Should -Be '751 0 0'
        Invoke-CtrCommand web -- stat -c '%Y' /srv/in/x | Should -Be (stat -c %Y $local/x)
        Invoke-CtrCommand web -- readlink /srv/in/link | Should -Be /etc/hostname
        Copy-CtrContainerFile web -Path $local/sub /srv/in/sub
        & $read /srv/in/sub/sub/y | Should -Be y
        Copy-CtrContainerFile web -LiteralPath $local/sub/. /srv/in -Force
        & $read /srv/in/y | Should -Be y
        Copy-CtrContainerFile web -Path $local/* /srv/in -Force -PreserveOwner
        Invoke-CtrCommand web -- stat -c '%a %u %g' /srv/in/x | Should -Be '4751 1000 2000'
        Copy-CtrContainerFile web -Path $local/link /srv/in/real -FollowLink
        & $read /srv/in/real | Should -Be (Get-Content /etc/hostname)
        { Copy-CtrContainerFile web -Path $local/x /srv/in/x } | Should -Throw -ErrorId 'CtrFileExists,*'
        { Copy-CtrContainerFile web -Path $local/x /srv/none/x } | Should -Throw -ErrorId 'CtrInvalidPath,*'
        { Copy-CtrContainerFile web -Path $local/x /srv/none/ } | Should -Throw -ErrorId 'CtrInvalidPath,*'
        { Copy-CtrContainerFile web -Path $local/sub /srv/in/x } | Should -Throw -ErrorId 'CtrInvalidPath,*'
        { Copy-CtrContainerFile web -Path $local/none /srv } | Should -Throw -ErrorId 'CtrArchiveNotFound,*'
        Copy-CtrContainerFile web -Path $local/x /srv/what -WhatIf
        { Copy-CtrContainerFile web /srv/what $to } | Should -Throw -ErrorId 'CtrContainerFileNotFound,*'
        # Never out of the root: an absolute link is one of the container.
        $null = Invoke-CtrCommand web -- ln -s "$to/out" /srv/hold/far
        { Copy-CtrContainerFile web -Path $local/x /srv/hold/far/x } | Should -Throw -ErrorId 'CtrInvalidPath,*'
        $null = Invoke-CtrCommand web -- sh -c "mkdir -p $to"
        Copy-CtrContainerFile web -Path $local/x /srv/hold/far
        & $read "$to/out" | Should -Be x
        "$to/out" | Should -Not -Exist
        Invoke-CtrCommand web -- find /srv -xdev -name '*.partial' | Should -BeNullOrEmpty
    }

    It 'go into one that has ended, and are there when it starts' {
        (Copy-CtrContainerFile still -Path $local/x /srv/x -PassThru).Id | Should -Be still
        $null = Copy-CtrContainerFile still -Path $local/x /srv/x -Force
        Copy-CtrContainerFile still /srv/x $to
        Get-Content $to/x | Should -Be x
        (Compare-CtrContainer still).Path | Should -Contain /srv/x
        (Get-Content /proc/self/mountinfo) -match ' /proc .*overlay' | Should -BeNullOrEmpty
    }

    It 'go through the mount of one that has ended, where it is mounted' {
        # The kernel makes an overlay's work folder anew with each mount to write, and what is written through the first one fails then.
        $folder = (New-Item "$TestDrive/mounted-$generation" -ItemType Directory).FullName
        $null = Mount-CtrSnapshot still $folder
        try {
            $work = Join-Path ((Get-CtrSnapshotMount still).Options -like 'workdir=*' -replace '^workdir=') work
            $made = stat -c %i $work
            Copy-CtrContainerFile still -Path $local/x /etc/both
            Get-Content $folder/etc/both | Should -Be x
            Copy-CtrContainerFile still /etc/both $to
            stat -c %i $work | Should -Be $made
            Add-Content $folder/etc/passwd more # of a lower layer: it is copied up through the work folder
            Copy-CtrContainerFile still /etc/passwd $to/seen
            Get-Content $to/seen | Select-Object -Last 1 | Should -Be more
        } finally {
            Dismount-CtrSnapshot still -Target $folder
        }
    }

    It 'are of the same users in one with users of its own' {
        Copy-CtrContainerFile mapped -Path $local/x /tmp/kept -PreserveOwner
        Copy-CtrContainerFile mapped -Path $local/x /tmp/roots
        Invoke-CtrCommand mapped -- stat -c '%u %g' /tmp/kept /tmp/roots | Should -Be '1000 2000', '0 0'
        Copy-CtrContainerFile mapped /tmp $to -PreserveOwner
        stat -c '%u %g' $to/tmp/kept $to/tmp/roots | Should -Be '1000 2000', '0 0'
    }

    It 'take away what a killed copy left of the same file, and nothing else' {
        $left = 'x.0123abcd.partial', 'x.89abcdef.partial', 'y.0123abcd.partial', 'x.0123abcdef.partial', 'x.partial'
        $null = Invoke-CtrCommand web -- sh -c "mkdir /srv/cut; cd /srv/cut; touch $left; ln -s x.partial x.00000000.partial"
        # As a process has it that still writes.
        $written = [IO.File]::Open("/proc/$((Get-CtrTask web).ProcessId)/root/srv/cut/x.89abcdef.partial", 'Open', 'Write', 'None')
        try {
            Copy-CtrContainerFile web -Path $local/x /srv/cut
        } finally {
            $written.Dispose()
        }
        $null, $others = $left
        Invoke-CtrCommand web -- ls /srv/cut | Sort-Object | Should -Be (@($others) + 'x', 'x.00000000.partial' | Sort-Object)
        Copy-CtrContainerFile web -Path $local/x /srv/cut -Force
        Invoke-CtrCommand web -- ls /srv/cut | Should -Not -Contain $others[0]
    }

    It 'stay in the container while it swaps a link under eight copies at once' {
        # What a path means changes between a folder of the container and one of the machine.
        $out = (New-Item "$to/host" -ItemType Directory).FullName
        [IO.File]::WriteAllText("$out/secret", 'of the machine')
        $swap = 'mkdir /srv/hold/real; echo mine > /srv/hold/real/secret; cd /srv/hold; while true; do ' +
        "ln -sfn real turn; rm -f turn; ln -sfn $out turn; rm -f turn; mkdir turn; rmdir turn; done"
        $null = Invoke-CtrCommand web -Detach -- sh -c $swap
        $module = Get-ManifestPath
        $text = 1..8 | ForEach-Object -ThrottleLimit 8 -Parallel {
            Import-Module $using:module
            $parameters = @{ Session = ($using:rig).Address; Namespace = $using:namespace; Force = $true; ErrorAction = 'Ignore' }
            foreach ($try in 1..25) {
                Copy-CtrContainerFile web /srv/hold/turn/secret "$using:to/got-$_-$try" @parameters
                Copy-CtrContainerFile web -Path "$using:local/x" "/srv/hold/turn/x-$_-$try" @parameters
            }
        }
        $text | Should -BeNullOrEmpty
        @(Get-CtrProcess web).CommandLine -match 'rm -f turn' | Should -Not -BeNullOrEmpty -Because 'it has to swap all the time'
        # Whether one of them found the right moment is luck; through a link that stays it works.
        $null = Invoke-CtrCommand web -- ln -s real /srv/hold/stays
        Copy-CtrContainerFile web /srv/hold/stays/secret "$to/got-still"
        Get-Content "$to/got-still" | Should -Be mine
        Get-ChildItem $to -Filter got-* | Get-Content | Where-Object { $_ -ne 'mine' } | Should -BeNullOrEmpty
        Get-ChildItem $out -Name | Should -Be secret
    }

    It 'are for root on the daemon''s machine' {
        $relay = Open-Relay $rig
        try {
            $far = Connect-CtrSession $relay.Address -Namespace $namespace -NoDefault
            { Copy-CtrContainerFile web /srv/d/a $to -Session $far } | Should -Throw -ErrorId 'CtrNotLocal,*'
            Disconnect-CtrSession $far
        } finally {
            $relay.Dispose()
        }
        # May open everything, the socket as well, and is not root.
        $as = '--reuid=65534', '--regid=65534', '--clear-groups', '--inh-caps=+dac_override', '--ambient-caps=+dac_override'
        $script = {
            Import-Module '{0}'
            try {
                Copy-CtrContainerFile web /srv/d/a '{2}' -Session '{1}' -Namespace '{3}' -ErrorAction Stop
            } catch {
                "> $($_.FullyQualifiedErrorId)"
            }
        }.ToString().Replace('{0}', (Get-ManifestPath)).Replace('{1}', $rig.Address).Replace('{2}', $to).Replace('{3}', $namespace)
        $powershell = @(Get-PowerShellWord)
        $nobody = (New-Item (Join-Path $TestDrive "nobody-$generation") -ItemType Directory).FullName
        chown 65534:65534 $nobody
        $lines = Use-Environment @{ HOME = $nobody } { setpriv @as @powershell -NoProfile -NonInteractive -Command $script 2>&1 }
        $lines | Should -Contain '> CtrRootRequired,CtrPS.Commands.CopyCtrContainerFileCommand'
        Get-ChildItem $to | Should -BeNullOrEmpty
    }

    It 'are said not to be there' {
        { Copy-CtrContainerFile webb /srv/d/a $to } | Should -Throw -ErrorId 'CtrContainerNotFound,*'
        $null = New-CtrContainer -RootFS / bare true
        { Copy-CtrContainerFile bare /etc/passwd $to } | Should -Throw -ErrorId 'CtrFailedPrecondition,*' -ExpectedMessage '*has no snapshot*'
        Remove-CtrContainer bare
    }
}
