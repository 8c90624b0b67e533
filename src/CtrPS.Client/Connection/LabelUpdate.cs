namespace CtrPS.Client.Connection;

/// <summary>
/// containerd's way to change labels: a mask of <c>labels.KEY</c>, where an empty value removes the key, or <c>labels</c> for all of them.
/// </summary>
internal static class LabelUpdate
{
    public static IEnumerable<string> Mask(IReadOnlyDictionary<string, string?> labels, bool replaceAll) =>
        replaceAll ? ["labels"] : labels.Keys.Select(key => "labels." + key);

    public static IDictionary<string, string> Values(IReadOnlyDictionary<string, string?> labels, bool replaceAll) => labels
        .Where(label => !replaceAll || !string.IsNullOrEmpty(label.Value))
        .ToDictionary(label => label.Key, label => label.Value ?? "", StringComparer.Ordinal);
}
