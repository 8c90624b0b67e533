using System.Runtime.CompilerServices;
using Containerd.Services.Images.V1;
using CtrPS.Client.Connection;
using CtrPS.Client.Content;
using CtrPS.Client.Oci;
using CtrPS.Client.Server;
using Google.Protobuf.WellKnownTypes;
using Grpc.Net.Client;

namespace CtrPS.Client.Images;

/// <inheritdoc/>
internal sealed class ImageStore(GrpcChannel channel, Calls calls, ContentStore content, ServerFacts server) : IImageStore
{
    /// <summary>Metadata calls under way at the same time.</summary>
    private const int Concurrency = 16;

    /// <summary>How often a name is created or moved anew when others create and delete it at the same time.</summary>
    private const int MaxRaces = 5;

    private readonly Containerd.Services.Images.V1.Images.ImagesClient _client = new(channel);
    private readonly ImageDescriber _describer = new();

    private ImageIds Ids => new(_describer);

    public async IAsyncEnumerable<CtrImage> ListAsync(CtrImageQuery query, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var all = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        NamespaceBlobs? blobs = query.Detail.WithContent ? new NamespaceBlobs(content, query.Namespace, listed: true, all.Token) : null;
        blobs?.Begin();
        Task<PlatformMatcher>? preferred = query.Detail.WithContent ? PreferredAsync(query.Detail, all.Token).AsTask() : null;
        try
        {
            IEnumerable<ImageRow> rows = await ListRowsAsync(query, all.Token).ConfigureAwait(false);
            rows = query.Match is { } match ? rows.Where(row => match(row.Record.Name)) : rows;
            if (blobs is null || preferred is null)
            {
                foreach (ImageRow row in rows)
                {
                    yield return row.ToImage(query.Namespace);
                }

                yield break;
            }

            PlatformMatcher matcher = await preferred.ConfigureAwait(false);
            await foreach (CtrImage? image in OrderedParallel.SelectAsync(
                rows, Concurrency, (row, token) => DescribeAsync(row, blobs, query.Detail, matcher, token), all.Token).ConfigureAwait(false))
            {
                if (image is not null)
                {
                    yield return image;
                }
            }
        }
        finally
        {
            await all.CancelAsync().ConfigureAwait(false);
        }
    }

    public async Task<IReadOnlyList<CtrImage>> LookUpAsync(
        string @namespace, string given, CtrImageDetail detail, bool allRecords, CancellationToken cancellationToken)
    {
        string? id = ImageIds.Read(given);
        Image? record = await GetGivenAsync(@namespace, given, mayBeNoName: id is not null, cancellationToken).ConfigureAwait(false);
        if (record is not null && (allRecords || (!detail.WithAliases && ImageRows.IsName(record.Name))))
        {
            return await DescribeAsync([new ImageRow(record, allRecords ? null : [])], @namespace, detail, cancellationToken).ConfigureAwait(false);
        }

        string? digest = record?.Target.Digest
            ?? (id is null ? null : await FindByIdAsync(@namespace, id, cancellationToken).ConfigureAwait(false));
        if (digest is null)
        {
            return [];
        }

        IReadOnlyList<Image> records =
            await ListRecordsAsync(@namespace, [$"target.digest==\"{digest}\""], cancellationToken).ConfigureAwait(false);
        ImageRow[] rows = [.. ImageRow.Of(records, allRecords)];
        ImageRow[] named = [.. rows.Where(row => row.Record.Name == record?.Name)];
        return await DescribeAsync(named.Length > 0 ? named : rows, @namespace, detail, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// All images of a namespace, each with what is below it. Documents that were read before are not read again. One that is too large to be read
    /// is left out.
    /// </summary>
    public async Task<IReadOnlyList<(CtrImage Image, ImageNode Root)>> ReadGraphsAsync(NamespaceBlobs blobs, CancellationToken cancellationToken)
    {
        IReadOnlyList<Image> records = await ListRecordsAsync(blobs.Namespace, [], cancellationToken).ConfigureAwait(false);
        var images = new List<(CtrImage, ImageNode)>(records.Count);
        await foreach ((CtrImage image, ImageNode? root) in OrderedParallel.SelectAsync(
            ImageRow.Of(records, allRecords: false).Select(row => row.ToImage(blobs.Namespace)),
            Concurrency,
            async (image, token) => (image, await TryReadAsync(image, token).ConfigureAwait(false)),
            cancellationToken).ConfigureAwait(false))
        {
            if (root is not null)
            {
                images.Add((image, root));
            }
        }

        return images;

        async Task<ImageNode?> TryReadAsync(CtrImage image, CancellationToken token)
        {
            try
            {
                return await _describer.ReadAsync(blobs, Records.TargetOf(image), token).ConfigureAwait(false);
            }
            catch (CtrException e) when (e.ErrorId == CtrErrorIds.ImageTooLarge)
            {
                return null; // Test-CtrImage tells
            }
        }
    }

    public async Task<CtrImageKin> ReadKinAsync(CtrImage image, IReadOnlyList<CtrPlatform> platforms, CancellationToken cancellationToken)
    {
        var blobs = new NamespaceBlobs(content, image.Namespace, listed: false, cancellationToken);
        ImageNode root = await _describer.ReadAsync(blobs, Records.TargetOf(image), cancellationToken).ConfigureAwait(false);
        foreach (CtrPlatform absent in platforms.Where(one => root.IsSound && !root.Manifests.Any(manifest => manifest.Platform == one)))
        {
            throw PlatformImage.NotFor(root, image, absent, null);
        }

        CtrImageKin kin = await _describer.KinAsync(blobs, root, platforms, cancellationToken).ConfigureAwait(false);
        if (kin is { Chains.Count: 0, Layers.Count: 0 })
        {
            PlatformImage.Require(root.Manifests.FirstOrDefault(manifest => !manifest.IsSound) ?? root, image);
        }

        return kin;
    }

    public async Task<IReadOnlySet<string>> FindKinAsync(
        string @namespace, CtrImageKin of, CtrKinship kinship, IReadOnlyList<CtrPlatform> platforms, CancellationToken cancellationToken)
    {
        var blobs = new NamespaceBlobs(content, @namespace, listed: true, cancellationToken);
        blobs.Begin();
        var found = new HashSet<string>(StringComparer.Ordinal);
        IReadOnlyList<(CtrImage Image, ImageNode Root)> all = await ReadGraphsAsync(blobs, cancellationToken).ConfigureAwait(false);
        await foreach (CtrImageKin kin in OrderedParallel.SelectAsync(
            all.DistinctBy(one => one.Image.Digest),
            Concurrency,
            async (one, token) => await _describer.KinAsync(blobs, one.Root, platforms, token).ConfigureAwait(false),
            cancellationToken).ConfigureAwait(false))
        {
            if (kinship == CtrKinship.BasedOn ? of.IsBaseOf(kin) : of.SharesLayerWith(kin))
            {
                _ = found.Add(kin.Digest);
            }
        }

        return found;
    }

    public async Task<CtrImage?> FindAsync(string @namespace, string givenName, CtrImageDetail detail, CancellationToken cancellationToken)
    {
        Image? record = await GetGivenAsync(@namespace, givenName, mayBeNoName: false, cancellationToken).ConfigureAwait(false);
        return record is not null
            && await DescribeAsync([new ImageRow(record, [])], @namespace, detail, cancellationToken).ConfigureAwait(false) is [CtrImage image]
            ? image
            : null;
    }

    public async Task<CtrImage> TagAsync(CtrImage source, string name, bool replace, CancellationToken cancellationToken)
    {
        CallSubject sourceSubject = CallSubject.Image(source.Name, source.Namespace);
        CallSubject subject = CallSubject.Image(name, source.Namespace);
        GetImageResponse original = await calls.InvokeAsync(
            () => _client.GetAsync(new GetImageRequest { Name = source.Name }, calls.Unary(source.Namespace, cancellationToken)),
            sourceSubject,
            cancellationToken).ConfigureAwait(false);
        var wanted = new Image { Name = name, Target = original.Image.Target };
        wanted.Labels.Add(original.Image.Labels);
        for (int attempt = 1; ; attempt++)
        {
            Image? existing = await GetAsync(source.Namespace, name, cancellationToken).ConfigureAwait(false);
            if (existing is not null && existing.Target.Digest == wanted.Target.Digest)
            {
                return Records.ToImage(existing, source.Namespace);
            }

            if (existing is not null && !replace)
            {
                throw new CtrException(
                    CtrErrorIds.ImageExists,
                    CtrStatus.AlreadyExists,
                    $"The {subject.Words} exists already and points to {existing.Target.Digest}, not to {wanted.Target.Digest}.")
                {
                    Target = name,
                    RecommendedAction = "Use -Force to move the name.",
                };
            }

            try
            {
                Image made = existing is null
                    ? await CreateAsync(wanted, source.Namespace, subject, cancellationToken).ConfigureAwait(false)
                    : await UpdateAsync(wanted, source.Namespace, subject, ["target", "labels"], cancellationToken).ConfigureAwait(false);
                return Records.ToImage(made, source.Namespace);
            }
            catch (CtrException e) when (attempt < MaxRaces && e.ErrorId is CtrErrorIds.ImageExists or CtrErrorIds.ImageNotFound)
            {
                // Another client made or deleted the name between our two calls: look again.
            }
        }
    }

    /// <summary>
    /// Makes a name point to a target: a new record, or the target and labels of one that is there; its other labels stay. A record that says all
    /// that already is not written again.
    /// </summary>
    public async Task<CtrImage> PutAsync(
        string @namespace,
        string name,
        Descriptor target,
        IReadOnlyDictionary<string, string> labels,
        string? lease,
        CancellationToken cancellationToken)
    {
        CallSubject subject = CallSubject.Image(name, @namespace);
        Image wanted = RecordOf(name, target, labels);
        for (int attempt = 1; ; attempt++)
        {
            Image? existing = await GetAsync(@namespace, name, cancellationToken).ConfigureAwait(false);
            if (existing is not null && Records.Says(Records.ToImage(existing, @namespace), target, labels))
            {
                return Records.ToImage(existing, @namespace);
            }

            try
            {
                IEnumerable<string> paths = labels.Keys.Select(key => "labels." + key).Prepend("target");
                Image made = existing is null
                    ? await CreateAsync(wanted, @namespace, subject, cancellationToken, lease).ConfigureAwait(false)
                    : await UpdateAsync(wanted, @namespace, subject, paths, cancellationToken, lease).ConfigureAwait(false);
                return Records.ToImage(made, @namespace);
            }
            catch (CtrException e) when (attempt < MaxRaces && e.ErrorId is CtrErrorIds.ImageExists or CtrErrorIds.ImageNotFound)
            {
                // Another client made or deleted the name between our two calls: look again.
            }
        }
    }

    /// <summary>Makes a new record.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.ImageExists"/>.</exception>
    public async Task<CtrImage> AddAsync(
        string @namespace,
        string name,
        Descriptor target,
        IReadOnlyDictionary<string, string> labels,
        string lease,
        CancellationToken cancellationToken)
    {
        Image image = RecordOf(name, target, labels);
        Image made = await CreateAsync(image, @namespace, CallSubject.Image(name, @namespace), cancellationToken, lease).ConfigureAwait(false);
        return Records.ToImage(made, @namespace);
    }

    public async Task DeleteAsync(string @namespace, string name, CtrImage? expected, CancellationToken cancellationToken)
    {
        CallSubject subject = CallSubject.Image(name, @namespace);
        var request = new DeleteImageRequest { Name = name };
        if (expected is not null)
        {
            // Servers from 2.0 on compare when they delete; earlier ones do not know the field, which leaves them a moment between our two calls.
            if (calls.ServerVersion is not { } version
                || version.StartsWith("1.", StringComparison.Ordinal) || version.StartsWith("v1.", StringComparison.Ordinal))
            {
                await ThrowIfMovedAsync(@namespace, subject, expected, "removed", null, cancellationToken).ConfigureAwait(false);
            }

            request.Target =
                new Containerd.Types.ContentDescriptor { Digest = expected.Digest, MediaType = expected.MediaType, Size = expected.TargetSize };
        }

        try
        {
            _ = await calls.InvokeAsync(
                () => _client.DeleteAsync(request, calls.Unary(@namespace, cancellationToken)), subject, cancellationToken).ConfigureAwait(false);
        }
        catch (CtrException e) when (e.ErrorId == CtrErrorIds.ImageNotFound && expected is not null)
        {
            // containerd answers NOT_FOUND both when the name is gone and when it points elsewhere.
            await ThrowIfMovedAsync(@namespace, subject, expected, "removed", e, cancellationToken).ConfigureAwait(false);
            throw;
        }
    }

    public async Task<CtrImage> SetLabelsAsync(
        string @namespace, string name, IReadOnlyDictionary<string, string?> labels, bool replaceAll, CancellationToken cancellationToken)
    {
        CallSubject subject = CallSubject.Image(name, @namespace);
        var image = new Image { Name = name, Target = new Containerd.Types.ContentDescriptor() };
        image.Labels.Add(LabelUpdate.Values(labels, replaceAll));
        return Records.ToImage(
            await UpdateAsync(image, @namespace, subject, LabelUpdate.Mask(labels, replaceAll), cancellationToken).ConfigureAwait(false), @namespace);
    }

    /// <summary>Makes a name point to another target, if it still points to the one that the image says; its labels stay.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.ImageNotFound"/>, <see cref="CtrErrorIds.ImageChanged"/>.</exception>
    public async Task MoveAsync(CtrImage expected, Descriptor target, string lease, CancellationToken cancellationToken)
    {
        CallSubject subject = CallSubject.Image(expected.Name, expected.Namespace);
        await ThrowIfMovedAsync(expected.Namespace, subject, expected, "moved", null, cancellationToken).ConfigureAwait(false);
        _ = await UpdateAsync(
            RecordOf(expected.Name, target, Descriptor.NoAnnotations), expected.Namespace, subject, ["target"], cancellationToken, lease)
            .ConfigureAwait(false);
    }

    private async Task ThrowIfMovedAsync(
        string @namespace, CallSubject subject, CtrImage expected, string what, Exception? cause, CancellationToken cancellationToken)
    {
        if (await GetAsync(@namespace, expected.Name, cancellationToken).ConfigureAwait(false) is { } now && now.Target.Digest != expected.Digest)
        {
            throw new CtrException(
                CtrErrorIds.ImageChanged,
                CtrStatus.FailedPrecondition,
                $"The {subject.Words} now points to {now.Target.Digest}, not to {expected.Digest} as when it was read. It was not {what}.",
                cause)
            {
                Target = expected.Name,
                RecommendedAction = "Get the image again and decide anew.",
            };
        }
    }

    private static Image RecordOf(string name, Descriptor target, IReadOnlyDictionary<string, string> labels)
    {
        var descriptor = new Containerd.Types.ContentDescriptor { MediaType = target.MediaType, Digest = target.Digest, Size = target.Size };
        var image = new Image { Name = name, Target = descriptor };
        image.Labels.Add(labels.ToDictionary());
        return image;
    }

    private async Task<Image> CreateAsync(
        Image image, string @namespace, CallSubject subject, CancellationToken cancellationToken, string? lease = null)
    {
        var request = new CreateImageRequest { Image = image };
        return (await calls.InvokeAsync(
            () => _client.CreateAsync(request, calls.Unary(@namespace, cancellationToken, lease)),
            subject,
            cancellationToken).ConfigureAwait(false)).Image;
    }

    private async Task<Image> UpdateAsync(
        Image image, string @namespace, CallSubject subject, IEnumerable<string> paths, CancellationToken cancellationToken, string? lease = null)
    {
        var request = new UpdateImageRequest { Image = image, UpdateMask = new FieldMask() };
        request.UpdateMask.Paths.AddRange(paths);
        return (await calls.InvokeAsync(
            () => _client.UpdateAsync(request, calls.Unary(@namespace, cancellationToken, lease)),
            subject,
            cancellationToken).ConfigureAwait(false)).Image;
    }

    /// <summary>A record as it is. Null where there is none of just that name.</summary>
    public async Task<Image?> GetAsync(string @namespace, string name, CancellationToken cancellationToken) => (await calls.FindAsync(
        () => _client.GetAsync(new GetImageRequest { Name = name }, calls.Unary(@namespace, cancellationToken)),
        CallSubject.Image(name, @namespace),
        cancellationToken).ConfigureAwait(false))?.Image;

    /// <summary>The record of a name as it was given, else as docker's rules complete it.</summary>
    private async Task<Image?> GetGivenAsync(string @namespace, string given, bool mayBeNoName, CancellationToken cancellationToken)
    {
        if (await GetAsync(@namespace, given, cancellationToken).ConfigureAwait(false) is { } image)
        {
            return image;
        }

        string? full = mayBeNoName
            ? CtrImageReference.TryParse(given, out CtrImageReference? reference) ? reference.ToString() : null
            : CtrImageReference.Parse(given).ToString();
        return full is null || full == given ? null : await GetAsync(@namespace, full, cancellationToken).ConfigureAwait(false);
    }

    private async Task<string?> FindByIdAsync(string @namespace, string id, CancellationToken cancellationToken)
    {
        var blobs = new NamespaceBlobs(content, @namespace, listed: true, cancellationToken);
        IReadOnlyList<Image> records = await ListRecordsAsync(@namespace, [], cancellationToken).ConfigureAwait(false);
        return await Ids.FindAsync(records, id, blobs, cancellationToken).ConfigureAwait(false);
    }

    private async Task<IReadOnlyList<Image>> ListRecordsAsync(
        string @namespace, IEnumerable<string> filters, CancellationToken cancellationToken)
    {
        var request = new ListImagesRequest();
        request.Filters.AddRange(filters);
        ListImagesResponse response = await calls.InvokeAsync(
            () => _client.ListAsync(request, calls.Unary(@namespace, cancellationToken)),
            new CallSubject($"the images of namespace '{@namespace}'", @namespace),
            cancellationToken).ConfigureAwait(false);
        return response.Images;
    }

    /// <summary>One call; with filters one more, for the names of which the filters let an alias alone pass.</summary>
    private async Task<IEnumerable<ImageRow>> ListRowsAsync(CtrImageQuery query, CancellationToken cancellationToken)
    {
        IReadOnlyList<Image> passed = await ListRecordsAsync(query.Namespace, query.Filters, cancellationToken).ConfigureAwait(false);
        if (query.AllRecords || query.Filters.Count == 0 || passed.Count == 0)
        {
            return ImageRow.Of(passed, query.AllRecords);
        }

        HashSet<string> names = [.. passed.Select(image => image.Name)];
        IReadOnlyList<Image> all = await ListRecordsAsync(query.Namespace, [], cancellationToken).ConfigureAwait(false);
        return ImageRow.Of(all, allRecords: false).Where(row => names.Contains(row.Record.Name));
    }

    private async Task<IReadOnlyList<CtrImage>> DescribeAsync(
        IReadOnlyList<ImageRow> rows, string @namespace, CtrImageDetail detail, CancellationToken cancellationToken)
    {
        if (!detail.WithContent)
        {
            return [.. rows.Select(row => row.ToImage(@namespace))];
        }

        PlatformMatcher preferred = await PreferredAsync(detail, cancellationToken).ConfigureAwait(false);
        var blobs = new NamespaceBlobs(content, @namespace, listed: false, cancellationToken);
        var images = new List<CtrImage>();
        foreach (ImageRow row in rows)
        {
            if (await DescribeAsync(row, blobs, detail, preferred, cancellationToken).ConfigureAwait(false) is { } image)
            {
                images.Add(image);
            }
        }

        return images;
    }

    /// <returns>Null where the image has none of the platforms that are asked for.</returns>
    private async Task<CtrImage?> DescribeAsync(
        ImageRow row, NamespaceBlobs blobs, CtrImageDetail detail, PlatformMatcher preferred, CancellationToken cancellationToken)
    {
        Descriptor target = Records.ToDescriptor(row.Record.Target);
        ImageDescription description = await _describer.DescribeAsync(blobs, target, preferred, cancellationToken).ConfigureAwait(false);
        return detail.Platforms.Count > 0 && !description.Platforms.Any(preferred.Matches)
            ? null
            : row.ToImage(blobs.Namespace).With(copy =>
            {
                copy.Size = description.Size;
                copy.Created = description.Created;
                copy.Platforms = detail.IncludeAttestations
                    ? description.Platforms
                    : description.Platforms.Where(platform => !platform.IsAttestation).ToArray();
            });
    }

    private async ValueTask<PlatformMatcher> PreferredAsync(CtrImageDetail detail, CancellationToken cancellationToken) => detail.Platforms.Count > 0
        ? PlatformMatcher.Strict(detail.Platforms)
        : PlatformMatcher.Only(await server.GetPlatformAsync(cancellationToken).ConfigureAwait(false));
}
