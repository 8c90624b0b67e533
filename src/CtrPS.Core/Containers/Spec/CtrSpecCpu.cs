using System.Text.Json.Nodes;

namespace CtrPS;

/// <summary>Limits of processor time.</summary>
public sealed class CtrSpecCpu : CtrSpecObject
{
    /// <summary>One of its own, to be put into a spec.</summary>
    public CtrSpecCpu()
        : base(new JsonObject())
    {
    }

    internal CtrSpecCpu(JsonObject json)
        : base(json)
    {
    }

    internal CtrSpecCpu(CtrSpecObject parent, string key)
        : base(parent, key)
    {
    }

    /// <summary>Its weight beside others; 1024 is ordinary.</summary>
    public ulong? Shares
    {
        get => GetUnsigned("shares");
        set => SetUnsigned("shares", value);
    }

    /// <summary>Microseconds in each period.</summary>
    public long? Quota
    {
        get => GetNumber("quota");
        set => SetNumber("quota", value);
    }

    /// <summary>Microseconds of a period.</summary>
    public ulong? Period
    {
        get => GetUnsigned("period");
        set => SetUnsigned("period", value);
    }

    /// <summary>Microseconds that it may save up.</summary>
    public ulong? Burst
    {
        get => GetUnsigned("burst");
        set => SetUnsigned("burst", value);
    }

    /// <summary>The processors that it may use, such as <c>0-2,4</c>.</summary>
    public string? Cpus
    {
        get => GetText("cpus");
        set => SetText("cpus", value);
    }

    /// <summary>The memory nodes that it may use.</summary>
    public string? Mems
    {
        get => GetText("mems");
        set => SetText("mems", value);
    }
}
