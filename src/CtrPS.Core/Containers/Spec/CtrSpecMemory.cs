using System.Text.Json.Nodes;

namespace CtrPS;

/// <summary>Limits of memory, in bytes; -1 is none.</summary>
public sealed class CtrSpecMemory : CtrSpecObject
{
    /// <summary>One of its own, to be put into a spec.</summary>
    public CtrSpecMemory()
        : base(new JsonObject())
    {
    }

    internal CtrSpecMemory(JsonObject json)
        : base(json)
    {
    }

    internal CtrSpecMemory(CtrSpecObject parent, string key)
        : base(parent, key)
    {
    }

    /// <summary>At the most.</summary>
    public long? Limit
    {
        get => GetNumber("limit");
        set => SetNumber("limit", value);
    }

    /// <summary>What it gets when memory is short.</summary>
    public long? Reservation
    {
        get => GetNumber("reservation");
        set => SetNumber("reservation", value);
    }

    /// <summary>Memory and swap together at the most.</summary>
    public long? Swap
    {
        get => GetNumber("swap");
        set => SetNumber("swap", value);
    }

    /// <summary>How readily it is swapped out, 0 to 100.</summary>
    public long? Swappiness
    {
        get => GetNumber("swappiness");
        set => SetNumber("swappiness", value);
    }

    /// <summary>Whether it waits for memory rather than being killed.</summary>
    public bool DisableOomKiller
    {
        get => GetFlag("disableOOMKiller");
        set => SetFlag("disableOOMKiller", value);
    }
}
