using System.Collections.Concurrent;
using CtrPS.Client.Content;
using CtrPS.Client.Oci;

namespace CtrPS.Client.Images;

/// <summary>
/// Finds out size and platforms of images from their manifests. A document is read once per connection and kept: blobs never change. Whether
/// a blob is there is asked anew each time.
/// </summary>
internal sealed class ImageDescriber(ContentStore content)
{
    /// <summary>Indexes in indexes deeper than this are not followed: nobody makes them, and a loop of crafted ones would not end.</summary>
    private const int MaxDepth = 8;

    private readonly ConcurrentDictionary<string, ManifestDocument> _documents = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, CtrPlatform> _configPlatforms = new(StringComparer.Ordinal);

    /// <summary>Describes one image.</summary>
    /// <param name="namespace">Its namespace.</param>
    /// <param name="target">What its record points to.</param>
    /// <param name="preferred">The platform whose size is wanted.</param>
    /// <param name="presence">Which blobs are there.</param>
    /// <param name="cancellationToken">Cancels the calls.</param>
    public async Task<ImageDescription> DescribeAsync(
        string @namespace, Descriptor target, PlatformMatcher preferred, BlobPresence presence, CancellationToken cancellationToken)
    {
        var entries = new List<Entry>();
        await WalkAsync(@namespace, target, 0, 0, entries, presence, cancellationToken).ConfigureAwait(false);
        return new ImageDescription(Select(entries, target, preferred)?.TotalSize, entries.Select(entry => entry.Platform).OfType<CtrImagePlatform>().ToArray());
    }

    /// <summary>
    /// The entry whose size counts: a target that is a manifest itself whatever its platform; in an index the best match, entries without a
    /// platform after those with one, in the order of the index (containerd, core/images/image.go and handlers.go).
    /// </summary>
    private static Entry? Select(List<Entry> entries, Descriptor target, PlatformMatcher preferred)
    {
        if (!MediaTypes.IsIndex(target.MediaType))
        {
            return entries.FirstOrDefault();
        }

        return entries
            .Select(entry => (Entry: entry, Rank: Rank(entry)))
            .Where(candidate => candidate.Rank is not null)
            .OrderBy(candidate => candidate.Rank)
            .FirstOrDefault().Entry;

        int? Rank(Entry entry) => entry.Declared is { } declared ? preferred.Rank(declared)
            : preferred.TakesUndeclared ? int.MaxValue
            : entry.Platform is { } own ? preferred.Rank(own)
            : null;
    }

    private async Task WalkAsync(
        string @namespace, Descriptor descriptor, long sizeAbove, int depth, List<Entry> entries, BlobPresence presence, CancellationToken cancellationToken)
    {
        if (MediaTypes.IsIndex(descriptor.MediaType) && depth < MaxDepth)
        {
            ManifestDocument? index = await ReadAsync(@namespace, descriptor, presence, cancellationToken).ConfigureAwait(false);
            foreach (Descriptor child in index?.Children ?? [])
            {
                await WalkAsync(@namespace, child, sizeAbove + descriptor.Size, depth + 1, entries, presence, cancellationToken).ConfigureAwait(false);
            }
        }
        else if (MediaTypes.IsManifest(descriptor.MediaType))
        {
            entries.Add(await DescribeManifestAsync(@namespace, descriptor, sizeAbove, presence, cancellationToken).ConfigureAwait(false));
        }
    }

    private async Task<Entry> DescribeManifestAsync(
        string @namespace, Descriptor descriptor, long sizeAbove, BlobPresence presence, CancellationToken cancellationToken)
    {
        ManifestDocument? manifest = await ReadAsync(@namespace, descriptor, presence, cancellationToken).ConfigureAwait(false);
        long? size = manifest is null ? null : descriptor.Size + manifest.Children.Sum(child => child.Size);
        CtrPlatform? platform = descriptor.Platform ?? await ReadConfigPlatformAsync(@namespace, manifest, presence, cancellationToken).ConfigureAwait(false);
        bool complete = manifest is not null && await presence.HasAllAsync(manifest.Children.Select(child => child.Digest), cancellationToken).ConfigureAwait(false);
        CtrImagePlatform? shown = platform is null ? null : new CtrImagePlatform(platform.Os, platform.Architecture, platform.Variant, platform.OsVersion)
        {
            Digest = descriptor.Digest,
            Size = size,
            IsComplete = complete,
            IsAttestation = descriptor.IsAttestation,
        };
        return new Entry(descriptor.Platform, shown, sizeAbove + size);
    }

    /// <summary>The document; null where the blob is missing or damaged: a listing goes on, and Test-CtrImage tells what is wrong.</summary>
    private async Task<ManifestDocument?> ReadAsync(string @namespace, Descriptor descriptor, BlobPresence presence, CancellationToken cancellationToken)
    {
        if (!await presence.HasAsync(descriptor.Digest, cancellationToken).ConfigureAwait(false))
        {
            return null;
        }

        if (_documents.TryGetValue(descriptor.Digest, out ManifestDocument? known) && known.IsIndex == MediaTypes.IsIndex(descriptor.MediaType))
        {
            return known;
        }

        try
        {
            ManifestDocument document = ManifestDocument.Parse(await content.ReadAsync(@namespace, descriptor, cancellationToken).ConfigureAwait(false), descriptor);
            _documents[descriptor.Digest] = document;
            return document;
        }
        catch (CtrException e) when (IsBlobFault(e))
        {
            return null;
        }
    }

    private async Task<CtrPlatform?> ReadConfigPlatformAsync(string @namespace, ManifestDocument? manifest, BlobPresence presence, CancellationToken cancellationToken)
    {
        if (manifest is not { Children: [Descriptor config, ..] } || !await presence.HasAsync(config.Digest, cancellationToken).ConfigureAwait(false))
        {
            return null;
        }

        if (_configPlatforms.TryGetValue(config.Digest, out CtrPlatform? known))
        {
            return known;
        }

        try
        {
            CtrPlatform? platform = ManifestDocument.ParseConfigPlatform(await content.ReadAsync(@namespace, config, cancellationToken).ConfigureAwait(false), config);
            if (platform is not null)
            {
                _configPlatforms[config.Digest] = platform;
            }

            return platform;
        }
        catch (CtrException e) when (IsBlobFault(e))
        {
            return null;
        }
    }

    /// <summary>Faults of the one blob. Missing although listed: it was collected in between.</summary>
    private static bool IsBlobFault(CtrException e) => e.ErrorId is CtrErrorIds.BlobMissing or CtrErrorIds.BlobCorrupt;

    /// <param name="Declared">The platform that the index gives. Null where it gives none.</param>
    /// <param name="Platform">What is shown. Null where no platform is known.</param>
    /// <param name="TotalSize">Bytes from the target down to the layers. Null where the manifest cannot be read.</param>
    private sealed record Entry(CtrPlatform? Declared, CtrImagePlatform? Platform, long? TotalSize);
}

/// <param name="Size">Bytes; null where the manifest for the preferred platform is not there.</param>
/// <param name="Platforms">All platforms, attestations among them.</param>
internal sealed record ImageDescription(long? Size, IReadOnlyList<CtrImagePlatform> Platforms);
