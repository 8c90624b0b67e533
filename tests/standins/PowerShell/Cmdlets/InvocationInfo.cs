namespace System.Management.Automation;

/// <summary>What a cmdlet knows of the line that called it.</summary>
public sealed class InvocationInfo
{
    internal InvocationInfo(string invocationName, Type commandType, Dictionary<string, object?> boundParameters)
    {
        InvocationName = invocationName;
        CommandType = commandType;
        BoundParameters = boundParameters;
    }

    public Dictionary<string, object?> BoundParameters { get; }

    public string InvocationName { get; }

    /// <summary>Whether something is piped in.</summary>
    public bool ExpectingInput { get; internal set; }

    internal Type CommandType { get; }
}
