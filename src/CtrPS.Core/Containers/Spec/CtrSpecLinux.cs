using System.Text.Json.Nodes;

namespace CtrPS;

/// <summary>What only Linux has (runtime-spec, config-linux.md).</summary>
public sealed class CtrSpecLinux : CtrSpecObject
{
    /// <summary>One of its own, to be put into a spec.</summary>
    public CtrSpecLinux()
        : base(new JsonObject())
    {
    }

    internal CtrSpecLinux(JsonObject json)
        : base(json)
    {
    }

    internal CtrSpecLinux(CtrSpecObject parent, string key)
        : base(parent, key)
    {
    }

    /// <summary>The namespaces of its own and those that it joins.</summary>
    public CtrSpecList<CtrSpecNamespace> Namespaces
    {
        get => Objects("namespaces", json => new CtrSpecNamespace(json));
        set => SetObjects("namespaces", value);
    }

    /// <summary>User ids in the container and outside.</summary>
    public CtrSpecList<CtrSpecIdMapping> UidMappings
    {
        get => Objects("uidMappings", json => new CtrSpecIdMapping(json));
        set => SetObjects("uidMappings", value);
    }

    /// <summary>Group ids in the container and outside.</summary>
    public CtrSpecList<CtrSpecIdMapping> GidMappings
    {
        get => Objects("gidMappings", json => new CtrSpecIdMapping(json));
        set => SetObjects("gidMappings", value);
    }

    /// <summary>Device files in the container.</summary>
    public CtrSpecList<CtrSpecDevice> Devices
    {
        get => Objects("devices", json => new CtrSpecDevice(json));
        set => SetObjects("devices", value);
    }

    /// <summary>The control group: a path, or <c>slice:prefix:name</c> with systemd.</summary>
    public string? CgroupsPath
    {
        get => GetText("cgroupsPath");
        set => SetText("cgroupsPath", value);
    }

    /// <summary>Limits of the control group.</summary>
    public CtrSpecResources Resources
    {
        get => new(this, "resources");
        set => SetObject("resources", value);
    }

    /// <summary>How mounts spread: private, shared, slave, unbindable.</summary>
    public string? RootfsPropagation
    {
        get => GetText("rootfsPropagation");
        set => SetText("rootfsPropagation", value);
    }

    /// <summary>Which system calls are allowed.</summary>
    public CtrSpecSeccomp Seccomp
    {
        get => new(this, "seccomp");
        set => SetObject("seccomp", value);
    }

    /// <summary>Kernel parameters.</summary>
    public CtrSpecDictionary Sysctl
    {
        get => Map("sysctl");
        set => SetMap("sysctl", value);
    }

    /// <summary>Paths that cannot be seen.</summary>
    public CtrSpecList<string> MaskedPaths
    {
        get => Texts("maskedPaths");
        set => SetTexts("maskedPaths", value);
    }

    /// <summary>Paths that cannot be written to.</summary>
    public CtrSpecList<string> ReadonlyPaths
    {
        get => Texts("readonlyPaths");
        set => SetTexts("readonlyPaths", value);
    }
}
