using System.Management.Automation;
using CtrPS.Completion;

namespace CtrPS.Commands;

/// <summary>Base of the cmdlets that change what leases hold.</summary>
public abstract class CtrLeaseResourceCmdlet : CtrLeaseCmdlet
{
    /// <summary>What it is about: digests of blobs or their first digits, keys of snapshots, refs of writes, names of images.</summary>
    [Parameter(
        Position = 1, Mandatory = true, ValueFromPipelineByPropertyName = true,
        HelpMessage = "What it is about: digests of blobs, or by -Type keys of snapshots, refs of unfinished writes, names of images.")]
    [Alias("Digest")]
    [ArgumentCompleter(typeof(LeaseKeyCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Key { get; set; } = [];

    /// <summary>What kind of thing, in containerd's words. Default: a snapshot where its snapshotter is given, else a blob.</summary>
    [Parameter(
        ValueFromPipelineByPropertyName = true,
        HelpMessage = "content, snapshots/overlayfs and so on, ingests, images. Default: snapshots where -Snapshotter is given, else content.")]
    [ArgumentCompleter(typeof(LeaseResourceTypeCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Type { get; set; }

    /// <summary>The snapshotter of snapshots.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true, HelpMessage = "The snapshotter that the snapshots are of.")]
    [ArgumentCompleter(typeof(SnapshotterCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Snapshotter { get; set; }

    /// <summary>What to do, for questions: <c>Add</c>.</summary>
    private protected abstract string Action { get; }

    /// <inheritdoc/>
    private protected sealed override void OnRecord()
    {
        string type = "";
        Guard(Type, () => type = TypeOf());
        if (type.Length > 0)
        {
            ForEachLease((lease, session, connection) =>
            {
                foreach (string key in Key)
                {
                    Guard(key, () =>
                    {
                        (string kind, string whole) = Resolve(lease, type, key, connection);
                        if (ShouldProcess(session, $"{kind} '{whole}', {Words(lease)}", Action))
                        {
                            Change(lease, kind, whole, connection);
                        }
                    });
                }
            });
        }
    }

    /// <summary>What a key means: type and whole key.</summary>
    private protected abstract (string Type, string Key) Resolve(CtrLease lease, string type, string key, ICtrConnection connection);

    /// <summary>Does it.</summary>
    private protected abstract void Change(CtrLease lease, string type, string key, ICtrConnection connection);

    private string TypeOf()
    {
        string type = Type ?? (Snapshotter is null ? CtrLeaseResource.Content : CtrLeaseResource.Snapshots + Snapshotter);
        if (type == CtrLeaseResource.Snapshots.TrimEnd('/') && Snapshotter is not null)
        {
            type = CtrLeaseResource.Snapshots + Snapshotter;
        }

        bool isKnown = type is CtrLeaseResource.Content or CtrLeaseResource.Ingests or CtrLeaseResource.Images
            || (type.StartsWith(CtrLeaseResource.Snapshots, StringComparison.Ordinal) && type.Split('/') is [_, { Length: > 0 }]);
        return isKnown
            ? type
            : throw new CtrException(
                CtrErrorIds.InvalidArgument, CtrStatus.InvalidArgument, $"'{type}' is nothing that a lease holds.")
            {
                Target = type,
                RecommendedAction = "Use content, ingests, images, or snapshots/ and the name of the snapshotter.",
            };
    }
}
