namespace System.Management.Automation;

/// <summary>A cmdlet with access to the session's state.</summary>
public abstract class PSCmdlet : Cmdlet
{
    public Host.PSHost Host { get; } = new();

    public InvocationInfo MyInvocation => Runtime.Invocation;

    public string ParameterSetName => Runtime.ParameterSetName;

    public SessionState SessionState { get; } = new();

    /// <summary>The full path in the file system; it need not exist.</summary>
    public string GetUnresolvedProviderPathFromPSPath(string path) => SessionState.Path.GetUnresolvedProviderPathFromPSPath(path);
}
