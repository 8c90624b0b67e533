namespace CtrPS.Client.Content;

/// <summary>What containerd knows of a blob.</summary>
/// <param name="Digest">Its name.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Labels">Labels, those of the garbage collector among them.</param>
internal sealed record BlobInfo(string Digest, long Size, IReadOnlyDictionary<string, string> Labels)
{
    public static BlobInfo From(Containerd.Services.Content.V1.Info info) =>
        new(info.Digest, info.Size, new Dictionary<string, string>(info.Labels, StringComparer.Ordinal));

    /// <summary>Whether a label has a value.</summary>
    public bool Has(string label, string value) => Labels.TryGetValue(label, out string? own) && own == value;
}
