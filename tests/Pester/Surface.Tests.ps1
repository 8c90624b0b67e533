#requires -Version 7.6
# What the module shows of itself: manifest, cmdlets, help and views. (The style of the scripts: build.ps1 -Task Analyze.)

BeforeDiscovery {
    Import-Module (Join-Path $PSScriptRoot Helpers.psm1)
    Import-ModuleUnderTest
    $commands = Get-Command -Module CtrPS -CommandType Cmdlet | ForEach-Object { @{ name = $_.Name; command = $_ } }
    $topics = 'about_CtrPS', 'about_CtrSessions', 'about_CtrNamespaces', 'about_CtrContainers', 'about_CtrPS_Map'
}

BeforeAll {
    $ErrorActionPreference = 'Stop'
    $repository = Split-Path (Split-Path $PSScriptRoot)
    $manifestPath = Get-ManifestPath
    $manifest = Import-PowerShellDataFile $manifestPath
    $assembly = (Get-Module CtrPS).ImplementingAssembly
    $cmdletTypes = $assembly.GetExportedTypes() | Where-Object { $_.IsDefined([Management.Automation.CmdletAttribute], $false) }
}

Describe 'The manifest' {
    It 'is valid and says what the gallery needs' {
        $info = Test-ModuleManifest $manifestPath
        $info.Name | Should -Be 'CtrPS'
        $info.RootModule | Should -Be 'CtrPS.dll'
        $info.PowerShellVersion | Should -Be ([version]'7.6')
        $info.CompatiblePSEditions | Should -Be 'Core'
        $info.Guid | Should -Not -Be ([guid]::Empty)
        $info.Description | Should -Not -BeNullOrEmpty
        $info.Tags | Should -Contain 'PSEdition_Core'
    }

    It 'exports exactly the cmdlets of the assembly' {
        $names = $cmdletTypes | ForEach-Object { $_.GetCustomAttributes([Management.Automation.CmdletAttribute], $false) } |
            ForEach-Object { "$($_.VerbName)-$($_.NounName)" }
        $names.Count | Should -BeGreaterOrEqual 13
        $manifest.CmdletsToExport | Should -Be ($names | Sort-Object -Culture '')
        (Get-Module CtrPS).ExportedCmdlets.Keys | Sort-Object -Culture '' | Should -Be $manifest.CmdletsToExport
    }

    It 'exports exactly the aliases that the cmdlets declare' {
        $names = $cmdletTypes | ForEach-Object { $_.GetCustomAttributes([Management.Automation.AliasAttribute], $false) } |
            ForEach-Object AliasNames | Sort-Object -Culture ''
        $manifest.AliasesToExport | Should -Be $names
        (Get-Module CtrPS).ExportedAliases.Keys | Sort-Object -Culture '' | Should -Be $names
    }

    It 'exports nothing else, and by name' {
        $manifest.FunctionsToExport | Should -BeNullOrEmpty
        $manifest.VariablesToExport | Should -BeNullOrEmpty
        (Get-Module CtrPS).ExportedFunctions.Count + (Get-Module CtrPS).ExportedVariables.Count | Should -Be 0
        @($manifest.CmdletsToExport) + @($manifest.AliasesToExport) -match '[*?]' | Should -BeNullOrEmpty
    }
}

Describe '<name>' -ForEach $commands {
    BeforeAll {
        $common = [Management.Automation.PSCmdlet]::CommonParameters + [Management.Automation.PSCmdlet]::OptionalCommonParameters
        $parameters = $command.Parameters.Values | Where-Object { $_.Name -notin $common -and -not $_.Attributes.DontShow }
        $help = Get-Help $name -Full
    }

    It 'has an approved verb and a noun that begins with Ctr' {
        (Get-Verb).Verb | Should -Contain $command.Verb
        $command.Noun | Should -Match '^Ctr[A-Z][A-Za-z]+$'
    }

    It 'asks with ShouldProcess when it changes anything, and not otherwise' {
        # A mount and a spec are descriptions that only exist in the session.
        # A login is kept, in a file or a helper.
        $looks = $command.Noun -ne 'CtrRegistry' -and $command.Verb -in 'Connect', 'Disconnect' -or
        $command.Verb -in 'Compare', 'Find', 'Get', 'Test', 'Measure', 'Register', 'Wait', 'Watch' -or $name -in 'New-CtrMount', 'New-CtrSpec'
        $command.Parameters.ContainsKey('WhatIf') | Should -Be (-not $looks)
        $command.Parameters.ContainsKey('Confirm') | Should -Be $command.Parameters.ContainsKey('WhatIf')
    }

    It 'declares types of the module as output where it gives any, or files, bytes and text' {
        $types = $command.OutputType.Type
        if ($command.Verb -in 'Get', 'Connect', 'New' -or $command.Parameters.ContainsKey('PassThru')) {
            $types | Should -Not -BeNullOrEmpty
        }
        $others = [IO.FileInfo], [IO.DirectoryInfo], [byte[]], [string], [bool], [Management.Automation.PSEventJob]
        $types | Where-Object { $_ -and $_.Assembly.GetName().Name -ne 'CtrPS.Core' -and $_ -notin $others } | Should -BeNullOrEmpty
    }

    It 'answers with true or false where it tests something, by -Quiet, and nowhere else' {
        $command.Parameters.ContainsKey('Quiet') | Should -Be ($command.Verb -eq 'Test')
        [bool] -in $command.OutputType.Type | Should -Be ($command.Verb -eq 'Test')
    }

    It 'says at each parameter what it is' {
        $silent = $parameters | Where-Object { -not ($_.Attributes | Where-Object { $_ -is [Parameter] -and $_.HelpMessage }) }
        $silent.Name | Should -BeNullOrEmpty
    }

    It 'has help with synopsis, description and at least two examples' {
        $help.Synopsis | Should -Not -BeNullOrEmpty
        $help.Synopsis | Should -Not -Match "^\s*$name\b" -Because 'that is the syntax that Get-Help shows where there is no help'
        ($help.description.Text -join ' ').Length | Should -BeGreaterThan 40
        $examples = @($help.examples.example)
        $examples.Count | Should -BeGreaterOrEqual 2
        $examples | Where-Object { $_.code -notmatch '\w+-Ctr\w+' } | ForEach-Object title | Should -BeNullOrEmpty
    }

    It 'has help for each parameter' {
        $described = $help.parameters.parameter | Where-Object { ($_.description.Text -join '').Trim() }
        $parameters.Name | Where-Object { $_ -notin $described.name } | Should -BeNullOrEmpty
        $help.parameters.parameter.name | Where-Object { -not $command.Parameters.ContainsKey($_) } | Should -BeNullOrEmpty
    }
}

# The rules that make a cmdlet like its neighbours (docs/architecture.md). Each exception has its reason beside it.
Describe '<name> is as its neighbours:' -ForEach $commands {
    BeforeAll {
        # How a parameter is bound in its sets.
        function Get-Binding {
            param($Parameter)
            $Parameter.Attributes | Where-Object { $_ -is [Parameter] }
        }
        function Test-Attribute {
            param($Parameter, [type] $Type)
            [bool]($Parameter.Attributes | Where-Object { $_ -is $Type })
        }
        $identity = $command.Parameters.Values | Where-Object {
            $_.ParameterType.Name -match '^Ctr\w+Identity(\[\])?$' -and (Get-Binding $_).Position -contains 0 }
        $looks = $command.Verb -in 'Get', 'Test', 'Measure'
        $readsPaths = $command.Verb -in 'Get', 'Test', 'Import' -or $name -eq 'Add-CtrContent'
    }

    It 'what it works on is the first word, comes by value and by property name, and is Name or Id as well' {
        # The first word is a topic of events there, and the name of a container or an image that is to be.
        if ($command.Noun -ne 'CtrEvent' -and $name -notin 'Restore-CtrContainer', 'New-CtrImage') {
            $others = $command.Parameters.Values | Where-Object { $_.ParameterType.Name -match 'Identity' -and $_.Name -ne $identity.Name }
            $others | Where-Object { (Get-Binding $_).ValueFromPipeline -contains $true } | ForEach-Object Name | Should -BeNullOrEmpty
        }
        if ($identity) {
            $identity | Should -HaveCount 1
            (Get-Binding $identity).ValueFromPipeline | Should -Not -Contain $false
            # One alone is the image of a container to be made, whose name -Name is.
            if ($identity.ParameterType.IsArray) {
                (Get-Binding $identity).ValueFromPipelineByPropertyName | Should -Not -Contain $false
                @($identity.Name) + $identity.Aliases | Where-Object { $_ -in 'Name', 'Id' } | Should -Not -BeNullOrEmpty
                Test-Attribute $identity ([SupportsWildcards]) | Should -Be ($name -ne 'Receive-CtrImage') # of what is not there yet
            }
            Test-Attribute $identity ([ArgumentCompleter]) | Should -BeTrue
        }
    }

    It 'what only looks takes all where nothing is named, and what changes has to be told' {
        # All logs of a node, or the files of all its images, are no answer to anything. One image alone is what a container or spec is made from,
        # if from any.
        if ($identity -and $identity.ParameterType.IsArray -and $name -notin 'Get-CtrLog', 'Get-CtrImageFile', 'Get-CtrImageContent',
            'Get-CtrContentData') {
            (Get-Binding $identity).Mandatory | Select-Object -Unique | Should -Be (-not $looks)
        }
    }

    It 'it says how much it changes' {
        $attribute = $command.ImplementingType.GetCustomAttributes([Management.Automation.CmdletAttribute], $false)[0]
        if ($attribute.SupportsShouldProcess) {
            # High only where data is lost for good.
            $high = 'Clear-CtrImage', 'Remove-CtrNamespace', 'Remove-CtrRemoteImage'
            "$($attribute.ConfirmImpact)" | Should -Be ($name -in $high ? 'High' : 'Medium')
        }
        if ("$($attribute.ConfirmImpact)" -eq 'High') { $command.Parameters.Keys | Should -Contain Force }
    }

    It 'it takes -Session if it speaks to a daemon' {
        # They speak to none, or open one.
        $quiet = 'Get-CtrArchive', 'Test-CtrArchive', 'New-CtrMount', 'Connect-CtrSession', 'Get-CtrSession', 'Get-CtrRegistryHost',
        'Set-CtrRegistryHost', 'ConvertTo-CtrHostsToml', 'Connect-CtrRegistry', 'Disconnect-CtrRegistry', 'Get-CtrRegistry', 'Find-CtrImage',
        'Get-CtrRemoteImage', 'Get-CtrRemoteContentData', 'Remove-CtrRemoteImage', 'Copy-CtrRemoteImage', 'Test-CtrRegistry'
        $command.Parameters.ContainsKey('Session') | Should -Be ($name -notin $quiet)
        if ($command.Parameters.ContainsKey('Session')) {
            $session = $command.Parameters['Session']
            $session.Aliases | Should -Contain Address
            $session.ParameterType | Should -Be ([CtrPS.CtrSession[]])
            Test-Attribute $session ([ArgumentCompleter]) | Should -BeTrue
        }
    }

    It 'its -Namespace completes, and takes wildcards if it lists' {
        if ($command.Parameters.ContainsKey('Namespace')) {
            $space = $command.Parameters['Namespace']
            # There the daemon is not known yet.
            if ($name -ne 'Connect-CtrSession') {
                Test-Attribute $space ([ArgumentCompleter]) | Should -BeTrue
            }
            if ($command.Verb -eq 'Get') {
                Test-Attribute $space ([SupportsWildcards]) | Should -BeTrue
                $space.ParameterType | Should -Be ([string[]])
            }
        }
    }

    It 'a test can answer with a bool' {
        $command.Parameters.ContainsKey('Quiet') | Should -Be ($command.Verb -eq 'Test')
        if ($command.Verb -eq 'Test') { $command.OutputType.Type | Should -Contain ([bool]) }
    }

    It 'what gives nothing by itself gives its object with -PassThru' {
        # It gives what it did, as Send-CtrImage does: there is no object of that which it made.
        # What was added has a name that nobody knew before.
        $changing = 'Add', 'Copy', 'Set', 'Suspend', 'Resume', 'Stop', 'Update', 'Save', 'Export'
        if ($name -notin 'Copy-CtrRemoteImage', 'Add-CtrContent' -and $command.Verb -in $changing) {
            $command.Parameters.Keys | Should -Contain PassThru
        }
    }

    It 'it says what it gives' {
        $gives = $command.Verb -notin 'Remove', 'Disconnect', 'Dismount', 'Enter' -and $name -ne 'Send-CtrSignal'
        [bool]$command.OutputType | Should -Be $gives
    }

    It 'it takes paths as cmdlets of PowerShell do' {
        $path = $command.Parameters['Path']
        $literal = $command.Parameters['LiteralPath']
        [bool]$path | Should -Be ([bool]$literal)
        if ($path) {
            $path.Aliases | Should -BeNullOrEmpty
            $literal.Aliases | Sort-Object -Culture '' | Should -Be 'FullName', 'LP', 'PSPath'
            (Get-Binding $literal).Mandatory | Select-Object -Unique | Should -Be ((Get-Binding $path).Mandatory | Select-Object -Unique)
            Test-Attribute $literal ([SupportsWildcards]) | Should -BeFalse
            # One file to be written, or several that are there.
            Test-Attribute $path ([SupportsWildcards]) | Should -Be $path.ParameterType.IsArray
            # There files come in the place of containers, or one is written of what comes.
            if ($name -notin 'Get-CtrLog', 'Get-CtrContentData', 'Get-CtrRemoteContentData') {
                (Get-Binding $literal).ValueFromPipelineByPropertyName | Should -Not -Contain (-not $readsPaths)
                (Get-Binding $path).ValueFromPipeline | Should -Not -Contain (-not $readsPaths)
            }
        }
    }

    It 'what can only be one of some completes' {
        $finite = 'Session', 'Image', 'Container', 'Namespace', 'Snapshotter', 'Runtime', 'Platform', 'Signal', 'Topic', 'Type', 'Pod', 'Encoding',
        'InputEncoding', 'OutputEncoding', 'RestartPolicy', 'JoinNamespace', 'Rlimit', 'Option', 'StopSignal', 'Compress', 'AddCapability',
        'DropCapability', 'Registry', 'Capability'
        $silent = foreach ($parameter in $command.Parameters.Values | Where-Object Name -In $finite) {
            $type = [Nullable]::GetUnderlyingType($parameter.ParameterType) ?? $parameter.ParameterType
            $type = $type.IsArray ? $type.GetElementType() : $type
            $completes = [ArgumentCompleter], [ValidateSet], [ArgumentCompletions] | Where-Object { Test-Attribute $parameter $_ }
            if (-not $completes -and -not $type.IsEnum) { "$name -$($parameter.Name)" }
        }
        $silent | Where-Object { $_ -ne 'Connect-CtrSession -Namespace' } | Should -BeNullOrEmpty
    }
}

Describe 'The tests' {
    It 'run each cmdlet in the file of a capability' {
        # That Isolation.Tests.ps1 calls each of them, and Pipeline.Tests.ps1 many with -WhatIf, says nothing of what they do.
        $files = Get-ChildItem $PSScriptRoot -Filter *.Tests.ps1 | Where-Object Name -NotMatch '^(Surface|Isolation|Pipeline|Completion)\.'
        $words = foreach ($file in $files) {
            $tokens = $null
            $null = [Management.Automation.Language.Parser]::ParseFile($file.FullName, [ref]$tokens, [ref]$null)
            ($tokens | Where-Object Kind -NE Comment | ForEach-Object Text) -join ' '
        }
        $silent = @($manifest.CmdletsToExport | Where-Object { -not ($words -match "(?<![\w-])$_(?![\w-])") })
        $silent | Should -BeNullOrEmpty
    }
}

Describe 'The documents' {
    It 'has <_>' -ForEach $topics {
        $text = Get-Help $_ | Out-String
        $text | Should -Match "(?m)^\s*$_\s*$"
        $text.Length | Should -BeGreaterThan 500
    }

    It 'has a page for each cmdlet and none for others' {
        $pages = Get-ChildItem (Join-Path $repository docs en-US) -Filter *-*.md
        $pages.BaseName | Sort-Object -Culture '' | Should -Be $manifest.CmdletsToExport
    }

    It 'has no placeholder left' {
        $texts = Get-ChildItem (Join-Path $repository docs en-US), (Join-Path (Split-Path $manifestPath) en-US) -File
        $texts | Should -Not -BeNullOrEmpty
        $texts | Select-String -Pattern '\{\{ ?(Fill|Insert|Add)' | ForEach-Object { "$($_.Filename):$($_.LineNumber)" } | Should -BeNullOrEmpty
    }
}

Describe 'The views' {
    BeforeAll {
        $folder = Split-Path $manifestPath
        $format = [xml](Get-Content (Join-Path $folder CtrPS.Format.ps1xml) -Raw)
        $types = [xml](Get-Content (Join-Path $folder CtrPS.Types.ps1xml) -Raw)
        $digest = 'sha256:' + 'b' * 64
        $labels = [Collections.Generic.Dictionary[string, string]]::new()
        $labels['containerd.io/defaults/snapshotter'] = 'overlayfs'
        $labels['io.cri-containerd.image'] = 'managed'
        $raw = [Collections.Generic.Dictionary[string, object]]::new()
        $platform = New-Sample CtrImagePlatform @{ Digest = $digest; Size = [long]1023GB } 'windows', 'arm64', 'v8.2', ''

        # Opens nothing: a session is there once it is named.
        $address = "/nonexistent/$('a-long-path/' * 6)c.sock"
        { Get-CtrServer -Session $address } | Should -Throw
        $session = Get-CtrSession | Where-Object Address -EQ $address

        # As wide as things get.
        $samples = @{
            CtrImage = New-Sample CtrImage @{
                Name = "registry.example.com:5000/team/service@$digest"; Namespace = 'k8s.io'; Digest = $digest; MediaType = 'm'; Size = 1023GB
                Platforms = [CtrPS.CtrImagePlatform[]]@($platform, $platform); Labels = $labels; UpdatedAt = [DateTimeOffset]::Now.AddMonths(-11)
            }
            CtrImagePlatform = $platform
            CtrNamespace = New-Sample CtrNamespace @{ Name = 'n' * 76; Labels = $labels }
            CtrPlugin = New-Sample CtrPlugin @{
                Type = 'io.containerd.differ-and-more.v1'; Id = 'a-plugin-with-a-really-long-name'; Status = 'Error'; Exports = $labels
                PlatformValues = [CtrPS.CtrPlatform[]]@('linux/amd64', 'linux/386', 'linux/arm/v7')
            }
            CtrEvent = New-Sample CtrEvent @{
                Timestamp = [DateTimeOffset]::Now; Namespace = 'n' * 76; Topic = '/tasks/exec-started'; Subject = 'a' * 64
                ContainerId = 'a' * 64; ExecId = 'b' * 64
                ExitCode = 137; Labels = $labels
            }
            CtrLogLine = New-Sample CtrLogLine @{ Time = [DateTimeOffset]::Now; Stream = 'Output'; Text = 'word ' * 40; Path = '/var/log/web.log' }
            CtrSession = $session
            CtrServer = New-Sample CtrServer @{ Address = $address; Version = '2.1.9+unknown'; Revision = 'f' * 40; Uuid = [guid]::Empty }
            CtrDeprecation = New-Sample CtrDeprecation @{ Id = 'io.containerd.deprecation/cri-registry-mirrors'; Message = 'word ' * 40 }
            CtrContainer = New-Sample CtrContainer @{
                Namespace = 'k8s.io'; Id = 'c' * 76; Image = "registry.example.com:5000/team/service@$digest"
                Runtime = 'r'; Snapshotter = 's'; SnapshotKey = 'k'
                State = 'Running'; Labels = $labels; CreatedAt = [DateTimeOffset]::Now.AddMonths(-11)
                PodName = 'shop-7f5c8d9b64-x2x9q'; ContainerName = 'cart'
            }
            CtrTask = New-Sample CtrTask @{
                Namespace = 'k8s.io'; Id = 't' * 76; State = 'Stopped'; ProcessId = 4194304; ExitCode = 137
                ExitedAt = [DateTimeOffset]::Now.AddMonths(-11)
            }
            CtrProcess = New-Sample CtrProcess @{
                Namespace = 'k8s.io'; Id = 'p'; ProcessId = 4194304; ParentProcessId = 4194303; ExecId = 'e' * 76; UserId = 100000
                CommandLine = 'word ' * 40; StartedAt = [DateTimeOffset]::Now.AddMonths(-11)
            }
            CtrLeftover = New-Sample CtrLeftover @{
                Namespace = 'n' * 76; Kind = 'Process'; Key = 'c' * 76; ProcessId = 4194304; Since = [DateTimeOffset]::Now.AddMonths(-11)
            }
            CtrClearedResource = New-Sample CtrClearedResource @{
                Namespace = 'n' * 76; Kind = 'Container'; Name = 'k' * 76; Freed = 1022GB; Since = [DateTimeOffset]::Now.AddMonths(-11)
            }
            CtrDiskUsage = New-Sample CtrDiskUsage @{
                Namespace = 'n' * 76; Kind = 'Container'; Owner = 'o' * 76; Content = 1022GB; Unique = 1022GB; Reclaimable = 1022GB; Share = 1
            }
            CtrDiskUsageSummary = New-Sample CtrDiskUsageSummary @{
                Namespace = '*'; Kind = 'Container'; Count = 100000; InUse = 100000; Content = 1022GB; Snapshot = 1022GB; Reclaimable = 1022GB
            }
            CtrReference = New-Sample CtrReference @{
                Namespace = 'n' * 76; Kind = 'Snapshot'; Key = 'k' * 76; Depth = 3; Relation = 'RootFileSystem'; Subject = 's' * 60; Size = 1022GB
            }
            CtrOrphan = New-Sample CtrOrphan @{
                Namespace = 'n' * 60; Kind = 'Container'; Key = 'k' * 76; Size = 1022GB; Since = [DateTimeOffset]::Now.AddMonths(-11)
                Reason = 'word ' * 40
            }
            CtrGarbage = New-Sample CtrGarbage @{ Namespace = 'n' * 60; Kind = 'Snapshot'; Key = 'k' * 76; Size = 1022GB; Freed = 1022GB }
            CtrGarbageCollection = New-Sample CtrGarbageCollection @{
                Namespace = '*'; ContentFreed = 1022GB; SnapshotFreed = 1022GB; Duration = [timespan]::FromMinutes(100)
            }
            CtrRegistryHost = New-Sample CtrRegistryHost @{
                Registry = 'r' * 76; Order = 1; Url = "https://$('m' * 76)/v2"; Capabilities = [string[]]('pull', 'resolve', 'push', 'referrers')
                Authorities = [string[]]'/etc/ca.crt'; DialTimeout = '00:00:30'; File = '/etc/containerd/certs.d/r/hosts.toml'
            }
            CtrRegistryLogin = New-Sample CtrRegistryLogin @{ Registry = 'r' * 76; User = 'u' * 76; File = '/home/me/.docker/config.json' }
            CtrHostsFile = New-Sample CtrHostsFile @{
                Registry = 'r' * 76; Path = "/etc/$('p' * 76)/hosts.toml"; Hosts = [string[]]'https://m/v2'; Text = 'server = "https://m"'
            }
            CtrRemoteTag = New-Sample CtrRemoteTag @{
                Name = "$('r' * 76)/$('p' * 76):$('t' * 76)"; Registry = 'r' * 76; Repository = 'p' * 76; Tag = 't' * 76
            }
            CtrRemoteRepository = New-Sample CtrRemoteRepository @{
                Name = "docker.io/$('p' * 76)"; Registry = 'docker.io'; Repository = 'p' * 76; Description = 'word ' * 40; Stars = 99999
                IsOfficial = $true
            }
            CtrRemoteImage = New-Sample CtrRemoteImage @{
                Name = "$('r' * 76)/p:t"; Registry = 'r' * 76; Repository = 'p'; Tag = 't'; Digest = $digest; MediaType = 'm' * 76; Size = 1023GB
                CreatedAt = [DateTimeOffset]::Now.AddMonths(-11); Labels = $labels; Annotations = $labels; Host = 'https://r/v2'
            }
            CtrReferrer = New-Sample CtrReferrer @{ Digest = $digest; MediaType = 'm'; ArtifactType = 'a' * 76; Size = 1023GB }
            CtrCopiedImage = New-Sample CtrCopiedImage @{
                Name = 'r/p:t'; Target = "$('r' * 76)/p:t"; Status = 'UpToDate'; Digest = $digest; SourceHost = 'https://s/v2'; Host = 'https://r/v2'
                Pushed = 99999; Mounted = 99999; Skipped = 99999; BytesSent = 1023GB; Duration = '00:59:59'
            }
            CtrRegistryCheck = New-Sample CtrRegistryCheck @{
                Registry = 'r' * 76; Order = 10; Url = "https://$('r' * 76)/v2"; Status = 'Unreachable'; Latency = '00:00:30'; Challenge = 'bearer'
                RateLimitRemaining = 99999; Reason = 'word ' * 40
            }
            CtrImageUpdate = New-Sample CtrImageUpdate @{
                Namespace = 'k8s.io'; Name = "$('r' * 76)/p:t"; Status = 'Unreachable'; Digest = $digest; LatestDigest = $digest
            }
            CtrConvertedImage = New-Sample CtrConvertedImage @{
                Name = "docker.io/$('a' * 76):1"; Namespace = 'n' * 76; Digest = $digest; LayersConverted = 127; LayersKept = 127
                SourceSize = 1023GB; Size = 1023GB
            }
            CtrReceivedImage = New-Sample CtrReceivedImage @{
                Name = "r.example.com/$('a' * 76):1"; Namespace = 'n' * 76; Digest = "sha256:$('a' * 64)"
                BytesFetched = 1023GB; BytesPresent = 1023GB; Duration = [timespan]::FromSeconds(9999); Status = 'Completed'
            }
            CtrSentImage = New-Sample CtrSentImage @{
                Name = 'a'; Namespace = 'n' * 76; Target = "r.example.com/$('a' * 76):1"; Digest = "sha256:$('a' * 64)"
                Pushed = 999; Mounted = 999; Skipped = 999; BytesSent = 1023GB; Duration = [timespan]::FromSeconds(9999); Status = 'UpToDate'
            }
            CtrSentContent = New-Sample CtrSentContent @{
                Namespace = 'n' * 76; Target = "r.example.com/$('a' * 76):1"; Digest = "sha256:$('a' * 64)"
                Size = 1023GB; BytesSent = 1023GB; Duration = [timespan]::FromSeconds(9999); Status = 'UpToDate'
            }
            CtrMetric = New-Sample CtrMetric @{
                Namespace = 'k8s.io'; Id = 'm' * 76; CpuPercent = 6399.9; CpuUsage = '10.00:00:00'; MemoryBytes = 1023GB; MemoryLimit = 1023GB
                Pids = 4194304; Raw = $raw
            }
        }
    }

    AfterAll {
        Disconnect-CtrSession $session
    }

    It 'are for types that exist' {
        $names = @($format.SelectNodes('//TypeName').InnerText) + @($types.SelectNodes('/Types/Type/Name | //GetCodeReference/TypeName').InnerText)
        $names.Count | Should -BeGreaterThan 8
        $names | Where-Object { -not (($_ -replace '#(?:Node|Size|MediaType)$') -as [type]) } | Should -BeNullOrEmpty
    }

    It 'are there for each type that a cmdlet gives' {
        $viewed = $format.SelectNodes('//ViewSelectedBy/TypeName').InnerText
        $given = (Get-Command -Module CtrPS -CommandType Cmdlet).OutputType.Type.FullName | Sort-Object -Unique
        $given.Count | Should -BeGreaterOrEqual 5
        $given | Where-Object { $_ -notlike 'System.*' -and $_ -notin $viewed } | Should -BeNullOrEmpty
    }

    It 'show <_> with all columns within 80' -ForEach @(
        'CtrImage', 'CtrImagePlatform', 'CtrNamespace', 'CtrEvent', 'CtrLogLine', 'CtrPlugin', 'CtrSession', 'CtrServer', 'CtrDeprecation'
        'CtrContainer', 'CtrTask', 'CtrProcess', 'CtrMetric', 'CtrLeftover', 'CtrRegistryHost', 'CtrRegistryLogin', 'CtrHostsFile'
        'CtrConvertedImage', 'CtrReceivedImage', 'CtrSentImage', 'CtrSentContent'
        'CtrClearedResource', 'CtrDiskUsageSummary', 'CtrReference', 'CtrOrphan', 'CtrGarbage', 'CtrGarbageCollection'
        'CtrRemoteTag', 'CtrRemoteRepository', 'CtrRemoteImage', 'CtrReferrer', 'CtrCopiedImage', 'CtrRegistryCheck', 'CtrImageUpdate'
    ) {
        $lines = ($samples[$_] | Out-String -Width 80) -replace '\e\[[0-9;]*m' -split '\r?\n'
        $lines | Where-Object { $_.TrimEnd().Length -gt 80 } | Should -BeNullOrEmpty
        $view = $format.SelectSingleNode("//View[ViewSelectedBy/TypeName = 'CtrPS.$_']")
        $columns = @($view.SelectNodes('TableControl/TableHeaders/TableColumnHeader/Label').InnerText)
        if ($columns) {
            $header = $lines | Where-Object { $_ -match "^\s*$($columns[0])\b" } | Select-Object -First 1
            -split $header | Should -Be $columns
        } else {
            $items = @($view.SelectNodes('.//ListItem/PropertyName | .//ListItem/Label').InnerText)
            $lines -replace '\s*:.*' | Where-Object { $_ -cin $items } | Should -Be $items
        }
    }

    It 'give numbers units and leave them numbers on the object' {
        $samples.CtrImage.Size | Should -BeOfType [long]
        ($samples.CtrImage | Format-List | Out-String -Width 200) -replace '\e\[[0-9;]*m' | Should -Match 'Size\s*: 1098437885952 \(1023\.0 GiB\)'
    }

    It 'keep name and namespace as the key of an image' {
        $samples.CtrImage.PSStandardMembers.DefaultKeyPropertySet.ReferencedPropertyNames | Should -Be 'Namespace', 'Name'
        "$($samples.CtrImage)" | Should -Be $samples.CtrImage.Name
    }
}
