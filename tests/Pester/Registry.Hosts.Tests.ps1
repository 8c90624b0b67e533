#requires -Version 7.6
# Which hosts are asked for a registry, and who is logged in: files alone, no daemon.

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

    # A certificate of an authority, made here.
    function New-Certificate {
        [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '', Justification = 'for tests')]
        param([string] $Path)
        $key = [Security.Cryptography.ECDsa]::Create()
        $request = [Security.Cryptography.X509Certificates.CertificateRequest]::new('CN=pester', $key, 'SHA256')
        $made = $request.CreateSelfSigned([DateTimeOffset]::Now.AddDays(-1), [DateTimeOffset]::Now.AddDays(1))
        Set-Content $Path $made.ExportCertificatePem()
        $Path
    }
}

Describe 'The hosts of a registry' {
    BeforeEach {
        $folder = (New-Item (Join-Path $TestDrive ([guid]::NewGuid())) -ItemType Directory).FullName
        $PSDefaultParameterValues['*-CtrRegistryHost:HostsDirectory'] = $folder
        $PSDefaultParameterValues['ConvertTo-CtrHostsToml:HostsDirectory'] = $folder
        $ca = New-Certificate (Join-Path $folder ca.crt)
    }

    AfterEach {
        $PSDefaultParameterValues.Clear()
    }

    It 'are the registry itself where no file says anything' {
        $one = Get-CtrRegistryHost nginx
        $one | Should -BeOfType CtrPS.CtrRegistryHost
        $one.Registry, $one.Url, $one.Order, $one.IsMirror, $one.File | Should -Be 'docker.io', 'https://registry-1.docker.io/v2', 1, $false, $null
        $one.Capabilities | Should -Be 'pull', 'resolve', 'push', 'referrers'
        "$one" | Should -Be $one.Url
        (Get-CtrRegistryHost localhost:5000).TriesTlsFirst | Should -BeTrue
        (Get-CtrRegistryHost ghcr.io/team/web:1, registry.example.com).Registry | Should -Be 'ghcr.io', 'registry.example.com'
        Get-CtrRegistryHost | Should -BeNullOrEmpty
    }

    It 'are written and come back in their order' {
        Set-CtrRegistryHost docker.io 'https://b.example.com', 'http://a.example.com:5000' -Ca $ca
        $hosts = Get-CtrRegistryHost docker.io
        $hosts.Url | Should -Be 'https://b.example.com/v2', 'http://a.example.com:5000/v2', 'https://registry-1.docker.io/v2'
        $hosts.IsMirror | Should -Be $true, $true, $false
        $hosts[0].Authorities | Should -Be $ca
        $hosts[0].Capabilities | Should -Be 'pull', 'resolve'
        $hosts[2].Authorities | Should -BeNullOrEmpty
        $hosts.File | Select-Object -Unique | Should -Be (Join-Path $folder docker.io hosts.toml)
        (Get-CtrRegistryHost).Registry | Select-Object -Unique | Should -Be 'docker.io'
    }

    It 'are the mirrors alone with -SkipFallback' {
        $hosts = Set-CtrRegistryHost registry.k8s.io https://one.example.com, https://two.example.com -SkipFallback -PassThru
        $hosts.Url | Should -Be 'https://one.example.com/v2', 'https://two.example.com/v2', 'https://two.example.com/v2'
        $hosts.Capabilities | Select-Object -Unique | Should -Be 'pull', 'resolve'
        Get-Content (Join-Path $folder registry.k8s.io hosts.toml) -TotalCount 1 | Should -Be 'server = "https://two.example.com"'
    }

    It 'are the registry with its settings where no mirror is named' {
        $hosts = Set-CtrRegistryHost registry.example.com:5000 -SkipCertificateCheck -PassThru
        $hosts.SkipCertificateCheck | Should -Be $true, $true
        $hosts.Url | Select-Object -Unique | Should -Be 'https://registry.example.com:5000/v2'
        $file = [IO.Path]::Combine($folder, 'registry.example.com:5000', 'hosts.toml') # to Join-Path a colon means a drive
        Get-Content $file -Raw | Should -Match '\[host\."https://registry\.example\.com:5000"\]'
    }

    It 'are not written with -WhatIf, and not over a file without -Force' {
        Set-CtrRegistryHost docker.io https://m.example.com -WhatIf
        Join-Path $folder docker.io | Should -Not -Exist
        Set-CtrRegistryHost docker.io https://m.example.com
        { Set-CtrRegistryHost docker.io https://n.example.com } | Should -Throw -ErrorId 'CtrFileExists,*'
        Set-CtrRegistryHost docker.io https://n.example.com -Force
        (Get-CtrRegistryHost docker.io)[0].Url | Should -Be 'https://n.example.com/v2'
    }

    It 'are never written through a link' {
        $real = Join-Path $folder real.toml
        Set-Content $real '# mine'
        $null = New-Item (Join-Path $folder docker.io) -ItemType Directory
        $null = New-Item (Join-Path $folder docker.io hosts.toml) -ItemType SymbolicLink -Target $real
        { Set-CtrRegistryHost docker.io https://m.example.com -Force } | Should -Throw -ErrorId 'CtrInvalidPath,*'
        Get-Content $real | Should -Be '# mine'
    }

    It 'are refused where they make no sense: <why>' -ForEach @(
        @{ why = 'nothing is said'; id = 'CtrInvalidArgument'; script = { Set-CtrRegistryHost docker.io } }
        @{ why = 'no mirror'; id = 'CtrInvalidArgument'; script = { Set-CtrRegistryHost docker.io -SkipFallback } }
        @{ why = 'two ends'; id = 'CtrInvalidArgument'; script = { Set-CtrRegistryHost docker.io https://m -Server https://s -SkipFallback } }
        @{ why = 'another scheme'; id = 'CtrInvalidArgument'; script = { Set-CtrRegistryHost docker.io ftp://m } }
        @{ why = 'a password'; id = 'CtrInvalidArgument'; script = { Set-CtrRegistryHost docker.io https://me:geheim@m } }
        @{ why = 'no certificate'; id = 'CtrInvalidPath'; script = { Set-CtrRegistryHost docker.io https://m -Ca /nonexistent/ca.crt } }
        @{ why = 'a way out'; id = 'CtrInvalidReference'; script = { Set-CtrRegistryHost ../../etc https://m } }
        @{ why = 'no folder'; id = 'CtrInvalidPath'; script = { Get-CtrRegistryHost docker.io -HostsDirectory /nonexistent } }
    ) {
        $fault = $script | Should -Throw -ErrorId "$id,*" -PassThru
        "$fault" | Should -Not -Match geheim
    }

    It 'tell a broken file with line and key, and go on with the next' {
        $null = New-Item (Join-Path $folder bad.example.com) -ItemType Directory
        Set-Content (Join-Path $folder bad.example.com hosts.toml) "server = `"https://s`"`n[host.`"https://m`"]`nskip_verify = 1"
        $found = Get-CtrRegistryHost bad.example.com, docker.io -ErrorAction SilentlyContinue -ErrorVariable faults
        $found.Registry | Should -Be 'docker.io'
        $faults | Should -HaveCount 1
        $faults[0].FullyQualifiedErrorId | Should -BeLike 'CtrInvalidHostsFile,*'
        $faults[0].CategoryInfo.Category | Should -Be InvalidData
        "$($faults[0])" | Should -Match "hosts\.toml', line 3: 'host\.`"https://m`"\.skip_verify' is neither true nor false"
        $faults[0].ErrorDetails.RecommendedAction | Should -Match 'containerd'
    }

    It 'are made of a configuration of containerd' {
        $config = Join-Path $folder config.toml
        Set-Content $config @'
version = 2
[plugins."io.containerd.grpc.v1.cri".registry.mirrors."docker.io"]
  endpoint = ["https://m.example.com"]
[plugins."io.containerd.grpc.v1.cri".registry.mirrors."*"]
  endpoint = ["https://all.example.com/proxy"]
[plugins."io.containerd.grpc.v1.cri".registry.configs."m.example.com".tls]
  insecure_skip_verify = true
[plugins."io.containerd.grpc.v1.cri".registry.configs."m.example.com".auth]
  password = "geheim"
[plugins."io.containerd.grpc.v1.cri".registry.headers]
  X-Site = ["geheim"]
'@
        ConvertTo-CtrHostsToml $config -WhatIf -WarningAction SilentlyContinue | Should -BeNullOrEmpty
        Get-ChildItem $folder -Directory | Should -BeNullOrEmpty
        $files = ConvertTo-CtrHostsToml $config -WarningVariable said -WarningAction SilentlyContinue
        $files | Should -BeOfType CtrPS.CtrHostsFile
        $files.Registry | Should -Be '*', 'docker.io', 'm.example.com'
        Get-Content $files[0].Path -Raw | Should -BeExactly $files[0].Text
        $said | Should -HaveCount 3
        "$said" | Should -Match "'X-Site'\. They go on working beside hosts\.toml"
        "$said" | Should -Match "'m\.example\.com'.*Connect-CtrRegistry"
        "$said" | Should -Match ([regex]::Escape("config_path = `"$folder`""))
        "$said $($files.Text)" | Should -Not -Match geheim
        (Get-CtrRegistryHost docker.io).SkipCertificateCheck | Should -Be $true, $false
        (Get-CtrRegistryHost quay.io)[0].Url | Should -Be 'https://all.example.com/proxy'
        { ConvertTo-CtrHostsToml -LiteralPath $config -WarningAction SilentlyContinue } | Should -Throw -ErrorId 'CtrFileExists,*'
        ConvertTo-CtrHostsToml -LiteralPath $config -Force -WarningAction SilentlyContinue | Should -HaveCount 3
        { ConvertTo-CtrHostsToml (Join-Path $folder none.toml) } | Should -Throw -ErrorId 'CtrInvalidHostsFile,*'
    }

    It 'complete: the registries with a folder, and Docker Hub' {
        Set-CtrRegistryHost registry.example.com:5000 -SkipCertificateCheck
        $words = Get-Completion "Get-CtrRegistryHost -HostsDirectory '$folder' -Registry "
        $words.CompletionText | Should -Contain 'registry.example.com:5000'
        $words.CompletionText | Should -Contain 'docker.io'
        (Get-Completion "Get-CtrRegistryHost -HostsDirectory '$folder' -Registry regi").CompletionText | Should -Be 'registry.example.com:5000'
        (Get-Completion 'Set-CtrRegistryHost docker.io -Capability re').CompletionText | Sort-Object | Should -Be 'referrers', 'resolve'
    }
}

Describe 'Logins' {
    BeforeAll {
        $before = @{}
        foreach ($name in 'DOCKER_CONFIG', 'DOCKER_AUTH_CONFIG', 'REGISTRY_AUTH_FILE', 'XDG_RUNTIME_DIR', 'XDG_CONFIG_HOME', 'HOME', 'PATH') {
            $before[$name] = [Environment]::GetEnvironmentVariable($name)
        }
        $credential = [pscredential]::new('me', [Net.NetworkCredential]::new('', 'geheim').SecurePassword)
    }

    BeforeEach {
        $folder = (New-Item (Join-Path $TestDrive ([guid]::NewGuid())) -ItemType Directory).FullName
        $env:HOME = $env:XDG_CONFIG_HOME = $folder
        $env:DOCKER_CONFIG = Join-Path $folder docker
        $env:DOCKER_AUTH_CONFIG = $env:REGISTRY_AUTH_FILE = $env:XDG_RUNTIME_DIR = $null
        $file = Join-Path $env:DOCKER_CONFIG config.json
        $PSDefaultParameterValues['Connect-CtrRegistry:WarningAction'] = 'SilentlyContinue'
    }

    AfterEach {
        $PSDefaultParameterValues.Clear()
    }

    AfterAll {
        foreach ($name in $before.Keys) { [Environment]::SetEnvironmentVariable($name, $before[$name] ?? [NullString]::Value) }
    }

    It 'are kept in the file, which only its owner reads, and removed again' {
        Get-CtrRegistry | Should -BeNullOrEmpty
        $login = Connect-CtrRegistry https://index.docker.io/v1/ $credential -Force -WarningVariable said
        $login | Should -BeOfType CtrPS.CtrRegistryLogin
        $login.Registry, $login.User, $login.Kind, $login.Helper, $login.File | Should -Be 'docker.io', 'me', 'Password', $null, $file
        "$said" | Should -Match 'credsStore'
        (Get-Item $file).UnixMode | Should -Be '-rw-------'
        (Get-Content $file -Raw | ConvertFrom-Json).auths.'https://index.docker.io/v1/'.auth | Should -Be 'bWU6Z2VoZWlt'
        $null = Connect-CtrRegistry registry.example.com:5000 $credential -Force
        (Get-CtrRegistry).Registry | Should -Be 'docker.io', 'registry.example.com:5000'
        (Get-CtrRegistry registry*).Registry | Should -Be 'registry.example.com:5000'
        (Get-CtrRegistry index.docker.io).User | Should -Be 'me'
        Get-CtrRegistry *.org | Should -BeNullOrEmpty
        Get-CtrRegistry docker.io | Disconnect-CtrRegistry
        (Get-CtrRegistry).Registry | Should -Be 'registry.example.com:5000'
    }

    It 'show no secret, whatever is asked for' {
        $said = Connect-CtrRegistry registry.example.com $credential -Force -Verbose -Debug -WarningAction Continue *>&1
        $said += Get-CtrRegistry -Verbose *>&1
        $json = $said | ConvertTo-Json -Depth 4 -WarningAction SilentlyContinue
        $text = ($said | Out-String), ($said | Format-List * | Out-String), $json, ($said | ConvertTo-Csv) -join "`n"
        $text | Should -Match registry.example.com
        $text | Should -Not -Match 'geheim|bWU6Z2VoZWlt'
    }

    It 'do nothing with -WhatIf' {
        Connect-CtrRegistry registry.example.com $credential -WhatIf | Should -BeNullOrEmpty
        $file | Should -Not -Exist
        $null = Connect-CtrRegistry registry.example.com $credential -Force
        Disconnect-CtrRegistry registry.example.com -WhatIf
        Get-CtrRegistry registry.example.com | Should -HaveCount 1
    }

    It 'offer the near name for one that is mistyped' {
        $null = Connect-CtrRegistry registry.example.com $credential -Force
        foreach ($script in { Get-CtrRegistry registry.exmaple.com }, { Disconnect-CtrRegistry registry.exmaple.com }) {
            $fault = $script | Should -Throw -ErrorId 'CtrLoginNotFound,*' -PassThru
            "$fault" | Should -Be "Nobody is logged in at 'registry.exmaple.com'. Did you mean 'registry.example.com'?"
            $fault.CategoryInfo.Category | Should -Be ObjectNotFound
        }
    }

    It 'are kept by a helper where the file names one' {
        $null = New-Item $env:DOCKER_CONFIG -ItemType Directory
        Set-Content $file '{"credsStore":"pester"}'
        $helper = Join-Path $folder docker-credential-pester
        Set-Content $helper @"
#!/bin/sh
case "`$1" in
store) cat > '$folder/kept' ;;
get) if [ -e '$folder/kept' ]; then cat '$folder/kept'; else echo 'credentials not found in native keychain'; exit 1; fi ;;
erase) rm -f '$folder/kept' ;;
list) if [ -e '$folder/kept' ]; then echo '{"registry.example.com":"me"}'; else echo '{}'; fi ;;
esac
"@
        chmod 700 $helper
        $env:PATH = "$folder$([IO.Path]::PathSeparator)$($before.PATH)"
        try {
            $login = Connect-CtrRegistry registry.example.com $credential -Force -WarningVariable said
            $login.Helper | Should -Be 'pester'
            $said | Should -BeNullOrEmpty
            Get-Content $file | Should -Be '{"credsStore":"pester"}'
            (Get-CtrRegistry).Helper | Should -Be 'pester'
            Disconnect-CtrRegistry registry.example.com
            Get-CtrRegistry | Should -BeNullOrEmpty
            Set-Content $file '{"credsStore":"none"}'
            { Get-CtrRegistry } | Should -Throw -ErrorId 'CtrCredentialHelperFailed,*'
        } finally {
            $env:PATH = $before.PATH
        }
    }

    It 'are told where the file is broken, which stays' {
        $null = New-Item $env:DOCKER_CONFIG -ItemType Directory
        Set-Content $file '{"auths": geheim}'
        foreach ($script in { Get-CtrRegistry }, { Connect-CtrRegistry registry.example.com $credential -Force }) {
            $fault = $script | Should -Throw -ErrorId 'CtrInvalidCredentialFile,*' -PassThru
            "$fault" | Should -Not -Match geheim
        }
        Get-Content $file | Should -Be '{"auths": geheim}'
    }

    It 'are proved at the registry first: <what>' -ForEach @(
        @{ what = 'a wrong password'; user = 'me'; realm = $false; id = 'CtrLoginFailed' }
        @{ what = 'the right one'; user = 'good'; realm = $false; id = $null }
        @{ what = 'a realm elsewhere'; user = 'good'; realm = $true; id = 'CtrLoginFailed' }
    ) {
        $listener, $port = Start-HttpListener
        $server = Start-ThreadJob -ArgumentList $listener, $realm {
            try {
                while ($true) {
                    $context = $args[0].GetContext()
                    if ("$($context.Request.Headers['Authorization'])" -ne 'Basic Z29vZDpnZWhlaW0=') {
                        $context.Response.StatusCode = 401
                        $challenge = $args[1] ? 'Bearer realm="http://10.255.255.1/token",service="x"' : 'Basic realm="x"'
                        $context.Response.Headers.Add('WWW-Authenticate', $challenge)
                    }
                    $context.Response.Close()
                }
            } catch [Net.HttpListenerException] { Write-Verbose 'The test is over.' }
        }
        try {
            $login = [pscredential]::new($user, $credential.Password)
            $do = { Connect-CtrRegistry "127.0.0.1:$port" $login -PlainHttp -HostsDirectory $folder }
            if ($id) {
                $fault = $do | Should -Throw -ErrorId "$id,*" -PassThru
                "$fault" | Should -Not -Match geheim
                $file | Should -Not -Exist
            } else {
                (& $do).User | Should -Be 'good'
                $file | Should -Exist
            }
        } finally {
            $listener.Close()
            $null = $server | Wait-Job | Receive-Job
            $server | Remove-Job -Force
        }
    }

    It 'complete' {
        $null = Connect-CtrRegistry registry.example.com:5000 $credential -Force
        foreach ($name in 'Get-CtrRegistry', 'Disconnect-CtrRegistry', 'Connect-CtrRegistry') {
            (Get-Completion "$name reg").CompletionText | Should -Contain 'registry.example.com:5000'
        }
        Set-Content $file '{ broken'
        Get-Completion 'Disconnect-CtrRegistry reg' | Where-Object ResultType -EQ ParameterValue | Should -BeNullOrEmpty
    }
}

Describe 'The hosts files and containerd <generation>' -ForEach (Get-RigGeneration) {
    if ($reason) {
        It 'has a daemon' { Set-ItResult -Skipped -Because $reason }
        return
    }

    It 'are read by ctr as they are here' {
        $rig = Get-Rig $generation
        $listener, $port = Start-HttpListener
        $server = Start-ThreadJob -ArgumentList $listener {
            try {
                while ($true) {
                    $context = $args[0].GetContext()
                    "$($context.Request.HttpMethod) $($context.Request.RawUrl)"
                    $context.Response.StatusCode = 404
                    $context.Response.Close()
                }
            } catch [Net.HttpListenerException] { Write-Verbose 'The test is over.' }
        }
        try {
            $null = Set-CtrRegistryHost registry.invalid:5000 "http://127.0.0.1:$port" -SkipFallback -HostsDirectory $TestDrive -Force
            $null = & $rig.Ctr --address $rig.Address images pull --hosts-dir "$TestDrive" registry.invalid:5000/team/web:1 2>&1
            $LASTEXITCODE | Should -Not -Be 0
        } finally {
            $listener.Close()
            $asked = $server | Wait-Job | Receive-Job
            $server | Remove-Job -Force
        }
        $asked | Should -Contain 'HEAD /v2/team/web/manifests/1?ns=registry.invalid%3A5000'
    }
}
