namespace CtrPS.Client.Content;

/// <summary>
/// The labels that say from which repositories a blob was fetched, so that a push to the same registry need not send it (containerd,
/// core/remotes/docker/handler.go, AppendDistributionSourceLabel).
/// </summary>
internal static class SourceLabels
{
    /// <summary>What their keys begin with; the registry's host stands behind it.</summary>
    public const string Prefix = "containerd.io/distribution.source.";

    /// <summary>Key and value of a label together, which containerd's database takes at the most.</summary>
    private const int MaxLength = 4096;

    /// <summary>The key for a registry: its host without the port.</summary>
    public static string KeyOf(string registry)
    {
        int colon = registry.LastIndexOf(':');
        return Prefix + (colon > registry.LastIndexOf(']') ? registry[..colon] : registry);
    }

    /// <summary>The repositories in a label.</summary>
    public static IEnumerable<string> Read(string? value) => (value ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>The value with one repository more. Null where it is in there, or is one too many.</summary>
    public static string? With(string? value, string repository)
    {
        string[] known = [.. Read(value)];
        string joined = string.Join(',', known.Append(repository).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal));
        return known.Contains(repository) || joined.Length > MaxLength - Prefix.Length - 256 ? null : joined;
    }
}
