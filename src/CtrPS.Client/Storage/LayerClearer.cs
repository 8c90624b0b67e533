using Containerd.Services.Content.V1;
using CtrPS.Client.Connection;
using CtrPS.Client.Images;
using CtrPS.Client.Oci;

namespace CtrPS.Client.Storage;

/// <inheritdoc/>
/// <remarks>
/// ctr's <c>content prune references</c> drops the labels of all layers of a namespace (cmd/ctr/commands/content/prune.go). Here it is those of
/// manifests whose snapshot is there and kept by their config's label: the image runs as before.
/// </remarks>
internal sealed class LayerClearer(ContainerdConnection connection, string serverVersion) : ILayerClearer
{
    private readonly CollectorRules _rules = CollectorRules.Of(serverVersion);

    public async Task<ILayerClearance> OpenAsync(string @namespace, CancellationToken cancellationToken) => new LayerClearance(
        connection, @namespace, await connection.Reader.ReadAsync(cancellationToken).ConfigureAwait(false), _rules, cancellationToken);
}

/// <inheritdoc/>
internal sealed class LayerClearance : ILayerClearance
{
    private readonly ContainerdConnection _connection;
    private readonly CollectorRules _rules;
    private readonly DateTimeOffset _now = DateTimeOffset.Now;
    private readonly ImageSource _source;
    private readonly DocumentCache _documents = new();
    private readonly NamespaceRecords? _before;
    private readonly HashSet<string> _others;
    private readonly Dictionary<string, IReadOnlyList<string>> _agreed = new(StringComparer.Ordinal);
    private readonly HashSet<string> _layers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (string Config, string Snapshot)> _kept = new(StringComparer.Ordinal);

    /// <param name="connection">The daemon.</param>
    /// <param name="namespace">The namespace.</param>
    /// <param name="all">All that the daemon has: a blob's file is one for all namespaces.</param>
    /// <param name="rules">The rules of its collector.</param>
    /// <param name="cancellationToken">Ends the reading of images.</param>
    public LayerClearance(
        ContainerdConnection connection, string @namespace, IReadOnlyList<NamespaceRecords> all, CollectorRules rules,
        CancellationToken cancellationToken)
    {
        _connection = connection;
        _rules = rules;
        _source = new ImageSource(connection, @namespace, listed: true, cancellationToken);
        _before = all.FirstOrDefault(one => one.Name == @namespace);
        _others = [.. all.Where(one => one.Name != @namespace).SelectMany(one => KeptBlobs(one, isPlace: false))];
    }

    public async Task<CtrLayerPlan> PlanAsync(CtrImage image, CancellationToken cancellationToken)
    {
        var labels = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        var packed = new List<string>();
        bool isUnpacked = false;
        ImageNode root = await _source.ReadGraphAsync(Records.TargetOf(image)).ConfigureAwait(false);
        foreach (ImageNode manifest in root.Manifests.Where(one => one is { IsSound: true, IsFileSystem: true }))
        {
            string digest = manifest.Descriptor.Digest;
            bool isHere = await FindSnapshotAsync(manifest, cancellationToken).ConfigureAwait(false) is { } snapshot
                && IsKept(_before, _kept[digest] = (manifest.Config!.Descriptor.Digest, snapshot));
            isUnpacked |= isHere;
            string[] keys = [.. LayerLabels(manifest).Where(key => !_agreed.GetValueOrDefault(digest, []).Contains(key))];
            if (keys.Length > 0 && isHere)
            {
                labels[digest] = keys;
            }
            else if (keys.Length > 0)
            {
                packed.Add(manifest.Platform?.ToString() ?? digest);
            }
        }

        string[] layers = [.. labels.SelectMany(one => one.Value.Select(key => _before!.Blobs[one.Key].Labels[key])).Distinct()];
        long freed = Gone(_agreed, _layers.Concat(layers)).Sum(SizeOf);
        return new CtrLayerPlan(
            labels, layers, Gone(_agreed.Concat(labels), _layers.Concat(layers)).Sum(SizeOf) - freed, isUnpacked, [.. packed.Distinct()]);
    }

    public void Agree(CtrLayerPlan plan)
    {
        foreach ((string manifest, IReadOnlyList<string> keys) in plan.Labels)
        {
            _agreed[manifest] = keys;
        }

        _layers.UnionWith(plan.Layers);
    }

    public IReadOnlyList<CtrClearedResource> Predict() =>
        [.. Gone(_agreed, _layers).Order(StringComparer.Ordinal).Select(digest => Tell(digest, SizeOf(digest), isPrediction: true))];

    public async Task<IReadOnlyList<CtrClearedResource>> RunAsync(CancellationToken cancellationToken)
    {
        if (_before is null)
        {
            return [];
        }

        // Who was asked may have thought for long.
        NamespaceRecords? now = (await _connection.Reader.ReadAsync(cancellationToken).ConfigureAwait(false))
            .FirstOrDefault(one => one.Name == _before.Name);
        if (_agreed.Keys.FirstOrDefault(one => now?.Blobs.ContainsKey(one) == true && !IsKept(now, _kept[one])) is { } lost)
        {
            throw new CtrException(
                CtrErrorIds.FailedPrecondition,
                CtrStatus.FailedPrecondition,
                $"What the manifest '{lost}' in namespace '{_before.Name}' was unpacked to is gone since it was looked at. No layer was discarded.")
            {
                Target = lost,
                RecommendedAction = "Unpack the image with Expand-CtrImage, and try again.",
            };
        }

        foreach ((string manifest, IReadOnlyList<string> keys) in _agreed)
        {
            try
            {
                await _connection.ContentRecords.SetLabelsAsync(
                    new CtrContent { Digest = manifest, Namespace = _before.Name },
                    keys.ToDictionary(key => key, _ => (string?)null),
                    replaceAll: false,
                    cancellationToken).ConfigureAwait(false);
            }
            catch (CtrException e) when (e.ErrorId == CtrErrorIds.ContentNotFound)
            {
                // The image was removed meanwhile: then its layers go with it.
            }
        }

        await _connection.Garbage.CollectAsync(_before.Name, cancellationToken).ConfigureAwait(false);
        IReadOnlyList<NamespaceRecords> after = await _connection.Reader.ReadAsync(cancellationToken).ConfigureAwait(false);
        HashSet<string> left = [.. after.Where(one => one.Name == _before.Name).SelectMany(one => one.Blobs.Keys)];
        HashSet<string> anywhere = [.. after.SelectMany(one => one.Blobs.Keys)];
        return
        [
            .. _layers.Where(digest => _before.Blobs.ContainsKey(digest) && !left.Contains(digest)).Order(StringComparer.Ordinal)
                .Select(digest => Tell(digest, anywhere.Contains(digest) ? 0 : _before.Blobs[digest].Size, isPrediction: false)),
        ];
    }

    /// <summary>
    /// By what they refer to, as older clients gave all children of a manifest keys of one kind. What is its config too stays.
    /// </summary>
    private IEnumerable<string> LayerLabels(ImageNode manifest)
    {
        if (_before?.Blobs.TryGetValue(manifest.Descriptor.Digest, out Info? blob) != true)
        {
            return [];
        }

        HashSet<string> layers = [.. manifest.Layers.Select(layer => layer.Descriptor.Digest)];
        _ = layers.Remove(manifest.Config!.Descriptor.Digest);
        return blob!.Labels
            .Where(label => label.Key.StartsWith(GarbageLabels.Prefix, StringComparison.Ordinal) && layers.Contains(label.Value))
            .Select(label => label.Key);
    }

    /// <summary>The name that the snapshot of all layers of a manifest has. Null where its config does not tell.</summary>
    private async Task<string?> FindSnapshotAsync(ImageNode manifest, CancellationToken cancellationToken) => manifest.Config!.IsSound
        && (await _documents.ReadLayersAsync(_source, manifest.Config.Descriptor, cancellationToken).ConfigureAwait(false)).ChainIds is [.., var top]
        ? top
        : null;

    /// <summary>Whether a snapshot is there, and the config keeps it: else a later collection would take the last of the image.</summary>
    private bool IsKept(NamespaceRecords? records, (string Config, string Snapshot) image) =>
        records?.Blobs.TryGetValue(image.Config, out Info? config) == true
            && config.Labels.Any(label => _rules.Reference(records.Name, label.Key, label.Value)
                is { Kind: CtrResourceKind.Snapshot, Snapshotter: var snapshotter, Key: var key }
                && key == image.Snapshot && records.Snapshots.ContainsKey((snapshotter, key)));

    /// <summary>Of layers those that a collection takes once labels are gone.</summary>
    private IEnumerable<string> Gone(IEnumerable<KeyValuePair<string, IReadOnlyList<string>>> labels, IEnumerable<string> layers)
    {
        if (_before is null)
        {
            return [];
        }

        var blobs = new Dictionary<string, Info>(_before.Blobs, StringComparer.Ordinal);
        foreach ((string manifest, IReadOnlyList<string> keys) in labels)
        {
            Info changed = blobs[manifest].Clone();
            foreach (string key in keys)
            {
                _ = changed.Labels.Remove(key);
            }

            blobs[manifest] = changed;
        }

        HashSet<string> kept = [.. KeptBlobs(_before with { Blobs = blobs }, isPlace: true)];
        return layers.Distinct().Where(digest => _before.Blobs.ContainsKey(digest) && !kept.Contains(digest));
    }

    /// <summary>The lease that asks for the collection ends those of ours that are abandoned in its namespace: they count as gone there.</summary>
    private IEnumerable<string> KeptBlobs(NamespaceRecords records, bool isPlace) => CollectorView
        .Without(records, _rules, _now, lease => isPlace && lease is { IsAbandoned: true, Work: null }, _ => false).Kept
        .Where(node => node.Kind == CtrResourceKind.Content && records.Blobs.ContainsKey(node.Key)).Select(node => node.Key);

    /// <summary>Bytes that are free without a layer: none where another namespace keeps it.</summary>
    private long SizeOf(string layer) => _others.Contains(layer) ? 0 : _before!.Blobs[layer].Size;

    private CtrClearedResource Tell(string layer, long freed, bool isPrediction) => new()
    {
        Kind = CtrResourceKind.Content,
        Namespace = _before!.Name,
        Name = layer,
        Digest = layer,
        Since = WireTime.ToTime(_before.Blobs[layer].CreatedAt),
        Freed = freed,
        IsPrediction = isPrediction,
    };
}
