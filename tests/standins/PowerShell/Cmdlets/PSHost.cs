namespace System.Management.Automation.Host;

/// <summary>The program around the engine: the one on a terminal.</summary>
public sealed class PSHost
{
    internal PSHost()
    {
    }

    public string Name => "ConsoleHost";
}
