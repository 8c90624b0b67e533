namespace System.Management.Automation;

/// <summary>The session's state: the process's folder, and the preferences at their defaults.</summary>
public sealed class SessionState
{
    internal SessionState()
    {
    }

    public PathIntrinsics Path { get; } = new();

    public PSVariableIntrinsics PSVariable { get; } = new();
}

/// <summary>Paths. There is one drive: the file system.</summary>
public sealed class PathIntrinsics
{
    internal PathIntrinsics()
    {
    }

    public string GetUnresolvedProviderPathFromPSPath(string path) => IO.Path.GetFullPath(
        path == "~" || path.StartsWith("~/", StringComparison.Ordinal)
        ? Environment.GetFolderPath(Environment.SpecialFolder.UserProfile) + path[1..]
        : path);
}

/// <summary>Variables. There are none: all preferences are at their defaults, which null stands for.</summary>
public sealed class PSVariableIntrinsics
{
    internal PSVariableIntrinsics()
    {
    }

    public object? GetValue(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return null;
    }
}
