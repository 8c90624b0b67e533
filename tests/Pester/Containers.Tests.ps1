#requires -Version 7.6
# Get-, Set- and Remove-CtrContainer. ctr makes the containers and is the judge of what is there.

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
