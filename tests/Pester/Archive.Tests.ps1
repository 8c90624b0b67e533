#requires -Version 7.6
# Get-CtrArchive and Test-CtrArchive: no daemon is needed. What each damage does is the client's tests'; here it is what the cmdlets make of it.

BeforeDiscovery {
    Import-Module (Join-Path $PSScriptRoot Helpers.psm1)
}

BeforeAll {
    $ErrorActionPreference = 'Stop'
    Import-ModuleUnderTest
    $busybox = Get-ArchivePath busybox
    $index = Get-ArchivePath index
}

Describe 'Get-CtrArchive' {
    It 'gives a whole object' {
        $image = Get-CtrArchive $busybox
        $image | Should -BeOfType CtrPS.CtrArchiveImage
        $image.Path | Should -Be $busybox
        $image.Name | Should -Be 'docker.io/library/busybox:1.35'
        $image.Digest | Should -Match '^sha256:[0-9a-f]{64}$'
        $image.MediaType | Should -Be 'application/vnd.oci.image.manifest.v1+json'
        $image.Size | Should -BeOfType [long]
        $image.Size | Should -BeGreaterThan 1MB
        "$($image.Format) $($image.Compression)" | Should -Be 'Oci None'
        $image.IsComplete | Should -BeTrue
        $image.Faults | Should -HaveCount 0
        "$image" | Should -Be $image.Name
    }

    It 'shows a platform that the archive leaves out' {
        $image = Get-CtrArchive $index
        $image.IsComplete | Should -BeFalse
        $image.Platforms | ForEach-Object { "$_ $($_.IsComplete)" } | Should -Be 'linux/amd64 True', 'linux/arm64 False'
        $image.Faults.Status | Should -Be 'Missing'
        $image.Faults.Digest | Should -Be $image.Platforms[1].Digest
        $image.Faults.Reason | Should -Match 'leaves it out'
    }

    It 'leaves attestations out unless they are asked for' {
        (Get-CtrArchive (Get-ArchivePath attested)).Platforms | Should -HaveCount 1
        (Get-CtrArchive (Get-ArchivePath attested) -IncludeAttestation).Platforms.IsAttestation | Should -Be $false, $true
    }

    It 'takes paths as PowerShell writes them: <how>' -ForEach @(
        @{ how = 'a relative one'; get = { Push-Location (Split-Path $busybox); try { Get-CtrArchive busybox.tar } finally { Pop-Location } } }
        @{ how = 'a drive'; get = {
                $null = New-PSDrive -Name Arch -PSProvider FileSystem -Root (Split-Path $busybox)
                Get-CtrArchive Arch:/busybox.tar
            }
        }
        @{ how = 'wildcards'; get = { Get-CtrArchive (Join-Path (Split-Path $busybox) 'bus?box.t*') } }
        @{ how = 'text in the pipeline'; get = { $busybox | Get-CtrArchive } }
        @{ how = 'a file in the pipeline'; get = { Get-Item $busybox | Get-CtrArchive } }
        @{ how = 'a property FullName'; get = { [pscustomobject]@{ FullName = $busybox } | Get-CtrArchive } }
        @{ how = 'a property PSPath'; get = { [pscustomobject]@{ PSPath = (Get-Item $busybox).PSPath } | Get-CtrArchive } }
        @{ how = 'an image of an archive'; get = { Get-CtrArchive $busybox | Get-CtrArchive } }
    ) {
        $image = & $get
        $image | Should -HaveCount 1
        $image.Path | Should -Be $busybox
    }

    It 'takes a name with brackets literally' {
        $path = Join-Path $TestDrive 'a[1].tar'
        Copy-Item $busybox $path
        (Get-CtrArchive -LiteralPath $path).Path | Should -Be $path
        (Get-Item -LiteralPath $path | Get-CtrArchive).Path | Should -Be $path
        { Get-CtrArchive $path -ErrorAction Stop } | Should -Throw -ErrorId 'CtrArchiveNotFound,*'
    }

    It 'reads a folder and a compressed archive alike' {
        $folder = New-Item (Join-Path $TestDrive layout) -ItemType Directory
        tar -xf $busybox -C $folder
        $packed = Join-Path $TestDrive packed
        zstd -q $busybox -o $packed
        $three = Get-CtrArchive $busybox, $folder, $packed
        $three.Digest | Sort-Object -Unique | Should -HaveCount 1
        $three.Size | Sort-Object -Unique | Should -HaveCount 1
        $three.Compression | Should -Be 'None', 'None', 'Zstd'
    }

    It 'goes on after an archive that it cannot read' {
        $found = Get-CtrArchive /nonexistent.tar, $PSCommandPath, $busybox -ErrorAction SilentlyContinue -ErrorVariable failures
        $found.Path | Should -Be $busybox
        $ids = $failures.FullyQualifiedErrorId -replace ',CtrPS.Commands.Archive.GetCtrArchiveCommand$'
        $ids | Should -Be 'CtrArchiveNotFound', 'CtrArchiveUnrecognized'
        $failures[1].TargetObject | Should -Be $PSCommandPath
        $failures[1].ErrorDetails.RecommendedAction | Should -Match 'OCI layout'
    }

    It 'refuses a path that is no file system''s' {
        { Get-CtrArchive Env:/PATH -ErrorAction Stop } | Should -Throw -ErrorId 'CtrInvalidArgument,*'
    }

    It 'says when an archive lists nothing' {
        $folder = New-Item (Join-Path $TestDrive empty) -ItemType Directory
        '{"imageLayoutVersion":"1.0.0"}' | Set-Content (Join-Path $folder oci-layout)
        '{"schemaVersion":2,"manifests":[]}' | Set-Content (Join-Path $folder index.json)
        Get-CtrArchive $folder -WarningVariable warnings -WarningAction SilentlyContinue | Should -BeNullOrEmpty
        $warnings | Should -Match 'lists no images'
    }

    It 'may be refused the file' -Skip:((id -u) -ne '0') {
        # As another user: root may read everything.
        $path = Join-Path $TestDrive secret.tar
        Copy-Item $busybox $path
        chmod 755 $TestDrive
        chmod 600 $path
        $module = Get-ManifestPath
        $said = setpriv --reuid 65534 --regid 65534 --clear-groups pwsh -NoProfile -Command "
            Import-Module '$module'; Get-CtrArchive '$path' -ErrorAction SilentlyContinue
            `$Error[0].FullyQualifiedErrorId; `$Error[0].CategoryInfo.Category"
        if ($LASTEXITCODE -ne 0) {
            Set-ItResult -Skipped -Because 'no other user can run pwsh with the module here'
            return
        }
        $said | Should -Be 'CtrArchiveAccessDenied,CtrPS.Commands.Archive.GetCtrArchiveCommand', 'PermissionDenied'
    }
}

Describe 'Test-CtrArchive' {
    It 'proves a whole archive: <image>' -ForEach @(
        @{ image = 'busybox' }, @{ image = 'busybox-docker' }, @{ image = 'index' }
        @{ image = 'index-full' }, @{ image = 'attested' }, @{ image = 'nested' }
    ) {
        $check = Test-CtrArchive (Get-ArchivePath $image)
        $check | Should -BeOfType CtrPS.CtrArchiveCheck
        $check.Status | Should -Be 'Ok'
        $check.Faults | Should -HaveCount 0
        $check.BlobCount | Should -BeGreaterOrEqual 3
        $check.Size | Should -BeGreaterThan 1MB
    }

    It 'names a corrupt and a missing blob' {
        $folder = New-Item (Join-Path $TestDrive damaged) -ItemType Directory
        tar -xf $busybox -C $folder
        $layer = Get-ChildItem (Join-Path $folder blobs sha256) | Sort-Object Length | Select-Object -Last 1
        $stream = [IO.File]::OpenWrite($layer.FullName)
        $stream.Position = 1000
        $stream.WriteByte(255)
        $stream.Dispose()
        $check = Test-CtrArchive $folder
        $check.Status | Should -Be 'Corrupt'
        $check.Faults.Digest | Should -Be "sha256:$($layer.Name)"
        $check.Faults.ActualDigest | Should -Be "sha256:$((Get-FileHash $layer).Hash.ToLowerInvariant())"
        $check.Faults.Platform.ToString() | Should -Be 'linux/amd64'

        Remove-Item $layer
        $check = Test-CtrArchive $folder
        $check.Status | Should -Be 'Missing'
        $check.Faults.Digest | Should -Be "sha256:$($layer.Name)"
        (Get-CtrArchive $folder).Faults.Digest | Should -Be "sha256:$($layer.Name)"
    }

    It 'is an error for a cut archive' {
        $path = Join-Path $TestDrive cut.tar
        [IO.File]::WriteAllBytes($path, [IO.File]::ReadAllBytes($busybox)[0..500000])
        Test-CtrArchive $path -ErrorAction SilentlyContinue -ErrorVariable failure | Should -BeNullOrEmpty
        $failure.FullyQualifiedErrorId | Should -Be 'CtrArchiveTruncated,CtrPS.Commands.Archive.TestCtrArchiveCommand'
        $failure[0].Exception.Message | Should -Match 'it ends within the entry ''blobs/sha256/[0-9a-f]{64}'', of which \d+ of \d+ bytes are there'
    }

    It 'reads each archive once' {
        Test-CtrArchive $index, $index | Should -HaveCount 1
        Get-CtrArchive $index, $busybox | Test-CtrArchive | Should -HaveCount 2
    }

    It 'leaves no file open: <how>' -ForEach @(
        @{ how = 'read to the end'; end = { param($shell) $shell.EndInvoke($running) } }
        @{ how = 'stopped in the middle'; end = { param($shell) $shell.Stop() } }
    ) {
        $path = Get-ArchivePath nginx-docker
        $isOpen = { (Get-ChildItem /proc/$PID/fd -ErrorAction Ignore).LinkTarget -contains $path }
        $shell = [powershell]::Create().AddScript("Import-Module '$(Get-ManifestPath)'; Test-CtrArchive '$path'")
        try {
            $running = $shell.BeginInvoke()
            Wait-Until { (& $isOpen) -or $running.IsCompleted } 'the archive is open'
            $null = & $end $shell
            & $isOpen | Should -BeFalse
            $shell.Streams.Error | Should -BeNullOrEmpty
        } finally {
            $shell.Dispose()
        }
    }

    It 'leaves no file open when the pipeline needs no more' {
        $path = Get-ArchivePath many:50
        Get-CtrArchive $path | Select-Object -First 1 | Should -HaveCount 1
        (Get-ChildItem /proc/$PID/fd -ErrorAction Ignore).LinkTarget | Should -Not -Contain $path
    }
}
