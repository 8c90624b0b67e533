using System.Text.RegularExpressions;
using Containerd.Services.Namespaces.V1;
using CtrPS.Client.Connection;
using Google.Protobuf.WellKnownTypes;
using Grpc.Net.Client;

namespace CtrPS.Client.Namespaces;

/// <inheritdoc/>
/// <remarks>Changes carry the namespace header, although they need none by themselves: the event that the server publishes about them does.</remarks>
internal sealed partial class NamespaceStore(GrpcChannel channel, Calls calls) : INamespaceStore
{
    private readonly Containerd.Services.Namespaces.V1.Namespaces.NamespacesClient _client = new(channel);

    public async Task<IReadOnlyList<CtrNamespace>> ListAsync(CancellationToken cancellationToken)
    {
        ListNamespacesResponse response = await calls.InvokeAsync(
            () => _client.ListAsync(new ListNamespacesRequest(), calls.Unary(null, cancellationToken)),
            new CallSubject("the namespaces"),
            cancellationToken).ConfigureAwait(false);
        return [.. response.Namespaces.Select(ToNamespace)];
    }

    public async Task<CtrNamespace> CreateAsync(string name, IReadOnlyDictionary<string, string> labels, CancellationToken cancellationToken)
    {
        var wanted = new Namespace { Name = CtrIdentifier.RequireNamespace(name) };
        wanted.Labels.Add(labels.ToDictionary());
        CreateNamespaceResponse response = await calls.InvokeAsync(
            () => _client.CreateAsync(new CreateNamespaceRequest { Namespace = wanted }, calls.Unary(name, cancellationToken)),
            CallSubject.Namespace(name),
            cancellationToken).ConfigureAwait(false);
        return ToNamespace(response.Namespace);
    }

    public async Task<CtrNamespace> SetLabelsAsync(
        string name, IReadOnlyDictionary<string, string?> labels, bool replaceAll, CancellationToken cancellationToken)
    {
        // The server takes masks of single labels only, and answers with an empty namespace.
        CtrNamespace before = await GetAsync(name, cancellationToken).ConfigureAwait(false);
        Dictionary<string, string?> changes = labels.ToDictionary(StringComparer.Ordinal);
        foreach (string key in replaceAll ? before.Labels.Keys : [])
        {
            _ = changes.TryAdd(key, null);
        }

        if (changes.Count == 0)
        {
            return before;
        }

        var request = new UpdateNamespaceRequest { Namespace = new Namespace { Name = name }, UpdateMask = new FieldMask() };
        request.Namespace.Labels.Add(LabelUpdate.Values(changes, replaceAll: false));
        request.UpdateMask.Paths.AddRange(LabelUpdate.Mask(changes, replaceAll: false));
        _ = await calls.InvokeAsync(
            () => _client.UpdateAsync(request, calls.Unary(name, cancellationToken)),
            CallSubject.Namespace(name),
            cancellationToken).ConfigureAwait(false);
        return await GetAsync(name, cancellationToken).ConfigureAwait(false);
    }

    public async Task DeleteAsync(string name, CancellationToken cancellationToken)
    {
        CallSubject subject = CallSubject.Namespace(name);
        try
        {
            _ = await calls.InvokeAsync(
                () => _client.DeleteAsync(
                    new DeleteNamespaceRequest { Name = CtrIdentifier.RequireNamespace(name) }, calls.Unary(name, cancellationToken)),
                subject,
                cancellationToken).ConfigureAwait(false);
        }
        catch (CtrException e) when (e.ErrorId == CtrErrorIds.NamespaceNotEmpty)
        {
            Match held = StillHas().Match(e.Message);
            throw new CtrException(
                e.ErrorId,
                e.Status,
                $"The {subject.Words} is not empty{(held.Success ? $": it still has {held.Groups[1].Value}" : "")}. It was not removed.",
                e)
            {
                Target = name,
                RecommendedAction = $"Remove it with all that it has: Remove-CtrNamespace {name} -Recurse. -WhatIf tells what that is.",
                Details = e.Details,
            };
        }
    }

    /// <summary>One namespace, out of the list: Namespaces.Get answers for a namespace that does not exist as for one without labels.</summary>
    private async Task<CtrNamespace> GetAsync(string name, CancellationToken cancellationToken) =>
        (await ListAsync(cancellationToken).ConfigureAwait(false)).FirstOrDefault(one => one.Name == CtrIdentifier.RequireNamespace(name))
        ?? throw new CtrException(CtrErrorIds.NamespaceNotFound, CtrStatus.NotFound, $"There is no {CallSubject.Namespace(name).Words}.")
        {
            Target = name,
            RecommendedAction = "List the namespaces with Get-CtrNamespace.",
        };

    private static CtrNamespace ToNamespace(Namespace @namespace) => new()
    {
        Name = @namespace.Name,
        Labels = SortedMap.From(@namespace.Labels),
    };

    /// <summary>
    /// The server's list stands in its text only: <c>namespace "x" must be empty, but it still has images, blobs: failed precondition</c>.
    /// </summary>
    [GeneratedRegex("still has (.+?): failed precondition", RegexOptions.CultureInvariant)]
    private static partial Regex StillHas();
}
