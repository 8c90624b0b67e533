using CtrPS.Client.Oci;

namespace CtrPS.Client.Content;

/// <summary>
/// What containerd's client calls the ingests of what it fetches (core/remotes/handlers.go, MakeRefKey): one that was left,
/// by us or by it, is gone on with under the same name.
/// </summary>
internal static class IngestNames
{
    public static string Of(ImageNode blob)
    {
        Descriptor descriptor = blob.Descriptor;
        string kind = MediaTypes.IsManifest(descriptor.MediaType) ? "manifest"
            : MediaTypes.IsIndex(descriptor.MediaType) ? "index"
            : MediaTypes.IsLayer(descriptor.MediaType) ? "layer"
            : MediaTypes.IsImageConfig(descriptor.MediaType) ? "config"
            : "unknown";
        return $"{kind}-{descriptor.Digest}";
    }
}
