namespace CtrPS.Client.Leases;

/// <summary>A lease for the time of one piece of work. Unless the work was completed, its end takes along what the work had made so far.</summary>
/// <param name="store">Made it.</param>
/// <param name="namespace">Where it is.</param>
/// <param name="id">Its id.</param>
/// <param name="work">Names the work where it can be broken off and gone on with; else null.</param>
internal sealed class Lease(LeaseStore store, string @namespace, string id, string? work = null) : IAsyncDisposable
{
    /// <summary>How long the end of a lease is tried while nobody answers: about as long as a daemon takes to be restarted.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>How long in all, for a daemon that takes calls and answers none. What it has begun goes on there.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(15);

    private bool _completed;
    private bool _kept;

    public string Id => id;

    public string Namespace => @namespace;

    /// <summary>Puts a blob under the lease. Whether it is there is to be looked at afterwards: then what is there stays.</summary>
    public Task AddBlobAsync(string digest, CancellationToken cancellationToken) => store.AddBlobAsync(this, digest, cancellationToken);

    /// <summary>The work is done and what it made is held by something else: the lease ends without a collection.</summary>
    public void Complete() => _completed = true;

    /// <summary>The work was broken off: the lease stays until its expiry, so that the next try finds what is done.</summary>
    public void Keep() => _kept = work is not null;

    public async ValueTask DisposeAsync()
    {
        if (_kept)
        {
            HeldLeases.Remove(id);
            return;
        }

        using var limit = new CancellationTokenSource(Limit);
        for (DateTime end = DateTime.UtcNow + Patience; ;)
        {
            try
            {
                if (work is not null)
                {
                    await store.DeleteEarlierAsync(this, work, limit.Token).ConfigureAwait(false);
                }

                await store.DeleteAsync(@namespace, id, collect: !_completed, limit.Token).ConfigureAwait(false);
                return;
            }
            catch (CtrException e) when (e.IsConnectionFault && DateTime.UtcNow < end)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(250)).ConfigureAwait(false);
            }
            catch (Exception e) when (e is CtrException or OperationCanceledException)
            {
                // The daemon stays away, or says nothing. The next piece of work that takes a lease ends this one, and in any case it expires.
                HeldLeases.Remove(id);
                return;
            }
        }
    }
}
