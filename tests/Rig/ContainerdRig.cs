using System.Diagnostics;
using System.Net.Sockets;
using CtrPS.Rig.Images;
using CtrPS.Rig.Processes;

namespace CtrPS.Rig;

/// <summary>
/// A private containerd: own root, state, socket and configuration in a temporary folder, never the machine's. Any number may run at
/// once. Containers of several rigs share runc's state folder and the cgroup tree, as all containerds of a machine do: give
/// containers unique ids. Disposing ends daemon, shims and containers and leaves no mount, cgroup or file.
/// </summary>
public sealed class ContainerdRig : IAsyncDisposable
{
    internal const string SocketName = "c.sock";

    private const int SocketPathLimit = 107; // sun_path holds 108 bytes with the final zero (unix(7))
    private const int LogTailLines = 20;

    private readonly RigFolder _folder;
    private readonly RigOptions _options;
    private readonly string _binFolder;
    private readonly Dictionary<string, string?> _environment;
    private Process? _daemon;

    private ContainerdRig(Generation generation, RigFolder folder, RigOptions options, string binFolder)
    {
        Generation = generation;
        _folder = folder;
        _options = options;
        _binFolder = binFolder;
        _environment = new Dictionary<string, string?>
        {
            // The daemon looks for its shim on PATH: its own generation's comes first.
            ["PATH"] = $"{binFolder}:{Environment.GetEnvironmentVariable("PATH")}:/usr/sbin:/sbin",
            ["TMPDIR"] = Path.Combine(folder.Path, "tmp"),
            ["CONTAINERD_ADDRESS"] = null,
            ["CONTAINERD_NAMESPACE"] = null,
            ["CONTAINERD_SNAPSHOTTER"] = null,
            ["NOTIFY_SOCKET"] = null,
        };
    }

    public Generation Generation { get; }

    /// <summary>The server's version as <c>ctr version</c> prints it.</summary>
    public string Version { get; private set; } = "";

    /// <summary>overlayfs, or native where this file system carries no overlay.</summary>
    public string Snapshotter { get; private set; } = "";

    /// <summary>The folder that holds all of the rig; tests may put own files there.</summary>
    public string Folder => _folder.Path;

    /// <summary>The socket's path.</summary>
    public string Address => Path.Combine(Folder, SocketName);

    public string Root => Path.Combine(Folder, "root");

    public string State => Path.Combine(Folder, "state");

    public string LogPath => Path.Combine(Folder, "log");

    /// <summary>This generation's own ctr.</summary>
    public string CtrPath => Path.Combine(_binFolder, "ctr");

    /// <summary>The daemon's process id; null while it is stopped.</summary>
    public int? ProcessId => _daemon?.Id;

    /// <summary>Starts a daemon and returns when it answers.</summary>
    /// <exception cref="RigUnavailableException">This generation cannot be had here; the message says why.</exception>
    public static async Task<ContainerdRig> StartAsync(
        Generation generation, RigOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new RigOptions();
        var status = await Generations.FindAsync(generation, cancellationToken);
        if (!status.IsAvailable)
        {
            throw new RigUnavailableException($"containerd {status.Name}: {status.Reason}");
        }

        var folder = await RigFolder.CreateAsync(options.ParentFolder);
        var rig = new ContainerdRig(generation, folder, options, status.BinFolder!);
        try
        {
            await rig.PrepareAsync(cancellationToken);
            if (options.Seed.Count > 0)
            {
                await RigSeed.UnpackAsync(status, options, rig.Root, cancellationToken);
            }

            await rig.StartAgainAsync(cancellationToken);
            return rig;
        }
        catch
        {
            await rig.DisposeAsync();
            throw;
        }
    }

    /// <summary>Runs this generation's ctr against this daemon. Does not throw on a non-zero exit: see <see cref="CommandResult.Check"/>.</summary>
    public Task<CommandResult> CtrAsync(params string[] arguments) => CtrAsync(arguments, CancellationToken.None);

    public Task<CommandResult> CtrAsync(IEnumerable<string> arguments, CancellationToken cancellationToken) =>
        Command.RunAsync(CtrPath, ["--address", Address, .. arguments], _environment, cancellationToken: cancellationToken);

    /// <summary>
    /// Runs a command in a container by ctr. The shim writes what it says into a file: ctr itself ends now and then before it has read the output
    /// of a short process (containerd#13931; 7 of 400 on a busy machine). Output and error are one text so.
    /// </summary>
    public async Task<CommandResult> ExecAsync(string @namespace, string id, IEnumerable<string> command)
    {
        string process = $"e{Guid.NewGuid():N}";
        string log = Path.Combine(Folder, process + ".log");
        try
        {
            CommandResult result = await CtrAsync(
                ["-n", @namespace, "tasks", "exec", "--log-uri", "file://" + log, "--exec-id", process, id, .. command], CancellationToken.None);
            return File.Exists(log) ? result with { Output = await File.ReadAllTextAsync(log) } : result;
        }
        finally
        {
            File.Delete(log);
        }
    }

    /// <summary>Starts the stopped or killed daemon on the same root, state and address.</summary>
    public async Task StartAgainAsync(CancellationToken cancellationToken = default)
    {
        if (_daemon is not null)
        {
            throw new InvalidOperationException("the daemon runs already");
        }

        _daemon = Command.StartDetached(
            Path.Combine(_binFolder, "containerd"), ["--config", Path.Combine(Folder, "config.toml")], LogPath, _environment);
        try
        {
            await WaitUntilItAnswersAsync(cancellationToken);
            await AskForFactsAsync(cancellationToken);
        }
        catch
        {
            await KillAsync();
            throw;
        }
    }

    /// <summary>Ends the daemon in good order (SIGTERM). Containers and shims go on, as they do when containerd restarts.</summary>
    public async Task StopAsync()
    {
        using var daemon = TakeDaemon();
        await Command.EndAsync(daemon);
    }

    /// <summary>Ends the daemon as a crash would (SIGKILL).</summary>
    public async Task KillAsync()
    {
        using var daemon = TakeDaemon();
        daemon.Kill();
        await daemon.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_daemon is not null)
        {
            await StopAsync();
        }

        await _folder.DisposeAsync();
    }

    private async Task PrepareAsync(CancellationToken cancellationToken)
    {
        if (Address.Length + ".ttrpc".Length > SocketPathLimit)
        {
            throw new ArgumentException($"'{Folder}' is too long a path for a socket in it; give another parent folder");
        }

        Directory.CreateDirectory(Path.Combine(Folder, "tmp"));
        Directory.CreateDirectory(Path.Combine(Folder, "cni"));
        _environment["PATH"] = _options.Criu switch
        {
            true => $"{await RigPrograms.WithCriuAsync(Folder, cancellationToken)}:{_environment["PATH"]}",
            false => $"{_binFolder}:{RigPrograms.OnlyRunc(Folder)}",
            null => _environment["PATH"],
        };
        await File.WriteAllTextAsync(
            Path.Combine(Folder, "config.toml"), ContainerdConfiguration.For(Generation, Folder, _options), cancellationToken);
    }

    private async Task WaitUntilItAnswersAsync(CancellationToken cancellationToken)
    {
        var deadline = Stopwatch.StartNew();
        while (true)
        {
            if (_daemon!.HasExited)
            {
                throw new InvalidOperationException($"containerd ended with {_daemon.ExitCode} at its start:\n{LogTail()}");
            }

            using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            try
            {
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(Address), cancellationToken);
                return;
            }
            catch (SocketException) when (deadline.Elapsed < _options.StartTimeout)
            {
                await Task.Delay(5, cancellationToken); // not listening yet
            }
            catch (SocketException)
            {
                throw new TimeoutException($"containerd did not listen within {_options.StartTimeout}:\n{LogTail()}");
            }
        }
    }

    private async Task AskForFactsAsync(CancellationToken cancellationToken)
    {
        var version = CtrAsync(["version"], cancellationToken);
        var plugins = CtrAsync(["plugins", "ls"], cancellationToken);
        var server = (await version).Check().Output.Split('\n').SkipWhile(line => !line.StartsWith("Server:", StringComparison.Ordinal));
        Version = server.First(line => line.TrimStart().StartsWith("Version:", StringComparison.Ordinal)).Split(':')[1].Trim();
        var hasOverlay = (await plugins).Check().Output.Split('\n')
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Any(words => words is ["io.containerd.snapshotter.v1", "overlayfs", _, "ok"]);
        Snapshotter = hasOverlay ? "overlayfs" : "native";
        _environment["CONTAINERD_SNAPSHOTTER"] = Snapshotter;
    }

    private Process TakeDaemon()
    {
        var daemon = _daemon ?? throw new InvalidOperationException("the daemon does not run");
        _daemon = null;
        return daemon;
    }

    private string LogTail() => File.Exists(LogPath) ? string.Join('\n', File.ReadLines(LogPath).TakeLast(LogTailLines)) : "(no log)";
}
