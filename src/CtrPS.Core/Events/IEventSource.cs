namespace CtrPS;

/// <summary>The events of containerd. Nothing is replayed: what was before a subscription is not to be had.</summary>
internal interface IEventSource
{
    /// <summary>
    /// Subscribes. When this returns, the subscription is proven to be live: no event from now on is missed, read or not. The proof is an event of
    /// our own that was published and came back; it is shown to nobody here.
    /// </summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.InvalidArgument"/> for a filter that containerd does not understand.</exception>
    Task<ICtrSubscription> SubscribeAsync(CtrEventQuery query, CancellationToken cancellationToken);
}

/// <summary>A live subscription. Disposing ends it.</summary>
internal interface ICtrSubscription : IAsyncDisposable
{
    /// <summary>
    /// The events in the daemon's order, without end. A daemon that goes is waited for; then there is a gap
    /// (<see cref="CtrEventKind.Gap"/>) and it goes on. Who does not read has <see cref="CtrEventQuery.Capacity"/> events kept for him;
    /// what goes beyond is dropped, with a gap in its place. One reader.
    /// </summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.SessionClosed"/>: the session was disconnected.</exception>
    IAsyncEnumerable<CtrEvent> ReadAsync(CancellationToken cancellationToken);
}

/// <summary>Which events to have.</summary>
internal sealed record CtrEventQuery
{
    /// <summary>The namespace to publish the proof of the subscription in. It need not exist.</summary>
    public required string Namespace { get; init; }

    /// <summary>containerd's filters: one string's terms must all match, one of the strings must. Empty: all events of all namespaces.</summary>
    public IReadOnlyList<string> Filters { get; init; } = [];

    /// <summary>Which events of those to take; asked before the container is looked up. Null: all.</summary>
    public Func<CtrEvent, bool>? Match { get; init; }

    /// <summary>Which namespaces to learn containers of, so that one that is deleted can still be told. Null: none.</summary>
    public Func<string, bool>? Resolve { get; init; }

    /// <summary>How many events are kept for a reader that is slow.</summary>
    public int Capacity { get; init; } = 32768;
}
