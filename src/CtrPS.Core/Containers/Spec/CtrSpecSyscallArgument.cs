using System.Text.Json.Nodes;

namespace CtrPS;

/// <summary>A condition on an argument of a system call.</summary>
public sealed class CtrSpecSyscallArgument : CtrSpecObject
{
    /// <summary>One of its own, to be put into a spec.</summary>
    public CtrSpecSyscallArgument()
        : base(new JsonObject())
    {
    }

    internal CtrSpecSyscallArgument(JsonObject json)
        : base(json)
    {
    }

    /// <summary>Which argument, from 0.</summary>
    public long? Index
    {
        get => GetNumber("index");
        set => SetNumber("index", value);
    }

    /// <summary>The value.</summary>
    public ulong? Value
    {
        get => GetUnsigned("value");
        set => SetUnsigned("value", value);
    }

    /// <summary>The second value, of <c>SCMP_CMP_MASKED_EQ</c>.</summary>
    public ulong? ValueTwo
    {
        get => GetUnsigned("valueTwo");
        set => SetUnsigned("valueTwo", value);
    }

    /// <summary>The comparison, such as <c>SCMP_CMP_EQ</c>.</summary>
    public string? Op
    {
        get => GetText("op");
        set => SetText("op", value);
    }
}
