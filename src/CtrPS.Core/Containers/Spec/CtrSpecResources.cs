using System.Text.Json.Nodes;

namespace CtrPS;

/// <summary>Limits of a control group (runtime-spec, config-linux.md, Control groups).</summary>
public sealed class CtrSpecResources : CtrSpecObject
{
    /// <summary>One of its own, to be put into a spec.</summary>
    public CtrSpecResources()
        : base(new JsonObject())
    {
    }

    internal CtrSpecResources(JsonObject json)
        : base(json)
    {
    }

    internal CtrSpecResources(CtrSpecObject parent, string key)
        : base(parent, key)
    {
    }

    /// <summary>Rules for devices; a later one wins.</summary>
    public CtrSpecList<CtrSpecDeviceRule> Devices
    {
        get => Objects("devices", json => new CtrSpecDeviceRule(json));
        set => SetObjects("devices", value);
    }

    /// <summary>Memory.</summary>
    public CtrSpecMemory Memory
    {
        get => new(this, "memory");
        set => SetObject("memory", value);
    }

    /// <summary>Processors.</summary>
    public CtrSpecCpu Cpu
    {
        get => new(this, "cpu");
        set => SetObject("cpu", value);
    }

    /// <summary>Processes.</summary>
    public CtrSpecPids Pids
    {
        get => new(this, "pids");
        set => SetObject("pids", value);
    }

    /// <summary>Files of cgroup v2 and what to write into them.</summary>
    public CtrSpecDictionary Unified
    {
        get => Map("unified");
        set => SetMap("unified", value);
    }
}
