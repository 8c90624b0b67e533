using System.Runtime.CompilerServices;

namespace CtrPS.Client.Logs;

/// <inheritdoc/>
internal sealed class LogFiles : ILogFiles
{
    /// <summary>How often a log that is followed is looked at.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    /// <summary>How many looks in a row must find nothing new once who writes has ended: the runtime copies the last output a little later.</summary>
    private const int QuietLooks = 3;

    /// <summary>Lines to read before the last ones, so that a line in parts is found from its beginning.</summary>
    private const int Margin = 64;

    public async IAsyncEnumerable<CtrLogLine> ReadAsync(
        CtrLogSource source, CtrLogRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(request);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task? ended = request.Follow ? request.Ended?.Invoke(end.Token) : null;
        var log = new OpenLog(source, request);
        try
        {
            if (request.Tail is { } tail)
            {
                foreach (CtrLogLine line in await log.ReadTailAsync(tail, Margin, cancellationToken).ConfigureAwait(false))
                {
                    yield return line;
                }
            }
            else
            {
                await foreach (CtrLogLine line in log.ReadAllAsync(cancellationToken).ConfigureAwait(false))
                {
                    yield return line;
                }
            }

            for (int quiet = 0; request.Follow && quiet < QuietLooks && !(DateTimeOffset.Now > request.Until);)
            {
                bool isOver = ended is { IsCompleted: true };
                bool found = false;
                await foreach (CtrLogLine line in log.ReadOnAsync(cancellationToken).ConfigureAwait(false))
                {
                    found = true;
                    yield return line;
                }

                if (found || log.Advance())
                {
                    quiet = 0;
                }
                else
                {
                    quiet = isOver ? quiet + 1 : 0;
                    await Task.Delay(Pause, cancellationToken).ConfigureAwait(false);
                }
            }

            foreach (CtrLogLine line in request.Follow ? log.Rest() : [])
            {
                yield return line;
            }

            if (ended is { IsCompleted: true })
            {
                await ended.ConfigureAwait(false); // its error, if it has one
            }
        }
        finally
        {
            await end.CancelAsync().ConfigureAwait(false);
            await log.DisposeAsync().ConfigureAwait(false);
        }
    }
}
