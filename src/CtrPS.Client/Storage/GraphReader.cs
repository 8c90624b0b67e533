using CtrPS.Client.Content;
using CtrPS.Client.Images;
using CtrPS.Client.Oci;

namespace CtrPS.Client.Storage;

/// <summary>
/// Reads the graph of a daemon with what manifests, indexes and configs say. Those are read once per connection: blobs never change.
/// </summary>
internal sealed class GraphReader(DaemonReader reader, ContentStore content, string serverVersion)
{
    /// <summary>Images read at the same time.</summary>
    private const int Width = 16;

    private readonly CollectorRules _rules = CollectorRules.Of(serverVersion);
    private readonly DocumentCache _documents = new();

    /// <param name="cancellationToken">Ends it.</param>
    /// <param name="sandboxImages">What <see cref="SandboxImages"/> found, where it is asked which images may go.</param>
    public async Task<StorageGraph> ReadAsync(CancellationToken cancellationToken, IReadOnlySet<string>? sandboxImages = null)
    {
        var graph = new StorageGraph(
            await reader.ReadAsync(cancellationToken).ConfigureAwait(false), _rules, DateTimeOffset.Now, sandboxImages);
        foreach (NamespaceRecords records in graph.Namespaces)
        {
            await AddDocumentsAsync(graph, records, cancellationToken).ConfigureAwait(false);
        }

        return graph;
    }

    private async Task AddDocumentsAsync(StorageGraph graph, NamespaceRecords records, CancellationToken cancellationToken)
    {
        var blobs = new NamespaceBlobs(
            content, records.Name, records.Blobs.ToDictionary(blob => blob.Key, blob => blob.Value.Size, StringComparer.Ordinal));
        var images = new ImageGraph(blobs, cancellationToken, _documents);
        var seen = new HashSet<BlobState>(ReferenceEqualityComparer.Instance);
        string[] snapshotters = [.. records.Snapshots.Keys.Select(key => key.Snapshotter).Distinct()];
        await foreach ((ImageNode? root, IReadOnlyList<(string Config, IReadOnlyList<string> Chain)> chains) in OrderedParallel.SelectAsync(
            records.Images.Values.Select(image => Records.ToDescriptor(image.Target)).DistinctBy(target => (target.Digest, target.MediaType)),
            Width,
            async (target, token) => await ReadAsync(images, blobs, target, snapshotters.Length > 0, token).ConfigureAwait(false),
            cancellationToken).ConfigureAwait(false))
        {
            foreach (ImageNode node in root?.All.Where(node => node.Children.Count > 0 && seen.Add(node.State)) ?? [])
            {
                var from = new GraphNode(CtrResourceKind.Content, records.Name, node.Descriptor.Digest);
                foreach (ImageNode child in node.Children)
                {
                    graph.Add(from, new GraphNode(CtrResourceKind.Content, records.Name, child.Descriptor.Digest), CtrRelation.Child);
                }

                if (node.IsFileSystem)
                {
                    graph.AddConfig(node.Config!.Descriptor.Digest);
                }
            }

            foreach ((string config, IReadOnlyList<string> chain) in chains)
            {
                AddUnpacked(graph, records, config, chain, snapshotters);
            }
        }
    }

    /// <summary>As high as it is unpacked: another client may be at it.</summary>
    private static void AddUnpacked(
        StorageGraph graph, NamespaceRecords records, string config, IReadOnlyList<string> chain, string[] snapshotters)
    {
        foreach (string snapshotter in snapshotters)
        {
            if (chain.LastOrDefault(name => records.Snapshots.ContainsKey((snapshotter, name))) is { } top)
            {
                graph.Add(
                    new GraphNode(CtrResourceKind.Content, records.Name, config),
                    new GraphNode(CtrResourceKind.Snapshot, records.Name, top, snapshotter),
                    CtrRelation.Unpacked);
            }
        }
    }

    /// <summary>Without what cannot be read: Test-CtrImage tells of that.</summary>
    private async Task<(ImageNode? Root, IReadOnlyList<(string Config, IReadOnlyList<string> Chain)> Chains)> ReadAsync(
        ImageGraph images, NamespaceBlobs blobs, Descriptor target, bool withChains, CancellationToken cancellationToken)
    {
        ImageNode root;
        try
        {
            root = await images.ReadAsync(target).ConfigureAwait(false);
        }
        catch (CtrException e) when (e.ErrorId == CtrErrorIds.ImageTooLarge)
        {
            return (null, []);
        }

        var chains = new List<(string, IReadOnlyList<string>)>();
        foreach (ImageNode manifest in withChains ? root.Manifests.Where(one => one is { IsSound: true, IsFileSystem: true }) : [])
        {
            if (manifest.Config is { IsSound: true, Descriptor: { } config })
            {
                try
                {
                    chains.Add(
                        (config.Digest, (await _documents.ReadLayersAsync(blobs, config, cancellationToken).ConfigureAwait(false)).ChainIds));
                }
                catch (CtrException e) when (e.ErrorId is CtrErrorIds.BlobMissing or CtrErrorIds.BlobCorrupt)
                {
                    continue;
                }
            }
        }

        return (root, chains);
    }
}
