using System.Runtime.CompilerServices;
using Containerd.Services.Content.V1;
using CtrPS.Client.Connection;
using CtrPS.Client.Leases;
using CtrPS.Client.Oci;
using CtrPS.Client.Server;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Grpc.Net.Client;

namespace CtrPS.Client.Content;

/// <summary>The blobs of containerd.</summary>
internal sealed class ContentStore(GrpcChannel channel, Calls calls, ServerFacts server, DaemonMachine machine)
{
    /// <summary>Bytes of a blob that are asked for at a time: no more than the window of a stream is to begin with.</summary>
    private const int PieceSize = 2 << 20;

    /// <summary>Pieces that are on their way at the most, beside the one that is read.</summary>
    private const int MostAhead = 8;

    /// <summary>About how long a fast network takes for a piece.</summary>
    private static readonly TimeSpan PieceTime = TimeSpan.FromMilliseconds(5);

    private readonly Containerd.Services.Content.V1.Content.ContentClient _client = new(channel);
    private readonly CallInvoker _invoker = channel.CreateCallInvoker();

    /// <summary>All blobs of a namespace, in no order.</summary>
    /// <param name="namespace">The namespace.</param>
    /// <param name="filters">containerd's filters (fields digest, size, labels); a blob that matches one of them counts. Empty: all.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public async IAsyncEnumerable<BlobInfo> ListAsync(
        string @namespace, IReadOnlyList<string> filters, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var request = new ListContentRequest();
        request.Filters.AddRange(filters);
        var subject = new CallSubject($"the content of namespace '{@namespace}'", @namespace);
        await foreach (ListContentResponse message in calls.ReadAsync(
            () => _client.List(request, Calls.Unbounded(@namespace, cancellationToken)), subject, cancellationToken).ConfigureAwait(false))
        {
            foreach (Info info in message.Info)
            {
                yield return BlobInfo.From(info);
            }
        }
    }

    /// <summary>All blobs in a namespace, by digest.</summary>
    public async Task<IReadOnlyDictionary<string, BlobInfo>> ListByDigestAsync(string @namespace, CancellationToken cancellationToken)
    {
        var blobs = new Dictionary<string, BlobInfo>(StringComparer.Ordinal);
        await foreach (BlobInfo blob in ListAsync(@namespace, [], cancellationToken).ConfigureAwait(false))
        {
            blobs[blob.Digest] = blob;
        }

        return blobs;
    }

    /// <summary>The digests and sizes of all blobs in a namespace.</summary>
    public async Task<IReadOnlyDictionary<string, long>> ListSizesAsync(string @namespace, CancellationToken cancellationToken)
    {
        var sizes = new Dictionary<string, long>(StringComparer.Ordinal);
        await foreach (BlobInfo blob in ListAsync(@namespace, [], cancellationToken).ConfigureAwait(false))
        {
            sizes[blob.Digest] = blob.Size;
        }

        return sizes;
    }

    /// <summary>What the namespace knows of a blob. Null where it is not there.</summary>
    public async Task<BlobInfo?> FindAsync(string @namespace, string digest, CancellationToken cancellationToken)
    {
        InfoResponse? response = await calls.FindAsync(
            () => _client.InfoAsync(new InfoRequest { Digest = digest }, calls.Unary(@namespace, cancellationToken)),
            CallSubject.Blob(digest, @namespace),
            cancellationToken).ConfigureAwait(false);
        return response is null ? null : BlobInfo.From(response.Info);
    }

    /// <summary>
    /// Whether the bytes that the metadata promises are really there: reads the last one. A power loss or a hand in the content folder leaves
    /// records without their file, or with a part of it.
    /// </summary>
    /// <returns>Null where they are there; else why not.</returns>
    public async Task<CtrException?> ProbeAsync(string @namespace, string digest, long size, CancellationToken cancellationToken)
    {
        CallSubject subject = CallSubject.Blob(digest, @namespace);
        var request = new ReadContentRequest { Digest = digest, Offset = Math.Max(size - 1, 0), Size = Math.Min(size, 1) };
        try
        {
            long read = 0;
            await foreach (ReadContentResponse message in calls.ReadAsync(
                () => _client.Read(request, Calls.Unbounded(@namespace, cancellationToken)), subject, cancellationToken).ConfigureAwait(false))
            {
                read += message.Data.Length;
            }

            return read == request.Size ? null : Lost(digest, @namespace, null);
        }
        catch (CtrException e) when (!e.IsConnectionFault)
        {
            return Lost(digest, @namespace, e);
        }
    }

    /// <summary>Opens a blob of any size through the daemon.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.BlobMissing"/> with the first read.</exception>
    public Stream Open(string @namespace, string digest, long size, CancellationToken cancellationToken, long offset = 0) =>
        new BlobReadStream(ReadPiecesAsync(@namespace, digest, size, offset, cancellationToken), size - offset, cancellationToken);

    /// <summary>
    /// Reads a blob piece by piece, a call each, some asked for ahead: .NET widens the window of an HTTP/2 stream to 16 MiB while it lasts, and the
    /// daemon fills it, read or not. One piece ahead is enough where the daemon is near; the farther it is, the more are on their way. The last piece
    /// is all that is left, so that what is too long shows.
    /// </summary>
    private async IAsyncEnumerable<ContentChunk> ReadPiecesAsync(
        string @namespace, string digest, long size, long offset, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var pieces = new Queue<Piece>([Begin(offset)]);
        long asked = offset + PieceSize;
        double ahead = Math.Clamp(calls.Distance / PieceTime, 1, MostAhead);
        try
        {
            while (pieces.TryPeek(out Piece? piece))
            {
                for (; pieces.Count <= ahead && asked < size; asked += PieceSize)
                {
                    pieces.Enqueue(Begin(asked));
                }

                long read = 0;
                for (bool more = await piece.First.ConfigureAwait(false); more; more = await piece.Chunks.MoveNextAsync().ConfigureAwait(false))
                {
                    read += piece.Chunks.Current.Bytes.Length;
                    yield return piece.Chunks.Current;
                }

                await piece.Chunks.DisposeAsync().ConfigureAwait(false);
                _ = pieces.Dequeue();
                if (read < PieceSize)
                {
                    yield break; // the last one, or the blob is cut: who takes the bytes says so
                }
            }
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            foreach (Piece left in pieces)
            {
                await ((Task)left.First).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                await left.Chunks.DisposeAsync().ConfigureAwait(false);
            }
        }

        Piece Begin(long from)
        {
            var request = new ReadContentRequest { Digest = digest, Offset = from, Size = from + PieceSize < size ? PieceSize : 0 };
            IAsyncEnumerator<ContentChunk> chunks = calls.ReadAsync(
                () => ContentChunk.Read(_invoker, request, Calls.Unbounded(@namespace, stop.Token)),
                CallSubject.Blob(digest, @namespace),
                stop.Token).GetAsyncEnumerator(stop.Token);
            return new Piece(chunks, chunks.MoveNextAsync().AsTask());
        }
    }

    /// <summary>
    /// Opens a blob of any size where it is read fastest: the file itself where the daemon is on this machine (a call costs several times the
    /// work), else through a call. Whoever takes the bytes proves them.
    /// </summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.BlobMissing"/> with the first read.</exception>
    public async ValueTask<Stream> OpenNearestAsync(string @namespace, Descriptor blob, long offset, CancellationToken cancellationToken) =>
        await LocalRootAsync(cancellationToken).ConfigureAwait(false) is { } root && LocalBlobs.TryOpen(root, blob, offset) is { } file
            ? file
            : Open(@namespace, blob.Digest, blob.Size, cancellationToken, offset);

    /// <summary>Adds or changes labels of a blob; an empty value removes one, others stay.</summary>
    public async Task SetLabelsAsync(
        string @namespace, string digest, IReadOnlyDictionary<string, string> labels, CancellationToken cancellationToken)
    {
        var request = new UpdateRequest { Info = new Info { Digest = digest }, UpdateMask = new FieldMask() };
        request.Info.Labels.Add(labels.ToDictionary());
        request.UpdateMask.Paths.AddRange(labels.Keys.Select(key => "labels." + key));
        _ = await calls.InvokeAsync(
            () => _client.UpdateAsync(request, calls.Unary(@namespace, cancellationToken)),
            CallSubject.Blob(digest, @namespace),
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Deletes a blob, whoever may still need it. One that is not there is no error.</summary>
    public async Task DeleteAsync(string @namespace, string digest, CancellationToken cancellationToken) => _ = await calls.FindAsync(
        () => _client.DeleteAsync(new DeleteContentRequest { Digest = digest }, calls.Unary(@namespace, cancellationToken)),
        CallSubject.Blob(digest, @namespace),
        cancellationToken).ConfigureAwait(false);

    /// <summary>The unfinished writes of ours in a namespace.</summary>
    public async Task<IReadOnlyList<Ingest>> ListIngestsAsync(string @namespace, CancellationToken cancellationToken)
    {
        ListStatusesResponse response = await calls.InvokeAsync(
            () => _client.ListStatusesAsync(new ListStatusesRequest(), calls.Unary(@namespace, cancellationToken)),
            new CallSubject($"the unfinished writes of namespace '{@namespace}'", @namespace),
            cancellationToken).ConfigureAwait(false);
        return [
            .. response.Statuses
                .Where(status => status.Ref.StartsWith(BlobWriter.RefPrefix, StringComparison.Ordinal))
                .Select(status => new Ingest(status.Ref, status.Offset, WireTime.ToTime(status.StartedAt))),
        ];
    }

    /// <summary>Throws an unfinished write away. One that is gone already is no error.</summary>
    public async Task AbortAsync(string @namespace, string reference, CancellationToken cancellationToken) => _ = await calls.FindAsync(
        () => _client.AbortAsync(new AbortRequest { Ref = reference }, calls.Unary(@namespace, cancellationToken)),
        new CallSubject($"the unfinished write '{reference}' in namespace '{@namespace}'", reference),
        cancellationToken).ConfigureAwait(false);

    /// <summary>Writes blobs into a lease's namespace.</summary>
    public BlobWriter Writer(Lease lease) => new(_client, calls, lease);

    /// <summary>Reads a small blob whole: a manifest, an index, a config.</summary>
    /// <exception cref="CtrException">
    /// <see cref="CtrErrorIds.BlobMissing"/>; <see cref="CtrErrorIds.BlobCorrupt"/> when it has more than <see cref="ManifestDocument.MaxSize"/>
    /// bytes.
    /// </exception>
    public async Task<ReadOnlyMemory<byte>> ReadAsync(string @namespace, Descriptor blob, CancellationToken cancellationToken)
    {
        if (blob.Size > ManifestDocument.MaxSize)
        {
            throw TooLarge(blob.Digest);
        }

        if (await LocalRootAsync(cancellationToken).ConfigureAwait(false) is { } root && LocalBlobs.TryRead(root, blob) is { } local)
        {
            return local;
        }

        var parts = new List<ByteString>(1);
        long total = 0;
        await foreach (ReadContentResponse message in calls.ReadAsync(
            () => _client.Read(new ReadContentRequest { Digest = blob.Digest }, Calls.Unbounded(@namespace, cancellationToken)),
            CallSubject.Blob(blob.Digest, @namespace),
            cancellationToken).ConfigureAwait(false))
        {
            total += message.Data.Length;
            if (total > ManifestDocument.MaxSize)
            {
                throw TooLarge(blob.Digest);
            }

            parts.Add(message.Data);
        }

        return parts.Count == 1 ? parts[0].Memory : parts.SelectMany(part => part).ToArray();
    }

    /// <summary>The folder of the content store, where the daemon is on this machine and not only its socket.</summary>
    private async ValueTask<string?> LocalRootAsync(CancellationToken cancellationToken) =>
        await machine.IsLocalAsync(cancellationToken).ConfigureAwait(false)
        ? await server.GetContentRootAsync(cancellationToken).ConfigureAwait(false)
        : null;

    private static CtrException Lost(string digest, string @namespace, Exception? cause) => new(
        CtrErrorIds.BlobCorrupt,
        CtrStatus.DataLoss,
        $"The blob '{digest}' is known in namespace '{@namespace}', but its bytes are lost or cut off on the disk.",
        cause)
    {
        Target = digest,
    };

    private static CtrException TooLarge(string digest) => new(
        CtrErrorIds.BlobCorrupt,
        CtrStatus.DataLoss,
        $"The blob '{digest}' has more than {ManifestDocument.MaxSize} bytes: too many for a manifest or a config.")
    {
        Target = digest,
    };

    /// <param name="Chunks">What the daemon answers.</param>
    /// <param name="First">Whether it answers with anything.</param>
    private sealed record Piece(IAsyncEnumerator<ContentChunk> Chunks, Task<bool> First);
}
