using CtrPS.Client.Connection;
using CtrPS.Client.Containers;
using Grpc.Net.Client;

namespace CtrPS.Client.Events;

/// <inheritdoc/>
internal sealed class EventSource(GrpcChannel channel, Calls calls, ContainerStore containers, INamespaceStore namespaces) : IEventSource
{
    public async Task<ICtrSubscription> SubscribeAsync(CtrEventQuery query, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(query);
        var subscription = new EventSubscription(
            new Containerd.Services.Events.V1.Events.EventsClient(channel),
            calls,
            query,
            query.Resolve is null ? null : new KnownContainers(containers, namespaces, query.Resolve));
        try
        {
            await subscription.LiveAsync(cancellationToken).ConfigureAwait(false);
            return subscription;
        }
        catch
        {
            await subscription.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }
}
