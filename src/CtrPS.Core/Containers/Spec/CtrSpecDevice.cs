using System.Text.Json.Nodes;

namespace CtrPS;

/// <summary>A device file in a container (runtime-spec, config-linux.md, Devices).</summary>
public sealed class CtrSpecDevice : CtrSpecObject
{
    /// <summary>One of its own, to be put into a spec.</summary>
    public CtrSpecDevice()
        : base(new JsonObject())
    {
    }

    internal CtrSpecDevice(JsonObject json)
        : base(json)
    {
    }

    /// <summary>Its path in the container.</summary>
    public string? Path
    {
        get => GetText("path");
        set => SetText("path", value);
    }

    /// <summary>c, b, u or p.</summary>
    public string? Type
    {
        get => GetText("type");
        set => SetText("type", value);
    }

    /// <summary>The major number.</summary>
    public long? Major
    {
        get => GetNumber("major");
        set => SetNumber("major", value);
    }

    /// <summary>The minor number.</summary>
    public long? Minor
    {
        get => GetNumber("minor");
        set => SetNumber("minor", value);
    }

    /// <summary>Its permissions. Null: the runtime's.</summary>
    public long? FileMode
    {
        get => GetNumber("fileMode");
        set => SetNumber("fileMode", value);
    }

    /// <summary>Its owner.</summary>
    public long? Uid
    {
        get => GetNumber("uid");
        set => SetNumber("uid", value);
    }

    /// <summary>Its group.</summary>
    public long? Gid
    {
        get => GetNumber("gid");
        set => SetNumber("gid", value);
    }
}
