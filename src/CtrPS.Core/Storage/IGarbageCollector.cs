namespace CtrPS;

/// <summary>containerd's garbage collector, which works over all namespaces.</summary>
internal interface IGarbageCollector
{
    /// <summary>Runs a collection and waits for its end.</summary>
    Task CollectAsync(string @namespace, CancellationToken cancellationToken);
}
