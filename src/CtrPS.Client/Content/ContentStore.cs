using Containerd.Services.Content.V1;
using CtrPS.Client.Introspection;
using CtrPS.Client.Oci;
using CtrPS.Client.Transport;
using Google.Protobuf;
using Grpc.Net.Client;

namespace CtrPS.Client.Content;

/// <summary>The blobs of containerd.</summary>
internal sealed class ContentStore(GrpcChannel channel, Calls calls, ServerFacts server)
{
    private readonly Containerd.Services.Content.V1.Content.ContentClient _client = new(channel);

    /// <summary>The digests of all blobs in a namespace.</summary>
    public async Task<IReadOnlySet<string>> ListDigestsAsync(string @namespace, CancellationToken cancellationToken)
    {
        var digests = new HashSet<string>(StringComparer.Ordinal);
        var subject = new CallSubject($"the content of namespace '{@namespace}'", @namespace);
        await foreach (ListContentResponse message in calls.ReadAsync(
            () => _client.List(new ListContentRequest(), Calls.Unbounded(@namespace, cancellationToken)), subject, cancellationToken).ConfigureAwait(false))
        {
            foreach (Info info in message.Info)
            {
                _ = digests.Add(info.Digest);
            }
        }

        return digests;
    }

    /// <summary>Whether a blob is in the namespace.</summary>
    public async Task<bool> ExistsAsync(string @namespace, string digest, CancellationToken cancellationToken) =>
        await calls.FindAsync(
            () => _client.InfoAsync(new InfoRequest { Digest = digest }, calls.Unary(@namespace, cancellationToken)), CallSubject.Blob(digest, @namespace), cancellationToken).ConfigureAwait(false) is not null;

    /// <summary>Reads a small blob whole: a manifest, an index, a config.</summary>
    /// <exception cref="CtrException">
    /// <see cref="CtrErrorIds.BlobMissing"/>; <see cref="CtrErrorIds.BlobCorrupt"/> when it has more than <see cref="ManifestDocument.MaxSize"/> bytes.
    /// </exception>
    public async Task<ReadOnlyMemory<byte>> ReadAsync(string @namespace, Descriptor blob, CancellationToken cancellationToken)
    {
        if (blob.Size > ManifestDocument.MaxSize)
        {
            throw TooLarge(blob.Digest);
        }

        if (calls.Endpoint.Transport == CtrTransport.UnixSocket
            && await server.GetContentRootAsync(cancellationToken).ConfigureAwait(false) is { } root
            && LocalBlobs.TryRead(root, blob) is { } local)
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

    private static CtrException TooLarge(string digest) =>
        new(CtrErrorIds.BlobCorrupt, CtrStatus.DataLoss, $"The blob '{digest}' has more than {ManifestDocument.MaxSize} bytes: too many for a manifest or a config.") { Target = digest };
}
