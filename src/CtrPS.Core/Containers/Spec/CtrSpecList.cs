using System.Collections.ObjectModel;

namespace CtrPS;

/// <summary>A list in a spec. Changes are changes of the spec.</summary>
public sealed class CtrSpecList<T> : Collection<T>
{
    /// <summary>A list of its own, to be put into a spec.</summary>
    public CtrSpecList()
    {
    }

    /// <summary>A list of its own, to be put into a spec. PowerShell converts arrays with it.</summary>
    public CtrSpecList(IEnumerable<T> items)
        : base([.. items])
    {
    }

    internal CtrSpecList(JsonList<T> items)
        : base(items)
    {
    }

    /// <summary>The elements, with commas between them.</summary>
    public override string ToString() => string.Join(", ", this);
}
