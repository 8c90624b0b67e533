namespace CtrPS.Client.Leases;

/// <summary>A lease for the time of one piece of work. Unless the work was completed, its end takes along what the work had made so far.</summary>
internal sealed class Lease(LeaseStore store, string @namespace, string id) : IAsyncDisposable
{
    /// <summary>How long the end of a lease is tried while nobody answers: about as long as a daemon takes to be restarted.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private bool _completed;

    public string Id => id;

    public string Namespace => @namespace;

    /// <summary>The work is done and what it made is held by something else: the lease ends without a collection.</summary>
    public void Complete() => _completed = true;

    public async ValueTask DisposeAsync()
    {
        using var limit = new CancellationTokenSource();
        for (DateTime end = DateTime.UtcNow + Patience; ;)
        {
            try
            {
                await store.DeleteAsync(@namespace, id, collect: !_completed, limit.Token).ConfigureAwait(false);
                return;
            }
            catch (CtrException e) when (e.IsConnectionFault && DateTime.UtcNow < end)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(250)).ConfigureAwait(false);
            }
            catch (CtrException)
            {
                // The daemon stays away. The next piece of work that takes a lease ends this one, and in any case it expires.
                LeaseHolder.Remove(id);
                return;
            }
        }
    }
}
