using System.Text.Json.Nodes;

namespace CtrPS;

/// <summary>A range of ids in a container and outside (user_namespaces(7)).</summary>
public sealed class CtrSpecIdMapping : CtrSpecObject
{
    /// <summary>One of its own, to be put into a spec.</summary>
    public CtrSpecIdMapping()
        : base(new JsonObject())
    {
    }

    internal CtrSpecIdMapping(JsonObject json)
        : base(json)
    {
    }

    /// <summary>The first id in the container.</summary>
    public long? ContainerId
    {
        get => GetNumber("containerID");
        set => SetNumber("containerID", value);
    }

    /// <summary>The first id outside.</summary>
    public long? HostId
    {
        get => GetNumber("hostID");
        set => SetNumber("hostID", value);
    }

    /// <summary>How many.</summary>
    public long? Size
    {
        get => GetNumber("size");
        set => SetNumber("size", value);
    }
}
