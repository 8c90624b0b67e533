using System.Text.Json.Nodes;

namespace CtrPS;

/// <summary>The first process of a container (runtime-spec, config.md, Process).</summary>
public sealed class CtrSpecProcess : CtrSpecObject
{
    /// <summary>One of its own, to be put into a spec.</summary>
    public CtrSpecProcess()
        : base(new JsonObject())
    {
    }

    internal CtrSpecProcess(JsonObject json)
        : base(json)
    {
    }

    internal CtrSpecProcess(CtrSpecObject parent, string key)
        : base(parent, key)
    {
    }

    /// <summary>The program and its arguments.</summary>
    public CtrSpecList<string> Args
    {
        get => Texts("args");
        set => SetTexts("args", value);
    }

    /// <summary>Its environment: <c>NAME=value</c> each.</summary>
    public CtrSpecList<string> Env
    {
        get => Texts("env");
        set => SetTexts("env", value);
    }

    /// <summary>Its working directory, an absolute path in the container.</summary>
    public string? Cwd
    {
        get => GetText("cwd");
        set => SetText("cwd", value);
    }

    /// <summary>Whom it runs as.</summary>
    public CtrSpecUser User
    {
        get => new(this, "user");
        set => SetObject("user", value);
    }

    /// <summary>Whether it has a terminal.</summary>
    public bool Terminal
    {
        get => GetFlag("terminal");
        set => SetFlag("terminal", value);
    }

    /// <summary>Whether it can gain no privileges by set-user-id programs and file capabilities.</summary>
    public bool NoNewPrivileges
    {
        get => GetFlag("noNewPrivileges");
        set => SetFlag("noNewPrivileges", value);
    }

    /// <summary>Its capabilities.</summary>
    public CtrSpecCapabilities Capabilities
    {
        get => new(this, "capabilities");
        set => SetObject("capabilities", value);
    }

    /// <summary>Its resource limits.</summary>
    public CtrSpecList<CtrSpecRlimit> Rlimits
    {
        get => Objects("rlimits", json => new CtrSpecRlimit(json));
        set => SetObjects("rlimits", value);
    }

    /// <summary>The AppArmor profile. Null: none.</summary>
    public string? ApparmorProfile
    {
        get => GetText("apparmorProfile");
        set => SetText("apparmorProfile", value);
    }

    /// <summary>The SELinux label. Null: none.</summary>
    public string? SelinuxLabel
    {
        get => GetText("selinuxLabel");
        set => SetText("selinuxLabel", value);
    }

    /// <summary>What is added to its score for the out-of-memory killer, -1000 to 1000. Null: nothing.</summary>
    public long? OomScoreAdj
    {
        get => GetNumber("oomScoreAdj");
        set => SetNumber("oomScoreAdj", value);
    }
}
