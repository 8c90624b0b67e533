using System.Management.Automation;

namespace CtrPS.Commands;

/// <summary>What -Label of a Get- cmdlet asks of labels: each of <c>key</c> or <c>key=value</c>, with wildcards in both.</summary>
internal sealed class LabelFilter
{
    private readonly (WildcardPattern Key, WildcardPattern? Value)[] _wanted;

    public LabelFilter(IEnumerable<string> given) => _wanted =
    [
        .. given.Select(one => one.Split('=', 2)).Select(parts => (
            WildcardPattern.Get(parts[0], WildcardOptions.None),
            parts.Length > 1 ? WildcardPattern.Get(parts[1], WildcardOptions.None) : null)),
    ];

    /// <summary>Whether labels have all that is asked for.</summary>
    public bool Fits(IReadOnlyDictionary<string, string> labels) =>
        _wanted.All(wanted => labels.Any(label => wanted.Key.IsMatch(label.Key) && wanted.Value?.IsMatch(label.Value) != false));
}
