using System.Text.Json.Nodes;

namespace CtrPS;

/// <summary>The root file system (runtime-spec, config.md, Root).</summary>
public sealed class CtrSpecRoot : CtrSpecObject
{
    /// <summary>One of its own, to be put into a spec.</summary>
    public CtrSpecRoot()
        : base(new JsonObject())
    {
    }

    internal CtrSpecRoot(JsonObject json)
        : base(json)
    {
    }

    internal CtrSpecRoot(CtrSpecObject parent, string key)
        : base(parent, key)
    {
    }

    /// <summary>Its folder: absolute, or in the bundle.</summary>
    public string? Path
    {
        get => GetText("path");
        set => SetText("path", value);
    }

    /// <summary>Whether it is read-only.</summary>
    public bool Readonly
    {
        get => GetFlag("readonly");
        set => SetFlag("readonly", value);
    }
}
