#requires -Version 7.6
<#
What the test files share: the module under test, private containerds and registries, child processes, waiting, open calls.
A rig starts when a test first asks for it. It ends with Close-Rig or this module, at the latest with the process: its standard input closes.
#>

$ErrorActionPreference = 'Stop'
$repository = Split-Path (Split-Path $PSScriptRoot)
$rigs = @{}
$registries = @{}
$archives = @{}
$generations = $null
$readers = $null
$lines = $null

# What a rig holds in namespace k8s.io. Tests change nothing there, except in a rig of their own.
$contents = @{
    Shared   = 'nginx', 'busybox', 'busybox-docker', 'index', 'index-full', 'attested', 'nested', 'absent', 'arm', 'names'
    Restart  = , 'busybox'
    Usage    = , 'busybox'
    Prune    = , 'busybox'
    Examples = 'nginx', 'busybox'
    Chapter  = 'nginx', 'busybox'
    Cri      = 'nginx', 'busybox'
}

# With further words for the rig's program.
$options = @{
    Usage = , '--collect-when-asked' # what a collection would take is there until a test asks for one
    Cri   = , '--cri' # with Kubernetes' part of containerd at work: it names what comes in
}

# A test that names no address must never meet the machine's own containerd.
$environment = @{ CONTAINERD_ADDRESS = $env:CONTAINERD_ADDRESS; CONTAINERD_NAMESPACE = $env:CONTAINERD_NAMESPACE }
$env:CONTAINERD_ADDRESS = '/nonexistent/containerd.sock'
$env:CONTAINERD_NAMESPACE = $null

$ExecutionContext.SessionState.Module.OnRemove = {
    if ($lines) {
        $lines.Space.Dispose()
    }
    Close-Rig
    foreach ($name in $environment.Keys) {
        [Environment]::SetEnvironmentVariable($name, $environment[$name] ?? [NullString]::Value)
    }
}

# The manifest of the built module.
function Get-ManifestPath {
    $path = Join-Path $repository output CtrPS CtrPS.psd1
    if (-not (Test-Path $path)) {
        throw "The module is not built: there is no '$path'. Run ./build.sh build (or dotnet build CtrPS.sln) first."
    }
    $path
}

function Import-ModuleUnderTest {
    Import-Module (Get-ManifestPath) -Global
}

function Get-RigProgram {
    $project = Join-Path $repository tests Rig
    $find = { Get-ChildItem (Join-Path $project bin * net10.0 CtrPS.Rig.dll) -ErrorAction Ignore | Sort-Object LastWriteTime | Select-Object -Last 1 }
    $program = & $find
    if (-not $program) {
        $words = dotnet build $project -c Release -m:1 2>&1
        $program = & $find
        if (-not $program) {
            throw "The rig does not build: $($words | Select-Object -Last 5)"
        }
    }
    $program.FullName
}

# One hash table a generation of containerd, for -ForEach: generation, and reason where it cannot be started here.
function Get-RigGeneration {
    if (-not $script:generations) {
        $script:generations = dotnet (Get-RigProgram) generations | ConvertFrom-Json
    }
    foreach ($one in $script:generations) {
        @{ generation = $one.generation; reason = $one.available ? $null : "containerd $($one.generation) cannot be started here: $($one.reason)" }
    }
}

# Starts the rig's program with some words, as a process that ends when its standard input closes. Its first line tells what there is.
function Start-RigProcess {
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '', Justification = 'a process of its own')]
    param([string[]] $Word)
    $start = [Diagnostics.ProcessStartInfo]::new('dotnet')
    foreach ($one in @(Get-RigProgram) + $Word) {
        $start.ArgumentList.Add($one)
    }
    $start.RedirectStandardInput = $start.RedirectStandardOutput = $start.RedirectStandardError = $true
    $process = [Diagnostics.Process]::Start($start)
    @{ Process = $process; FirstLine = $process.StandardOutput.ReadLineAsync(); Words = $process.StandardError.ReadToEndAsync(); Rig = $null }
}

<#
A running containerd of a generation: Address, Ctr (path), Version, Root, ProcessId of the daemon. The first call for a content starts
those of all generations, side by side: each file that asks for one asks for the others later.
#>
function Get-Rig {
    param([string] $Generation, [string] $Content = 'Shared')
    if (-not $rigs.ContainsKey("$Generation $Content")) {
        foreach ($one in Get-RigGeneration | Where-Object { -not $_.reason } | ForEach-Object generation) {
            $words = 'up', '--generation', $one, '--load', ($contents[$Content] -join ','), '--no-unpack', '--namespace', 'k8s.io'
            $rigs["$one $Content"] = Start-RigProcess @($words; $options[$Content] ?? @())
        }
    }
    $entry = $rigs["$Generation $Content"]
    if (-not $entry.Rig) {
        $line = $entry.FirstLine.GetAwaiter().GetResult()
        if (-not $line) {
            throw "The rig for containerd $Generation did not start: $($entry.Words.GetAwaiter().GetResult())"
        }
        $facts = $line | ConvertFrom-Json
        $entry.Rig = [pscustomobject]@{
            Address = $facts.address; Ctr = $facts.ctr; Version = $facts.version; Root = $facts.root; ProcessId = $facts.pid
            Process = $entry.Process
        }
    }
    $entry.Rig
}

# stop, kill or start the daemon of a rig.
function Send-RigCommand {
    param([pscustomobject] $Rig, [string] $Command)
    $null = Get-RigAnswer $Rig $Command
}

# What a rig or a registry answers to a command.
function Get-RigAnswer {
    param([pscustomobject] $Rig, [string] $Command)
    $Rig.Process.StandardInput.WriteLine($Command)
    $answer = $Rig.Process.StandardOutput.ReadLine() | ConvertFrom-Json
    if (-not $answer) {
        throw "The rig ended at the command '$Command'."
    }
    if ($answer.PSObject.Properties['error']) {
        throw "The rig cannot $Command`: $($answer.error)"
    }
    $answer
}

<#
A running registry: Address (as in a reference), Url, Certificate (of the authority to trust), CertificateFolder (as docker's certs.d has it for a
host), ClientCertificate, ClientKey, User, Password, Realm (of the token server), Log, and with -Faulty Upstream, OtherPort, Storage (another host).
Tests share one for each set of switches: who changes its faults clears them afterwards, who reads its log clears it before. -Version 2.8.3 is
Debian 13's.
#>
function Get-Registry {
    param(
        [switch] $Tls,
        [switch] $User,
        [switch] $Token,
        [switch] $ClientCertificate,
        [switch] $Faulty,
        [ValidateSet('Good', 'Expired', 'OtherName')] [string] $Leaf = 'Good',
        [ValidateSet('2.8.2', '2.8.3')] [string] $Version = '2.8.2',
        [string[]] $Option = @() # further words of 'rig registry'
    )
    $identified = $User -or $Token
    $words = @(
        'registry', '--version', $Version
        if ($Tls -or $ClientCertificate -or $Leaf -ne 'Good') { '--tls', '--leaf', ($Leaf -creplace '(?<=.)([A-Z])', '-$1').ToLowerInvariant() }
        if ($ClientCertificate) { '--client-certificate' }
        if ($identified) { '--user', 'pester', '--password', 'secret word' }
        if ($Token) { '--token' }
        if ($Faulty) { '--faulty' }
        $Option
    )
    $key = $words -join ' '
    if (-not $registries.ContainsKey($key)) {
        $registries[$key] = Start-RigProcess $words
    }
    $entry = $registries[$key]
    if (-not $entry.Rig) {
        $line = $entry.FirstLine.GetAwaiter().GetResult()
        if (-not $line) {
            throw "The registry did not start: $($entry.Words.GetAwaiter().GetResult())"
        }
        $entry.Rig = $line | ConvertFrom-Json
        $entry.Rig | Add-Member -NotePropertyMembers @{
            User     = $identified ? 'pester' : $null
            Password = $identified ? 'secret word' : $null
            Process  = $entry.Process
        }
    }
    $entry.Rig
}

# Puts one of the rig's images into a registry, past its faults and its log; returns the reference.
function Push-ToRegistry {
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseApprovedVerbs', '', Justification = 'the word of registries')]
    param([pscustomobject] $Registry, [string] $Image = 'busybox', [string] $Repository = "library/${Image}:1", [switch] $Docker)
    (Get-RigAnswer $Registry "push $Image $Repository$($Docker ? ' docker' : '')").reference
}

# From now on a faulty registry serves this wrong: @{ Method = 'GET'; Path = '/blobs/'; Times = 1; CutAfter = 1000 }. See RegistryFault.
function Add-RegistryFault {
    param([pscustomobject] $Registry, [hashtable] $Fault, [switch] $OfTokens)
    $null = Get-RigAnswer $Registry "$($OfTokens ? 'token-' : '')fault $(ConvertTo-Json $Fault -Compress -Depth 5)"
}

# From now on all is well, and the log is empty.
function Clear-RegistryFault {
    param([pscustomobject] $Registry, [switch] $OfTokens)
    $of = $OfTokens ? 'token-' : ''
    $null = Get-RigAnswer $Registry "${of}clear"
    $null = Get-RigAnswer $Registry "${of}forget"
}

# What a faulty registry was asked: Method, Path, Range, Status, Sent, Received (bytes of bodies), Scheme (of Authorization), Place, Fault...
function Get-RegistryRequest {
    param([pscustomobject] $Registry)
    (Get-RigAnswer $Registry 'requests').requests
}

# What the token server was asked: Method, Grant, HasAuthorization, User, Service, Scopes, Granted, Status...
function Get-TokenRequest {
    param([pscustomobject] $Registry)
    (Get-RigAnswer $Registry 'token-asked').asked
}

# The path of another client of registries, oras or crane. Null: it is not here.
function Get-RegistryReader {
    param([string] $Name)
    $script:readers ??= dotnet (Get-RigProgram) readers | ConvertFrom-Json
    $script:readers.$Name
}

# Another client of registries: Invoke-RegistryReader oras discover ... What it says on standard error is dropped unless it fails.
function Invoke-RegistryReader {
    $name = $args[0]
    $words = @($args | Select-Object -Skip 1)
    $lines = & (Get-RegistryReader $name) @words 2>&1
    if ($LASTEXITCODE -ne 0) {
        throw "$name $words ended with ${LASTEXITCODE}: $lines"
    }
    $lines | Where-Object { $_ -is [string] }
}

# Attaches an artifact, a file with a text, to an image at a registry, by oras; returns its reference.
function Add-TestReferrer {
    param([string] $Image, [string] $Type, [string] $Text)
    $folder = New-Item -ItemType Directory (Join-Path ([IO.Path]::GetTempPath()) "ctrps-referrer-$([guid]::NewGuid().ToString('n'))")
    Push-Location $folder # oras keeps the path that it is given
    try {
        Set-Content artifact.json $Text
        $words = 'attach', '--plain-http', '--artifact-type', $Type, '--annotation', "about=$Type", '--format', 'go-template={{.digest}}', $Image
        $digest = Invoke-RegistryReader oras @words artifact.json:application/json
    } finally {
        Pop-Location
        Remove-Item $folder -Recurse
    }
    "$($Image -replace '(@sha256:\w+|:\w+)$')@$digest"
}

# Puts one of the rig's images into a registry, with an SBOM, a signature of that, and a signature: Reference, Referrers (their digests).
function Add-TestSignedImage {
    param([pscustomobject] $Registry, [string] $Name, [string] $Image = 'busybox')
    $signature = 'application/vnd.example.signature.v1'
    $reference = Push-ToRegistry -Registry $Registry -Image $Image -Repository $Name
    $sbom = Add-TestReferrer -Image $reference -Type application/spdx+json -Text "{`"sbom`":`"$Name`"}"
    $ofSbom = Add-TestReferrer -Image $sbom -Type $signature -Text "{`"of`":`"sbom $Name`"}"
    $ofImage = Add-TestReferrer -Image $reference -Type $signature -Text "{`"of`":`"$Name`"}"
    [pscustomobject]@{ Reference = $reference; Referrers = @($sbom, $ofSbom, $ofImage | ForEach-Object { ($_ -split '@')[1] }) }
}

# What refers to an image at a registry and what refers to that, as oras shows it: digests by their depth, in no order.
function Get-ReferrerTree {
    param([string] $Image)
    $words = 'discover', '--plain-http', '--format', 'tree'
    Invoke-RegistryReader oras @words $Image | Select-Object -Skip 1 |
        Where-Object { $_ -match 'sha256:' } | ForEach-Object { $_ -replace '[^\w:]', ' ' } | Sort-Object
}

# What a registry's proxy was asked (Get-Registry -Option --proxy): Method, Target, Status.
function Get-ProxyRequest {
    param([pscustomobject] $Registry)
    (Get-RigAnswer $Registry 'proxied').asked
}

# Ends rigs and registries and waits until they have cleaned up.
function Close-Rig {
    $entries = @($rigs.Values) + @($registries.Values)
    foreach ($entry in $entries) {
        $entry.Process.StandardInput.Close()
    }
    foreach ($entry in $entries) {
        if (-not $entry.Process.WaitForExit(60000)) {
            throw "The rig with process id $($entry.Process.Id) does not end."
        }
        $entry.Process.Dispose()
    }
    $rigs.Clear()
    $registries.Clear()
}

# The rig's own ctr: Invoke-Ctr $rig -n k8s.io images ls. What it says on standard error is dropped unless it fails.
function Invoke-Ctr {
    $rig = $args[0]
    $words = @($args | Select-Object -Skip 1)
    # A daemon or a shim that has locked itself up is told of, not waited for.
    $lines = & $rig.Ctr --timeout 5m --address $rig.Address @words 2>&1
    if ($LASTEXITCODE -ne 0) {
        throw "ctr $words ended with ${LASTEXITCODE}: $lines"
    }
    $lines | Where-Object { $_ -is [string] }
}

# What a process says that ctr runs, whole. ctr itself ends now and then before it has read what a short process wrote (containerd#13931; 7 of 400 on
# a busy machine): the shim writes it into a file.
function Invoke-CtrProcess {
    $rig = $args[0]
    $words = [Collections.Generic.List[object]]@($args | Select-Object -Skip 1)
    $log = Join-Path ([IO.Path]::GetTempPath()) "pester-$([guid]::NewGuid().ToString('n')).log"
    $words.InsertRange($words.FindIndex({ $args[0] -in 'run', 'exec' }) + 1, [object[]]('--log-uri', "file://$log"))
    try {
        $null = Invoke-Ctr $rig @words
        Get-Content $log
    } finally {
        Remove-Item $log -ErrorAction Ignore
    }
}

# A table that ctr prints, as objects. The columns begin where their headings do.
function ConvertFrom-CtrTable {
    param([string[]] $Line)
    $heads = [regex]::Matches($Line[0], '\S+')
    foreach ($row in $Line | Select-Object -Skip 1) {
        $object = [ordered]@{}
        for ($i = 0; $i -lt $heads.Count; $i++) {
            $begin = [Math]::Min($heads[$i].Index, $row.Length)
            $end = $i + 1 -lt $heads.Count ? [Math]::Min($heads[$i + 1].Index, $row.Length) : $row.Length
            $object[$heads[$i].Value] = $row.Substring($begin, $end - $begin).Trim()
        }
        [pscustomobject]$object
    }
}

# The archive of one of the rig's images.
function Get-ArchivePath {
    param([string] $Image)
    if (-not $archives[$Image]) {
        $archives[$Image] = (dotnet (Get-RigProgram) archive $Image | ConvertFrom-Json).$Image
    }
    $archives[$Image]
}

# Makes a namespace with an image of the rig in it, by ctr; returns its name. Clear-TestNamespace removes it.
function Add-TestNamespace {
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSAvoidUsingPositionalParameters', '', Justification = 'the words of ctr')]
    param([pscustomobject] $Rig, [string] $Image = 'busybox')
    $name = "pester-$([guid]::NewGuid().ToString('n').Substring(0, 8))"
    $null = Invoke-Ctr $Rig -n $name images import --no-unpack (Get-ArchivePath $Image)
    $name
}

# Gives an image of busybox the further records that Kubernetes keeps for one, by ctr; returns their names: by digest, by the config's id.
function Add-TestAlias {
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSAvoidUsingPositionalParameters', '', Justification = 'the words of ctr')]
    param([pscustomobject] $Rig, [string] $Namespace)
    $name = 'docker.io/library/busybox:1.35'
    $digest = (ConvertFrom-CtrTable (Invoke-Ctr $Rig -n $Namespace images ls "name==$name")).DIGEST
    $config = (Invoke-Ctr $Rig -n $Namespace content get $digest | ConvertFrom-Json).config.digest
    $aliases = "docker.io/library/busybox@$digest", $config
    $local = @($Rig.Version -like '1.6*' ? @() : '--local') # the server would complete the names
    $null = Invoke-Ctr $Rig -n $Namespace images tag --force @local $name @aliases
    $aliases
}

# Makes and starts a container of busybox, by ctr: Add-TestContainer $rig $namespace id sleep 100000. Clear-TestNamespace removes it.
function Add-TestContainer {
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSAvoidUsingPositionalParameters', '', Justification = 'the words of ctr')]
    param([pscustomobject] $Rig, [string] $Namespace, [string] $Id, [Parameter(ValueFromRemainingArguments)] [string[]] $Command)
    $null = Invoke-Ctr $Rig -n $Namespace run -d --null-io docker.io/library/busybox:1.35 $Id @Command
}

<#
Starts a container of busybox that runs a shell script, by ctr, and waits until it has as many processes: then it has begun. Most
scripts set a trap, start a sleep in the background and wait for it.
#>
function Start-TestContainer {
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSAvoidUsingPositionalParameters', '', Justification = 'the words of ctr')]
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '', Justification = 'a container of the test')]
    param([pscustomobject] $Rig, [string] $Namespace, [string] $Id, [string] $Script, [string[]] $Option = @(), [int] $Process = 2)
    $null = Invoke-Ctr $Rig -n $Namespace run -d --null-io @Option docker.io/library/busybox:1.35 $Id sh -c $Script
    Wait-Until { @(Invoke-Ctr $Rig -n $Namespace tasks ps $Id).Count -gt $Process } "container $Id has $Process processes"
}

# Kills and removes containers, by ctr. No -Id: all of the namespace.
function Clear-TestContainer {
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSAvoidUsingPositionalParameters', '', Justification = 'the words of ctr')]
    param([pscustomobject] $Rig, [string] $Namespace, [string[]] $Id)
    $tasks = @(Invoke-Ctr $Rig -n $Namespace tasks ls -q | Where-Object { -not $Id -or $_ -in $Id })
    if ($tasks) {
        $null = Invoke-Ctr $Rig -n $Namespace tasks rm --force @tasks
    }
    $containers = @(Invoke-Ctr $Rig -n $Namespace containers ls -q | Where-Object { -not $Id -or $_ -in $Id })
    if ($containers) {
        $null = Invoke-Ctr $Rig -n $Namespace containers rm @containers
    }
}

# Has the daemon collect what nothing keeps, by ctr. It does so itself, some time after something was removed: who looks for what is left of it
# asks for it first.
function Invoke-Collection {
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSAvoidUsingPositionalParameters', '', Justification = 'the words of ctr')]
    param([pscustomobject] $Rig, [string] $Namespace)
    $null = Invoke-Ctr $Rig -n $Namespace leases create --id collection
    $null = Invoke-Ctr $Rig -n $Namespace leases delete --sync collection
}

# Removes namespaces with the containers, images and blobs in them, by ctr.
function Clear-TestNamespace {
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSAvoidUsingPositionalParameters', '', Justification = 'the words of ctr')]
    param([pscustomobject] $Rig, [string[]] $Name)
    $present = Invoke-Ctr $Rig namespaces ls -q
    foreach ($one in $Name | Where-Object { $_ -in $present }) {
        Clear-TestContainer $Rig $one
        $images = @(Invoke-Ctr $Rig -n $one images ls -q)
        if ($images) {
            $null = Invoke-Ctr $Rig -n $one images rm --sync @images
        } else {
            Invoke-Collection $Rig $one # and not between the list and the removal
        }
        # What is marked to be kept stays without images.
        $blobs = @(Invoke-Ctr $Rig -n $one content ls -q)
        if ($blobs) {
            $null = Invoke-Ctr $Rig -n $one content rm @blobs
        }
        $snapshots = @(Invoke-Ctr $Rig -n $one snapshots ls | Select-Object -Skip 1 | ForEach-Object { ($_ -split '\s+')[0] })
        while ($snapshots) {
            # Those that others stand on go in a later round.
            $left = @($snapshots | Where-Object { & $Rig.Ctr --address $Rig.Address -n $one snapshots rm $_ *> $null; $LASTEXITCODE })
            $snapshots = $left.Count -lt $snapshots.Count ? $left : @()
        }
        $null = Invoke-Ctr $Rig namespaces rm $one
    }
}

# Bytes of the content folder, and of all snapshots as ctr tells them. -Content or -Snapshot: of these alone.
function Measure-Disk {
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSAvoidUsingPositionalParameters', '', Justification = 'the words of ctr')]
    param([pscustomobject] $Rig, [switch] $Content, [switch] $Snapshot)
    $bytes = 0L
    if (-not $Snapshot) {
        $bytes += (Get-ChildItem (Join-Path $Rig.Root io.containerd.content.v1.content blobs) -Recurse -File | Measure-Object Length -Sum).Sum
    }
    if (-not $Content) {
        $lines = foreach ($one in Invoke-Ctr $Rig namespaces ls -q) { Invoke-Ctr $Rig -n $one snapshots usage -b | Select-Object -Skip 1 }
        $bytes += ($lines | ForEach-Object { [long](-split $_)[1] } | Measure-Object -Sum).Sum
    }
    $bytes
}

# What must be the same after a test as before: leases, ingests and snapshots of all namespaces, mounts below the rig's folder.
function Get-RigState {
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSAvoidUsingPositionalParameters', '', Justification = 'the words of ctr')]
    param([pscustomobject] $Rig)
    foreach ($one in Invoke-Ctr $Rig namespaces ls -q) {
        Invoke-Ctr $Rig -n $one leases ls -q | ForEach-Object { "lease $one $_" }
        Invoke-Ctr $Rig -n $one content active | Select-Object -Skip 1 | ForEach-Object { "ingest $one $(($_ -split '\s+')[0])" }
        foreach ($snapshotter in 'overlayfs', 'native') {
            $lines = Invoke-Ctr $Rig -n $one snapshots --snapshotter $snapshotter ls | Select-Object -Skip 1
            $lines | ForEach-Object { "snapshot $one $snapshotter $_" }
        }
    }
    [IO.File]::ReadAllLines('/proc/mounts') | Where-Object { $_.Contains((Split-Path $Rig.Root)) } | ForEach-Object { "mount $(($_ -split ' ')[1])" }
}

# An object of the module with the values that a test needs: users cannot make one. Its properties have internal setters.
function New-Sample {
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '', Justification = 'an object in memory')]
    param([string] $Type, [hashtable] $Value, [object[]] $ArgumentList = @())
    $any = [Reflection.BindingFlags]'Instance, Public, NonPublic'
    $class = "CtrPS.$Type" -as [type]
    $sample = [Activator]::CreateInstance($class, $any, $null, $ArgumentList, $null)
    foreach ($name in $Value.Keys) {
        $property = $class.GetProperty($name, $any)
        $given = $Value[$name]
        $property.SetValue($sample, ($property.PropertyType.IsInstanceOfType($given) ? $given : ($given -as $property.PropertyType)))
    }
    $sample
}

# Waits for a condition, for ten seconds at the most where nothing else is said.
function Wait-Until {
    param([scriptblock] $Condition, [string] $What, [int] $Seconds = 10)
    $clock = [Diagnostics.Stopwatch]::StartNew()
    while (-not (& $Condition)) {
        if ($clock.Elapsed.TotalSeconds -gt $Seconds) {
            throw "Waited $Seconds seconds in vain until $What."
        }
        [Threading.Thread]::Sleep(10)
    }
}

# Runs a script block in a PowerShell of its own; its objects come back as copies, its errors as errors.
function Invoke-Child {
    param([scriptblock] $Script, [object[]] $ArgumentList = @())
    pwsh -NoProfile -NonInteractive -Command $Script -args $ArgumentList
}

# Runs a script block with environment variables and puts them back. Null: there is none of that name (PowerShell's null is an empty text to .NET).
function Use-Environment {
    param([hashtable] $Variable, [scriptblock] $Script)
    $before = @{}
    try {
        foreach ($name in $Variable.Keys) {
            $before[$name] = [Environment]::GetEnvironmentVariable($name)
            [Environment]::SetEnvironmentVariable($name, $Variable[$name] ?? [NullString]::Value)
        }
        & $Script
    } finally {
        foreach ($name in $before.Keys) {
            [Environment]::SetEnvironmentVariable($name, $before[$name] ?? [NullString]::Value)
        }
    }
}

# The words that start a PowerShell as this one is, for any user. PowerShell puts its own folder first on the PATH, and the program that the .NET tool
# has there may be run by its owner only.
function Get-PowerShellWord {
    $config = Get-Content (Join-Path $PSHOME pwsh.runtimeconfig.json) -Raw | ConvertFrom-Json
    if ($config.runtimeOptions.PSObject.Properties['framework']) {
        (Get-Command dotnet -CommandType Application | Select-Object -First 1).Source
        Join-Path $PSHOME pwsh.dll
    } else {
        [Environment]::ProcessPath
    }
}

# A session that typed lines run in, apart from that of the tests: the sessions with daemons that a line opens stay there.
function Get-LineSession {
    if (-not $script:lines) {
        Add-TestType
        $screen = [CtrPSTests.Screen]::new()
        $space = [runspacefactory]::CreateRunspace([CtrPSTests.ScreenHost]::new($screen))
        $space.Open()
        $script:lines = @{ Screen = $screen; Space = $space }
        $null = Invoke-InLineSession { Import-Module $args[0] } (Get-ManifestPath)
    }
    $script:lines
}

function Invoke-InLineSession {
    param([scriptblock] $Script, [object] $Argument)
    $shell = [powershell]::Create((Get-LineSession).Space)
    try {
        $shell.AddScript("$Script").AddArgument($Argument).Invoke()
        if ($shell.HadErrors -and $shell.Streams.Error) {
            throw $shell.Streams.Error[0]
        }
    } finally {
        $shell.Dispose()
    }
}

<#
Runs a line as it is typed, with a rig as the default daemon. Gives the Objects, the Text on a screen of 80 columns, the Errors (Id without the
class of the cmdlet, Category, Target, Message), Warnings and Verbose messages, and what the user alone is told (Screen), as -WhatIf does.
#>
function Invoke-Line {
    param([pscustomobject] $Rig, [string] $Line)
    $run = {
        $all = [Collections.Generic.List[object]]::new()
        $before = $env:CONTAINERD_ADDRESS
        try {
            $env:CONTAINERD_ADDRESS = $args[0].Address
            # With those of other rigs, tables would be grouped by address too.
            Get-CtrSession | Where-Object Address -NE $args[0].Address | Disconnect-CtrSession
            & ([scriptblock]::Create($args[0].Line)) *>&1 | ForEach-Object { $all.Add($_) }
        } catch {
            $all.Add($_)
        } finally {
            $env:CONTAINERD_ADDRESS = $before
        }
        $isTold = { $_ -is [Management.Automation.ErrorRecord] -or $_ -is [Management.Automation.InformationalRecord] }
        $objects = $all.Where({ -not (& $isTold) })
        @{
            Objects  = $objects
            Text     = @(($objects | Out-String -Width 80) -replace '\e\[[0-9;]*m' -split '\r?\n')
            Errors   = @($all.Where({ $_ -is [Management.Automation.ErrorRecord] }) | ForEach-Object {
                    @{
                        Id       = ($_.FullyQualifiedErrorId -split ',')[0]
                        Category = "$($_.CategoryInfo.Category)"
                        Target   = "$($_.TargetObject)"
                        Message  = "$_"
                    }
                })
            Warnings = @($all.Where({ $_ -is [Management.Automation.WarningRecord] }).Message)
            Verbose  = @($all.Where({ $_ -is [Management.Automation.VerboseRecord] }).Message)
        }
    }
    $screen = (Get-LineSession).Screen
    $screen.Lines.Clear()
    $answer = Invoke-InLineSession $run @{ Line = $Line; Address = $Rig.Address }
    $answer.Screen = @($screen.Lines)
    $answer
}

<#
Runs a line and holds what it gives to what is expected: the objects as text (Gives), errors as 'Id Category [target]' or Id (Fails), a line of
the text in which # stands for a digest, # MiB for a size and <age> for an age (Shows), names of properties (Has), Warns, and what the user is
told (Says). Errors that are not expected fail. In line and expectation stand {address} for the daemon's, {archives} for the folder of the
rig's archives, and each key of -Place for its value.
#>
function Assert-Line {
    param(
        [pscustomobject] $Rig, [string] $Line, [string[]] $Gives, [string[]] $Fails, [string] $Shows, [string[]] $Has, [string[]] $Warns,
        [string[]] $Says, [hashtable] $Place = @{}
    )
    $places = @{ address = $Rig.Address; archives = Split-Path (Get-ArchivePath busybox) } + $Place
    $fill = { $text = "$_"; foreach ($key in $places.Keys) { $text = $text.Replace("{$key}", $places[$key]) }; $text }
    $done = Invoke-Line $Rig ($Line | ForEach-Object $fill)
    $errors = @($done.Errors | ForEach-Object { "$($_.Id) $($_.Category) [$($_.Target)]" })
    if ($Fails -and $Fails[0] -notmatch ' ') {
        $errors = @($done.Errors | ForEach-Object Id)
    }
    $errors -join '|' | Should -Be (@($Fails | ForEach-Object $fill) -join '|') -Because "'$Line' said '$($done.Errors.Message)'"
    if ($PSBoundParameters.ContainsKey('Gives')) {
        $done.Objects -join '|' | Should -Be (@($Gives | ForEach-Object $fill) -join '|') -Because "of '$Line'"
    }
    if ($Shows) {
        $masks = [ordered]@{
            ' *\b\d+ (second|minute|hour)s?\b'                  = ' <age>'
            '(?<=^|[ :])[0-9a-f]{12}(?= )|(?<=sha256:)[0-9a-f]+' = '#'
            ' *\d+\.\d MiB'                                     = ' # MiB'
        }
        $shown = foreach ($text in $done.Text) {
            foreach ($mask in $masks.Keys) {
                $text = $text -replace $mask, $masks[$mask]
            }
            $text.TrimEnd()
        }
        $shown | Should -Contain ($Shows | ForEach-Object $fill)
        if ($Line -notmatch 'Json') {
            $done.Text | Where-Object Length -GT 80 | Should -BeNullOrEmpty
        }
    }
    if ($Has) {
        $done.Objects | Should -Not -BeNullOrEmpty
        foreach ($object in $done.Objects) {
            ($object | ConvertTo-Json -Depth 1 -WarningAction Ignore | ConvertFrom-Json -AsHashtable).Keys | Should -Be $Has
        }
    }
    if ($Warns) {
        $done.Warnings | Should -Be @($Warns | ForEach-Object $fill)
    }
    if ($Says) {
        $done.Screen | Should -Be @($Says | ForEach-Object $fill)
    }
}

# A started HttpListener on a free port of the loopback, and the port. One that could not start has closed itself.
function Start-HttpListener {
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '', Justification = 'of the test')]
    param()
    for ($attempt = 1; ; $attempt++) {
        $listener = [Net.HttpListener]::new()
        $port = 20000 + (Get-Random -Maximum 20000)
        $listener.Prefixes.Add("http://127.0.0.1:$port/")
        try {
            $listener.Start()
            return $listener, $port
        } catch [Net.HttpListenerException] {
            if ($attempt -eq 20) {
                throw
            }
        }
    }
}

# A unix socket that takes connections and never answers. Dispose it.
function Open-SilentSocket {
    param([string] $Path)
    $socket = [Net.Sockets.Socket]::new('Unix', 'Stream', 'Unspecified')
    $socket.Bind([Net.Sockets.UnixDomainSocketEndPoint]::new($Path))
    $socket.Listen(256) # nobody accepts: each caller of the tests stays in the queue
    $socket
}

# Counts gRPC calls by the events that Grpc.Net.Client gives off: Started in all, and Open now.
function Get-CallCount {
    Add-TestType
    [CtrPSTests.CallCounter]::Instance
}

<#
A daemon by TCP, as behind a user's own proxy: what is on this machine looks remote then. Address is for -Session; Freeze holds answers
back, as a daemon that hangs, until Thaw. Dispose it.
#>
function Open-Relay {
    param([pscustomobject] $Rig)
    Add-TestType
    [CtrPSTests.Relay]::new($Rig.Address)
}

function Add-TestType {
    if ('CtrPSTests.CallCounter' -as [type]) {
        return
    }
    Add-Type -TypeDefinition @'
        using System;
        using System.Collections.Generic;
        using System.Collections.ObjectModel;
        using System.Diagnostics.Tracing;
        using System.Globalization;
        using System.Management.Automation;
        using System.Management.Automation.Host;
        using System.Net;
        using System.Net.Sockets;
        using System.Security;
        using System.Threading;
        using System.Threading.Tasks;

        namespace CtrPSTests;

        public sealed class CallCounter : EventListener
        {
            public static readonly CallCounter Instance = new();
            private int _started;
            private int _ended;

            public int Started => Volatile.Read(ref _started);

            public int Open => Started - Volatile.Read(ref _ended);

            protected override void OnEventSourceCreated(EventSource source)
            {
                if (source.Name == "Grpc.Net.Client")
                {
                    EnableEvents(source, EventLevel.Verbose);
                }
            }

            protected override void OnEventWritten(EventWrittenEventArgs written)
            {
                if (written.EventName == "CallStart")
                {
                    Interlocked.Increment(ref _started);
                }
                else if (written.EventName == "CallStop")
                {
                    Interlocked.Increment(ref _ended);
                }
            }
        }

        // A screen that nobody looks at: it keeps what is written for the user alone, and cannot be asked.
        public sealed class Screen : PSHostUserInterface
        {
            public List<string> Lines { get; } = [];

            public override PSHostRawUserInterface RawUI => null;

            public override void Write(string value) => Lines.Add(value);

            public override void Write(ConsoleColor foreground, ConsoleColor background, string value) => Lines.Add(value);

            public override void WriteLine(string value) => Lines.Add(value);

            public override void WriteErrorLine(string value) => Lines.Add(value);

            public override void WriteDebugLine(string message)
            {
            }

            public override void WriteVerboseLine(string message)
            {
            }

            public override void WriteWarningLine(string message)
            {
            }

            public override void WriteProgress(long sourceId, ProgressRecord record)
            {
            }

            public override string ReadLine() => throw Nobody();

            public override SecureString ReadLineAsSecureString() => throw Nobody();

            public override Dictionary<string, PSObject> Prompt(
                string caption, string message, Collection<FieldDescription> fields) => throw Nobody();

            public override int PromptForChoice(string caption, string message, Collection<ChoiceDescription> choices, int choice) => throw Nobody();

            public override PSCredential PromptForCredential(string caption, string message, string user, string target) => throw Nobody();

            public override PSCredential PromptForCredential(
                string caption, string message, string user, string target, PSCredentialTypes types, PSCredentialUIOptions options) => throw Nobody();

            private static PSInvalidOperationException Nobody() => new("There is nobody to be asked.");
        }

        public sealed class ScreenHost(Screen screen) : PSHost
        {
            public override CultureInfo CurrentCulture => CultureInfo.InvariantCulture;

            public override CultureInfo CurrentUICulture => CultureInfo.InvariantCulture;

            public override Guid InstanceId { get; } = Guid.NewGuid();

            public override string Name => nameof(ScreenHost);

            public override PSHostUserInterface UI => screen;

            public override Version Version => new(1, 0);

            public override void EnterNestedPrompt() => throw new NotSupportedException();

            public override void ExitNestedPrompt() => throw new NotSupportedException();

            public override void NotifyBeginApplication()
            {
            }

            public override void NotifyEndApplication()
            {
            }

            public override void SetShouldExit(int exitCode)
            {
            }
        }

        public sealed class Relay : IDisposable
        {
            private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
            private readonly CancellationTokenSource _end = new();
            private readonly string _path;
            private volatile TaskCompletionSource _gate = new();

            public Relay(string path)
            {
                _path = path;
                _listener.Start();
                Address = $"tcp://{_listener.LocalEndpoint}";
                Thaw();
                _ = AcceptAsync();
            }

            public string Address { get; }

            public bool IsFrozen => !_gate.Task.IsCompleted;

            public void Freeze() => _gate = new(TaskCreationOptions.RunContinuationsAsynchronously);

            public void Thaw() => _gate.TrySetResult();

            public void Dispose()
            {
                _end.Cancel();
                _listener.Dispose();
            }

            private async Task AcceptAsync()
            {
                while (!_end.IsCancellationRequested)
                {
                    var client = await _listener.AcceptSocketAsync(_end.Token);
                    var server = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                    await server.ConnectAsync(new UnixDomainSocketEndPoint(_path), _end.Token);
                    _ = PumpAsync(client, server, () => Task.CompletedTask);
                    _ = PumpAsync(server, client, () => _gate.Task);
                }
            }

            private async Task PumpAsync(Socket from, Socket to, Func<Task> gate)
            {
                using (from)
                using (to)
                {
                    var buffer = new byte[65536];
                    int count;
                    while ((count = await from.ReceiveAsync(buffer, _end.Token)) > 0)
                    {
                        await gate().WaitAsync(_end.Token);
                        await to.SendAsync(buffer.AsMemory(0, count), _end.Token);
                    }
                }
            }
        }
'@
}

Export-ModuleMember -Function *-*
