using System.Buffers;
using System.Text.RegularExpressions;
using Containerd.Services.Content.V1;
using CtrPS.Client.Connection;
using CtrPS.Client.Leases;
using CtrPS.Client.Oci;
using Google.Protobuf;
using Grpc.Core;

namespace CtrPS.Client.Content;

/// <summary>
/// Writes blobs into a namespace under a lease. The server proves size and digest when it commits, so bytes that are not what they should be
/// never become a blob.
/// </summary>
internal sealed partial class BlobWriter(Containerd.Services.Content.V1.Content.ContentClient client, Calls calls, Lease lease)
{
    /// <summary>Bytes in a message: what containerd's own client sends, well below the limit of 16 MiB.</summary>
    private const int ChunkSize = 1 << 20;

    /// <summary>The refs of our ingests begin so.</summary>
    public const string RefPrefix = "ctrps-";

    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(2);

    /// <summary>Writes a small document whole, in one message.</summary>
    /// <returns>Whether bytes were written; false where the blob was there already (it belongs to the lease then too).</returns>
    public Task<bool> WriteAsync(
        Descriptor blob, ReadOnlyMemory<byte> bytes, IReadOnlyDictionary<string, string> labels, CancellationToken cancellationToken) =>
        WriteAsync(
            blob,
            (offset, _) => ValueTask.FromResult<Stream>(new MemoryStream(bytes[(int)offset..].ToArray(), writable: false)),
            labels,
            null,
            keepPartial: false,
            cancellationToken);

    /// <summary>Writes a blob.</summary>
    /// <param name="blob">Digest and size that the bytes must have.</param>
    /// <param name="open">Opens the bytes where an earlier try broke off; may be called again when another writer was in the way.</param>
    /// <param name="labels">Labels for a new blob.</param>
    /// <param name="meter">Counts the bytes. Null: nobody counts.</param>
    /// <param name="keepPartial">After a broken connection, leave what was written for a later try to go on from; else it is thrown away.</param>
    /// <param name="cancellationToken">Cancels the writing.</param>
    /// <param name="reference">What to call the ingest: another client goes on with one that it knows. Null: as ours are called.</param>
    /// <returns>Whether bytes were written; false where the blob was there already (it belongs to the lease then too).</returns>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.BlobCorrupt"/> when the bytes are not the blob's.</exception>
    public async Task<bool> WriteAsync(
        Descriptor blob,
        OpenBlob open,
        IReadOnlyDictionary<string, string> labels,
        CtrTransferMeter? meter,
        bool keepPartial,
        CancellationToken cancellationToken,
        string? reference = null)
    {
        string name = reference ?? RefPrefix + blob.Digest;
        TimeSpan wait = TimeSpan.FromMilliseconds(16);
        long counted = 0;
        bool mayResume = keepPartial, refused = false;
        while (true)
        {
            try
            {
                counted = 0;
                return await WriteOnceAsync(name, blob, open, labels, mayResume, count =>
                {
                    counted += count;
                    meter?.AddDone(count);
                }, cancellationToken).ConfigureAwait(false);
            }
            catch (RpcException e) when (e.StatusCode == StatusCode.AlreadyExists)
            {
                if (await IsHeldAsync(blob.Digest, cancellationToken).ConfigureAwait(false))
                {
                    meter?.AddDone(blob.Size - counted);
                    return false;
                }

                meter?.AddDone(-counted);
            }
            catch (RpcException e) when (e.StatusCode == StatusCode.Unavailable && e.Status.Detail.Contains("locked", StringComparison.Ordinal))
            {
                // Another client writes the same blob under the same ref: look again until it is done or gone.
                meter?.AddDone(-counted);
                await Task.Delay(wait, cancellationToken).ConfigureAwait(false);
                wait = wait * 2 < LongestWait ? wait * 2 : LongestWait;
            }
            catch (ResumeRefusedException e) when (refused)
            {
                await AbortAsync(name).ConfigureAwait(false);
                throw Corrupt(blob, $"the daemon has a blob of that digest, and it is not of the {blob.Size} bytes that its descriptor says", e);
            }
            catch (ResumeRefusedException)
            {
                // What an earlier try had left is not wanted, or was not the beginning of this blob.
                meter?.AddDone(-counted);
                (mayResume, refused) = (false, true);
                await AbortAsync(name).ConfigureAwait(false);
            }
            catch (Exception e)
            {
                bool brokenOff = e is OperationCanceledException
                    or RpcException { StatusCode: StatusCode.Unavailable or StatusCode.Cancelled }
                    or CtrException { IsConnectionFault: true };
                if (!(keepPartial && brokenOff))
                {
                    await AbortAsync(name).ConfigureAwait(false);
                }

                throw Translate(e, CallSubject.Blob(blob.Digest, lease.Namespace), cancellationToken);
            }
        }
    }

    /// <summary>
    /// Brings a blob's bytes into the daemon and proves them, but does not make the blob yet: for bytes whose place is still taken by damaged
    /// ones. The next writing of the blob under the same lease ends it, without these bytes being sent again.
    /// </summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.BlobCorrupt"/> when the bytes are not the blob's: then nothing stays.</exception>
    public async Task StageAsync(Descriptor blob, Stream content, CtrTransferMeter? meter, CancellationToken cancellationToken)
    {
        string name = RefPrefix + blob.Digest;
        long counted = 0;
        await AbortAsync(name).ConfigureAwait(false); // what an earlier try may have left
        try
        {
            // Without the digest, which would only be answered with the blob that is there.
            using AsyncDuplexStreamingCall<WriteContentRequest, WriteContentResponse> call =
                client.Write(Calls.Unbounded(lease.Namespace, cancellationToken, lease.Id));
            await PutAsync(
                call, new WriteContentRequest { Action = WriteAction.Stat, Ref = name, Total = blob.Size }, cancellationToken).ConfigureAwait(false);
            _ = await NextAsync(call, cancellationToken).ConfigureAwait(false);
            using System.Security.Cryptography.IncrementalHash hash = Digests.Hash(blob.Digest);
            long size = await SendAsync(call, content, 0, chunk =>
            {
                hash.AppendData(chunk.Span);
                counted += chunk.Length;
                meter?.AddDone(chunk.Length);
            }, cancellationToken).ConfigureAwait(false);
            await call.RequestStream.CompleteAsync().ConfigureAwait(false);
            await DrainAsync(call, cancellationToken).ConfigureAwait(false);
            string actual = Digests.Of(hash, blob.Digest);
            if (size != blob.Size || actual != blob.Digest)
            {
                throw Corrupt(blob, size != blob.Size ? $"it has {size} bytes, but its descriptor says {blob.Size}" : $"its bytes hash to {actual}");
            }
        }
        catch (Exception e)
        {
            meter?.AddDone(-counted);
            await AbortAsync(name).ConfigureAwait(false);
            throw Translate(e, CallSubject.Blob(blob.Digest, lease.Namespace), cancellationToken);
        }
    }

    /// <summary>Writes bytes whose digest is not known before.</summary>
    /// <param name="name">What to call the ingest, unique.</param>
    /// <param name="mediaType">For the descriptor.</param>
    /// <param name="content">The bytes, to the end.</param>
    /// <param name="labels">Labels for a new blob.</param>
    /// <param name="cancellationToken">Cancels the writing.</param>
    /// <returns>What the bytes turned out to be.</returns>
    public async Task<Descriptor> WriteNewAsync(
        string name, string mediaType, Stream content, IReadOnlyDictionary<string, string> labels, CancellationToken cancellationToken)
    {
        string reference = RefPrefix + name;
        try
        {
            using AsyncDuplexStreamingCall<WriteContentRequest, WriteContentResponse> call =
                client.Write(Calls.Unbounded(lease.Namespace, cancellationToken, lease.Id));
            await PutAsync(
                call, new WriteContentRequest { Action = WriteAction.Stat, Ref = reference }, cancellationToken).ConfigureAwait(false);
            _ = await NextAsync(call, cancellationToken).ConfigureAwait(false);
            using var hash = System.Security.Cryptography.IncrementalHash.CreateHash(System.Security.Cryptography.HashAlgorithmName.SHA256);
            long size = await SendAsync(call, content, 0, chunk => hash.AppendData(chunk.Span), cancellationToken).ConfigureAwait(false);
            string digest = "sha256:" + Convert.ToHexStringLower(hash.GetHashAndReset());
            var blob = new Descriptor { MediaType = mediaType, Digest = digest, Size = size };
            try
            {
                await CommitAsync(call, blob, labels, cancellationToken).ConfigureAwait(false);
            }
            catch (RpcException e) when (e.StatusCode == StatusCode.AlreadyExists)
            {
                if (!await IsHeldAsync(digest, cancellationToken).ConfigureAwait(false))
                {
                    throw new CtrException(
                        CtrErrorIds.BlobMissing,
                        CtrStatus.Aborted,
                        $"The blob '{digest}' was there already in namespace '{lease.Namespace}', and another client removed it in that moment.",
                        e)
                    {
                        Target = digest,
                        RecommendedAction = "Try again.",
                    };
                }
            }

            return blob;
        }
        catch (Exception e)
        {
            await AbortAsync(reference).ConfigureAwait(false);
            throw Translate(e, new CallSubject($"a new blob in namespace '{lease.Namespace}'", name), cancellationToken);
        }
    }

    /// <summary>
    /// Whether a blob that the daemon says is there belongs to the lease. It says so without putting it there where the blob came from another client
    /// since the write began (containerd, contentserver.go), and then a collection may have taken it again.
    /// </summary>
    private async Task<bool> IsHeldAsync(string digest, CancellationToken cancellationToken)
    {
        await lease.AddBlobAsync(digest, cancellationToken).ConfigureAwait(false);
        return await calls.FindAsync(
            () => client.InfoAsync(new InfoRequest { Digest = digest }, calls.Unary(lease.Namespace, cancellationToken)),
            CallSubject.Blob(digest, lease.Namespace),
            cancellationToken).ConfigureAwait(false) is not null;
    }

    private Exception Translate(Exception e, CallSubject subject, CancellationToken cancellationToken) =>
        e is RpcException or ObjectDisposedException ? calls.Translate(e, subject, cancellationToken) : e;

    private async Task<bool> WriteOnceAsync(
        string name,
        Descriptor blob,
        OpenBlob open,
        IReadOnlyDictionary<string, string> labels,
        bool mayResume,
        Action<long> count,
        CancellationToken cancellationToken)
    {
        using AsyncDuplexStreamingCall<WriteContentRequest, WriteContentResponse> call =
            client.Write(Calls.Unbounded(lease.Namespace, cancellationToken, lease.Id));
        await PutAsync(
            call,
            new WriteContentRequest { Action = WriteAction.Stat, Ref = name, Total = blob.Size, Expected = blob.Digest },
            cancellationToken).ConfigureAwait(false);
        WriteContentResponse state = await NextAsync(call, cancellationToken).ConfigureAwait(false);

        // Beyond 0: an earlier try was broken off, or the blob is in another namespace and need not travel at all.
        long offset = state.Offset;
        if (offset > blob.Size || (offset > 0 && offset < blob.Size && !mayResume))
        {
            throw new ResumeRefusedException();
        }

        count(offset);
        if (offset < blob.Size)
        {
            Stream content = await open(offset, cancellationToken).ConfigureAwait(false);
            await using (content.ConfigureAwait(false))
            {
                long end = await SendAsync(call, content, offset, chunk => count(chunk.Length), cancellationToken).ConfigureAwait(false);
                if (end != blob.Size)
                {
                    throw Corrupt(blob, $"it has {end} bytes, but its descriptor says {blob.Size}");
                }
            }
        }

        try
        {
            await CommitAsync(call, blob, labels, cancellationToken).ConfigureAwait(false);
            return offset < blob.Size;
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.FailedPrecondition)
        {
            string? actual = ActualDigest().Match(e.Status.Detail) is { Success: true } match ? match.Value : null;
            throw actual is not null && Digests.AlgorithmOf(actual) != Digests.AlgorithmOf(blob.Digest) ? NotTaken(blob, e)
                : offset > 0 ? new ResumeRefusedException()
                : Corrupt(blob, actual is not null ? $"its bytes hash to {actual}" : $"containerd says: {e.Status.Detail}", e);
        }
    }

    /// <summary>Sends all of a stream; the answers to each message are read by <see cref="CommitAsync"/>, so that none is waited for.</summary>
    /// <returns>The offset behind the last byte.</returns>
    private async Task<long> SendAsync(
        AsyncDuplexStreamingCall<WriteContentRequest, WriteContentResponse> call,
        Stream content,
        long offset,
        Action<ReadOnlyMemory<byte>> sent,
        CancellationToken cancellationToken)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(ChunkSize);
        try
        {
            while (true)
            {
                int read = await content.ReadAtLeastAsync(
                    buffer.AsMemory(0, ChunkSize), ChunkSize, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
                if (read == 0)
                {
                    return offset;
                }

                Memory<byte> chunk = buffer.AsMemory(0, read);
                await PutAsync(
                    call,
                    new WriteContentRequest { Action = WriteAction.Write, Offset = offset, Data = UnsafeByteOperations.UnsafeWrap(chunk) },
                    cancellationToken).ConfigureAwait(false);

                offset += read;
                sent(chunk);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>
    /// Sends a message. Where the server has ended the call, its own words come: those of the broken stream only say that it broke.
    /// </summary>
    private async Task PutAsync(
        AsyncDuplexStreamingCall<WriteContentRequest, WriteContentResponse> call, WriteContentRequest message, CancellationToken cancellationToken)
    {
        try
        {
            await call.RequestStream.WriteAsync(message, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is InvalidOperationException or RpcException)
        {
            await DrainAsync(call, cancellationToken).ConfigureAwait(false);
            throw;
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            // Not an RpcException as elsewhere: this is how a connection that dies under a message being sent shows itself.
            cancellationToken.ThrowIfCancellationRequested();
            throw StatusMap.Broken(e, calls.Endpoint);
        }
    }

    private async Task CommitAsync(
        AsyncDuplexStreamingCall<WriteContentRequest, WriteContentResponse> call,
        Descriptor blob,
        IReadOnlyDictionary<string, string> labels,
        CancellationToken cancellationToken)
    {
        // Without its offset a COMMIT cuts the ingest back to nothing.
        var commit = new WriteContentRequest { Action = WriteAction.Commit, Offset = blob.Size, Total = blob.Size, Expected = blob.Digest };
        commit.Labels.Add(labels.ToDictionary());
        await PutAsync(call, commit, cancellationToken).ConfigureAwait(false);
        await call.RequestStream.CompleteAsync().ConfigureAwait(false);

        // To the end of the stream: containerd 1.6 answers a COMMIT twice, and a call left before its end is cancelled.
        await DrainAsync(call, cancellationToken).ConfigureAwait(false);
    }

    private static async Task<WriteContentResponse> NextAsync(
        AsyncDuplexStreamingCall<WriteContentRequest, WriteContentResponse> call, CancellationToken cancellationToken) =>
        await call.ResponseStream.MoveNext(cancellationToken).ConfigureAwait(false)
            ? call.ResponseStream.Current
            : throw new RpcException(new Grpc.Core.Status(StatusCode.Internal, "the server ended a write without an answer"));

    private static async Task DrainAsync(
        AsyncDuplexStreamingCall<WriteContentRequest, WriteContentResponse> call, CancellationToken cancellationToken)
    {
        while (await call.ResponseStream.MoveNext(cancellationToken).ConfigureAwait(false))
        {
        }
    }

    /// <summary>
    /// Throws an unfinished ingest away, also when our own work was cancelled. Where the daemon is gone, the lease's end takes it along.
    /// </summary>
    private async Task AbortAsync(string name)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        try
        {
            _ = await calls.FindAsync(
                () => client.AbortAsync(new AbortRequest { Ref = name }, calls.Unary(lease.Namespace, limit.Token)),
                new CallSubject($"the ingest '{name}'", name),
                limit.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is CtrException or OperationCanceledException)
        {
            // Nobody answers: the fault that brought us here is the one to tell.
        }
    }

    /// <summary>Most stores hash by sha256, whatever digest they are told to expect.</summary>
    private static CtrException NotTaken(Descriptor blob, Exception cause) => new(
        CtrErrorIds.NotSupported,
        CtrStatus.Unimplemented,
        $"This containerd's store takes digests of sha256 only, and the blob '{blob.Digest}' has one of {Digests.AlgorithmOf(blob.Digest)}.",
        cause)
    {
        Target = blob.Digest,
        RecommendedAction = "Build or convert the image anew with digests of sha256.",
    };

    private static CtrException Corrupt(Descriptor blob, string fault, Exception? cause = null) =>
        new(CtrErrorIds.BlobCorrupt, CtrStatus.DataLoss, $"The blob '{blob.Digest}' is corrupt: {fault}.", cause) { Target = blob.Digest };

    [GeneratedRegex("(?<=unexpected commit digest )sha[0-9]+:[0-9a-f]+", RegexOptions.CultureInvariant)]
    private static partial Regex ActualDigest();

    /// <summary>The bytes of an earlier try are in the way.</summary>
    private sealed class ResumeRefusedException() : Exception("what an earlier try left of the blob cannot be gone on from");
}
