using System.Diagnostics;

namespace CtrPS.Commands;

/// <summary>Clearing up after a process. All of it has a limit: a daemon that does not answer must not hold a stopped pipeline.</summary>
internal static class CleanUp
{
    /// <summary>How long the clearing up may take at the most.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(15);

    /// <summary>Clears up within the limit.</summary>
    public static async Task RunAsync(Func<CancellationToken, Task> work)
    {
        using var limit = new CancellationTokenSource(Limit);
        await work(limit.Token).ConfigureAwait(false);
    }

    /// <summary>Clears up within the limit, after an error.</summary>
    public static Task TryAsync(Func<CancellationToken, Task> work) => TryAsync(() => RunAsync(work));

    /// <summary>Does a step. Its error is dropped: the process is gone already, or the daemon is; the error that led here says more.</summary>
    public static async Task TryAsync(Func<Task> step)
    {
        try
        {
            await step().ConfigureAwait(false);
        }
        catch (Exception e) when (e is CtrException or OperationCanceledException or IOException)
        {
            Debug.WriteLine(e.Message);
        }
    }
}
