using System.Runtime.CompilerServices;
using Containerd.Services.Containers.V1;
using CtrPS.Client.Connection;
using CtrPS.Client.Snapshots;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Net.Client;

namespace CtrPS.Client.Containers;

/// <inheritdoc/>
internal sealed class ContainerStore(
    GrpcChannel channel, Calls calls, ITaskStore tasks, SnapshotStore snapshots, Func<ContainerMaker> maker) : IContainerStore
{
    private readonly Containerd.Services.Containers.V1.Containers.ContainersClient _client = new(channel);

    public async IAsyncEnumerable<CtrContainer> ListAsync(CtrContainerQuery query, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // Records first: a container that is made and started in between is not in the answer, rather than in it without its task.
        var containers = new List<Container>();
        await foreach (Container container in ListRecordsAsync(query.Namespace, query.Filters, cancellationToken).ConfigureAwait(false))
        {
            if (query.Match?.Invoke(container.Id) ?? true)
            {
                containers.Add(container);
            }
        }

        if (containers.Count == 0)
        {
            yield break;
        }

        var states = (await tasks.ListAsync(query.Namespace, cancellationToken).ConfigureAwait(false))
            .ToDictionary(task => task.Id, StringComparer.Ordinal);
        foreach (Container container in containers.OrderBy(container => container.Id, StringComparer.Ordinal))
        {
            yield return ContainerRecords.ToContainer(container, states.GetValueOrDefault(container.Id), query.Namespace);
        }
    }

    public async Task<CtrContainer?> FindAsync(string @namespace, string id, CancellationToken cancellationToken) =>
        await FindRecordAsync(@namespace, id, cancellationToken).ConfigureAwait(false) is { } container
            ? ContainerRecords.ToContainer(container, await tasks.FindAsync(@namespace, id, cancellationToken).ConfigureAwait(false), @namespace)
            : null;

    public Task<CtrContainerOutcome> CreateAsync(CtrContainerRequest request, CtrTransferMeter? meter, CancellationToken cancellationToken) =>
        maker().CreateAsync(request, meter, cancellationToken);

    public Task<CtrSpec> DescribeAsync(CtrContainerRequest request, CancellationToken cancellationToken) =>
        maker().DescribeAsync(request, cancellationToken);

    public async Task<CtrContainer> SetLabelsAsync(
        string @namespace, string id, IReadOnlyDictionary<string, string?> labels, bool replaceAll, CancellationToken cancellationToken)
    {
        var container = new Container { Id = id };
        container.Labels.Add(LabelUpdate.Values(labels, replaceAll));
        Container changed = await UpdateRecordAsync(
            @namespace, container, LabelUpdate.Mask(labels, replaceAll), cancellationToken).ConfigureAwait(false);
        return ContainerRecords.ToContainer(changed, await tasks.FindAsync(@namespace, id, cancellationToken).ConfigureAwait(false), @namespace);
    }

    public async Task UpdateResourcesAsync(string @namespace, string id, CtrResources resources, CancellationToken cancellationToken)
    {
        Container container = await GetRecordAsync(@namespace, id, cancellationToken).ConfigureAwait(false);
        (byte[] merged, byte[] spec) = ResourceUpdate.Apply(container.Spec.Value.Span, resources)
            ?? throw new CtrException(
                CtrErrorIds.NotSupported,
                CtrStatus.Unimplemented,
                $"The container '{id}' in namespace '{@namespace}' is none of Linux: its limits cannot be changed here.")
            {
                Target = id,
            };
        await tasks.UpdateAsync(@namespace, id, merged, cancellationToken).ConfigureAwait(false);
        var change = new Container { Id = id, Spec = new Any { TypeUrl = container.Spec.TypeUrl, Value = UnsafeByteOperations.UnsafeWrap(spec) } };
        _ = await UpdateRecordAsync(@namespace, change, ["spec"], cancellationToken).ConfigureAwait(false);
    }

    public async Task DeleteAsync(string @namespace, string id, bool keepSnapshot, CancellationToken cancellationToken)
    {
        Container container = await GetRecordAsync(@namespace, id, cancellationToken).ConfigureAwait(false);
        if (await tasks.FindAsync(@namespace, id, cancellationToken).ConfigureAwait(false) is { } task)
        {
            throw new CtrException(
                CtrErrorIds.ContainerInUse,
                CtrStatus.FailedPrecondition,
                $"The container '{id}' in namespace '{@namespace}' has a task that is {task.State}. It was not removed.")
            {
                Target = id,
                RecommendedAction = "Stop it first with Stop-CtrTask, or use -Force.",
            };
        }

        if (!keepSnapshot && container.SnapshotKey.Length > 0)
        {
            await snapshots.RemoveAsync(@namespace, container.Snapshotter, container.SnapshotKey, cancellationToken).ConfigureAwait(false);
        }

        await DeleteRecordAsync(@namespace, id, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The records of a namespace as they come: as a stream, since one answer for all would have to fit into a message.</summary>
    public async IAsyncEnumerable<Container> ListRecordsAsync(
        string @namespace, IReadOnlyList<string> filters, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var request = new ListContainersRequest();
        request.Filters.AddRange(filters);
        await foreach (ListContainerMessage message in calls.ReadAsync(
            () => _client.ListStream(request, Calls.Unbounded(@namespace, cancellationToken)),
            new CallSubject($"the containers of namespace '{@namespace}'", @namespace),
            cancellationToken).ConfigureAwait(false))
        {
            yield return message.Container;
        }
    }

    /// <summary>A record as it is. Null where there is none.</summary>
    public async Task<Container?> FindRecordAsync(string @namespace, string id, CancellationToken cancellationToken) => (await calls.FindAsync(
        () => _client.GetAsync(new GetContainerRequest { Id = id }, calls.Unary(@namespace, cancellationToken)),
        CallSubject.Container(id, @namespace),
        cancellationToken).ConfigureAwait(false))?.Container;

    /// <summary>A record as it is.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.ContainerNotFound"/>.</exception>
    public async Task<Container> GetRecordAsync(string @namespace, string id, CancellationToken cancellationToken) => (await calls.InvokeAsync(
        () => _client.GetAsync(new GetContainerRequest { Id = id }, calls.Unary(@namespace, cancellationToken)),
        CallSubject.Container(id, @namespace),
        cancellationToken).ConfigureAwait(false)).Container;

    /// <summary>Makes a record.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.ContainerExists"/>.</exception>
    public async Task<Container> CreateRecordAsync(string @namespace, Container container, string? lease, CancellationToken cancellationToken) =>
        (await calls.InvokeAsync(
            () => _client.CreateAsync(new CreateContainerRequest { Container = container }, calls.Unary(@namespace, cancellationToken, lease)),
            CallSubject.Container(container.Id, @namespace),
            cancellationToken).ConfigureAwait(false)).Container;

    /// <summary>Changes the fields of a record that a mask names: without one, containerd would replace all of it.</summary>
    public async Task<Container> UpdateRecordAsync(
        string @namespace, Container container, IEnumerable<string> paths, CancellationToken cancellationToken)
    {
        var request = new UpdateContainerRequest { Container = container, UpdateMask = new FieldMask() };
        request.UpdateMask.Paths.AddRange(paths);
        return (await calls.InvokeAsync(
            () => _client.UpdateAsync(request, calls.Unary(@namespace, cancellationToken)),
            CallSubject.Container(container.Id, @namespace),
            cancellationToken).ConfigureAwait(false)).Container;
    }

    /// <summary>Deletes the record alone.</summary>
    public async Task DeleteRecordAsync(string @namespace, string id, CancellationToken cancellationToken) => _ = await calls.InvokeAsync(
        () => _client.DeleteAsync(new DeleteContainerRequest { Id = id }, calls.Unary(@namespace, cancellationToken)),
        CallSubject.Container(id, @namespace),
        cancellationToken).ConfigureAwait(false);
}
