using System.Security.Cryptography;
using CtrPS.Client.Formats.Tar;

namespace CtrPS.Client.Archives;

/// <summary>
/// The files in an archive, whatever holds them: a tar, a compressed tar, a folder. Found in one pass; links are resolved, and what leads out of the
/// archive is refused. Safe for concurrent use once indexed.
/// </summary>
/// <param name="path">Full path of the archive.</param>
/// <param name="limits">What it may ask for.</param>
internal abstract class ArchiveFiles(string path, ArchiveLimits limits) : IDisposable
{
    /// <summary>The limit of containerd's importer for what it keeps in memory (core/images/archive/importer.go: 20 MiB).</summary>
    public const long MaxListing = 20 << 20;

    private const int MaxHops = 40;
    private const int HashBuffer = 1 << 20;

    private readonly Dictionary<string, ArchiveEntry> _entries = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _links = new(StringComparer.Ordinal);
    private long _nameCharacters;

    /// <summary>Full path of the archive.</summary>
    public string Path { get; } = path;

    /// <summary>What it may ask for.</summary>
    public ArchiveLimits Limits { get; } = limits;

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
            cancellationToken.ThrowIfCancellationRequested();
            string target = link;
            for (int hops = 0; _links.TryGetValue(target, out string? next); target = next)
            {
                if (++hops > MaxHops)
                {
                    throw ArchiveFault.Corrupt(Path, $"the link '{ForeignText.Show(link)}' leads in a circle.");
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

    /// <summary>The digests of files, from their bytes, each read once.</summary>
    public async Task<IReadOnlyDictionary<ArchiveEntry, string>> DigestsAsync(IReadOnlySet<ArchiveEntry> wanted, CancellationToken cancellationToken)
    {
        var digests = new Dictionary<ArchiveEntry, string>(wanted.Count);
        if (wanted.Count > 0)
        {
            byte[] buffer = new byte[HashBuffer];
            await foreach ((ArchiveEntry entry, Stream content) in ReadInOrderAsync(wanted, cancellationToken).ConfigureAwait(false))
            {
                digests[entry] = await HashAsync(content, buffer, cancellationToken).ConfigureAwait(false);
            }
        }

        return wanted.FirstOrDefault(entry => !digests.ContainsKey(entry)) is { } gone ? throw Gone(gone) : digests;
    }

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

        CountName(name.Length);
        var entry = new ArchiveEntry(name, offset, size);
        _entries[name] = entry;
        _ = _links.Remove(name);
        return entry;
    }

    /// <summary>Takes a link. A later entry of the same name replaces it.</summary>
    protected void AddLink(string name, string target)
    {
        CountName(name.Length + target.Length);
        _links[name] = target;
        _ = _entries.Remove(name);
    }

    /// <summary>Counts the characters of what is kept of an entry.</summary>
    protected void CountName(int characters)
    {
        _nameCharacters += characters;
        if (_nameCharacters > Limits.NameCharacters)
        {
            throw ArchiveFault.Limit(
                Path,
                $"the names of its entries and links have {_nameCharacters} characters up to here, the last one {characters}; "
                    + $"more than {Limits.NameCharacters} are not read.");
        }
    }

    /// <summary>Takes an entry of a tar. Null where it is no file.</summary>
    protected ArchiveEntry? Add(TarItem item)
    {
        string name = EntryPath.Clean(item.Name, Path);
        if (item.Kind is TarItemKind.SymbolicLink or TarItemKind.HardLink)
        {
            AddLink(name, EntryPath.Follow(name, item.LinkName, item.Kind == TarItemKind.HardLink, Path));
        }

        return item.Kind == TarItemKind.File ? AddFile(name, item.Offset, item.Size) : null;
    }

    protected CtrException Gone(ArchiveEntry entry) =>
        ArchiveFault.Corrupt(Path, $"the entry '{ForeignText.Show(entry.Name)}' is no longer where it was: the file was changed while it was read.");

    private static async Task<string> HashAsync(Stream content, byte[] buffer, CancellationToken cancellationToken)
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
