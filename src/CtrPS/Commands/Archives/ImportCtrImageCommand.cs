using System.Collections;
using System.Management.Automation;
using CtrPS.Binding;
using CtrPS.Completion;
using CtrPS.Files;
using CtrPS.Output;

namespace CtrPS.Commands;

/// <summary>Import-CtrImage: brings images out of archives into a namespace, all of an archive or nothing.</summary>
[Cmdlet(VerbsData.Import, "CtrImage", SupportsShouldProcess = true, DefaultParameterSetName = PathSet)]
[OutputType(typeof(CtrImage))]
public sealed class ImportCtrImageCommand : CtrSessionCmdlet
{
    private const string PathSet = "Path";
    private const string LiteralSet = "LiteralPath";

    /// <summary>Archives, or folders with a layout; wildcards.</summary>
    [Parameter(
        Position = 0,
        Mandatory = true,
        ValueFromPipeline = true,
        ValueFromPipelineByPropertyName = true,
        ParameterSetName = PathSet,
        HelpMessage = "Archives or layout folders. Wildcards are allowed.")]
    [ArchivePathTransformation]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] Path { get; set; } = [];

    /// <summary>Archives, or folders with a layout, each as it is written.</summary>
    [Parameter(
        Mandatory = true,
        ValueFromPipelineByPropertyName = true,
        ParameterSetName = LiteralSet,
        HelpMessage = "Archives or layout folders; no character has a special meaning.")]
    [Alias("PSPath", "LP", "FullName")]
    [ValidateNotNullOrEmpty]
    public string[] LiteralPath { get; set; } = [];

    /// <summary>The namespace. Default: the session's.</summary>
    [Parameter(HelpMessage = "The namespace.")]
    [ArgumentCompleter(typeof(NamespaceCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Namespace { get; set; }

    /// <summary>The name for the archive's only image.</summary>
    [Parameter(HelpMessage = "The name for the archive's only image, instead of the one that the archive gives.")]
    [ValidateNotNullOrEmpty]
    public string? Name { get; set; }

    /// <summary>The repository for images of which the archive gives only a tag, or nothing.</summary>
    [Parameter(HelpMessage = "The repository for images of which the archive gives only a tag, or nothing.")]
    [ValidateNotNullOrEmpty]
    public string? BaseName { get; set; }

    /// <summary>Make a record repository@digest for each image too.</summary>
    [Parameter(HelpMessage = "Make a record repository@digest for each image too.")]
    [Alias("Digests")]
    public SwitchParameter DigestReference { get; set; }

    /// <summary>A name for the archive's index itself.</summary>
    [Parameter(HelpMessage = "A name for the archive's index itself.")]
    [ValidateNotNullOrEmpty]
    public string? IndexName { get; set; }

    /// <summary>Platforms that must be there and whole. Default: the server's.</summary>
    [Parameter(HelpMessage = "Platforms that must be there and whole. Default: the server's.")]
    [ArgumentCompleter(typeof(PlatformCompleter))]
    [ValidateNotNullOrEmpty]
    public CtrPlatform[] Platform { get; set; } = [];

    /// <summary>Import every platform that is whole.</summary>
    [Parameter(HelpMessage = "Import every platform that is whole in the archive.")]
    public SwitchParameter AllPlatforms { get; set; }

    /// <summary>Refuse an archive that lacks anything that its indexes name.</summary>
    [Parameter(HelpMessage = "Refuse an archive that lacks anything that its indexes name.")]
    public SwitchParameter Strict { get; set; }

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

    /// <summary>Compress the layers of docker archives with gzip; the image gets another digest.</summary>
    [Parameter(HelpMessage = "Compress the plain layers of docker archives with gzip; the image gets another digest.")]
    [Alias("CompressBlobs")]
    public SwitchParameter CompressLayer { get; set; }

    /// <summary>Leave the layers to the garbage collector once they are unpacked.</summary>
    [Parameter(HelpMessage = "Leave the layers to the garbage collector once they are unpacked. The image cannot be saved or pushed then.")]
    public SwitchParameter DiscardUnpackedLayer { get; set; }

    /// <summary>Blobs written at the same time.</summary>
    [Parameter(HelpMessage = "Blobs written at the same time.")]
    [ValidateRange(1, 64)]
    public int ThrottleLimit { get; set; } = 4;

    /// <inheritdoc/>
    private protected override void OnBegin()
    {
        (string First, string Second, bool Given)[] contradictions =
        [
            ("-Platform", "-AllPlatforms", Platform.Length > 0 && AllPlatforms),
            ("-NoUnpack", "-DiscardUnpackedLayer", NoUnpack && DiscardUnpackedLayer),
            ("-NoUnpack", "-Snapshotter", NoUnpack && Snapshotter is not null),
            ("-Name", "-BaseName", Name is not null && BaseName is not null),
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
        bool literal = ParameterSetName == LiteralSet;
        foreach (string given in literal ? LiteralPath : Path)
        {
            Guard(given, () =>
            {
                foreach (string path in ArchivePaths.Find(this, given, literal))
                {
                    Guard(null, () => Import(path)); // errors about a blob name the blob
                }
            });
        }
    }

    private void Import(string path)
    {
        CtrSession session = TargetSession;
        string name = NamespaceOf(null, Namespace, session, $"Archive '{path}'");
        CtrImportRequest request = Request(path, name);
        ICtrConnection connection = Connect(session);
        ICtrImportPlan plan = AwaitTransfer($"Reading {path}", (_, token) => connection.Importer.PlanAsync(request, token));
        try
        {
            foreach (string warning in plan.Warnings)
            {
                WriteWarning(warning);
            }

            foreach (CtrException fault in plan.Faults)
            {
                WriteError(ErrorFactory.From(fault, fault.Target));
            }

            string what = plan.Names.Count == 1 ? $"image '{plan.Names[0]}'" : $"{plan.Names.Count} images ({string.Join(", ", plan.Names)})";
            string amount = $"{plan.BlobsToWrite} blobs with {CtrFormat.Size(plan.BytesToWrite)} to write, {plan.BlobsPresent} there already";
            if (plan.Faults.Count > 0 || !ShouldProcess(session, $"namespace '{name}'", $"Import {what} from archive '{path}': {amount}"))
            {
                return;
            }

            DateTime start = DateTime.UtcNow;
            CtrImportOutcome outcome = AwaitTransfer($"Importing {path}", plan.RunAsync);
            foreach (string warning in outcome.Warnings)
            {
                WriteWarning(warning);
            }

            WriteVerbose(
                $"Imported {what} from '{path}': {outcome.BlobsWritten} blobs written, {plan.BlobsPresent} were there, "
                    + $"in {(DateTime.UtcNow - start).TotalSeconds:0.0} seconds.");
            foreach (CtrImage image in outcome.Images)
            {
                image.Session = session;
                WriteObject(image);
            }
        }
        finally
        {
            plan.DisposeAsync().AsTask().GetAwaiter().GetResult();
        }
    }

    private CtrImportRequest Request(string path, string @namespace) => new()
    {
        Path = path,
        Namespace = @namespace,
        Name = Name,
        BaseName = BaseName,
        DigestReference = DigestReference,
        IndexName = IndexName,
        Platforms = Platform,
        AllPlatforms = AllPlatforms,
        Strict = Strict,
        Unpack = !NoUnpack,
        Snapshotter = Snapshotter,
        Labels = Label is null
            ? new Dictionary<string, string>()
            : Labels.From(Label).ToDictionary(label => label.Key, label => label.Value ?? "", StringComparer.Ordinal),
        CompressLayers = CompressLayer,
        DiscardUnpackedLayers = DiscardUnpackedLayer,
        Concurrency = ThrottleLimit,
    };
}
