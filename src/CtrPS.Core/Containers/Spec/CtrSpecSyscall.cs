using System.Text.Json.Nodes;

namespace CtrPS;

/// <summary>A rule for system calls.</summary>
public sealed class CtrSpecSyscall : CtrSpecObject
{
    /// <summary>One of its own, to be put into a spec.</summary>
    public CtrSpecSyscall()
        : base(new JsonObject())
    {
    }

    internal CtrSpecSyscall(JsonObject json)
        : base(json)
    {
    }

    /// <summary>The calls.</summary>
    public CtrSpecList<string> Names
    {
        get => Texts("names");
        set => SetTexts("names", value);
    }

    /// <summary>What happens, such as <c>SCMP_ACT_ALLOW</c>.</summary>
    public string? Action
    {
        get => GetText("action");
        set => SetText("action", value);
    }

    /// <summary>The error number with <c>SCMP_ACT_ERRNO</c>. Null: EPERM.</summary>
    public long? ErrnoRet
    {
        get => GetNumber("errnoRet");
        set => SetNumber("errnoRet", value);
    }

    /// <summary>What the arguments must be. Empty: anything.</summary>
    public CtrSpecList<CtrSpecSyscallArgument> Args
    {
        get => Objects("args", json => new CtrSpecSyscallArgument(json));
        set => SetObjects("args", value);
    }
}
