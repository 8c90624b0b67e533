using Containerd.Services.Content.V1;
using Containerd.Services.Images.V1;
using CtrPS.Client.Connection;
using CtrPS.Client.Leases;
using CtrPS.Client.Oci;
using Google.Protobuf.WellKnownTypes;
using Grpc.Net.Client;

namespace CtrPS.Client.Content;

/// <inheritdoc/>
internal sealed class ContentRecords(GrpcChannel channel, Calls calls, ContentStore content, LeaseStore leases) : IContentRecords
{
    /// <summary>Documents read at the same time.</summary>
    private const int Concurrency = 16;

    private readonly Containerd.Services.Content.V1.Content.ContentClient _client = new(channel);
    private readonly Containerd.Services.Images.V1.Images.ImagesClient _images = new(channel);

    public async Task<IReadOnlyList<CtrContent>> ListAsync(string @namespace, bool mediaTypes, CancellationToken cancellationToken)
    {
        var infos = new List<Info>();
        await foreach (ListContentResponse message in calls.ReadAsync(
            () => _client.List(new ListContentRequest(), Calls.Unbounded(@namespace, cancellationToken)),
            new CallSubject($"the content of namespace '{@namespace}'", @namespace),
            cancellationToken).ConfigureAwait(false))
        {
            infos.AddRange(message.Info);
        }

        if (infos.Count == 0)
        {
            return [];
        }

        ListImagesResponse images = await calls.InvokeAsync(
            () => _images.ListAsync(new ListImagesRequest(), calls.Unary(@namespace, cancellationToken)),
            new CallSubject($"the images of namespace '{@namespace}'", @namespace),
            cancellationToken).ConfigureAwait(false);
        Dictionary<string, string> targets = images.Images.DistinctBy(image => image.Target.Digest)
            .ToDictionary(image => image.Target.Digest, image => image.Target.MediaType, StringComparer.Ordinal);
        Dictionary<string, CtrContentKind> named = NamedByOthers(infos);
        CtrContent[] all =
        [
            .. infos.OrderBy(info => info.Digest, StringComparer.Ordinal).Select(info =>
            {
                CtrContent one = ToContent(info, @namespace);
                one.Kind = one.Kind != CtrContentKind.Unknown ? one.Kind
                    : targets.TryGetValue(info.Digest, out string? type) && KindOf(type) is var kind and not CtrContentKind.Unknown ? kind
                    : named.GetValueOrDefault(info.Digest);
                return one;
            }),
        ];
        if (mediaTypes)
        {
            Dictionary<string, string> types = await ReadTypesAsync(@namespace, all, targets, cancellationToken).ConfigureAwait(false);
            foreach (CtrContent one in all)
            {
                one.MediaType = types.GetValueOrDefault(one.Digest);
            }
        }

        return all;
    }

    public async Task<CtrContent?> FindAsync(string @namespace, string digest, CancellationToken cancellationToken)
    {
        Digests.Require(digest);
        InfoResponse? response = await calls.FindAsync(
            () => _client.InfoAsync(new InfoRequest { Digest = digest }, calls.Unary(@namespace, cancellationToken)),
            CallSubject.Content(digest, @namespace),
            cancellationToken).ConfigureAwait(false);
        return response is null ? null : ToContent(response.Info, @namespace);
    }

    public async Task<Stream> OpenAsync(CtrContent one, long offset, long count, CancellationToken cancellationToken)
    {
        var blob = new Descriptor { MediaType = "", Digest = one.Digest, Size = one.Size };
        Stream bytes = await content.OpenNearestAsync(one.Namespace, blob, offset, cancellationToken).ConfigureAwait(false);
        return BlobRange.OfNamespace(bytes, blob, offset, count, one.Namespace);
    }

    public async Task<CtrContent> AddAsync(CtrContentRequest request, CtrTransferMeter meter, CancellationToken cancellationToken)
    {
        meter.SetTotal(request.Size);
        meter.Show("Hashing");
        string digest = await HashAsync(request, cancellationToken).ConfigureAwait(false);
        if (request.ExpectedDigest is { } expected && expected != digest)
        {
            throw new CtrException(
                CtrErrorIds.BlobCorrupt,
                CtrStatus.DataLoss,
                $"The {request.Size} bytes hash to {digest}, and {expected} was expected. Nothing was written.")
            {
                Target = expected,
            };
        }

        meter.Show("Writing");
        var blob = new Descriptor { MediaType = "", Digest = digest, Size = request.Size };
        if (request.Lease is { } given)
        {
            await leases.RequireAsync(request.Namespace, given, cancellationToken).ConfigureAwait(false);
            return await WriteAsync(new Lease(leases, request.Namespace, given), request, blob, meter, cancellationToken).ConfigureAwait(false);
        }

        // A write dies with its lease: one that is to be gone on with needs a lease that waits for that.
        string? work = request.Ref is null ? null : digest[(digest.IndexOf(':', StringComparison.Ordinal) + 1)..];
        Lease lease = await leases.CreateAsync(request.Namespace, work, cancellationToken).ConfigureAwait(false);
        await using (lease.ConfigureAwait(false))
        {
            try
            {
                CtrContent added = await WriteAsync(lease, request, blob, meter, cancellationToken).ConfigureAwait(false);
                lease.Complete();
                return added;
            }
            catch (Exception e) when (e is OperationCanceledException or CtrException { IsConnectionFault: true })
            {
                lease.Keep();
                throw;
            }
        }
    }

    public async Task SetLabelsAsync(
        CtrContent one, IReadOnlyDictionary<string, string?> labels, bool replaceAll, CancellationToken cancellationToken)
    {
        var request = new UpdateRequest { Info = new Info { Digest = one.Digest }, UpdateMask = new FieldMask() };
        request.Info.Labels.Add(LabelUpdate.Values(labels, replaceAll));
        request.UpdateMask.Paths.AddRange(LabelUpdate.Mask(labels, replaceAll));
        _ = await calls.InvokeAsync(
            () => _client.UpdateAsync(request, calls.Unary(one.Namespace, cancellationToken)),
            CallSubject.Content(one.Digest, one.Namespace),
            cancellationToken).ConfigureAwait(false);
    }

    public async Task<bool> DeleteAsync(CtrContent one, CancellationToken cancellationToken) => await calls.FindAsync(
        () => _client.DeleteAsync(new DeleteContentRequest { Digest = one.Digest }, calls.Unary(one.Namespace, cancellationToken)),
        CallSubject.Content(one.Digest, one.Namespace),
        cancellationToken).ConfigureAwait(false) is not null;

    public async Task<IReadOnlyList<CtrIngest>> ListIngestsAsync(string @namespace, CancellationToken cancellationToken)
    {
        ListStatusesResponse response = await calls.InvokeAsync(
            () => _client.ListStatusesAsync(new ListStatusesRequest(), calls.Unary(@namespace, cancellationToken)),
            new CallSubject($"the unfinished writes of namespace '{@namespace}'", @namespace),
            cancellationToken).ConfigureAwait(false);
        if (response.Statuses.Count == 0)
        {
            return [];
        }

        var holders = new Dictionary<string, LeaseInfo>(StringComparer.Ordinal);
        foreach (LeaseInfo lease in await leases.ListAsync(@namespace, cancellationToken).ConfigureAwait(false))
        {
            foreach (string held in await leases.ListIngestsAsync(@namespace, lease.Id, cancellationToken).ConfigureAwait(false))
            {
                // Several try it one after the other; the one who is at it counts.
                if (!holders.TryGetValue(held, out LeaseInfo? other) || IsAtWork(lease) || !IsAtWork(other))
                {
                    holders[held] = lease;
                }
            }
        }

        return
        [
            .. response.Statuses.OrderBy(status => status.Ref, StringComparer.Ordinal).Select(status =>
            {
                LeaseInfo? lease = holders.GetValueOrDefault(status.Ref);
                return new CtrIngest
                {
                    Namespace = @namespace,
                    Ref = status.Ref,
                    Offset = status.Offset,
                    Total = status.Total > 0 ? status.Total : null,
                    Expected = status.Expected.Length > 0 ? status.Expected : null,
                    StartedAt = WireTime.ToTime(status.StartedAt),
                    UpdatedAt = WireTime.ToTime(status.UpdatedAt),
                    Lease = lease?.Id,
                    ProcessId = lease is not null && IsAtWork(lease) ? lease.Holder!.ProcessId : null,
                };
            }),
        ];
    }

    public async Task<bool> AbortAsync(CtrIngest ingest, CancellationToken cancellationToken) => await calls.FindAsync(
        () => _client.AbortAsync(new AbortRequest { Ref = ingest.Ref }, calls.Unary(ingest.Namespace, cancellationToken)),
        CallSubject.Ingest(ingest.Ref, ingest.Namespace),
        cancellationToken).ConfigureAwait(false) is not null;

    private static bool IsAtWork(LeaseInfo lease) => lease is { Holder.IsHere: true, IsAbandoned: false };

    /// <summary>Writes the blob under a lease, and tells what is there then.</summary>
    private async Task<CtrContent> WriteAsync(
        Lease lease, CtrContentRequest request, Descriptor blob, CtrTransferMeter meter, CancellationToken cancellationToken)
    {
        await lease.AddBlobAsync(blob.Digest, cancellationToken).ConfigureAwait(false); // first the lease, then the look: what is there stays
        bool wasPresent = await content.FindAsync(request.Namespace, blob.Digest, cancellationToken).ConfigureAwait(false) is not null;
        if (wasPresent)
        {
            meter.AddDone(blob.Size);
        }
        else
        {
            _ = await content.Writer(lease).WriteAsync(
                blob,
                (offset, _) => ValueTask.FromResult(request.Open(offset)),
                request.Labels,
                meter,
                keepPartial: request.Ref is not null,
                cancellationToken,
                request.Ref).ConfigureAwait(false);
        }

        CtrContent? added = await FindAsync(request.Namespace, blob.Digest, cancellationToken).ConfigureAwait(false);
        if (added is not null && request.Labels.Any(label => added.Labels.GetValueOrDefault(label.Key) != label.Value))
        {
            // Another client wrote it before or meanwhile: then the daemon takes no labels with the bytes.
            await SetLabelsAsync(added, request.Labels.ToDictionary(one => one.Key, one => (string?)one.Value), false, cancellationToken)
                .ConfigureAwait(false);
            added = await FindAsync(request.Namespace, blob.Digest, cancellationToken).ConfigureAwait(false);
        }

        if (added is null)
        {
            throw new CtrException(
                CtrErrorIds.ContentNotFound,
                CtrStatus.Aborted,
                $"The blob '{blob.Digest}' was written into namespace '{request.Namespace}', and another client deleted it in that moment.")
            {
                Target = blob.Digest,
                RecommendedAction = "Try again.",
            };
        }

        added.WasPresent = wasPresent;
        return added;
    }

    private static async Task<string> HashAsync(CtrContentRequest request, CancellationToken cancellationToken)
    {
        string like = request.ExpectedDigest ?? "sha256:";
        using System.Security.Cryptography.IncrementalHash hash = request.ExpectedDigest is { } expected
            ? Digests.Hash(expected)
            : System.Security.Cryptography.IncrementalHash.CreateHash(System.Security.Cryptography.HashAlgorithmName.SHA256);
        Stream bytes = request.Open(0);
        await using (bytes.ConfigureAwait(false))
        {
            byte[] buffer = GC.AllocateUninitializedArray<byte>(1 << 20);
            for (int read; (read = await bytes.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0;)
            {
                hash.AppendData(buffer.AsSpan(0, read));
            }
        }

        return Digests.Of(hash, like);
    }

    /// <summary>What blobs are by the labels of those that keep them (core/images/mediatypes.go, ChildGCLabels).</summary>
    private static Dictionary<string, CtrContentKind> NamedByOthers(IEnumerable<Info> infos)
    {
        var kinds = new Dictionary<string, CtrContentKind>(StringComparer.Ordinal);
        foreach ((string key, string value) in infos.SelectMany(info => info.Labels).Select(label => (label.Key, label.Value)))
        {
            if (key.StartsWith(GarbageLabels.Prefix, StringComparison.Ordinal)
                && KindBehind(key[GarbageLabels.Prefix.Length..]) is var kind and not CtrContentKind.Unknown)
            {
                _ = kinds.TryAdd(value, kind);
            }
        }

        return kinds;
    }

    private static CtrContentKind KindBehind(string key) =>
        key == "config" ? CtrContentKind.Config
        : key.StartsWith("l.", StringComparison.Ordinal) ? CtrContentKind.Layer
        : key.StartsWith("m.", StringComparison.Ordinal) || key.StartsWith("referrer.", StringComparison.Ordinal) ? CtrContentKind.Manifest
        : CtrContentKind.Unknown;

    private static CtrContentKind KindOf(string mediaType) =>
        MediaTypes.IsIndex(mediaType) ? CtrContentKind.Index
        : MediaTypes.IsManifest(mediaType) ? CtrContentKind.Manifest
        : CtrContentKind.Unknown;

    /// <summary>The media types that images, indexes and manifests name, each document read once.</summary>
    private async Task<Dictionary<string, string>> ReadTypesAsync(
        string @namespace, IReadOnlyList<CtrContent> all, IReadOnlyDictionary<string, string> targets, CancellationToken cancellationToken)
    {
        var types = new Dictionary<string, string>(targets, StringComparer.Ordinal);
        var blobs = new NamespaceBlobs(content, @namespace, listed: false, cancellationToken);
        await foreach ((string digest, string? own, IReadOnlyList<Descriptor> children) in OrderedParallel.SelectAsync(
            all.Where(one => one.Kind is CtrContentKind.Index or CtrContentKind.Manifest && one.Size <= ManifestDocument.MaxSize),
            Concurrency,
            (one, token) => ReadAsync(blobs, one, token),
            cancellationToken).ConfigureAwait(false))
        {
            if (own is not null)
            {
                _ = types.TryAdd(digest, own);
            }

            foreach (Descriptor child in children)
            {
                types[child.Digest] = child.MediaType;
            }
        }

        return types;
    }

    private static async Task<(string Digest, string? Own, IReadOnlyList<Descriptor> Children)> ReadAsync(
        NamespaceBlobs blobs, CtrContent one, CancellationToken cancellationToken)
    {
        try
        {
            var blob = new Descriptor { MediaType = "", Digest = one.Digest, Size = one.Size };
            ReadOnlyMemory<byte> bytes = await blobs.ReadAsync(blob, cancellationToken).ConfigureAwait(false);
            return ManifestDocument.MediaTypeOf(bytes) is { } own
                ? (one.Digest, own, [.. ManifestDocument.Parse(bytes, blob with { MediaType = own }).Children])
                : (one.Digest, null, []);
        }
        catch (CtrException e) when (e.ErrorId is CtrErrorIds.BlobMissing or CtrErrorIds.BlobCorrupt)
        {
            return (one.Digest, null, []); // damaged, or collected since it was listed: Test-CtrImage tells
        }
    }

    private static CtrContent ToContent(Info info, string @namespace) => new()
    {
        Namespace = @namespace,
        Digest = info.Digest,
        Size = info.Size,
        Kind = OwnKind(info.Labels),
        CreatedAt = WireTime.ToTime(info.CreatedAt),
        UpdatedAt = WireTime.ToTime(info.UpdatedAt),
        Labels = SortedMap.From(info.Labels),
    };

    /// <summary>What a blob is by what it keeps itself.</summary>
    private static CtrContentKind OwnKind(IEnumerable<KeyValuePair<string, string>> labels)
    {
        CtrContentKind[] below =
        [
            .. labels.Where(label => label.Key.StartsWith(GarbageLabels.Prefix, StringComparison.Ordinal)
                    && !label.Key.StartsWith(GarbageLabels.ReferrerPrefix, StringComparison.Ordinal))
                .Select(label => KindBehind(label.Key[GarbageLabels.Prefix.Length..])),
        ];
        return below.Contains(CtrContentKind.Manifest) ? CtrContentKind.Index
            : below.Any(kind => kind is CtrContentKind.Config or CtrContentKind.Layer) ? CtrContentKind.Manifest
            : CtrContentKind.Unknown;
    }
}
