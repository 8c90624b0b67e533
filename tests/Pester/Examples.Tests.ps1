#requires -Version 7.6
# Every example of the help pages runs as it stands there, on a daemon with the images that it names: on one generation in turn, as what the
# cmdlets do is tested on each of them elsewhere.

BeforeDiscovery {
    Import-Module (Join-Path $PSScriptRoot Helpers.psm1)
    $examples = foreach ($page in Get-ChildItem (Join-Path $PSScriptRoot .. .. docs en-US) -Filter *-*.md) {
        $section = [regex]::Match((Get-Content $page -Raw), '(?ms)^## EXAMPLES\s*$(.*?)^## ').Groups[1].Value
        foreach ($part in $section -split '(?m)^### ' | Select-Object -Skip 1) {
            $code = [regex]::Matches($part, '(?ms)^```powershell\s*$(.*?)^```') | ForEach-Object { $_.Groups[1].Value }
            $code = $code -join "`n"
            $parts = [scriptblock]::Create($code).Ast.FindAll({ $true }, $true)
            $called = $parts | ForEach-Object { $_ -is [Management.Automation.Language.CommandAst] ? $_.GetCommandName() : $null }
            @{
                page = $page.BaseName; title = ($part -split '\r?\n')[0].Trim(); code = $code
                # Containers are named by bare words; the same words are values of labels, in quotes.
                names = @($parts | Where-Object StringConstantType -EQ BareWord | ForEach-Object Value)
                onlyLooks = -not ($called -match '-Ctr' -notmatch '^(Get|Test|Connect|Disconnect)-Ctr')
            }
        }
    }
}

BeforeAll {
    $ErrorActionPreference = 'Stop'

    # Runs lines in $runspace, as a user would type them first thing; gives the errors.
    function Invoke-Here {
        param([string] $Line)
        $shell = [powershell]::Create($runspace)
        try {
            $null = $shell.AddScript($Line).Invoke()
            $errors = $shell.Streams.Error.ReadAll()
            $shell.Commands.Clear()
            $null = $shell.AddScript('Get-CtrSession | Disconnect-CtrSession; Get-EventSubscriber | Unregister-Event; Get-Job | Remove-Job -Force')
            $null = $shell.Invoke()
            $errors
        } finally {
            $shell.Dispose()
            $runspace.ResetRunspaceState()
        }
    }
}

Describe 'The examples' {
    It 'are found: at least two of each cmdlet, with code' -ForEach @{ examples = $examples } {
        $cmdlets = (Import-PowerShellDataFile (Get-ManifestPath)).CmdletsToExport
        $few = $examples | Group-Object { $_.page } | Where-Object Count -LT 2
        $few.Name | Should -BeNullOrEmpty
        ($examples | ForEach-Object page | Sort-Object -Unique -Culture '') | Should -Be $cmdlets
        $examples | Where-Object { $_.code -notmatch '\w+-Ctr\w+' } | ForEach-Object { "$($_.page): $($_.title)" } | Should -BeNullOrEmpty
    }
}

Describe 'Examples, containerd <generation>' -ForEach (Get-RigGeneration) {
    $there = @((Get-RigGeneration | Where-Object { -not $_.reason }).generation)
    $own = @(0..($examples.Count - 1) | Where-Object { $there[$_ % $there.Count] -eq $generation } | ForEach-Object { $examples[$_] })
    if ($reason) {
        It 'has a daemon' { Set-ItResult -Skipped -Because $reason }
        return
    }

    BeforeAll {
        $rig = Get-Rig $generation Examples
        $manifest = Get-ManifestPath
        $original = 'docker.io/library/busybox:1.35', 'docker.io/library/nginx:deb'
        # What the pages call so is here, with two images.
        $registry = Get-Registry
        $null = Push-ToRegistry $registry busybox
        $null = Push-ToRegistry $registry nginx
        # One session of PowerShell for all examples, with nothing of the one before: a new one takes longer than most examples.
        $runspace = [runspacefactory]::CreateRunspace()
        $runspace.Open()
        Invoke-Here "Import-Module '$manifest'"
    }

    AfterAll {
        $runspace.Dispose()
    }

    # The containers that an example names are there: a server, one that has ended, one that writes all the time, one that reads.
    BeforeEach {
        $isClean = $onlyLooks
        foreach ($one in @(
                @{ id = 'web'; words = '--log-uri', "file://$TestDrive/web.log", 'docker.io/library/nginx:deb', 'web' }
                @{
                    id    = 'job'
                    words = '--log-uri', "file://$TestDrive/job.log", 'docker.io/library/busybox:1.35', 'job', 'sh', '-c', 'echo done; exit 3'
                }
                @{ id = 'ticker'; words = 'docker.io/library/busybox:1.35', 'ticker', 'sh', '-c', 'while :; do echo tick; sleep 0.1; done' }
                @{ id = 'reader'; words = 'docker.io/library/busybox:1.35', 'reader', 'sh', '-c', 'read -r line' }
            )) {
            if ($one.id -in $names -and $code -notmatch "New-CtrContainer \S+ $($one.id)\b") {
                $words = $one.words
                $null = Invoke-Ctr $rig -n k8s.io run -d @words
                $isClean = $false
                if ($one.id -eq 'job') {
                    Wait-Until { (Invoke-Ctr $rig -n k8s.io tasks ls) -match 'job.*STOPPED' } 'the job has ended'
                }
            }
        }
    }

    # What an example left behind goes, so that the next finds what it expects.
    AfterEach {
        if ($isClean) {
            return
        }
        Clear-TestContainer $rig k8s.io
        Clear-TestNamespace $rig @(Invoke-Ctr $rig namespaces ls -q | Where-Object { $_ -ne 'k8s.io' })
        foreach ($row in ConvertFrom-CtrTable (Invoke-Ctr $rig -n k8s.io images ls)) {
            if ($row.REF -notin $original) {
                $null = Invoke-Ctr $rig -n k8s.io images rm $row.REF
            } elseif ($row.LABELS -ne '-') {
                $null = Invoke-Ctr $rig -n k8s.io images label $row.REF @($row.LABELS -split ',' -replace '=.*', '=')
            }
        }
    }

    It '<page>: <title>' -ForEach $own {
        $here = $code.Replace('/run/containerd/containerd.sock', $rig.Address).Replace('registry.example.org', $registry.Address)
        Use-Environment @{ CONTAINERD_ADDRESS = $rig.Address } { $script:errors = Invoke-Here $here }
        # Here is no console, and mostly no criu that works; what needs them is tested on a terminal and a daemon of its own.
        $apart = '^CtrNoConsole,|^CtrRuntime(NotFound|Failed),.*\.Checkpoint'
        $errors | Where-Object FullyQualifiedErrorId -NotMatch $apart | ForEach-Object { "$_" } | Should -BeNullOrEmpty
        if (-not $isClean) {
            Invoke-Ctr $rig -n k8s.io images ls -q | Where-Object { $_ -in $original } | Should -Be $original
        }
    }
}
