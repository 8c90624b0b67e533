#requires -Version 7.6
# Get-, Set-, Remove- and New-CtrContainer, New-CtrSpec and New-CtrMount. ctr makes containers too, and is the judge of what is there.
# That specs equal ctr's is tested in CtrPS.Client.Tests; here is what a user meets.

BeforeDiscovery {
    Import-Module (Join-Path $PSScriptRoot Helpers.psm1)
}

BeforeAll {
    $ErrorActionPreference = 'Stop'
    Import-ModuleUnderTest
    $busybox = 'docker.io/library/busybox:1.35'
    $loop = 'trap "exit 7" TERM; sleep 1000 & wait'
}

Describe 'Finding containers, containerd <generation>' -ForEach (Get-RigGeneration) {
    if ($reason) {
        It 'has a daemon' { Set-ItResult -Skipped -Because $reason }
        return
    }

    BeforeAll {
        $rig = Get-Rig $generation
        $namespace = Add-TestNamespace $rig
        $session = Connect-CtrSession $rig.Address -Namespace $namespace
        $null = Invoke-Ctr $rig -n $namespace images tag $busybox docker.io/team/tool:2
        Start-TestContainer $rig $namespace web-1 $loop -Option --label, team=web
        Start-TestContainer $rig $namespace paused-1 $loop
        $null = Invoke-Ctr $rig -n $namespace tasks pause paused-1
        Start-TestContainer $rig $namespace job-1 $loop
        $null = Invoke-Ctr $rig -n $namespace tasks kill job-1
        Wait-Until { (Invoke-Ctr $rig -n $namespace tasks ls) -match 'job-1.*STOPPED' } 'job-1 has ended'
        $null = Invoke-Ctr $rig -n $namespace containers create docker.io/team/tool:2 never-1 true

        # What CRI writes at its containers.
        $pod = @{
            'io.kubernetes.pod.name' = 'shop-7f'; 'io.kubernetes.pod.namespace' = 'prod'; 'io.kubernetes.pod.uid' = 'c0ffee'
            'io.kubernetes.container.name' = 'cart'; 'io.cri-containerd.kind' = 'container'
        }
        $null = Invoke-Ctr $rig -n $namespace containers create $busybox cri-1 true
        $null = Invoke-Ctr $rig -n $namespace containers label cri-1 @($pod.Keys | ForEach-Object { "$_=$($pod[$_])" })
        $null = Invoke-Ctr $rig -n $namespace containers create $busybox cri-2 true
        $null = Invoke-Ctr $rig -n $namespace containers label cri-2 io.kubernetes.pod.name=shop-7f io.cri-containerd.kind=sandbox
    }

    AfterAll {
        Clear-TestNamespace $rig $namespace
        Disconnect-CtrSession $session
    }

    It 'agrees with ctr on what is there and in which state' {
        $states = @{}
        ConvertFrom-CtrTable (Invoke-Ctr $rig -n $namespace tasks ls) | ForEach-Object { $states[$_.TASK] = "$($_.STATUS) $($_.PID)" }
        $expected = foreach ($row in ConvertFrom-CtrTable (Invoke-Ctr $rig -n $namespace containers ls)) {
            "$($row.CONTAINER) $($row.IMAGE) $($row.RUNTIME) $($states[$row.CONTAINER] ?? 'NONE ')"
        }
        $found = Get-CtrContainer
        $found | ForEach-Object { "$($_.Id) $($_.Image) $($_.Runtime) $("$($_.State)".ToUpperInvariant()) $($_.ProcessId)" } |
            Should -Be ($expected | Sort-Object -Culture '')
        $found.State | Should -Be 'None', 'None', 'Stopped', 'None', 'Paused', 'Running'
    }

    It 'gives a whole object' {
        $container = Get-CtrContainer job-1
        $container | Should -BeOfType CtrPS.CtrContainer
        "$container", $container.Namespace | Should -Be 'job-1', $namespace
        $container.ExitCode | Should -Be 7
        $container.ExitedAt | Should -BeGreaterThan $container.CreatedAt
        $container.CreatedAt | Should -BeGreaterThan ([DateTimeOffset]::Now.AddMinutes(-30))
        $info = Invoke-Ctr $rig -n $namespace containers info job-1 | ConvertFrom-Json
        $container.Snapshotter, $container.SnapshotKey | Should -Be $info.Snapshotter, $info.SnapshotKey
        $container.Labels.Keys | Should -Be ($info.Labels.PSObject.Properties.Name | Sort-Object -Culture '')
        $container.Kind, $container.PodName, $container.ContainerName | Should -Be 'None', $null, $null
        (Get-CtrContainer web-1).ExitCode | Should -BeNullOrEmpty
    }

    It 'tells what Kubernetes calls it' {
        $container, $sandbox = Get-CtrContainer cri-*
        $container.Kind, $container.PodName, $container.PodNamespace, $container.PodUid, $container.ContainerName |
            Should -Be 'Container', 'shop-7f', 'prod', 'c0ffee', 'cart'
        $sandbox.Kind, $sandbox.PodName, $sandbox.ContainerName | Should -Be 'Sandbox', 'shop-7f', $null
        $table = ($container | Out-String -Width 80) -replace '\e\[[0-9;]*m'
        $table | Should -Match 'shop-7f/cart'
        $table | Should -Match 'busybox:1\.35'
    }

    It 'finds <what>' -ForEach @(
        @{ what = 'an id'; arguments = @{ Container = 'web-1' }; found = 'web-1' }
        @{ what = 'ids in the order given'; arguments = @{ Id = 'web-1', 'job-1' }; found = 'web-1', 'job-1' }
        @{ what = 'a wildcard, whatever the case'; arguments = @{ Container = 'WEB*' }; found = 'web-1' }
        @{ what = 'nothing by a wildcard'; arguments = @{ Container = 'no-such*' }; found = $null }
        @{ what = 'a state'; arguments = @{ State = 'Running', 'Paused' }; found = 'paused-1', 'web-1' }
        @{ what = 'an id that is in another state: nothing'; arguments = @{ Container = 'web-1'; State = 'Stopped' }; found = $null }
        @{ what = 'an image by its short name'; arguments = @{ Image = 'team/tool:2' }; found = 'never-1' }
        @{ what = 'an image by a wildcard'; arguments = @{ Image = 'team/*' }; found = 'never-1' }
        @{ what = 'a pod'; arguments = @{ Pod = 'SHOP-*' }; found = 'cri-1', 'cri-2' }
        @{ what = 'a kind of a pod'; arguments = @{ Pod = 'shop-7f'; Kind = 'Sandbox' }; found = 'cri-2' }
        @{ what = 'by containerd''s filter'; arguments = @{ Filter = 'labels.team==web' }; found = 'web-1' }
        @{ what = 'an id that the filter leaves out: nothing'; arguments = @{ Container = 'job-1'; Filter = 'labels.team==web' }; found = $null }
    ) {
        (Get-CtrContainer @arguments).Id | Should -Be $found
    }

    It 'finds by objects: containers, tasks, images, namespaces, records' {
        (Get-CtrTask web-1 | Get-CtrContainer).Id | Should -Be 'web-1'
        (Get-CtrContainer web-1, job-1 | Get-CtrContainer).Id | Should -Be 'web-1', 'job-1'
        (Get-CtrImage team/tool:2 | Get-CtrContainer).Id | Should -Be 'never-1'
        (Get-CtrNamespace $namespace | Get-CtrContainer).Count | Should -Be 6
        ([pscustomobject]@{ Id = 'web-1'; Namespace = $namespace } | Get-CtrContainer).State | Should -Be 'Running'
        (Get-CtrContainer web-1 | Select-Object Id, Namespace, State | ConvertTo-Json | ConvertFrom-Json | Get-CtrContainer).Id | Should -Be 'web-1'
    }

    It 'needs two calls for all of a namespace' {
        $null = Get-CtrContainer
        $calls = Get-CallCount
        $before = $calls.Started
        Get-CtrContainer | Should -HaveCount 6
        $calls.Started - $before | Should -Be 2
    }

    It 'searches other namespaces, and says where containers are when there are none here' {
        (Get-CtrContainer web-1 -Namespace *).Namespace | Should -Be $namespace
        $found = Get-CtrContainer -Namespace k8s.io -WarningVariable said -WarningAction SilentlyContinue
        $found | Should -BeNullOrEmpty
        $said | Should -HaveCount 1
        "$said" | Should -BeLike "There are no containers in namespace k8s.io, but there are in *$namespace*"
        { Get-CtrContainer -Namespace no-such } | Should -Throw -ErrorId 'CtrNamespaceNotFound,*'
        { Get-CtrContainer web-1 -Namespace k8s.io } | Should -Throw -ErrorId 'CtrContainerNotFound,*' -ExpectedMessage "*exists in '$namespace'*"
        { Get-CtrContainer wbe-1 } | Should -Throw -ErrorId 'CtrContainerNotFound,*' -ExpectedMessage "There is no container 'wbe-1'*"
        { Get-CtrContainer -Filter '==' } | Should -Throw -ErrorId 'CtrInvalidArgument,*'
    }

    It 'offers ids, states and pods with the Tab key' {
        (TabExpansion2 'Get-CtrContainer w' 18).CompletionMatches.CompletionText | Should -Be 'web-1'
        (TabExpansion2 'Remove-CtrContainer job' 23).CompletionMatches[0].ToolTip | Should -BeLike 'Stopped, docker.io/library/busybox:1.35, in *'
        (TabExpansion2 'Get-CtrContainer -Pod sh' 24).CompletionMatches.CompletionText | Should -Be 'shop-7f'
        (TabExpansion2 'Get-CtrContainer -State Pau' 27).CompletionMatches.CompletionText | Should -Be 'Paused', 'Pausing'
    }

    It 'changes labels as ctr sees them' {
        $changed = Get-CtrContainer never-1 | Set-CtrContainer -Label @{ team = 'tools'; 'example.com/stage' = 'test' } -PassThru
        $changed.Labels['team'], $changed.Labels['example.com/stage'] | Should -Be 'tools', 'test'
        $labels = (Invoke-Ctr $rig -n $namespace containers info never-1 | ConvertFrom-Json).Labels
        $labels.team, $labels.'example.com/stage' | Should -Be 'tools', 'test'
        Set-CtrContainer never-1 @{ team = '' }
        (Get-CtrContainer never-1).Labels.Keys | Should -Contain 'example.com/stage'
        (Get-CtrContainer never-1).Labels.Keys | Should -Not -Contain 'team'
        (Set-CtrContainer never-1 -ReplaceLabel @{ only = 'one' } -PassThru).Labels.Keys | Should -Be 'only'
        { Set-CtrContainer never-1 @{ '' = 'x' } } | Should -Throw -ErrorId 'CtrInvalidArgument,*'
        { Set-CtrContainer no-such @{ a = 'b' } } | Should -Throw -ErrorId 'CtrContainerNotFound,*'
    }
}

Describe 'Removing containers, containerd <generation>' -ForEach (Get-RigGeneration) {
    if ($reason) {
        It 'has a daemon' { Set-ItResult -Skipped -Because $reason }
        return
    }

    BeforeAll {
        $rig = Get-Rig $generation
        $namespace = Add-TestNamespace $rig
        $session = Connect-CtrSession $rig.Address -Namespace $namespace

        function Get-Left {
            Invoke-Ctr $rig -n $namespace containers ls -q
            Invoke-Ctr $rig -n $namespace tasks ls -q
            Invoke-Ctr $rig -n $namespace snapshots ls | Select-Object -Skip 1 | Where-Object { $_ -notmatch 'Committed' } |
                ForEach-Object { ($_ -split '\s+')[0] }
        }
    }

    AfterAll {
        Clear-TestNamespace $rig $namespace
        Disconnect-CtrSession $session
    }

    It 'takes container, ended task and snapshot' {
        $null = Invoke-Ctr $rig -n $namespace containers create $busybox never true
        Start-TestContainer $rig $namespace ended $loop
        $null = Invoke-Ctr $rig -n $namespace tasks kill ended
        Wait-Until { (Get-CtrContainer ended).State -eq 'Stopped' } 'it has ended'
        Remove-CtrContainer never, ended
        Get-Left | Should -BeNullOrEmpty
    }

    It 'refuses what runs or is paused, and kills it with -Force' {
        Start-TestContainer $rig $namespace running 'trap "" TERM; sleep 1000 & wait'
        Start-TestContainer $rig $namespace paused $loop
        $null = Invoke-Ctr $rig -n $namespace tasks pause paused
        $processes = (Get-CtrProcess).ProcessId
        $processes | Should -HaveCount 4
        { Remove-CtrContainer running } | Should -Throw -ErrorId 'CtrContainerInUse,*' -ExpectedMessage '*is running*not removed*'
        { Remove-CtrContainer paused } | Should -Throw -ErrorId 'CtrContainerInUse,*' -ExpectedMessage '*is paused*not removed*'
        Remove-CtrContainer * -Force -WhatIf
        (Get-CtrContainer).State | Should -Be 'Paused', 'Running'
        Get-CtrContainer | Remove-CtrContainer -Force
        Get-Left | Should -BeNullOrEmpty
        $processes | Where-Object { Test-Path "/proc/$_" } | Should -BeNullOrEmpty
    }

    It 'leaves the snapshot with -KeepSnapshot' {
        $null = Invoke-Ctr $rig -n $namespace containers create $busybox kept true
        # Or the garbage collector takes it as soon as it comes by.
        $null = Invoke-Ctr $rig -n $namespace snapshots label kept containerd.io/gc.root=now
        Remove-CtrContainer kept -KeepSnapshot
        Get-Left | Should -Be 'kept'
        $null = Invoke-Ctr $rig -n $namespace snapshots rm kept
    }

    It 'is told once where several remove the same' {
        $manifest = Get-ManifestPath
        $address = $rig.Address
        foreach ($round in 1..3) {
            Start-TestContainer $rig $namespace raced $loop
            $errors = 1..4 | ForEach-Object -Parallel {
                Import-Module $using:manifest
                try {
                    Remove-CtrContainer raced -Namespace $using:namespace -Session $using:address -Force -ErrorAction Stop
                } catch {
                    $_.FullyQualifiedErrorId
                }
            } -ThrottleLimit 4
            $errors | Where-Object { $_ -notlike 'CtrContainerNotFound,*' } | Should -BeNullOrEmpty
            Get-Left | Should -BeNullOrEmpty
        }
    }

    It 'warns that the kubelet puts another one in the place of a pod''s container' {
        $null = Invoke-Ctr $rig -n $namespace containers create $busybox cri true
        $pod = 'io.cri-containerd.kind=container', 'io.kubernetes.pod.name=p', 'io.kubernetes.pod.namespace=n'
        $null = Invoke-Ctr $rig -n $namespace containers label cri @pod
        Remove-CtrContainer cri -WarningVariable said -WarningAction SilentlyContinue
        "$said" | Should -BeLike '*pod n/p*kubelet*'
        Get-Left | Should -BeNullOrEmpty
    }
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
        $PSDefaultParameterValues = @{
            'New-CtrContainer:Namespace' = $namespace; 'New-CtrSpec:Namespace' = $namespace; 'Invoke-CtrImage:Namespace' = $namespace
            'Get-CtrContainer:Namespace' = $namespace; 'Get-CtrImage:Namespace' = $namespace
        }
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
        $made.GetSpec().ToJson() | Should -BeExactly $spec.ToJson()
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
        (Get-CtrContainer $id -Namespace $namespace).GetSpec().GetJson('custom') | Should -BeExactly '{"k":[1.50,null]}'
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
        $wanted = $spec.ToJson() | ConvertFrom-Json | ConvertTo-Json -Depth 9
        $made.GetSpec().ToJson() | ConvertFrom-Json | ConvertTo-Json -Depth 9 | Should -Be $wanted
        $made.Image | Should -BeNullOrEmpty
        $made.SnapshotKey | Should -BeNullOrEmpty
    }

    It 'makes one of a folder' {
        $made = New-CtrContainer -RootFS / $id true -User nobody -ReadOnly
        $made.GetSpec().Root.Path | Should -Be '/'
        $made.GetSpec().Root.Readonly | Should -BeTrue
        $made.GetSpec().Process.User.Uid | Should -Be 65534
        $made.SnapshotKey | Should -BeNullOrEmpty
        { New-CtrContainer -RootFS /nonexistent x true } | Should -Throw -ErrorId 'CtrInvalidPath,*'
    }

    It 'works from afar, but for what only the machine itself can tell' {
        $relay = Open-Relay $rig
        try {
            $far = Connect-CtrSession $relay.Address -NoDefault
            $spec = New-CtrSpec busybox:1.35 true -Session $far -User root -Id $id
            $made = New-CtrContainer busybox:1.35 $id true -Session $far -User root
            $made.GetSpec().ToJson() | Should -BeExactly $spec.ToJson()
            $made.GetSpec().Process.User.AdditionalGids | Should -Contain 0
            { New-CtrContainer busybox:1.35 "$id-2" true -Session $far -Privileged } | Should -Throw -ErrorId 'CtrNotLocal,*'
            { New-CtrContainer -RootFS / "$id-2" true -Session $far -User nobody } | Should -Throw -ErrorId 'CtrNotLocal,*'
            (New-CtrContainer -RootFS / "$id-2" true -Session $far -User 1:2).GetSpec().Process.User.Gid | Should -Be 2
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
        $made | Remove-CtrContainer -Force # the daemon may have started it by now
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

    Context 'what cannot be' {
        BeforeAll {
            $before = Get-RigState $rig
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
            $arguments = @{ Image = 'busybox:1.35'; Id = "$id-x" } + @{}
            $with.Keys | ForEach-Object { $arguments[$_] = $with[$_] }
            { New-CtrContainer @arguments } | Should -Throw -ErrorId "$wanted,*"
            Get-RigState $rig | Should -Be $before
            Invoke-Ctr $rig -n $namespace containers ls -q | Should -BeNullOrEmpty
        }
    }

    It 'says that a spec is used as it is' {
        { New-CtrContainer -Spec '{}' -Image busybox:1.35 x -Memory 1GB } | Should -Throw -ErrorId 'CtrInvalidArgument,*' -ExpectedMessage '*-Memory*'
        { New-CtrContainer -Spec '{' x } | Should -Throw -ErrorId 'ParameterArgumentTransformationError,*' -ExpectedMessage '*not valid JSON*'
    }

    It 'does not take a mistyped parameter for the command' {
        { New-CtrContainer busybox:1.35 $id -Memroy 1GB } | Should -Throw -ErrorId 'CtrInvalidArgument,*' -ExpectedMessage "*no parameter '-Memroy'*"
        { New-CtrSpec busybox:1.35 -Memroy 1GB } | Should -Throw -ErrorId 'CtrInvalidArgument,*' -ExpectedMessage "*no parameter '-Memroy'*"
        $write = "New-CtrContainer busybox:1.35 `$id -ReadOnly -- sleep -Memroy 60"
        { New-CtrContainer busybox:1.35 $id sleep -Memroy 60 -ReadOnly } |
            Should -Throw -ErrorId 'CtrInvalidArgument,*' -ExpectedMessage ('*' + [WildcardPattern]::Escape($write))
        (New-CtrContainer busybox:1.35 $id -- ls -la -Memroy '').Command | Should -Be 'ls', '-la', '-Memroy', ''
        (New-CtrSpec busybox:1.35 -- ls -cf).Process.Args | Should -Be 'ls', '-cf'
        (New-CtrSpec busybox:1.35 -Shell 'ls | wc').Process.Args | Should -Be '/bin/sh', '-c', 'ls | wc'
    }

    It 'is named by -Name, and by the words of docker says how: <line>' -ForEach @(
        @{ line = 'Invoke-CtrImage --rm busybox:1.35 true'; hint = '*-Remove here*' }
        @{ line = 'Invoke-CtrImage busybox:1.35 $id --rm'; hint = '*-Remove here*' }
        @{ line = 'Invoke-CtrImage -it busybox:1.35 sh'; hint = '*-Tty here*' }
        @{ line = 'Invoke-CtrImage -d busybox:1.35'; hint = '*-Detach here*' }
        @{ line = 'Invoke-CtrImage -e A=1 busybox:1.35'; hint = '*-Env here*' }
        @{ line = 'Invoke-CtrImage --name $id busybox:1.35'; hint = '*-Id here*' }
        @{ line = 'Invoke-CtrImage -Memory 512M busybox:1.35'; hint = "*'512M' is no number of bytes. Write 512MB*" }
        @{ line = 'New-CtrSpec -MemorySwap 1.5gib'; hint = '*Write 1.5GB*' }
        @{ line = 'Invoke-CtrImage busybox:1.35 $id no-such'; hint = "*second word, '*', is the id of the container.*busybox:1.35 -- * no-such *" }
    ) {
        { & ([scriptblock]::Create($line)) } | Should -Throw -ExpectedMessage $hint
        Get-CtrContainer $id* | Should -BeNullOrEmpty
        (New-CtrContainer busybox:1.35 -Name $id).Id | Should -Be $id
        (Get-CtrImage busybox:1.35 | New-CtrContainer).Id | Should -BeLike 'busybox-*'
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

    It 'makes a spec without an image' {
        $line = 'New-CtrSpec -Env A=1 -CapDrop all -CapAdd chown | Select -Expand Process | Select -Expand Capabilities | Select -Expand Bounding'
        Assert-Line $rig $line -Gives CAP_CHOWN
    }
}
