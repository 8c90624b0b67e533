using System.Text.Json;
using CtrPS.Client.Oci;

namespace CtrPS.Client.Archives;

/// <summary>Reads an archive's own index: the images that it lists.</summary>
internal static class IndexListing
{
    /// <summary>The images, in the order of the index.</summary>
    /// <exception cref="CtrException">
    /// <see cref="CtrErrorIds.ArchiveCorrupt"/>, <see cref="CtrErrorIds.ArchiveLimit"/>, <see cref="CtrErrorIds.InvalidDigest"/>.
    /// </exception>
    public static IReadOnlyList<Descriptor> Parse(byte[] bytes, string archive, ArchiveLimits limits)
    {
        var reader = new Reader(bytes, archive, limits);
        try
        {
            return reader.Parse();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The second is what the framework throws for a text that is no Unicode.
            throw NotAnIndex(archive, e.Message, e);
        }
    }

    private static CtrException NotAnIndex(string archive, string why, Exception? cause = null) =>
        ArchiveFault.Corrupt(archive, $"its {ArchiveFiles.IndexFile} is not an index: {why}", cause);

    private ref struct Reader(byte[] bytes, string archive, ArchiveLimits limits)
    {
        private readonly List<Descriptor> _images = [];
        private ListingReader _json = new(bytes, ArchiveFiles.IndexFile, archive, limits);
        private long _imageCount;
        private long _annotationCount;

        public List<Descriptor> Parse()
        {
            _json.Read();
            if (_json.Token != JsonTokenType.StartObject)
            {
                throw NotAnIndex(archive, _json.Token == JsonTokenType.StartArray ? "it is of the kind Array, not Object." : "it is no object.");
            }

            int seen = 0;
            while (_json.NextField())
            {
                if (_json.IsField("manifests"u8, ref seen, 1))
                {
                    ReadImages();
                }
                else if (_json.IsField("mediaType"u8, ref seen, 2))
                {
                    RequireIndex(_json.Text());
                }
                else if (_json.IsField("config"u8, ref seen, 4) || _json.IsField("layers"u8, ref seen, 8)
                    || _json.IsField("fsLayers"u8, ref seen, 16))
                {
                    RequireNoManifest();
                }
                else
                {
                    _json.Skip();
                }
            }

            _json.End();
            Limit(_imageCount, limits.Images, "images");
            Limit(_annotationCount, limits.Annotations, "annotations");
            return _images;
        }

        private readonly void Limit(long count, int limit, string what)
        {
            if (count > limit)
            {
                throw ArchiveFault.Limit(archive, $"its {ArchiveFiles.IndexFile} has {count} {what}; more than {limit} are not read.");
            }
        }

        private readonly void RequireIndex(string? mediaType)
        {
            if (mediaType is not null && MediaTypes.IsManifest(mediaType))
            {
                throw NotAnIndex(archive, $"it says that it is of the media type '{mediaType}'.");
            }
        }

        /// <summary>A document that is both an index and a manifest can be read as either: refused as in containerd (CVE-2021-41190).</summary>
        private void RequireNoManifest()
        {
            if (_json.Token is JsonTokenType.StartObject or JsonTokenType.StartArray)
            {
                throw NotAnIndex(archive, "it has what a manifest has.");
            }
        }

        private void ReadImages()
        {
            if (_json.Token == JsonTokenType.StartObject)
            {
                throw NotAnIndex(archive, "its manifests are no list.");
            }

            if (_json.Token != JsonTokenType.StartArray)
            {
                return;
            }

            while (_json.NextItem())
            {
                if (++_imageCount <= limits.Images)
                {
                    _images.Add(ReadImage());
                }
                else
                {
                    _json.Skip(); // only counted, for the message
                }
            }
        }

        private Descriptor ReadImage()
        {
            if (_json.Token != JsonTokenType.StartObject)
            {
                throw new JsonException("A descriptor is no object.");
            }

            string mediaType = "";
            string? digest = null;
            long size = 0;
            CtrPlatform? platform = null;
            IReadOnlyDictionary<string, string> annotations = Descriptor.NoAnnotations;
            int seen = 0;
            while (_json.NextField())
            {
                if (_json.IsField("mediaType"u8, ref seen, 1))
                {
                    mediaType = _json.Text() ?? "";
                }
                else if (_json.IsField("digest"u8, ref seen, 2))
                {
                    digest = _json.Text();
                }
                else if (_json.IsField("size"u8, ref seen, 4))
                {
                    size = _json.Number();
                }
                else if (_json.IsField("platform"u8, ref seen, 8))
                {
                    platform = ReadPlatform();
                }
                else if (_json.IsField("annotations"u8, ref seen, 16))
                {
                    annotations = ReadAnnotations();
                }
                else
                {
                    _json.Skip();
                }
            }

            Digests.Require(digest ?? throw new JsonException("A descriptor has no digest."));
            return size >= 0
                ? new Descriptor { MediaType = mediaType, Digest = digest, Size = size, Platform = platform, Annotations = annotations }
                : throw ArchiveFault.Corrupt(archive, $"its {ArchiveFiles.IndexFile} gives '{digest}' a size of {size}.");
        }

        private CtrPlatform? ReadPlatform()
        {
            if (_json.Token != JsonTokenType.StartObject)
            {
                _json.Skip();
                return null;
            }

            string os = "", architecture = "", variant = "", version = "";
            int seen = 0;
            while (_json.NextField())
            {
                if (_json.IsField("os"u8, ref seen, 1))
                {
                    os = _json.Text() ?? "";
                }
                else if (_json.IsField("architecture"u8, ref seen, 2))
                {
                    architecture = _json.Text() ?? "";
                }
                else if (_json.IsField("variant"u8, ref seen, 4))
                {
                    variant = _json.Text() ?? "";
                }
                else if (_json.IsField("os.version"u8, ref seen, 8))
                {
                    version = _json.Text() ?? "";
                }
                else
                {
                    _json.Skip();
                }
            }

            return os.Length == 0 && architecture.Length == 0 ? null : new CtrPlatform(os, architecture, variant, version);
        }

        private IReadOnlyDictionary<string, string> ReadAnnotations()
        {
            if (_json.Token != JsonTokenType.StartObject)
            {
                // Null, as Go writes it for none; a list can only be an error.
                return _json.Token != JsonTokenType.StartArray ? Descriptor.NoAnnotations : throw new JsonException("Annotations are no object.");
            }

            var annotations = new Dictionary<string, string>(StringComparer.Ordinal);
            while (_json.NextField())
            {
                if (++_annotationCount > limits.Annotations)
                {
                    _json.Skip(); // only counted, for the message
                    continue;
                }

                string key = _json.FieldName();
                if ((key is ArchiveReader.ImageNameKey or ArchiveReader.ReferenceNameKey ? _json.Text() : _json.LongText()) is { } value
                    && !annotations.TryAdd(key, value))
                {
                    throw _json.Twice(key);
                }
            }

            return annotations;
        }
    }
}
