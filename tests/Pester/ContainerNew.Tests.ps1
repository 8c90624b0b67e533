#requires -Version 7.6
# New-CtrContainer, New-CtrSpec and New-CtrMount. That specs equal ctr's is tested in CtrPS.Client.Tests; here is what a user meets.

BeforeDiscovery {
    Import-Module (Join-Path $PSScriptRoot Helpers.psm1)
}

BeforeAll {
    $ErrorActionPreference = 'Stop'
    Import-ModuleUnderTest
}

Describe 'New-CtrMount' {
    It 'makes <expected>' -ForEach @(
        @{ script = { New-CtrMount /a /b -ReadOnly }; expected = 'type=bind,src=/a,dst=/b,options=rbind:ro' }
        @{ script = { New-CtrMount /a /b -Option bind, rslave }; expected = 'type=bind,src=/a,dst=/b,options=bind:rslave' }
        @{ script = { New-CtrMount -Destination /t -Option size=1m }; expected = 'type=tmpfs,src=tmpfs,dst=/t,options=size=1m' }
        @{
            script   = { [CtrPS.CtrMount]@{ Type = 'tmpfs'; Source = 'x'; Destination = '/t'; Options = 'ro', 'nosuid' } }
            expected = 'type=tmpfs,src=x,dst=/t,options=ro:nosuid'
        }
    ) {
        "$(& $script)" | Should -Be $expected
    }

    It 'refuses relative paths' {
        { New-CtrMount a /b } | Should -Throw -ErrorId 'CtrInvalidArgument,*' -ExpectedMessage "*'a' is not an absolute path*"
        { New-CtrMount /a b } | Should -Throw -ErrorId 'CtrInvalidArgument,*' -ExpectedMessage "*'b' is not an absolute path*"
    }
}

Describe 'New-CtrContainer, containerd <generation>' -ForEach (Get-RigGeneration) {
    if ($reason) {
        It 'has a daemon' { Set-ItResult -Skipped -Because $reason }
        return
    }

    BeforeAll {
        $rig = Get-Rig $generation
        $session = Connect-CtrSession $rig.Address
        $namespace = Add-TestNamespace $rig
        $null = Invoke-Ctr $rig -n $namespace images import --no-unpack (Get-ArchivePath arm)
        $PSDefaultParameterValues = @{ 'New-CtrContainer:Namespace' = $namespace; 'New-CtrSpec:Namespace' = $namespace }
        $id = "new-$([guid]::NewGuid().ToString('n').Substring(0, 8))"

        function Get-CtrInfo {
            param([string] $Name)
            Invoke-Ctr $rig -n $namespace containers info $Name | ConvertFrom-Json
        }
    }

    AfterAll {
        Clear-TestNamespace $rig $namespace
        Disconnect-CtrSession $session
    }

    AfterEach {
        Invoke-Ctr $rig -n $namespace containers ls -q | ForEach-Object { $null = Invoke-Ctr $rig -n $namespace containers rm $_ }
    }

    It 'makes a container that ctr knows, unpacked first, and that runs' {
        $made = New-CtrContainer busybox:1.35 $id sh -Label @{ team = 'web' } -Env @{ A = '1'; B = 'x y' } -Memory 64MB -RLimit nofile=10:20
        $made | Should -BeOfType CtrPS.CtrContainer
        $made.State | Should -Be 'None'
        $made.Command | Should -Be 'sh'
        $made.Labels['io.containerd.image.config.stop-signal'] | Should -Be 'SIGTERM'
        $info = Get-CtrInfo $id
        $info.Image | Should -Be 'docker.io/library/busybox:1.35'
        $info.SnapshotKey | Should -Be $id
        $info.Labels.team | Should -Be 'web'
        $info.Spec.process.env | Should -Contain 'B=x y'
        $info.Spec.linux.resources.memory.limit | Should -Be 64MB
        $info.Spec.process.rlimits[0].soft | Should -Be 10
        Invoke-Ctr $rig -n $namespace leases ls -q | Should -BeNullOrEmpty
        $null = Invoke-Ctr $rig -n $namespace tasks start --null-io -d $id
        $null = Invoke-Ctr $rig -n $namespace tasks rm -f $id
        $record = { New-CtrContainer busybox:1.35 $id } | Should -Throw -ErrorId 'CtrContainerExists,*' -PassThru
        $record.CategoryInfo.Category | Should -Be 'ResourceExists'
        $record.TargetObject | Should -Be $id
    }

    It 'takes images from the pipeline and makes ids' {
        $made = Get-CtrImage busybox:* -Namespace $namespace | New-CtrContainer
        $made.Id | Should -Match '^busybox-[a-z0-9]{6}$'
        $made.Namespace | Should -Be $namespace
        (Get-CtrImage busybox:* -Namespace $namespace | New-CtrContainer -Id { "$id.$($_.Tag)" }).Id | Should -Be "$id.1.35"
    }

    It 'makes the spec that the container gets, and takes one that was changed' {
        $arguments = @{ Hostname = 'box'; CapAdd = 'net_admin'; JoinNamespace = 'uts=/proc/1/ns/uts'; Annotation = @{ a = 'b' }; Seccomp = $true }
        $spec = New-CtrSpec busybox:1.35 sleep 60 -Id $id @arguments
        $made = New-CtrContainer busybox:1.35 $id sleep, 60 @arguments
        $made.Spec.ToJson() | Should -BeExactly $spec.ToJson()
        $null = Invoke-Ctr $rig -n $namespace containers rm $id
        $spec.Process.Args += 'more'
        $spec.Process.Env.Add('ADDED=1')
        $spec.Linux.Resources.Memory.Limit = 32MB
        $spec.Mounts.Add('/tmp:/mnt:ro')
        $spec.SetJson('custom', '{"k":[1.50,null]}')
        $null = New-CtrContainer busybox:1.35 $id -Spec $spec
        $info = Get-CtrInfo $id
        $info.SnapshotKey | Should -Be $id
        $info.Spec.process.args | Should -Be 'sleep', '60', 'more'
        $info.Spec.linux.resources.memory.limit | Should -Be 32MB
        $info.Spec.mounts[-1].destination | Should -Be '/mnt'
        (Get-CtrContainer $id -Namespace $namespace).Spec.GetJson('custom') | Should -BeExactly '{"k":[1.50,null]}'
    }

    It 'takes a spec as <what>' -ForEach @(
        @{ what = 'JSON'; give = { @{ Spec = $args[0].ToJson() } } }
        @{ what = 'lines of JSON'; give = { @{ Spec = $args[0].ToJson($true) -split "`n" } } }
        @{ what = 'an object'; give = { @{ Spec = $args[0].ToJson() | ConvertFrom-Json } } }
        @{ what = 'a hashtable'; give = { @{ Spec = $args[0].ToJson() | ConvertFrom-Json -AsHashtable } } }
        @{ what = 'a file'; give = { Set-Content TestDrive:/spec.json $args[0].ToJson(); @{ SpecPath = 'TestDrive:/spec.json' } } }
    ) {
        $spec = New-CtrSpec busybox:1.35 true -Cpus 0.5
        $given = & $give $spec
        $made = New-CtrContainer @given -Id $id
        $made.Spec.ToJson() | ConvertFrom-Json | ConvertTo-Json -Depth 9 | Should -Be ($spec.ToJson() | ConvertFrom-Json | ConvertTo-Json -Depth 9)
        $made.Image | Should -BeNullOrEmpty
        $made.SnapshotKey | Should -BeNullOrEmpty
    }

    It 'makes one of a folder' {
        $made = New-CtrContainer -RootFS / $id true -User nobody -ReadOnly
        $made.Spec.Root.Path | Should -Be '/'
        $made.Spec.Root.Readonly | Should -BeTrue
        $made.Spec.Process.User.Uid | Should -Be 65534
        $made.SnapshotKey | Should -BeNullOrEmpty
        { New-CtrContainer -RootFS /nonexistent x true } | Should -Throw -ErrorId 'CtrInvalidPath,*'
    }

    It 'works from afar, but for what only the machine itself can tell' {
        $relay = Open-Relay $rig
        try {
            $far = Connect-CtrSession $relay.Address -NoDefault
            $spec = New-CtrSpec busybox:1.35 true -Session $far -User root -Id $id
            $made = New-CtrContainer busybox:1.35 $id true -Session $far -User root
            $made.Spec.ToJson() | Should -BeExactly $spec.ToJson()
            $made.Spec.Process.User.AdditionalGids | Should -Contain 0
            { New-CtrContainer busybox:1.35 "$id-2" true -Session $far -Privileged } | Should -Throw -ErrorId 'CtrNotLocal,*'
            { New-CtrContainer -RootFS / "$id-2" true -Session $far -User nobody } | Should -Throw -ErrorId 'CtrNotLocal,*'
            (New-CtrContainer -RootFS / "$id-2" true -Session $far -User 1:2).Spec.Process.User.Gid | Should -Be 2
            Disconnect-CtrSession $far
        } finally {
            $relay.Dispose()
        }
    }

    It 'lets containerd start it again' {
        $made = New-CtrContainer busybox:1.35 $id -RestartPolicy always -RestartLogPath /tmp/x.log
        $made.Labels['containerd.io/restart.loguri'] | Should -Be 'file:///tmp/x.log'
        $labels = (Get-CtrInfo $id).Labels
        $labels.'containerd.io/restart.status' | Should -Be 'running'
        $null = Invoke-Ctr $rig -n $namespace containers rm $id
        if ($generation -eq '1.6') {
            { New-CtrContainer busybox:1.35 $id -RestartPolicy on-failure:3 } | Should -Throw -ErrorId 'CtrNotSupported,*'
        } else {
            (New-CtrContainer busybox:1.35 $id -RestartPolicy on-failure:3).Labels['containerd.io/restart.policy'] | Should -Be 'on-failure:3'
        }
        { New-CtrContainer busybox:1.35 "$id-2" -RestartPolicy sometimes } | Should -Throw -ErrorId 'CtrInvalidArgument,*'
    }

    It 'shows with -WhatIf what it would do' {
        $before = Get-RigState $rig
        New-CtrContainer busybox:1.35 $id -WhatIf | Should -BeNullOrEmpty
        Get-RigState $rig | Should -Be $before
    }

    It 'says what is wrong and leaves nothing behind: <what>' -ForEach @(
        @{ what = 'no such image'; with = @{ Image = 'nothing:1' }; wanted = 'CtrImageNotFound' }
        @{ what = 'several images'; with = @{ Image = '*' }; wanted = 'CtrInvalidReference' }
        @{ what = 'another platform'; with = @{ Image = 'arm:v7' }; wanted = 'CtrPlatformNotFound' }
        @{ what = 'unknown user'; with = @{ User = 'somebody' }; wanted = 'CtrUserNotFound' }
        @{ what = 'bad id'; with = @{ Id = 'a b' }; wanted = 'CtrInvalidContainerId' }
        @{ what = 'bad mount'; with = @{ Mount = '/a:b' }; wanted = 'CannotConvertArgumentNoMessage' }
        @{ what = 'bad capability'; with = @{ CapAdd = 'FLY' }; wanted = 'CtrInvalidArgument' }
        @{ what = 'bad limit'; with = @{ RLimit = 'nofile=many' }; wanted = 'CtrInvalidArgument' }
        @{ what = 'bad variable'; with = @{ Env = '=x' }; wanted = 'CtrInvalidArgument' }
        @{ what = 'no such device'; with = @{ Device = '/dev/nothing' }; wanted = 'CtrInvalidArgument' }
        @{ what = 'no such profile'; with = @{ SeccompProfile = '/nonexistent' }; wanted = 'CtrInvalidPath' }
        @{ what = 'no such snapshotter'; with = @{ Snapshotter = 'zzz' }; wanted = 'CtrNotSupported' }
        @{ what = 'options of runc for another runtime'; with = @{ Runtime = 'other.v1'; RuncRoot = '/r' }; wanted = 'CtrInvalidArgument' }
        @{ what = 'systemd without a slice'; with = @{ SystemdCgroup = $true }; wanted = 'CtrInvalidArgument' }
    ) {
        $before = Get-RigState $rig
        $arguments = @{ Image = 'busybox:1.35'; Id = "$id-x" } + @{}
        $with.Keys | ForEach-Object { $arguments[$_] = $with[$_] }
        { New-CtrContainer @arguments } | Should -Throw -ErrorId "$wanted,*"
        Get-RigState $rig | Should -Be $before
        Invoke-Ctr $rig -n $namespace containers ls -q | Should -BeNullOrEmpty
    }

    It 'says that a spec is used as it is' {
        { New-CtrContainer -Spec '{}' -Image busybox:1.35 x -Memory 1GB } | Should -Throw -ErrorId 'CtrInvalidArgument,*' -ExpectedMessage '*-Memory*'
        { New-CtrContainer -Spec '{' x } | Should -Throw -ErrorId 'ParameterArgumentTransformationError,*' -ExpectedMessage '*not valid JSON*'
    }

    It 'does not take a mistyped parameter for the command' {
        { New-CtrContainer busybox:1.35 $id -Memroy 1GB } | Should -Throw -ErrorId 'CtrInvalidArgument,*' -ExpectedMessage "*no parameter 'Memroy'*"
        { New-CtrSpec busybox:1.35 -Memroy 1GB } | Should -Throw -ErrorId 'CtrInvalidArgument,*' -ExpectedMessage "*no parameter 'Memroy'*"
        $made = New-CtrContainer busybox:1.35 $id sleep -Memroy 60 -WarningVariable warnings -WarningAction SilentlyContinue
        "$warnings" | Should -BeLike "*'-Memroy' is a word of the command*"
        $made.Command | Should -Be 'sleep', '-Memroy', '60'
        $null = Invoke-Ctr $rig -n $namespace containers rm $id
        (New-CtrContainer busybox:1.35 $id -WarningAction Stop -- ls -la -Memroy).Command | Should -Be 'ls', '-la', '-Memroy'
    }

    It 'completes <line>' -ForEach @(
        @{ line = 'New-CtrContainer -CapAdd net_a'; expected = 'NET_ADMIN' }
        @{ line = 'New-CtrContainer -CapAdd CAP_SYS_AD'; expected = 'CAP_SYS_ADMIN' }
        @{ line = 'New-CtrContainer -RLimit nof'; expected = "'nofile='" }
        @{ line = 'New-CtrContainer -JoinNamespace pi'; expected = "'pid=/proc/1/ns/pid'" }
        @{ line = 'New-CtrContainer -RestartPolicy un'; expected = 'unless-stopped' }
        @{ line = 'New-CtrContainer -Runtime io'; expected = 'io.containerd.runc.v2' }
        @{ line = 'New-CtrMount -Type tm'; expected = 'tmpfs' }
    ) {
        (TabExpansion2 $line $line.Length).CompletionMatches.CompletionText | Should -Contain $expected
    }
}
