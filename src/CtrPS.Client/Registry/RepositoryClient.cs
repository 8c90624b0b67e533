using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using CtrPS.Client.Oci;

namespace CtrPS.Client.Registry;

/// <summary>One repository at the hosts that serve it: what tags stand for, manifests and blobs. Safe for concurrent use.</summary>
/// <param name="hosts">The hosts, in the order of asking.</param>
/// <param name="reference">The image.</param>
/// <param name="options">How they are spoken to.</param>
/// <param name="ranges">The memory for ranges of large blobs. Null: a blob comes over one connection.</param>
internal sealed class RepositoryClient(
    IReadOnlyList<RegistryHost> hosts, CtrImageReference reference, CtrRegistryOptions options, RangeBuffers? ranges = null)
{
    public const string DigestHeader = "Docker-Content-Digest";

    /// <summary>All kinds of manifests, as containerd's resolver asks for them.</summary>
    public const string ManifestTypes =
        $"{MediaTypes.DockerManifest}, {MediaTypes.DockerManifestList}, {MediaTypes.OciManifest}, {MediaTypes.OciIndex}, */*";

    private const string Schema1 = "application/vnd.docker.distribution.manifest.v1";

    private RegistryHost? _served;

    public CtrImageReference Reference => reference;

    public CtrRegistryOptions Options => options;

    /// <summary>The memory for ranges of large blobs. Null: a blob comes over one connection.</summary>
    public RangeBuffers? Ranges => ranges;

    /// <summary>The image in words.</summary>
    public string What => $"image '{reference}'";

    /// <summary>The host that gave the last answer that was wanted. Null: none did yet.</summary>
    public RegistryHost? Served => Volatile.Read(ref _served);

    /// <summary>Asks what a tag or a digest stands for.</summary>
    /// <param name="object">The tag or the digest.</param>
    /// <param name="cancellationToken">Ends the asking.</param>
    /// <exception cref="CtrException">
    /// <see cref="CtrErrorIds.RemoteImageNotFound"/>, <see cref="CtrErrorIds.RegistryDenied"/> and the others of registries: of several hosts that
    /// of who came furthest.
    /// </exception>
    public Task<Descriptor> ResolveAsync(string @object, CancellationToken cancellationToken)
    {
        bool isDigest = @object.Contains(':', StringComparison.Ordinal);
        return AskAsync(
            isDigest ? RegistryCapabilities.Pull : RegistryCapabilities.Pull | RegistryCapabilities.Resolve,
            (host, isLast) => ResolveAtAsync(host, @object, isDigest ? @object : null, isLast, cancellationToken));
    }

    /// <summary>
    /// Finds a blob or a manifest by its digest: how large it is, and its media type where it is a manifest. Registries keep the two apart, and a
    /// digest alone does not tell which it is.
    /// </summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.BlobMissing"/>: no host has it; and the registry's faults.</exception>
    public async Task<(Descriptor Found, bool IsManifest)> FindAsync(string digest, CancellationToken cancellationToken)
    {
        try
        {
            return await AskAsync(RegistryCapabilities.Pull, async (host, isLast) =>
                await FindBlobAtAsync(host, digest, isLast, cancellationToken).ConfigureAwait(false) is { } blob
                    ? (blob, false)
                    : (await ResolveAtAsync(host, digest, digest, isLast, cancellationToken).ConfigureAwait(false), true)).ConfigureAwait(false);
        }
        catch (CtrException e) when (e.ErrorId == CtrErrorIds.RemoteImageNotFound)
        {
            throw RegistryFaults.NoBlob(reference, digest, e);
        }
    }

    /// <summary>Reads a manifest, an index or another small blob whole, and proves its bytes.</summary>
    public Task<ReadOnlyMemory<byte>> ReadAsync(Descriptor blob, CancellationToken cancellationToken) =>
        ReadAsync(blob, MediaTypes.IsIndex(blob.MediaType) || MediaTypes.IsManifest(blob.MediaType), cancellationToken);

    /// <summary>As the other, for who knows whether it is a manifest: those of some artifacts are of media types that nobody knows.</summary>
    public Task<ReadOnlyMemory<byte>> ReadAsync(Descriptor blob, bool isManifest, CancellationToken cancellationToken) =>
        blob.Size > ManifestDocument.MaxSize
            ? throw new CtrException(
                CtrErrorIds.BlobCorrupt,
                CtrStatus.ResourceExhausted,
                $"The blob '{blob.Digest}' is to be read whole, and has {blob.Size} bytes: more than {ManifestDocument.MaxSize}.")
            {
                Target = blob.Digest,
            }
            : AskAsync(RegistryCapabilities.Pull, async (host, isLast) =>
            {
                RegistryRequest request = Request(
                    HttpMethod.Get, $"{(isManifest ? "manifests" : "blobs")}/{blob.Digest}", host, $"{blob.MediaType}, */*");
                using HttpResponseMessage response = await SendAsync(host, request, isLast, cancellationToken).ConfigureAwait(false);
                byte[] bytes = await ReadBodyAsync(host, response, blob.Size, cancellationToken).ConfigureAwait(false);
                Digests.Require(blob, bytes, $"the registry at {RegistryFaults.Show(host.Root)}");
                return bytes.Length == blob.Size ? (ReadOnlyMemory<byte>)bytes : throw new CtrException(
                    CtrErrorIds.BlobCorrupt,
                    CtrStatus.DataLoss,
                    $"The blob '{blob.Digest}' has {bytes.Length} bytes at {RegistryFaults.Show(host.Root)}, where its descriptor says {blob.Size}.")
                {
                    Target = blob.Digest,
                };
            });

    /// <summary>Opens a blob at an offset, at the first host that has it.</summary>
    /// <param name="blob">The blob.</param>
    /// <param name="offset">The first byte.</param>
    /// <param name="end">Behind the last byte. Null: all.</param>
    /// <param name="cancellationToken">Ends the opening.</param>
    public Task<BlobBody> OpenAsync(Descriptor blob, long offset, long? end, CancellationToken cancellationToken) =>
        AskAsync(RegistryCapabilities.Pull, async (host, isLast) =>
        {
            bool isPart = (offset > 0 || end is not null) && !host.KnowsNoParts;
            RegistryRequest whole = BlobRequest(blob, host);
            HttpResponseMessage response;
            try
            {
                response = await host.SendAsync(
                    isPart ? whole with { Range = new RangeHeaderValue(offset, end - 1) } : whole, isLast, cancellationToken).ConfigureAwait(false);
            }
            catch (CtrException e) when (isPart && e.InnerException is TimeoutException)
            {
                host.KnowsNoParts = true; // some hang then
                response = await host.SendAsync(whole, isLast, cancellationToken).ConfigureAwait(false);
            }

            try
            {
                if (response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable && isPart)
                {
                    response.Dispose();
                    response = await host.SendAsync(whole, isLast, cancellationToken).ConfigureAwait(false);
                }

                return response.IsSuccessStatusCode
                    ? await BlobBody.OfAsync(blob, host.Root, response, offset, end ?? blob.Size, cancellationToken).ConfigureAwait(false)
                    : throw await RegistryFaults.AnsweredAsync(whole.What, host.Root, response, cancellationToken).ConfigureAwait(false);
            }
            catch
            {
                response.Dispose();
                throw;
            }
        });

    /// <summary>Opens a range of a blob, at the first host that has it and gives ranges: what comes is that range, or an error.</summary>
    /// <param name="blob">The blob.</param>
    /// <param name="offset">The first byte.</param>
    /// <param name="end">Behind the last byte.</param>
    /// <param name="cancellationToken">Ends the opening.</param>
    public Task<BlobBody> OpenRangeAsync(Descriptor blob, long offset, long end, CancellationToken cancellationToken) =>
        AskAsync(RegistryCapabilities.Pull, async (host, isLast) =>
        {
            RegistryRequest request = BlobRequest(blob, host) with { Range = new RangeHeaderValue(offset, end - 1) };
            if (host.KnowsNoParts || host.IgnoresRanges)
            {
                throw RegistryFaults.Broken(request.What, host.Root, "it gives no ranges.");
            }

            HttpResponseMessage response = await SendAsync(host, request, isLast, cancellationToken).ConfigureAwait(false);
            try
            {
                host.IgnoresRanges |= response.StatusCode == HttpStatusCode.OK;
                return response.StatusCode == HttpStatusCode.PartialContent && response.Content.Headers.ContentEncoding.Count == 0
                    && response.Content.Headers.ContentRange is { } range && range.From == offset && range.To == end - 1
                    ? await BlobBody.OfAsync(blob, host.Root, response, offset, end, cancellationToken).ConfigureAwait(false)
                    : throw RegistryFaults.Broken(request.What, host.Root, $"it was asked for the bytes {offset} to {end - 1}, and sends others.");
            }
            catch
            {
                response.Dispose();
                throw;
            }
        });

    /// <summary>A request to the repository at a host.</summary>
    public RegistryRequest Request(HttpMethod method, string path, RegistryHost host, string? accept = null) => new()
    {
        Method = method,
        Path = $"{reference.Repository}/{path}",
        Query = host.Endpoint.IsMirror && method != HttpMethod.Post && method != HttpMethod.Put
            ? "ns=" + Uri.EscapeDataString(reference.Registry)
            : "",
        Scopes = [$"repository:{reference.Repository}:pull"],
        Accept = accept,
        What = What,
    };

    private RegistryRequest BlobRequest(Descriptor blob, RegistryHost host) =>
        Request(HttpMethod.Get, $"blobs/{blob.Digest}", host, $"{blob.MediaType}, */*") with { What = $"blob '{blob.Digest}'" };

    /// <summary>The host that takes uploads: the first that may.</summary>
    public RegistryHost PushHost => HostChain.ToChange(hosts, reference.Registry);

    /// <summary>Asks one host after the other, those last that did not answer a moment ago.</summary>
    public async Task<T> AskAsync<T>(RegistryCapabilities wanted, Func<RegistryHost, bool, Task<T>> ask)
    {
        (T answer, RegistryHost served) = await HostChain.AskAsync(hosts, reference.Registry, wanted, ask).ConfigureAwait(false);
        Volatile.Write(ref _served, served);
        return answer;
    }

    /// <summary>Sends a request, and makes an error of what is no success.</summary>
    public static async Task<HttpResponseMessage> SendAsync(
        RegistryHost host, RegistryRequest request, bool isLast, CancellationToken cancellationToken)
    {
        HttpResponseMessage response = await host.SendAsync(request, isLast, cancellationToken).ConfigureAwait(false);
        if (response.IsSuccessStatusCode)
        {
            return response;
        }

        using (response)
        {
            throw await RegistryFaults.AnsweredAsync(request.What, host.Root, response, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>A blob at a host. Null: there is none, and it may be a manifest.</summary>
    private async Task<Descriptor?> FindBlobAtAsync(RegistryHost host, string digest, bool isLast, CancellationToken cancellationToken)
    {
        RegistryRequest request = Request(HttpMethod.Head, $"blobs/{digest}", host) with { What = $"blob '{digest}'" };

        // Where HEAD is refused (by a store that it is led to, mostly) or tells no size, the head of GET does.
        foreach (HttpMethod method in new[] { HttpMethod.Head, HttpMethod.Get })
        {
            using HttpResponseMessage response =
                await host.SendAsync(request with { Method = method }, isLast, cancellationToken).ConfigureAwait(false);
            if (response.StatusCode == HttpStatusCode.NotFound)
            {
                return null;
            }

            if (response.IsSuccessStatusCode && response.Content.Headers is { ContentEncoding.Count: 0, ContentLength: { } size })
            {
                return new Descriptor { MediaType = "application/octet-stream", Digest = digest, Size = size };
            }

            if (method == HttpMethod.Get && !response.IsSuccessStatusCode)
            {
                throw await RegistryFaults.AnsweredAsync(request.What, host.Root, response, cancellationToken).ConfigureAwait(false);
            }
        }

        throw RegistryFaults.Broken(request.What, host.Root, "it does not say how large it is.");
    }

    private async Task<Descriptor> ResolveAtAsync(
        RegistryHost host, string @object, string? digest, bool isLast, CancellationToken cancellationToken)
    {
        RegistryRequest request = Request(HttpMethod.Head, $"manifests/{@object}", host, ManifestTypes);
        using (HttpResponseMessage head = await host.SendAsync(request, isLast, cancellationToken).ConfigureAwait(false))
        {
            if (head.IsSuccessStatusCode && DigestOf(head) is { } told && head.Content.Headers.ContentLength is > 0 and { } size)
            {
                return Make(host, head, digest ?? told, size);
            }

            // An error's body comes with GET only; some registries know no HEAD, or leave out what it is for.
            if (!head.IsSuccessStatusCode && head.StatusCode is not (HttpStatusCode.MethodNotAllowed or HttpStatusCode.BadRequest
                or HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden or HttpStatusCode.NotFound or HttpStatusCode.NotImplemented))
            {
                throw await RegistryFaults.AnsweredAsync(What, host.Root, head, cancellationToken).ConfigureAwait(false);
            }
        }

        using HttpResponseMessage response =
            await SendAsync(host, request with { Method = HttpMethod.Get }, isLast, cancellationToken).ConfigureAwait(false);
        byte[] bytes = await ReadBodyAsync(host, response, null, cancellationToken).ConfigureAwait(false);
        string actual = "sha256:" + Convert.ToHexStringLower(SHA256.HashData(bytes));
        string? wanted = digest ?? DigestOf(response);
        return wanted is not null && Digests.AlgorithmOf(wanted) == "sha256" && wanted != actual
            ? throw RegistryFaults.Broken(What, host.Root, $"the manifest's bytes hash to {actual}, not to {wanted}.")
            : Make(host, response, wanted ?? actual, bytes.Length);
    }

    private Descriptor Make(RegistryHost host, HttpResponseMessage response, string digest, long size)
    {
        string mediaType = response.Content.Headers.ContentType?.MediaType ?? "";
        return mediaType.StartsWith(Schema1, StringComparison.Ordinal)
            ? throw new CtrException(
                CtrErrorIds.NotSupported,
                CtrStatus.Unimplemented,
                $"The {What} at {RegistryFaults.Show(host.Root)} is of docker's schema 1, which containerd no longer reads.")
            {
                Target = reference.ToString(),
                RecommendedAction = "Have it pushed anew by a docker of this decade.",
            }
            : size > ManifestDocument.MaxSize
            ? throw RegistryFaults.Broken(What, host.Root, $"its manifest has {size} bytes, more than {ManifestDocument.MaxSize}.")
            : new Descriptor { MediaType = mediaType, Digest = digest, Size = size };
    }

    private async Task<byte[]> ReadBodyAsync(RegistryHost host, HttpResponseMessage response, long? size, CancellationToken cancellationToken)
    {
        using var stall = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        stall.CancelAfter(options.StallTimeout);
        try
        {
            Stream body = await BlobBody.PlainAsync(response, stall.Token).ConfigureAwait(false);
            await using (body.ConfigureAwait(false))
            {
                long limit = size ?? ManifestDocument.MaxSize;
                var whole = new MemoryStream();
                byte[] buffer = new byte[64 << 10];
                while (await body.ReadAsync(buffer, stall.Token).ConfigureAwait(false) is > 0 and var read)
                {
                    if (whole.Length + read > limit)
                    {
                        throw new CtrException(
                            CtrErrorIds.BlobCorrupt,
                            CtrStatus.DataLoss,
                            $"The registry at {RegistryFaults.Show(host.Root)} sends more than the {limit} bytes that a part of the {What} "
                                + $"{(size is null ? "may have" : "has")}.")
                        {
                            Target = reference.ToString(),
                        };
                    }

                    whole.Write(buffer, 0, read);
                }

                return whole.ToArray();
            }
        }
        catch (Exception e) when (e is IOException or HttpRequestException or InvalidDataException
            || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            throw RegistryFaults.Unreachable(What, host.Root, e);
        }
    }

    /// <summary>The digest that an answer names, if it is one.</summary>
    private static string? DigestOf(HttpResponseMessage response) =>
        response.Headers.TryGetValues(DigestHeader, out IEnumerable<string>? values)
            && values.FirstOrDefault() is { } digest && Digests.IsValid(digest)
            ? digest
            : null;
}
