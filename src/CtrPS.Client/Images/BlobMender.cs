using CtrPS.Client.Connection;
using CtrPS.Client.Content;
using CtrPS.Client.Leases;
using CtrPS.Client.Oci;

namespace CtrPS.Client.Images;

/// <summary>
/// Puts sound bytes in the place of blobs that are missing or damaged in a namespace.
/// containerd never writes over a blob, and has its bytes once for all namespaces: as long as one of them has a record of the blob, a new writing
/// of it only links to the damaged file (core/metadata/content.go). So the new bytes are first brought beside it and proven; then all records go,
/// the garbage collector takes the file, and all records are made anew. What hangs on a blob by its labels is under leases meanwhile.
/// </summary>
internal sealed class BlobMender(
    ContainerdConnection connection, CtrImage image, IReadOnlyList<IBlobSource> sources, BlobHasher hasher, int concurrency, CtrTransferMeter meter)
{
    /// <summary>
    /// How long the records are tried to be made anew when the daemon goes away in between: it takes the bytes along when it comes back.
    /// </summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static readonly IReadOnlyDictionary<string, string> NoLabels = new Dictionary<string, string>();

    private readonly string _namespace = image.Namespace;
    private long _bytesWritten;

    public long BytesWritten => Interlocked.Read(ref _bytesWritten);

    /// <summary>Brings blobs. Whether they are right then is for another look to tell.</summary>
    /// <returns>Those that could not be brought, and why.</returns>
    public async Task<IReadOnlyDictionary<string, string>> MendAsync(
        Lease lease, IReadOnlyList<BlobFinding> work, CancellationToken cancellationToken)
    {
        var holders = new Dictionary<string, IReadOnlyList<Holder>>(StringComparer.Ordinal);
        var wanted = new Dictionary<string, ImageNode>(StringComparer.Ordinal);
        foreach (BlobFinding finding in work)
        {
            Descriptor blob = finding.Node.Descriptor;
            IReadOnlyList<Holder> found = await FindHoldersAsync(blob.Digest, cancellationToken).ConfigureAwait(false);
            if (finding.Fault.Status == CtrBlobStatus.Missing && found.Count > 0
                && await LinkAsync(lease, blob, found[0], cancellationToken).ConfigureAwait(false))
            {
                continue;
            }

            holders[blob.Digest] = found;
            wanted[blob.Digest] = finding.Node;
        }

        (IReadOnlyList<Descriptor> staged, IReadOnlyDictionary<string, string> failures) =
            await StageAsync(lease, wanted, cancellationToken).ConfigureAwait(false);
        if (staged.Count > 0)
        {
            cancellationToken.ThrowIfCancellationRequested();
            await SwapAsync(lease, staged, holders).ConfigureAwait(false);
        }

        return failures;
    }

    private async Task<IReadOnlyList<Holder>> FindHoldersAsync(string digest, CancellationToken cancellationToken)
    {
        var holders = new List<Holder>();
        foreach (CtrNamespace one in await connection.Namespaces.ListAsync(cancellationToken).ConfigureAwait(false))
        {
            if (await connection.Content.FindAsync(one.Name, digest, cancellationToken).ConfigureAwait(false) is { } info)
            {
                holders.Add(new Holder(one.Name, info));
            }
        }

        return holders;
    }

    /// <summary>Takes the blob from another namespace of the same daemon where that has it sound.</summary>
    private async Task<bool> LinkAsync(Lease lease, Descriptor blob, Holder from, CancellationToken cancellationToken)
    {
        meter.AddTotal(blob.Size);
        var other = new NamespaceBlobs(connection.Content, from.Namespace, listed: false, cancellationToken);
        BlobReading reading = await hasher.ReadAsync(other, blob, inflate: false, meter, cancellationToken).ConfigureAwait(false);
        hasher.Forget(blob.Digest);
        if (reading.Failure is not null || reading.Digest != blob.Digest)
        {
            return false;
        }

        await WriteAsync(lease, blob, NoLabels, from.Namespace, cancellationToken).ConfigureAwait(false);
        return true;
    }

    /// <summary>Brings bytes beside the damaged ones, from the first source that has them sound.</summary>
    private async Task<(IReadOnlyList<Descriptor> Staged, IReadOnlyDictionary<string, string> Failures)> StageAsync(
        Lease lease, Dictionary<string, ImageNode> wanted, CancellationToken cancellationToken)
    {
        var sink = new StagingSink(connection.Content.Writer(lease));
        var transfer = new BlobTransfer(sink, "repaired", concurrency, meter) { KeepGoing = true };
        var left = new Dictionary<string, ImageNode>(wanted, StringComparer.Ordinal);
        Dictionary<string, string> failures = wanted.Keys.ToDictionary(digest => digest, _ => "None of the sources has it.", StringComparer.Ordinal);
        var staged = new List<Descriptor>();
        foreach (IBlobSource source in sources)
        {
            var here = new List<MovedBlob>();
            foreach (ImageNode node in left.Values)
            {
                if (await source.FindAsync(node.Descriptor, cancellationToken).ConfigureAwait(false) is not null)
                {
                    here.Add(new MovedBlob(node, null, source, $"image '{image.Name}' of namespace '{_namespace}'"));
                }
            }

            TransferTally tally = await transfer.RunAsync(here, cancellationToken).ConfigureAwait(false);
            _ = Interlocked.Add(ref _bytesWritten, tally.Bytes);
            foreach (Descriptor blob in tally.Taken.Select(taken => taken.Node.Descriptor))
            {
                staged.Add(blob);
                _ = left.Remove(blob.Digest);
                _ = failures.Remove(blob.Digest);
            }

            foreach ((string digest, CtrException fault) in tally.Failures)
            {
                failures[digest] = $"It is not sound in {source.Words} either: {fault.Message}";
            }
        }

        return (staged, failures);
    }

    /// <summary>Puts the staged bytes in the place of the damaged ones. Cannot be cancelled: in its midst the blobs are nowhere.</summary>
    private async Task SwapAsync(Lease lease, IReadOnlyList<Descriptor> staged, Dictionary<string, IReadOnlyList<Holder>> holders)
    {
        lease.Complete(); // from here on its end must take nothing along
        var leases = new Dictionary<string, Lease>(StringComparer.Ordinal) { [_namespace] = lease };
        try
        {
            Holder[] all = staged.SelectMany(blob => holders[blob.Digest]).ToArray();
            foreach (Holder holder in all)
            {
                if (!leases.TryGetValue(holder.Namespace, out Lease? own))
                {
                    own = await connection.Leases.CreateAsync(holder.Namespace, CancellationToken.None).ConfigureAwait(false);
                    leases[holder.Namespace] = own;
                    own.Complete();
                }

                await HoldAsync(own, holder.Info).ConfigureAwait(false);
            }

            foreach (Holder holder in all)
            {
                await connection.Content.DeleteAsync(holder.Namespace, holder.Info.Digest, CancellationToken.None).ConfigureAwait(false);
            }

            if (all.Length > 0)
            {
                await PersistAsync(() => connection.Garbage.CollectAsync(_namespace, CancellationToken.None)).ConfigureAwait(false);
            }

            foreach (Descriptor blob in staged)
            {
                Holder? own = holders[blob.Digest].FirstOrDefault(holder => holder.Namespace == _namespace);
                IReadOnlyDictionary<string, string> labels = own?.Info.Labels ?? NoLabels;
                await PersistAsync(() => WriteAsync(lease, blob, labels, null, CancellationToken.None)).ConfigureAwait(false);
                foreach (Holder other in holders[blob.Digest].Where(holder => holder != own))
                {
                    Lease otherLease = leases[other.Namespace];
                    await PersistAsync(
                        () => WriteAsync(otherLease, blob, other.Info.Labels, _namespace, CancellationToken.None)).ConfigureAwait(false);
                }

                hasher.Forget(blob.Digest);
            }
        }
        finally
        {
            foreach (Lease other in leases.Values.Where(one => one != lease))
            {
                await other.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    /// <summary>Puts what hangs on a blob under a lease: while the blob is away, nothing else may keep it.</summary>
    private async Task HoldAsync(Lease lease, BlobInfo blob)
    {
        foreach ((string key, string value) in blob.Labels)
        {
            if (key.StartsWith(CollectorLabels.Content, StringComparison.Ordinal))
            {
                await connection.Leases.AddBlobAsync(lease, value, CancellationToken.None).ConfigureAwait(false);
            }
            else if (key.StartsWith(CollectorLabels.Snapshot, StringComparison.Ordinal))
            {
                // The snapshotter may be followed by a slash and more (containerd, docs/garbage-collection.md).
                string snapshotter = key[CollectorLabels.Snapshot.Length..].Split('/')[0];
                await connection.Leases.AddSnapshotAsync(lease, snapshotter, value, CancellationToken.None).ConfigureAwait(false);
            }
        }
    }

    /// <summary>
    /// Writes a blob: from what is staged under the lease, from what the daemon has in another namespace, or from there byte by byte.
    /// </summary>
    private async Task WriteAsync(
        Lease lease, Descriptor blob, IReadOnlyDictionary<string, string> labels, string? from, CancellationToken cancellationToken)
    {
        bool written = await connection.Content.Writer(lease)
            .WriteAsync(blob, OpenAsync, labels, null, keepPartial: from is null, cancellationToken).ConfigureAwait(false);
        if (written)
        {
            _ = Interlocked.Add(ref _bytesWritten, blob.Size);
        }

        ValueTask<Stream> OpenAsync(long offset, CancellationToken token) => from is not null
            ? ValueTask.FromResult(connection.Content.Open(from, blob.Digest, blob.Size, token, offset))
            : throw new CtrException(
                CtrErrorIds.BlobMissing,
                CtrStatus.NotFound,
                $"The bytes that were brought for blob '{blob.Digest}' are gone from namespace '{lease.Namespace}'.")
            {
                Target = blob.Digest,
            };
    }

    private static async Task PersistAsync(Func<Task> step)
    {
        for (DateTime end = DateTime.UtcNow + Patience; ;)
        {
            try
            {
                await step().ConfigureAwait(false);
                return;
            }
            catch (CtrException e) when (e.IsConnectionFault && DateTime.UtcNow < end)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(250)).ConfigureAwait(false);
            }
        }
    }

    /// <summary>A namespace that has a record of a blob.</summary>
    private sealed record Holder(string Namespace, BlobInfo Info);

    /// <summary>Takes bytes into the daemon beside damaged ones of the same blob, and proves them; they are no blob yet.</summary>
    private sealed class StagingSink(BlobWriter writer) : IBlobSink
    {
        public ValueTask<bool> HasAsync(ImageNode blob, CancellationToken cancellationToken) => ValueTask.FromResult(false);

        public async Task<BlobOutcome> TakeAsync(ImageNode blob, OpenBlob open, CtrTransferMeter meter, CancellationToken cancellationToken)
        {
            Stream content = await open(0, cancellationToken).ConfigureAwait(false);
            await using (content.ConfigureAwait(false))
            {
                await writer.StageAsync(blob.Descriptor, content, meter, cancellationToken).ConfigureAwait(false);
                return BlobOutcome.Written;
            }
        }
    }
}
