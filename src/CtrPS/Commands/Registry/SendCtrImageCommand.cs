using System.Management.Automation;
using CtrPS.Binding;
using CtrPS.Completion;
using CtrPS.Output;

namespace CtrPS.Commands;

/// <summary>Send-CtrImage: brings images out of a namespace into registries; only what is not there is sent.</summary>
[Cmdlet(VerbsCommunications.Send, "CtrImage", SupportsShouldProcess = true)]
[Alias("Push-CtrImage")]
[OutputType(typeof(CtrSentImage))]
public sealed class SendCtrImageCommand : CtrImageTransferCmdlet
{
    private readonly List<Found> _found = [];

    /// <summary>The images: names, wildcards, or image objects.</summary>
    [Parameter(
        Position = 0,
        Mandatory = true,
        ValueFromPipeline = true,
        ValueFromPipelineByPropertyName = true,
        HelpMessage = "The images. Wildcards are allowed.")]
    [Alias("Name", "Reference")]
    [ImageIdentityTransformation]
    [ArgumentCompleter(typeof(ImageCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public CtrImageIdentity[] Image { get; set; } = [];

    /// <summary>The name at the registry, for one image. Default: the image's own.</summary>
    [Parameter(Position = 1, HelpMessage = "The name at the registry, for one image. Default: the image's own.")]
    [ValidateNotNullOrEmpty]
    public CtrImageReference? Destination { get; set; }

    /// <summary>Platforms that must go, or Available (what is whole here), or All.</summary>
    [Parameter(HelpMessage = "Platforms, such as linux/arm64, or Available (what is whole here), or All.")]
    [ArgumentCompleter(typeof(SavePlatformCompleter))]
    [ValidateNotNullOrEmpty]
    public CtrPlatformChoice[] Platform { get; set; } = [CtrPlatformChoice.All];

    /// <summary>Leave layers out that their makers do not allow to be passed on.</summary>
    [Parameter(HelpMessage = "Leave layers out that their makers do not allow to be passed on.")]
    public SwitchParameter SkipNonDistributable { get; set; }

    /// <summary>Send what refers to the image too: signatures, SBOMs, attestations.</summary>
    [Parameter(HelpMessage = "Send what refers to the image too: signatures, SBOMs, attestations.")]
    public SwitchParameter IncludeReferrer { get; set; }

    /// <summary>Make layers that were discarded after unpacking anew, from their snapshots.</summary>
    [Parameter(HelpMessage = SnapshotRebuild.Help)]
    public SwitchParameter FromSnapshot { get; set; }

    /// <summary>Take what a snapshot has also where it does not prove to be the layer.</summary>
    [Parameter(HelpMessage = SnapshotRebuild.AllowHelp)]
    public SwitchParameter AllowNewDiffId { get; set; }

    /// <summary>Ask for each blob, also where the name points to the image already.</summary>
    [Parameter(HelpMessage = "Ask for each blob, also where the name points to the image already: for a registry that has lost some.")]
    public SwitchParameter Force { get; set; }

    /// <summary>Images at the same time, and blobs of each.</summary>
    [Parameter(HelpMessage = "Images at the same time, and blobs of each.")]
    [ValidateRange(1, 64)]
    public int ThrottleLimit { get; set; } = 4;

    /// <inheritdoc/>
    private protected override void OnBegin()
    {
        OrEnd(() => SnapshotRebuild.Require(FromSnapshot, AllowNewDiffId));
        if (Platform.Length > 1 && Platform.Any(choice => choice.Platform is null))
        {
            ThrowTerminatingError(ErrorFactory.From(
                new CtrException(
                    CtrErrorIds.InvalidArgument, CtrStatus.InvalidArgument, "-Platform takes either platforms or one of the words Available and All.")
                {
                    Target = nameof(Platform),
                },
                null));
        }
    }

    /// <inheritdoc/>
    private protected override void OnRecord()
    {
        foreach (CtrImageIdentity image in Image)
        {
            Guard(image.Name, () =>
            {
                CtrSession session = SessionOf(image.Session, $"Image '{image.Name}'");
                string name = NamespaceOf(image.Namespace, Namespace, session, $"Image '{image.Name}'");
                ICtrConnection connection = Connect(session);
                foreach (CtrImage found in Pull(token => ImageFinder.FindAsync(connection, name, image, CtrImageDetail.None, token)))
                {
                    Guard(found.Name, () => _found.Add(new Found(found, session, connection, Target(found))));
                }
            });
        }
    }

    /// <inheritdoc/>
    private protected override string? OneSessionOnly => Credential is null ? null : RegistryWords.OneSession;

    /// <summary>All at the end: several images go side by side.</summary>
    private protected override void OnEnd()
    {
        OrEnd(() => Registries.Expect(_found.Select(found => found.Target.Registry)));
        using var rebuild = new SnapshotRebuild(this, FromSnapshot, AllowNewDiffId);
        var whole = new List<Found>();
        foreach (Found found in _found)
        {
            Guard(found.Image.Name, () =>
            {
                if (rebuild.Take(found.Session, found.Connection, found.Image) is { } image)
                {
                    whole.Add(found with { Image = image });
                }
            });
        }

        var plans = new List<(Found Found, ICtrSendPlan Plan)>();
        ForEachMoved("Looking at images", whole, ThrottleLimit, Name, PlanAsync, (found, plan) =>
        {
            foreach (string warning in plan.Warnings)
            {
                WriteWarning(warning);
            }

            if (ShouldProcess(
                found.Session,
                $"image '{found.Image.Name}' in namespace '{found.Image.Namespace}'",
                $"Send as '{found.Target}' with digest {plan.Digest}: {plan.Blobs} blobs with {CtrFormat.Size(plan.Bytes)}, only what is not there"
                    + RegistryWords.Referrers(plan.Referrers)))
            {
                plans.Add((found, plan));
            }
        });
        ForEachMoved(
            "Sending images", plans, ThrottleLimit, one => Name(one.Found), (one, meter, token) => one.Plan.RunAsync(meter, token), (one, sent) =>
            {
                sent.Session = one.Found.Session;
                WriteObject(sent);
            });
    }

    private static string Name(Found found) => found.Target.ToString();

    private CtrImageReference Target(CtrImage image) => Destination is null
        ? CtrImageReference.Parse(image.Name)
        : _found.Count == 0 ? Destination : throw new CtrException(
            CtrErrorIds.InvalidReference,
            CtrStatus.InvalidArgument,
            $"'{image.Name}' is not sent: -Destination is for one image, and these are several.")
        {
            Target = image.Name,
            RecommendedAction = "Name one image, or name them with Add-CtrImageTag -ReplaceRegistry first and send those names.",
        };

    private Task<ICtrSendPlan> PlanAsync(Found found, CtrTransferMeter meter, CancellationToken cancellationToken) =>
        found.Connection.Sender.PlanAsync(
            new CtrSendRequest
            {
                Image = found.Image,
                Target = found.Target,
                Scope = CtrPlatformChoice.ScopeOf(Platform),
                Platforms = CtrPlatformChoice.PlatformsOf(Platform),
                SkipNonDistributable = SkipNonDistributable,
                Referrers = IncludeReferrer,
                AskForAll = Force,
                Concurrency = ThrottleLimit,
            },
            Registries,
            cancellationToken);

    private sealed record Found(CtrImage Image, CtrSession Session, ICtrConnection Connection, CtrImageReference Target);
}
