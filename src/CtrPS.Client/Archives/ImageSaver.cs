using CtrPS.Client.Connection;
using CtrPS.Client.Content;

namespace CtrPS.Client.Archives;

/// <inheritdoc/>
internal sealed class ImageSaver : IImageSaver
{
    public async Task<ICtrSavePlan> PlanAsync(CtrSaveRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        return await new SavePlanner(request).PlanAsync(cancellationToken).ConfigureAwait(false);
    }

    public async Task<CtrInventory> TakeInventoryAsync(
        ICtrConnection connection, IReadOnlyList<string> namespaces, CancellationToken cancellationToken)
    {
        ContentStore content = ((ContainerdConnection)connection).Content;
        var digests = new SortedSet<string>(StringComparer.Ordinal);
        foreach (string name in namespaces)
        {
            digests.UnionWith((await content.ListSizesAsync(name, cancellationToken).ConfigureAwait(false)).Keys);
        }

        CtrServer server = await connection.Server.GetAsync(cancellationToken).ConfigureAwait(false);
        return new CtrInventory
        {
            Created = DateTimeOffset.UtcNow,
            Server = server.Uuid,
            Namespaces = namespaces.Order(StringComparer.Ordinal).ToArray(),
            Digests = digests.ToArray(),
        };
    }
}
