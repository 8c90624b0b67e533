using System.Security.Cryptography;

namespace CtrPS.Client.Archives;

/// <summary>
/// The files in an archive, whatever holds them: a tar, a compressed tar, a folder. Found in one pass; links are resolved, and what leads out of the
/// archive is refused. Safe for concurrent use once indexed.
/// </summary>
internal abstract class ArchiveFiles(string path) : IDisposable
{
    /// <summary>The limit of containerd's importer for what it keeps in memory (core/images/archive/importer.go: 20 MiB).</summary>
    public const long MaxListing = 20 << 20;

    private const int MaxHops = 40;

    private readonly Dictionary<string, ArchiveEntry> _entries = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _links = new(StringComparer.Ordinal);

    /// <summary>Full path of the archive.</summary>
    public string Path { get; } = path;

    /// <summary>The compression of the whole.</summary>
    public virtual CtrCompression Compression => CtrCompression.None;

    /// <summary>Whether files can be opened one by one, in any order.</summary>
    public virtual bool CanSeek => true;

    /// <summary>False where the archive may have been cut between two entries.</summary>
    public virtual bool EndMarked => true;

    /// <summary>All files by name, those that links lead to under the links' names too.</summary>
    public IReadOnlyDictionary<string, ArchiveEntry> Entries => _entries;

    /// <summary>Finds the files.</summary>
    public async Task IndexAsync(CancellationToken cancellationToken)
    {
        await ScanAsync(cancellationToken).ConfigureAwait(false);
        foreach (string link in _links.Keys)
        {
            string target = link;
            for (int hops = 0; _links.TryGetValue(target, out string? next); target = next)
            {
                if (++hops > MaxHops)
                {
                    throw ArchiveFault.Corrupt(Path, $"the link '{link}' leads in a circle.");
                }
            }

            // A link to nothing is told where something needs it.
            if (_entries.TryGetValue(target, out ArchiveEntry? entry))
            {
                _entries[link] = entry;
            }
        }

        _links.Clear();
    }

    /// <summary>The names that list what an archive holds. They are kept in memory, and so limited.</summary>
    public static bool IsListing(string name) => name is LayoutFile or IndexFile or DockerFile or RepositoriesFile;

    public const string LayoutFile = "oci-layout";
    public const string IndexFile = "index.json";
    public const string DockerFile = "manifest.json";
    public const string RepositoriesFile = "repositories";

    /// <summary>Reads a small file whole.</summary>
    public abstract ValueTask<byte[]> ReadAllAsync(ArchiveEntry entry, CancellationToken cancellationToken);

    /// <summary>Opens a file; the stream is its own. Only where <see cref="CanSeek"/>.</summary>
    public abstract Stream Open(ArchiveEntry entry);

    /// <summary>Reads files in the archive's order; each stream is valid until the next step.</summary>
    public abstract IAsyncEnumerable<(ArchiveEntry Entry, Stream Content)> ReadInOrderAsync(
        IReadOnlySet<ArchiveEntry> wanted, CancellationToken cancellationToken);

    /// <summary>What a file is compressed by.</summary>
    public abstract ValueTask<CtrCompression> DetectAsync(ArchiveEntry entry, CancellationToken cancellationToken);

    /// <summary>The digest of a file, from its bytes.</summary>
    public abstract ValueTask<string> DigestAsync(ArchiveEntry entry, CancellationToken cancellationToken);

    public virtual void Dispose()
    {
    }

    /// <summary>Goes through the archive and calls <see cref="AddFile"/> and <see cref="AddLink"/>, with cleaned names.</summary>
    protected abstract Task ScanAsync(CancellationToken cancellationToken);

    /// <summary>Takes a file. A later one of the same name replaces it, as when unpacking.</summary>
    protected ArchiveEntry AddFile(string name, long offset, long size)
    {
        if (IsListing(name) && size > MaxListing)
        {
            throw ArchiveFault.Limit(Path, $"its {name} has {size} bytes; more than {MaxListing} are not read.");
        }

        var entry = new ArchiveEntry(name, offset, size);
        _entries[name] = entry;
        _ = _links.Remove(name);
        return entry;
    }

    protected void AddLink(string name, string target)
    {
        _links[name] = target;
        _ = _entries.Remove(name);
    }

    protected static async Task<string> HashAsync(Stream content, byte[] buffer, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        int read;
        while ((read = await content.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0)
        {
            hash.AppendData(buffer, 0, read);
        }

        return "sha256:" + Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
