using System.Collections.Concurrent;

namespace CtrPS.Client.Oci;

/// <summary>A blob on its way from a source to a sink.</summary>
/// <param name="Node">The blob, and what hangs below it.</param>
/// <param name="Manifest">The manifest that it is of. Null: it is an index.</param>
/// <param name="Source">Where it is taken from.</param>
/// <param name="Image">The image that needs it, in words: <c>image 'x' of namespace 'y'</c>.</param>
internal sealed record MovedBlob(ImageNode Node, ImageNode? Manifest, IBlobSource Source, string Image);

/// <summary>What a transfer did.</summary>
internal sealed class TransferTally
{
    private int _written;
    private int _linked;
    private int _present;
    private long _bytes;

    /// <summary>Blobs whose bytes were brought.</summary>
    public int Written => _written;

    /// <summary>Blobs that the sink had elsewhere: no bytes were moved.</summary>
    public int Linked => _linked;

    /// <summary>Blobs that were there already.</summary>
    public int Present => _present;

    /// <summary>Bytes that were brought.</summary>
    public long Bytes => _bytes;

    /// <summary>The blobs that were brought or linked.</summary>
    public ConcurrentBag<MovedBlob> Taken { get; } = [];

    /// <summary>Of a transfer that goes on after a fault: what could not be brought, by digest, and why.</summary>
    public ConcurrentDictionary<string, CtrException> Failures { get; } = new(StringComparer.Ordinal);

    public void Add(MovedBlob blob, BlobOutcome outcome)
    {
        if (outcome == BlobOutcome.Written)
        {
            _ = Interlocked.Increment(ref _written);
            _ = Interlocked.Add(ref _bytes, blob.Node.Descriptor.Size);
        }
        else
        {
            _ = Interlocked.Increment(ref _linked);
        }

        Taken.Add(blob);
    }

    public void AddPresent() => _ = Interlocked.Increment(ref _present);
}

/// <summary>
/// Moves blobs from sources to a sink: several at a time, children before their parents, each proven, and each only where the sink does not have
/// it. A source that has its own order is read in it, and a sink that takes one blob after the other gets them read and hashed ahead.
/// </summary>
/// <param name="sink">Where to.</param>
/// <param name="done">What is done to the images, for messages: <c>saved</c>, <c>imported</c>.</param>
/// <param name="concurrency">Blobs under way at the same time.</param>
/// <param name="meter">Counts the bytes of all blobs, those that are there already among them.</param>
internal sealed class BlobTransfer(IBlobSink sink, string done, int concurrency, CtrTransferMeter meter)
{
    /// <summary>Questions about blobs under way at the same time.</summary>
    private const int Questions = 16;

    /// <summary>Go on after a blob that cannot be brought, for who has another source for it.</summary>
    public bool KeepGoing { get; init; }

    /// <summary>Bring the blobs in the order in which they are given, for who uses the first ones meanwhile; else the large ones first.</summary>
    public bool KeepOrder { get; init; }

    /// <summary>Hears of each blob that the sink has, as soon as it has it. Null: nobody does.</summary>
    public Action<ImageNode>? Arrived { get; init; }

    /// <summary>Moves the blobs.</summary>
    /// <param name="blobs">What to move, each digest once. A sink that takes one after the other gets them in this order.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="CtrException">
    /// <see cref="CtrErrorIds.BlobMissing"/> or <see cref="CtrErrorIds.BlobCorrupt"/>, with all that <see cref="BlobFaults"/> says.
    /// </exception>
    public async Task<TransferTally> RunAsync(IReadOnlyCollection<MovedBlob> blobs, CancellationToken cancellationToken)
    {
        var tally = new TransferTally();
        meter.AddTotal(blobs.Sum(blob => blob.Node.Descriptor.Size));
        if (sink.IsSequential)
        {
            await BringInOrderAsync(blobs, tally, cancellationToken).ConfigureAwait(false);
            return tally;
        }

        foreach (IGrouping<int, MovedBlob> level in blobs.GroupBy(blob => blob.Node.State.Height).OrderBy(level => level.Key))
        {
            List<MovedBlob> absent = await FindAbsentAsync(level, tally, cancellationToken).ConfigureAwait(false);
            foreach (IGrouping<IBlobSource, MovedBlob> some in absent
                .Where(blob => blob.Source.IsSequential && !blob.Node.IsDocument)
                .GroupBy(blob => blob.Source))
            {
                HashSet<MovedBlob> brought = await BringAsTheyComeAsync(some.Key, [.. some], tally, cancellationToken).ConfigureAwait(false);
                _ = absent.RemoveAll(brought.Contains);
            }

            // The large ones decide how long it takes.
            await foreach (bool _ in OrderedParallel.SelectAsync(
                KeepOrder ? absent.AsEnumerable() : absent.OrderByDescending(blob => blob.Node.Descriptor.Size),
                concurrency,
                (blob, token) => TakeAsync(blob, (offset, open) => OpenAsync(blob, offset, open), tally, token),
                cancellationToken).ConfigureAwait(false))
            {
            }
        }

        return tally;
    }

    private async Task<List<MovedBlob>> FindAbsentAsync(IEnumerable<MovedBlob> blobs, TransferTally tally, CancellationToken cancellationToken)
    {
        var absent = new List<MovedBlob>();
        await foreach ((MovedBlob blob, bool has) in OrderedParallel.SelectAsync(
            blobs,
            Questions,
            async (blob, token) => (blob, await sink.HasAsync(blob.Node, token).ConfigureAwait(false)),
            cancellationToken).ConfigureAwait(false))
        {
            if (has)
            {
                meter.AddDone(blob.Node.Descriptor.Size);
                tally.AddPresent();
                Arrived?.Invoke(blob.Node);
            }
            else
            {
                absent.Add(blob);
            }
        }

        return absent;
    }

    /// <summary>Documents are small, and come proven.</summary>
    private static async ValueTask<Stream> OpenAsync(MovedBlob blob, long offset, CancellationToken cancellationToken)
    {
        if (!blob.Node.IsDocument)
        {
            return await blob.Source.OpenAsync(blob.Node.Descriptor, offset, cancellationToken).ConfigureAwait(false);
        }

        ReadOnlyMemory<byte> bytes = await blob.Source.ReadAsync(blob.Node.Descriptor, cancellationToken).ConfigureAwait(false);
        return new MemoryStream(bytes[(int)offset..].ToArray(), writable: false);
    }

    /// <summary>Brings blobs in the order of their source.</summary>
    /// <returns>Those that the source had.</returns>
    private async Task<HashSet<MovedBlob>> BringAsTheyComeAsync(
        IBlobSource source, IReadOnlyList<MovedBlob> blobs, TransferTally tally, CancellationToken cancellationToken)
    {
        Dictionary<string, MovedBlob> wanted = blobs.ToDictionary(blob => blob.Node.Descriptor.Digest, StringComparer.Ordinal);
        var brought = new HashSet<MovedBlob>(ReferenceEqualityComparer.Instance);
        await foreach ((string digest, Stream content) in
            source.ReadInOrderAsync(wanted.Keys.ToHashSet(StringComparer.Ordinal), cancellationToken).ConfigureAwait(false))
        {
            MovedBlob blob = wanted[digest];
            long position = 0;
            _ = await TakeAsync(blob, OpenOnceAsync, tally, cancellationToken).ConfigureAwait(false);
            _ = brought.Add(blob);

            async ValueTask<Stream> OpenOnceAsync(long offset, CancellationToken token)
            {
                await SkipAsync(content, offset - position, token).ConfigureAwait(false);
                position = blob.Node.Descriptor.Size; // whatever is read of it, it cannot be read again
                return content;
            }
        }

        return brought;
    }

    private static async Task SkipAsync(Stream content, long count, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        byte[] buffer = new byte[Math.Min(count, 1 << 16)];
        while (count > 0)
        {
            int read = await content.ReadAsync(buffer.AsMemory(0, (int)Math.Min(count, buffer.Length)), cancellationToken).ConfigureAwait(false);
            if (read == 0)
            {
                return;
            }

            count -= read;
        }
    }

    private async Task<bool> TakeAsync(MovedBlob blob, OpenBlob open, TransferTally tally, CancellationToken cancellationToken)
    {
        meter.Show(blob.Image);
        try
        {
            tally.Add(blob, await sink.TakeAsync(blob.Node, open, meter, cancellationToken).ConfigureAwait(false));
            Arrived?.Invoke(blob.Node);
            return true;
        }
        catch (CtrException e) when (KeepGoing && !e.IsConnectionFault)
        {
            tally.Failures[blob.Node.Descriptor.Digest] = e;
            return false;
        }
        catch (CtrException e) when (e.ErrorId is CtrErrorIds.BlobCorrupt or CtrErrorIds.BlobMissing)
        {
            throw Refuse(blob, BlobFaults.Damaged(blob.Node, blob.Manifest, blob.Source, e), e);
        }
        catch (CtrException e) when (e.ErrorId == CtrErrorIds.NotSupported)
        {
            // Neither the image nor the source is wrong: the sink does not take such a blob.
            throw new CtrException(e.ErrorId, e.Status, $"The {blob.Image} cannot be {done}. {e.Message}", e)
            {
                Target = e.Target,
                RecommendedAction = e.RecommendedAction,
            };
        }
    }

    private async Task BringInOrderAsync(IReadOnlyCollection<MovedBlob> blobs, TransferTally tally, CancellationToken cancellationToken)
    {
        var reader = new BlobReadAhead(blobs, Refuse, cancellationToken);
        await using (reader.ConfigureAwait(false))
        {
            var proofs = new Queue<Task>();
            try
            {
                foreach (MovedBlob blob in blobs)
                {
                    meter.Show(blob.Image);
                    var content = new ReadAheadStream(blob, reader, Refuse, meter);
                    try
                    {
                        OpenBlob open = (_, _) => ValueTask.FromResult<Stream>(content);
                        tally.Add(blob, await sink.TakeAsync(blob.Node, open, meter, cancellationToken).ConfigureAwait(false));
                    }
                    finally
                    {
                        proofs.Enqueue(content.Proof);
                    }

                    while (proofs.TryPeek(out Task? proven) && proven.IsCompleted)
                    {
                        await proofs.Dequeue().ConfigureAwait(false);
                    }
                }

                while (proofs.TryDequeue(out Task? proof))
                {
                    await proof.ConfigureAwait(false);
                }
            }
            finally
            {
                // Where something else went wrong already, only that nobody works on the bytes any more.
                await ((Task)Task.WhenAll(proofs)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private CtrException Refuse(MovedBlob blob, CtrBlobFault fault, CtrException? cause) =>
        BlobFaults.Refuse($"The {blob.Image} cannot be {done}", fault, cause);
}
