using CtrPS.Client.Posix;

namespace CtrPS.Client.Server;

/// <summary>
/// Whether the daemon runs on this machine and sees the same files. A socket's path does not tell: it may be the near end of a tunnel, or come out of
/// a container.
/// </summary>
internal sealed class DaemonMachine(CtrEndpoint endpoint, IServerInspector server, ServerFacts facts)
{
    private bool? _isLocal;
    private bool? _hasProcessesHere;

    /// <summary>
    /// Whether it does: the file in which the daemon keeps its identity (services/introspection, local.go) is here and holds what the daemon answers.
    /// Where the file may not be read, a unix socket counts as local: what needs root will say so itself.
    /// </summary>
    public async ValueTask<bool> IsLocalAsync(CancellationToken cancellationToken) =>
        _isLocal ??= OperatingSystem.IsLinux()
            && endpoint.Transport == CtrTransport.UnixSocket
            && await HasIdentityHereAsync(cancellationToken).ConfigureAwait(false);

    /// <summary>Throws where the daemon runs elsewhere.</summary>
    /// <param name="what">What cannot be done then, as the beginning of a sentence: "The pipes of a process".</param>
    /// <param name="cancellationToken">Cancels the calls.</param>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.NotLocal"/>.</exception>
    public async ValueTask RequireLocalAsync(string what, CancellationToken cancellationToken)
    {
        if (!await IsLocalAsync(cancellationToken).ConfigureAwait(false))
        {
            throw NotLocal(what);
        }
    }

    /// <summary>Throws where the daemon runs elsewhere, or we are not root, as mounting and reading others' files takes.</summary>
    /// <param name="what">What cannot be done then, as the beginning of a sentence: "The file systems of images".</param>
    /// <param name="cancellationToken">Cancels the calls.</param>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.NotLocal"/>; <see cref="CtrErrorIds.RootRequired"/>.</exception>
    public async ValueTask RequireRootAsync(string what, CancellationToken cancellationToken)
    {
        await RequireLocalAsync(what, cancellationToken).ConfigureAwait(false);
        if (OwnFile.User != 0)
        {
            throw new CtrException(
                CtrErrorIds.RootRequired,
                CtrStatus.PermissionDenied,
                $"{what} are for root alone to mount and to read, and this PowerShell runs as another user.")
            {
                Target = endpoint.Address,
                RecommendedAction = "Run it as root: sudo pwsh.",
            };
        }
    }

    /// <summary>The error where the daemon runs elsewhere.</summary>
    public CtrException NotLocal(string what) => new(
        CtrErrorIds.NotLocal,
        CtrStatus.FailedPrecondition,
        $"{what} are files on the daemon's machine, and containerd at '{endpoint.Address}' does not run on this one (or not on Linux).")
    {
        Target = endpoint.Address,
        RecommendedAction = "Run the cmdlet on the daemon's machine, for example with Invoke-Command -HostName.",
    };

    /// <summary>
    /// Whether the process ids of the daemon's machine mean the same processes here: the same machine, and the same PID namespace where the daemon
    /// tells its own.
    /// </summary>
    public async ValueTask<bool> HasProcessesHereAsync(CancellationToken cancellationToken) =>
        _hasProcessesHere ??= await IsLocalAsync(cancellationToken).ConfigureAwait(false)
            && (await server.GetAsync(cancellationToken).ConfigureAwait(false)).ProcessNamespace is var theirs
            && (theirs is null || new FileInfo("/proc/self/ns/pid").LinkTarget == $"pid:[{theirs}]");

    private async Task<bool> HasIdentityHereAsync(CancellationToken cancellationToken)
    {
        CtrServer answer = await server.GetAsync(cancellationToken).ConfigureAwait(false); // the daemon writes the file with its first answer
        if (await facts.GetContentRootAsync(cancellationToken).ConfigureAwait(false) is not { } content
            || Path.GetDirectoryName(content) is not { } root)
        {
            return true; // nothing to compare: the socket is all there is
        }

        try
        {
            string kept = await File.ReadAllTextAsync(
                Path.Combine(root, "io.containerd.grpc.v1.introspection", "uuid"), cancellationToken).ConfigureAwait(false);
            return kept.Trim() == answer.Uuid;
        }
        catch (UnauthorizedAccessException)
        {
            return true;
        }
        catch (IOException)
        {
            return false; // no such file or folder
        }
    }
}
