using CtrPS.Client.Connection;

namespace CtrPS.Client.Leases;

/// <summary>What the daemon says of a lease.</summary>
/// <param name="Id">Its id.</param>
/// <param name="CreatedAt">When it was made. Null where the daemon does not say.</param>
/// <param name="Holder">The process of ours that made it. Null: another client did.</param>
/// <param name="Work">Names the work that a next try goes on with. Null: none does.</param>
internal sealed record LeaseInfo(string Id, DateTimeOffset? CreatedAt, ProcessOwner? Holder, string? Work)
{
    /// <summary>Whether it is known to be ours, and that nobody works under it any more.</summary>
    public bool IsAbandoned => Holder is not null && HeldLeases.IsAbandoned(Id, Holder);
}
