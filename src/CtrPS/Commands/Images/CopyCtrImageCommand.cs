using System.Management.Automation;
using CtrPS.Binding;
using CtrPS.Completion;
using CtrPS.Output;

namespace CtrPS.Commands;

/// <summary>Copy-CtrImage: copies images to another namespace or another containerd; only what is not there is moved.</summary>
[Cmdlet(VerbsCommon.Copy, "CtrImage", SupportsShouldProcess = true, DefaultParameterSetName = NamespaceSet)]
[OutputType(typeof(CtrImage))]
public sealed class CopyCtrImageCommand : CtrImageCmdlet
{
    private const string NamespaceSet = "Namespace";
    private const string SessionSet = "Session";

    private bool _named;

    /// <summary>The namespace to copy to. With -DestinationSession, default: the image's own.</summary>
    [Parameter(Position = 1, Mandatory = true, ParameterSetName = NamespaceSet, HelpMessage = "The namespace to copy to.")]
    [Parameter(Position = 1, ParameterSetName = SessionSet, HelpMessage = "The namespace to copy to.")]
    [ArgumentCompleter(typeof(NamespaceCompleter))]
    [ValidateNotNullOrEmpty]
    public string? DestinationNamespace { get; set; }

    /// <summary>The containerd to copy to: a session, its number, or an address.</summary>
    [Parameter(Mandatory = true, ParameterSetName = SessionSet, HelpMessage = "The containerd to copy to: a session, its number, or an address.")]
    [SessionTransformation]
    [ArgumentCompleter(typeof(SessionCompleter))]
    [ValidateNotNull]
    public CtrSession? DestinationSession { get; set; }

    /// <summary>Another name for the copy, by docker's rules. For one image.</summary>
    [Parameter(HelpMessage = "Another name for the copy. For one image.")]
    [ValidateNotNullOrEmpty]
    public string? NewName { get; set; }

    /// <summary>Platforms that must be copied, or Available (what is whole here), or All.</summary>
    [Parameter(HelpMessage = "Platforms, such as linux/arm64, or Available (what is whole here), or All.")]
    [ArgumentCompleter(typeof(SavePlatformCompleter))]
    [ValidateNotNullOrEmpty]
    public CtrPlatformChoice[] Platform { get; set; } = [CtrPlatformChoice.Available];

    /// <summary>Unpack the copy, so that containers can run from it at once.</summary>
    [Parameter(HelpMessage = "Unpack the copy, so that containers can run from it at once.")]
    public SwitchParameter Unpack { get; set; }

    /// <summary>The snapshotter to unpack with.</summary>
    [Parameter(HelpMessage = "The snapshotter to unpack with.")]
    [ArgumentCompleter(typeof(SnapshotterCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Snapshotter { get; set; }

    /// <summary>Move a name that points to another image there.</summary>
    [Parameter(HelpMessage = "Move a name that points to another image there.")]
    public SwitchParameter Force { get; set; }

    /// <summary>Blobs brought at the same time.</summary>
    [Parameter(HelpMessage = "Blobs brought at the same time.")]
    [ValidateRange(1, 64)]
    public int ThrottleLimit { get; set; } = 4;

    /// <summary>Make layers that were discarded after unpacking anew, from their snapshots.</summary>
    [Parameter(HelpMessage = SnapshotRebuild.Help)]
    public SwitchParameter FromSnapshot { get; set; }

    /// <summary>Take what a snapshot has also where it does not prove to be the layer.</summary>
    [Parameter(HelpMessage = SnapshotRebuild.AllowHelp)]
    public SwitchParameter AllowNewDiffId { get; set; }

    /// <summary>Return the copies.</summary>
    [Parameter(HelpMessage = "Return the copies.")]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    private protected override void OnBegin()
    {
        try
        {
            SnapshotRebuild.Require(FromSnapshot, AllowNewDiffId);
            NewName = NewName is null ? null : CtrImageReference.Parse(NewName).ToString();
            DestinationNamespace = DestinationNamespace is null ? null : CtrIdentifier.RequireNamespace(DestinationNamespace);
            if (Platform.Length > 1 && Platform.Any(choice => choice.Platform is null))
            {
                throw new CtrException(
                    CtrErrorIds.InvalidArgument, CtrStatus.InvalidArgument, "-Platform takes either platforms or one of the words Available and All.")
                {
                    Target = nameof(Platform),
                };
            }
        }
        catch (CtrException e)
        {
            ThrowTerminatingError(ErrorFactory.From(e, null));
        }
    }

    /// <inheritdoc/>
    private protected override void OnRecord() => ForEachImage(Copy, RequireOne, oneName: NewName is not null);

    /// <inheritdoc/>
    private protected override CtrImageDetail Detail => CtrImageDetail.Aliases;

    /// <summary>A name can be for one image only.</summary>
    private void RequireOne(CtrImageIdentity wanted)
    {
        if (NewName is not null && (_named || ImageFinder.IsPattern(wanted)))
        {
            throw new CtrException(
                CtrErrorIds.InvalidReference,
                CtrStatus.InvalidArgument,
                $"'{wanted.Name}' is not copied: -NewName is for one image, and these may be several.")
            {
                Target = wanted.Name,
                RecommendedAction = "Name one image, or leave -NewName out and use Add-CtrImageTag afterwards.",
            };
        }

        _named = true;
    }

    private void Copy(FoundImage found)
    {
        CtrImage image = found.Image;
        CtrSession session = DestinationSession ?? found.Session;
        ICtrConnection destination = Connect(session);
        string to = DestinationNamespace ?? image.Namespace;
        string name = NewName ?? image.Name;
        string where = $"namespace '{to}'"
            + (ReferenceEquals(session, found.Session) ? "" : $" of containerd at '{session.Address}'")
            + (name == image.Name ? "" : $" as '{name}'");
        if (!ShouldProcess(found.Session, Words(image), $"Copy to {where}"))
        {
            return;
        }

        var options = new CtrCopyOptions
        {
            Destination = destination,
            Namespace = to,
            Name = name,
            Aliases = NewName is null ? image.Aliases : [],
            Scope = CtrPlatformChoice.ScopeOf(Platform),
            Platforms = CtrPlatformChoice.PlatformsOf(Platform),
            Replace = Force,
            Unpack = Unpack,
            Snapshotter = Snapshotter,
            Concurrency = ThrottleLimit,
        };
        using var rebuild = new SnapshotRebuild(this, FromSnapshot, AllowNewDiffId);
        if (rebuild.Take(found.Session, found.Connection, image) is not { } whole)
        {
            return;
        }

        CtrCopyOutcome outcome =
            AwaitTransfer($"Copying {image.Name} to {where}", (meter, token) => found.Connection.Care.CopyAsync(whole, options, meter, token));
        foreach (string note in outcome.Notes)
        {
            WriteVerbose($"{Words(image)}: {note}");
        }

        WriteVerbose(
            $"Copied {Words(image)} to {where}: {outcome.BlobsWritten} blobs written ({CtrFormat.Size(outcome.BytesWritten)}), "
                + $"{outcome.BlobsLinked} linked, {outcome.BlobsPresent} there already.");
        if (PassThru)
        {
            WriteWhole(session, destination, outcome.Image);
        }
    }
}
