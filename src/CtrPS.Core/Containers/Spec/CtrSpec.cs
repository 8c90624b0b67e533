using System.Text.Json.Nodes;

namespace CtrPS;

/// <summary>An OCI runtime spec: all that a runtime needs to know to run a container (github.com/opencontainers/runtime-spec, config.md).</summary>
public sealed class CtrSpec : CtrSpecObject
{
    /// <summary>One of its own, to be put into a spec.</summary>
    public CtrSpec()
        : base(new JsonObject())
    {
    }

    internal CtrSpec(JsonObject json)
        : base(json)
    {
    }

    /// <summary>The version of the runtime spec that it follows.</summary>
    public string? OciVersion
    {
        get => GetText("ociVersion");
        set => SetText("ociVersion", value);
    }

    /// <summary>The first process.</summary>
    public CtrSpecProcess Process
    {
        get => new(this, "process");
        set => SetObject("process", value);
    }

    /// <summary>The root file system.</summary>
    public CtrSpecRoot Root
    {
        get => new(this, "root");
        set => SetObject("root", value);
    }

    /// <summary>The host name in the container. Null: the host's.</summary>
    public string? Hostname
    {
        get => GetText("hostname");
        set => SetText("hostname", value);
    }

    /// <summary>The domain name in the container.</summary>
    public string? Domainname
    {
        get => GetText("domainname");
        set => SetText("domainname", value);
    }

    /// <summary>What is mounted, in this order.</summary>
    public CtrSpecList<CtrMount> Mounts
    {
        get => Objects("mounts", json => new CtrMount(json));
        set => SetObjects("mounts", value);
    }

    /// <summary>What only Linux has.</summary>
    public CtrSpecLinux Linux
    {
        get => new(this, "linux");
        set => SetObject("linux", value);
    }

    /// <summary>Annotations.</summary>
    public CtrSpecDictionary Annotations
    {
        get => Map("annotations");
        set => SetMap("annotations", value);
    }

    /// <summary>Reads a spec.</summary>
    /// <param name="json">The JSON, as in a <c>config.json</c> of runc.</param>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.InvalidSpec"/>: it is no JSON object.</exception>
    public static CtrSpec Parse(string json)
    {
        ArgumentNullException.ThrowIfNull(json);
        return new CtrSpec(ReadObject(json, "spec"));
    }

    /// <summary>A copy that changes on its own.</summary>
    public CtrSpec Copy() => new((JsonObject)Json.DeepClone());

    /// <summary>The command line of the first process.</summary>
    public override string ToString() => string.Join(' ', Process.Args);
}
