namespace System.Management.Automation.Runspaces;

/// <summary>One shell. The module keeps its sessions by runspace.</summary>
public sealed class Runspace
{
    [ThreadStatic]
    private static Runspace? s_default;

    internal Runspace()
    {
    }

    /// <summary>The one that this thread runs now.</summary>
    public static Runspace? DefaultRunspace
    {
        get => s_default;
        set => s_default = value;
    }
}
