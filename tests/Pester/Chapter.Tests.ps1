#requires -Version 7.6
# The whole life of a container, with a real nginx, as a runbook has it. ctr is asked in between, and again what is left of it all.

BeforeDiscovery {
    Import-Module (Join-Path $PSScriptRoot Helpers.psm1)
}

BeforeAll {
    $ErrorActionPreference = 'Stop'
    Import-ModuleUnderTest
}

Describe 'The life of a container, containerd <generation>' -ForEach (Get-RigGeneration) {
    if ($reason) {
        It 'has a daemon' { Set-ItResult -Skipped -Because $reason }
        return
    }

    BeforeAll {
        $rig = Get-Rig $generation Chapter
        $session = Connect-CtrSession $rig.Address -Namespace k8s.io
        $web = "web-$([guid]::NewGuid().ToString('n').Substring(0, 8))"

        # What ctr says of the container's task; nothing where there is none.
        function Get-Status {
            (ConvertFrom-CtrTable (Invoke-Ctr $rig -n k8s.io tasks ls) | Where-Object TASK -EQ $web).STATUS
        }

        # Asks the web server in its own network; the text, or $null where no answer comes within two seconds.
        function Read-Page {
            param([long] $ProcessId)
            $page = nsenter --target $ProcessId --net curl --silent --max-time 2 http://127.0.0.1/
            $LASTEXITCODE -eq 0 ? "$page" : $null
        }

        # Everything on this machine that could stay of containers of this rig.
        function Get-Trace {
            Get-RigState $rig
            Invoke-Ctr $rig -n k8s.io containers ls -q | ForEach-Object { "container $_" }
            Invoke-Ctr $rig -n k8s.io tasks ls -q | ForEach-Object { "task $_" }
            Get-ChildItem /sys/fs/cgroup/*/k8s.io, /sys/fs/cgroup/k8s.io -Filter "$web*" -ErrorAction Ignore | ForEach-Object { "cgroup $_" }
            Get-ChildItem /run/containerd/fifo -Recurse -Filter "$web*" -ErrorAction Ignore | ForEach-Object { "pipe $_" }
            foreach ($process in Get-ChildItem /proc -Directory | Where-Object Name -Match '^\d+$') {
                $line = [IO.File]::Exists("$process/cmdline") ? ((Get-Content "$process/cmdline" -Raw -ErrorAction Ignore) -replace "`0", ' ') : ''
                if ($line -like "*$web*") {
                    "process $line"
                }
            }
        }

        # Layers are unpacked by the first container, and stay as the image's: not what is looked for.
        New-CtrContainer nginx:deb "$web-first" | Remove-CtrContainer
        $before = Get-Trace
    }

    AfterAll {
        Get-CtrContainer "$web*" | Remove-CtrContainer -Force
        Disconnect-CtrSession $session
    }

    It 'runs as the seeds of this project show it' {
        # create, start
        $container = New-CtrContainer nginx:deb $web -Label @{ chapter = 'one' }
        $container.State | Should -Be None
        $container.Image | Should -Be 'docker.io/library/nginx:deb'
        $info = (Invoke-Ctr $rig -n k8s.io containers info $web) -join "`n" | ConvertFrom-Json -AsHashtable
        $info.Labels['chapter'] | Should -Be one
        $info.Labels['io.containerd.image.config.stop-signal'] | Should -Be SIGQUIT
        $info.Spec.process.args | Should -Be nginx, '-g', 'daemon off;'
        $task = $container | Start-CtrTask
        $task.State | Should -Be Running
        Get-Status | Should -Be RUNNING

        # it serves
        Wait-Until { Read-Page $task.ProcessId } 'nginx answers'
        Read-Page $task.ProcessId | Should -BeLike '*it works*'

        # ls, ps, exec, metrics
        (Get-CtrContainer "$web*").State | Should -Be Running
        (Get-CtrProcess $web).CommandLine -join "`n" | Should -BeLike '*nginx: master process*nginx: worker process*'
        $version = Invoke-CtrCommand $web nginx, '-v' -AsResult
        $version.ExitCode | Should -Be 0
        $version.StdErr | Should -BeLike 'nginx version: nginx/*'
        Invoke-CtrCommand $web cat, /var/www/html/index.html | Should -Be '<!doctype html><title>rig</title>it works'
        $LASTEXITCODE | Should -Be 0
        # By its exit code: on a busy machine ctr loses the output of a short command now and then (containerd#13931).
        Invoke-Ctr $rig -n k8s.io tasks exec --exec-id ctr $web grep -q 'it works' /var/www/html/index.html
        $metric = Get-CtrMetric $web
        $metric.MemoryBytes | Should -BeGreaterThan 1MB
        $metric.Pids | Should -BeGreaterThan 1

        # pause: the kernel takes the connection, but nobody answers
        Suspend-CtrTask $web
        Get-Status | Should -Be PAUSED
        (Get-CtrTask $web).State | Should -Be Paused
        Read-Page $task.ProcessId | Should -BeNullOrEmpty
        Resume-CtrTask $web
        Get-Status | Should -Be RUNNING
        Read-Page $task.ProcessId | Should -BeLike '*it works*'

        # stop, with what the image says
        $stopped = Stop-CtrTask $web -PassThru -Verbose 4>&1
        $stopped | Where-Object { $_ -is [Management.Automation.VerboseRecord] } | Out-String | Should -BeLike '*SIGQUIT*'
        $stopped = $stopped | Where-Object { $_ -isnot [Management.Automation.VerboseRecord] }
        $stopped.ExitCode | Should -Be 0
        $stopped.ExitedAt | Should -BeGreaterThan $container.CreatedAt
        Get-Status | Should -Be STOPPED

        # rm
        Remove-CtrContainer $web
        Get-Trace | Should -Be $before
    }

    It 'runs and stops with a network of its own' {
        if (-not (Test-Path /usr/lib/cni/ptp)) {
            Set-ItResult -Skipped -Because 'there are no CNI plugins (Debian: containernetworking-plugins)'
            return
        }
        $folder = (New-Item (Join-Path (Split-Path $rig.Root) cni-test) -ItemType Directory -Force).FullName
        $subnet = "10.$(Get-Random -Minimum 100 -Maximum 200).$(Get-Random -Maximum 256).0/24"
        @{
            cniVersion = '0.4.0'; name = $web
            plugins    = @(@{
                    type = 'ptp'
                    ipam = @{ type = 'host-local'; subnet = $subnet; dataDir = "$folder/leases" }
                })
        } | ConvertTo-Json -Depth 5 | Set-Content "$folder/10-chapter.conflist"
        $task = New-CtrContainer nginx:deb $web | Start-CtrTask -Cni -CniConfigPath $folder -CniPluginPath /usr/lib/cni
        $task.Network.IPAddresses | Should -HaveCount 1
        $address = ($task.Network.IPAddresses[0] -split '/')[0]
        $task.Network.GetInterfaces().Name | Should -Contain eth0
        nsenter --target $task.ProcessId --net ip -o -4 addr show eth0 | Should -BeLike "*$address*"
        # Others on this machine make interfaces too: this is the other end of the container's.
        $peer = [regex]::Match((nsenter --target $task.ProcessId --net ip -o link show eth0), 'eth0@if(\d+)').Groups[1].Value
        ip -o link | Where-Object { $_ -match "^${peer}: " } | Should -HaveCount 1
        Wait-Until { nsenter --target $task.ProcessId --net curl --silent --max-time 2 "http://$address/" } 'nginx answers at its own address'

        Stop-CtrTask $web
        ip -o link | Where-Object { $_ -match "^${peer}: " } | Should -BeNullOrEmpty
        Get-ChildItem "$folder/leases" -Recurse -File | Where-Object Name -Match '^\d' | Should -BeNullOrEmpty

        # A client without a word for networks takes the task away: the container's removal clears up after it.
        $null = Start-CtrTask $web -Cni -CniConfigPath $folder -CniPluginPath /usr/lib/cni
        Get-ChildItem "$folder/leases" -Recurse -File | Where-Object Name -Match '^\d' | Should -HaveCount 1
        $null = & $rig.Ctr --address $rig.Address -n k8s.io tasks rm -f $web 2>&1
        Remove-CtrContainer $web
        Get-ChildItem "$folder/leases" -Recurse -File | Where-Object Name -Match '^\d' | Should -BeNullOrEmpty
        Get-Trace | Should -Be $before
    }
}

Describe 'An image looked into, containerd <generation>' -ForEach (Get-RigGeneration) {
    if ($reason) {
        It 'has a daemon' { Set-ItResult -Skipped -Because $reason }
        return
    }

    It 'as the seeds of this project show it' {
        $rig = Get-Rig $generation Chapter
        $session = Connect-CtrSession $rig.Address -Namespace k8s.io
        $folder = (New-Item (Join-Path (Split-Path $rig.Root) look) -ItemType Directory -Force).FullName
        $null = Expand-CtrImage nginx:deb
        $before = Get-RigState $rig

        # the size of every image
        $sizes = Get-CtrImage | Select-Object Name, Size
        $sizes.Name | Should -Contain docker.io/library/nginx:deb
        ($sizes | Where-Object Name -Like '*nginx*').Size | Should -BeGreaterThan 100MB

        # inspect, one field picked
        (Get-CtrImageConfig nginx:deb).StopSignal | Should -Be SIGQUIT
        ((Get-CtrImageConfig nginx:deb).ToJson() | ConvertFrom-Json).Config.Cmd | Should -Be '-g', 'daemon off;'

        # history, and a look into the layer of one step
        $step = Get-CtrImageHistory nginx:deb | Where-Object CreatedBy -Like 'COPY*'
        $page = Get-CtrImageFile nginx:deb -Recurse | Where-Object { $_.Layer -eq $step.LayerDigest -and $_.Kind -eq 'File' }
        $page.Path | Should -Be /var/www/html/index.html
        $page | Get-CtrImageContent | Should -BeLike '*it works*'

        # mount, ls, unmount
        $null = Mount-CtrImage nginx:deb $folder
        try {
            (Get-ChildItem $folder).Name | Should -Be (Get-CtrImageFile nginx:deb).Name
            Get-Content "$folder/var/www/html/index.html" | Should -BeLike '*it works*'
            (Get-CtrImageMount).Path | Should -Be $folder
        } finally {
            Dismount-CtrImage $folder
        }
        Get-ChildItem $folder | Should -BeNullOrEmpty

        # convert, tag: ctr takes both for images like others
        $converted = Convert-CtrImage busybox:1.35 busybox:zstd -Compression Zstd
        Add-CtrImageTag busybox:zstd registry.example.com/busybox:zstd
        try {
            $rows = ConvertFrom-CtrTable (Invoke-Ctr $rig -n k8s.io images ls) | Where-Object REF -Like '*busybox:zstd'
            $rows.REF | Should -Be docker.io/library/busybox:zstd, registry.example.com/busybox:zstd
            $rows.DIGEST | Sort-Object -Unique | Should -Be $converted.Digest
            (Invoke-Ctr $rig -n k8s.io images check "name==$($rows[0].REF)")[1] | Should -BeLike '* complete (*'
        } finally {
            Remove-CtrImage busybox:zstd, registry.example.com/busybox:zstd -Synchronous
        }

        Disconnect-CtrSession $session
        Compare-Object $before (Get-RigState $rig) | Should -BeNullOrEmpty
    }
}
