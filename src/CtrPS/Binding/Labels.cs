using System.Collections;

namespace CtrPS.Binding;

/// <summary>Reads labels out of a hashtable.</summary>
internal static class Labels
{
    /// <summary>containerd's limit for key and value together (pkg/labels/validate.go).</summary>
    private const int MaxLength = 4096;

    /// <summary>Keys to values; a null value stays null and means that the label goes.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.InvalidArgument"/>: an empty key, or a label that is too long.</exception>
    public static Dictionary<string, string?> From(IDictionary table)
    {
        var labels = new Dictionary<string, string?>(StringComparer.Ordinal);
        foreach (DictionaryEntry entry in table)
        {
            string key = entry.Key.ToString() ?? "";
            string? value = entry.Value?.ToString();
            if (key.Length == 0 || key.Length + (value?.Length ?? 0) > MaxLength)
            {
                throw new CtrException(
                    CtrErrorIds.InvalidArgument, CtrStatus.InvalidArgument,
                    key.Length == 0 ? "A label has no name." : $"The label '{key}' has more than {MaxLength} characters in name and value together.")
                {
                    Target = key,
                };
            }

            labels[key] = value;
        }

        return labels;
    }
}
