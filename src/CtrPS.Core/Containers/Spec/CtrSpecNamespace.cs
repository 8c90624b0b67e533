using System.Text.Json.Nodes;

namespace CtrPS;

/// <summary>A namespace of a container (runtime-spec, config-linux.md, Namespaces).</summary>
public sealed class CtrSpecNamespace : CtrSpecObject
{
    /// <summary>One of its own, to be put into a spec.</summary>
    public CtrSpecNamespace()
        : base(new JsonObject())
    {
    }

    internal CtrSpecNamespace(JsonObject json)
        : base(json)
    {
    }

    /// <summary>pid, network, mount, ipc, uts, user, cgroup or time.</summary>
    public string? Type
    {
        get => GetText("type");
        set => SetText("type", value);
    }

    /// <summary>The one to join, such as <c>/proc/1/ns/net</c>. Null: a new one.</summary>
    public string? Path
    {
        get => GetText("path");
        set => SetText("path", value);
    }
}
