#requires -Version 7.6
# What a PowerShell leaves that is killed in the middle of its work: seen, cleared by the next call that meets it, and by Clear-CtrLeftover.

BeforeDiscovery {
    Import-Module (Join-Path $PSScriptRoot Helpers.psm1)
    $generations = @(Get-RigGeneration)
}

BeforeAll {
    $ErrorActionPreference = 'Stop'
    Import-ModuleUnderTest

    # A PowerShell of its own that runs a line with the daemon; Stop-Child kills it as the kernel does when memory runs out.
    function Start-Child {
        [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '', Justification = 'of the test')]
        param([string] $Line)
        $program, $first = Get-PowerShellWord
        $start = [Diagnostics.ProcessStartInfo]::new($program)
        $text = "`$ErrorActionPreference = 'Stop'; Import-Module '$(Get-ManifestPath)'; $Line"
        foreach ($word in @($first) + '-NoProfile', '-NonInteractive', '-Command', $text | Where-Object { $_ }) {
            $start.ArgumentList.Add($word)
        }
        $start.Environment['CONTAINERD_ADDRESS'] = $rig.Address
        $start.Environment['CONTAINERD_NAMESPACE'] = $namespace
        $start.RedirectStandardInput = $start.RedirectStandardOutput = $start.RedirectStandardError = $true
        $child = [Diagnostics.Process]::Start($start)
        $child.StandardInput.Close()
        $children.Add($child)
        $child
    }

    function Stop-Child {
        [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '', Justification = 'of the test')]
        param([Diagnostics.Process] $Child)
        $Child.Kill()
        $Child.WaitForExit()
    }

    # Ids of the processes that were added to the container, in ctr's words.
    function Get-ExecId {
        @(Invoke-Ctr $rig -n $namespace tasks ps $web | ForEach-Object { if ($_ -match 'exec-[0-9a-f]{32}') { $Matches[0] } })
    }

    # The pipe folders that a process made.
    function Get-PipeFolder {
        param([Diagnostics.Process] $Child)
        Get-ChildItem /run/containerd/fifo -Filter ctrps-* -ErrorAction Ignore | Where-Object {
            (Get-Content "$($_.FullName)/owner.json" -ErrorAction Ignore | ConvertFrom-Json).Process -like "$($Child.Id)@*"
        } | ForEach-Object FullName
    }

    # A child that runs a command in the container, once the command runs.
    function Start-Exec {
        [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '', Justification = 'of the test')]
        param([string] $Words = 'sleep 1000')
        $before = @(Get-ExecId)
        $child = Start-Child "Invoke-CtrCommand $web -- $Words"
        Wait-Until { Get-ExecId | Where-Object { $_ -notin $before } } 'the command runs' -Seconds 60
        [pscustomobject]@{ Process = $child; ExecId = @(Get-ExecId | Where-Object { $_ -notin $before })[0]; Folder = Get-PipeFolder $child }
    }

    function Get-Ingest {
        @(Invoke-Ctr $rig -n $namespace content active | Select-Object -Skip 1 | ForEach-Object { ($_ -split '\s+')[0] })
    }

    # A child that is killed in the middle of the import of a large image.
    function Stop-Import {
        [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '', Justification = 'of the test')]
        param()
        $store = "$($rig.Root)/io.containerd.content.v1.content/ingest"
        for ($try = 1; ; $try++) {
            $child = Start-Child "Import-CtrImage '$(Get-ArchivePath nginx)' -NoUnpack"
            while (-not $child.HasExited) {
                if ([IO.DirectoryInfo]::new($store).GetFiles('data', 'AllDirectories').Where({ $_.Exists -and $_.Length -gt 1MB })) {
                    break
                }
            }
            Stop-Child $child
            if (Get-Ingest | Where-Object { $_ -like 'ctrps-*' }) {
                break
            }
            if ($try -eq 10) {
                throw 'No import was killed in the middle in ten tries.'
            }
            Remove-Nginx
        }
        $child
    }

    # With its bytes: what the daemon has in any namespace is not written again.
    function Remove-Nginx {
        [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '', Justification = 'an image of the test')]
        param()
        Invoke-Ctr $rig -n $namespace images ls -q | Where-Object { $_ -like '*nginx*' } | ForEach-Object {
            $null = Invoke-Ctr $rig -n $namespace images rm --sync $_
        }
    }
}

Describe 'What a killed PowerShell leaves, containerd <generation>' -ForEach $generations {
    if ($reason) {
        It 'has a daemon' { Set-ItResult -Skipped -Because $reason }
        return
    }

    BeforeAll {
        $rig = Get-Rig $generation Restart # in which nginx is not
        $namespace = Add-TestNamespace $rig
        $session = Connect-CtrSession $rig.Address -Namespace $namespace
        $web = "web-$([guid]::NewGuid().ToString('n').Substring(0, 6))"
        Add-TestContainer $rig $namespace $web sleep 100000
        $children = [Collections.Generic.List[Diagnostics.Process]]::new()
        $folder = (New-Item -ItemType Directory (Join-Path ([IO.Path]::GetTempPath()) "pester-left-$([guid]::NewGuid().ToString('n'))")).FullName
    }

    AfterEach {
        $children | Where-Object { -not $_.HasExited } | ForEach-Object { Stop-Child $_ }
        $children.Clear()
        $null = Clear-CtrLeftover -Namespace $namespace -Session $session -Path $folder
        Get-ExecId | Should -BeNullOrEmpty
        Get-Ingest | Should -BeNullOrEmpty
        Invoke-Ctr $rig -n $namespace leases ls -q | Should -BeNullOrEmpty
    }

    AfterAll {
        Remove-Item $folder -Recurse
        Disconnect-CtrSession $session
        Clear-TestNamespace $rig $namespace
    }

    It 'of a command: the next one clears the process and its pipes, and leaves those of living ones alone' {
        $living = Start-Exec
        $killed = Start-Exec
        $killed.Folder | Should -HaveCount 1
        (Get-Item "$($killed.Folder)/owner.json").UnixMode | Should -Be '-rw-------'
        Stop-Child $killed.Process
        Get-ExecId | Sort-Object | Should -Be ($living.ExecId, $killed.ExecId | Sort-Object)

        Invoke-CtrCommand $web -Session $session -- echo done | Should -Be 'done'
        Get-ExecId | Should -Be $living.ExecId
        $killed.Folder | Should -Not -Exist
        $living.Folder | Should -Exist
        $living.Process.HasExited | Should -BeFalse
    }

    It 'of a command: Clear-CtrLeftover -WhatIf shows it and changes nothing; without it clears it' {
        $living = Start-Exec
        $killed = Start-Exec
        Stop-Child $killed.Process
        foreach ($time in 1, 2) {
            $left = @(Clear-CtrLeftover -Session $session -Namespace $namespace -WhatIf)
            $left.Key | Should -Be "$web/$($killed.ExecId)"
            $left.Kind | Should -Be 'Process'
            $left.ProcessId | Should -Be $killed.Process.Id
            $left.Namespace | Should -Be $namespace
            $left[0].Address | Should -Be $rig.Address
            $left.Since | Should -BeGreaterThan ([DateTimeOffset]::Now.AddMinutes(-10))
            $left.Reason | Should -Match 'killed'
        }
        Get-ExecId | Should -HaveCount 2
        $killed.Folder | Should -Exist

        Clear-CtrLeftover -Session $session -Namespace other-* -WhatIf | Should -BeNullOrEmpty
        (Clear-CtrLeftover -Session $session).Key | Should -Contain "$web/$($killed.ExecId)"
        Get-ExecId | Should -Be $living.ExecId
        $killed.Folder | Should -Not -Exist
        $living.Folder | Should -Exist
        Clear-CtrLeftover -Session $session -Namespace $namespace | Should -BeNullOrEmpty
    }

    It 'of a command in a paused container: told, and cleared when that goes on' {
        $killed = Start-Exec
        Stop-Child $killed.Process
        Suspend-CtrTask $web -Session $session
        try {
            Clear-CtrLeftover -Session $session -Namespace $namespace -ErrorAction SilentlyContinue -ErrorVariable told | Should -BeNullOrEmpty
            $told.FullyQualifiedErrorId | Should -BeLike 'CtrTaskTimeout,*'
            $told.ErrorDetails.RecommendedAction | Should -BeLike '*paused*Resume-CtrTask*'
        } finally {
            Resume-CtrTask $web -Session $session
        }
        (Clear-CtrLeftover -Session $session -Namespace $namespace).Key | Should -Be "$web/$($killed.ExecId)"
        Get-ExecId | Should -BeNullOrEmpty
    }

    It 'of a command that has ended since: its pipes' {
        $killed = Start-Exec
        Stop-Child $killed.Process
        $null = Invoke-Ctr $rig -n $namespace tasks kill --exec-id $killed.ExecId -s SIGKILL $web
        $left = @(Clear-CtrLeftover -Session $session -Namespace $namespace)
        $left.Kind | Should -BeIn 'Process', 'Pipes'
        $killed.Folder | Should -Not -Exist
        Get-ExecId | Should -BeNullOrEmpty
    }

    It 'never kills a process that the daemon says has other pipes' {
        $killed = Start-Exec
        $lying = Start-Exec
        Stop-Child $killed.Process
        $mark = Get-Content "$($killed.Folder)/owner.json" -Raw
        [IO.File]::WriteAllText("$($killed.Folder)/owner.json", $mark.Replace($killed.ExecId, $lying.ExecId))
        (Clear-CtrLeftover -Session $session -Namespace $namespace).Kind | Should -Be 'Pipes'
        $killed.Folder | Should -Not -Exist
        Get-ExecId | Should -Contain $lying.ExecId
        $lying.Process.HasExited | Should -BeFalse

        # Now its process is nobody's that could be told: the test's own to end.
        $null = Invoke-Ctr $rig -n $namespace tasks kill --exec-id $killed.ExecId -s SIGKILL $web
        Wait-Until { (Get-ExecId) -notcontains $killed.ExecId } 'the process has ended'
    }

    It 'of a task: it lives on, and its pipes go with it' {
        $id = "main-$([guid]::NewGuid().ToString('n').Substring(0, 6))"
        $child = Start-Child "Invoke-CtrImage busybox:1.35 $id sleep 1000"
        Wait-Until { (Invoke-Ctr $rig -n $namespace tasks ls) -match "^$id\s+\d+\s+RUNNING" } 'the task runs' -Seconds 60
        $pipes = Get-PipeFolder $child
        Stop-Child $child
        Clear-CtrLeftover -Session $session -Namespace $namespace | Should -BeNullOrEmpty
        Invoke-CtrCommand $web -Session $session -- echo done | Should -Be 'done'
        (Invoke-Ctr $rig -n $namespace tasks ls) -match "^$id\s+\d+\s+RUNNING" | Should -HaveCount 1
        $pipes | Should -Exist

        # ctr knows nothing of our folder.
        Clear-TestContainer $rig $namespace $id
        $null = Clear-CtrLeftover -Session $session -Namespace $namespace
        $pipes | Should -Not -Exist
    }

    It 'of an import: the lease and the write' {
        $killed = Stop-Import
        $left = @(Clear-CtrLeftover -Session $session -Namespace $namespace -WhatIf)
        ($left | Where-Object Kind -EQ Lease).ProcessId | Should -Be $killed.Id
        ($left | Where-Object Kind -EQ Ingest).Key | Sort-Object | Should -Be (Get-Ingest | Sort-Object)
        $left.Kind | Sort-Object -Unique | Should -Be 'Lease', 'Ingest'
        Get-Ingest | Should -Not -BeNullOrEmpty

        # ctr's own are none of ours.
        $null = Invoke-Ctr $rig -n $namespace leases create --id ctrps-not-ours
        $blobs = @(Invoke-Ctr $rig -n $namespace content ls -q)
        $cleared = @(Clear-CtrLeftover -Session $session -Namespace $namespace)
        $cleared.Key | Sort-Object | Should -Be ($left.Key | Sort-Object)
        Get-Ingest | Should -BeNullOrEmpty
        Invoke-Ctr $rig -n $namespace leases ls -q | Should -Be ctrps-not-ours
        @(Invoke-Ctr $rig -n $namespace content ls -q).Count | Should -BeLessOrEqual $blobs.Count
        $null = Invoke-Ctr $rig -n $namespace leases rm ctrps-not-ours
    }

    It 'of an import: the next one clears it on its way' {
        $null = Stop-Import
        $null = Import-CtrImage (Get-ArchivePath nginx) -Session $session -NoUnpack
        Invoke-Ctr $rig -n $namespace leases ls -q | Should -BeNullOrEmpty
        Get-Ingest | Should -BeNullOrEmpty
        Clear-CtrLeftover -Session $session -Namespace $namespace | Should -BeNullOrEmpty
        Remove-Nginx
    }

    It 'of a save: the file, where -Path says' {
        $null = Invoke-Ctr $rig -n $namespace images import --no-unpack (Get-ArchivePath nginx)
        $target = Join-Path $folder nginx.tar
        for ($try = 1; ; $try++) {
            $child = Start-Child "Save-CtrImage nginx:deb '$target' -Force"
            while (-not $child.HasExited -and -not [IO.Directory]::GetFiles($folder, '*.partial')) {
            }
            Stop-Child $child
            if ([IO.Directory]::GetFiles($folder, '*.partial')) {
                break
            }
            if ($try -eq 10) {
                throw "No save was killed in the middle in ten tries: $($child.StandardError.ReadToEnd())"
            }
        }
        $foreign = Join-Path $folder 'download.partial'
        [IO.File]::WriteAllText($foreign, 'not ours')
        $partial = [IO.Directory]::GetFiles($folder, 'nginx.tar.*.partial')
        $left = @(Clear-CtrLeftover -Session $session -Namespace $namespace -Path $folder -WhatIf)
        $left.Key | Should -Be $partial
        $left.Kind | Should -Be 'File'
        $partial | Should -Exist
        (Clear-CtrLeftover -Session $session -Namespace $namespace -LiteralPath $folder).Key | Should -Be $partial
        $partial | Should -Not -Exist
        $foreign | Should -Exist
        Remove-Item $foreign
        Remove-Item $target -ErrorAction Ignore
        Remove-Nginx
    }

    It 'is cleared by eight at once, each thing told at least once' {
        $killed = 1..3 | ForEach-Object { Start-Exec }
        $killed.Process | ForEach-Object { Stop-Child $_ }
        $null = Stop-Import
        $left = @(Clear-CtrLeftover -Session $session -Namespace $namespace -WhatIf)
        $left.Count | Should -BeGreaterOrEqual 5
        $manifest, $address = (Get-ManifestPath), $rig.Address
        $cleared = 1..8 | ForEach-Object -ThrottleLimit 8 -Parallel {
            $ErrorActionPreference = 'Stop'
            Import-Module $using:manifest
            Clear-CtrLeftover -Session $using:address -Namespace $using:namespace
        }
        $cleared.Key | Sort-Object -Unique | Should -Be ($left.Key | Sort-Object -Unique)
        Clear-CtrLeftover -Session $session -Namespace $namespace | Should -BeNullOrEmpty
        $killed.Folder | Should -Not -Exist
    }
}
