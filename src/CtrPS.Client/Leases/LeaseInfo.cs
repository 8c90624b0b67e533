using CtrPS.Client.Connection;
using CtrPS.Client.Posix;

namespace CtrPS.Client.Leases;

/// <summary>What the daemon says of a lease.</summary>
/// <param name="Id">Its id.</param>
/// <param name="CreatedAt">When it was made. Null where the daemon does not say.</param>
/// <param name="Holder">The process of ours that made it. Null: another client did.</param>
/// <param name="Work">Names the work that a next try goes on with. Null: none does.</param>
/// <param name="Mount">Of a mount of ours, whose path is the id: who made it. Null: it is none.</param>
/// <param name="Labels">Its labels.</param>
internal sealed record LeaseInfo(
    string Id,
    DateTimeOffset? CreatedAt,
    ProcessOwner? Holder,
    string? Work,
    MountMark? Mount,
    IReadOnlyDictionary<string, string> Labels)
{
    /// <summary>Whether it is known to be ours, and that nobody works under it any more.</summary>
    public bool IsAbandoned => Holder is not null && HeldLeases.IsAbandoned(Id, Holder);
}

/// <summary>Who made a mount. It stays when its maker ends; where its maker was killed on the way there, the lease is all there is.</summary>
/// <param name="Maker">The process.</param>
/// <param name="Table">The mount namespace in which it is seen: <c>mnt:[4026531840]</c>.</param>
internal sealed record MountMark(ProcessOwner Maker, string Table)
{
    /// <summary>
    /// Whether it is known that nothing is mounted and nobody is about to: the machine was started anew since, or the maker is gone and the table has
    /// nothing there. To be asked on the daemon's machine.
    /// </summary>
    /// <param name="path">Where it would be.</param>
    /// <param name="table">What is mounted here.</param>
    public bool IsStale(string path, MountTable table) =>
        Maker.IsOfEarlierBoot || (table.Name == Table && Maker.IsGone && !table.Has(path));
}
