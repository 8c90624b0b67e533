using System.Text.Json.Nodes;

namespace CtrPS;

/// <summary>Which system calls are allowed (runtime-spec, config-linux.md, Seccomp).</summary>
public sealed class CtrSpecSeccomp : CtrSpecObject
{
    /// <summary>One of its own, to be put into a spec.</summary>
    public CtrSpecSeccomp()
        : base(new JsonObject())
    {
    }

    internal CtrSpecSeccomp(JsonObject json)
        : base(json)
    {
    }

    internal CtrSpecSeccomp(CtrSpecObject parent, string key)
        : base(parent, key)
    {
    }

    /// <summary>What happens with a call that no rule names, such as <c>SCMP_ACT_ERRNO</c>. Null: there is no filter.</summary>
    public string? DefaultAction
    {
        get => GetText("defaultAction");
        set => SetText("defaultAction", value);
    }

    /// <summary>The error number for it. Null: EPERM.</summary>
    public long? DefaultErrnoRet
    {
        get => GetNumber("defaultErrnoRet");
        set => SetNumber("defaultErrnoRet", value);
    }

    /// <summary>Such as <c>SCMP_ARCH_X86_64</c>.</summary>
    public CtrSpecList<string> Architectures
    {
        get => Texts("architectures");
        set => SetTexts("architectures", value);
    }

    /// <summary>Flags of seccomp(2).</summary>
    public CtrSpecList<string> Flags
    {
        get => Texts("flags");
        set => SetTexts("flags", value);
    }

    /// <summary>The rules.</summary>
    public CtrSpecList<CtrSpecSyscall> Syscalls
    {
        get => Objects("syscalls", json => new CtrSpecSyscall(json));
        set => SetObjects("syscalls", value);
    }
}
