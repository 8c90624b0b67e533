using System.Management.Automation;
using CtrPS.Binding;

namespace CtrPS.Commands;

/// <summary>The log of a process as containerd's shim takes it: a URI.</summary>
internal static class TaskLogUri
{
    private const string IdPlaceholder = "{Id}";

    /// <summary>The URI of a log that is given as one of two parameters. Null: neither is given.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.InvalidArgument"/>.</exception>
    public static string? From(PSCmdlet cmdlet, string? path, string? uri, string id) =>
        path is not null ? FromPath(cmdlet, path, id) : uri is not null ? From(uri, id) : null;

    /// <summary>The URI of a log file, on the daemon's machine. <c>{Id}</c> in the path stands for the container's id.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.InvalidArgument"/> for a path that is no file system's.</exception>
    public static string FromPath(PSCmdlet cmdlet, string path, string id) =>
        new Uri(ProviderPath.Resolve(cmdlet, path.Replace(IdPlaceholder, id, StringComparison.OrdinalIgnoreCase))).AbsoluteUri;

    /// <summary>Checks a log URI and gives it back, with <c>{Id}</c> filled in.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.InvalidArgument"/>: neither <c>file:///path</c> nor <c>binary:///path</c>.</exception>
    public static string From(string given, string id)
    {
        string filled = given.Replace(IdPlaceholder, id, StringComparison.OrdinalIgnoreCase);
        return Uri.TryCreate(filled, UriKind.Absolute, out Uri? uri)
            && uri.Scheme is "file" or "binary"
            && uri.Host.Length == 0
            && uri.AbsolutePath.Length > 1
            ? filled
            : throw new CtrException(CtrErrorIds.InvalidArgument, CtrStatus.InvalidArgument, $"'{given}' is not the URI of a log.")
            {
                Target = given,
                RecommendedAction = "Give file:///path or binary:///program?key=value. A path of a file goes with -LogPath.",
            };
    }
}
