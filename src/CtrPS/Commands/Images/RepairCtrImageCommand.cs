using System.Management.Automation;
using CtrPS.Completion;
using CtrPS.Output;

namespace CtrPS.Commands;

/// <summary>Repair-CtrImage: finds missing and corrupt blobs of images by reading all bytes, and brings just those from somewhere else.</summary>
[Cmdlet(VerbsDiagnostic.Repair, "CtrImage", SupportsShouldProcess = true, DefaultParameterSetName = FromSet)]
[OutputType(typeof(CtrRepairResult))]
public sealed class RepairCtrImageCommand : CtrImageCmdlet
{
    private const string FromSet = "From";
    private const string SnapshotSet = "Snapshot";

    private readonly List<FoundImage> _found = [];

    /// <summary>Where blobs come from: archives (paths, wildcards), namespaces, sessions.</summary>
    [Parameter(
        Position = 1,
        Mandatory = true,
        ParameterSetName = FromSet,
        HelpMessage = "Archives, namespaces, or sessions (or addresses) to take blobs from.")]
    [ArgumentCompleter(typeof(NamespaceCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public object[] From { get; set; } = [];

    /// <summary>Make layers that were discarded after unpacking anew, from their snapshots, and move the image's name to what has them.</summary>
    [Parameter(Mandatory = true, ParameterSetName = SnapshotSet, HelpMessage = SnapshotRebuild.Help)]
    public SwitchParameter FromSnapshot { get; set; }

    /// <summary>Take what a snapshot has also where it does not prove to be the layer.</summary>
    [Parameter(ParameterSetName = SnapshotSet, HelpMessage = SnapshotRebuild.AllowHelp)]
    public SwitchParameter AllowNewDiffId { get; set; }

    /// <summary>The namespace to look into with a session. Default: the image's own.</summary>
    [Parameter(ParameterSetName = FromSet, HelpMessage = "The namespace of the sessions in -From.")]
    [ArgumentCompleter(typeof(NamespaceCompleter))]
    [ValidateNotNullOrEmpty]
    public string? FromNamespace { get; set; }

    /// <summary>The platforms that are to be whole afterwards. Default: the one that the daemon runs.</summary>
    [Parameter(ParameterSetName = FromSet, HelpMessage = "Platforms that are to be whole afterwards, such as linux/arm64.")]
    [ArgumentCompleter(typeof(PlatformCompleter))]
    [ValidateNotNullOrEmpty]
    public CtrPlatform[] Platform { get; set; } = [];

    /// <summary>Everything that the images name is to be whole afterwards.</summary>
    [Parameter(ParameterSetName = FromSet, HelpMessage = "Everything that the images name is to be whole afterwards.")]
    public SwitchParameter AllPlatforms { get; set; }

    /// <summary>Blobs read or brought at the same time.</summary>
    [Parameter(ParameterSetName = FromSet, HelpMessage = "Blobs read or brought at the same time.")]
    [ValidateRange(1, 64)]
    public int ThrottleLimit { get; set; } = 4;

    /// <inheritdoc/>
    private protected override CtrImageDetail Detail => FromSnapshot ? CtrImageDetail.Aliases : CtrImageDetail.None;

    /// <inheritdoc/>
    private protected override void OnBegin()
    {
        if (ParameterSetName == SnapshotSet && !FromSnapshot)
        {
            OrEnd(() => throw new CtrException(
                CtrErrorIds.InvalidArgument, CtrStatus.InvalidArgument, "Nothing is to be repaired from: give -From or -FromSnapshot.")
            {
                Target = nameof(FromSnapshot),
            });
        }
    }

    /// <inheritdoc/>
    private protected override void OnRecord() => ForEachImage(found =>
    {
        if (FromSnapshot)
        {
            Rebuild(found);
        }
        else if (ShouldProcess(found.Session, Words(found.Image), $"Repair from {string.Join(", ", From.Select(RepairOrigins.Words))}"))
        {
            _found.Add(found);
        }
    });

    /// <inheritdoc/>
    private protected override void OnEnd()
    {
        // The sources are opened once for all images of a namespace.
        foreach (IGrouping<(CtrSession Session, string Namespace), FoundImage> some in
            _found.GroupBy(found => (found.Session, found.Image.Namespace)))
        {
            Guard(null, () =>
            {
                ICtrConnection connection = Connect(some.Key.Session);
                var origins = new RepairOrigins(this, connection, some.Key.Namespace, FromNamespace, Connect, StopToken);
                var options = new CtrRepairOptions
                {
                    From = From.SelectMany(origins.Resolve).ToArray(),
                    Platforms = Platform,
                    AllPlatforms = AllPlatforms,
                    Concurrency = ThrottleLimit,
                };
                origins.RequireUseOfNamespace();
                ICtrRepair repair = AwaitTransfer("Opening the sources", (_, token) => connection.Care.OpenRepairAsync(options, token));
                try
                {
                    foreach (FoundImage found in some)
                    {
                        Guard(found.Image, () => Repair(repair, found));
                    }
                }
                finally
                {
                    repair.DisposeAsync().AsTask().GetAwaiter().GetResult();
                }
            });
        }
    }

    private void Repair(ICtrRepair repair, FoundImage found)
    {
        CtrRepairResult result = AwaitTransfer($"Repairing {found.Image.Name}", (meter, token) => repair.RepairAsync(found.Image, meter, token));
        Write(found, result);
    }

    private void Rebuild(FoundImage found)
    {
        using var rebuild = new SnapshotRebuild(this, isWanted: true, AllowNewDiffId);
        ICtrRebuild plan = rebuild.Plan(found.Connection, found.Image);
        var result = new CtrRepairResult
        {
            Name = found.Image.Name,
            Namespace = found.Image.Namespace,
            Status = plan.Others.Count > 0 ? CtrRepairStatus.Failed : plan.Layers.Count > 0 ? CtrRepairStatus.Repaired : CtrRepairStatus.Sound,
            Digest = found.Image.Digest,
            Repaired = plan.Layers,
            Failed = plan.Others,
        };
        if (plan.Layers.Count > 0)
        {
            if (rebuild.Run(found.Session, plan) is not { } made)
            {
                return;
            }

            Await(made.PutAsync);
            result = result.With(copy =>
            {
                copy.Digest = made.Image.Digest;
                copy.BytesWritten = made.BytesWritten;
            });
        }

        Write(found, result);
    }

    private void Write(FoundImage found, CtrRepairResult result)
    {
        result.Session = found.Session;
        foreach (CtrBlobFault mended in result.Repaired)
        {
            WriteVerbose($"Mended in {Words(found.Image)}: {mended.Reason}");
        }

        foreach (CtrBlobFault failed in result.Failed)
        {
            WriteError(ErrorFactory.From(
                new CtrException(
                    failed.Status == CtrBlobStatus.Missing ? CtrErrorIds.BlobMissing : CtrErrorIds.BlobCorrupt,
                    failed.Status == CtrBlobStatus.Missing ? CtrStatus.NotFound : CtrStatus.DataLoss,
                    $"The {Words(found.Image)} is not mended. {failed.Reason}")
                {
                    Target = failed.Digest,
                    RecommendedAction = failed.RecommendedAction,
                },
                null));
        }

        WriteVerbose(
            $"Repaired {Words(found.Image)}: {result.Repaired.Count} blobs mended, {result.Failed.Count} not, "
                + $"{result.RelabeledCount} labelled anew, {CtrFormat.Size(result.BytesWritten)} written.");
        WriteObject(result);
    }
}
