using System.Management.Automation;
using System.Runtime.InteropServices;
using System.Threading.Channels;
using CtrPS.Posix;

namespace CtrPS.Commands;

/// <summary>
/// Joins this terminal with the terminal of a process: keys go there as they are typed, what it writes comes here, and the size follows. The
/// terminal is as before when it ends, however it ends.
/// </summary>
internal static class ConsoleTalk
{
    /// <summary>The hosts that run on a terminal of their own and leave it to who writes on it.</summary>
    private static readonly string[] Hosts = ["ConsoleHost", "Visual Studio Code Host"];

    /// <summary>Refuses where there is no terminal to work on.</summary>
    /// <param name="cmdlet">The cmdlet that wants one.</param>
    /// <param name="instead">What to use then.</param>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.NoConsole"/>.</exception>
    public static void Require(PSCmdlet cmdlet, string instead)
    {
        string? reason = !HasHost(cmdlet) ? $"The host '{cmdlet.Host.Name}' has no terminal of its own"
            : !OperatingSystem.IsLinux() ? "This is no terminal of Linux"
            : !Terminal.IsThere ? "Input or output is redirected"
            : null;
        if (reason is not null)
        {
            throw new CtrException(CtrErrorIds.NoConsole, CtrStatus.FailedPrecondition, $"{reason}: there is no console to work on.")
            {
                RecommendedAction = instead,
            };
        }
    }

    /// <summary>Whether there is a terminal to work on.</summary>
    public static bool IsPossible(PSCmdlet cmdlet) => HasHost(cmdlet) && Terminal.IsThere;

    private static bool HasHost(PSCmdlet cmdlet) => Hosts.Contains(cmdlet.Host.Name, StringComparer.Ordinal);

    /// <summary>
    /// A first process has its terminal before it starts, and is to see the size from the first moment on. An added one has none yet.
    /// </summary>
    public static async Task ResizeAsync(ICtrProcess process, CancellationToken cancellationToken)
    {
        if (process.ExecId.Length == 0 && Terminal.Size is var (columns, rows))
        {
            await process.ResizeAsync(columns, rows, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Passes keys and output on until all output is read, or until the keys that leave the process to itself are typed.</summary>
    /// <returns>False: they were typed, and the process goes on.</returns>
    public static async Task<bool> RunAsync(ICtrProcess process, DetachSequence keys, CancellationToken cancellationToken)
    {
        using IDisposable raw = Terminal.EnterRawMode();
        using var reader = new KeyReader();
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task<bool> typing = TypeAsync(process, reader, keys, over.Token);
        Task showing = ShowAsync(process, over.Token);
        Task sizing = FollowSizeAsync(process, over.Token);
        try
        {
            if (await Task.WhenAny(typing, showing).ConfigureAwait(false) == typing && await typing.ConfigureAwait(false))
            {
                return false;
            }

            await showing.ConfigureAwait(false);
            return true;
        }
        finally
        {
            await over.CancelAsync().ConfigureAwait(false);

            // Those that are still there were cancelled just now.
            await ((Task)Task.WhenAll(typing, showing, sizing)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Passes keys on; true: those that detach were typed.</summary>
    private static async Task<bool> TypeAsync(ICtrProcess process, KeyReader reader, DetachSequence keys, CancellationToken cancellationToken)
    {
        await foreach (byte[] typed in reader.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            bool detach = keys.Take(typed, out byte[] forward);
            if (forward.Length > 0)
            {
                _ = await process.WriteAsync(forward, cancellationToken).ConfigureAwait(false);
            }

            if (detach)
            {
                return true;
            }
        }

        // The terminal is gone: nobody can type an end any more.
        _ = await process.WriteAsync(ProcessInput.EndOfTransmission, cancellationToken).ConfigureAwait(false);
        return false;
    }

    private static async Task ShowAsync(ICtrProcess process, CancellationToken cancellationToken)
    {
        Stream terminal = Console.OpenStandardOutput();
        await using (terminal.ConfigureAwait(false))
        {
            await foreach (CtrOutput piece in process.ReadAsync(cancellationToken).ConfigureAwait(false))
            {
                await terminal.WriteAsync(piece.Bytes, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private static async Task FollowSizeAsync(ICtrProcess process, CancellationToken cancellationToken)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        var changed = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
        using var registration = PosixSignalRegistration.Create(PosixSignal.SIGWINCH, _ => changed.Writer.TryWrite(true));
        _ = changed.Writer.TryWrite(true);
        await foreach (bool _ in changed.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
        {
            if (Terminal.Size is var (columns, rows))
            {
                await process.ResizeAsync(columns, rows, cancellationToken).ConfigureAwait(false);
            }
        }
    }
}
