using System.Globalization;

namespace CtrPS.Client.Oci;

/// <summary>
/// The labels by which a manifest or an index keeps its children from containerd's garbage collector. Keys and their counting are those of
/// containerd's client (core/images/mediatypes.go, ChildGCLabels; handlers.go, SetChildrenMappedLabels): one counter for each kind, over all
/// children, whether they are there or not.
/// </summary>
internal static class GarbageLabels
{
    /// <summary>What such a key begins with.</summary>
    public const string Prefix = "containerd.io/gc.ref.content.";

    /// <summary>Labels for a blob with these children.</summary>
    /// <param name="children">All children in the order of the document.</param>
    /// <param name="withoutLayers">Leave layers to the collector: they are unpacked, and the image needs no longer be exported or pushed.</param>
    public static IReadOnlyDictionary<string, string> For(IEnumerable<Descriptor> children, bool withoutLayers = false)
    {
        var labels = new Dictionary<string, string>(StringComparer.Ordinal);
        var counters = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (Descriptor child in children)
        {
            string key = KeyOf(child.MediaType);
            if (key.EndsWith('.'))
            {
                int index = counters.GetValueOrDefault(key);
                counters[key] = index + 1;
                if (withoutLayers && key == Prefix + "l.")
                {
                    continue;
                }

                key += index.ToString(CultureInfo.InvariantCulture);
            }

            labels[key] = child.Digest;
        }

        return labels;
    }

    private static string KeyOf(string mediaType) => Prefix + (
        MediaTypes.IsImageConfig(mediaType) ? "config"
        : MediaTypes.IsManifest(mediaType) ? "m."
        : MediaTypes.IsLayer(mediaType) ? "l."
        : "");
}
