namespace CtrPS.Client.Containers.Files;

/// <summary>The numbers of users or groups in a container, and what they are on its machine. Without a user namespace they are the same.</summary>
internal sealed class IdMap(IReadOnlyList<CtrSpecIdMapping> mappings)
{
    /// <summary>Who a user of the machine is who is none of the container's (user_namespaces(7)).</summary>
    private const long Nobody = 65534;

    /// <summary>Whose number on the machine none is; the kernel has no such one.</summary>
    private const long None = uint.MaxValue;

    public long ToHost(long id) => mappings.Count == 0 ? id : Map(id, one => one.ContainerId, one => one.HostId, None);

    public long ToContainer(long id) => mappings.Count == 0 ? id : Map(id, one => one.HostId, one => one.ContainerId, Nobody);

    private long Map(long id, Func<CtrSpecIdMapping, long?> from, Func<CtrSpecIdMapping, long?> to, long none)
    {
        foreach (CtrSpecIdMapping one in mappings)
        {
            if (id - (from(one) ?? 0) is >= 0 and var place && place < (one.Size ?? 0))
            {
                return (to(one) ?? 0) + place;
            }
        }

        return none;
    }
}
