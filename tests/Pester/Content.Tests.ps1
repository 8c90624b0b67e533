#requires -Version 7.6
# Blobs, and the writes of such. ctr and the garbage collector are the judges.

BeforeDiscovery {
    Import-Module (Join-Path $PSScriptRoot Helpers.psm1)
}

BeforeAll {
    $ErrorActionPreference = 'Stop'
    Import-ModuleUnderTest

    function Get-Sha256 {
        param([byte[]] $Bytes)
        'sha256:' + [Convert]::ToHexStringLower([Security.Cryptography.SHA256]::HashData($Bytes))
    }
}

Describe 'Content, containerd <generation>' -ForEach (Get-RigGeneration) {
    if ($reason) {
        It 'has a daemon' { Set-ItResult -Skipped -Because $reason }
        return
    }

    BeforeAll {
        $rig = Get-Rig $generation
        $session = Connect-CtrSession $rig.Address
        $namespace = Add-TestNamespace $rig
        $PSDefaultParameterValues['*-Ctr*:Namespace'] = $namespace
        $image = Get-CtrImage busybox:1.35
        $manifest = Invoke-Ctr $rig -n $namespace content get $image.Digest | ConvertFrom-Json -AsHashtable
        $config, $layer = $manifest.config.digest, $manifest.layers[0].digest
        $own = $image.Digest, $config, $layer

        function Get-CtrDigest {
            @(Invoke-Ctr $rig -n $namespace content ls -q)
        }

        Invoke-Collection $rig $namespace # ctr's import leaves the index of the archive to it

        # A write by ctr that has begun and is not done: ends when its input is closed.
        function Start-CtrIngest {
            [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '', Justification = 'of the test')]
            param([string] $Ref, [string] $Text)
            $start = [Diagnostics.ProcessStartInfo]::new($rig.Ctr)
            foreach ($word in '--address', $rig.Address, '-n', $namespace, 'content', 'ingest', $Ref) {
                $start.ArgumentList.Add($word)
            }
            $start.RedirectStandardInput = $start.RedirectStandardError = $true
            $process = [Diagnostics.Process]::Start($start)
            $process.StandardInput.Write($Text)
            $process.StandardInput.Flush()
            Wait-Until { (Get-CtrIngest).Ref -contains $Ref } "ctr writes $Ref"
            $process
        }
    }

    AfterEach {
        Get-CtrIngest | Stop-CtrIngest -Force
        Get-CtrLease | Remove-CtrLease -Force
        Invoke-Collection $rig $namespace # else it may come between the list and the removal, and take what no lease holds any more
        Get-CtrContent | Where-Object Digest -NotIn $own | Remove-CtrContent -Force
        Get-RigState $rig | Where-Object { $_ -match " $namespace " } | Should -BeNullOrEmpty
        Get-CtrDigest | Sort-Object | Should -Be ($own | Sort-Object)
    }

    AfterAll {
        $PSDefaultParameterValues.Clear()
        Disconnect-CtrSession $session
        Clear-TestNamespace $rig $namespace
    }

    Context 'that is there' {
        It 'is listed as ctr lists it, with what each blob is' {
            $all = Get-CtrContent
            $lines = Invoke-Ctr $rig -n $namespace content ls | Select-Object -Skip 1 # with a blank in the age
            $rows = $lines | ForEach-Object { $parts = $_ -split "`t+"; @{ DIGEST = $parts[0]; LABELS = $parts[-1] } } | Sort-Object { $_.DIGEST }
            $all.Digest | Should -Be $rows.DIGEST
            $all[0] | Should -BeOfType CtrPS.CtrContent
            foreach ($one in $all) {
                $row = $rows | Where-Object { $_.DIGEST -eq $one.Digest }
                $labels = $row.LABELS -eq '-' ? @() : ($row.LABELS -split ',' | Sort-Object)
                @($one.Labels.GetEnumerator() | ForEach-Object { "$($_.Key)=$($_.Value)" } | Sort-Object) | Should -Be $labels
                $one.Namespace, $one.Address, $one.MediaType, $one.WasPresent | Should -Be $namespace, $rig.Address, $null, $null
                ([DateTimeOffset]::Now - $one.CreatedAt).TotalHours | Should -BeLessThan 1
            }
            $kinds = @{ $image.Digest = 'Manifest'; $config = 'Config'; $layer = 'Layer' }
            $all | ForEach-Object { "$($_.Kind)" | Should -BeExactly $kinds[$_.Digest] }
            ($all | Measure-Object Size -Sum).Sum | Should -Be $image.Size
            (Get-CtrContent $layer).Size | Should -Be $manifest.layers[0].size
        }

        It 'is found by digest, first digits, wildcard and whatever has a digest' {
            (Get-CtrContent $layer).Digest | Should -Be $layer
            (Get-CtrContent $layer.Substring(0, 14)).Digest | Should -Be $layer
            (Get-CtrContent $layer.Substring(7, 6).ToUpperInvariant()).Digest | Should -Be $layer
            (Get-CtrContent "$($layer.Substring(7, 8))*").Digest | Should -Be $layer
            (Get-CtrContent sha256:*).Count | Should -Be 3
            (Get-CtrImageLayer busybox:1.35 | Get-CtrContent).Digest | Should -Be $layer
            ($image | Get-CtrContent).Kind | Should -Be Manifest
            (Get-CtrImageManifest busybox:1.35 -Tree | Get-CtrContent).Digest | Should -Be $own
            $file = Join-Path $TestDrive content.xml
            Get-CtrContent $config | Export-Clixml $file
            (Import-Clixml $file | Get-CtrContent).Digest | Should -Be $config
            (Get-CtrContent $config | ConvertTo-Json | ConvertFrom-Json | Get-CtrContent).Digest | Should -Be $config
            $null = New-CtrLease keep
            Add-CtrLeaseResource keep $config
            (Get-CtrLeaseResource keep | Get-CtrContent).Digest | Should -Be $config
            (Get-CtrContent -Namespace * | Where-Object Namespace -EQ $namespace).Count | Should -Be 3
        }

        It 'says what is not there, and where it is' {
            { Get-CtrContent "sha256:$('0' * 64)" } | Should -Throw -ErrorId 'CtrContentNotFound,*' -ExpectedMessage "*$namespace*"
            $absent = { Get-CtrContent $layer -Namespace elsewhere }
            $absent | Should -Throw -ErrorId 'CtrContentNotFound,*' -ExpectedMessage "*It is in*'$namespace'*"
            { Get-CtrContent 000000 } | Should -Throw -ErrorId 'CtrContentNotFound,*'
            { Get-CtrContent layer } | Should -Throw -ErrorId 'CtrInvalidDigest,*'
            { Get-CtrContent 12345 } | Should -Throw -ErrorId 'CtrInvalidDigest,*'
            { Get-CtrContent "sha256:$('Z' * 64)" } | Should -Throw -ErrorId 'CtrInvalidDigest,*'
            { Remove-CtrContent "sha256:$('Z' * 64)" } | Should -Throw -ErrorId 'CtrInvalidDigest,*'
            Get-CtrContent 0000* | Should -BeNullOrEmpty
            Get-CtrContent -Namespace elsewhere -WarningAction SilentlyContinue -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        }

        It 'is sifted by kind, media type, size, age and labels' {
            (Get-CtrContent -Kind Config, Layer).Digest | Sort-Object | Should -Be ($config, $layer | Sort-Object)
            $typed = Get-CtrContent -MediaType *
            ($typed | Where-Object Digest -EQ $layer).MediaType | Should -Be $manifest.layers[0].mediaType
            ($typed | Where-Object Digest -EQ $config).MediaType | Should -Be $manifest.config.mediaType
            ($typed | Where-Object Digest -EQ $image.Digest).MediaType | Should -Be $image.MediaType
            (Get-CtrContent -MediaType *manifest*).Digest | Should -Be $image.Digest
            $typed | Out-String -Width 80 | Should -BeLike "*MediaType*$($image.MediaType)*"
            Get-CtrContent | Out-String -Width 80 | Should -Not -Match 'MediaType'
            $line = 'Get-CtrContent -MediaType application/vnd.oci.image.ind'
            (TabExpansion2 $line $line.Length).CompletionMatches.CompletionText | Should -Be "'application/vnd.oci.image.index.v1+json'"
            { Get-CtrContent 7419e2, 123456 } |
                Should -Throw -ErrorId 'ParameterArgumentTransformationError,*' -ExpectedMessage '*741900 is a number*'
            (Get-CtrContent -MinimumSize 100KB).Digest | Should -Be $layer
            Get-CtrContent -OlderThan 1h | Should -BeNullOrEmpty
            Get-CtrContent -OlderThan 2d | Should -BeNullOrEmpty # without quotes it is a number to PowerShell
            (Get-CtrContent -OlderThan ([DateTimeOffset]::Now.AddMinutes(1))).Count | Should -Be 3
            $null = Invoke-Ctr $rig -n $namespace content label $config team=web
            (Get-CtrContent -Label team).Digest | Should -Be $config
            (Get-CtrContent -Label 't*=w*').Digest | Should -Be $config
            Get-CtrContent -Label team=db | Should -BeNullOrEmpty
            Get-CtrContent -Label team, absent | Should -BeNullOrEmpty
            $null = Invoke-Ctr $rig -n $namespace content label $config team=
        }
    }

    Context 'as data' {
        It 'is what ctr gives: text, bytes, a part, a file' {
            $text = Get-CtrContentData $config
            $text.TrimEnd() | Should -BeExactly ((Invoke-Ctr $rig -n $namespace content get $config) -join "`n")
            ($image | Get-CtrContentData | ConvertFrom-Json).config.digest | Should -Be $config
            Get-Sha256 (Get-CtrContentData $layer -AsByteStream | ForEach-Object { $_ }) | Should -Be $layer
            [byte[]] $part = Get-CtrContentData $config -AsByteStream -Offset 2 -Count 5 | ForEach-Object { $_ }
            [Text.Encoding]::UTF8.GetString($part) | Should -BeExactly $text.Substring(2, 5)
            Get-CtrContentData $config -AsByteStream -Offset $text.Length | Should -BeNullOrEmpty
            $file = Join-Path $TestDrive layer.tar
            Get-CtrContentData $layer -Path $file | Should -BeNullOrEmpty
            "sha256:$((Get-FileHash $file).Hash)" | Should -Be $layer
            { Get-CtrContentData $layer -Path $file } | Should -Throw -ErrorId 'CtrFileExists,*'
            (Get-CtrContentData $layer -LiteralPath $file -Count 3KB -Force -PassThru).Length | Should -Be 3072
            { Get-CtrContentData $layer -AsByteStream -Offset 1GB } | Should -Throw -ErrorId 'CtrInvalidArgument,*' -ExpectedMessage '*-Offset*'
            { Get-CtrContentData $layer } | Should -Throw -ErrorId 'CtrContentNotText,*'
            { Get-CtrContentData $config, $image.Digest -Path "$file.2" } |
                Should -Throw -ErrorId 'CtrInvalidArgument,*' -ExpectedMessage '*one blob*'
            (Get-ChildItem $TestDrive -Filter *.partial) | Should -BeNullOrEmpty
        }

        It 'that is damaged on the disk becomes no file and no text' {
            $added = Add-CtrContent -Value ('good ' * 100)
            $path = Get-ChildItem $rig.Root -Recurse -File -Filter $added.Digest.Substring(7) | Select-Object -First 1
            [IO.File]::WriteAllText($path.FullName, 'bad. ' * 100)
            { $added | Get-CtrContentData } | Should -Throw -ErrorId 'CtrBlobCorrupt,*' -ExpectedMessage "*$($added.Digest)*hash to*"
            { $added | Get-CtrContentData -Path "$TestDrive/damaged" } | Should -Throw -ErrorId 'CtrBlobCorrupt,*'
            Get-ChildItem $TestDrive -Filter damaged* | Should -BeNullOrEmpty
            # As good or bad as it is, for who asks for a part.
            $added | Get-CtrContentData -AsByteStream -Count 3 | ForEach-Object { $_ } | Should -Be ([Text.Encoding]::UTF8.GetBytes('bad'))
        }
    }

    Context 'that is added' {
        It 'is what ctr reads, and stays until its label or itself is removed' {
            $file = Join-Path $TestDrive 'a[1].txt'
            [IO.File]::WriteAllText($file, 'from a file')
            $added = Add-CtrContent -LiteralPath $file -Label @{ team = 'web' }
            $added | Should -BeOfType CtrPS.CtrContent
            $added.Digest | Should -Be (Get-Sha256 ([IO.File]::ReadAllBytes($file)))
            $added.Size, $added.WasPresent, $added.Namespace, $added.Labels['team'] | Should -Be 11, $false, $namespace, 'web'
            Invoke-Ctr $rig -n $namespace content get $added.Digest | Should -BeExactly 'from a file'
            (Add-CtrContent -Value 'from a file' -Label @{ more = 'yes' }).WasPresent | Should -BeTrue
            (Get-CtrContent $added.Digest).Labels.Keys | Should -Be containerd.io/gc.root, more, team
            Invoke-Ctr $rig -n $namespace leases ls -q | Should -BeNullOrEmpty
            Invoke-Collection $rig $namespace
            Get-CtrDigest | Should -Contain $added.Digest
            $added | Set-CtrContent -Label @{ 'containerd.io/gc.root' = $null }
            Invoke-Collection $rig $namespace
            Get-CtrDigest | Should -Not -Contain $added.Digest
        }

        It 'comes from paths, text and bytes, however they are given' {
            1..3 | ForEach-Object { [IO.File]::WriteAllText("$TestDrive/many-$_.txt", "number $_") }
            (Get-ChildItem $TestDrive -Filter many-* | Add-CtrContent).Size | Should -Be 8, 8, 8
            (Add-CtrContent "$TestDrive/many-*.txt").WasPresent | Should -Be $true, $true, $true
            ("$TestDrive/many-1.txt" | Add-CtrContent).Digest | Should -Be (Get-Sha256 ([IO.File]::ReadAllBytes("$TestDrive/many-1.txt")))
            (Add-CtrContent -Value ([byte[]](0, 255, 10))).Digest | Should -Be (Get-Sha256 (0, 255, 10))
            $empty = Add-CtrContent -Value ''
            $empty.Size, $empty.Digest | Should -Be 0, (Get-Sha256 @())
            Get-CtrContentData $empty.Digest | Should -BeExactly ''
            (Add-CtrContent -Value "`u{fc}").Size | Should -Be 2
            { Add-CtrContent -Value 'a', 'b' } | Should -Throw -ErrorId 'CtrInvalidArgument,*' -ExpectedMessage '*one text*'
            { Add-CtrContent $TestDrive } | Should -Throw -ErrorId 'CtrInvalidPath,*' -ExpectedMessage '*folder*'
            { Add-CtrContent "$TestDrive/none" } | Should -Throw -ErrorId 'CtrArchiveNotFound,*'
        }

        It 'is refused where it is not what was expected, and nothing is left' {
            $digest = Get-Sha256 ([Text.Encoding]::UTF8.GetBytes('abc'))
            { Add-CtrContent -Value abd -ExpectedDigest $digest } | Should -Throw -ErrorId 'CtrBlobCorrupt,*' -ExpectedMessage "*$digest*expected*"
            { Add-CtrContent -Value abc -ExpectedSize 4 } | Should -Throw -ErrorId 'CtrBlobCorrupt,*' -ExpectedMessage '*3 bytes*4*'
            { Add-CtrContent -Value abc -ExpectedDigest md5:abc } | Should -Throw -ErrorId 'CtrInvalidDigest,*'
            { Add-CtrContent -Value abc -Lease nobody } | Should -Throw -ErrorId 'CtrLeaseNotFound,*'
            { Add-CtrContent -Value abc -Label @{ ('k' * 4000) = 'v' * 200 } } | Should -Throw -ErrorId 'CtrInvalidArgument,*'
            Get-CtrDigest | Should -Not -Contain $digest
            (Add-CtrContent -Value abc -ExpectedDigest $digest -ExpectedSize 3).Digest | Should -Be $digest
        }

        It 'is kept by a lease where one is named, and by nothing with -NoRoot' {
            $null = New-CtrLease keep
            $kept = Add-CtrContent -Value kept -Lease keep
            $kept.Labels.Count | Should -Be 0
            (Get-CtrLeaseResource keep).Key | Should -Be $kept.Digest
            $loose = Add-CtrContent -Value loose -NoRoot
            $loose.Labels.Count | Should -Be 0
            Invoke-Collection $rig $namespace
            Get-CtrDigest | Should -Contain $kept.Digest
            Get-CtrDigest | Should -Not -Contain $loose.Digest
            Remove-CtrLease keep -Synchronous
            Get-CtrDigest | Should -Not -Contain $kept.Digest
            { Add-CtrContent -Value kept -Lease keep -NoRoot } | Should -Throw -ErrorId 'CtrInvalidArgument,*' -ExpectedMessage '*-NoRoot*'
        }

        It 'goes on where a write of the same ref was broken off' {
            $text = 'x' * 3MB
            $digest = Get-Sha256 ([Text.Encoding]::UTF8.GetBytes($text))
            $process = Start-CtrIngest half $text.Substring(0, 2MB)
            $process.Kill()
            $process.WaitForExit()
            Wait-Until { (Get-CtrIngest half).Offset -gt 0 } 'something of it was written'
            (Add-CtrContent -Value $text -Ref half).Digest | Should -Be $digest
            (Get-CtrContentData $digest).Length | Should -Be 3MB
            Get-CtrIngest | Should -BeNullOrEmpty
        }

        It 'is one blob, whoever of eight adds it at once' {
            $address, $path = $rig.Address, (Get-ManifestPath)
            $text = 'crowd ' * 100000
            $added = 0..7 | ForEach-Object -ThrottleLimit 8 -Parallel {
                Import-Module $using:path
                $null = Connect-CtrSession $using:address -Namespace $using:namespace
                Add-CtrContent -Value $using:text
            }
            $added.Count | Should -Be 8
            $added.Digest | Select-Object -Unique | Should -HaveCount 1
            (Get-CtrContent $added[0].Digest).Labels.Keys | Should -Be containerd.io/gc.root
        }
    }

    Context 'whose labels change' {
        It 'has them as ctr sets and shows them' {
            $changed = Set-CtrContent $config -Label @{ a = 'b'; c = 'd=e' } -PassThru
            $changed.Kind | Should -Be Config -Because 'that is what its manifest says of it'
            $changed.Labels['a'], $changed.Labels['c'] | Should -Be 'b', 'd=e'
            (Invoke-Ctr $rig -n $namespace content ls "digest==$config") -join ' ' | Should -Match 'a=b'
            Set-CtrContent $config.Substring(0, 15) @{ a = $null; c = '' }
            (Get-CtrContent $config).Labels.Keys | Should -Not -Contain a
            $before = (Get-CtrContent $config).Labels
            Set-CtrContent $config -ReplaceLabel @{ only = 'this' }
            (Get-CtrContent $config).Labels.Keys | Should -Be only
            $back = @{}
            $before.GetEnumerator() | ForEach-Object { $back[$_.Key] = $_.Value }
            Set-CtrContent $config -ReplaceLabel $back
            { Set-CtrContent $config @{ ('k' * 4000) = 'v' * 200 } } | Should -Throw -ErrorId 'CtrInvalidArgument,*'
            { Set-CtrContent "sha256:$('0' * 64)" @{ a = 'b' } } | Should -Throw -ErrorId 'CtrContentNotFound,*'
        }

        It 'shows what is hostile in them escaped' {
            $added = Add-CtrContent -Value hostile -Label @{ evil = "`e]0;owned`a`u{202e}" }
            $table = ($added | Format-Table | Out-String -Width 200) -replace '\e\[[0-9;]*m'
            $table | Should -Match 'evil=\\u001b\]0;owned\\u0007'
            $table | Should -Not -Match "`a|`u{202e}"
            Remove-CtrContent "sha256:$("`e" * 64)" -ErrorAction SilentlyContinue -ErrorVariable failed
            ($failed | Out-String) -replace '\e\[[0-9;]*m' | Should -Not -Match "`e"
        }
    }

    Context 'that is removed' {
        It 'is refused while an image needs it, says which, and is removed with -Force' {
            foreach ($one in $own) {
                { Remove-CtrContent $one } | Should -Throw -ErrorId 'CtrContentInUse,*' -ExpectedMessage "*image 'docker.io/library/busybox:1.35'*"
            }
            Get-CtrDigest | Should -HaveCount 3
            Remove-CtrContent $layer -Force -WhatIf
            Get-CtrDigest | Should -HaveCount 3
            Get-CtrContent $layer | Remove-CtrContent -Force
            Get-CtrDigest | Should -Not -Contain $layer
            $gone = Get-CtrContent $config
            $gone | Remove-CtrContent -Force
            { $gone | Remove-CtrContent -Force } | Should -Throw -ErrorId 'CtrContentNotFound,*'
            $null = Invoke-Ctr $rig -n $namespace images import --no-unpack (Get-ArchivePath busybox)
            Invoke-Collection $rig $namespace # or it comes between the look and the removal of what follows
        }

        It 'is refused while a blob, a lease, a snapshot or a container refers to it' {
            $target = Add-CtrContent -Value target
            $parent = Add-CtrContent -Value parent -Label @{ 'containerd.io/gc.ref.content.x' = $target.Digest }
            { $target | Remove-CtrContent } | Should -Throw -ErrorId 'CtrContentInUse,*' -ExpectedMessage "*blob '$($parent.Digest)'*"
            $parent | Remove-CtrContent
            $null = New-CtrLease keep
            $target | Add-CtrLeaseResource keep
            { $target | Remove-CtrContent } | Should -Throw -ErrorId 'CtrContentInUse,*' -ExpectedMessage "*lease 'keep'*"
            Remove-CtrLease keep
            $null = Invoke-Ctr $rig -n $namespace snapshots prepare refers
            $null = Invoke-Ctr $rig -n $namespace snapshots label refers "containerd.io/gc.ref.content.x=$($target.Digest)"
            { $target | Remove-CtrContent } | Should -Throw -ErrorId 'CtrContentInUse,*' -ExpectedMessage "*snapshot 'refers' of overlayfs*"
            $null = Invoke-Ctr $rig -n $namespace snapshots rm refers
            Add-TestContainer $rig $namespace refers true
            $null = Invoke-Ctr $rig -n $namespace containers label refers "containerd.io/gc.ref.content.x=$($target.Digest)"
            { $target | Remove-CtrContent } | Should -Throw -ErrorId 'CtrContentInUse,*' -ExpectedMessage "*container 'refers'*"
            Wait-Until { (Invoke-Ctr $rig -n $namespace tasks ls) -match 'refers.*STOPPED' } 'it has ended'
            Clear-TestContainer $rig $namespace
            $target | Remove-CtrContent
            Get-CtrDigest | Should -Not -Contain $target.Digest
            # The image was unpacked for the container.
            $null = Invoke-Ctr $rig -n $namespace content label $config containerd.io/gc.ref.snapshot.overlayfs=
            Invoke-Collection $rig $namespace
        }

        It 'goes with labels that lead in a circle' {
            $one = Add-CtrContent -Value one
            $two = Add-CtrContent -Value two -Label @{ 'containerd.io/gc.ref.content' = $one.Digest }
            $one | Set-CtrContent -Label @{ 'containerd.io/gc.ref.content' = $two.Digest }
            { $one | Remove-CtrContent } | Should -Throw -ErrorId 'CtrContentInUse,*'
            $one, $two | Remove-CtrContent -Force
        }
    }

    Context 'that is being written' {
        It 'is listed as ctr lists it, and thrown away when nobody is at it' {
            $process = Start-CtrIngest layer-x ('y' * 2MB)
            Wait-Until { (Get-CtrIngest layer-x).Offset -gt 0 } 'something of it was written'
            $ingest = Get-CtrIngest LAYER-*
            $ingest | Should -BeOfType CtrPS.CtrIngest
            $ingest.Ref, $ingest.Namespace, $ingest.ProcessId | Should -Be layer-x, $namespace, $null
            (Invoke-Ctr $rig -n $namespace content active) -join ' ' | Should -Match 'layer-x'
            ([DateTimeOffset]::Now - $ingest.StartedAt).TotalMinutes | Should -BeLessThan 5
            { $ingest | Stop-CtrIngest } | Should -Throw -ErrorId 'CtrIngestInUse,*' -ExpectedMessage '*not thrown away*'
            { Stop-CtrIngest layer-x -Namespace k8s.io } |
                Should -Throw -ErrorId 'CtrIngestNotFound,*' -ExpectedMessage "*namespace 'k8s.io'. It is in '$namespace'."
            $ingest | Stop-CtrIngest -Force -WhatIf
            (Get-CtrIngest).Ref | Should -Be layer-x
            ($ingest | Stop-CtrIngest -Force -PassThru).Ref | Should -Be layer-x
            Get-CtrIngest | Should -BeNullOrEmpty
            { Stop-CtrIngest layer-x } | Should -Throw -ErrorId 'CtrIngestNotFound,*' -ExpectedMessage '*: it may be done.'
            { Get-CtrIngest layer-x } | Should -Throw -ErrorId 'CtrIngestNotFound,*'
            Stop-CtrIngest layer-*
            $process.Kill()
            $process.WaitForExit()
        }

        It 'is thrown away by eight at once: it is gone, and who came late says so' {
            $process = Start-CtrIngest crowd ('y' * 1MB)
            $process.Kill()
            $process.WaitForExit()
            $address, $path = $rig.Address, (Get-ManifestPath)
            $told = 0..7 | ForEach-Object -ThrottleLimit 8 -Parallel {
                Import-Module $using:path
                $null = Connect-CtrSession $using:address -Namespace $using:namespace
                $fault = Stop-CtrIngest crowd -Force 2>&1
                $fault ? ($fault.FullyQualifiedErrorId -replace ',.*') : 'gone'
            }
            $told | Should -HaveCount 8
            $told | Should -Contain gone
            $told | Sort-Object -Unique | Should -BeIn gone, CtrIngestNotFound
            Get-CtrIngest | Should -BeNullOrEmpty
        }

        It 'that was left long ago goes without -Force' {
            $process = Start-CtrIngest old z
            $process.Kill()
            $process.WaitForExit()
            # containerd tells the later of two times that it keeps.
            $before = [DateTime]::UtcNow.AddHours(-3)
            $files = Get-ChildItem $rig.Root -Recurse -File | Where-Object FullName -Match '/ingest/\w+/(data|updatedat)$'
            # It writes them once more when it finds that ctr is gone, and closes the data then.
            Wait-Until {
                -not (Get-ChildItem "/proc/$($rig.Pid)/fd" -ErrorAction Ignore | Where-Object LinkTarget -Match '/ingest/')
            } 'the daemon has closed it'
            Wait-Until {
                $files | Where-Object Name -EQ updatedat | ForEach-Object { [IO.File]::WriteAllText($_, $before.ToString('o')) }
                $files | ForEach-Object { $_.LastWriteTimeUtc = $before }
                (Get-CtrIngest -OlderThan 2h).Ref -eq 'old'
            } 'it is old'
            Get-CtrIngest -OlderThan 4h | Should -BeNullOrEmpty
            Get-CtrIngest -OlderThan 2h | Stop-CtrIngest
            Get-CtrIngest | Should -BeNullOrEmpty
        }

        It 'by a process of ours says by which, and how far it is; Ctrl-C and a kill leave nothing' {
            $relay = Open-Relay $rig
            $big = [IO.File]::Create("$TestDrive/big.bin")
            $big.SetLength(128MB)
            $big.Dispose()
            $line = "Import-Module '$(Get-ManifestPath)'; Add-CtrContent '$TestDrive/big.bin' -Session $($relay.Address) -Namespace $namespace"
            $shell = [powershell]::Create()
            $child = $null
            try {
                $null = $shell.AddScript($line).BeginInvoke()
                Wait-Until { Get-CtrIngest -Session $rig.Address | Where-Object Offset -GT 0 } 'some of it is written'
                $relay.Freeze()
                $ingest = Get-CtrIngest -Session $rig.Address
                $ingest.ProcessId, $ingest.Total | Should -Be $PID, 128MB
                $ingest.Lease | Should -Be (Get-CtrLease -Session $rig.Address).Id
                $ingest.Progress | Should -BeGreaterThan 0
                $ingest.Progress | Should -BeLessThan 1
                { $ingest | Stop-CtrIngest } | Should -Throw -ErrorId 'CtrIngestInUse,*' -ExpectedMessage "*process $PID*"
                $stopping = $shell.BeginStop($null, $null)
                Wait-Until { $shell.InvocationStateInfo.State -in 'Stopping', 'Stopped' } 'it is told to stop'
                $relay.Thaw()
                $shell.EndStop($stopping)
                Get-CtrIngest -Session $rig.Address | Should -BeNullOrEmpty
                Get-CtrLease -Session $rig.Address | Should -BeNullOrEmpty
                Get-CtrDigest | Should -HaveCount 3

                $words = @(Get-PowerShellWord)
                $child = Start-Process $words[0] -ArgumentList (@($words | Select-Object -Skip 1) + '-NoProfile', '-Command', "`"$line`"") -PassThru
                Wait-Until { Get-CtrIngest -Session $rig.Address | Where-Object Offset -GT 0 } 'some of it is written' -Seconds 60
                $relay.Freeze()
                $child.Kill()
                $child.WaitForExit()
                (Get-CtrLease -Session $rig.Address).State | Should -Be Abandoned
                (Get-CtrIngest -Session $rig.Address).ProcessId | Should -BeNullOrEmpty
                Add-CtrContent -Value next -Session $rig.Address | Remove-CtrContent
                Get-CtrLease -Session $rig.Address | Should -BeNullOrEmpty
                Invoke-Collection $rig $namespace
                Get-CtrIngest -Session $rig.Address | Should -BeNullOrEmpty -Because 'it goes with its lease'
            } finally {
                $relay.Thaw()
                if ($child -and -not $child.HasExited) { $child.Kill() }
                $shell.Dispose()
                $relay.Dispose()
                Get-CtrSession | Where-Object Address -NE $rig.Address | Disconnect-CtrSession
            }
        }
    }

    It 'completes digests and refs' {
        $word = $layer.Substring(7, 8)
        $line = "Get-CtrContent -Namespace $namespace $word"
        (TabExpansion2 $line $line.Length).CompletionMatches.CompletionText | Should -Be $layer
        $line = "Remove-CtrContent -Namespace $namespace sha256:$word"
        (TabExpansion2 $line $line.Length).CompletionMatches.CompletionText | Should -Be $layer
    }
}
