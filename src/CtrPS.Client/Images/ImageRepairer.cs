using CtrPS.Client.Connection;
using CtrPS.Client.Content;
using CtrPS.Client.Leases;
using CtrPS.Client.Oci;

namespace CtrPS.Client.Images;

/// <summary>Opens an archive of this machine; the source is to be disposed.</summary>
internal delegate Task<IBlobSource> OpenArchive(string path, CancellationToken cancellationToken);

/// <inheritdoc/>
internal sealed class ImageRepairer : ICtrRepair
{
    /// <summary>
    /// How often a blob is brought: the first time it may be linked to damaged bytes that another namespace has, and then it is written anew
    /// everywhere.
    /// </summary>
    private const int MaxAttempts = 2;

    private readonly ContainerdConnection _connection;
    private readonly CtrRepairOptions _options;
    private readonly IReadOnlyList<IBlobSource> _sources;
    private readonly BlobHasher _hasher;
    private readonly HashSet<string> _counted = new(StringComparer.Ordinal);

    private ImageRepairer(ContainerdConnection connection, CtrRepairOptions options, IReadOnlyList<IBlobSource> sources)
    {
        _connection = connection;
        _options = options;
        _sources = sources;
        _hasher = new BlobHasher(options.Concurrency);
    }

    /// <summary>Repairs out of one source that is open already.</summary>
    public static ImageRepairer Of(ContainerdConnection connection, IBlobSource source, CtrRepairOptions options) =>
        new(connection, options, [source]);

    public static async Task<ImageRepairer> OpenAsync(
        ContainerdConnection connection, CtrRepairOptions options, OpenArchive openArchive, CancellationToken cancellationToken)
    {
        var sources = new List<IBlobSource>();
        try
        {
            foreach (CtrRepairOrigin origin in options.From)
            {
                sources.Add(origin.Path is { } path
                    ? await openArchive(path, cancellationToken).ConfigureAwait(false)
                    : new NamespaceBlobs(((ContainerdConnection)origin.Connection!).Content, origin.Namespace!, listed: false, cancellationToken));
            }

            return new ImageRepairer(connection, options, sources);
        }
        catch
        {
            await CloseAsync(sources).ConfigureAwait(false);
            throw;
        }
    }

    public async Task<CtrRepairResult> RepairAsync(CtrImage image, CtrTransferMeter meter, CancellationToken cancellationToken)
    {
        if (_options.From.Any(origin => ReferenceEquals(origin.Connection, _connection) && origin.Namespace == image.Namespace))
        {
            throw new CtrException(
                CtrErrorIds.InvalidArgument,
                CtrStatus.InvalidArgument,
                $"The image '{image.Name}' cannot be repaired out of namespace '{image.Namespace}': that is where it is.")
            {
                Target = image.Name,
            };
        }

        CtrPlatform host = await _connection.Facts.GetPlatformAsync(cancellationToken).ConfigureAwait(false);
        Descriptor target = Records.TargetOf(image);
        var mender = new BlobMender(_connection, image, _sources, _hasher, _options.Concurrency, meter);
        var repaired = new List<CtrBlobFault>();
        var failed = new Dictionary<string, CtrBlobFault>(StringComparer.Ordinal);
        var pending = new Dictionary<string, CtrBlobFault>(StringComparer.Ordinal);
        var attempts = new Dictionary<string, int>(StringComparer.Ordinal);
        int relabeled = 0;
        Lease? lease = null;
        try
        {
            while (true)
            {
                // Anew each time: what was not there may name more.
                var source = new ImageSource(_connection, image.Namespace, listed: false, cancellationToken);
                ImageNode root = await source.ReadGraphAsync(target).ConfigureAwait(false);
                HashSet<ImageNode> wanted = Wanted(image, root, host);
                var checker = new ImageChecker(source, root, wanted.Contains, onlyWanted: _options.Platforms.Count > 0, inflate: true);
                meter.AddTotal(checker.Blobs.Where(node => _counted.Add(node.Descriptor.Digest)).Sum(node => node.StoredSize ?? 0));
                meter.Show($"Reading {image.Name}");
                (IReadOnlyList<BlobFinding> findings, _) = await checker.FindAllAsync(_hasher, meter, cancellationToken).ConfigureAwait(false);
                List<BlobFinding> work = Sort(findings, pending, attempts, repaired, failed);

                // Before anything is mended: that takes a garbage collection, which must not find what is here and not named.
                relabeled += await RelabelAsync(source, wanted, root, cancellationToken).ConfigureAwait(false);
                if (work.Count == 0)
                {
                    lease?.Complete();
                    return Report(image, repaired, failed.Values, relabeled, mender.BytesWritten);
                }

                lease ??= await _connection.Leases.CreateAsync(image.Namespace, cancellationToken).ConfigureAwait(false);
                IReadOnlyDictionary<string, string> failures = await mender.MendAsync(lease, work, cancellationToken).ConfigureAwait(false);
                foreach (BlobFinding finding in work)
                {
                    string digest = finding.Node.Descriptor.Digest;
                    attempts[digest] = attempts.GetValueOrDefault(digest) + 1;
                    if (failures.TryGetValue(digest, out string? why))
                    {
                        failed[digest] = finding.Fault.With(copy =>
                        {
                            copy.Reason = $"{finding.Fault.Reason} {why}";
                            copy.RecommendedAction = "Name another source that has it: Repair-CtrImage -From an archive, a namespace or a session.";
                        });
                    }
                    else
                    {
                        _ = pending.TryAdd(digest, finding.Fault);
                    }
                }
            }
        }
        finally
        {
            if (lease is not null)
            {
                await lease.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        _hasher.Dispose();
        await CloseAsync(_sources).ConfigureAwait(false);
    }

    private static async Task CloseAsync(IReadOnlyList<IBlobSource> sources)
    {
        foreach (IAsyncDisposable source in sources.OfType<IAsyncDisposable>())
        {
            await source.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Tells what was mended since the last look from what is to be done yet and what cannot be done.</summary>
    /// <returns>What is to be done.</returns>
    private static List<BlobFinding> Sort(
        IReadOnlyList<BlobFinding> findings,
        Dictionary<string, CtrBlobFault> pending,
        Dictionary<string, int> attempts,
        List<CtrBlobFault> repaired,
        Dictionary<string, CtrBlobFault> failed)
    {
        Dictionary<string, BlobFinding> wrong = findings.ToDictionary(finding => finding.Node.Descriptor.Digest, StringComparer.Ordinal);
        foreach ((string digest, CtrBlobFault fault) in pending.Where(one => !wrong.ContainsKey(one.Key)).ToList())
        {
            repaired.Add(fault);
            _ = pending.Remove(digest);
        }

        var work = new List<BlobFinding>();
        foreach ((string digest, BlobFinding finding) in wrong.Where(one => !failed.ContainsKey(one.Key)))
        {
            if (!finding.CanBeMended)
            {
                failed.Add(digest, finding.Fault);
            }
            else if (attempts.GetValueOrDefault(digest) >= MaxAttempts)
            {
                failed.Add(digest, finding.Fault.With(copy => copy.Reason = $"{finding.Fault.Reason} It is so again after it was written anew."));
            }
            else
            {
                work.Add(finding);
            }
        }

        return work;
    }

    /// <summary>The manifests (and with all platforms the indexes) that must be whole.</summary>
    private HashSet<ImageNode> Wanted(CtrImage image, ImageNode root, CtrPlatform host)
    {
        if (_options.AllPlatforms)
        {
            return [.. root.All];
        }

        var wanted = new HashSet<ImageNode>();
        bool asked = _options.Platforms.Count > 0;
        foreach (CtrPlatform platform in asked ? _options.Platforms : [host])
        {
            PlatformMatcher matcher = asked ? PlatformMatcher.Exactly(platform) : PlatformMatcher.Only(platform);
            if (ImageSelection.Best(root, matcher, checkRoot: asked) is { } chosen)
            {
                _ = wanted.Add(chosen);
            }
            else if (asked)
            {
                throw new CtrException(
                    CtrErrorIds.PlatformNotFound,
                    CtrStatus.NotFound,
                    $"The image '{image.Name}' in namespace '{image.Namespace}' has nothing for {platform}.")
                {
                    Target = image.Name,
                    RecommendedAction = "Get-CtrImage shows its platforms.",
                };
            }
        }

        return wanted;
    }

    /// <summary>
    /// Adds the labels without which the garbage collector takes the children of manifests and indexes, and the snapshots of configs.
    /// </summary>
    /// <returns>Blobs that lacked some.</returns>
    private async Task<int> RelabelAsync(ImageSource source, HashSet<ImageNode> wanted, ImageNode root, CancellationToken cancellationToken)
    {
        int count = 0;
        foreach (ImageNode node in root.All
            .Where(node => node.IsSound && (node.Kind == ImageNodeKind.Index || wanted.Contains(node)))
            .DistinctBy(node => node.Descriptor.Digest))
        {
            if (node.IsDocument)
            {
                // What is not here needs not be kept, and clients differ in whether they label it.
                IEnumerable<string> kept = node.Children.Where(child => child.StoredSize is not null).Select(child => child.Descriptor.Digest);
                IReadOnlyDictionary<string, string> labels = GarbageLabels.For(node.Children.Select(child => child.Descriptor));
                bool relabeled =
                    await RelabelAsync(source.Namespace, node, kept, labels, CollectorLabels.Content, cancellationToken).ConfigureAwait(false);
                count += relabeled ? 1 : 0;
            }

            if (node.Kind == ImageNodeKind.Manifest && await SnapshotLabelAsync(source, node, cancellationToken).ConfigureAwait(false) is { } label)
            {
                var labels = new Dictionary<string, string> { [label.Key] = label.Value };
                bool relabeled = await RelabelAsync(
                    source.Namespace, node.Config!, labels.Values, labels, CollectorLabels.Snapshot, cancellationToken).ConfigureAwait(false);
                count += relabeled ? 1 : 0;
            }
        }

        return count;
    }

    /// <summary>Under whatever key a child is named, it is kept; labels are set only where one is not named at all.</summary>
    private async Task<bool> RelabelAsync(
        string @namespace,
        ImageNode node,
        IEnumerable<string> kept,
        IReadOnlyDictionary<string, string> labels,
        string prefix,
        CancellationToken cancellationToken)
    {
        if (await _connection.Content.FindAsync(@namespace, node.Descriptor.Digest, cancellationToken).ConfigureAwait(false) is not { } info)
        {
            return false;
        }

        HashSet<string> named =
            [.. info.Labels.Where(label => label.Key.StartsWith(prefix, StringComparison.Ordinal)).Select(label => label.Value)];
        if (kept.All(named.Contains))
        {
            return false;
        }

        await _connection.Content.SetLabelsAsync(@namespace, node.Descriptor.Digest, labels, cancellationToken).ConfigureAwait(false);
        return true;
    }

    private async Task<KeyValuePair<string, string>?> SnapshotLabelAsync(ImageSource source, ImageNode manifest, CancellationToken cancellationToken)
    {
        if (manifest.Config is not { IsSound: true } config || !MediaTypes.IsImageConfig(config.Descriptor.MediaType))
        {
            return null;
        }

        try
        {
            string snapshotter = await _connection.Unpacker.ChooseSnapshotterAsync(source.Namespace, null, cancellationToken).ConfigureAwait(false);
            var parsed = ImageConfig.Parse(await source.ReadAsync(config.Descriptor, cancellationToken).ConfigureAwait(false), config.Descriptor);
            return parsed.DiffIds.Count > 0
                && await _connection.Unpacker.IsUnpackedAsync(source.Namespace, snapshotter, parsed, cancellationToken).ConfigureAwait(false)
                ? KeyValuePair.Create(CollectorLabels.Snapshot + snapshotter, parsed.ChainIds[^1])
                : null;
        }
        catch (CtrException e) when (e.ErrorId is CtrErrorIds.NotSupported or CtrErrorIds.BlobCorrupt or CtrErrorIds.BlobMissing)
        {
            // No snapshotter at work, so no snapshot to keep; or a config that could not be mended, which is told.
            return null;
        }
    }

    private static CtrRepairResult Report(CtrImage image, List<CtrBlobFault> repaired, IEnumerable<CtrBlobFault> failed, int relabeled, long bytes)
    {
        CtrBlobFault[] left = failed.ToArray();
        return new CtrRepairResult
        {
            Digest = image.Digest,
            Name = image.Name,
            Namespace = image.Namespace,
            Session = image.Session,
            Status = left.Length > 0 ? CtrRepairStatus.Failed
                : repaired.Count > 0 ? CtrRepairStatus.Repaired
                : CtrRepairStatus.Sound,
            Repaired = repaired.ToArray(),
            Failed = left,
            RelabeledCount = relabeled,
            BytesWritten = bytes,
        };
    }
}
