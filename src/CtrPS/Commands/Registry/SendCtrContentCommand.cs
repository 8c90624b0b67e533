using System.Management.Automation;
using CtrPS.Binding;
using CtrPS.Completion;
using CtrPS.Output;

namespace CtrPS.Commands;

/// <summary>Send-CtrContent: brings blobs out of a namespace into a repository of a registry, unless they are there.</summary>
[Cmdlet(VerbsCommunications.Send, "CtrContent", SupportsShouldProcess = true)]
[OutputType(typeof(CtrSentContent))]
public sealed class SendCtrContentCommand : CtrImageTransferCmdlet
{
    private readonly List<Found> _found = [];

    /// <summary>The blobs: digests, their first digits, wildcards, or objects with a digest.</summary>
    [Parameter(
        Position = 0, Mandatory = true, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true,
        HelpMessage = "The blobs: digests, six first digits of them or more. Wildcards are allowed.")]
    [Alias("Digest", "Id", "Name")]
    [ContentIdentityTransformation]
    [ArgumentCompleter(typeof(ContentCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public CtrContentIdentity[] Content { get; set; } = [];

    /// <summary>The repository; with the tag that a manifest gets.</summary>
    [Parameter(
        Position = 1, Mandatory = true, HelpMessage = "The repository. With a tag, which a manifest gets there; without, it has its digest alone.")]
    [ValidateNotNullOrEmpty]
    public string Destination { get; set; } = "";

    /// <summary>As what the blobs are sent.</summary>
    [Parameter(HelpMessage = "As what they are sent. Default: as what manifests and indexes say that they are, all else as a blob.")]
    [ArgumentCompleter(typeof(ManifestTypeCompleter))]
    [ValidateNotNullOrEmpty]
    public string? MediaType { get; set; }

    /// <summary>Blobs at the same time.</summary>
    [Parameter(HelpMessage = "Blobs at the same time.")]
    [ValidateRange(1, 64)]
    public int ThrottleLimit { get; set; } = 4;

    /// <inheritdoc/>
    private protected override void OnRecord()
    {
        foreach (CtrContentIdentity wanted in Content)
        {
            Guard(wanted, () =>
            {
                string words = $"Blob '{wanted.Digest}'";
                CtrSession session = SessionOf(wanted.Session, words);
                string name = NamespaceOf(wanted.Namespace, Namespace, session, words);
                ICtrConnection connection = Connect(session);
                _found.AddRange(Await(token => ContentFinder.FindAsync(connection, name, wanted, token))
                    .Select(one => new Found(one, session, connection)));
            });
        }
    }

    /// <summary>All at the end: blobs before the manifests that may name them, and those before indexes, each side by side.</summary>
    private protected override void OnEnd()
    {
        var plans = new List<(Found Found, ICtrContentPlan Plan)>();
        var targets = new Dictionary<CtrImageReference, string>();
        ForEachMoved(
            "Looking at blobs", [.. _found.DistinctBy(one => (one.Session, one.Content.Namespace, one.Content.Digest))], ThrottleLimit, Name,
            PlanAsync, (found, plan) =>
        {
            if (!targets.TryAdd(plan.Target, found.Content.Digest) && targets[plan.Target] != found.Content.Digest)
            {
                throw new CtrException(
                    CtrErrorIds.InvalidReference,
                    CtrStatus.InvalidArgument,
                    $"The blob '{found.Content.Digest}' is not sent: another manifest gets the tag '{plan.Target}' already.")
                {
                    Target = found.Content.Digest,
                    RecommendedAction = "Name the repository without a tag: manifests are found by their digest then. Or send one manifest.",
                };
            }

            if (ShouldProcess(
                found.Session,
                $"blob '{found.Content.Digest}' in namespace '{found.Content.Namespace}'",
                $"Send as '{plan.Target}' ({plan.MediaType}, {CtrFormat.Size(found.Content.Size)}), unless it is there"))
            {
                plans.Add((found, plan));
            }
        });
        foreach (CtrContentKind kind in new[] { CtrContentKind.Unknown, CtrContentKind.Manifest, CtrContentKind.Index })
        {
            ForEachMoved(
                "Sending blobs",
                [.. plans.Where(one => one.Plan.Kind == kind)],
                ThrottleLimit,
                one => Name(one.Found),
                (one, meter, token) => one.Plan.RunAsync(meter, token),
                (one, sent) =>
                {
                    sent.Session = one.Found.Session;
                    WriteObject(sent);
                });
        }
    }

    private static string Name(Found found) => found.Content.Digest;

    private Task<ICtrContentPlan> PlanAsync(Found found, CtrTransferMeter meter, CancellationToken cancellationToken) =>
        found.Connection.ContentSender.PlanAsync(found.Content, Destination, MediaType, Registries, cancellationToken);

    private sealed record Found(CtrContent Content, CtrSession Session, ICtrConnection Connection);
}
