using System.Management.Automation;

namespace CtrPS.Commands;

/// <summary>Remove-CtrLeaseResource: takes something from leases; where nothing else keeps it, it goes with the next collection.</summary>
[Cmdlet(VerbsCommon.Remove, "CtrLeaseResource", SupportsShouldProcess = true)]
public sealed class RemoveCtrLeaseResourceCommand : CtrLeaseResourceCmdlet
{
    /// <inheritdoc/>
    private protected override string Action => "Remove from the lease";

    /// <inheritdoc/>
    /// <remarks>What the lease holds tells what is meant: a digest by its first digits, and a key of whatever type where none was given.</remarks>
    private protected override (string Type, string Key) Resolve(CtrLease lease, string type, string key, ICtrConnection connection)
    {
        if (type != CtrLeaseResource.Content || ContentFinder.IsWhole(key))
        {
            return (type, key);
        }

        bool isTypeGiven = Type is not null;
        CtrLeaseResource[] meant =
        [
            .. Await(token => connection.Leases.ListResourcesAsync(lease, token)).Where(one => one.Type == CtrLeaseResource.Content
                ? ContentFinder.IsBeginningOf(key, one.Key)
                : !isTypeGiven && one.Key == key),
        ];
        return meant.Length == 1
            ? (meant[0].Type, meant[0].Key)
            : throw new CtrException(
                meant.Length == 0 ? CtrErrorIds.NotFound : CtrErrorIds.AmbiguousReference,
                meant.Length == 0 ? CtrStatus.NotFound : CtrStatus.InvalidArgument,
                meant.Length == 0
                    ? $"The {Words(lease)} holds no '{key}'."
                    : $"'{key}' means {meant.Length} things that the {Words(lease)} holds: "
                        + $"{string.Join(", ", meant.Select(one => $"{one.Type} '{one.Key}'"))}.")
            {
                Target = key,
                RecommendedAction = meant.Length == 0
                    ? $"Get-CtrLeaseResource '{lease.Id}' lists what it holds."
                    : "Give all of the digest, or say with -Type what it is.",
            };
    }

    /// <inheritdoc/>
    private protected override void Change(CtrLease lease, string type, string key, ICtrConnection connection) =>
        Await(token => connection.Leases.RemoveResourceAsync(lease, type, key, token));
}
