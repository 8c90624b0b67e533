using System.Text.Json;

namespace CtrPS.Client.Archives;

/// <summary>An image as docker's <c>manifest.json</c> lists it: by the names of its files.</summary>
/// <param name="Config">The file of the config.</param>
/// <param name="Tags">The image's names.</param>
/// <param name="Layers">The files of the layers, bottom first.</param>
internal sealed record DockerItem(string Config, IReadOnlyList<string> Tags, IReadOnlyList<string> Layers)
{
    /// <summary>What docker before 1.10 wrote for an image without a name.</summary>
    private const string NoName = "<none>:<none>";

    /// <summary>Reads the listing.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.ArchiveCorrupt"/>, <see cref="CtrErrorIds.ArchiveLimit"/>.</exception>
    public static IReadOnlyList<DockerItem> Parse(byte[] bytes, string archive, ArchiveLimits limits)
    {
        var reader = new Reader(bytes, archive, limits);
        try
        {
            return reader.Parse();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The second is what the framework throws for a text that is no Unicode.
            throw ArchiveFault.Corrupt(archive, $"its {ArchiveFiles.DockerFile} is not the list that docker writes: {e.Message}", e);
        }
    }

    private ref struct Reader(byte[] bytes, string archive, ArchiveLimits limits)
    {
        private readonly List<DockerItem> _items = [];
        private ListingReader _json = new(bytes, ArchiveFiles.DockerFile, archive, limits);
        private long _imageCount;
        private long _layerCount;

        public List<DockerItem> Parse()
        {
            _json.Read();
            if (_json.Token != JsonTokenType.StartArray)
            {
                throw new JsonException("It is no list.");
            }

            while (_json.NextItem())
            {
                if (_imageCount < limits.Images)
                {
                    ReadItem();
                }
                else
                {
                    _imageCount++;
                    _json.Skip(); // only counted, for the message
                }
            }

            _json.End();
            Limit(_imageCount, limits.Images, "images");
            Limit(_layerCount, limits.LayersOfAll, "layers in all");
            return _items;
        }

        private void ReadItem()
        {
            if (_json.Token != JsonTokenType.StartObject)
            {
                throw new JsonException("An image is no object.");
            }

            string? config = null;
            bool hasConfig = false;
            List<string> tags = [];
            List<string> layers = [];
            int seen = 0;
            while (_json.NextField())
            {
                if (_json.IsField("Config"u8, ref seen, 1))
                {
                    hasConfig = _json.Token is JsonTokenType.String or JsonTokenType.Null;
                    config = _json.Text() ?? "";
                }
                else if (_json.IsField("RepoTags"u8, ref seen, 2))
                {
                    Limit(_imageCount + ReadTexts(tags, limits.Images - _imageCount), limits.Images, "names of images");
                }
                else if (_json.IsField("Layers"u8, ref seen, 4))
                {
                    long count = ReadTexts(layers, Math.Min(limits.Layers, limits.LayersOfAll - _layerCount));
                    _layerCount += count;
                    if (count > limits.Layers)
                    {
                        throw ArchiveFault.Limit(
                            archive,
                            $"its {ArchiveFiles.DockerFile} gives one image {count} layers; containerd cannot mount more than {limits.Layers}, "
                                + "the limit of the kernel's overlay file system.");
                    }
                }
                else
                {
                    _json.Skip();
                }
            }

            if (!hasConfig)
            {
                throw new JsonException("An image has no config.");
            }

            _ = tags.RemoveAll(tag => tag == NoName);
            _imageCount += Math.Max(1, tags.Count);
            if (_layerCount <= limits.LayersOfAll)
            {
                _items.Add(new DockerItem(config!, tags, layers));
            }
        }

        /// <summary>Takes the texts of a list as far as there is room; what is no list has none.</summary>
        /// <returns>How many there are, those for which there was no room too: the message tells it.</returns>
        private long ReadTexts(List<string> texts, long room)
        {
            long count = 0;
            if (_json.Token != JsonTokenType.StartArray)
            {
                _json.Skip();
                return count;
            }

            while (_json.NextItem())
            {
                if (_json.Token is not (JsonTokenType.String or JsonTokenType.Null))
                {
                    throw new JsonException("Something else stands where a name has to be.");
                }

                if (++count <= room)
                {
                    texts.Add(_json.Text() ?? "");
                }
            }

            return count;
        }

        private readonly void Limit(long count, int limit, string what)
        {
            if (count > limit)
            {
                throw ArchiveFault.Limit(archive, $"its {ArchiveFiles.DockerFile} lists {count} {what}; more than {limit} are not read.");
            }
        }
    }
}
