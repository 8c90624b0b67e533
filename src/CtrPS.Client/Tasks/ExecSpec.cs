using CtrPS.Client.Containers.Specs;
using CtrPS.Client.Containers.Users;
using CtrPS.Client.Server;

namespace CtrPS.Client.Tasks;

/// <summary>
/// The process that is added to a container: that of the container's own spec, with what was asked for changed. Capabilities, limits and profiles
/// stay the container's (cmd/ctr, tasks/exec.go). Unlike with ctr, a user that is given has all its groups.
/// </summary>
internal static class ExecSpec
{
    private const string TerminalVariable = "TERM=xterm";

    /// <summary>The process as JSON.</summary>
    /// <param name="spec">The container's spec.</param>
    /// <param name="request">What is asked for.</param>
    /// <param name="processId">The container's first process: users are looked up in the file system that it sees.</param>
    /// <param name="machine">The daemon's machine.</param>
    /// <param name="cancellationToken">Cancels the calls.</param>
    /// <exception cref="CtrException">
    /// <see cref="CtrErrorIds.InvalidSpec"/>; <see cref="CtrErrorIds.UserNotFound"/>; <see cref="CtrErrorIds.NotLocal"/> for a user by name.
    /// </exception>
    public static async Task<string> MakeAsync(
        CtrSpec spec, CtrExecRequest request, long processId, DaemonMachine machine, CancellationToken cancellationToken)
    {
        CtrSpecProcess process = spec.Process;
        process.Args = new CtrSpecList<string>(request.Command);
        process.SetJson("commandLine", null);
        process.Terminal = request.Io.Terminal;
        process.SetJson(
            "consoleSize", request.Io is { Terminal: true, Size: var (columns, rows) } ? $$"""{"height":{{rows}},"width":{{columns}}}""" : null);
        process.Cwd = request.WorkingDirectory ?? process.Cwd;
        IEnumerable<string> environment = request.Io.Terminal ? EnvironmentList.Merge([TerminalVariable], process.Env) : process.Env;
        process.Env = new CtrSpecList<string>(EnvironmentList.Merge(environment, request.Environment));
        if (request.User is { } user)
        {
            await UserResolver.ApplyAsync(process.User, user, UsersAsync, groupsByUid: true).ConfigureAwait(false);
        }

        return process.ToJson();

        async Task<UserTable> UsersAsync()
        {
            if (await machine.IsLocalAsync(cancellationToken).ConfigureAwait(false))
            {
                return await UserTable.ReadAsync(new LiveFiles(processId), cancellationToken).ConfigureAwait(false);
            }

            // From afar numbers will do, though without the groups that a file lists.
            if (!user.Split(':').All(part => part.All(char.IsAsciiDigit)))
            {
                await machine.RequireLocalAsync("The users of a container", cancellationToken).ConfigureAwait(false);
            }

            return await UserTable.ReadAsync(NoFiles.Instance, cancellationToken).ConfigureAwait(false);
        }
    }

    private sealed class NoFiles : IRootFiles
    {
        public static readonly NoFiles Instance = new();

        public ValueTask<byte[]?> ReadAsync(string path, CancellationToken cancellationToken) => ValueTask.FromResult<byte[]?>(null);
    }
}
