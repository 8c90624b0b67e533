using System.Management.Automation;
using CtrPS.Binding;
using CtrPS.Client;
using CtrPS.Completion;
using CtrPS.Files;
using CtrPS.Output;

namespace CtrPS.Commands;

/// <summary>Save-CtrImage: writes images into one archive.</summary>
[Cmdlet(VerbsData.Save, "CtrImage", SupportsShouldProcess = true, DefaultParameterSetName = PathSet)]
[OutputType(typeof(FileInfo), ParameterSetName = [PathSet, LiteralPathSet])]
[OutputType(typeof(byte[]), ParameterSetName = [StreamSet])]
[Alias("Export-CtrImage")]
public sealed class SaveCtrImageCommand : CtrSessionCmdlet
{
    private const string PathSet = "Path";
    private const string LiteralPathSet = "LiteralPath";
    private const string StreamSet = "Stream";

    private readonly List<(CtrSession Session, CtrSaveImage Image)> _images = [];
    private string? _file;
    private HashSet<string>? _excluded;
    private bool _failed;

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

    /// <summary>The archive.</summary>
    [Parameter(Position = 1, Mandatory = true, ParameterSetName = PathSet, HelpMessage = "The archive to write.")]
    [ValidateNotNullOrEmpty]
    public string? Path { get; set; }

    /// <summary>The archive; as -Path, which takes no wildcards either.</summary>
    [Parameter(Mandatory = true, ParameterSetName = LiteralPathSet, HelpMessage = "The archive to write.")]
    [Alias("PSPath", "LP", "FullName")]
    [ValidateNotNullOrEmpty]
    public string? LiteralPath { get; set; }

    /// <summary>Write the archive's bytes to the pipeline: for a program on the right.</summary>
    [Parameter(
        Mandatory = true, ParameterSetName = StreamSet, HelpMessage = "Write the archive's bytes to the pipeline, for a program on the right.")]
    public SwitchParameter AsByteStream { get; set; }

    /// <summary>The namespace. Default: the session's; an image object brings its own.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true, HelpMessage = "The namespace.")]
    [ArgumentCompleter(typeof(NamespaceCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Namespace { get; set; }

    /// <summary>Platforms that must go in, or Available (what is whole here), or All.</summary>
    [Parameter(HelpMessage = "Platforms, such as linux/arm64, or Available (what is whole here), or All.")]
    [ArgumentCompleter(typeof(SavePlatformCompleter))]
    [ValidateNotNullOrEmpty]
    public CtrPlatformChoice[] Platform { get; set; } = [CtrPlatformChoice.Available];

    /// <summary>For which readers: OCI's layout, docker's, or both.</summary>
    [Parameter(HelpMessage = "For which readers: Oci, Docker or Both.")]
    public CtrArchiveFormat Format { get; set; } = CtrArchiveFormat.Both;

    /// <summary>Compress the archive.</summary>
    [Parameter(HelpMessage = "Compress the archive: Gzip or Zstd.")]
    [ValidateSet(nameof(CtrCompression.None), nameof(CtrCompression.Gzip), nameof(CtrCompression.Zstd))]
    public CtrCompression Compress { get; set; }

    /// <summary>Leave out layers that may not be passed on.</summary>
    [Parameter(HelpMessage = "Leave out layers that their makers do not allow to be passed on.")]
    public SwitchParameter SkipNonDistributable { get; set; }

    /// <summary>Inventories of the receiver: layers that it has are left out.</summary>
    [Parameter(HelpMessage = "Files of Export-CtrInventory from the receiver: layers that it has are left out.")]
    [ValidateNotNullOrEmpty]
    public string[] ExcludeInventory { get; set; } = [];

    /// <summary>Make layers that were discarded after unpacking anew, from their snapshots.</summary>
    [Parameter(HelpMessage = SnapshotRebuild.Help)]
    public SwitchParameter FromSnapshot { get; set; }

    /// <summary>Take what a snapshot has also where it does not prove to be the layer.</summary>
    [Parameter(HelpMessage = SnapshotRebuild.AllowHelp)]
    public SwitchParameter AllowNewDiffId { get; set; }

    /// <summary>Write a second file with the archive's SHA-256, for sha256sum -c.</summary>
    [Parameter(ParameterSetName = PathSet, HelpMessage = "Write a second file <archive>.sha256, for sha256sum -c.")]
    [Parameter(ParameterSetName = LiteralPathSet, HelpMessage = "Write a second file <archive>.sha256, for sha256sum -c.")]
    public SwitchParameter Checksum { get; set; }

    /// <summary>Replace a file that is there.</summary>
    [Parameter(ParameterSetName = PathSet, HelpMessage = "Replace a file that is there.")]
    [Parameter(ParameterSetName = LiteralPathSet, HelpMessage = "Replace a file that is there.")]
    public SwitchParameter Force { get; set; }

    /// <summary>Return the file.</summary>
    [Parameter(ParameterSetName = PathSet, HelpMessage = "Return the file.")]
    [Parameter(ParameterSetName = LiteralPathSet, HelpMessage = "Return the file.")]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    private protected override string? OneSessionOnly => "one archive is written";

    /// <inheritdoc/>
    private protected override void OnBegin()
    {
        try
        {
            SnapshotRebuild.Require(FromSnapshot, AllowNewDiffId);
            if (!AsByteStream)
            {
                _file = NewFile.Resolve(this, Path ?? LiteralPath!, Force);
                if (Checksum)
                {
                    _ = NewFile.RequireFree(_file + ".sha256", Force);
                }
            }

            if (Platform.Length > 1 && Platform.Any(choice => choice.Platform is null))
            {
                throw new CtrException(
                    CtrErrorIds.InvalidArgument, CtrStatus.InvalidArgument, "-Platform takes either platforms or one of the words Available and All.")
                {
                    Target = nameof(Platform),
                };
            }

            foreach (string inventory in ExcludeInventory)
            {
                _excluded = InventoryFile.Read(this, inventory).Union(_excluded ?? []).ToHashSet(StringComparer.Ordinal);
            }
        }
        catch (CtrException e)
        {
            ThrowTerminatingError(ErrorFactory.From(e, null));
        }
    }

    /// <inheritdoc/>
    private protected override void OnRecord()
    {
        foreach (CtrImageIdentity wanted in Image)
        {
            bool found = false;
            Guard(wanted, () =>
            {
                CtrSession session = SessionOf(wanted.Session, $"Image '{wanted.Name}'");
                string name = NamespaceOf(wanted.Namespace, Namespace, session, $"Image '{wanted.Name}'");
                ICtrConnection connection = Connect(session);

                // An object says what to save by its digest, under all the names that it carries; a name is looked up.
                IEnumerable<CtrImage> images = wanted.Image is { } image
                    ? (image.Names.Count > 1 ? image.Names : [image.Name]).Select(one => image.With(copy => copy.Name = one))
                    : Pull(token => ImageFinder.FindAsync(connection, name, wanted, CtrImageDetail.None, token));
                _images.AddRange(images.Select(one => (session, new CtrSaveImage(connection, one))));
                found = true;
            });
            _failed |= !found;
        }
    }

    /// <inheritdoc/>
    private protected override void OnEnd() => Guard(_file, () =>
    {
        string where = _file is null ? "the pipeline" : $"'{_file}'";
        if (_failed)
        {
            // An archive without one of the images that were asked for would be taken for whole.
            WriteVerbose($"Nothing is written to {where}: not all images were found.");
            return;
        }

        if (_images.Count == 0)
        {
            throw new CtrException(CtrErrorIds.ImageNotFound, CtrStatus.NotFound, $"There is no image to save. Nothing was written to {where}.")
            {
                Target = _file,
            };
        }

        using var rebuild = new SnapshotRebuild(this, FromSnapshot, AllowNewDiffId);
        var images = new List<CtrSaveImage>();
        foreach ((CtrSession session, CtrSaveImage one) in _images)
        {
            if (rebuild.Take(session, one.Connection, one.Image) is { } image)
            {
                images.Add(one with { Image = image });
            }
        }

        if (images.Count < _images.Count)
        {
            WriteVerbose($"Nothing is written to {where}: not all images are whole.");
            return;
        }

        ICtrSavePlan plan = AwaitTransfer("Looking at the images", (_, token) => Connector.Saver.PlanAsync(Request(images), token));
        foreach (string note in plan.Notes)
        {
            WriteVerbose(note);
        }

        foreach (CtrException fault in plan.Faults)
        {
            WriteError(ErrorFactory.From(fault, null));
        }

        if (plan.Faults.Count == 0
            && ShouldProcess(
                $"{Count(plan.ImageCount, "image")} ({Count(plan.BlobCount, "blob")}, {CtrFormat.Size(plan.TotalBytes)}) to {where}", "Save"))
        {
            Write(plan);
        }
    });

    private CtrSaveRequest Request(IReadOnlyList<CtrSaveImage> images) => new()
    {
        Images = images,
        Scope = CtrPlatformChoice.ScopeOf(Platform),
        Platforms = CtrPlatformChoice.PlatformsOf(Platform),
        Format = Format,
        Compression = Compress,
        SkipNonDistributable = SkipNonDistributable,
        Excluded = _excluded,
    };

    private void Write(ICtrSavePlan plan)
    {
        if (_file is null)
        {
            foreach (byte[] chunk in Pull(
                token => ByteChunks.ReadAsync((output, stop) => plan.WriteAsync(output, new CtrTransferMeter(), stop), token)))
            {
                WriteObject(chunk, enumerateCollection: false);
            }

            return;
        }

        FileInfo written = AwaitTransfer($"Saving {Count(plan.ImageCount, "image")} to '{_file}'", async (meter, token) =>
        {
            NewFile file = NewFile.Create(_file, Compress == CtrCompression.None ? plan.TotalBytes : 0, Checksum, Force);
            await using (file.ConfigureAwait(false))
            {
                return await file.WriteAsync(output => plan.WriteAsync(output, meter, token)).ConfigureAwait(false);
            }
        });
        if (PassThru)
        {
            WriteItem(written);
        }
    }

    private static string Count(int count, string thing) => count == 1 ? $"1 {thing}" : $"{count} {thing}s";
}
