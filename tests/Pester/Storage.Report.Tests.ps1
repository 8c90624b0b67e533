#requires -Version 7.6
# Export-CtrReport: what it writes is what the other cmdlets tell, and a browser shows it whole and asks nobody for anything.

BeforeDiscovery {
    Import-Module (Join-Path $PSScriptRoot Helpers.psm1)
}

BeforeAll {
    $ErrorActionPreference = 'Stop'
    Import-ModuleUnderTest
}

Describe 'A report, containerd <generation>' -ForEach (Get-RigGeneration) {
    if ($reason) {
        It 'has a daemon' { Set-ItResult -Skipped -Because $reason }
        return
    }

    BeforeDiscovery {
        $browser = (Get-Command chromium-headless-shell, chromium -CommandType Application -ErrorAction Ignore | Select-Object -First 1)?.Source
    }

    BeforeAll {
        $rig = Get-Rig $generation Usage
        $session = Connect-CtrSession $rig.Address
        $namespace = Add-TestNamespace $rig
        $hostile = "a<script>document.title='x'</script>`"onmouseover=`e(0"
        $null = New-CtrSnapshot $hostile -Session $session -Namespace $namespace
        $null = Expand-CtrImage busybox:1.35 -Session $session -Namespace $namespace
        $null = Invoke-CtrGarbageCollection -Session $session # what ctr's import leaves for the collector
        $file = Join-Path $TestDrive node.html
        Export-CtrReport $file -Session $session
    }

    AfterAll {
        Remove-CtrSnapshot $hostile -Session $session -Namespace $namespace -Force
        Disconnect-CtrSession $session
        Clear-TestNamespace $rig $namespace
    }

    It 'is a page without a script or an address to fetch from, with what comes from outside as text' {
        $page = Get-Content $file -Raw
        $page | Should -Not -Match '<script|<link|<img|<iframe|@import|url\(|https?://'
        $page | Should -Match "Content-Security-Policy`" content=`"default-src 'none'; style-src 'sha256-"
        $page | Should -Match 'a&lt;script&gt;'
        $page | Should -Not -Match "`e"
        $page | Should -Match ([regex]::Escape($rig.Address))
    }

    It 'says as JSON what the other cmdlets say' {
        # As Get-Item gives it, so that what comes next takes its name for the file itself.
        $json = Export-CtrReport (Join-Path $TestDrive 'node[1].json') -Session $session -PassThru | Get-Content -Raw | ConvertFrom-Json
        $node = $json.nodes
        $json.schemaVersion | Should -Be 1
        $node.version | Should -Be (Get-CtrServer -Session $session).Version
        $node.size | Should -Be ($node.usage | Measure-Object size -Sum).Sum
        # The daemon writes into its databases at any time.
        $sums = Get-CtrDiskUsage -Session $session | Where-Object Kind -NE Metadata
        ($node.usage | Where-Object kind -NE Metadata | Measure-Object size -Sum).Sum | Should -Be ($sums | Measure-Object Size -Sum).Sum
        $node.owners.owner | Sort-Object | Should -Be ((Get-CtrDiskUsage -Detailed -Session $session).Owner | Sort-Object)
        $node.orphans.key | Should -Contain $hostile
        $checks = @(Test-CtrImage -Session $session -Namespace $namespace)
        @($node.checks | Where-Object namespace -EQ $namespace).status | Should -Be @($checks.Status | ForEach-Object ToString)
        # Each test namespace has the image: its layers are stored once.
        $layer = (Get-CtrImageLayer busybox:1.35 -Session $session -Namespace $namespace).Digest
        $shared = $node.shared | Where-Object digest -EQ $layer
        $shared.images | Should -Contain "${namespace}: docker.io/library/busybox:1.35"
        $shared.saved | Should -Be ($shared.size * ($shared.images.Count - 1))
    }

    It 'is a table as CSV' {
        $rows = Export-CtrReport (Join-Path $TestDrive node.csv) -Session $session -Namespace $namespace -PassThru | Import-Csv
        $owner = $rows | Where-Object { $_.Kind -eq 'Owner' -and $_.Type -eq 'Image' }
        $owner.Name | Should -Be docker.io/library/busybox:1.35
        [long]$owner.Size | Should -Be (Get-CtrDiskUsage -Detailed -Kind Image -Session $session -Namespace $namespace).Size
    }

    It 'tells with -Deep what is wrong with bytes' {
        $layer = (Get-CtrImageLayer busybox:1.35 -Session $session -Namespace $namespace).Digest
        $blob = Join-Path $rig.Root io.containerd.content.v1.content blobs sha256 $layer.Split(':')[1]
        $sound = [IO.File]::ReadAllBytes($blob)
        try {
            $bad = $sound.Clone()
            $bad[100] = $bad[100] -bxor 1
            [IO.File]::WriteAllBytes($blob, $bad)
            $given = @{ Session = $session; Namespace = $namespace; PassThru = $true; Force = $true }
            $quick = Export-CtrReport (Join-Path $TestDrive quick.csv) @given | Import-Csv
            $deep = Export-CtrReport (Join-Path $TestDrive deep.csv) -Deep @given | Import-Csv
        } finally {
            [IO.File]::WriteAllBytes($blob, $sound)
        }
        $quick | Where-Object Kind -EQ Fault | Should -BeNullOrEmpty
        $fault = $deep | Where-Object Kind -EQ Fault
        $fault.Type | Should -Be Corrupt
        $fault.Reason | Should -Match $layer
    }

    It 'has a part for each node, and tells one that does not answer' {
        $two = Join-Path $TestDrive two.html
        Export-CtrReport $two -Session $session, (Join-Path $TestDrive no.sock) -ErrorVariable errors -ErrorAction SilentlyContinue
        $errors | Should -HaveCount 1
        $page = Get-Content $two -Raw
        [regex]::Matches($page, '<section ') | Should -HaveCount 2
        $page | Should -Match 'Nothing is known of this node'
        { Export-CtrReport (Join-Path $TestDrive none.html) -Session (Join-Path $TestDrive no.sock) } | Should -Throw -ErrorId CtrAddressNotFound*
        Join-Path $TestDrive none.html | Should -Not -Exist
    }

    It 'is not written about namespaces that are not there' {
        $none = Join-Path $TestDrive nothing.html
        foreach ($name in 'no-such', 'no-such-*') {
            { Export-CtrReport $none -Session $session -Namespace $name -ErrorAction Stop } | Should -Throw "*$name*" -ErrorId CtrNamespaceNotFound*
            Export-CtrReport $none -Session $session -Namespace $name -ErrorAction Ignore
            $none | Should -Not -Exist
        }
        Export-CtrReport $none -Session $session -Namespace no-such, $namespace -ErrorVariable errors -ErrorAction SilentlyContinue
        $errors | Should -HaveCount 1
        Get-Content $none -Raw | Should -Match 'no-such'
    }

    It 'has the namespaces of one object, and says so to a second one' {
        $one = [pscustomobject]@{ Namespace = $namespace }
        $out = Join-Path $TestDrive piped.csv
        $one, $one | Export-CtrReport $out -Session $session -ErrorVariable errors -ErrorAction SilentlyContinue
        $errors | Should -HaveCount 1
        $errors[0].FullyQualifiedErrorId | Should -BeLike CtrInvalidArgument*
        @(Import-Csv $out | Where-Object Type -EQ Image | Where-Object Kind -EQ Owner) | Should -HaveCount 1
    }

    It 'replaces nothing without -Force, and writes nothing with -WhatIf' {
        { Export-CtrReport $file -Session $session } | Should -Throw -ErrorId CtrFileExists*
        Export-CtrReport (Join-Path $TestDrive if.html) -Session $session -WhatIf
        Get-ChildItem $TestDrive -Filter 'if.html*' | Should -BeNullOrEmpty
    }

    It 'is shown whole by a browser: no script runs, nothing is refused or fetched, it fits <width> pixels' -ForEach @(
        @{ width = 400; browser = $browser }, @{ width = 1400; browser = $browser }
    ) {
        $browser | Should -Not -BeNullOrEmpty -Because 'the rig installs it'
        # The page in a frame of that width, and a script beside it that measures it.
        $frame = Join-Path $TestDrive "frame$width.html"
        Set-Content $frame @"
<!DOCTYPE html><iframe src="node.html" width="$width" height="900"></iframe><script>
onload = () => { const d = frames[0].document;
document.title = [d.title.slice(0, 17), d.documentElement.scrollWidth <= $width, d.querySelectorAll('svg.map rect').length > 0,
d.scripts.length, getComputedStyle(d.querySelector('main')).maxWidth].join('|'); }</script>
"@
        $words = '--no-sandbox', '--disable-gpu', '--allow-file-access-from-files', '--enable-logging=stderr', '--virtual-time-budget=3000',
        "--window-size=$($width + 100),1000", '--host-resolver-rules=MAP * ~NOTFOUND', "--user-data-dir=$TestDrive/chromium", '--dump-dom'
        $log = Join-Path $TestDrive browser.log
        $PSNativeCommandUseErrorActionPreference = $false
        $dom = & $browser @words "file://$frame" 2> $log
        $dom -join "`n" | Should -Match '<title>containerd report\|true\|true\|0\|1200px</title>' -Because (Get-Content $log -Raw)
        Get-Content $log | Where-Object { $_ -match 'CONSOLE' } | Should -BeNullOrEmpty
    }
}
