using System.Text.Json.Nodes;

namespace CtrPS;

/// <summary>A resource limit (getrlimit(2)).</summary>
public sealed class CtrSpecRlimit : CtrSpecObject
{
    /// <summary>One of its own, to be put into a spec.</summary>
    public CtrSpecRlimit()
        : base(new JsonObject())
    {
    }

    internal CtrSpecRlimit(JsonObject json)
        : base(json)
    {
    }

    /// <summary>Such as <c>RLIMIT_NOFILE</c>.</summary>
    public string? Type
    {
        get => GetText("type");
        set => SetText("type", value);
    }

    /// <summary>What the kernel enforces.</summary>
    public ulong? Soft
    {
        get => GetUnsigned("soft");
        set => SetUnsigned("soft", value);
    }

    /// <summary>How far the process may raise it.</summary>
    public ulong? Hard
    {
        get => GetUnsigned("hard");
        set => SetUnsigned("hard", value);
    }
}
