#requires -Version 7.6
# Connect-, Get- and Disconnect-CtrSession, which session a cmdlet takes, and a containerd that stops under an open session and comes back.

BeforeDiscovery {
    Import-Module (Join-Path $PSScriptRoot Helpers.psm1)
}

BeforeAll {
    $ErrorActionPreference = 'Stop'
    Import-ModuleUnderTest
}

Describe 'Sessions, containerd <generation>' -ForEach (Get-RigGeneration) {
    if ($reason) {
        It 'has a daemon' { Set-ItResult -Skipped -Because $reason }
        return
    }

    BeforeAll {
        $rig = Get-Rig $generation
        $address = $rig.Address
    }

    AfterEach {
        Get-CtrSession | Disconnect-CtrSession
    }

    It 'connects, and says where to' {
        $begin = [DateTimeOffset]::Now
        $session = Connect-CtrSession $address -Namespace k8s.io
        $session | Should -BeOfType CtrPS.CtrSession
        $session.Address | Should -Be $address
        $session.Namespace | Should -Be 'k8s.io'
        $session.ServerVersion | Should -Be $rig.Version
        $session.State | Should -Be 'Opened'
        $session.IsDefault | Should -BeTrue
        $session.ConnectedAt | Should -BeGreaterOrEqual $begin
        $session.ConnectedAt | Should -BeLessOrEqual ([DateTimeOffset]::Now)
        "$session" | Should -Be $address
    }

    It 'uses the last connected session where none is named, but not one with -NoDefault' {
        $first = Connect-CtrSession $address -Namespace default
        $second = Connect-CtrSession $address -Namespace k8s.io
        $third = Connect-CtrSession $address -Namespace default -NoDefault
        (Get-CtrImage busybox:1.35).Namespace | Should -Be 'k8s.io'
        $first.IsDefault, $second.IsDefault, $third.IsDefault | Should -Be $false, $true, $false
        Disconnect-CtrSession
        $second.State | Should -Be 'Closed'
        $first.State, $third.State | Should -Be 'Opened', 'Opened'
    }

    It 'connects by itself to the address and namespace of the environment' {
        Use-Environment @{ CONTAINERD_ADDRESS = $address; CONTAINERD_NAMESPACE = 'k8s.io' } {
            (Get-CtrImage busybox:1.35).Name | Should -Be 'docker.io/library/busybox:1.35'
            $session = Get-CtrSession
            $session | Should -HaveCount 1
            $session.Address | Should -Be $address
            $session.Namespace | Should -Be 'k8s.io'
            $session.IsDefault | Should -BeTrue
            $env:CONTAINERD_NAMESPACE = 'default'
            $session.Namespace | Should -Be 'default' -Because 'it was not opened with another'
            (Connect-CtrSession -Namespace k8s.io).Namespace | Should -Be 'k8s.io'
        }
    }

    It 'takes the namespace "default" where nothing says another' {
        (Connect-CtrSession $address).Namespace | Should -Be 'default'
    }

    It 'takes a session, its number, a path or a URI as -Session' {
        $session = Connect-CtrSession $address -NoDefault
        foreach ($form in $session, $session.Id, "$($session.Id)", $address, "unix://$address") {
            (Get-CtrServer -Session $form).Address | Should -Be $address
        }
        (Get-CtrServer -Address $address).Address | Should -Be $address
        Get-CtrSession | Should -HaveCount 1 -Because 'all forms mean the session that is there'
        { Get-CtrServer -Session 4711 } | Should -Throw -ErrorId 'ParameterArgumentTransformationError,*' -ExpectedMessage '*no session 4711*'
    }

    It 'lists sessions by number' {
        $one, $two = 1..2 | ForEach-Object { Connect-CtrSession $address }
        $two.Id | Should -BeGreaterThan $one.Id
        (Get-CtrSession $one.Id) | Should -Be $one
        (Get-CtrSession).Id | Should -Be $one.Id, $two.Id
        $two.Id, $one.Id | Get-CtrSession | ForEach-Object Id | Should -Be $two.Id, $one.Id
    }

    It 'closes sessions by object, number, address, and through the pipeline' {
        $sessions = 1..5 | ForEach-Object { Connect-CtrSession $address -NoDefault }
        Disconnect-CtrSession $sessions[0]
        Disconnect-CtrSession -Session $sessions[1].Id
        $sessions.State | Should -Be 'Closed', 'Closed', 'Opened', 'Opened', 'Opened'
        $sessions[2] | Disconnect-CtrSession
        $sessions.State | Should -Be 'Closed', 'Closed', 'Closed', 'Opened', 'Opened'
        Disconnect-CtrSession -Address $address
        $sessions.State | Should -Be 'Closed', 'Closed', 'Closed', 'Closed', 'Closed' -Because 'an address means all sessions there'
        Get-CtrSession | Should -BeNullOrEmpty
        Disconnect-CtrSession
        { Disconnect-CtrSession -Address $address } | Should -Throw -ExpectedMessage "*no session with '$address'*"
    }

    It 'leaves no session behind when it cannot connect' {
        { Connect-CtrSession "$address.none" } | Should -Throw -ErrorId 'CtrAddressNotFound,*'
        Get-CtrSession | Should -BeNullOrEmpty
    }

    It 'keeps objects with their session: they work whatever the default is' {
        $namespace = Add-TestNamespace $rig
        try {
            $image = Get-CtrImage -Session (Connect-CtrSession $address -NoDefault) -Namespace $namespace
            $image | Set-CtrImage -Label @{ team = 'web' }
            ($image | Get-CtrImage).Labels['team'] | Should -Be 'web'
        } finally {
            Clear-TestNamespace $rig $namespace
        }
    }

    It 'lets other runspaces use a session, and keeps their own apart' {
        $session = Connect-CtrSession $address -Namespace k8s.io
        $manifest = Get-ManifestPath
        $found = 1..3 | ForEach-Object -UseNewRunspace -Parallel {
            Import-Module $using:manifest
            "$((Get-CtrImage busybox:1.35 -Session $using:session).Tag) $(@(Get-CtrSession).Count)"
        }
        $found | Should -Be '1.35 0', '1.35 0', '1.35 0'
        (Get-CtrSession).Id | Should -Be $session.Id
    }

    It 'are opened, listed and closed by lines, one after another' {
        foreach ($step in @(
                @{ line = 'Get-CtrSession | Disconnect-CtrSession'; gives = @() }
                @{ line = 'Connect-CtrSession {address} k8s.io | Select -Expand Namespace'; gives = 'k8s.io' }
                @{ line = 'Get-CtrImage nginx:deb | Select -Expand Tag'; gives = 'deb' }
                @{ line = 'Connect-CtrSession {address} -NoDefault -Timeout 5 | Select -Expand State'; gives = 'Opened' }
                @{ line = 'Get-CtrSession | Select -Expand IsDefault'; gives = 'True', 'False' }
                @{ line = 'Get-CtrSession | Select -First 1 | Disconnect-CtrSession -Verbose'; gives = @() }
                @{ line = 'Get-CtrImage -WarningAction Ignore'; gives = @() }
                @{ line = 'Disconnect-CtrSession {address}'; gives = @() }
                @{ line = 'Get-CtrSession'; gives = @() }
                @{ line = "'nope' | Disconnect-CtrSession"; fails = 'ParameterArgumentTransformationError InvalidData [nope]' }
                @{ line = 'Connect-CtrSession -Timeout 0'; fails = 'ParameterArgumentValidationError' }
                @{
                    line  = 'Connect-CtrSession tcp://127.0.0.1:1 -CertificateAuthority /nonexistent/ca.pem'
                    fails = 'CtrInvalidArgument InvalidArgument [tcp://127.0.0.1:1]'
                }
            )) {
            Assert-Line $rig @step
        }
    }
}

Describe 'A daemon that goes and comes, containerd <generation>' -ForEach (Get-RigGeneration) {
    if ($reason) {
        It 'has a daemon' { Set-ItResult -Skipped -Because $reason }
        return
    }

    BeforeAll {
        $rig = Get-Rig $generation Restart
    }

    It 'is missed in one clear error, and found again by the same session, after <how>' -ForEach @(
        @{ how = 'systemctl stop'; command = 'stop' }
        @{ how = 'kill -9'; command = 'kill' }
    ) {
        $session = Connect-CtrSession $rig.Address -Namespace k8s.io
        $image = Get-CtrImage busybox:1.35
        Send-RigCommand $rig $command
        try {
            foreach ($script in { Get-CtrImage }, { $image, $image | Get-CtrImage }, { Get-CtrServer }, { $image | Remove-CtrImage }) {
                $clock = [Diagnostics.Stopwatch]::StartNew()
                # Terminating, or -ErrorAction would have silenced it; and the only one.
                $Error.Clear()
                $record = { & $script -ErrorAction SilentlyContinue } | Should -Throw -ExpectedMessage "*'$($rig.Address)'*" -PassThru
                $Error.Count | Should -Be 1
                $record.Exception.ErrorId | Should -BeIn 'CtrAddressNotFound', 'CtrConnectionRefused', 'CtrUnavailable'
                $record.CategoryInfo.Category | Should -BeIn 'ResourceUnavailable', 'ConnectionError'
                $record.TargetObject | Should -Be $rig.Address
                $record.ErrorDetails.RecommendedAction | Should -BeLike '*containerd*'
                $clock.Elapsed.TotalSeconds | Should -BeLessThan 5
            }
            $session.State | Should -Be 'Opened'
        } finally {
            Send-RigCommand $rig start
        }
        (Get-CtrImage busybox:1.35).Digest | Should -Be $image.Digest
        ($image | Get-CtrImage).Digest | Should -Be $image.Digest
        (Get-CtrServer).Version | Should -Be $rig.Version
        Get-CtrSession | ForEach-Object Id | Should -Contain $session.Id
        Disconnect-CtrSession $session
    }
}

Describe 'Several sessions' {
    BeforeDiscovery {
        $reason = @(Get-RigGeneration | Where-Object { $_.reason } | ForEach-Object { $_.reason })[0]
    }

    if ($reason) {
        It 'has daemons' { Set-ItResult -Skipped -Because $reason }
        return
    }

    BeforeAll {
        $rigs = @(Get-RigGeneration | ForEach-Object { Get-Rig $_.generation })
        # Not .Address: that is a method of arrays.
        $addresses = @($rigs | ForEach-Object Address)
        $none = Join-Path $TestDrive none.sock
        # Of the same name in all daemons; a container has an id of its own in each, as runc's folder is the machine's.
        $namespace = "pester-$([guid]::NewGuid().ToString('n').Substring(0, 8))"
        foreach ($rig in $rigs) {
            $null = Invoke-Ctr $rig -n $namespace images import --no-unpack (Get-ArchivePath busybox)
        }
    }

    BeforeEach {
        $sessions = @($addresses | ForEach-Object { Connect-CtrSession $_ -Namespace $namespace -NoDefault })
    }

    AfterEach {
        Get-CtrSession | Disconnect-CtrSession
    }

    AfterAll {
        foreach ($rig in $rigs) {
            Clear-TestContainer $rig $namespace
            Clear-TestNamespace $rig $namespace
        }
    }

    It 'are given as sessions, numbers, addresses, or through the pipeline; the same twice is once' {
        $versions = @($rigs.Version)
        (Get-CtrServer -Session $sessions).Version | Should -Be $versions
        (Get-CtrServer -Session $sessions.Id).Version | Should -Be $versions
        (Get-CtrServer -Session $addresses).Version | Should -Be $versions
        ($sessions | Get-CtrServer).Version | Should -Be $versions
        (Get-CtrSession | Get-CtrServer).Version | Should -Be $versions
        (Get-CtrServer -Session $sessions[0], $sessions[0].Id, $sessions[1]).Version | Should -Be $versions[0, 1]
    }

    It 'give objects with their address, in the order of the sessions, that work at their own daemon' {
        $images = Get-CtrImage busybox:1.35 -Session $sessions[2, 0, 1]
        $images | ForEach-Object Address | Should -Be $addresses[2, 0, 1]
        $images | Set-CtrImage -Label @{ seen = 'yes' }
        foreach ($rig in $rigs) {
            Invoke-Ctr $rig -n $namespace images ls 'labels.seen==yes' | Should -HaveCount 2 -Because 'a header and the image'
        }
        Get-CtrNamespace $namespace -Session $sessions | ForEach-Object Address | Should -Be $addresses
        Get-CtrPlugin overlayfs -Session $sessions | ForEach-Object Address | Should -Be $addresses
        (Test-CtrImage busybox:1.35 -Session $sessions).Status | Should -Be Complete, Complete, Complete
    }

    It 'are grouped in tables by their address, and one alone is not' {
        $table = Get-CtrImage -Session $sessions | Out-String -Width 80
        foreach ($address in $addresses) {
            $table | Should -BeLike "*Namespace: $namespace at $address*"
        }
        $sessions[1..2] | Disconnect-CtrSession
        Get-CtrImage -Session $sessions[0] | Out-String -Width 80 | Should -Not -BeLike "*$($addresses[0])*"
    }

    It 'go on without one that fails, which is an error record with its address' {
        $images = Get-CtrImage -Session $addresses[0], $none, $addresses[1] -Namespace $namespace -ErrorVariable told -ErrorAction SilentlyContinue
        $images | ForEach-Object Address | Should -Be $addresses[0, 1]
        $told | Should -HaveCount 1
        $told[0].FullyQualifiedErrorId | Should -Be 'CtrAddressNotFound,CtrPS.Commands.GetCtrImageCommand'
        "$($told[0])" | Should -BeLike "*$none*"
        { Get-CtrImage -Session $none, $addresses[0] -Namespace $namespace -ErrorAction Stop } | Should -Throw -ErrorId 'CtrAddressNotFound,*'
    }

    It 'tell in an error, a warning and -Verbose which of them it is' {
        $null = Get-CtrImage nothere -Session $sessions[0, 1] -ErrorVariable told -ErrorAction SilentlyContinue
        $told | ForEach-Object { "$_" } | Should -BeLike "*: There is no image 'nothere'*"
        $told | ForEach-Object { ("$_" -split ': ')[0] } | Sort-Object | Should -Be ($addresses[0, 1] | Sort-Object)
        $told[0].ErrorDetails.RecommendedAction | Should -Not -BeNullOrEmpty
        $null = New-CtrNamespace "$namespace-empty" -Session $sessions[0, 1]
        $null = Get-CtrImage -Session $sessions[0, 1] -Namespace "$namespace-empty" -WarningVariable warned -WarningAction Ignore
        Remove-CtrNamespace "$namespace-empty" -Session $sessions[0, 1] -Force
        $warned | ForEach-Object { ("$_" -split ': ')[0] } | Sort-Object | Should -Be ($addresses[0, 1] | Sort-Object)
        $said = Copy-CtrImage busybox:1.35 "$namespace-copy" -Session $sessions[0, 1] -Confirm:$false -Verbose 4>&1 |
            Where-Object { "$_" -like '*Copied*' }
        Remove-CtrImage busybox:1.35 -Namespace "$namespace-copy" -Session $sessions[0, 1] -Synchronous
        Remove-CtrNamespace "$namespace-copy" -Session $sessions[0, 1] -Force
        $said | ForEach-Object { ("$_" -split ': ')[0] } | Sort-Object | Should -Be ($addresses[0, 1] | Sort-Object)
    }

    It 'from the pipeline mean where, whatever else they could bind to' {
        Connect-CtrSession $addresses[0] -Namespace k8s.io | Out-Null
        $sessions[1] | Get-CtrTask | Should -BeNullOrEmpty -Because 'it is no container named as the session''s number'
        ($sessions[1] | Get-CtrImage).Namespace | Should -Be $namespace
        $sessions[1] | Get-CtrImage -Namespace k8s.io | ForEach-Object Address | Select-Object -Unique | Should -Be $addresses[1]
        ($sessions[1] | Get-CtrNamespace).Name | Should -Contain k8s.io
        $line = "Import-Module '$(Get-ManifestPath)'; `$null = Connect-CtrSession '$($addresses[0])'
            Connect-CtrSession '$($addresses[1])' -Namespace $namespace -NoDefault | Remove-CtrImage * -WhatIf"
        pwsh -NoProfile -NonInteractive -Command $line |
            Should -BeLike "What if: *image 'docker.io/library/busybox:1.35' in namespace '$namespace' at '$($addresses[1])'*"
        { $sessions[0] | Remove-CtrContainer } | Should -Throw -ErrorId 'CtrInvalidArgument,*' -ExpectedMessage '*-Container has to say what*'
        { $sessions[0] | Get-CtrImage -Session $sessions[1] } | Should -Throw -ErrorId 'CtrTargetConflict,*'
        { Get-CtrImage -Session $sessions[0] | Test-CtrImage -Session $sessions[1] -ErrorAction Stop } | Should -Throw -ErrorId 'CtrTargetConflict,*'
    }

    It 'are named by -WhatIf where one is given of several that are open' {
        $line = "Import-Module '$(Get-ManifestPath)'
            `$s = '$($addresses[0])', '$($addresses[1])' | ForEach-Object { Connect-CtrSession `$_ -Namespace $namespace }
            Add-CtrImageTag busybox:1.35 other:1 -WhatIf; Disconnect-CtrSession `$s[1]; Add-CtrImageTag busybox:1.35 other:1 -Session `$s[0] -WhatIf"
        $several, $one = pwsh -NoProfile -NonInteractive -Command $line
        $several | Should -BeLike "*in namespace '$namespace' at '$($addresses[1])'*"
        $one | Should -BeLike "*in namespace '$namespace'`"." -Because 'there is one only'
    }

    It 'remove, import and run at all of them' {
        Remove-CtrImage busybox:1.35 -Session $sessions
        foreach ($rig in $rigs) {
            Invoke-Ctr $rig -n $namespace images ls -q | Should -BeNullOrEmpty
        }
        Import-CtrImage (Get-ArchivePath busybox) -Session $sessions | ForEach-Object Address | Should -Be $addresses
        foreach ($i in 0..2) {
            $null = New-CtrContainer busybox:1.35 "node-$namespace-$i" -Session $sessions[$i] -- sleep 1000 | Start-CtrTask -NullIO
        }
        Invoke-CtrCommand "node-$namespace-*" -Session $sessions -- sh -c 'echo $((6 * 7))' | Should -Be 42, 42, 42
        $LASTEXITCODE | Should -Be 0
        $results = Invoke-CtrCommand "node-$namespace-*" -Session $sessions -AsResult -- sh -c '[ $(hostname | wc -c) -gt 0 ]; exit 3'
        $results.ExitCode | Should -Be 3, 3, 3
        $results | ForEach-Object Address | Should -Be $addresses
        $LASTEXITCODE | Should -Be 3
        $both = Invoke-CtrCommand "node-$namespace-*" -Session $sessions -Shell 'echo out; echo note >&2; exit 4' 2>&1
        $?, $LASTEXITCODE | Should -Be $false, 4
        $both | Group-Object { $_ -is [Management.Automation.ErrorRecord] } | ForEach-Object Count | Should -Be 3, 3
        'in' | Invoke-CtrCommand "node-$namespace-*" -Session $sessions -- cat | Should -Be in, in, in
        $sessions | Invoke-CtrCommand "node-$namespace-*" -- echo out | Should -Be out, out, out
        Get-CtrTask -Session $sessions | ForEach-Object Address | Should -Be $addresses
        Stop-CtrTask "node-$namespace-*" -Session $sessions -Timeout 0
        Wait-CtrTask "node-$namespace-*" -Session $sessions -Timeout 30 | ForEach-Object Address | Should -Be $addresses
        Remove-CtrContainer "node-$namespace-*" -Session $sessions
        Get-CtrContainer -Session $sessions | Should -BeNullOrEmpty
    }

    It 'are watched together, and their events grouped' {
        $events = $sessions | Watch-CtrEvent -Topic /images/update -MaxCount 1 -Timeout 30 -ScriptBlock {
            Set-CtrImage busybox:1.35 -Session $sessions -Label @{ at = "$([guid]::NewGuid())" }
        }
        $events | ForEach-Object Address | Sort-Object -Unique | Should -Be ($addresses | Sort-Object)
        $events | Out-String -Width 80 | Should -BeLike "*Address: $($addresses[2])*"
    }

    It 'end at once when the pipeline has enough or is stopped' {
        $clock = [Diagnostics.Stopwatch]::StartNew()
        Watch-CtrEvent -Session $sessions -Namespace $namespace -ScriptBlock {
            Set-CtrImage busybox:1.35 -Session $sessions[0] -Label @{ at = "$([guid]::NewGuid())" }
        } | Select-Object -First 1 | Should -Not -BeNullOrEmpty
        $runspace = [powershell]::Create().AddScript("Import-Module '$(Get-ManifestPath)'; Watch-CtrEvent -Session '$($addresses -join "', '")'")
        $asked = $runspace.BeginInvoke()
        Wait-Until { $runspace.InvocationStateInfo.State -eq 'Running' } 'the watch runs'
        $runspace.Stop()
        $asked.IsCompleted | Should -BeTrue
        $runspace.Dispose()
        $clock.Elapsed.TotalSeconds | Should -BeLessThan 20
    }

    It 'are refused where one thing is made: <line>' -ForEach @(
        @{ line = 'Save-CtrImage busybox:1.35 {0}/x.tar'; why = 'one archive is written' }
        @{ line = 'Export-CtrInventory {0}/x.json'; why = 'one file is written' }
        @{ line = 'Register-CtrEvent -Action {{ }}'; why = 'a registration has one source' }
        @{ line = 'Enter-CtrContainer web'; why = 'this terminal talks to one process' }
    ) {
        $script = [scriptblock]::Create(($line -f "$TestDrive") + ' -Session $sessions')
        { & $script } | Should -Throw -ErrorId 'CtrInvalidArgument,*' -ExpectedMessage "*one session at a time, as $why*"
        Get-ChildItem $TestDrive -Filter x.* | Should -BeNullOrEmpty
    }

    It 'are those of records that came back from a file' {
        $file = Join-Path $TestDrive "images.$([guid]::NewGuid().ToString('n'))"
        Get-CtrImage busybox:1.35 -Session $sessions | Export-Clixml "$file.xml"
        Get-CtrImage busybox:1.35 -Session $sessions | ConvertTo-Json -Depth 1 -WarningAction Ignore | Set-Content "$file.json"
        foreach ($records in (Import-Clixml "$file.xml"), (Get-Content "$file.json" -Raw | ConvertFrom-Json)) {
            $records | Get-CtrImage | ForEach-Object Address | Should -Be $addresses
        }
        { Import-Clixml "$file.xml" | Get-CtrImage -Session $sessions[0] -ErrorAction Stop } | Should -Throw -ErrorId 'CtrTargetConflict,*'
        [pscustomobject]@{ Name = 'busybox:1.35'; Address = 'Main Street 1' } | Get-CtrImage -Session $sessions[0] | Should -HaveCount 1
    }

    It 'are many at once, from several runspaces' {
        $manifest = Get-ManifestPath
        $found = 1..8 | ForEach-Object -ThrottleLimit 8 -Parallel {
            Import-Module $using:manifest
            1..10 | ForEach-Object {
                @(Get-CtrImage busybox:1.35 -Session $using:sessions).Count
            }
        }
        $found | Should -HaveCount 80
        $found | Select-Object -Unique | Should -Be 3
    }
}
