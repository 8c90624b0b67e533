using CtrPS.Client.Connection;
using CtrPS.Client.Content;
using CtrPS.Client.Oci;

namespace CtrPS.Client.Images;

/// <summary>
/// What a namespace has at a moment, read in a few calls: to tell what is as it is wanted, and needs neither a lease nor a call of its own. The
/// records are read last: an image that they name has kept its blobs since they were listed.
/// </summary>
internal sealed class NamespaceView
{
    /// <summary>Up to so many are asked for one by one.</summary>
    private const int Few = 16;

    private readonly IReadOnlyDictionary<string, CtrImage> _records;
    private readonly IReadOnlySet<string> _snapshots;
    private readonly string? _snapshotter;

    private NamespaceView(
        IReadOnlyDictionary<string, BlobInfo> blobs,
        IReadOnlySet<string> snapshots,
        string? snapshotter,
        IReadOnlyDictionary<string, CtrImage> records)
    {
        Blobs = blobs;
        _snapshots = snapshots;
        _snapshotter = snapshotter;
        _records = records;
    }

    /// <summary>The blobs, by digest.</summary>
    public IReadOnlyDictionary<string, BlobInfo> Blobs { get; }

    /// <summary>Reads a namespace.</summary>
    /// <param name="connection">The daemon.</param>
    /// <param name="namespace">The namespace.</param>
    /// <param name="names">The records of interest.</param>
    /// <param name="snapshotter">The snapshotter of interest. Null: none.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public static async Task<NamespaceView> ReadAsync(
        ContainerdConnection connection,
        string @namespace,
        IReadOnlyCollection<string> names,
        string? snapshotter,
        CancellationToken cancellationToken)
    {
        IReadOnlyDictionary<string, BlobInfo> blobs = await connection.Content.ListByDigestAsync(@namespace, cancellationToken).ConfigureAwait(false);
        IReadOnlySet<string> snapshots = snapshotter is null
            ? new HashSet<string>()
            : await connection.Snapshots.ListCommittedAsync(@namespace, snapshotter, cancellationToken).ConfigureAwait(false);
        var records = new Dictionary<string, CtrImage>(StringComparer.Ordinal);
        await foreach (CtrImage image in FindAsync(connection, @namespace, names, CtrImageDetail.None, cancellationToken).ConfigureAwait(false))
        {
            records[image.Name] = image;
        }

        return new NamespaceView(blobs, snapshots, snapshotter, records);
    }

    /// <summary>The images of these names, as far as they are there: one by one where they are few, else out of one listing.</summary>
    public static async IAsyncEnumerable<CtrImage> FindAsync(
        ContainerdConnection connection,
        string @namespace,
        IReadOnlyCollection<string> names,
        CtrImageDetail detail,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (names.Count > Few)
        {
            HashSet<string> wanted = [.. names];
            var query = new CtrImageQuery { Namespace = @namespace, AllRecords = true, Match = wanted.Contains, Detail = detail };
            await foreach (CtrImage image in connection.Images.ListAsync(query, cancellationToken).ConfigureAwait(false))
            {
                yield return image.With(copy => copy.IsRecord = false); // as it comes one by one
            }

            yield break;
        }

        foreach (string name in names)
        {
            if (await connection.Images.FindAsync(@namespace, name, detail, cancellationToken).ConfigureAwait(false) is { } image)
            {
                yield return image;
            }
        }
    }

    /// <summary>The digest that a record points to. Null: there is none.</summary>
    public string? TargetOf(string name) => _records.GetValueOrDefault(name)?.Digest;

    /// <summary>Whether a record points to a target and has labels.</summary>
    public bool HasRecord(string name, Descriptor target, IReadOnlyDictionary<string, string> labels) =>
        _records.TryGetValue(name, out CtrImage? record) && Records.Says(record, target, labels);

    /// <summary>Whether blobs are there, with the labels that keep what they need.</summary>
    /// <param name="nodes">The blobs.</param>
    /// <param name="labels">The labels of each.</param>
    public bool HasBlobs(IEnumerable<ImageNode> nodes, Func<ImageNode, IReadOnlyDictionary<string, string>> labels) => nodes.All(node =>
        Blobs.TryGetValue(node.Descriptor.Digest, out BlobInfo? blob) && labels(node).All(label => blob.Has(label.Key, label.Value)));

    /// <summary>Whether a manifest's layers are unpacked, and kept by its config. What is no file system needs not be.</summary>
    public async ValueTask<bool> IsUnpackedAsync(ImageNode manifest, IBlobSource source, CancellationToken cancellationToken)
    {
        if (!manifest.IsFileSystem)
        {
            return true;
        }

        Descriptor config = manifest.Config!.Descriptor;
        var parsed = ImageConfig.Parse(await source.ReadAsync(config, cancellationToken).ConfigureAwait(false), config);
        return parsed.DiffIds.Count == 0 || (parsed.ChainIds[^1] is var top
            && _snapshots.Contains(top)
            && Blobs.TryGetValue(config.Digest, out BlobInfo? blob)
            && blob.Has(CollectorLabels.Snapshot + _snapshotter, top));
    }
}
