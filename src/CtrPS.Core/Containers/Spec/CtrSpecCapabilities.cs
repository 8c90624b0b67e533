using System.Text.Json.Nodes;

namespace CtrPS;

/// <summary>The capabilities of a process, <c>CAP_NAME</c> each (capabilities(7)).</summary>
public sealed class CtrSpecCapabilities : CtrSpecObject
{
    /// <summary>One of its own, to be put into a spec.</summary>
    public CtrSpecCapabilities()
        : base(new JsonObject())
    {
    }

    internal CtrSpecCapabilities(JsonObject json)
        : base(json)
    {
    }

    internal CtrSpecCapabilities(CtrSpecObject parent, string key)
        : base(parent, key)
    {
    }

    /// <summary>What it can get at all.</summary>
    public CtrSpecList<string> Bounding
    {
        get => Texts("bounding");
        set => SetTexts("bounding", value);
    }

    /// <summary>What the kernel checks.</summary>
    public CtrSpecList<string> Effective
    {
        get => Texts("effective");
        set => SetTexts("effective", value);
    }

    /// <summary>What it may make effective.</summary>
    public CtrSpecList<string> Permitted
    {
        get => Texts("permitted");
        set => SetTexts("permitted", value);
    }

    /// <summary>What programs that it executes inherit.</summary>
    public CtrSpecList<string> Inheritable
    {
        get => Texts("inheritable");
        set => SetTexts("inheritable", value);
    }

    /// <summary>What programs that are not privileged keep.</summary>
    public CtrSpecList<string> Ambient
    {
        get => Texts("ambient");
        set => SetTexts("ambient", value);
    }
}
