using System.Collections.ObjectModel;

namespace CtrPS;

/// <summary>A list on an object: nobody changes it, and as text it is its elements, so that Export-Csv writes those and not a type's name.</summary>
/// <typeparam name="T">What is in it.</typeparam>
public sealed class CtrList<T> : ReadOnlyCollection<T>
{
    internal CtrList(IEnumerable<T> elements)
        : base([.. elements])
    {
    }

    /// <summary>The list of nothing.</summary>
    internal static new CtrList<T> Empty { get; } = new([]);

    /// <summary>The elements, with commas between them.</summary>
    public override string ToString() => string.Join(", ", this);
}

/// <summary>Makes <see cref="CtrList{T}"/> of other lists.</summary>
internal static class CtrList
{
    [return: System.Diagnostics.CodeAnalysis.NotNullIfNotNull(nameof(elements))]
    public static CtrList<T>? Of<T>(IEnumerable<T>? elements) => elements as CtrList<T> ?? (elements is null ? null : new CtrList<T>(elements));
}
