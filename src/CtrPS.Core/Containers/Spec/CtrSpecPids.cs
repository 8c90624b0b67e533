using System.Text.Json.Nodes;

namespace CtrPS;

/// <summary>Limit of processes.</summary>
public sealed class CtrSpecPids : CtrSpecObject
{
    /// <summary>One of its own, to be put into a spec.</summary>
    public CtrSpecPids()
        : base(new JsonObject())
    {
    }

    internal CtrSpecPids(JsonObject json)
        : base(json)
    {
    }

    internal CtrSpecPids(CtrSpecObject parent, string key)
        : base(parent, key)
    {
    }

    /// <summary>At the most; -1 or 0 is none.</summary>
    public long? Limit
    {
        get => GetNumber("limit");
        set => SetNumber("limit", value);
    }
}
