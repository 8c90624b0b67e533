using System.Collections.ObjectModel;
using System.Diagnostics.CodeAnalysis;

namespace CtrPS;

/// <summary>
/// Labels and the like on an object: nobody changes them, and as text they are <c>key=value</c>, so that Export-Csv writes those and not a type's
/// name.
/// </summary>
/// <typeparam name="T">What stands at the keys.</typeparam>
public sealed class CtrMap<T> : ReadOnlyDictionary<string, T>
{
    internal CtrMap(IEnumerable<KeyValuePair<string, T>> pairs)
        : base(new Dictionary<string, T>(pairs))
    {
    }

    /// <summary>The map of nothing.</summary>
    internal static new CtrMap<T> Empty { get; } = new([]);

    /// <summary>The pairs, with commas between them.</summary>
    public override string ToString() => string.Join(", ", this.Select(pair => $"{pair.Key}={pair.Value}"));
}

/// <summary>Makes <see cref="CtrMap{T}"/> of other maps.</summary>
internal static class CtrMap
{
    [return: NotNullIfNotNull(nameof(pairs))]
    public static CtrMap<T>? Of<T>(IEnumerable<KeyValuePair<string, T>>? pairs) =>
        pairs as CtrMap<T> ?? (pairs is null ? null : new CtrMap<T>(pairs));
}
