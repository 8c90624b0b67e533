using System.Text.Json.Nodes;

namespace CtrPS;

/// <summary>Who may do what with which devices (runtime-spec, config-linux.md, Allowed Device list).</summary>
public sealed class CtrSpecDeviceRule : CtrSpecObject
{
    /// <summary>One of its own, to be put into a spec.</summary>
    public CtrSpecDeviceRule()
        : base(new JsonObject())
    {
    }

    internal CtrSpecDeviceRule(JsonObject json)
        : base(json)
    {
    }

    /// <summary>Whether it allows or denies.</summary>
    public bool Allow
    {
        get => GetFlag("allow");
        set => SetFlag("allow", value, always: true);
    }

    /// <summary>a, c or b. Null: all.</summary>
    public string? Type
    {
        get => GetText("type");
        set => SetText("type", value);
    }

    /// <summary>The major number. Null: all.</summary>
    public long? Major
    {
        get => GetNumber("major");
        set => SetNumber("major", value);
    }

    /// <summary>The minor number. Null: all.</summary>
    public long? Minor
    {
        get => GetNumber("minor");
        set => SetNumber("minor", value);
    }

    /// <summary>Of <c>rwm</c>: read, write, mknod.</summary>
    public string? Access
    {
        get => GetText("access");
        set => SetText("access", value);
    }
}
