#requires -Version 7.6
# Get-, New-, Set- and Remove-CtrNamespace. ctr is the judge of what is on the daemon.

BeforeDiscovery {
    Import-Module (Join-Path $PSScriptRoot Helpers.psm1)
}

BeforeAll {
    $ErrorActionPreference = 'Stop'
    Import-ModuleUnderTest
}

Describe 'Namespaces, containerd <generation>' -ForEach (Get-RigGeneration) {
    if ($reason) {
        It 'has a daemon' { Set-ItResult -Skipped -Because $reason }
        return
    }

    BeforeAll {
        $rig = Get-Rig $generation
        $session = Connect-CtrSession $rig.Address
        $names = 'pester-one', 'pester-two', 'pester-three'

        function Get-Label {
            param([string] $Name)
            (ConvertFrom-CtrTable (Invoke-Ctr $rig namespaces ls) | Where-Object NAME -EQ $Name).LABELS
        }
    }

    AfterEach {
        Clear-TestNamespace $rig $names
    }

    AfterAll {
        Disconnect-CtrSession $session
    }

    It 'makes namespaces with labels and returns them' {
        $made = New-CtrNamespace pester-one, pester-two -Label @{ team = 'web'; stage = 'test' }
        $made | Should -HaveCount 2
        $made | Should -BeOfType CtrPS.CtrNamespace
        $made.Name | Should -Be 'pester-one', 'pester-two'
        $made[1].Labels['team'] | Should -Be 'web'
        Get-Label pester-one | Should -Be 'stage=test,team=web'
        Get-Label pester-two | Should -Be 'stage=test,team=web'
    }

    It 'makes namespaces from names and from records in the pipeline' {
        $null = 'pester-one' | New-CtrNamespace
        $null = [pscustomobject]@{ Name = 'pester-two'; Label = @{ a = 'b' } } | New-CtrNamespace
        (Get-CtrNamespace pester-*).Name | Sort-Object | Should -Be 'pester-one', 'pester-two'
        Get-Label pester-two | Should -Be 'a=b'
    }

    It 'refuses a name that exists, and goes on with the next' {
        $null = New-CtrNamespace pester-one
        $made = New-CtrNamespace pester-one, pester-two -ErrorAction SilentlyContinue -ErrorVariable refused
        $made.Name | Should -Be 'pester-two'
        $refused | Should -HaveCount 1
        $refused.FullyQualifiedErrorId | Should -BeLike 'CtrNamespaceExists,*'
        $refused.CategoryInfo.Category | Should -Be 'ResourceExists'
        "$refused" | Should -BeLike "*'pester-one'*"
    }

    It 'lists what ctr lists, and picks by name and wildcard' {
        $null = New-CtrNamespace pester-one, pester-two
        (Get-CtrNamespace).Name | Sort-Object | Should -Be (Invoke-Ctr $rig namespaces ls -q | Sort-Object)
        (Get-CtrNamespace pester-o*, k8s.io).Name | Should -Be 'pester-one', 'k8s.io'
        (Get-CtrNamespace pester-two).Name | Should -Be 'pester-two'
        'pester-one' | Get-CtrNamespace | ForEach-Object Name | Should -Be 'pester-one'
        Get-CtrNamespace no-such-* | Should -BeNullOrEmpty
    }

    It 'adds, changes and removes labels, and leaves the others' {
        $null = New-CtrNamespace pester-one -Label @{ keep = '1'; change = '1'; drop = '1' }
        Set-CtrNamespace pester-one -Label @{ change = '2'; drop = $null; add = 'a value' } | Should -BeNullOrEmpty
        Get-Label pester-one | Should -Be 'add=a value,change=2,keep=1'
    }

    It 'replaces all labels, and returns the namespace with -PassThru' {
        $null = New-CtrNamespace pester-one -Label @{ a = '1'; b = '2' }
        $changed = Get-CtrNamespace pester-one | Set-CtrNamespace -ReplaceLabel @{ c = '3' } -PassThru
        $changed.Name | Should -Be 'pester-one'
        $changed.Labels.Keys | Should -Be 'c'
        Get-Label pester-one | Should -Be 'c=3'
        (Set-CtrNamespace pester-one -ReplaceLabel @{} -PassThru).Labels.Count | Should -Be 0
        Get-Label pester-one | Should -BeNullOrEmpty
    }

    It 'does not make a namespace by setting labels of one that is not there' {
        { Set-CtrNamespace pester-none -Label @{ a = '1' } } | Should -Throw -ErrorId 'CtrNamespaceNotFound,*' -ExpectedMessage "*'pester-none'*"
        Invoke-Ctr $rig namespaces ls -q | Should -Not -Contain 'pester-none'
    }

    It 'removes namespaces, by name and through the pipeline' {
        $null = New-CtrNamespace $names
        Remove-CtrNamespace pester-one -Confirm:$false | Should -BeNullOrEmpty
        Get-CtrNamespace pester-t* | Remove-CtrNamespace -Force
        Invoke-Ctr $rig namespaces ls -q | Where-Object { $_ -in $names } | Should -BeNullOrEmpty
    }

    It 'takes wildcards where it changes something, as the neighbours do' {
        $null = New-CtrNamespace $names
        (Set-CtrNamespace pester-t* @{ team = 'web' } -PassThru).Name | Should -Be pester-three, pester-two
        Get-Label pester-one | Should -BeNullOrEmpty
        Get-Label pester-two | Should -Be team=web
        Remove-CtrNamespace PESTER-t*, no-such-* -Force
        Invoke-Ctr $rig namespaces ls -q | Where-Object { $_ -in $names } | Should -Be pester-one
        { Remove-CtrNamespace k8s.* -Confirm:$false } | Should -Throw -ErrorId 'CtrNamespaceProtected,*' -ExpectedMessage "*'k8s.io'*Kubernetes*"
        Set-CtrNamespace no-such-* @{ team = 'web' } -PassThru | Should -BeNullOrEmpty
    }

    It 'refuses to remove a namespace that is not empty, and says what is in it' {
        $used = Add-TestNamespace $rig
        try {
            $record = { Remove-CtrNamespace $used -Force } |
                Should -Throw -ErrorId 'CtrNamespaceNotEmpty,*' -ExpectedMessage "*'$used'*images*" -PassThru
            $record.CategoryInfo.Category | Should -Be 'InvalidOperation'
            $record.ErrorDetails.RecommendedAction | Should -BeLike "*Remove-CtrNamespace $used -Recurse*"
        } finally {
            Clear-TestNamespace $rig $used
        }
    }

    It 'removes all that one has with -Recurse, whatever keeps it' {
        $used = Add-TestNamespace $rig
        try {
            Add-TestContainer $rig $used "$used-a" sleep 100000
            Add-TestContainer $rig $used "$used-b" true
            $null = Invoke-Ctr $rig -n $used snapshots prepare kept
            $null = Invoke-Ctr $rig -n $used snapshots commit below kept
            $null = Invoke-Ctr $rig -n $used snapshots prepare top below
            $here = @{ Namespace = $used }
            $null = Add-CtrContent -Value kept @here
            New-CtrLease lease @here | ForEach-Object { Get-CtrImage busybox:1.35 @here | Add-CtrLeaseResource lease }
            Remove-CtrNamespace $used -Recurse -WhatIf
            Get-CtrTask @here | Should -Not -BeNullOrEmpty
            Remove-CtrNamespace $used -Recurse -Confirm:$false | Should -BeNullOrEmpty
            Invoke-Ctr $rig namespaces ls -q | Should -Not -Contain $used
            Get-Process containerd-shim* | Where-Object CommandLine -Like "*-namespace $used *" | Should -BeNullOrEmpty
            $null = New-CtrNamespace $used
            Get-CtrSnapshot @here | Should -BeNullOrEmpty
            Get-CtrContent @here | Should -BeNullOrEmpty
            Remove-CtrNamespace $used -Recurse -Force
        } finally {
            Clear-TestNamespace $rig $used
        }
    }

    It 'removes none with -Recurse of which an image is mounted' {
        $used = Add-TestNamespace $rig
        $folder = (New-Item (Join-Path $TestDrive "mounted-$generation") -ItemType Directory).FullName
        try {
            $null = Mount-CtrImage busybox:1.35 $folder -Namespace $used
            { Remove-CtrNamespace $used -Recurse -Force } | Should -Throw -ErrorId 'CtrNamespaceNotEmpty,*' -ExpectedMessage "*mounted in '$folder'*"
            Dismount-CtrImage $folder -Namespace $used
            Remove-CtrNamespace $used -Recurse -Force
            Invoke-Ctr $rig namespaces ls -q | Should -Not -Contain $used
        } finally {
            Clear-TestNamespace $rig $used
        }
    }

    It 'removes <_> only with -Force' -ForEach 'moby', 'plugins.moby' {
        $null = New-CtrNamespace $_
        $record = { Remove-CtrNamespace $_ -Confirm:$false } |
            Should -Throw -ErrorId 'CtrNamespaceProtected,*' -ExpectedMessage "*'$_'*docker*" -PassThru
        $record.CategoryInfo.Category | Should -Be 'PermissionDenied'
        Invoke-Ctr $rig namespaces ls -q | Should -Contain $_
        Remove-CtrNamespace $_ -Force
        Invoke-Ctr $rig namespaces ls -q | Should -Not -Contain $_
    }

    It 'protects k8s.io' {
        { Remove-CtrNamespace k8s.io -Confirm:$false } | Should -Throw -ErrorId 'CtrNamespaceProtected,*' -ExpectedMessage "*'k8s.io'*Kubernetes*"
        Invoke-Ctr $rig namespaces ls -q | Should -Contain 'k8s.io'
    }

    It 'says so when the namespace to <verb> is not there' -ForEach @(
        @{ verb = 'get'; script = { Get-CtrNamespace pester-none } }
        @{ verb = 'change'; script = { Set-CtrNamespace pester-none -ReplaceLabel @{} } }
        @{ verb = 'remove'; script = { Remove-CtrNamespace pester-none -Force } }
    ) {
        $record = $script | Should -Throw -ErrorId 'CtrNamespaceNotFound,*' -ExpectedMessage "*'pester-none'*" -PassThru
        $record.CategoryInfo.Category | Should -Be 'ObjectNotFound'
    }

    It '<line>' -ForEach @(
        @{ line = 'Get-CtrNamespace k*, z* | Select -Expand Name'; gives = 'k8s.io' }
        @{ line = 'Get-CtrNamespace k8s.io'; has = 'Name', 'Labels', 'Address' }
        @{ line = 'Get-CtrNamespace'; shows = 'k8s.io' }
        @{ line = 'Get-CtrNamespace k8s.io | ConvertTo-Json'; shows = '  "Name": "k8s.io",' }
        @{
            line = 'Set-CtrNamespace k8s.io @{ a = 1; b = $null } -wi'; gives = @()
            says = "What if: Performing the operation ""Set labels a=1; Remove labels b"" on target ""namespace 'k8s.io' at '{address}'""."
        }
        # It asks, and here is nobody who would answer.
        @{ line = 'Remove-CtrNamespace pester-none'; fails = 'InvalidOperation InvalidOperation []' }
    ) {
        Assert-Line $rig @_
    }
}
