using System.Collections;

namespace CtrPS.Binding;

/// <summary>A change of labels, as the parameters -Label and -ReplaceLabel of the Set- cmdlets tell it.</summary>
/// <param name="Values">Keys to values. Empty or null: the label goes.</param>
/// <param name="ReplaceAll">Whether all other labels go.</param>
internal sealed record LabelChange(Dictionary<string, string?> Values, bool ReplaceAll)
{
    /// <summary>Reads the parameters, one of which is given.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.InvalidArgument"/>: an empty key, or a label that is too long.</exception>
    public static LabelChange From(Hashtable? label, Hashtable? replaceLabel) =>
        new(Labels.From(replaceLabel ?? label ?? []), replaceLabel is not null);

    /// <summary>Asks whether to make the change, where there is one.</summary>
    /// <param name="target">What has the labels, in words.</param>
    /// <param name="ask">ShouldProcess of the cmdlet.</param>
    public bool IsWanted(string target, Func<string, string, bool> ask) => (Values.Count > 0 || ReplaceAll) && ask(target, Words());

    private string Words()
    {
        IOrderedEnumerable<KeyValuePair<string, string?>> sorted = Values.OrderBy(label => label.Key, StringComparer.Ordinal);
        string set = string.Join(", ", sorted.Where(label => !string.IsNullOrEmpty(label.Value)).Select(label => $"{label.Key}={label.Value}"));
        string removed = string.Join(", ", sorted.Where(label => string.IsNullOrEmpty(label.Value)).Select(label => label.Key));
        if (ReplaceAll)
        {
            return set.Length == 0 ? "Remove all labels" : $"Replace all labels with {set}";
        }

        string[] parts = [set.Length == 0 ? "" : $"Set labels {set}", removed.Length == 0 ? "" : $"Remove labels {removed}"];
        return string.Join("; ", parts.Where(part => part.Length > 0));
    }
}
