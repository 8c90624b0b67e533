#requires -Version 7.6
<#
.SYNOPSIS
Builds, checks, tests and packs CtrPS. On Linux and macOS, build.sh calls this after it has seen to the feed and the tools.
.EXAMPLE
./build.ps1 -Task Clean, Build, Test
.EXAMPLE
./build.ps1 -Task Docs -Update
Writes the help pages and the module's help file anew instead of checking them.
#>
[CmdletBinding(PositionalBinding = $false)]
[Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSReviewUnusedParameter', '', Justification = 'read by the task functions')]
param(
    [ArgumentCompletions('Clean', 'Build', 'Test', 'Analyze', 'Docs', 'Pack', 'Bench', 'Demo')]
    [string[]] $Task = 'Build',

    [ValidateSet('Release', 'Debug')]
    [string] $Configuration = 'Release',

    # Docs: write what is out of step.
    [switch] $Update,

    # Bench and Demo: handed on.
    [Parameter(ValueFromRemainingArguments)]
    [string[]] $Argument = @()
)

$ErrorActionPreference = 'Stop'
$PSNativeCommandUseErrorActionPreference = $true
Set-StrictMode -Version 3.0

$root = $PSScriptRoot
$solution = Join-Path $root CtrPS.sln
$module = Join-Path $root output CtrPS
$artifacts = Join-Path $root artifacts
$built = $false

# Children, and what the tests start, use the PowerShell that runs this.
if (Get-ChildItem $PSHOME -Filter pwsh* | Where-Object Name -In 'pwsh', 'pwsh.exe') {
    $env:PATH = $PSHOME + [IO.Path]::PathSeparator + $env:PATH
}
$env:PSModulePath = (Join-Path $artifacts modules) + [IO.Path]::PathSeparator + $env:PSModulePath

# Runs a script block in a PowerShell of its own: the module's assemblies stay locked for the life of a process.
function Invoke-Child {
    param([scriptblock] $Script, [string[]] $ArgumentList)
    $quoted = $ArgumentList | ForEach-Object { "'" + $_.Replace("'", "''") + "'" }
    pwsh -NoProfile -NonInteractive -Command "& { $Script } $quoted"
}

# Finds an installed module of a version range; on an ordinary feed the PowerShell Gallery is asked for it.
# Path is $null when there is none, and Reason says why.
function Find-Tool {
    param([string] $Name, [version] $Minimum, [version] $Below)
    $installed = Get-Module $Name -ListAvailable | Where-Object { $_.Version -ge $Minimum -and $_.Version -lt $Below } |
        Sort-Object Version -Descending | Select-Object -First 1
    if ($installed) {
        return @{ Path = $installed.Path; Reason = $null }
    }
    $reason = "no $Name $Minimum or newer (below $Below) is installed"
    if (Test-Path (Join-Path $root .restricted-feed)) {
        return @{ Path = $null; Reason = "$reason, and the feed is restricted" }
    }
    try {
        $folder = (New-Item (Join-Path $artifacts modules) -ItemType Directory -Force).FullName
        Save-PSResource $Name -Version "[$Minimum,$Below)" -Path $folder -Repository PSGallery -TrustRepository
        $saved = Get-ChildItem (Join-Path $folder $Name) -Filter "$Name.psd1" -Recurse | Select-Object -Last 1
        return @{ Path = $saved.FullName; Reason = $null }
    } catch {
        return @{ Path = $null; Reason = "$reason, and the PowerShell Gallery gives none: $_" }
    }
}

function Invoke-CleanTask {
    $projects = 'src', 'tests', 'tests/standins' | ForEach-Object { Get-ChildItem (Join-Path $root $_) -Directory -ErrorAction Ignore }
    $made = @((Join-Path $root output), $artifacts) + @($projects | ForEach-Object { Join-Path $_.FullName bin; Join-Path $_.FullName obj })
    $made | Where-Object { Test-Path $_ } | Remove-Item -Recurse -Force
}

function Invoke-BuildTask {
    if (-not $script:built) {
        dotnet build $solution -c $Configuration
        $script:built = $true
    }
}

function Invoke-TestTask {
    Invoke-BuildTask
    $results = Join-Path $artifacts test-results
    Remove-Item $results -Recurse -Force -ErrorAction Ignore
    $null = New-Item $results -ItemType Directory
    $suites = @(
        Get-ChildItem (Join-Path $root tests *.Tests *.csproj) | ForEach-Object { Invoke-Xunit $_ $results }
        Invoke-PesterSuite $results
    )

    Write-Host "`nSummary"
    foreach ($suite in $suites) {
        if ($suite.NotRun) {
            Write-Host "not run: $($suite.Name): $($suite.NotRun)"
            continue
        }
        Write-Host "$($suite.Name): $($suite.Passed) passed, $($suite.Failed.Count) failed, $($suite.Skipped.Count) skipped"
        $suite.Failed | Sort-Object | ForEach-Object { Write-Host "  failed $_" }
        $suite.Skipped | Sort-Object | ForEach-Object { Write-Host "  skipped $_" }
    }
    $passed = ($suites.Passed | Measure-Object -Sum).Sum
    $failed = @($suites | ForEach-Object Failed).Count
    $skipped = @($suites | ForEach-Object Skipped).Count
    Write-Host "$passed passed, $failed failed, $skipped skipped"
    if ($failed -gt 0 -or $passed -eq 0) {
        exit 1
    }
}

# What a suite says: the number that passed, the failed and the skipped as 'name: reason', or why nothing ran.
function ConvertTo-Suite {
    param([string] $Name, [int] $Passed, [string[]] $Failed, [string[]] $Skipped, [string] $NotRun)
    [pscustomobject]@{
        Name = $Name; Passed = $Passed; Failed = @($Failed | Where-Object { $_ }); Skipped = @($Skipped | Where-Object { $_ }); NotRun = $NotRun
    }
}

function Invoke-Xunit {
    param([IO.FileInfo] $Project, [string] $Results)
    $name = $Project.BaseName
    $PSNativeCommandUseErrorActionPreference = $false
    dotnet test $Project.FullName -c $Configuration --no-build --logger "trx;LogFileName=$name.trx" --results-directory $Results | Out-Host
    $code = $LASTEXITCODE
    $trx = Join-Path $Results "$name.trx"
    $tests = @(if (Test-Path $trx) { Select-Xml -Path $trx -XPath "//*[local-name()='UnitTestResult']" | ForEach-Object Node })
    if ($tests.Count -eq 0 -and $code -eq 0) {
        return ConvertTo-Suite -Name $name -NotRun 'no test in it'
    }
    $line = { '{0}: {1}' -f $_.testName, (($_.SelectSingleNode(".//*[local-name()='Message']")?.InnerText ?? 'no reason given') -split '\r?\n')[0] }
    $passed = @($tests | Where-Object outcome -EQ Passed)
    $skipped = @($tests | Where-Object outcome -EQ NotExecuted | ForEach-Object $line)
    $failed = @($tests | Where-Object outcome -NotIn Passed, NotExecuted | ForEach-Object $line)
    if ($failed.Count -eq 0 -and $code -ne 0) {
        $failed = "${name}: dotnet test ended with $code and no failed test"
    }
    ConvertTo-Suite -Name $name -Passed $passed.Count -Failed $failed -Skipped $skipped
}

function Invoke-PesterSuite {
    param([string] $Results)
    $name = 'Pester (module surface, isolation, cmdlets end to end)'
    $pester = Find-Tool -Name Pester -Minimum 5.7 -Below 6.0
    if (-not $pester.Path) {
        return ConvertTo-Suite -Name $name -NotRun $pester.Reason
    }
    $json = Join-Path $Results pester.json
    $PSNativeCommandUseErrorActionPreference = $false
    Invoke-Child -ArgumentList $pester.Path, (Join-Path $root tests Pester), $json -Script {
        param($Pester, $Path, $Json)
        Import-Module $Pester -ErrorAction Stop
        $run = Invoke-Pester -Configuration @{ Run = @{ Path = $Path; PassThru = $true }; Output = @{ Verbosity = 'Detailed' } }
        # Beside the tests, a block whose set-up or tear-down failed and a file that did not load are failures too.
        $tests = @($run.Tests) + @($run.FailedBlocks) + @($run.FailedContainers) | ForEach-Object {
            $name = $_.PSObject.Properties['ExpandedPath'] ? $_.ExpandedPath : "$($_.Item)"
            $reason = "$($_.ErrorRecord)" -replace '^is (skipped|inconclusive), because ' -split '\r?\n' | Select-Object -First 1
            [ordered]@{ Name = $name; Result = "$($_.Result)"; Reason = $reason }
        }
        ConvertTo-Json @($tests) | Set-Content $Json
    } | Out-Host
    if (-not (Test-Path $json)) {
        return ConvertTo-Suite -Name $name -Failed "${name}: ended without a result"
    }
    $tests = Get-Content $json -Raw | ConvertFrom-Json
    $line = { '{0}: {1}' -f $_.Name, ($_.Reason ? $_.Reason : 'no reason given') }
    $failed = $tests | Where-Object Result -EQ Failed | ForEach-Object $line
    $skipped = $tests | Where-Object Result -In Skipped, Inconclusive, NotRun | ForEach-Object $line
    ConvertTo-Suite -Name $name -Passed @($tests | Where-Object Result -EQ Passed).Count -Failed $failed -Skipped $skipped
}

# What PSScriptAnalyzer finds in the scripts of this tree, a line each. Version 1.25 fails now and then of its own ("The term 'Get-Command'
# is not recognized", even a crash of its process; PSScriptAnalyzer#2205): so in a process of its own, and again where it gave no answer.
function Get-ScriptFinding {
    param([string] $Analyzer)
    $answer = Join-Path $artifacts findings.json
    $null = New-Item $artifacts -ItemType Directory -Force
    foreach ($attempt in 1..5) {
        Remove-Item $answer -ErrorAction Ignore
        pwsh -NoProfile -NonInteractive -File (Join-Path $root tests Analyze.ps1) -Analyzer $Analyzer -Answer $answer | Out-Host
        if (Test-Path $answer) {
            return Get-Content $answer -Raw | ConvertFrom-Json
        }
        Write-Warning "Analyze: PSScriptAnalyzer broke down (above), attempt $attempt of 5."
    }
    throw 'PSScriptAnalyzer gave no answer'
}

function Invoke-AnalyzeTask {
    Invoke-BuildTask
    $problems = 0
    $PSNativeCommandUseErrorActionPreference = $false

    dotnet format $solution --verify-no-changes --no-restore
    $problems += [int]($LASTEXITCODE -ne 0)

    if (Get-Command shellcheck -CommandType Application -ErrorAction Ignore) {
        shellcheck (Join-Path $root build.sh) (Join-Path $root .ci run)
        $problems += [int]($LASTEXITCODE -ne 0)
    } else {
        Write-Warning 'Analyze: build.sh and .ci/run not checked: there is no shellcheck.'
    }

    $analyzer = Find-Tool -Name PSScriptAnalyzer -Minimum 1.24 -Below 2.0
    if ($analyzer.Path) {
        $findings = @(Get-ScriptFinding $analyzer.Path)
        $findings | ForEach-Object { Write-Host $_ }
        $problems += $findings.Count
    } else {
        Write-Warning "Analyze: scripts not checked: $($analyzer.Reason)."
    }

    $null = Test-ModuleManifest (Join-Path $module CtrPS.psd1)
    if ($problems -gt 0) {
        throw "$problems finding(s)"
    }
}

# The help pages and the help file, checked or, with -Update, written.
function Invoke-DocsTask {
    Invoke-BuildTask
    $platyPS = Find-Tool -Name Microsoft.PowerShell.PlatyPS -Minimum 1.0 -Below 2.0
    if ($platyPS.Path) {
        $PSNativeCommandUseErrorActionPreference = $false
        $sync = Join-Path $root docs Sync-Help.ps1
        pwsh -NoProfile -NonInteractive -File $sync -PlatyPS $platyPS.Path -Module $module -Work (Join-Path $artifacts docs) -Update:$Update
        if ($LASTEXITCODE -ne 0) {
            throw 'the help is out of step with the cmdlets (above); -Task Docs -Update writes what need not be written by hand'
        }
    } elseif ($Update) {
        throw $platyPS.Reason
    } else {
        Write-Warning "Docs: pages and help file not checked: $($platyPS.Reason)."
    }
}

function Invoke-PackTask {
    Invoke-BuildTask
    $manifest = Import-PowerShellDataFile (Join-Path $module CtrPS.psd1)
    $version = @($manifest.ModuleVersion, $manifest['PrivateData']?['PSData']?['Prerelease']).Where({ $_ }) -join '-'
    $expected = ([xml](Get-Content (Join-Path $root Directory.Build.props) -Raw)).SelectSingleNode('/Project/PropertyGroup/Version').InnerText
    if ($version -ne $expected) {
        throw "the manifest says version $version, Directory.Build.props says $expected"
    }
    $zip = Join-Path $artifacts "CtrPS.$version.zip"
    $null = New-Item $artifacts -ItemType Directory -Force
    Compress-Archive $module $zip -Force
    Write-Host "Pack: $zip"
    if (Test-Path (Join-Path $root .restricted-feed)) {
        Write-Warning 'Pack: built behind a restricted feed, so lib/ holds the stand-in contracts: not for publishing.'
    }
}

function Invoke-BenchTask {
    Invoke-BuildTask
    dotnet run --project (Join-Path $root tests Benchmarks) -c $Configuration -- @Argument
}

function Invoke-DemoTask {
    Invoke-BuildTask
    $rig = Join-Path $root tests Rig bin $Configuration net10.0 CtrPS.Rig.dll
    pwsh -NoProfile -NonInteractive -File (Join-Path $root tests demo.ps1) -Rig $rig -Module (Join-Path $module CtrPS.psd1) @Argument
}

$tasks = $Task -split ','
foreach ($name in $tasks) {
    if (-not (Get-Command "Invoke-${name}Task" -CommandType Function -ErrorAction Ignore)) {
        [Console]::Error.WriteLine("build: there is no task '$name'")
        exit 2
    }
}
Push-Location $root
try {
    foreach ($name in $tasks) {
        & "Invoke-${name}Task"
    }
} catch {
    [Console]::Error.WriteLine("build: ${name} failed: $_")
    exit 1
} finally {
    Pop-Location
}
