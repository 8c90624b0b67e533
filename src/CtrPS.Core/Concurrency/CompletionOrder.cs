using System.Runtime.CompilerServices;

namespace CtrPS;

/// <summary>Runs work side by side, all of it at once, and yields the results as they come.</summary>
internal static class CompletionOrder
{
    /// <summary>Leaving early cancels the rest and waits for its end.</summary>
    public static async IAsyncEnumerable<TResult> SelectAsync<TSource, TResult>(
        IEnumerable<TSource> source,
        Func<TSource, CancellationToken, Task<TResult>> work,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var rest = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task<TResult>[] running = [.. source.Select(item => work(item, rest.Token))];
        try
        {
            await foreach (Task<TResult> next in Task.WhenEach(running).ConfigureAwait(false))
            {
                yield return await next.ConfigureAwait(false);
            }
        }
        finally
        {
            await rest.CancelAsync().ConfigureAwait(false);
            await ((Task)Task.WhenAll(running)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
