#requires -Version 7.6
<#
.SYNOPSIS
Builds, checks, tests and packs CtrPS. On Linux and macOS, build.sh gets the PowerShell for it and calls it.
.EXAMPLE
./build.ps1 -Task Clean, Build, Test
.EXAMPLE
./build.ps1 -Task Docs -Update
Writes the help pages and the module's help file anew instead of checking them.
#>
[CmdletBinding(PositionalBinding = $false)]
[Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSReviewUnusedParameter', '', Justification = 'read by the task functions')]
param(
    [ArgumentCompletions('Clean', 'Build', 'Test', 'Analyze', 'Docs', 'Pack', 'Install', 'Bench', 'Demo')]
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

$env:PSModulePath = (Join-Path $artifacts modules) + [IO.Path]::PathSeparator + $env:PSModulePath

# Runs a script block in a PowerShell of its own: the module's assemblies stay locked for the life of a process.
function Invoke-Child {
    param([scriptblock] $Script, [string[]] $ArgumentList)
    $quoted = $ArgumentList | ForEach-Object { "'" + $_.Replace("'", "''") + "'" }
    pwsh -NoProfile -NonInteractive -Command "& { $Script } $quoted"
}

# Finds an installed module of a version range, else asks the PowerShell Gallery for it, for so many seconds at the most.
# Path is $null when there is none, and Reason says why.
function Find-Tool {
    param([string] $Name, [version] $Minimum, [version] $Below, [int] $Seconds = 20)
    $installed = Get-Module $Name -ListAvailable | Where-Object { $_.Version -ge $Minimum -and $_.Version -lt $Below } |
        Sort-Object Version -Descending | Select-Object -First 1
    if ($installed) {
        return @{ Path = $installed.Path; Reason = $null }
    }
    $reason = "no $Name $Minimum or newer (below $Below) is installed, and the PowerShell Gallery gives none"
    $folder = (New-Item (Join-Path $artifacts modules) -ItemType Directory -Force).FullName
    # In a thread of its own: a gallery that takes the call and stays silent would hold this one.
    $save = Start-ThreadJob {
        $options = @{ Repository = 'PSGallery'; TrustRepository = $true; ErrorAction = 'Stop' }
        Save-PSResource $using:Name -Version "[$using:Minimum,$using:Below)" -Path $using:folder @options
    }
    try {
        if (-not ($save | Wait-Job -Timeout $Seconds)) {
            throw "no answer within $Seconds seconds"
        }
        $save | Receive-Job
        $saved = Get-ChildItem (Join-Path $folder $Name) -Filter "$Name.psd1" -Recurse | Select-Object -Last 1
        return @{ Path = $saved.FullName; Reason = $null }
    } catch {
        return @{ Path = $null; Reason = "${reason}: $_" }
    }
}

# Packages, containerd generations and images for the rig, and as root missing tools of the system. All that is missing is named.
function Invoke-Provision {
    param([string[]] $Word = @())
    $PSNativeCommandUseErrorActionPreference = $false
    dotnet (Join-Path $root tests Rig bin $Configuration net10.0 CtrPS.Rig.dll) provision @Word | Out-Null
    if ($LASTEXITCODE -ne 0) {
        throw 'something that it needs is not here (above)'
    }
}

# Pester, out of the NuGet package that tests/Tools/Tools.csproj names: its manifest's path.
function Get-Pester {
    $PSNativeCommandUseErrorActionPreference = $false
    $project = Join-Path $root tests Tools Tools.csproj
    $words = dotnet restore $project 2>&1
    if ($LASTEXITCODE -ne 0) {
        $words | Where-Object { $_ -match 'error' } | Select-Object -First 3 | Out-Host
        throw 'there is no Pester: tests/Tools/Tools.csproj cannot be restored (above)'
    }
    $version = ([xml](Get-Content $project -Raw)).SelectSingleNode("//PackageDownload[@Include='Pester']").Version.Trim('[]')
    $packages = (dotnet msbuild $project -getProperty:NuGetPackageRoot).Trim()
    Join-Path $packages pester $version tools Pester.psd1 -Resolve
}

function Invoke-CleanTask {
    $projects = 'src', 'tests' | ForEach-Object { Get-ChildItem (Join-Path $root $_) -Directory -ErrorAction Ignore }
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
    Invoke-Provision
    $pester = Get-Pester
    $results = Join-Path $artifacts test-results
    Remove-Item $results -Recurse -Force -ErrorAction Ignore
    $null = New-Item $results -ItemType Directory
    # The daemons of the tests live in memory where there is plenty: the tests mostly wait for their fsyncs else, and a container whose
    # processes wait for the disk cannot be paused.
    $memory = [IO.DriveInfo]::GetDrives() | Where-Object Name -EQ /dev/shm | Select-Object -First 1
    $room = [Math]::Min(($memory ? $memory.AvailableFreeSpace : 0), [GC]::GetGCMemoryInfo().TotalAvailableMemoryBytes)
    if (-not $env:CTRPS_RIG_FOLDER -and $room -gt 12GB) {
        $env:CTRPS_RIG_FOLDER = $memory.Name
    }
    # Most processes of the tests live for seconds: what .NET would find out about them, and compile anew for later, takes a quarter of all
    # processor time.
    $env:DOTNET_TieredPGO = '0'
    $env:DOTNET_TC_CallCounting = '0'
    Import-Module (Join-Path $root tests Tools Suites.psm1)
    $suites = @(Invoke-Suite -Tests (Join-Path $root tests) -Pester $pester -Results $results -Configuration $Configuration)

    # Not $suites.Failed: in strict mode that is an error where no suite has any.
    $failed = @($suites | ForEach-Object { $_.Failed })
    $skipped = @($suites | ForEach-Object { $_.Skipped })
    $passed = ($suites | Measure-Object Passed -Sum).Sum
    Write-Host "`nSummary"
    $failed | Sort-Object | ForEach-Object { Write-Host "  failed $_" }
    $skipped | Sort-Object | ForEach-Object { Write-Host "  skipped $_" }
    $suites | ForEach-Object { Write-Host "$($_.Name): $($_.Passed) passed, $($_.Failed.Count) failed, $($_.Skipped.Count) skipped" }
    Write-Host "$passed passed, $($failed.Count) failed, $($skipped.Count) skipped"
    if ($failed.Count -gt 0 -or $passed -eq 0) {
        exit 1
    }
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

    # Style and analyzers are errors of the build already.
    dotnet format whitespace $solution --verify-no-changes --no-restore
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
}

# The first folder of PSModulePath below the user's own, as Install-PSResource does it; the version is a folder, so that others stay.
function Invoke-InstallTask {
    Invoke-BuildTask
    $version = (Import-PowerShellDataFile (Join-Path $module CtrPS.psd1)).ModuleVersion
    $documents = $IsWindows ? [Environment]::GetFolderPath('MyDocuments') : [Environment]::GetFolderPath('LocalApplicationData', 'DoNotVerify')
    $modules = Join-Path $documents ($IsWindows ? 'PowerShell' : 'powershell') Modules
    $target = Join-Path $modules CtrPS $version
    Remove-Item $target -Recurse -Force -ErrorAction Ignore
    $null = New-Item $target -ItemType Directory -Force
    Copy-Item (Join-Path $module *) $target -Recurse
    Write-Host "Install: $target"
    if ($modules -notin $env:PSModulePath.Split([IO.Path]::PathSeparator)) {
        Write-Warning "Install: $modules is not in PSModulePath; Import-Module needs the whole path."
    }
}

function Invoke-BenchTask {
    Invoke-BuildTask
    Invoke-Provision
    dotnet run --project (Join-Path $root tests Benchmarks) -c $Configuration -- @Argument
}

# Only what the demo needs: the rig and the module, one containerd and one image, which are got while the module is built.
function Invoke-DemoTask {
    $clock = [Diagnostics.Stopwatch]::StartNew()
    dotnet build (Join-Path $root tests Rig) -c $Configuration -v quiet --nologo
    $took = [ordered]@{ 'build the rig' = $clock.Elapsed }
    $rig = Join-Path $root tests Rig bin $Configuration net10.0 CtrPS.Rig.dll
    $project = Join-Path $root src CtrPS
    $build = Start-ThreadJob {
        $clock = [Diagnostics.Stopwatch]::StartNew()
        $words = dotnet build $using:project -c $using:Configuration -v quiet --nologo
        [pscustomobject]@{ Words = $words; Code = $LASTEXITCODE; Took = $clock.Elapsed }
    }
    $clock.Restart()
    Invoke-Provision '--generation', '1.6', '--image', 'nginx'
    $took['get containerd and the image'] = $clock.Elapsed
    $clock.Restart()
    $built = $build | Receive-Job -Wait
    if ($built.Code -ne 0) {
        $built.Words | Out-Host
        throw 'the module does not build (above)'
    }
    $took['build the module, at the same time'] = $built.Took
    & (Join-Path $root tests demo.ps1) -Rig $rig -Module (Join-Path $module CtrPS.psd1) -Took $took @Argument
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
