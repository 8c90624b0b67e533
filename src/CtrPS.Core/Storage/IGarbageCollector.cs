namespace CtrPS;

/// <summary>containerd's garbage collector, which works over all namespaces.</summary>
internal interface IGarbageCollector
{
    /// <summary>Runs a collection and waits for its end.</summary>
    Task CollectAsync(string @namespace, CancellationToken cancellationToken);

    /// <summary>What a collection would take now, by the collector's own rules.</summary>
    /// <param name="namespace">The namespace in which <see cref="RunAsync"/> would work. Abandoned leases of ours end there with it.</param>
    /// <param name="cancellationToken">Cancels the calls.</param>
    Task<CtrGarbageCollection> PredictAsync(string @namespace, CancellationToken cancellationToken);

    /// <summary>Runs a collection, waits for its end and tells what went.</summary>
    /// <param name="namespace">The namespace to work in, of those that are there. Where it is not, another is taken.</param>
    /// <param name="cancellationToken">Cancels the calls; a collection that has begun goes on.</param>
    Task<CtrGarbageCollection> RunAsync(string @namespace, CancellationToken cancellationToken);
}
