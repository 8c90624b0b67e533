using CtrPS.Client.Connection;

namespace CtrPS.Client.Storage;

/// <inheritdoc/>
internal sealed class ImageClearer(ContainerdConnection connection, GraphReader reader, SnapshotUsages usages) : IImageClearer
{
    /// <summary>Images removed at the same time.</summary>
    private const int Width = 16;

    private readonly SandboxImages _sandboxes = new(connection.Server, connection.Machine);

    public async Task<IReadOnlySet<(string Namespace, string Digest)>> FindUnusedAsync(CancellationToken cancellationToken)
    {
        StorageGraph graph = await ReadGraphAsync(cancellationToken).ConfigureAwait(false);
        var use = new ImageUse(graph);
        return graph.Namespaces
            .SelectMany(records => records.Images.Values.Select(image => (records.Name, image.Target.Digest)))
            .Where(image => use.WhyHeld(image.Name, image.Digest) is null)
            .ToHashSet();
    }

    public async Task<IClearance> OpenAsync(CtrClearRequest request, CancellationToken cancellationToken) =>
        await ReadAsync(await ReadGraphAsync(cancellationToken).ConfigureAwait(false), request, cancellationToken).ConfigureAwait(false);

    public async Task<IReadOnlyList<CtrClearOutcome>> ClearAsync(
        CtrClearRequest request, CtrClearPlan plan, CancellationToken cancellationToken)
    {
        // As it is now: what was agreed to may be used, moved or gone since it was looked at.
        StorageGraph graph = await ReadGraphAsync(cancellationToken).ConfigureAwait(false);
        Clearance now = await ReadAsync(graph, request with { UntilFree = null }, cancellationToken).ConfigureAwait(false);
        (IReadOnlyList<Clearance.Candidate> still, RemovalGains gains, IReadOnlyDictionary<CtrClearKey, string> held) = now.StillOf(plan.Items);
        var errors = new Dictionary<CtrClearKey, CtrException>();
        HashSet<CtrClearKey> found = [.. still.Select(one => one.Key)];
        foreach (CtrClearedResource item in plan.Items.Where(item => !found.Contains(Clearance.KeyOf(item))))
        {
            errors[Clearance.KeyOf(item)] = WhyNot(item, graph, held);
        }

        foreach (Clearance.Candidate one in still.Where(one => one.Key.Kind == CtrResourceKind.Container))
        {
            if (await TryAsync(() => RemoveContainerAsync(one.Item, cancellationToken)).ConfigureAwait(false) is { } error)
            {
                errors[one.Key] = error;
            }
        }

        // An image that only a container used which is still there is used.
        foreach (Clearance.Candidate one in still.Where(one => one.Needs.Any(errors.ContainsKey)).ToArray())
        {
            errors[one.Key] = InUse(one.Item, "A container that uses it could not be removed.");
        }

        await foreach ((CtrClearKey key, CtrException? error) in OrderedParallel.SelectAsync(
            still.Where(one => one.Key.Kind == CtrResourceKind.Image && !errors.ContainsKey(one.Key)),
            Width,
            async (one, token) => (one.Key, await TryAsync(() => RemoveNameAsync(one.Item, token)).ConfigureAwait(false)),
            cancellationToken).ConfigureAwait(false))
        {
            if (error is not null)
            {
                errors[key] = error;
            }
        }

        HashSet<CtrClearKey> gone = [.. still.Select(one => one.Key).Where(key => !errors.ContainsKey(key))];
        await RemoveAliasesAsync(still, errors, cancellationToken).ConfigureAwait(false);
        if (now.Place is { } place && gone.Count > 0)
        {
            await connection.Garbage.CollectAsync(place, cancellationToken).ConfigureAwait(false);
        }

        Dictionary<CtrClearKey, long> freed = gone.Count == 0 ? [] : Count(
            still, gone, gains, graph, now, await connection.Reader.ReadAsync(cancellationToken).ConfigureAwait(false));
        return [.. plan.Items.Select(item => new CtrClearOutcome(
            item.With(copy => copy.Freed = freed.GetValueOrDefault(Clearance.KeyOf(item))), errors.GetValueOrDefault(Clearance.KeyOf(item))))];
    }

    private async Task<StorageGraph> ReadGraphAsync(CancellationToken cancellationToken) =>
        await reader.ReadAsync(cancellationToken, await _sandboxes.ReadAsync(cancellationToken).ConfigureAwait(false)).ConfigureAwait(false);

    private async Task<Clearance> ReadAsync(StorageGraph graph, CtrClearRequest request, CancellationToken cancellationToken)
    {
        HashSet<GraphNode> wanted = [.. new Clearance(graph, request, new Dictionary<GraphNode, long>(), null).SnapshotsOfInterest()];
        IReadOnlyDictionary<GraphNode, long> sizes = await usages.MeasureAsync(
            graph.Namespaces.SelectMany(records => records.Snapshots.Select(one =>
                (Node: new GraphNode(CtrResourceKind.Snapshot, records.Name, one.Key.Key, one.Key.Snapshotter), one.Value)))
                .Where(one => wanted.Contains(one.Node)),
            cancellationToken).ConfigureAwait(false);
        long? missing = request.UntilFree is { } free
            ? Math.Max(0, free - await FreeAsync(cancellationToken).ConfigureAwait(false))
            : null;
        return new Clearance(graph, request, sizes, missing);
    }

    /// <summary>Bytes that are free where the blobs lie.</summary>
    private async Task<long> FreeAsync(CancellationToken cancellationToken)
    {
        if (!await connection.Machine.IsLocalAsync(cancellationToken).ConfigureAwait(false)
            || await connection.Facts.GetContentRootAsync(cancellationToken).ConfigureAwait(false) is not { } root)
        {
            throw connection.Machine.NotLocal("The blobs whose file system -UntilFree looks at");
        }

        return new DriveInfo(root).AvailableFreeSpace;
    }

    private async Task RemoveContainerAsync(CtrClearedResource item, CancellationToken cancellationToken)
    {
        _ = await connection.Stopper.RemoveAsync(item.Namespace, item.Name, kill: false, cancellationToken).ConfigureAwait(false);
        await connection.Containers.DeleteAsync(item.Namespace, item.Name, keepSnapshot: false, cancellationToken).ConfigureAwait(false);
    }

    private Task RemoveNameAsync(CtrClearedResource item, CancellationToken cancellationToken) =>
        connection.Images.DeleteAsync(item.Namespace, item.Name, Expected(item, item.Name), cancellationToken);

    /// <summary>Aliases go once all names are gone that go with them.</summary>
    private async Task RemoveAliasesAsync(
        IReadOnlyList<Clearance.Candidate> still, Dictionary<CtrClearKey, CtrException> errors, CancellationToken cancellationToken)
    {
        foreach (IGrouping<(string, string?), Clearance.Candidate> image in still
            .Where(one => one.Item.Aliases.Count > 0).GroupBy(one => (one.Key.Namespace, one.Item.Digest)))
        {
            foreach (string alias in image.Any(one => errors.ContainsKey(one.Key)) ? [] : image.First().Item.Aliases)
            {
                CtrException? error = await TryAsync(() => connection.Images.DeleteAsync(
                    image.Key.Item1, alias, Expected(image.First().Item, alias), cancellationToken)).ConfigureAwait(false);
                if (error is not null and not { ErrorId: CtrErrorIds.ImageNotFound or CtrErrorIds.ImageChanged })
                {
                    throw error; // else Kubernetes was faster, or has given it to another image
                }
            }
        }
    }

    private static CtrImage Expected(CtrClearedResource item, string name) => new()
    {
        Name = name,
        Namespace = item.Namespace,
        Digest = item.Digest!,
        MediaType = item.Target!.MediaType,
        TargetSize = item.Target.Size,
    };

    private static async Task<CtrException?> TryAsync(Func<Task> work)
    {
        try
        {
            await work().ConfigureAwait(false);
            return null;
        }
        catch (CtrException e) when (!e.IsConnectionFault)
        {
            return e;
        }
    }

    /// <summary>The bytes that are free now with each that is gone.</summary>
    private static Dictionary<CtrClearKey, long> Count(
        IReadOnlyList<Clearance.Candidate> still,
        HashSet<CtrClearKey> gone,
        RemovalGains gains,
        StorageGraph before,
        Clearance clearance,
        IReadOnlyList<NamespaceRecords> after)
    {
        HashSet<string> blobs = [.. after.SelectMany(records => records.Blobs.Keys)];
        HashSet<GraphNode> snapshots = [.. after.SelectMany(records => records.Snapshots.Keys.Select(
            one => new GraphNode(CtrResourceKind.Snapshot, records.Name, one.Key, one.Snapshotter)))];
        var freed = new Dictionary<CtrClearKey, long>();
        for (int i = 0; i < still.Count; i++)
        {
            if (gone.Contains(still[i].Key))
            {
                long sum = 0;
                _ = gains.Take(i, node => sum += node.Kind switch
                {
                    CtrResourceKind.Content when !blobs.Contains(node.Key) => before.SizeOf(node) ?? 0,
                    CtrResourceKind.Snapshot when !snapshots.Contains(node) => clearance.SizeOf(node),
                    _ => 0,
                });
                freed[still[i].Key] = sum;
            }
        }

        return freed;
    }

    private static CtrException WhyNot(CtrClearedResource item, StorageGraph graph, IReadOnlyDictionary<CtrClearKey, string> held)
    {
        NamespaceRecords? records = graph.Namespaces.FirstOrDefault(one => one.Name == item.Namespace);
        bool isMoved = item.Kind == CtrResourceKind.Image && records?.Images.TryGetValue(item.Name, out var image) == true
            && image.Target.Digest != item.Digest;
        return isMoved
            ? new CtrException(
                CtrErrorIds.ImageChanged, CtrStatus.FailedPrecondition,
                $"The {Words(item)} points to something else than when it was looked at. It was not removed.")
            {
                Target = item.Name,
                RecommendedAction = "Look at it again with Get-CtrImage.",
            }
            : held.TryGetValue(Clearance.KeyOf(item), out string? why) ? InUse(item, why)
            : new CtrException(
                item.Kind == CtrResourceKind.Image ? CtrErrorIds.ImageNotFound : CtrErrorIds.ContainerNotFound,
                CtrStatus.NotFound,
                $"The {Words(item)} is gone: another client was faster.")
            {
                Target = item.Name,
            };
    }

    private static CtrException InUse(CtrClearedResource item, string why) => new(
        item.Kind == CtrResourceKind.Image ? CtrErrorIds.ImageInUse : CtrErrorIds.ContainerInUse,
        CtrStatus.FailedPrecondition,
        $"The {Words(item)} may not go any more since it was looked at: {why} It was not removed.")
    {
        Target = item.Name,
    };

    private static string Words(CtrClearedResource item) =>
        $"{(item.Kind == CtrResourceKind.Image ? "image" : "container")} '{item.Name}' in namespace '{item.Namespace}'";
}
