using System.Text.Json.Nodes;

namespace CtrPS;

/// <summary>Whom a process runs as (runtime-spec, config.md, User).</summary>
public sealed class CtrSpecUser : CtrSpecObject
{
    /// <summary>One of its own, to be put into a spec.</summary>
    public CtrSpecUser()
        : base(new JsonObject())
    {
    }

    internal CtrSpecUser(JsonObject json)
        : base(json)
    {
    }

    internal CtrSpecUser(CtrSpecObject parent, string key)
        : base(parent, key)
    {
    }

    /// <summary>The user id.</summary>
    public long? Uid
    {
        get => GetNumber("uid");
        set => SetNumber("uid", value);
    }

    /// <summary>The group id.</summary>
    public long? Gid
    {
        get => GetNumber("gid");
        set => SetNumber("gid", value);
    }

    /// <summary>Ids of further groups.</summary>
    public CtrSpecList<long> AdditionalGids
    {
        get => Numbers("additionalGids");
        set => SetNumbers("additionalGids", value);
    }

    /// <summary>The umask. Null: the runtime's.</summary>
    public long? Umask
    {
        get => GetNumber("umask");
        set => SetNumber("umask", value);
    }

    /// <summary>The user's name; Windows only.</summary>
    public string? Username
    {
        get => GetText("username");
        set => SetText("username", value);
    }
}
