using System.Collections.Concurrent;
using CtrPS.Client.Posix;
using CtrPS.Client.Server;
using Process = Containerd.V1.Types.Process;

namespace CtrPS.Client.Tasks;

/// <summary>
/// What processes of ours left that were killed while a process in a container talked with them: the pipes, and with them the process where it was
/// added to a container. A container's first process has a life of its own, as with docker; its pipes go with it.
/// </summary>
internal sealed class PipeLeftovers(CtrEndpoint endpoint, TaskStore tasks, DaemonMachine machine)
{
    /// <summary>How many the next call clears on its way: it has work of its own.</summary>
    private const int MaxOnTheWay = 16;

    /// <summary>How long a killed process may take: one in a frozen container ends with its thawing only.</summary>
    private static readonly TimeSpan KillPatience = TimeSpan.FromSeconds(2);

    /// <summary>From when on a folder without a mark is known to be left: its maker writes the mark next.</summary>
    private static readonly TimeSpan UnmarkedPatience = TimeSpan.FromHours(1);

    /// <summary>What could not be cleared on the way: it is not tried with each call.</summary>
    private readonly ConcurrentDictionary<string, bool> _stuck = new(StringComparer.Ordinal);

    /// <summary>Clears some of what is left, before new pipes are made in the same place. What cannot be cleared stays for the next call.</summary>
    /// <param name="parent">The folder of the folders.</param>
    /// <param name="cancellationToken">Cancels the calls.</param>
    public async Task ClearSomeAsync(string parent, CancellationToken cancellationToken)
    {
        foreach (LeftPipes left in Find(parent).Where(left => !_stuck.ContainsKey(left.Folder)).Take(MaxOnTheWay))
        {
            try
            {
                _ = await ClearAsync(left, cancellationToken).ConfigureAwait(false);
            }
            catch (CtrException)
            {
                // The call at hand goes on. Clear-CtrLeftover tells why.
                _stuck[left.Folder] = true;
                return;
            }
        }
    }

    /// <summary>All that is left, with what the daemon knows of it. Nothing where the daemon is not on this machine.</summary>
    public async Task<IReadOnlyList<(LeftPipes Left, LeftUse Use)>> ListAsync(CancellationToken cancellationToken)
    {
        if (!await machine.IsLocalAsync(cancellationToken).ConfigureAwait(false))
        {
            return [];
        }

        var all = new List<(LeftPipes, LeftUse)>();
        foreach (LeftPipes left in Find(ProcessPipes.DefaultParent))
        {
            (LeftUse use, _) = await LookAsync(left, cancellationToken).ConfigureAwait(false);
            all.Add((left, use));
        }

        return all;
    }

    /// <summary>Ends an added process whose output nobody reads any more, and removes its pipes.</summary>
    /// <returns>Whether the pipes are gone. False: they are a task's.</returns>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.TaskTimeout"/> where the process does not end.</exception>
    public async Task<bool> ClearAsync(LeftPipes left, CancellationToken cancellationToken)
    {
        (LeftUse use, Process? process) = await LookAsync(left, cancellationToken).ConfigureAwait(false);
        if (use == LeftUse.Task)
        {
            return false;
        }

        if (use == LeftUse.AddedProcess)
        {
            await EndAsync(left.Mark!, process!, cancellationToken).ConfigureAwait(false);
        }

        ProcessPipes.RemoveFolder(left.Folder);
        return !Directory.Exists(left.Folder);
    }

    /// <summary>A folder of a process of this host and user that has ended, made for the same daemon. Null: it is none.</summary>
    public LeftPipes? Read(string folder)
    {
        var made = new DateTimeOffset(Directory.GetLastWriteTime(folder));
        if (PipeMark.TryRead(folder) is { } mark)
        {
            return mark.Owner.IsGone && IsOurs(mark.Address) ? new LeftPipes(folder, mark, made) : null;
        }

        return PipeMark.IsPrivate(folder) && DateTimeOffset.Now - made > UnmarkedPatience && ProcessPipes.IsEmpty(folder)
            ? new LeftPipes(folder, null, made)
            : null;
    }

    private IEnumerable<LeftPipes> Find(string parent)
    {
        IEnumerable<string> folders;
        try
        {
            folders = Directory.EnumerateDirectories(parent, ProcessPipes.FolderPrefix + "*").ToList();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return []; // nothing is there, or nothing of ours
        }

        return folders.Select(Read).OfType<LeftPipes>();
    }

    /// <summary>Whether an address is that of the daemon, perhaps by another path.</summary>
    private bool IsOurs(string address) =>
        address == endpoint.Address || (FileIdentity.Of(address) is { } socket && socket == FileIdentity.Of(endpoint.Path));

    /// <summary>The process of a mark counts only if the daemon says that it uses these very pipes.</summary>
    private async Task<(LeftUse Use, Process? Process)> LookAsync(LeftPipes left, CancellationToken cancellationToken)
    {
        if (left.Mark is not { } mark
            || await tasks.FindProcessAsync(mark.Namespace, mark.Container, mark.ExecId, cancellationToken).ConfigureAwait(false) is not { } process
            || Path.GetDirectoryName(process.Stdout) != left.Folder)
        {
            return (LeftUse.None, null);
        }

        return (mark.ExecId.Length == 0 ? LeftUse.Task : LeftUse.AddedProcess, process);
    }

    private async Task EndAsync(PipeMark mark, Process process, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(KillPatience);
        try
        {
            if (TaskStore.ToState(process.Status) != CtrTaskState.Stopped)
            {
                await tasks.KillAsync(
                    mark.Namespace, mark.Container, mark.ExecId, CtrSignal.Kill.Number, all: false, limit.Token).ConfigureAwait(false);
                _ = await tasks.WaitAsync(mark.Namespace, mark.Container, mark.ExecId, limit.Token).ConfigureAwait(false);
            }

            await DeleteAsync(mark, limit.Token).ConfigureAwait(false);
        }
        catch (CtrException e) when (e.ErrorId is CtrErrorIds.TaskState)
        {
            await DeleteAsync(mark, limit.Token).ConfigureAwait(false); // it was never started, or has ended meanwhile
        }
        catch (CtrException e) when (e.ErrorId is CtrErrorIds.ProcessNotFound or CtrErrorIds.TaskNotFound)
        {
            // Another call cleared it at the same time, or its container ended.
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new CtrException(
                CtrErrorIds.TaskTimeout,
                CtrStatus.DeadlineExceeded,
                $"The process '{mark.ExecId}' of container '{mark.Container}' in namespace '{mark.Namespace}' did not end within "
                    + $"{KillPatience.TotalSeconds:0} seconds after SIGKILL.",
                e)
            {
                Target = mark.Container,
                RecommendedAction = "In a paused container it ends when that goes on: Resume-CtrTask.",
            };
        }
    }

    private async Task DeleteAsync(PipeMark mark, CancellationToken cancellationToken)
    {
        try
        {
            _ = await tasks.DeleteProcessAsync(mark.Namespace, mark.Container, mark.ExecId, cancellationToken).ConfigureAwait(false);
        }
        catch (CtrException e) when (e.ErrorId is CtrErrorIds.ProcessNotFound or CtrErrorIds.TaskNotFound)
        {
            // Another call was faster.
        }
    }
}
