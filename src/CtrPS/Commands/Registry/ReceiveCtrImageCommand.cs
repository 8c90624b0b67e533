using System.Collections;
using System.Management.Automation;
using CtrPS.Binding;
using CtrPS.Completion;
using CtrPS.Output;

namespace CtrPS.Commands;

/// <summary>Receive-CtrImage: brings images from registries into a namespace, and unpacks them.</summary>
[Cmdlet(VerbsCommunications.Receive, "CtrImage", SupportsShouldProcess = true)]
[Alias("Pull-CtrImage")]
[OutputType(typeof(CtrReceivedImage))]
public sealed class ReceiveCtrImageCommand : CtrImageTransferCmdlet
{
    private readonly List<Wanted> _wanted = [];

    /// <summary>The images: names as docker takes them, with a tag or a digest, or image objects.</summary>
    [Parameter(
        Position = 0,
        Mandatory = true,
        ValueFromPipeline = true,
        ValueFromPipelineByPropertyName = true,
        HelpMessage = "The images: names with a tag or a digest, or image objects.")]
    [Alias("Name", "Reference")]
    [ImageIdentityTransformation]
    [ArgumentCompleter(typeof(ImageCompleter))]
    [ValidateNotNullOrEmpty]
    public CtrImageIdentity[] Image { get; set; } = [];

    /// <summary>The platforms. Default: the server's.</summary>
    [Parameter(HelpMessage = "The platforms. Default: the server's.")]
    [ArgumentCompleter(typeof(PlatformCompleter))]
    [ValidateNotNullOrEmpty]
    public CtrPlatform[] Platform { get; set; } = [];

    /// <summary>Every platform that the image has, and its attestations.</summary>
    [Parameter(HelpMessage = "Every platform that the image has, and its attestations.")]
    public SwitchParameter AllPlatforms { get; set; }

    /// <summary>Leave the layers packed.</summary>
    [Parameter(HelpMessage = "Leave the layers packed.")]
    public SwitchParameter NoUnpack { get; set; }

    /// <summary>The snapshotter to unpack with. Default: the namespace's.</summary>
    [Parameter(HelpMessage = "The snapshotter to unpack with. Default: the namespace's.")]
    [ArgumentCompleter(typeof(SnapshotterCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Snapshotter { get; set; }

    /// <summary>Labels for the image records.</summary>
    [Parameter(HelpMessage = "Labels for the image records.")]
    [ValidateNotNull]
    public Hashtable? Label { get; set; }

    /// <summary>Bring what refers to the image too: signatures, SBOMs, attestations.</summary>
    [Parameter(HelpMessage = "Bring what refers to the image too: signatures, SBOMs, attestations.")]
    public SwitchParameter IncludeReferrer { get; set; }

    /// <summary>Read what is there already, and fetch anew what is corrupt.</summary>
    [Parameter(HelpMessage = "Read what is there already, and fetch anew what is corrupt.")]
    public SwitchParameter Force { get; set; }

    /// <summary>Images at the same time, and blobs of each.</summary>
    [Parameter(HelpMessage = "Images at the same time, and blobs of each.")]
    [ValidateRange(1, 64)]
    public int ThrottleLimit { get; set; } = 4;

    /// <summary>Bytes a second that a blob must bring at least.</summary>
    [Parameter(HelpMessage = "Bytes a second that a blob must bring at least, or its connection is made anew.")]
    [BytesTransformation]
    [ValidateRange(0, long.MaxValue)]
    public long MinimumRate { get; set; }

    /// <summary>Seconds that all of it may take.</summary>
    [Parameter(HelpMessage = "Seconds that an image may take. Default: any time.")]
    [ValidateRange(0.1, 604800)]
    public double Timeout { get; set; }

    /// <inheritdoc/>
    private protected override CtrRegistryOptions Options => base.Options with
    {
        MinimumRate = MinimumRate,
        ConnectionsPerBlob = Math.Min(new CtrRegistryOptions().ConnectionsPerBlob, ThrottleLimit), // who wants less at once means connections too
    };

    /// <inheritdoc/>
    private protected override void OnBegin()
    {
        (string First, string Second, bool Given)[] contradictions =
        [
            ("-Platform", "-AllPlatforms", Platform.Length > 0 && AllPlatforms),
            ("-NoUnpack", "-Snapshotter", NoUnpack && Snapshotter is not null),
        ];
        foreach ((string first, string second, bool given) in contradictions)
        {
            if (given)
            {
                string contradiction = $"{first} and {second} contradict each other: give one of them.";
                ThrowTerminatingError(
                    ErrorFactory.From(new CtrException(CtrErrorIds.InvalidArgument, CtrStatus.InvalidArgument, contradiction), null));
            }
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
                var wanted = new Wanted(
                    CtrImageReference.Parse(image.Name),
                    NamespaceOf(image.Namespace, Namespace, session, $"Image '{image.Name}'"),
                    session,
                    Connect(session));
                if (!_wanted.Contains(wanted))
                {
                    _wanted.Add(wanted);
                }
            });
        }
    }

    /// <summary>All at the end: several images come side by side.</summary>
    private protected override void OnEnd()
    {
        OrEnd(() => Registries.Expect(_wanted.Select(wanted => wanted.Reference.Registry)));
        var plans = new List<(Wanted Wanted, ICtrReceivePlan Plan)>();
        ForEachMoved("Asking registries", _wanted, ThrottleLimit, Name, PlanAsync, (wanted, plan) =>
        {
            string move = plan.PreviousDigest is { } previous && previous != plan.Digest ? $", in the place of {previous}" : "";
            if (ShouldProcess(
                wanted.Session,
                $"image '{wanted.Reference}' in namespace '{wanted.Namespace}'",
                $"Receive {plan.Digest}{move}: {plan.BlobsToFetch} blobs with {CtrFormat.Size(plan.BytesToFetch)} to fetch"
                    + RegistryWords.Referrers(plan.Referrers)))
            {
                plans.Add((wanted, plan));
            }
        });
        ForEachMoved("Receiving images", plans, ThrottleLimit, one => Name(one.Wanted), RunAsync, (one, received) =>
        {
            foreach (string warning in one.Plan.Warnings)
            {
                WriteWarning(warning);
            }

            received.Session = one.Wanted.Session;
            WriteObject(received);
        });
    }

    private static string Name(Wanted wanted) => wanted.Reference.ToString();

    private Task<ICtrReceivePlan> PlanAsync(Wanted wanted, CtrTransferMeter meter, CancellationToken cancellationToken) =>
        wanted.Connection.Receiver.PlanAsync(
            new CtrReceiveRequest
            {
                Reference = wanted.Reference,
                Namespace = wanted.Namespace,
                Platforms = Platform,
                AllPlatforms = AllPlatforms,
                Unpack = !NoUnpack,
                Snapshotter = Snapshotter,
                Labels = Label is null
                    ? new Dictionary<string, string>()
                    : Labels.From(Label).ToDictionary(label => label.Key, label => label.Value ?? "", StringComparer.Ordinal),
                Referrers = IncludeReferrer,
                Renew = Force,
                Concurrency = ThrottleLimit,
            },
            Registries,
            cancellationToken);

    private async Task<CtrReceivedImage> RunAsync(
        (Wanted Wanted, ICtrReceivePlan Plan) one, CtrTransferMeter meter, CancellationToken cancellationToken)
    {
        if (Timeout == 0)
        {
            return await one.Plan.RunAsync(meter, cancellationToken).ConfigureAwait(false);
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(Timeout));
        try
        {
            return await one.Plan.RunAsync(meter, limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new CtrException(
                CtrErrorIds.ReceiveTimeout,
                CtrStatus.DeadlineExceeded,
                $"The image '{one.Wanted.Reference}' did not come within {Timeout} seconds.",
                e)
            {
                Target = one.Wanted.Reference.ToString(),
                RecommendedAction = "What came is kept for a day: the same command goes on from there.",
            };
        }
    }

    private sealed record Wanted(CtrImageReference Reference, string Namespace, CtrSession Session, ICtrConnection Connection);
}
