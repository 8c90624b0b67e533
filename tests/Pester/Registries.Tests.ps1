#requires -Version 7.6
# The private registries, as the other test files use them: Registry.Tests.ps1 and others stand on these helpers.

BeforeAll {
    Import-Module (Join-Path $PSScriptRoot Helpers.psm1)
}

Describe 'Private registries' {
    It 'serve by TLS what was pushed, to whom they know' {
        $registry = Get-Registry -Tls -User
        $reference = Push-ToRegistry $registry
        $reference | Should -BeLike "$($registry.Address)/library/busybox:1"
        $words = 'inspect', '--raw', '--cert-dir', $registry.CertificateFolder, "docker://$reference"
        $manifest = skopeo @words --creds "$($registry.User):$($registry.Password)" | ConvertFrom-Json
        $manifest.layers.Count | Should -Be 1
        $null = skopeo @words 2>&1
        $LASTEXITCODE | Should -Not -Be 0
        Get-Registry -Tls -User | Should -Be $registry
    }

    It 'give tokens and tell who asked' {
        $registry = Get-Registry -Token
        $null = skopeo inspect --raw --tls-verify=false --creds 'pester:secret word' "docker://$(Push-ToRegistry $registry pause)"
        $LASTEXITCODE | Should -Be 0
        $asked = Get-TokenRequest $registry | Select-Object -Last 1
        $asked.user, $asked.status, $asked.scopes | Should -Be 'pester', 200, 'repository:library/pause:pull'
    }

    It 'serve wrong what they are told to, and keep a log' {
        $registry = Get-Registry -Faulty
        Clear-RegistryFault $registry # other files ask it too
        $null = Push-ToRegistry $registry
        Add-RegistryFault $registry @{ Method = 'GET'; Path = '/manifests/'; Times = 1; Status = 429; Headers = @{ 'Retry-After' = '7' } }
        $url = "$($registry.Url)v2/library/busybox/manifests/1"
        $answer = Invoke-WebRequest $url -SkipHttpErrorCheck
        $answer.StatusCode, $answer.Headers['Retry-After'] | Should -Be 429, 7
        (Invoke-WebRequest $url -Headers @{ Accept = 'application/vnd.oci.image.manifest.v1+json' }).StatusCode | Should -Be 200
        (Get-RegistryRequest $registry).status | Should -Be 429, 200
        { Add-RegistryFault $registry @{ CutAfterwards = 1 } } | Should -Throw '*CutAfterwards*'
        Clear-RegistryFault $registry
        Get-RegistryRequest $registry | Should -BeNullOrEmpty
    }
}
