using System.Collections.Concurrent;
using CtrPS.Client.Containers;

namespace CtrPS.Client.Events;

/// <summary>
/// What a subscription knows of the containers that events are about: those that were there when it began, and each one since. One that is deleted is
/// still told by the events that come after, as its task's end often does. Used by one reader at a time.
/// </summary>
internal sealed class KnownContainers(ContainerStore containers, INamespaceStore namespaces, Func<string, bool> isWanted)
{
    /// <summary>How many deleted containers are remembered.</summary>
    private const int MaxDeleted = 4096;

    private readonly ConcurrentDictionary<(string Namespace, string Id), CtrContainer> _known = [];
    private readonly Queue<CtrContainer> _deleted = [];

    /// <summary>Learns all containers that are there.</summary>
    public async Task LearnAsync(CancellationToken cancellationToken)
    {
        foreach (CtrNamespace one in await namespaces.ListAsync(cancellationToken).ConfigureAwait(false))
        {
            if (isWanted(one.Name))
            {
                await foreach (Containerd.Services.Containers.V1.Container record in containers.ListRecordsAsync(
                    one.Name, [], cancellationToken).ConfigureAwait(false))
                {
                    _known[(one.Name, record.Id)] = ContainerRecords.ToContainer(record, null, one.Name);
                }
            }
        }
    }

    /// <summary>Keeps in step with an event about containers.</summary>
    public async Task FollowAsync(CtrEvent told, CancellationToken cancellationToken)
    {
        if (told.ContainerId is not { } id || !isWanted(told.Namespace))
        {
            return;
        }

        switch (told.Payload)
        {
            case CtrContainerCreatePayload or CtrContainerUpdatePayload:
                await AskAsync(told.Namespace, id, cancellationToken).ConfigureAwait(false);
                break;
            case CtrContainerDeletePayload when _known.TryGetValue((told.Namespace, id), out CtrContainer? gone):
                _deleted.Enqueue(gone);
                if (_deleted.Count > MaxDeleted && _deleted.Dequeue() is var oldest)
                {
                    // Removed only if it is still this object: a container made anew under the same id stays.
                    _ = _known.TryRemove(KeyValuePair.Create((oldest.Namespace, oldest.Id), oldest));
                }

                break;
            default:
                break;
        }
    }

    /// <summary>The event with what is known of its container.</summary>
    public async Task<CtrEvent> TellAsync(CtrEvent told, CancellationToken cancellationToken)
    {
        if (told.ContainerId is not { } id || !isWanted(told.Namespace))
        {
            return told;
        }

        if (!_known.TryGetValue((told.Namespace, id), out CtrContainer? container))
        {
            container = await AskAsync(told.Namespace, id, cancellationToken).ConfigureAwait(false);
        }

        return container is null ? told : told.With(copy =>
        {
            copy.Image = container.Image.Length > 0 ? container.Image : told.Image;
            copy.ContainerKind = container.Kind;
            copy.PodName = container.PodName;
            copy.PodNamespace = container.PodNamespace;
            copy.PodUid = container.PodUid;
            copy.ContainerName = container.ContainerName;
            copy.Labels = container.Labels;
        });
    }

    private async Task<CtrContainer?> AskAsync(string @namespace, string id, CancellationToken cancellationToken)
    {
        try
        {
            if (await containers.FindRecordAsync(@namespace, id, cancellationToken).ConfigureAwait(false) is not { } record)
            {
                return null;
            }

            return _known[(@namespace, id)] = ContainerRecords.ToContainer(record, null, @namespace);
        }
        catch (CtrException)
        {
            // The event is worth more than what could be said about its container. Where the daemon is gone, the subscription finds out by itself.
            return null;
        }
    }
}
