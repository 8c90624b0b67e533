using System.Management.Automation;
using CtrPS.Client;
using CtrPS.Completion;
using CtrPS.Output;

namespace CtrPS.Commands;

/// <summary>Copy-CtrRemoteImage: copies images from registry to registry; nothing is stored on the way.</summary>
[Cmdlet(VerbsCommon.Copy, "CtrRemoteImage", SupportsShouldProcess = true, DefaultParameterSetName = NameSet)]
[OutputType(typeof(CtrCopiedImage))]
public sealed class CopyCtrRemoteImageCommand : CtrRegistryOptionsCmdlet
{
    private const string NameSet = "Name";
    private const string RegistrySet = "Registry";

    private readonly List<CtrRemoteCopyRequest> _wanted = [];
    private ICtrRegistries? _others;

    /// <summary>The images to copy: names with a tag or a digest.</summary>
    [Parameter(
        Position = 0, Mandatory = true, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true,
        HelpMessage = "The images to copy: names with a tag or a digest.")]
    [Alias("Name", "Reference")]
    [ArgumentCompleter(typeof(ImageCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Image { get; set; } = [];

    /// <summary>The name to give it, for one image.</summary>
    [Parameter(Position = 1, Mandatory = true, ParameterSetName = NameSet, HelpMessage = "The name to give it, for one image.")]
    [ValidateNotNull]
    public CtrImageReference? Destination { get; set; }

    /// <summary>The registry to copy to, under the same names.</summary>
    [Parameter(
        Mandatory = true, ParameterSetName = RegistrySet, HelpMessage = "The registry to copy to, under the same names; a path may follow it.")]
    [ArgumentCompleter(typeof(RegistryCompleter))]
    [ValidateNotNullOrEmpty]
    public string? DestinationRegistry { get; set; }

    /// <summary>The platforms. Default: all.</summary>
    [Parameter(HelpMessage = "The platforms. Default: all, and the digest stays the same.")]
    [ArgumentCompleter(typeof(PlatformCompleter))]
    [ValidateNotNullOrEmpty]
    public CtrPlatform[] Platform { get; set; } = [];

    /// <summary>Copy what refers to the image too: signatures, SBOMs, attestations.</summary>
    [Parameter(HelpMessage = "Copy what refers to the image too: signatures, SBOMs, attestations.")]
    public SwitchParameter IncludeReferrer { get; set; }

    /// <summary>User and password for the registry that is copied from, where it is another one.</summary>
    [Parameter(HelpMessage = "User and password for the registry that is copied from, where it is another one.")]
    [Credential]
    public PSCredential? SourceCredential { get; set; }

    /// <summary>Speak http to the registry that is copied from, where it is another one.</summary>
    [Parameter(HelpMessage = "Speak http, not https, to the registry that is copied from, where it is another one.")]
    public SwitchParameter SourcePlainHttp { get; set; }

    /// <summary>Images at the same time, and blobs of each.</summary>
    [Parameter(HelpMessage = "Images at the same time, and blobs of each.")]
    [ValidateRange(1, 64)]
    public int ThrottleLimit { get; set; } = 4;

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (string image in Image)
        {
            Guard(image, () =>
            {
                CtrImageReference source = CtrImageReference.Parse(image);
                CtrImageReference target = TargetOf(source);
                _wanted.Add(source != target
                    ? new CtrRemoteCopyRequest
                    {
                        Source = source,
                        Target = target,
                        Platforms = Platform,
                        Referrers = IncludeReferrer,
                        Concurrency = ThrottleLimit,
                    }
                    : throw new CtrException(
                        CtrErrorIds.InvalidArgument, CtrStatus.InvalidArgument, $"The image '{source}' cannot be copied to itself.")
                    {
                        Target = image,
                    });
            });
        }
    }

    /// <summary>All at the end: several images go side by side.</summary>
    protected override void EndProcessing() => OrEnd(() =>
    {
        var plans = new List<(CtrRemoteCopyRequest Request, ICtrRemoteCopyPlan Plan)>();
        ICtrRegistries destination = Registries;
        ICtrRegistries others = _others = Connector.OpenRegistries(SourceOptions());
        destination.Expect(_wanted.Select(request => request.Target.Registry));
        others.Expect(_wanted.Where(request => !IsSame(request)).Select(request => request.Source.Registry));
        ForEachMoved(
            "Asking registries",
            _wanted,
            ThrottleLimit,
            Name,
            (request, _, token) => Remote.PlanCopyAsync(request, IsSame(request) ? destination : others, destination, token),
            (request, plan) =>
            {
                foreach (string warning in plan.Warnings)
                {
                    WriteWarning(warning);
                }

                if (ShouldProcess(
                    $"image '{request.Source}'",
                    $"Copy to '{request.Target}' with digest {plan.Digest}: {plan.Blobs} blobs with {CtrFormat.Size(plan.Bytes)}, "
                        + $"only what is not there{RegistryWords.Referrers(plan.Referrers)}"))
                {
                    plans.Add((request, plan));
                }
            });
        ForEachMoved(
            "Copying images",
            plans,
            ThrottleLimit,
            one => Name(one.Request),
            (one, meter, token) => one.Plan.RunAsync(meter, token),
            (_, copied) => WriteObject(copied));
    });

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _others?.Dispose();
        }

        base.Dispose(disposing);
    }

    private static string Name(CtrRemoteCopyRequest request) => request.Target.ToString();

    private static bool IsSame(CtrRemoteCopyRequest request) =>
        string.Equals(request.Source.Registry, request.Target.Registry, StringComparison.OrdinalIgnoreCase);

    private CtrImageReference TargetOf(CtrImageReference source) => DestinationRegistry is not null ? source.WithRegistry(DestinationRegistry)
        : _wanted.Count == 0 ? Destination! : throw new CtrException(
            CtrErrorIds.InvalidReference,
            CtrStatus.InvalidArgument,
            $"'{source}' is not copied: -Destination is for one image, and these are several.")
        {
            Target = source.ToString(),
            RecommendedAction = "Give -DestinationRegistry: the names stay the same there.",
        };

    /// <summary>What a user says of the registry to copy to, secrets above all, is not for the other one.</summary>
    private CtrRegistryOptions SourceOptions() => Options with
    {
        Credential = SourceCredential is { } known ? IRegistryParameters.CredentialOf(known) : null,
        PlainHttp = SourcePlainHttp,
        SkipCertificateCheck = false,
        ClientCertificate = null,
        ConnectionsPerBlob = Math.Min(new CtrRegistryOptions().ConnectionsPerBlob, ThrottleLimit),
    };
}
