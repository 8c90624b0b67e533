using System.Collections.Concurrent;
using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using CtrPS.Client.Connection;
using CtrPS.Client.Content;
using CtrPS.Client.Images;
using CtrPS.Client.Leases;
using CtrPS.Client.Oci;

namespace CtrPS.Client.Registry;

/// <inheritdoc/>
/// <remarks>
/// Everything happens under one lease: layers are unpacked while the next are fetched, then come manifests and indexes with their labels, and the
/// record last. Where it breaks off, the lease keeps what was fetched for a day, and the next try of the same image goes on from there.
/// </remarks>
internal sealed class ReceivePlan : ICtrReceivePlan
{
    private readonly ContainerdConnection _connection;
    private readonly CtrReceiveRequest _request;
    private readonly RepositoryClient _repository;
    private readonly RegistrySource _source;
    private readonly ImageSelection _selection;
    private readonly RegistrySource _besides;
    private readonly ReferrerSet _referrers;
    private readonly MovedBlob[] _blobs;
    private readonly NamespaceView _there;
    private readonly string? _snapshotter;
    private readonly IReadOnlyList<ImageNode> _unpacked;
    private readonly ImageNode? _runnable;
    private readonly List<string> _warnings;

    public ReceivePlan(
        ContainerdConnection connection,
        CtrReceiveRequest request,
        RepositoryClient repository,
        RegistrySource source,
        ImageSelection selection,
        RegistrySource besides,
        ReferrerSet referrers,
        NamespaceView there,
        string? snapshotter,
        IReadOnlyList<ImageNode> unpacked,
        ImageNode? runnable,
        List<string> warnings)
    {
        _connection = connection;
        _request = request;
        _repository = repository;
        _source = source;
        _selection = selection;
        _besides = besides;
        _referrers = referrers;
        _there = there;
        _snapshotter = snapshotter;
        _unpacked = unpacked;
        _runnable = runnable;
        _warnings = warnings;
        HashSet<string> moved = [.. selection.Nodes.Select(node => node.Descriptor.Digest)];
        _blobs =
        [
            .. selection.Nodes.Select(node => new MovedBlob(node, selection.ManifestOf(node), source, repository.What)),
            .. referrers.Blobs(depth: null, moved, repository.What),
        ];
        ImageNode[] absent = [.. Nodes.Where(node => !there.Blobs.ContainsKey(node.Descriptor.Digest))];
        BlobsToFetch = absent.Length;
        BytesToFetch = absent.Sum(node => node.Descriptor.Size);
    }

    public string Digest => _selection.Root.Descriptor.Digest;

    public string? PreviousDigest => _there.TargetOf(Name);

    public int BlobsToFetch { get; }

    public long BytesToFetch { get; }

    public int Referrers => _referrers.All.Count;

    public IReadOnlyList<string> Warnings => _warnings;

    /// <summary>All that is to be there, that of the referrers too.</summary>
    private IEnumerable<ImageNode> Nodes => _blobs.Select(blob => blob.Node);

    private string Name => _request.Reference.ToString();

    public async Task<CtrReceivedImage> RunAsync(CtrTransferMeter meter, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        int mended = _request.Renew && PreviousDigest == Digest ? await MendAsync(meter, cancellationToken).ConfigureAwait(false) : 0;
        bool wasThere = mended == 0 && await IsThereAsync(cancellationToken).ConfigureAwait(false);
        TransferTally? tally = wasThere ? null : await FetchAsync(meter, cancellationToken).ConfigureAwait(false);
        _warnings.AddRange(await KubernetesNotice.WaitAsync(
            _connection, _request.Namespace, [(Name, _runnable)], cancellationToken).ConfigureAwait(false));
        int fetched = (tally?.Written ?? 0) + mended;
        return new CtrReceivedImage
        {
            Name = Name,
            Namespace = _request.Namespace,
            Status = wasThere ? CtrReceiveStatus.UpToDate
                : PreviousDigest is not { } previous ? CtrReceiveStatus.New
                : previous == Digest ? CtrReceiveStatus.Completed
                : CtrReceiveStatus.Moved,
            Digest = Digest,
            PreviousDigest = PreviousDigest,
            Platforms = [.. _selection.Images.Select(image => image.Platform?.ToString()).OfType<string>().Distinct()],
            Host = RegistryFaults.Show((_repository.Served ?? throw new InvalidOperationException("nobody was asked")).Root),
            ReferrerCount = Referrers,
            BytesFetched = _source.BytesFetched + _besides.BytesFetched,
            BytesPresent = Nodes.Sum(node => node.Descriptor.Size) - (tally?.Bytes ?? 0),
            BytesResumed = _source.BytesResumed + _besides.BytesResumed,
            BlobsFetched = fetched,
            BlobsPresent = _blobs.Length - fetched,
            Unpacked = _snapshotter is not null && _unpacked.Any(manifest => manifest.IsFileSystem),
            Duration = clock.Elapsed,
        };
    }

    /// <summary>Whether nothing is to be done.</summary>
    private async Task<bool> IsThereAsync(CancellationToken cancellationToken)
    {
        if (!_there.HasRecord(Name, _selection.Root.Descriptor, _request.Labels) || !_there.HasBlobs(Nodes, LabelsOf))
        {
            return false;
        }

        foreach (ImageNode manifest in _snapshotter is null ? [] : _unpacked)
        {
            if (!await _there.IsUnpackedAsync(manifest, _source, cancellationToken).ConfigureAwait(false))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>What keeps a blob's children, and what refers to it.</summary>
    private IReadOnlyDictionary<string, string> LabelsOf(ImageNode node)
    {
        IReadOnlyDictionary<string, string> own = NamespaceSink.LabelsOf(node), referrers = _referrers.LabelsOf(node.Descriptor.Digest);
        return referrers.Count == 0 ? own : new Dictionary<string, string>(own.Concat(referrers), StringComparer.Ordinal);
    }

    /// <summary>Reads what is there of the image, and brings anew what is not what it should be: before anything is unpacked of it.</summary>
    /// <returns>The blobs that were brought.</returns>
    private async Task<int> MendAsync(CtrTransferMeter meter, CancellationToken cancellationToken)
    {
        CtrImage? image = await _connection.Images.FindAsync(_request.Namespace, Name, CtrImageDetail.None, cancellationToken).ConfigureAwait(false);
        if (image?.Digest != Digest)
        {
            return 0; // it moved meanwhile
        }

        var repairer = ImageRepairer.Of(_connection, _source, new CtrRepairOptions
        {
            From = [],
            Platforms = _request.Platforms,
            AllPlatforms = _request.AllPlatforms,
            Concurrency = _request.Concurrency,
        });
        await using (repairer.ConfigureAwait(false))
        {
            CtrRepairResult result = await repairer.RepairAsync(image, meter, cancellationToken).ConfigureAwait(false);
            return result.Failed.Count == 0
                ? result.Repaired.Count
                : throw BlobFaults.Refuse($"The {_repository.What} cannot be mended", result.Failed);
        }
    }

    private async Task<TransferTally> FetchAsync(CtrTransferMeter meter, CancellationToken cancellationToken)
    {
        Lease lease = await _connection.Leases.CreateAsync(_request.Namespace, WorkOf(), cancellationToken).ConfigureAwait(false);
        await using (lease.ConfigureAwait(false))
        {
            try
            {
                TransferTally tally = await BringAsync(lease, meter, cancellationToken).ConfigureAwait(false);
                foreach (string name in Names())
                {
                    _ = await _connection.Images.PutAsync(
                        _request.Namespace, name, _selection.Root.Descriptor, _request.Labels, lease.Id, cancellationToken).ConfigureAwait(false);
                }

                lease.Complete();
                return tally;
            }
            catch (Exception e) when (e is OperationCanceledException || (e is CtrException fault && MayGoOn(fault)))
            {
                lease.Keep();
                throw;
            }
        }
    }

    /// <summary>What is wrong with the image itself does not become right by trying again.</summary>
    private static bool MayGoOn(CtrException fault) =>
        fault.ErrorId is not (CtrErrorIds.BlobCorrupt or CtrErrorIds.BlobMissing or CtrErrorIds.NotSupported or CtrErrorIds.RegistryUntrusted);

    /// <summary>Kubernetes knows an image by its digest too: the record that its own pulls make.</summary>
    private IEnumerable<string> Names() => _request.Namespace == KubernetesNotice.Namespace && _request.Reference.Digest is null
        ? [Name, $"{_request.Reference.Registry}/{_request.Reference.Repository}@{Digest}"]
        : [Name];

    /// <summary>Fetches and unpacks at the same time; where one fails, the other is ended and waited for.</summary>
    private async Task<TransferTally> BringAsync(Lease lease, CtrTransferMeter meter, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var arrivals = new ConcurrentDictionary<string, TaskCompletionSource>(StringComparer.Ordinal);
        var sink = new NamespaceSink(_connection.Content, _connection.Leases, lease)
        {
            Listing = _there.Blobs,
            KeepPartial = true,
            Labels = LabelsOf,
            FetchedFrom = (SourceLabels.KeyOf(_request.Reference.Registry), _request.Reference.Repository),
        };
        var transfer = new BlobTransfer(sink, "received", _request.Concurrency, meter)
        {
            KeepOrder = true,
            Arrived = node => Arrival(node.Descriptor.Digest).TrySetResult(),
        };
        Task<TransferTally> fetching = StopOnFault(transfer.RunAsync(_blobs, stop.Token));
        Task unpacking = StopOnFault(UnpackAsync());
        await ((Task)Task.WhenAll(fetching, unpacking)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (Task ended in new[] { fetching, unpacking }.OrderBy(task => task.IsCanceled))
        {
            await ended.ConfigureAwait(false); // the fault itself, before what it ended
        }

        return await fetching.ConfigureAwait(false);

        TaskCompletionSource Arrival(string digest) =>
            arrivals.GetOrAdd(digest, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));

        T StopOnFault<T>(T task)
            where T : Task
        {
            _ = task.ContinueWith(_ => stop.Cancel(), CancellationToken.None, TaskContinuationOptions.NotOnRanToCompletion, TaskScheduler.Default);
            return task;
        }

        async Task<bool> UnpackAsync()
        {
            foreach (ImageNode manifest in _snapshotter is null ? [] : _unpacked)
            {
                _ = await _connection.Unpacker.UnpackAsync(
                    lease,
                    manifest,
                    _snapshotter!,
                    meter: null, // the bytes that come are what is shown
                    stop.Token,
                    node => Arrival(node.Descriptor.Digest).Task.WaitAsync(stop.Token)).ConfigureAwait(false);
            }

            return true;
        }
    }

    /// <summary>The same image has the same name for its lease, so that the next try finds what this one left.</summary>
    private string WorkOf() => "receive-" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{Name} {Digest}")))[..32];
}
