using System.Runtime.CompilerServices;
using System.Text.Json;
using CtrPS.Client.Formats.Compression;
using CtrPS.Client.Oci;
using Microsoft.Win32.SafeHandles;

namespace CtrPS.Client.Archives;

/// <summary>
/// An archive of images, read where it lies: an OCI layout (image-spec, image-layout.md) or what docker save writes, as a tar, a compressed tar or a
/// folder. Nothing is unpacked, and memory does not grow with the archive. Safe for concurrent use.
/// </summary>
internal sealed class ArchiveReader : IBlobSource, IAsyncDisposable
{
    /// <summary>containerd's annotation with the full name of an image.</summary>
    public const string ImageNameKey = "io.containerd.image.name";

    /// <summary>OCI's annotation with the tag of an image, by some writers its full name.</summary>
    public const string ReferenceNameKey = "org.opencontainers.image.ref.name";

    private const string LayoutVersion = "1.0.0";

    private readonly ArchiveFiles _files;

    /// <summary>What docker's listing tells of files that are not named by their digest.</summary>
    private readonly Dictionary<string, ArchiveEntry> _blobs = new(StringComparer.Ordinal);

    private readonly Dictionary<string, ReadOnlyMemory<byte>> _documents = new(StringComparer.Ordinal);
    private readonly RecentDocuments _recent = new();

    private ArchiveReader(ArchiveFiles files)
    {
        _files = files;
        RequireFewDigests();
    }

    /// <summary>Full path of the file or folder.</summary>
    public string Path => _files.Path;

    /// <summary>Compression of the whole archive.</summary>
    public CtrCompression Compression => _files.Compression;

    /// <summary>By which rules the archive can be read. Where it is both, OCI's are followed, as containerd does.</summary>
    public CtrArchiveFormat Format { get; private set; }

    /// <summary>The images, in the order of the listing.</summary>
    public IReadOnlyList<ArchiveImage> Images { get; private set; } = [];

    /// <summary>The index over all images: <c>index.json</c>, or for docker's archives the one that containerd would make.</summary>
    public Descriptor Index { get; private set; } = null!;

    /// <summary>Whether blobs can be opened one by one; else only <see cref="ReadBlobsAsync"/> gives large ones.</summary>
    public bool CanSeek => _files.CanSeek;

    /// <summary>False where the archive may have been cut between two entries: what is missing is missing for that.</summary>
    public bool EndMarked => _files.EndMarked;

    /// <inheritdoc/>
    public string Words => $"archive '{Path}'";

    /// <summary>Opens an archive and reads what it lists.</summary>
    /// <param name="path">A file or a folder.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="CtrException">
    /// <see cref="CtrErrorIds.ArchiveNotFound"/>, <see cref="CtrErrorIds.ArchiveAccessDenied"/>, <see cref="CtrErrorIds.ArchiveUnreadable"/>,
    /// <see cref="CtrErrorIds.ArchiveUnrecognized"/>, <see cref="CtrErrorIds.ArchiveTruncated"/>, <see cref="CtrErrorIds.ArchiveCorrupt"/>,
    /// <see cref="CtrErrorIds.ArchiveUnsafe"/>, <see cref="CtrErrorIds.ArchiveLimit"/>, <see cref="CtrErrorIds.CompressionUnavailable"/>,
    /// <see cref="CtrErrorIds.InvalidDigest"/>, <see cref="CtrErrorIds.BlobCorrupt"/>.
    /// </exception>
    public static Task<ArchiveReader> OpenAsync(string path, CancellationToken cancellationToken) =>
        OpenAsync(path, ArchiveLimits.Default, cancellationToken);

    /// <summary>The same with other limits, for tests of them.</summary>
    public static async Task<ArchiveReader> OpenAsync(string path, ArchiveLimits limits, CancellationToken cancellationToken)
    {
        path = System.IO.Path.GetFullPath(path);
        ArchiveFiles files = Directory.Exists(path) ? new LayoutFolder(path, limits) : OpenFile(path, limits);
        try
        {
            await files.IndexAsync(cancellationToken).ConfigureAwait(false);
            var reader = new ArchiveReader(files);
            await reader.ReadListingsAsync(cancellationToken).ConfigureAwait(false);
            return reader;
        }
        catch
        {
            files.Dispose();
            throw;
        }
    }

    /// <summary>The digest that a file claims by its name, <c>blobs/algorithm/hex</c>. Null for other names.</summary>
    public static string? DigestOfName(string name)
    {
        if (!name.StartsWith("blobs/", StringComparison.Ordinal) || name.IndexOf('/', 6) is not (> 0 and int slash))
        {
            return null;
        }

        string digest = $"{name[6..slash]}:{name[(slash + 1)..]}";
        return Digests.IsValid(digest) ? digest : null;
    }

    /// <inheritdoc/>
    BlobPlace IBlobSource.Place => BlobPlace.Archive;

    /// <inheritdoc/>
    bool IBlobSource.IsSequential => !CanSeek;

    /// <inheritdoc/>
    ValueTask<long?> IBlobSource.FindAsync(Descriptor blob, CancellationToken cancellationToken) => FindAsync(blob.Digest, cancellationToken);

    /// <inheritdoc/>
    async IAsyncEnumerable<(string Digest, Stream Content)> IBlobSource.ReadInOrderAsync(
        IReadOnlySet<string> digests, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach ((string digest, _, Stream content) in ReadBlobsAsync(digests, cancellationToken).ConfigureAwait(false))
        {
            yield return (digest, content);
        }
    }

    /// <inheritdoc/>
    ValueTask<MissingCause> IBlobSource.FindCauseAsync(ImageNode blob, ImageNode? manifest, CancellationToken cancellationToken) =>
        ValueTask.FromResult(!EndMarked ? MissingCause.CutOff : blob.IsDocument ? MissingCause.LeftOut : MissingCause.Unknown);

    /// <summary>The blob's size in bytes as it lies there. Null where it is not there.</summary>
    public ValueTask<long?> FindAsync(string digest, CancellationToken cancellationToken) => ValueTask.FromResult(
        _documents.TryGetValue(digest, out ReadOnlyMemory<byte> document) ? document.Length
        : Lookup(digest)?.Size);

    /// <inheritdoc/>
    public async ValueTask<ReadOnlyMemory<byte>> ReadAsync(Descriptor blob, CancellationToken cancellationToken)
    {
        if (_documents.TryGetValue(blob.Digest, out ReadOnlyMemory<byte> document))
        {
            return document;
        }

        ArchiveEntry entry = Find(blob.Digest);
        if (entry.Size > ManifestDocument.MaxSize)
        {
            throw Corrupt(blob, $"has {entry.Size} bytes, too many for a manifest or a config.");
        }

        if (entry.Size != blob.Size)
        {
            throw Corrupt(blob, $"has {entry.Size} bytes, but its descriptor says {blob.Size}.");
        }

        if (_recent.Find(blob.Digest) is not { } bytes)
        {
            bytes = await _files.ReadAllAsync(entry, cancellationToken).ConfigureAwait(false);
            Digests.Require(blob, bytes, Words);
            _recent.Add(blob.Digest, bytes);
        }

        return bytes;
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">The archive is compressed: see <see cref="CanSeek"/>.</exception>
    public ValueTask<Stream> OpenAsync(Descriptor blob, long offset, CancellationToken cancellationToken)
    {
        Stream content = Open(blob.Digest);
        if (offset > 0)
        {
            content.Position = offset;
        }

        return ValueTask.FromResult(content);
    }

    /// <summary>The same by the digest alone.</summary>
    public Stream Open(string digest) =>
        _documents.TryGetValue(digest, out ReadOnlyMemory<byte> document) ? OpenDocument(document) : _files.Open(Find(digest));

    /// <summary>
    /// Reads blobs in the archive's order, each once; the fastest way, and for a compressed archive the only one. Digests that are not in the
    /// archive are left out. What is read is not compared with the digest: whoever takes the bytes proves them.
    /// </summary>
    /// <returns>Each stream is valid until the next step.</returns>
    public async IAsyncEnumerable<(string Digest, long Size, Stream Content)> ReadBlobsAsync(
        IReadOnlySet<string> digests, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var left = new List<(string Digest, ArchiveEntry Entry)>();
        foreach (string digest in digests.Order(StringComparer.Ordinal))
        {
            if (_documents.TryGetValue(digest, out ReadOnlyMemory<byte> document))
            {
                using Stream content = OpenDocument(document);
                yield return (digest, document.Length, content);
            }
            else if (Lookup(digest) is { } entry)
            {
                left.Add((digest, entry));
            }
        }

        // One file may stand for two digests, by a link; the second is read in another pass.
        while (left.Count > 0)
        {
            var pass = left.DistinctBy(blob => blob.Entry).ToDictionary(blob => blob.Entry, blob => blob.Digest);
            left.RemoveAll(blob => pass[blob.Entry] == blob.Digest);
            var wanted = pass.Keys.ToHashSet();
            await foreach ((ArchiveEntry entry, Stream content) in _files.ReadInOrderAsync(wanted, cancellationToken).ConfigureAwait(false))
            {
                yield return (pass[entry], entry.Size, content);
            }
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _files.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>Opens a file for reading.</summary>
    public static SafeFileHandle OpenHandle(string path)
    {
        try
        {
            return File.OpenHandle(path, options: FileOptions.Asynchronous);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw ArchiveFault.NotFound(path);
        }
        catch (UnauthorizedAccessException e)
        {
            throw ArchiveFault.AccessDenied(path, e);
        }
        catch (IOException e)
        {
            throw ArchiveFault.Unreadable(path, e);
        }
    }

    private static ArchiveFiles OpenFile(string path, ArchiveLimits limits)
    {
        var target = new FileInfo(File.Exists(path) ? File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path : path);
        if (target is { Exists: true, Length: 0 })
        {
            // Told before it is opened: that of a pipe waits for somebody to write.
            throw ArchiveFault.Unrecognized(path, "it is empty, or no regular file.");
        }

        SafeFileHandle handle = OpenHandle(path);
        try
        {
            Span<byte> head = stackalloc byte[Compressors.MagicLength];
            int read = RandomAccess.Read(handle, head, 0);
            CtrCompression compression = Compressors.Detect(head[..read]);
            return compression == CtrCompression.None ? new PlainTar(handle, path, limits) : new CompressedTar(handle, path, compression, limits);
        }
        catch (Exception e)
        {
            handle.Dispose();
            if (e is IOException or NotSupportedException)
            {
                throw ArchiveFault.Unreadable(path, e);
            }

            throw;
        }
    }

    private static MemoryStream OpenDocument(ReadOnlyMemory<byte> document) => new(document.ToArray(), writable: false);

    private async Task ReadListingsAsync(CancellationToken cancellationToken)
    {
        ArchiveEntry? layout = _files.Entries.GetValueOrDefault(ArchiveFiles.LayoutFile);
        ArchiveEntry? index = _files.Entries.GetValueOrDefault(ArchiveFiles.IndexFile);
        ArchiveEntry? docker = _files.Entries.GetValueOrDefault(ArchiveFiles.DockerFile);
        IReadOnlyList<DockerItem>? items = docker is null
            ? null
            : DockerItem.Parse(await _files.ReadAllAsync(docker, cancellationToken).ConfigureAwait(false), Path, _files.Limits);
        if (layout is not null && index is not null)
        {
            RequireLayoutVersion(await _files.ReadAllAsync(layout, cancellationToken).ConfigureAwait(false));
            Format = items is null ? CtrArchiveFormat.Oci : CtrArchiveFormat.Both;
            ReadIndex(await _files.ReadAllAsync(index, cancellationToken).ConfigureAwait(false));
        }
        else if (items is not null)
        {
            Format = CtrArchiveFormat.Docker;
            await ReadDockerAsync(items, cancellationToken).ConfigureAwait(false);
        }
        else
        {
            throw Unrecognized(layout, index);
        }
    }

    private CtrException Unrecognized(ArchiveEntry? layout, ArchiveEntry? index)
    {
        if (!EndMarked)
        {
            return ArchiveFault.Truncated(
                Path,
                $"it ends without an end mark, and has neither {ArchiveFiles.IndexFile} with {ArchiveFiles.LayoutFile} "
                    + $"nor {ArchiveFiles.DockerFile}.");
        }

        if (layout is not null || index is not null)
        {
            string absent = layout is null ? ArchiveFiles.LayoutFile : ArchiveFiles.IndexFile;
            return ArchiveFault.Corrupt(Path, $"it has '{(layout ?? index)!.Name}' and not '{absent}'; an OCI layout has both.");
        }

        string? below = _files.Entries.Keys.FirstOrDefault(name => name.EndsWith("/" + ArchiveFiles.IndexFile, StringComparison.Ordinal)
            || name.EndsWith("/" + ArchiveFiles.DockerFile, StringComparison.Ordinal));
        return ArchiveFault.Unrecognized(
            Path,
            below is not null ? $"it holds '{ForeignText.Show(below)}', one folder too deep. Pack the content of that folder, not the folder."
            : _files.Entries.ContainsKey(ArchiveFiles.RepositoriesFile) ? "it is of docker before 1.10, which containerd cannot read either."
            : $"it has neither {ArchiveFiles.IndexFile} nor {ArchiveFiles.DockerFile}.");
    }

    private void RequireLayoutVersion(byte[] json)
    {
        string? version = null;
        try
        {
            var reader = new ListingReader(json, ArchiveFiles.LayoutFile, Path, _files.Limits);
            reader.Read();
            if (reader.Token != JsonTokenType.StartObject)
            {
                throw new JsonException("It is no object.");
            }

            for (int seen = 0; reader.NextField();)
            {
                if (reader.IsField("imageLayoutVersion"u8, ref seen, 1))
                {
                    version = reader.Text();
                }
                else
                {
                    reader.Skip();
                }
            }

            reader.End();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw ArchiveFault.Corrupt(Path, $"its {ArchiveFiles.LayoutFile} cannot be read: {e.Message}", e);
        }

        if (version != LayoutVersion)
        {
            throw ArchiveFault.Corrupt(
                Path,
                $"its {ArchiveFiles.LayoutFile} names the version '{ForeignText.Show(version ?? "")}' of the layout; there is only {LayoutVersion}.");
        }
    }

    private void ReadIndex(byte[] json)
    {
        Index = AddDocument(json, MediaTypes.OciIndex);
        Images = [.. IndexListing.Parse(json, Path, _files.Limits).Select(image => new ArchiveImage
        {
            Target = image,
            ImageName = Annotation(image, ImageNameKey),
            ReferenceName = Annotation(image, ReferenceNameKey),
        }).DistinctBy(image => (image.Target.Digest, image.ImageName, image.ReferenceName))];
    }

    private async Task ReadDockerAsync(IReadOnlyList<DockerItem> items, CancellationToken cancellationToken)
    {
        var listing = new DockerListing(_files);
        await listing.ReadAsync(items, cancellationToken).ConfigureAwait(false);
        foreach ((string digest, ArchiveEntry entry) in listing.Blobs)
        {
            _blobs[digest] = entry;
        }

        foreach ((string digest, ReadOnlyMemory<byte> manifest) in listing.Manifests)
        {
            _documents[digest] = manifest;
        }

        Images = listing.Images;
        Index = AddDocument(DockerManifest.BuildIndex(Images.Select(image => image.Target)), MediaTypes.OciIndex);
    }

    private Descriptor AddDocument(byte[] json, string mediaType)
    {
        string digest = Digests.Of(json);
        _documents[digest] = json;
        return new Descriptor { MediaType = mediaType, Digest = digest, Size = json.Length };
    }

    private ArchiveEntry? Lookup(string digest) => _blobs.TryGetValue(digest, out ArchiveEntry? entry) ? entry
        : Digests.IsValid(digest) ? _files.Entries.GetValueOrDefault($"blobs/{digest.Replace(':', '/')}")
        : null;

    private ArchiveEntry Find(string digest) => Lookup(digest) ?? throw new CtrException(
        CtrErrorIds.BlobMissing,
        CtrStatus.NotFound,
        $"The blob '{digest}' is not in {Words}{(EndMarked ? "" : ", which ends without an end mark: it may be cut off")}.")
    {
        Target = digest,
    };

    /// <summary>A file that links give very many digests would be read very often: of each algorithm one digest can be right.</summary>
    private void RequireFewDigests()
    {
        var counts = new Dictionary<ArchiveEntry, int>();
        foreach ((string name, ArchiveEntry entry) in _files.Entries)
        {
            if (!ReferenceEquals(name, entry.Name) && name != entry.Name && DigestOfName(name) is not null)
            {
                int count = counts.GetValueOrDefault(entry) + 1;
                counts[entry] = count;
                if (count > _files.Limits.DigestsOfFile)
                {
                    throw ArchiveFault.Limit(
                        Path,
                        $"more than {_files.Limits.DigestsOfFile} links with different digests for names "
                            + $"lead to the file '{ForeignText.Show(entry.Name)}'.");
                }
            }
        }
    }

    private CtrException Corrupt(Descriptor blob, string what) =>
        new(CtrErrorIds.BlobCorrupt, CtrStatus.DataLoss, $"The blob '{blob.Digest}' in {Words} {what}") { Target = blob.Digest };

    private static string? Annotation(Descriptor image, string key) =>
        image.Annotations.TryGetValue(key, out string? value) && value.Length > 0 ? value : null;
}
