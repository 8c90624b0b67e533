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
    public const string Prefix = CollectorLabels.Content + ".";

    /// <summary>What the keys begin with by which a manifest keeps what refers to it.</summary>
    public const string ReferrerPrefix = Prefix + "referrer.sha256.";

    /// <summary>Digits of a referrer's digest in its key.</summary>
    private const int ReferrerDigits = 12;

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

    /// <summary>
    /// Labels by which a manifest keeps what refers to it. The key has the first digits of the referrer's digest, whatever its algorithm, so that it
    /// is the same in whatever order they are found. So does containerd's client (core/images/mediatypes.go, ChildGCLabels; handlers.go), and the
    /// collector of every containerd follows it. Where two have the same first digits, the second has all of them: else it would be lost.
    /// </summary>
    /// <param name="referrers">The digests, each once.</param>
    public static IReadOnlyDictionary<string, string> ForReferrers(IEnumerable<string> referrers)
    {
        var labels = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string digest in referrers)
        {
            string hex = digest[(digest.IndexOf(':', StringComparison.Ordinal) + 1)..];
            if (!labels.TryAdd(ReferrerPrefix + hex[..ReferrerDigits], digest))
            {
                labels[ReferrerPrefix + hex] = digest;
            }
        }

        return labels;
    }

    private static string KeyOf(string mediaType) => Prefix + (
        MediaTypes.IsImageConfig(mediaType) ? "config"
        : MediaTypes.IsManifest(mediaType) ? "m."
        : MediaTypes.IsLayer(mediaType) ? "l."
        : "");
}
