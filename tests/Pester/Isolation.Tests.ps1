#requires -Version 7.6
# The module beside others and over its life in a process. Each test has a PowerShell of its own: assemblies stay for the life of one.

BeforeDiscovery {
    Import-Module (Join-Path $PSScriptRoot Helpers.psm1)
}

BeforeAll {
    $ErrorActionPreference = 'Stop'
    $manifest = Get-ManifestPath

    # A module with another Google.Protobuf, as PowerShell modules bring it: loaded into the default context.
    $project = Join-Path $TestDrive Foreign.csproj
    Set-Content $project @'
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup><TargetFramework>net10.0</TargetFramework></PropertyGroup>
  <ItemGroup><PackageReference Include="Google.Protobuf" Version="3.21.9" /></ItemGroup>
</Project>
'@
    $words = dotnet restore $project --packages (Join-Path $TestDrive packages) 2>&1
    $protobuf = Join-Path $TestDrive packages google.protobuf 3.21.9 lib net5.0 Google.Protobuf.dll
    $foreignMissing = (Test-Path $protobuf) ? $null : "Google.Protobuf 3.21.9 cannot be had: $($words -match 'error' | Select-Object -First 1)"
    if (-not $foreignMissing) {
        $foreign = Join-Path $TestDrive Foreign Foreign.psd1
        $null = New-Item (Split-Path $foreign) -ItemType Directory
        Copy-Item $protobuf (Split-Path $foreign)
        New-ModuleManifest $foreign -RequiredAssemblies Google.Protobuf.dll
    }
}

Describe 'Import' {
    It 'connects to nothing and loads no client' {
        $path = Join-Path $TestDrive quiet.sock
        $socket = Open-SilentSocket $path
        try {
            # No profile of earlier starts: with one, .NET compiles in the background what those ran, and loads what that needs.
            $loaded = Use-Environment @{ CONTAINERD_ADDRESS = $path; XDG_CACHE_HOME = "$TestDrive" } {
                Invoke-Child {
                    param($Manifest)
                    Import-Module $Manifest
                    [AppDomain]::CurrentDomain.GetAssemblies().GetName().Name -match '^(CtrPS|Grpc|Google|Microsoft\.Extensions)'
                } $manifest
            }
            $socket.Poll(0, 'SelectRead') | Should -BeFalse -Because 'nobody may have connected'
        } finally {
            $socket.Dispose()
        }
        $loaded | Sort-Object | Should -Be 'CtrPS', 'CtrPS.Core'
    }

    It 'makes type literals resolve before any cmdlet ran' {
        $answer = Invoke-Child {
            param($Manifest)
            Import-Module $Manifest
            [CtrPS.CtrImage].FullName
            [CtrPS.CtrPlatform]::new('aarch64').ToString()
            [CtrPS.CtrErrorIds]::ImageNotFound
        } $manifest
        $answer | Should -Be 'CtrPS.CtrImage', 'linux/arm64', 'CtrImageNotFound'
    }
}

Describe 'Isolation, containerd <generation>' -ForEach (Get-RigGeneration) {
    if ($reason) {
        It 'has a daemon' { Set-ItResult -Skipped -Because $reason }
        return
    }

    BeforeAll {
        $rig = Get-Rig $generation
        $address = $rig.Address
    }

    It 'works beside a module with another Google.Protobuf, imported <order>' -ForEach @(
        @{ order = 'before it'; foreignFirst = $true }
        @{ order = 'after it'; foreignFirst = $false }
    ) {
        if ($foreignMissing) {
            Set-ItResult -Skipped -Because $foreignMissing
        }
        $answer = Invoke-Child {
            param($Manifest, $Foreign, $Address, $ForeignFirst)
            if ($ForeignFirst) {
                Import-Module $Foreign
            }
            Import-Module $Manifest
            (Get-CtrServer -Session $Address).Version
            (Get-CtrImage -Session $Address -Namespace k8s.io).Count
            if (-not $ForeignFirst) {
                Import-Module $Foreign
            }
            # Both at work: the other module with its own version, ours with its own.
            [Google.Protobuf.ByteString]::CopyFromUtf8('abc').Length
            (Get-CtrImage busybox:1.35 -Session $Address -Namespace k8s.io).Tag
            [AppDomain]::CurrentDomain.GetAssemblies() | Where-Object { $_.GetName().Name -eq 'Google.Protobuf' } | ForEach-Object {
                "$([Runtime.Loader.AssemblyLoadContext]::GetLoadContext($_).Name) $($_.GetName().Version)"
            } | Sort-Object
        } $manifest, $foreign, $address, $foreignFirst
        $answer | Should -HaveCount 6
        $answer[0] | Should -Be $rig.Version
        $answer[1] | Should -Be 9
        $answer[2] | Should -Be 3
        $answer[3] | Should -Be '1.35'
        $answer[4] | Should -Match '^CtrPS\.Client (?!3\.21\.9)'
        $answer[5] | Should -Be 'Default 3.21.9.0'
    }

    It 'survives <way>' -ForEach @(
        @{ way = 'Import-Module -Force'; again = { param($Manifest) Import-Module $Manifest -Force } }
        @{ way = 'Remove-Module and Import-Module'; again = { param($Manifest) Remove-Module CtrPS; Import-Module $Manifest } }
    ) {
        $answer = Invoke-Child {
            param($Manifest, $Address, $Again)
            Import-Module $Manifest
            $old = Connect-CtrSession $Address -Namespace k8s.io
            $image = Get-CtrImage busybox:1.35
            & ([scriptblock]::Create($Again)) $Manifest
            "$($old.State)"
            @(Get-CtrSession).Count
            $new = Connect-CtrSession $Address -Namespace k8s.io
            (Get-CtrImage busybox:1.35) -is $image.GetType()
            (Get-CtrSession).IsDefault
            ($new | Out-String) -match 'Opened'
            @([AppDomain]::CurrentDomain.GetAssemblies() | Where-Object { $_.GetName().Name -eq 'CtrPS.Client' }).Count
        } $manifest, $address, "$again"
        $answer | Should -Be 'Closed', 0, $true, $true, $true, 1
    }

    It 'works in parallel runspaces, each with its own sessions' {
        $answer = Invoke-Child {
            param($Manifest, $Address)
            Import-Module $Manifest
            $shared = Connect-CtrSession $Address -Namespace k8s.io
            1..6 | ForEach-Object -ThrottleLimit 3 -UseNewRunspace -Parallel {
                Import-Module $using:Manifest
                $before = @(Get-CtrSession).Count
                $own = Connect-CtrSession $using:Address -Namespace default
                $throughShared = @(Get-CtrImage -Session $using:shared).Count
                "$before $($own.Id) $throughShared $($own.Namespace)"
            }
            "$(@(Get-CtrSession).Count) $($shared.State) $($shared.IsDefault)"
        } $manifest, $address
        $answer | Should -Be (@('0 1 9 default') * 6 + '1 Opened True')
    }

    It 'keeps all that is not its own out of the default load context, whatever cmdlet ran' {
        $script = {
            param($Manifest, $Address)
            $ErrorActionPreference = 'Stop'
            Import-Module $Manifest
            $null = Connect-CtrSession $Address -Namespace k8s.io
            $null = Get-CtrServer
            $null = Get-CtrPlugin
            $name = "pester-$([guid]::NewGuid().ToString('n').Substring(0, 8))"
            $null = New-CtrNamespace $name
            Set-CtrNamespace $name -Label @{ a = 'b' }
            $null = Get-CtrNamespace $name
            Remove-CtrNamespace $name -Confirm:$false
            $null = Get-CtrImage
            $null = Get-CtrImageConfig busybox:1.35
            $null = Get-CtrImageHistory busybox:1.35
            $null = Get-CtrImageLayer busybox:1.35
            $null = Get-CtrImageManifest busybox:1.35 -Tree
            $null = Get-CtrImageFile busybox:1.35
            $null = Get-CtrImageContent busybox:1.35 /etc/passwd -ErrorAction Ignore
            Copy-CtrImageFile busybox:1.35 / "$name.none" -WhatIf
            $null = Compare-CtrImage busybox:1.35 busybox:1.35
            $null = Measure-CtrImage busybox:1.35
            $null = Expand-CtrImage busybox:1.35 -WhatIf
            $null = Mount-CtrImage busybox:1.35 ([IO.Path]::GetTempPath()) -WhatIf
            $null = Get-CtrImageMount
            Dismount-CtrImage nothing:* -WhatIf
            Add-CtrImageTag busybox:1.35 "localhost/${name}:1"
            Set-CtrImage "localhost/${name}:1" -Label @{ a = 'b' }
            Protect-CtrImage "localhost/${name}:1"
            Unprotect-CtrImage "localhost/${name}:1"
            Remove-CtrImage "localhost/${name}:1"
            $null = Test-CtrImage busybox:1.35 -Deep
            $file = Join-Path ([IO.Path]::GetTempPath()) "$name.tar"
            Save-CtrImage busybox:1.35 $file -Compress Gzip
            $null = Get-CtrArchive $file
            $null = Test-CtrArchive $file
            $null = Import-CtrImage $file -NoUnpack
            $null = Repair-CtrImage busybox:1.35 -From $file
            Copy-CtrImage busybox:1.35 $name
            $content = Add-CtrContent -Value $name
            $null = Get-CtrContent
            $null = $content | Get-CtrContentData
            $content | Set-CtrContent -Label @{ a = 'b' }
            $content | Send-CtrContent -Destination localhost:1/x/y -WhatIf
            $content | Remove-CtrContent
            Get-CtrIngest | Stop-CtrIngest -WhatIf
            Stop-CtrIngest "$name-*"
            $null = New-CtrSnapshot $name
            $null = Get-CtrSnapshot -Size
            $null = Get-CtrSnapshotMount $name
            $null = Mount-CtrSnapshot $name ([IO.Path]::GetTempPath()) -WhatIf
            Dismount-CtrSnapshot "$name*" -WhatIf
            Set-CtrSnapshot $name -Label @{ a = 'b' }
            $null = Complete-CtrSnapshot $name "$name-done"
            Export-CtrSnapshot "$name-done" "$file.none" -WhatIf
            Remove-CtrSnapshot "$name-done"
            $null = New-CtrLease $name
            $null = Get-CtrLease $name
            Add-CtrLeaseResource $name (Get-CtrImage busybox:1.35).Digest
            $null = Get-CtrLeaseResource $name
            Remove-CtrLeaseResource $name (Get-CtrImage busybox:1.35).Digest
            Remove-CtrLease $name
            $null = Convert-CtrImage busybox:1.35 "localhost/${name}:zstd" -Compression Zstd
            $null = New-CtrImage "localhost/${name}:new" -From busybox:1.35 -Env A=b -NoUnpack
            Remove-CtrImage "localhost/${name}:zstd", "localhost/${name}:new"
            $null = Get-CtrDiskUsage -Detailed
            $null = Get-CtrReference -Image busybox:1.35 -To
            $null = Get-CtrOrphan
            $null = Remove-CtrOrphan "$name-none" -ErrorAction Ignore
            $null = Invoke-CtrGarbageCollection
            $null = Get-CtrImage -Unused
            $null = Clear-CtrImage -Namespace $name -WhatIf
            $null = Clear-CtrImageLayer busybox:* -WhatIf
            $null = Clear-CtrLeftover -Namespace $name
            $null = Get-CtrRegistryHost docker.io
            Set-CtrRegistryHost docker.io https://mirror.example.com -HostsDirectory ([IO.Path]::GetTempPath()) -WhatIf
            ConvertTo-CtrHostsToml "$file.none" -WhatIf -ErrorAction Ignore
            $null = Get-CtrRegistry -ErrorAction Ignore # whatever is in the files of who runs the tests
            Connect-CtrRegistry registry.example.com ([pscredential]::new('a', [securestring]::new())) -WhatIf
            Disconnect-CtrRegistry registry.example.com -WhatIf
            # Nobody listens there.
            $nobody = @{ MaximumRetryCount = 0; ErrorAction = 'Ignore'; HostsDirectory = [IO.Path]::GetTempPath() }
            $null = Find-CtrImage localhost:1/x/y @nobody
            $null = Get-CtrRemoteImage localhost:1/x/y @nobody
            $null = Get-CtrRemoteContentData localhost:1/x/y "sha256:$('a' * 64)" @nobody
            $null = Copy-CtrRemoteImage localhost:1/x/y localhost:1/x/z @nobody
            Remove-CtrRemoteImage localhost:1/x/y @nobody
            $null = Test-CtrRegistry localhost:1/x/y @nobody
            $null = Receive-CtrImage localhost:1/x/y @nobody
            $null = Send-CtrImage busybox:1.35 localhost:1/x/y @nobody
            $PSDefaultParameterValues['*-Ctr*:Namespace'] = $name
            $spec = New-CtrSpec busybox:1.35 -Command sleep, 1000 -Mount (New-CtrMount -Type tmpfs -Source tmpfs -Destination /tmp)
            $null = New-CtrContainer busybox:1.35 $name -Spec $spec
            Set-CtrContainer $name -Label @{ a = 'b' }
            $null = Register-CtrEvent /tasks/* -SourceIdentifier $name
            $null = Wait-CtrEvent /tasks/start -Timeout 30 -ScriptBlock { Start-CtrTask $name -LogPath "$file.log" }
            Unregister-Event $name
            $null = Get-CtrContainer -Size
            $null = Compare-CtrContainer $name
            Copy-CtrContainerFile $name /bin "$file.none" -WhatIf
            Save-CtrContainer $name "$file.root"
            Remove-Item "$file.root"
            $null = Get-CtrTask
            $null = Get-CtrProcess $name
            $null = Get-CtrMetric $name
            Update-CtrTask $name -CpuShares 512
            Suspend-CtrTask $name
            Resume-CtrTask $name
            Invoke-CtrCommand $name true
            Enter-CtrContainer $name -ErrorAction Ignore # there is no console
            Connect-CtrTask $name -ErrorAction Ignore # it has no pipes
            Checkpoint-CtrTask $name -WhatIf
            Send-CtrSignal $name KILL
            $null = Wait-CtrTask $name
            $null = Get-CtrLog $name
            Stop-CtrTask $name
            Remove-CtrTask $name
            Checkpoint-CtrContainer $name "localhost/${name}:c" -WhatIf
            Restore-CtrContainer $name "localhost/${name}:c" -WhatIf -ErrorAction Ignore
            $null = Watch-CtrEvent -MaxCount 1 -ScriptBlock { Remove-CtrContainer $name }
            Invoke-CtrImage busybox:1.35 $name -Remove -Command true
            $PSDefaultParameterValues.Clear()
            Remove-Item "$file.log"
            Remove-CtrImage busybox:1.35 -Namespace $name -Synchronous
            Remove-CtrNamespace $name -Confirm:$false
            Export-CtrInventory $file -Force
            Export-CtrReport $file -As Html -Force
            Remove-Item $file
            $null = TabExpansion2 'Get-CtrImage -Image ngi' 23
            $null = Get-CtrSession | Out-String
            Disconnect-CtrSession
            [AppDomain]::CurrentDomain.GetAssemblies() | ForEach-Object {
                "$([Runtime.Loader.AssemblyLoadContext]::GetLoadContext($_).Name)/$($_.GetName().Name)"
            }
        }
        $called = $script.Ast.FindAll({ $args[0] -is [Management.Automation.Language.CommandAst] }, $true) | ForEach-Object { $_.GetCommandName() }
        $cmdlets = (Import-PowerShellDataFile $manifest).CmdletsToExport
        $cmdlets | Where-Object { $_ -notin $called } | Should -BeNullOrEmpty -Because 'the script has to call every cmdlet'

        $loaded = Invoke-Child $script $manifest, $address
        $loaded | Should -Contain 'CtrPS.Client/CtrPS.Client'
        $loaded | Should -Contain 'CtrPS.Client/Grpc.Net.Client'
        $loaded | Should -Contain 'Default/CtrPS.Core'
        $loaded | Should -Not -Contain 'CtrPS.Client/CtrPS.Core'
        $loaded -match '^Default/(CtrPS\.Client|Grpc|Google|Microsoft\.Extensions)' | Should -BeNullOrEmpty
    }
}
