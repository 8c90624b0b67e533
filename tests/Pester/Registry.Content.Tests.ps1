#requires -Version 7.6
# Single blobs of registries: read without a daemon, sent out of one. ctr, oras and crane are the judges.

BeforeDiscovery {
    Import-Module (Join-Path $PSScriptRoot Helpers.psm1)
    $generations = Get-RigGeneration
}

BeforeAll {
    $ErrorActionPreference = 'Stop'
    Import-ModuleUnderTest
    $empty = (New-Item (Join-Path $TestDrive empty) -ItemType Directory).FullName
    $PSDefaultParameterValues['*-Ctr*:HostsDirectory'] = $empty
    $registry = Get-Registry
    $at = $registry.Address
    $credential = [pscredential]::new('pester', [Net.NetworkCredential]::new('', 'secret word').SecurePassword)

    function Get-Sha256 {
        param([string] $Path)
        'sha256:' + (Get-FileHash $Path -Algorithm SHA256).Hash.ToLowerInvariant()
    }
}

AfterAll {
    $PSDefaultParameterValues.Clear()
}

Describe 'Get-CtrRemoteContentData' {
    BeforeAll {
        $name = Push-ToRegistry $registry busybox content/busybox:1
        $remote = Get-CtrRemoteImage $name
        $manifest = $remote.ToJson() | ConvertFrom-Json
        $layer, $config = $manifest.layers[0].digest, $manifest.config.digest
        $file = "$TestDrive/blob.bin"
    }

    AfterEach {
        Get-ChildItem $TestDrive -File -Force | Remove-Item
    }

    It 'gives a config or a manifest as text, several one after the other, and takes what has a name and a digest' {
        $text = Get-CtrRemoteContentData $name $config
        ($text | ConvertFrom-Json).rootfs.diff_ids | Should -HaveCount $manifest.layers.Count
        Get-CtrRemoteContentData "$at/content/busybox" $config, $remote.Digest | Should -Be $text, $remote.ToJson()
        Get-CtrRemoteContentData "$at/content/busybox:9" $config | Should -Be $text -Because 'the tag means nothing'
        $remote | Get-CtrRemoteContentData | Should -Be $remote.ToJson()
    }

    It 'writes a layer to a file that appears when it is proved, and gives bytes to who is on the right' {
        $written = Get-CtrRemoteContentData $name $layer -Path $file -PassThru
        $written | Should -BeOfType IO.FileInfo
        $written.Length, (Get-Sha256 $file) | Should -Be $manifest.layers[0].size, $layer
        { Get-CtrRemoteContentData $name $layer -Path $file } | Should -Throw -ErrorId 'CtrFileExists,*'
        { Get-CtrRemoteContentData $name $layer, $config -LiteralPath $file -Force } |
            Should -Throw -ErrorId 'CtrInvalidArgument,*' -ExpectedMessage '*one blob*'
        Get-Sha256 $file | Should -Be $layer
        ((Get-CtrRemoteContentData $name $layer -AsByteStream | sha256sum) -split ' ')[0] | Should -Be $layer.Substring(7)
        $first = Get-CtrRemoteContentData $name $layer -AsByteStream | Select-Object -First 1
        $first.Length | Should -BeLessOrEqual 1MB
    }

    It 'tells what is not there, or is no text or no digest' {
        $absent = "sha256:$('a' * 64)"
        { Get-CtrRemoteContentData $name $absent } |
            Should -Throw -ErrorId 'CtrBlobMissing,*' -ExpectedMessage "*'$at/content/busybox' has no blob and no manifest '$absent'*"
        { Get-CtrRemoteContentData "$at/nobody/here" $layer } | Should -Throw -ErrorId 'CtrBlobMissing,*'
        { Get-CtrRemoteContentData $name $layer.Substring(0, 20) } | Should -Throw -ErrorId 'CtrInvalidDigest,*'
        { Get-CtrRemoteContentData $name $layer } | Should -Throw -ErrorId 'CtrContentNotText,*' -ExpectedMessage "*in the registry '$at'*"
        { Get-CtrRemoteContentData "$at/" $layer } | Should -Throw -ErrorId 'CtrInvalidReference,*'
        { Get-CtrRemoteContentData localhost:1/x $layer -PlainHttp -MaximumRetryCount 0 } | Should -Throw -ErrorId 'CtrRegistryUnreachable,*'
        $errors = $null
        Get-CtrRemoteContentData $name $absent, $config -ErrorAction SilentlyContinue -ErrorVariable errors | Should -HaveCount 1
        $errors | Should -HaveCount 1
        { Get-CtrRemoteContentData $name $absent -Path $file } | Should -Throw -ErrorId 'CtrBlobMissing,*'
        Get-ChildItem $TestDrive -File -Force | Should -BeNullOrEmpty
    }

    It 'logs in, and shows the password to nobody' {
        $private = Get-Registry -Token
        $secret = Push-ToRegistry $private busybox content/private:1
        { Get-CtrRemoteContentData $secret $layer -Path $file } | Should -Throw -ErrorId 'CtrRegistryDenied,*'
        $words = Get-CtrRemoteContentData $secret $layer -Path $file -Credential $credential -Verbose -Debug *>&1 | Out-String
        $words | Should -Not -Match 'secret word'
        Get-Sha256 $file | Should -Be $layer
    }

    Context 'of a registry that does it wrong' {
        BeforeAll {
            $faulty = Get-Registry -Faulty
            $wrong = Push-ToRegistry $faulty busybox content/faulty:1
        }

        AfterEach {
            Clear-RegistryFault $faulty
        }

        It 'leaves no file of a blob whose bytes are others, are too few, or whose size is not told' {
            Add-RegistryFault $faulty @{ Method = 'GET'; Path = '/blobs/'; CorruptAt = 1000 }
            { Get-CtrRemoteContentData $wrong $layer -Path $file } |
                Should -Throw -ErrorId 'CtrBlobCorrupt,*' -ExpectedMessage "*registry '$($faulty.Address)'*hash to*"
            { Get-CtrRemoteContentData $wrong $layer -AsByteStream | Out-Null } | Should -Throw -ErrorId 'CtrBlobCorrupt,*'
            Clear-RegistryFault $faulty
            Add-RegistryFault $faulty @{ Method = 'GET'; Path = '/blobs/'; Lengthen = -1000 }
            { Get-CtrRemoteContentData $wrong $layer -Path $file -MaximumRetryCount 0 } | Should -Throw -ErrorId 'CtrBlobCorrupt,*'
            Clear-RegistryFault $faulty
            Add-RegistryFault $faulty @{ Path = '/blobs/'; Chunked = $true }
            { Get-CtrRemoteContentData $wrong $layer -Path $file } | Should -Throw -ErrorId 'CtrRegistryFailed,*' -ExpectedMessage '*how large*'
            Get-ChildItem $TestDrive -File -Force | Should -BeNullOrEmpty
        }

        It 'goes on over connections that break, and asks by GET where HEAD is refused' {
            Add-RegistryFault $faulty @{ Method = 'HEAD'; Path = '/blobs/'; Status = 403 }
            Add-RegistryFault $faulty @{ Method = 'GET'; Path = '/blobs/'; Skip = 1; Times = 2; CutAfter = 100000 }
            Get-CtrRemoteContentData $wrong $layer -Path $file -RetryIntervalSec 0.1
            Get-Sha256 $file | Should -Be $layer
        }

        It 'reads a manifest where blobs and manifests are kept apart' {
            Add-RegistryFault $faulty @{ Path = '/blobs/'; Status = 404 }
            Get-CtrRemoteContentData $wrong $remote.Digest | Should -Be $remote.ToJson()
        }

        It 'ends at once with Ctrl-C and leaves no file' {
            Add-RegistryFault $faulty @{ Method = 'GET'; Path = '/blobs/'; StallAfter = 100000 }
            $shell = [powershell]::Create()
            try {
                $line = "Import-Module '$(Get-ManifestPath)'; Get-CtrRemoteContentData $wrong $layer -Path '$file' -HostsDirectory '$empty'"
                $null = $shell.AddScript($line).BeginInvoke()
                Wait-Until { Get-ChildItem $TestDrive -File -Force | Where-Object Length } 'some of it is written'
                $clock = [Diagnostics.Stopwatch]::StartNew()
                $shell.Stop()
                $clock.Elapsed.TotalSeconds | Should -BeLessThan 10
            } finally {
                $shell.Dispose()
            }
            Get-ChildItem $TestDrive -File -Force | Should -BeNullOrEmpty
        }
    }
}

Describe 'Blobs and registries, containerd <generation>' -ForEach $generations {
    if ($reason) {
        It 'has a daemon' { Set-ItResult -Skipped -Because $reason }
        return
    }

    BeforeAll {
        $rig = Get-Rig $generation
        $namespace = Add-TestNamespace $rig
        $session = Connect-CtrSession $rig.Address -Namespace $namespace
        $image = Get-CtrImage busybox:1.35
        $text = Invoke-Ctr $rig -n $namespace content get $image.Digest
        $manifest = $text | ConvertFrom-Json
        $layer, $config = $manifest.layers[0].digest, $manifest.config.digest
        $type = 'application/vnd.oci.image.manifest.v1+json'
        $path = "sent/$($generation.Replace('.', '-'))"
        # That of 1.6 reads no blobs of registries, and no daemon is needed for it.
        $able = Get-RigGeneration | Where-Object { -not $_.reason -and $_.generation -ne '1.6' } | Select-Object -Last 1
        $ctr = (Get-Rig ($generation -eq '1.6' ? $able.generation : $generation)).Ctr

        # Bytes that ctr reads from a registry, as a digest.
        function Get-CtrBytesDigest {
            param([string[]] $Word)
            $file = "$TestDrive/ctr.bin"
            & $ctr content @Word > $file
            $LASTEXITCODE | Should -Be 0
            Get-Sha256 $file
        }
    }

    AfterAll {
        Disconnect-CtrSession $session
        Clear-TestNamespace $rig $namespace
    }

    It 'gives what ctr gives' {
        $name = Push-ToRegistry $registry busybox "$path/read:1"
        foreach ($digest in $layer, $config) {
            $theirs = Get-CtrBytesDigest -Word 'fetch-blob', '--plain-http', $name, $digest
            $theirs | Should -Be $digest
            ((Get-CtrRemoteContentData $name $digest -AsByteStream | sha256sum) -split ' ')[0] | Should -Be $theirs.Substring(7)
        }
        $object = Get-CtrBytesDigest -Word 'fetch-object', '--plain-http', $name
        (Get-CtrRemoteImage $name).Digest | Should -Be $object
        ((Get-CtrRemoteContentData $name $object -AsByteStream | sha256sum) -split ' ')[0] | Should -Be $object.Substring(7)
    }

    It 'sends blobs before the manifest that names them, which gets the tag, and only what is not there' {
        $target = "$at/$path/whole"
        $sent = @(Send-CtrContent $image.Digest, $layer, $config "${target}:1")
        $sent | Should -BeOfType CtrPS.CtrSentContent
        $sent[-1].Digest, $sent[-1].Target, $sent[-1].MediaType | Should -Be $image.Digest, "${target}:1", $type
        $sent.Status | Sort-Object -Unique | Should -Be Sent
        $sent[0].Target | Should -BeLike "$target@sha256:*"
        ($sent | Measure-Object BytesSent -Sum).Sum | Should -Be ($sent | Measure-Object Size -Sum).Sum
        Get-CtrBytesDigest -Word 'fetch-blob', '--plain-http', "${target}:1", $layer | Should -Be $layer
        Get-CtrBytesDigest -Word 'fetch-object', '--plain-http', "${target}:1" | Should -Be $image.Digest
        (Get-CtrRemoteImage "${target}:1").Size | Should -Be $image.Size
        foreach ($reader in 'oras', 'crane' | Where-Object { Get-RegistryReader $_ }) {
            $words = $reader -eq 'oras' ? @('manifest', 'fetch', '--plain-http', "${target}:1") : @('manifest', '--insecure', "${target}:1")
            (Invoke-RegistryReader $reader @words) -join "`n" | Should -Be ($text -join "`n")
        }

        $again = Get-CtrContent $image.Digest, $layer, $config | Send-CtrContent -Destination "${target}:1"
        $again.Status | Sort-Object -Unique | Should -Be UpToDate
        ($again | Measure-Object BytesSent -Sum).Sum | Should -Be 0
        { Get-CtrRemoteImage "${target}:latest" } | Should -Throw -ErrorId 'CtrRemoteImageNotFound,*' -Because 'nobody gave that tag'
    }

    It 'sends a manifest by its digest where no tag is given, as ctr does' {
        $target = "$at/$path/bare"
        $null = Send-CtrContent $layer, $config $target
        $null = Invoke-Ctr $rig -n $namespace content push-object --plain-http "$target" $image.Digest $type
        $sent = Send-CtrContent $image.Digest $target
        $sent.Status, $sent.Target | Should -Be UpToDate, "$target@$($image.Digest)"
        $sent = Send-CtrContent $image.Digest "$target@$($image.Digest)"
        $sent.Status | Should -Be UpToDate
        { Send-CtrContent $layer "$target@$($image.Digest)" } | Should -Throw -ErrorId 'CtrInvalidReference,*'
        # ctr finds what we sent, and we what it sent.
        $null = Invoke-Ctr $rig -n $namespace content push-object --plain-http "$target-ctr:1" $config application/octet-stream
        (Send-CtrContent $config "$target-ctr:1").Status | Should -Be UpToDate
    }

    It 'sends under the media type that is given, and refuses what it cannot be' {
        $target = "$at/$path/typed"
        $bytes = Add-CtrContent -Value '{"schemaVersion":2,"manifests":[]}'
        (Send-CtrContent $bytes.Digest $target -WhatIf *>&1) | Should -BeNullOrEmpty
        (Send-CtrContent $bytes.Digest "${target}:1").MediaType | Should -Be application/vnd.oci.image.index.v1+json
        (Send-CtrContent $bytes.Digest $target -MediaType application/octet-stream).Status | Should -BeIn Sent, UpToDate
        { Send-CtrContent $bytes.Digest $target -MediaType nothing } |
            Should -Throw -ErrorId 'CtrInvalidArgument,*' -ExpectedMessage '*no media type*'
        $other = Add-CtrContent -Value '{"schemaVersion":2,"manifests":[ ]}'
        $errors = $null
        $sent = Send-CtrContent $bytes.Digest, $other.Digest "${target}:2" -ErrorAction SilentlyContinue -ErrorVariable errors
        $sent | Should -HaveCount 1
        $errors.FullyQualifiedErrorId | Should -BeLike 'CtrInvalidReference,*'
        $bytes, $other | Remove-CtrContent -Force
    }

    It 'says what the registry lacks of a manifest, what is not here, and who may not' {
        { Send-CtrContent $image.Digest "$at/$path/lacking:1" } |
            Should -Throw -ErrorId 'CtrRegistryFailed,*' -ExpectedMessage '*MANIFEST_BLOB_UNKNOWN*'
        $Error[0].ErrorDetails.RecommendedAction | Should -BeLike '*Send-CtrImage*'
        { Send-CtrContent "sha256:$('a' * 64)" "$at/$path/x" } | Should -Throw -ErrorId 'CtrContentNotFound,*'
        $private = Get-Registry -User
        $target = "$($private.Address)/$path/private"
        { Send-CtrContent $config $target } | Should -Throw -ErrorId 'CtrRegistryDenied,*'
        $words = Send-CtrContent $config $target -Credential $credential -Verbose -Debug *>&1
        $words | Out-String | Should -Not -Match 'secret word'
        ($words | Where-Object { $_ -is [CtrPS.CtrSentContent] }).Status | Should -Be Sent
        Get-CtrBytesDigest -Word 'fetch-blob', '--plain-http', '--user', 'pester:secret word', "${target}:1", $config | Should -Be $config
    }

    It 'shows what it would do, and does it not' {
        $line = "Import-Module '$(Get-ManifestPath)'; Send-CtrContent $($image.Digest) $at/$path/none:1 -HostsDirectory '$empty' " +
        "-Session $($rig.Address) -Namespace $namespace -WhatIf"
        $words = pwsh -NoProfile -NonInteractive -Command $line
        $words | Should -BeLike "*Send as '$at/$path/none:1' ($type, *), unless it is there*blob '$($image.Digest)' in namespace '$namespace'*"
        { Get-CtrRemoteImage "$at/$path/none:1" } | Should -Throw -ErrorId 'CtrRemoteImageNotFound,*'
    }
}
