#requires -Version 7.6
# What cmdlets give, taken elsewhere: JSON, CSV, files, jobs, other machines; nobody changes it; text from outside is shown escaped.

BeforeDiscovery {
    Import-Module (Join-Path $PSScriptRoot Helpers.psm1)
    Import-ModuleUnderTest
    $types = (Get-Command -Module CtrPS -CommandType Cmdlet).OutputType.Type | Where-Object Namespace -EQ CtrPS | Sort-Object Name -Unique
    $given = @($types.Name) + 'CtrImagePlatform', 'CtrBlobFault', 'CtrDeprecation', 'CtrExtension', 'CtrNetwork', 'CtrNetworkInterface'
}

BeforeAll {
    $ErrorActionPreference = 'Stop'
    Import-ModuleUnderTest
    $evil = "a`e]0;owned`a`nb`u{9b}31m`u{202e}c"
    $shown = 'a\u001b]0;owned\u0007\u000ab\u009b31m\u202ec'

    # What a view shows at 80 columns. Seconds go by between two looks.
    function Format-Plain {
        param([Parameter(ValueFromPipeline)] [object] $InputObject, [switch] $List)
        begin { $all = [Collections.Generic.List[object]]::new() }
        process { $all.Add($InputObject) }
        end {
            $text = ($List ? ($all | Format-List) : $all) | Out-String -Width 80
            $text -replace '\e\[[0-9;]*m' -replace '\d+ seconds?', 'now' -replace ' +', ' '
        }
    }
    # JSON in one order of keys, however it came.
    function Get-Sorted {
        param([object] $Value)
        if ($Value -is [Collections.IDictionary]) {
            $parts = $Value.Keys | Sort-Object -Culture '' | ForEach-Object { "$(ConvertTo-Json $_):$(Get-Sorted $Value[$_])" }
            return "{$($parts -join ',')}"
        }
        if ($Value -is [array]) {
            return "[$(@($Value | ForEach-Object { Get-Sorted $_ }) -join ',')]"
        }
        ConvertTo-Json $Value -Compress
    }
    function Test-Steering {
        param([string] $Text)
        $Text -cmatch '[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f\u202e]'
    }
}

Describe 'Objects, containerd <generation>' -ForEach (Get-RigGeneration) {
    if ($reason) {
        It 'has a daemon' { Set-ItResult -Skipped -Because $reason }
        return
    }

    BeforeAll {
        $rig = Get-Rig $generation
        $session = Connect-CtrSession $rig.Address -Namespace (Add-TestNamespace $rig busybox)
        $namespace = $session.Namespace
        $null = Set-CtrNamespace $namespace -Label @{ team = 'web' }
        $null = New-CtrContainer busybox:1.35 web -Label @{ a = 'b' } -Command sleep, 1000 -Mount 'type=tmpfs,src=tmpfs,dst=/cache'
        $null = Start-CtrTask web -LogPath "$TestDrive/web.log"
        $null = New-CtrContainer busybox:1.35 logged -Command echo, hello
        $null = Start-CtrTask logged -LogPath "$TestDrive/logged.log" | Wait-CtrTask
        $container = Get-CtrContainer web
        $check = Test-CtrImage index:partial -Namespace k8s.io -Platform linux/arm64
        $samples = @{
            CtrImage            = Get-CtrImage busybox:1.35
            CtrImagePlatform    = (Get-CtrImage index:partial -Namespace k8s.io).Platforms[1]
            CtrImageConfig      = Get-CtrImageConfig busybox:1.35
            CtrHealthcheck      = New-Sample CtrHealthcheck @{ Test = [string[]]('CMD', 'true'); Interval = '00:00:30'; Retries = 3 }
            CtrRootFileSystem   = (Get-CtrImageConfig busybox:1.35).RootFS
            CtrImageHistoryEntry = Get-CtrImageHistory nginx:deb -Namespace k8s.io | Select-Object -Last 1
            CtrImageDifference  = Compare-CtrImage busybox:1.35 nginx:deb -Namespace k8s.io | Where-Object Kind -EQ Config | Select-Object -First 1
            CtrImageFile        = Get-CtrImageFile busybox:1.35 /bin/[s]h
            CtrImageLayer       = Get-CtrImageLayer busybox:1.35
            CtrExpandedImage    = Expand-CtrImage busybox:1.35
            CtrImageMount       = New-Sample CtrImageMount @{
                Namespace = $namespace; Path = '/mnt/a'; Name = 'docker.io/library/a:1'; ChainId = "sha256:$('a' * 64)"; Snapshotter = 'overlayfs'
                IsMounted = $true; Since = [DateTimeOffset]::Now; ProcessId = 1
            }
            CtrContainerChange  = Compare-CtrContainer web | Select-Object -First 1
            CtrSavedContainer   = Save-CtrContainer web "$TestDrive/root.tar" -PassThru
            CtrImageManifest    = Get-CtrImageManifest index:partial -Namespace k8s.io
            CtrImageBlob        = Get-CtrImageManifest index:partial -Namespace k8s.io -Tree | Select-Object -Index 1
            CtrImageUsage       = Measure-CtrImage busybox:1.35
            CtrContainer        = $container
            CtrExtension        = $container.RuntimeOptions
            CtrSpec             = $container.GetSpec()
            CtrMount            = New-CtrMount -Type bind -Source /a -Destination /b -Option rbind, ro
            CtrTask             = Get-CtrTask web
            CtrProcess          = Get-CtrProcess web
            CtrMetric           = Get-CtrMetric web
            CtrCommandResult    = Invoke-CtrCommand web -AsResult echo hi
            CtrNamespace        = Get-CtrNamespace $namespace
            CtrContent          = Add-CtrContent -Value objects -Label @{ a = 'b' }
            CtrIngest           = New-Sample CtrIngest @{
                Namespace = $namespace; Ref = 'layer-sha256:a'; Offset = 5000; Total = 9000; Lease = 'l'; ProcessId = 1
                StartedAt = [DateTimeOffset]::Now.AddMinutes(-5); UpdatedAt = [DateTimeOffset]::Now.AddMinutes(-3)
            }
            CtrSnapshot         = New-CtrSnapshot objects -Label @{ a = 'b' }
            CtrSnapshotMount    = Get-CtrSnapshotMount objects
            CtrLease            = New-CtrLease objects -Label @{ a = 'b' }
            CtrLeaseResource    = Add-CtrLeaseResource objects (Get-CtrImage busybox:1.35).Digest -PassThru
            CtrServer           = Get-CtrServer
            CtrPlugin           = Get-CtrPlugin | Where-Object Platforms | Select-Object -First 1
            CtrSession          = $session
            CtrEvent            = Watch-CtrEvent -MaxCount 1 -ScriptBlock { Set-CtrContainer web -Label @{ a = 'c' } }
            CtrLogLine          = Get-CtrLog logged
            CtrArchiveImage     = Get-CtrArchive (Get-ArchivePath index)
            CtrArchiveCheck     = Test-CtrArchive (Get-ArchivePath busybox)
            CtrImageCheck       = $check
            CtrBlobFault        = $check.Faults[0]
            CtrConvertedImage   = Convert-CtrImage busybox:1.35 samples/converted:1 -Compression Zstd
            CtrRepairResult     = Repair-CtrImage busybox:1.35 -From (Get-ArchivePath busybox)
            CtrDeprecation      = New-Sample CtrDeprecation @{ Id = 'io.containerd.x'; Message = 'word'; LastOccurrence = [DateTimeOffset]::Now }
            CtrLeftover         = New-Sample CtrLeftover @{
                Kind = 'Lease'; Namespace = $namespace; Key = 'ctrps-1'; ProcessId = 1; Since = [DateTimeOffset]::Now
            }
            CtrClearedResource  = New-Sample CtrClearedResource @{
                Kind = 'Image'; Namespace = $namespace; Name = 'docker.io/library/a:1'; Digest = "sha256:$('a' * 64)"; Freed = 5000
                Since = [DateTimeOffset]::Now
            }
            CtrDiskUsage        = Get-CtrDiskUsage -Detailed -Namespace $namespace | Select-Object -First 1
            CtrDiskUsageSummary = Get-CtrDiskUsage | Select-Object -First 1
            CtrReference        = (Get-CtrReference -Image busybox:1.35 -To)[1]
            CtrGarbageCollection = Invoke-CtrGarbageCollection -WhatIf
            CtrGarbage          = New-Sample CtrGarbage @{
                Kind = 'Content'; Namespace = $namespace; Key = "sha256:$('a' * 64)"; Size = 5000; Freed = 5000
            }
            CtrOrphan           = New-Sample CtrOrphan @{
                Kind = 'Snapshot'; Namespace = $namespace; Key = 'left'; Snapshotter = 'overlayfs'; Size = 5000
                Since = [DateTimeOffset]::Now; Age = [timespan]::FromHours(3); Reason = 'word'; FreedBy = "Remove-CtrOrphan 'left'"
            }
            CtrReceivedImage    = New-Sample CtrReceivedImage @{
                Name = 'r.example.com/a:1'; Namespace = $namespace; Digest = "sha256:$('a' * 64)"; Host = 'https://r.example.com/v2'
                Platforms = [string[]]'linux/amd64'; BytesFetched = 5000; Duration = [timespan]::FromSeconds(2)
            }
            CtrSentImage        = New-Sample CtrSentImage @{
                Name = 'docker.io/library/a:1'; Namespace = $namespace; Target = 'r.example.com/a:1'; Digest = "sha256:$('a' * 64)"
                Host = 'https://r.example.com/v2'; Platforms = [string[]]'linux/amd64'; Pushed = 2; BytesSent = 5000
            }
            CtrSentContent      = New-Sample CtrSentContent @{
                Namespace = $namespace; Target = 'r.example.com/a:1'; Digest = "sha256:$('a' * 64)"; Host = 'https://r.example.com/v2'
                MediaType = 'application/octet-stream'; Size = 5000; BytesSent = 5000
            }
            CtrRegistryHost     = Get-CtrRegistryHost localhost:5000 -HostsDirectory $TestDrive
            CtrRegistryLogin    = New-Sample CtrRegistryLogin @{
                Registry = 'docker.io'; User = 'me'; Kind = 'Password'; File = '/home/me/config.json'
            }
            CtrHostsFile        = New-Sample CtrHostsFile @{
                Registry = 'docker.io'; Path = '/etc/hosts.toml'; Hosts = [string[]]('https://a/v2', 'https://b/v2'); Text = 'server = "https://a"'
            }
            CtrRemoteTag        = New-Sample CtrRemoteTag @{ Name = 'r.io/a/b:1'; Registry = 'r.io'; Repository = 'a/b'; Tag = '1' }
            CtrRemoteRepository = New-Sample CtrRemoteRepository @{ Name = 'r.io/a/b'; Registry = 'r.io'; Repository = 'a/b'; Stars = 7 }
            CtrRemoteImage      = New-Sample CtrRemoteImage @{
                Name = 'r.io/a/b:1'; Registry = 'r.io'; Repository = 'a/b'; Tag = '1'; Digest = "sha256:$('b' * 64)"; MediaType = 'm'; Size = 1MB
                CreatedAt = [DateTimeOffset]::Now; Annotations = [Collections.Generic.Dictionary[string, string]]::new(); Host = 'https://r.io/v2'
            }
            CtrCopiedImage      = New-Sample CtrCopiedImage @{
                Name = 'r.io/a/b:1'; Target = 's.io/a/b:1'; Status = 'Sent'; Digest = "sha256:$('b' * 64)"; Platforms = [string[]]'linux/amd64'
                SourceHost = 'https://r.io/v2'; Host = 'https://s.io/v2'; Pushed = 3; BytesSent = 1MB; Duration = '00:00:07'
            }
            CtrRegistryCheck    = New-Sample CtrRegistryCheck @{
                Registry = 'r.io'; Order = 1; Url = 'https://r.io/v2'; Status = 'Denied'; Reason = 'no login'; IPAddresses = [string[]]'192.0.2.1'
                Challenge = 'bearer'; Realm = 'auth.r.io'; Latency = '00:00:00.07'
            }
            CtrImageUpdate      = New-Sample CtrImageUpdate @{
                Name = 'r.io/a/b:1'; Namespace = $namespace; Status = 'Outdated'; Digest = "sha256:$('a' * 64)"; LatestDigest = "sha256:$('b' * 64)"
            }
            CtrNetwork          = New-Sample CtrNetwork @{ Name = 'bridge'; IPAddresses = [string[]]('10.4.0.7/24', 'fd00::7/64') }
            CtrNetworkInterface = New-Sample CtrNetworkInterface @{ Name = 'eth0'; Mac = '02:00:00:00:00:01' }
        }
    }

    AfterAll {
        Remove-CtrContainer web, logged -Force -Confirm:$false
        Remove-CtrLease objects
        $samples.CtrContent | Remove-CtrContent
        Remove-CtrSnapshot objects
        Disconnect-CtrSession $session
        Clear-TestNamespace $rig $namespace
    }

    It 'has a <_>' -ForEach $given {
        $samples[$_] | Should -HaveCount 1
        $samples[$_].GetType().FullName | Should -Be "CtrPS.$_"
    }

    It 'says of <_> that what is never null is not' -ForEach $given {
        # The compiler cannot ask for it: setters that it asks for are public.
        $context = [Reflection.NullabilityInfoContext]::new()
        $sample = $samples[$_]
        $properties = $sample.GetType().GetProperties() | Where-Object { $_.GetIndexParameters().Count -eq 0 }
        $properties | Where-Object { $context.Create($_).ReadState -eq 'NotNull' -and $null -eq $_.GetValue($sample) } | ForEach-Object Name |
            Should -BeNullOrEmpty
    }

    It 'lets nobody change a <_>' -ForEach ($given | Where-Object { $_ -notin 'CtrSpec', 'CtrMount' }) {
        $members = $samples[$_] | Get-Member
        $members | Where-Object { $_.MemberType -eq 'Property' -and $_.Definition -match '\bset;' } | ForEach-Object Name | Should -BeNullOrEmpty
        $members.Name -match '[<$>]' | Should -BeNullOrEmpty
    }

    It 'gives a <_> as small and valid JSON' -ForEach ($given | Where-Object { $_ -ne 'CtrSpec' }) {
        # A spec is deeper than ConvertTo-Json goes: its JSON is ToJson().
        $json = $samples[$_] | ConvertTo-Json -WarningVariable warnings -WarningAction SilentlyContinue
        $warnings | Should -BeNullOrEmpty
        $json.Length | Should -BeLessThan 8000
        $read = $json | ConvertFrom-Json
        $enums = $samples[$_].GetType().GetProperties() | Where-Object { $_.PropertyType.IsEnum }
        foreach ($enum in $enums) {
            $read.($enum.Name) | Should -BeExactly "$($samples[$_].($enum.Name))"
        }
    }

    It 'gives a <_> as CSV that can be read' -ForEach $given {
        $cells = ($samples[$_] | ConvertTo-Csv | ConvertFrom-Csv).PSObject.Properties
        $cells | Where-Object Value -Match '^(System|CtrPS)\.\w+' | ForEach-Object { "$($_.Name): $($_.Value)" } | Should -BeNullOrEmpty
    }

    It 'shows a <_> that comes back from a file as it was' -ForEach $given {
        $file = Join-Path $TestDrive sample.xml
        $samples[$_] | Export-Clixml $file
        $back = Import-Clixml $file
        if ($_ -in 'CtrSpec', 'CtrMount') {
            # It comes back as what New-CtrContainer takes.
            $back | Should -BeExactly ($_ -eq 'CtrSpec' ? $samples[$_].ToJson() : "$($samples[$_])")
            return
        }
        $back | Format-Plain | Should -BeExactly ($samples[$_] | Format-Plain)
        ($back | Format-Plain -List) -split '\n' -notmatch '(At|Time|Timestamp|LastOccurrence|Since) : ' | Should -BeExactly (
            ($samples[$_] | Format-Plain -List) -split '\n' -notmatch '(At|Time|Timestamp|LastOccurrence|Since) : ')
    }

    It 'shows a <_> that comes from a job or another machine as it was' -ForEach ($given | Where-Object { $_ -notin 'CtrSpec', 'CtrMount' }) {
        # Those keep one level: what is below is text.
        $back = [Management.Automation.PSSerializer]::Deserialize([Management.Automation.PSSerializer]::Serialize($samples[$_], 1))
        $plain = { $args[0] -replace '[()]' -replace '(:\d\d)\.\d{3}', '$1' } # text does not tell what is not whole, nor parts of a second
        & $plain ($back | Format-Plain) | Should -BeExactly (& $plain ($samples[$_] | Format-Plain))
    }

    It 'has no error in any view of what comes back' {
        $before = $Error.Count
        foreach ($name in $given) {
            $back = [Management.Automation.PSSerializer]::Deserialize([Management.Automation.PSSerializer]::Serialize($samples[$name], 1))
            $null = $back | Format-Plain
            $null = $back | Format-Plain -List
        }
        $Error.Count | Should -Be $before
    }

    It 'can be used in a thread job, and shown as they come out of jobs' {
        $live = Get-CtrImage busybox:1.35
        $job = Start-ThreadJob { Import-Module $args[0]; $args[1]; Get-CtrContainer web -Session $args[2] -Namespace $args[3] } -ArgumentList (
            Get-ManifestPath), $live, $rig.Address, $namespace
        $from = $job | Wait-Job | Receive-Job
        Remove-Job $job
        $from[0] | Should -BeOfType CtrPS.CtrImage
        $from | Format-Plain | Should -Match 'busybox:1\.35'

        $job = Start-Job {
            Import-Module $args[0]
            Get-CtrImage busybox:1.35 -Session $args[1] -Namespace $args[2]
            Get-CtrContainer web -Session $args[1] -Namespace $args[2]
        } -ArgumentList (Get-ManifestPath), $rig.Address, $namespace
        $back = $job | Wait-Job | Receive-Job
        Remove-Job $job
        $back[0].PSTypeNames | Should -Contain Deserialized.CtrPS.CtrImage
        $back[0] | Select-Object * -ExcludeProperty RunspaceId, PSComputerName, PSShowComputerName | Out-Null
        ($back[0] | Format-Plain) | Should -BeExactly ($live | Format-Plain)
        ($back[1] | Format-Plain) | Should -Match '(?m)^web Running '
    }

    It 'prints a container as ctr does' {
        $mine = $container.ToJson() | ConvertFrom-Json -AsHashtable -DateKind String
        $theirs = Invoke-Ctr $rig -n $namespace containers info web | ConvertFrom-Json -AsHashtable -DateKind String
        $mine.Labels.a, $mine.UpdatedAt = $theirs.Labels.a, $theirs.UpdatedAt # the test changed that since
        if ($generation -eq '1.6') {
            # Of its time: there was no sandbox, and an empty map was null.
            $mine.SandboxID | Should -BeExactly ''
            $mine.Remove('SandboxID')
            $mine.Extensions.Count | Should -Be 0
            $mine.Extensions = $theirs.Extensions
        }
        $mine.Keys | Should -Be $theirs.Keys
        $mine.Spec.mounts | ForEach-Object { $_.destination } | Should -Contain /cache
        foreach ($key in $theirs.Keys) {
            Get-Sorted $mine[$key] | Should -BeExactly (Get-Sorted $theirs[$key]) -Because $key
        }
        $container.ToJson($true) | Should -Match '(?m)^  "ID": "web",$'
    }

    It 'prints the counters of a container by the names that ctr prints' {
        $mine = (Get-CtrMetric web).ToJson() | ConvertFrom-Json -AsHashtable
        $theirs = Invoke-Ctr $rig -n $namespace tasks metrics --format json web | ConvertFrom-Json -AsHashtable
        $mine.Keys | Should -Be $theirs.Keys
        $mine.pids | ConvertTo-Json | Should -BeExactly ($theirs.pids | ConvertTo-Json)
        $mine.memory.Keys | Where-Object { $_ -match '^hierarchical|^usage|^rss' } | Should -Be (
            $theirs.memory.Keys | Where-Object { $_ -match '^hierarchical|^usage|^rss' })
    }

    It 'prints images, tasks, plugins and namespaces as records' {
        $image = (Get-CtrImage busybox:1.35).ToJson() | ConvertFrom-Json -DateKind String
        $image.PSObject.Properties.Name | Should -Be 'Name', 'Labels', 'Target', 'CreatedAt', 'UpdatedAt'
        $image.Target.digest | Should -Be $samples.CtrImage.Digest
        $image.Target.size | Should -BeGreaterThan 0
        $image.CreatedAt | Should -Match '^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$'
        $task = (Get-CtrTask web).ToJson() | ConvertFrom-Json
        $task.id, $task.status, $task.pid | Should -Be 'web', 'RUNNING', $samples.CtrTask.ProcessId
        $plugin = $samples.CtrPlugin.ToJson() | ConvertFrom-Json
        $plugin.type, $plugin.id, $plugin.platforms[0] | Should -Be $samples.CtrPlugin.Type, $samples.CtrPlugin.Id, $samples.CtrPlugin.Platforms[0]
        $samples.CtrNamespace.ToJson() | Should -BeExactly "{`"name`":`"$namespace`",`"labels`":{`"team`":`"web`"}}"
    }

    It 'shows labels of others, which may hold anything, escaped; the objects have them as they are' {
        $null = Set-CtrContainer web -Label @{ evil = $evil }
        $now = Get-CtrContainer web
        $now.Labels['evil'] | Should -BeExactly $evil
        $text = $now | Format-Plain -List
        $text -replace '\s' | Should -Match ([regex]::Escape($shown))
        Test-Steering $text | Should -BeFalse
    }

    It 'asks and tells in escaped words with <what>' -ForEach @(
        @{ what = 'an error'; line = { Get-CtrContainer $evil } }
        @{ what = 'an error about an image'; line = { Get-CtrImage $evil } }
        @{ what = '-WhatIf'; line = { Set-CtrContainer web -Label @{ b = $evil } -WhatIf } }
        @{ what = '-Verbose'; line = { Set-CtrContainer web -Label @{ b = $evil } -Verbose } }
    ) {
        $text = "`$evil = `"a``e7``a``nb``u{9b}31m``u{202e}c`"; $line -Namespace $namespace"
        $told = Invoke-Line $rig $text
        $all = @($told.Screen) + @($told.Errors.Message) + @($told.Warnings) + @($told.Verbose) -join "`n"
        $all | Should -Match ([regex]::Escape('\u001b7\u0007\u000ab\u009b31m\u202ec'))
        Test-Steering ($all -replace '\e\[[0-9;]*m') | Should -BeFalse
    }
}

Describe 'The views' {
    BeforeAll {
        $format = [xml](Get-Content (Join-Path (Split-Path (Get-ManifestPath)) CtrPS.Format.ps1xml) -Raw)
        $maps = [Collections.Generic.Dictionary[string, string]]::new()
        $maps[$evil] = $evil
    }

    It 'take no text as it is' {
        # A column or an item that names a property shows it raw: only numbers, words of ours and times may.
        $raw = foreach ($view in $format.SelectNodes('//View')) {
            $type = ($view.ViewSelectedBy.TypeName -replace '#.*') -as [type] # a view of several nodes is one of the same type
            foreach ($name in $view.SelectNodes('TableControl//TableColumnItem/PropertyName | ListControl//ListItem/PropertyName').InnerText) {
                $property = $type.GetProperty($name)
                $kind = $property ? ([Nullable]::GetUnderlyingType($property.PropertyType) ?? $property.PropertyType) : [bool] # of the type data
                if (-not ($kind.IsPrimitive -or $kind.IsEnum -or $kind -in [DateTimeOffset], [TimeSpan])) { "$($type.Name).$name" }
            }
        }
        $raw | Should -BeNullOrEmpty
    }

    It 'has a list for each type that has a table, as Format-List shows text raw where there is none' {
        $tables = $format.SelectNodes('//View[TableControl]/ViewSelectedBy/TypeName').InnerText -replace '#.*' | Sort-Object -Unique
        $lists = $format.SelectNodes('//View[ListControl]/ViewSelectedBy/TypeName').InnerText
        $tables | Where-Object { $_ -notin $lists } | Should -BeNullOrEmpty
    }

    It 'show all text of a <_> escaped' -ForEach ($given | Where-Object {
            $_ -notin 'CtrSpec', 'CtrMount', 'CtrExtension', 'CtrNetwork', 'CtrNetworkInterface', 'CtrSession' }) {
        # Every text of it is hostile; so are its maps, lists and what is in those.
        $name = $_
        $type = "CtrPS.$name" -as [type]
        $values = @{}
        $arguments = $name -eq 'CtrImagePlatform' ? @('linux', $evil, '', $evil) : @()
        foreach ($property in $type.GetProperties() | Where-Object { $_.SetMethod }) {
            switch ($property.PropertyType.ToString()) {
                'System.String' { $values[$property.Name] = $evil }
                { $_ -like '*IReadOnlyList*String*' } { $values[$property.Name] = [string[]]($evil, $evil) }
                { $_ -like '*IReadOnlyDictionary*String,System.String*' } { $values[$property.Name] = $maps }
            }
        }
        $values.Count + $arguments.Count | Should -BeGreaterThan 0
        $sample = New-Sample $name $values $arguments
        foreach ($one in $sample, [Management.Automation.PSSerializer]::Deserialize([Management.Automation.PSSerializer]::Serialize($sample, 1))) {
            foreach ($text in ($one | Format-Plain), ($one | Format-Plain -List), ($one | Format-Table | Out-String -Width 300)) {
                Test-Steering ($text -replace '\e\[[0-9;]*m') | Should -BeFalse -Because $text
            }
        }
        # What a program wrote has lines.
        if ($name -ne 'CtrCommandResult') {
            ($sample | Format-List | Out-String -Width 1000) | Should -Match ([regex]::Escape($shown))
        }
    }
}
