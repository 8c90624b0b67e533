using CtrPS.Client.Archives;
using CtrPS.Client.Connection;
using CtrPS.Client.Logs;
using CtrPS.Client.Posix;
using CtrPS.Client.Registry;
using Microsoft.Win32.SafeHandles;

namespace CtrPS.Client;

/// <summary>The one way into this assembly.</summary>
internal static class Connector
{
    /// <summary>Archives of images, without a containerd.</summary>
    public static IArchiveFiles Archives { get; } = new ImageArchives();

    /// <summary>Saves images into archives.</summary>
    public static IImageSaver Saver { get; } = new ImageSaver();

    /// <summary>Opens registries for a piece of work. Nobody is asked yet.</summary>
    public static ICtrRegistries OpenRegistries(CtrRegistryOptions options) => RegistryClient.Open(options);

    /// <summary>Looks at, moves and removes what is at registries.</summary>
    public static IRemoteImages RemoteImages { get; } = new RemoteImages();

    /// <summary>Reads log files.</summary>
    public static ILogFiles Logs { get; } = new LogFiles();

    /// <summary>Which hosts are asked for a registry.</summary>
    public static IRegistryHosts RegistryHosts { get; } = new RegistryHosts();

    /// <summary>Who is logged in where.</summary>
    public static IRegistryLogins Logins { get; } = new CredentialFiles(CredentialPlaces.FromEnvironment);

    /// <summary>Proves logins.</summary>
    public static IRegistryLoginCheck LoginCheck { get; } = new LoginCheck();

    /// <summary>Whether an existing path is a plain file, links followed: .NET does not tell a file from a device or a pipe.</summary>
    public static bool IsRegularFile(string path) => FileStatus.Of(path, follow: true) is { } status
        ? status.IsFile
        : !OperatingSystem.IsLinux() && !path.StartsWith("/dev/", StringComparison.Ordinal);

    /// <summary>A folder's path without links. Null where there is no such folder, or no Linux.</summary>
    public static string? RealFolder(string path) => OperatingSystem.IsLinux() ? Mounting.RealFolder(path) : null;

    /// <inheritdoc cref="OwnFile.TakeAfter"/>
    public static void TakeAfter(SafeFileHandle file, string path) => OwnFile.TakeAfter(file, path);

    /// <inheritdoc cref="OwnFile.TryMove"/>
    public static bool TryMove(string from, string to, bool replace) => OwnFile.TryMove(from, to, replace);

    /// <inheritdoc cref="OwnFile.TryLock"/>
    public static bool TryLock(SafeFileHandle file) => OwnFile.TryLock(file);

    /// <inheritdoc cref="OwnFile.IsAt"/>
    public static bool IsAt(SafeFileHandle file, string path) => OwnFile.IsAt(file, path);

    /// <summary>Connects to a containerd and proves with one Version call that it is one.</summary>
    /// <exception cref="CtrException">
    /// Nobody answers (<see cref="CtrErrorIds.AddressNotFound"/>, <see cref="CtrErrorIds.ConnectionRefused"/>,
    /// <see cref="CtrErrorIds.AccessDenied"/>, <see cref="CtrErrorIds.NotASocket"/>), something else does (<see cref="CtrErrorIds.NotContainerd"/>),
    /// or not in time (<see cref="CtrErrorIds.Timeout"/>).
    /// </exception>
    public static async Task<ICtrConnection> OpenAsync(CtrEndpoint endpoint, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        return await ContainerdConnection.OpenAsync(endpoint, cancellationToken).ConfigureAwait(false);
    }
}
