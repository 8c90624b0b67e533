#requires -Version 7.6
# What the Tab key offers, asked as the shell asks: through TabExpansion2.

BeforeDiscovery {
    Import-Module (Join-Path $PSScriptRoot Helpers.psm1)
}

BeforeAll {
    $ErrorActionPreference = 'Stop'
    Import-ModuleUnderTest

    function Get-Completion {
        param([string] $Line)
        (TabExpansion2 $Line $Line.Length).CompletionMatches
    }
}

Describe 'Completion, containerd <generation>' -ForEach (Get-RigGeneration) {
    if ($reason) {
        It 'has a daemon' { Set-ItResult -Skipped -Because $reason }
        return
    }

    BeforeAll {
        $rig = Get-Rig $generation
        # Those that files before this one left open at the same daemon would be offered, too.
        Get-CtrSession | Disconnect-CtrSession
        $session = Connect-CtrSession $rig.Address -Namespace k8s.io
        $namespace = Add-TestNamespace $rig
        $null = Invoke-Ctr $rig -n $namespace images tag docker.io/library/busybox:1.35 registry.example.com:5000/team/app:2
        $digest = (Get-CtrImage busybox:1.35).Digest
    }

    AfterAll {
        Clear-TestNamespace $rig $namespace
        Disconnect-CtrSession $session
    }

    It 'completes "<line>"' -ForEach @(
        @{ line = 'Get-CtrImage ng'; texts = , 'nginx:deb' }
        @{ line = 'Get-CtrImage -Image docker.io/library/ng'; texts = , 'docker.io/library/nginx:deb' }
        @{ line = 'Get-CtrImage nginx:deb, nes'; texts = , 'nested:1' }
        @{ line = 'Get-CtrImage *ginx'; texts = , 'docker.io/library/nginx:deb' }
        @{ line = 'Remove-CtrImage index:'; texts = 'index:full', 'index:partial' }
        @{ line = 'Set-CtrImage -Name index:p'; texts = , 'index:partial' }
        @{ line = 'Get-CtrImage -Namespace k8'; texts = , 'k8s.io' }
        @{ line = 'Get-CtrNamespace k8'; texts = , 'k8s.io' }
        @{ line = 'Set-CtrNamespace K8'; texts = , 'k8s.io' }
        @{ line = 'Get-CtrImage -Platform linux/arm/'; texts = 'linux/arm/v7', 'linux/arm/v6' }
        @{ line = 'Get-CtrPlugin overl'; texts = , 'overlayfs' }
        @{ line = 'Get-CtrPlugin -Type *.snap'; texts = , 'io.containerd.snapshotter.v1' }
        @{ line = 'Get-CtrPlugin -Status S'; texts = , 'Skip' }
        @{ line = 'Get-CtrImage -Name ngi'; texts = , 'nginx:deb' }
        @{ line = 'Watch-CtrEvent /tasks/exi'; texts = , '/tasks/exit' }
        @{ line = 'Wait-CtrEvent images'; texts = "'/images/*'", '/images/create', '/images/delete', '/images/update' }
        @{ line = 'Get-CtrImage no-such'; texts = @() }
    ) {
        (Get-Completion $line).CompletionText | Should -Be ($texts ? $texts : $null)
    }

    It 'offers names with @ in quotes, and a word in quotes once' {
        (Get-Completion 'Get-CtrImage busybox@').CompletionText | Should -Be "'busybox@$digest'"
        (Get-Completion "Get-CtrImage 'busybox@").CompletionText | Should -Be "'busybox@$digest'"
        $line = "Get-CtrImage 'ngi"
        $offer = TabExpansion2 $line $line.Length
        $at = $offer.ReplacementIndex
        $done = $line.Remove($at, $offer.ReplacementLength).Insert($at, $offer.CompletionMatches[0].CompletionText)
        (& ([scriptblock]::Create($done))).Name | Should -Be 'docker.io/library/nginx:deb'
    }

    It 'says in the tooltip what it offers' {
        $offer = Get-Completion 'Get-CtrImage busybox:1'
        $offer.ListItemText | Should -Be 'busybox:1.35'
        $offer.ToolTip | Should -BeLike "$digest in k8s.io, updated *"
        (Get-Completion 'Get-CtrPlugin -Type io.containerd.snap').ToolTip | Should -BeLike '*overlayfs*'
    }

    It 'asks the namespaces and the session that the line names' {
        (Get-Completion "Get-CtrImage -Namespace $namespace -Image reg").CompletionText | Should -Be 'registry.example.com:5000/team/app:2'
        (Get-Completion 'Get-CtrImage -Namespace pester-*, k8s.io -Image busybox:1').CompletionText | Should -Be 'busybox:1.35'
        (Get-Completion "Get-CtrImage -Session $($session.Id) ng").CompletionText | Should -Be 'nginx:deb'
        Use-Environment @{ CONTAINERD_NAMESPACE = $namespace } {
            $other = Connect-CtrSession $rig.Address -NoDefault
            (Get-Completion "Get-CtrImage -Session $($other.Id) reg").CompletionText | Should -Be 'registry.example.com:5000/team/app:2'
            Disconnect-CtrSession $other
        }
    }

    It 'offers the open sessions and the default address' {
        $offers = Get-Completion 'Get-CtrServer -Session /'
        ($offers | Where-Object CompletionText -EQ $rig.Address).ToolTip | Should -Be "session $($session.Id), Opened, containerd $($rig.Version)"
        (Get-Completion 'Connect-CtrSession /nonex').CompletionText | Should -Contain $env:CONTAINERD_ADDRESS # and what other tests have tried
        (Get-Completion "Disconnect-CtrSession $($rig.Address.Substring(0, 20))").CompletionText | Should -Contain $rig.Address
    }

    It 'asks an open session again after its daemon hung' {
        $relay = Open-Relay $rig
        try {
            $hanging = Connect-CtrSession $relay.Address -Namespace k8s.io -NoDefault
            $line = "Get-CtrImage -Session $($hanging.Id) ng"
            $relay.Freeze()
            $clock = [Diagnostics.Stopwatch]::StartNew()
            Get-Completion $line | Should -BeNullOrEmpty
            $clock.Elapsed.TotalSeconds | Should -BeLessThan 5
            $relay.Thaw()
            (Get-Completion $line).CompletionText | Should -Be 'nginx:deb'
            Disconnect-CtrSession $hanging
        } finally {
            $relay.Dispose()
        }
    }
}

Describe 'Completion without a daemon' {
    It 'returns quickly and silently where <what>' -ForEach @(
        @{ what = 'nothing is there'; path = 'none.sock' }
        @{ what = 'nobody answers'; path = 'silent.sock' }
        @{ what = 'there is no socket but a file'; path = 'file' }
    ) {
        $address = Join-Path $TestDrive $path
        $socket = $path -eq 'silent.sock' ? (Open-SilentSocket $address) : $null
        if ($path -eq 'file') {
            Set-Content $address text
        }
        $before = $Error.Count
        $sessions = @(Get-CtrSession).Count
        try {
            Use-Environment @{ CONTAINERD_ADDRESS = $address } {
                foreach ($line in 'Get-CtrImage ng', 'Get-CtrImage -Namespace k8', "Get-CtrImage -Session $address.2 ng", 'Get-CtrPlugin -Type io') {
                    $clock = [Diagnostics.Stopwatch]::StartNew()
                    Get-Completion $line | Should -BeNullOrEmpty
                    $clock.Elapsed.TotalSeconds | Should -BeLessThan 5 -Because 'a completer waits a second at the most'
                }
            }
        } finally {
            ${socket}?.Dispose()
        }
        $Error.Count | Should -Be $before
        @(Get-CtrSession | Where-Object Address -EQ "$address.2") | Should -HaveCount 0 -Because 'a word that is being typed opens no session'
        @(Get-CtrSession).Count | Should -BeLessOrEqual ($sessions + 1)
    }

    It 'is silent about a malformed address' {
        $before = $Error.Count
        Get-Completion 'Get-CtrImage -Session not-an-address ng' | Should -BeNullOrEmpty
        Get-Completion 'Get-CtrImage -Session 4711 ng' | Should -BeNullOrEmpty
        $Error.Count | Should -Be $before
    }

    It 'completes what needs no daemon' {
        (Get-Completion 'Get-CtrImage -Platform windows').CompletionText | Should -Be 'windows/amd64'
    }
}
