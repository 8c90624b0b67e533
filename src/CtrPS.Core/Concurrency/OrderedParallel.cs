using System.Runtime.CompilerServices;

namespace CtrPS;

/// <summary>Runs work side by side and yields the results in order.</summary>
internal static class OrderedParallel
{
    /// <summary>
    /// Starts at most <paramref name="width"/> pieces ahead of the one that is waited for. Leaving early cancels the rest and waits for its end.
    /// </summary>
    public static async IAsyncEnumerable<TResult> SelectAsync<TSource, TResult>(
        IEnumerable<TSource> source,
        int width,
        Func<TSource, CancellationToken, Task<TResult>> work,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var rest = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var running = new Queue<Task<TResult>>(width);
        try
        {
            foreach (TSource item in source)
            {
                if (running.Count >= width)
                {
                    yield return await running.Dequeue().ConfigureAwait(false);
                }

                running.Enqueue(work(item, rest.Token));
            }

            while (running.TryDequeue(out Task<TResult>? next))
            {
                yield return await next.ConfigureAwait(false);
            }
        }
        finally
        {
            await rest.CancelAsync().ConfigureAwait(false);
            // Their errors are of no interest any more: the first one that mattered was thrown already.
            await ((Task)Task.WhenAll(running)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
