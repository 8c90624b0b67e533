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

    public string GetUnresolvedProviderPathFromPSPath(string path, out ProviderInfo provider, out PSDriveInfo drive)
    {
        provider = new ProviderInfo();
        drive = new PSDriveInfo();
        return GetUnresolvedProviderPathFromPSPath(path);
    }

    /// <summary>Wildcards are allowed in the last part of the path only.</summary>
    public Collections.ObjectModel.Collection<string> GetResolvedProviderPathFromPSPath(string path, out ProviderInfo provider)
    {
        provider = new ProviderInfo();
        string full = GetUnresolvedProviderPathFromPSPath(path);
        if (!WildcardPattern.ContainsWildcardCharacters(path))
        {
            return IO.Path.Exists(full) ? [full] : throw new ItemNotFoundException($"Cannot find path '{full}' because it does not exist.");
        }

        var pattern = WildcardPattern.Get(IO.Path.GetFileName(full), WildcardOptions.IgnoreCase);
        string folder = IO.Path.GetDirectoryName(full) ?? "/";
        return [.. (IO.Directory.Exists(folder) ? IO.Directory.EnumerateFileSystemEntries(folder) : []).Where(entry => pattern.IsMatch(IO.Path.GetFileName(entry))).Order(StringComparer.Ordinal)];
    }
}

/// <summary>What serves paths. Only the file system does here.</summary>
public sealed class ProviderInfo
{
    internal ProviderInfo()
    {
    }

    public string Name { get; } = "FileSystem";
}

/// <summary>A drive. Only its name's type is used.</summary>
public sealed class PSDriveInfo
{
    internal PSDriveInfo()
    {
    }

    public string Name { get; } = "/";
}

/// <summary>There is nothing at the path.</summary>
public class ItemNotFoundException(string message) : RuntimeException(message, "PathNotFound", ErrorCategory.ObjectNotFound);

/// <summary>There is no such drive; never thrown here.</summary>
public class DriveNotFoundException(string message) : RuntimeException(message, "DriveNotFound", ErrorCategory.ObjectNotFound);

/// <summary>Variables. There are none: all preferences are at their defaults, which null stands for.</summary>
public sealed class PSVariableIntrinsics
{
    private readonly Dictionary<string, object?> _values = new(StringComparer.OrdinalIgnoreCase);

    internal PSVariableIntrinsics()
    {
    }

    public object? GetValue(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return _values.GetValueOrDefault(name);
    }

    public void Set(string name, object value)
    {
        ArgumentNullException.ThrowIfNull(name);
        _values[name] = value;
    }
}
