using System.Management.Automation;
using CtrPS.Completion;
using CtrPS.Output;

namespace CtrPS.Commands;

/// <summary>Convert-CtrImage: writes images in another form: other media types, another compression, fewer platforms, one layer.</summary>
[Cmdlet(VerbsData.Convert, "CtrImage", SupportsShouldProcess = true)]
[OutputType(typeof(CtrConvertedImage))]
public sealed class ConvertCtrImageCommand : CtrImageCmdlet
{
    private bool _named;

    /// <summary>A name for the converted image, by docker's rules. For one image. Default: with -Force, its own.</summary>
    [Parameter(Position = 1, HelpMessage = "A name for the converted image. For one image.")]
    [Alias("Destination")]
    [ValidateNotNullOrEmpty]
    public string? NewName { get; set; }

    /// <summary>Whose media types. Default: as they are.</summary>
    [Parameter(HelpMessage = "Whose media types the image is to have: OCI's or docker's.")]
    public CtrImageFormat Format { get; set; }

    /// <summary>How layers are compressed. Default: as they are; gzip for a merged one.</summary>
    [Parameter(HelpMessage = "How layers are to be compressed: None, Gzip or Zstd. Layers that are so already stay as they are.")]
    [ValidateSet(nameof(CtrCompression.None), nameof(CtrCompression.Gzip), nameof(CtrCompression.Zstd))]
    public CtrCompression Compression { get; set; }

    /// <summary>How hard to compress: 1 to 9 for gzip (default 6), 1 to 19 for zstd (default 3).</summary>
    [Parameter(HelpMessage = "How hard to compress: 1 to 9 for gzip, 1 to 19 for zstd.")]
    [ValidateRange(1, 19)]
    public int CompressionLevel { get; set; }

    /// <summary>Platforms that are converted, or Available (what is whole here), or All. The others are left out of the index.</summary>
    [Parameter(HelpMessage = "Platforms, such as linux/arm64, or Available (what is whole here), or All. The others are left out.")]
    [ArgumentCompleter(typeof(SavePlatformCompleter))]
    [ValidateNotNullOrEmpty]
    public CtrPlatformChoice[] Platform { get; set; } = [CtrPlatformChoice.Available];

    /// <summary>Merge the layers into one, without what later layers delete.</summary>
    [Parameter(HelpMessage = "Merge the layers into one, without what later layers delete.")]
    public SwitchParameter Squash { get; set; }

    /// <summary>Unpack the converted image, so that containers can run from it at once.</summary>
    [Parameter(HelpMessage = "Unpack the converted image, so that containers can run from it at once.")]
    public SwitchParameter Unpack { get; set; }

    /// <summary>The snapshotter to unpack with.</summary>
    [Parameter(HelpMessage = "The snapshotter to unpack with.")]
    [ArgumentCompleter(typeof(SnapshotterCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Snapshotter { get; set; }

    /// <summary>Move a name that points to another image, the image's own too.</summary>
    [Parameter(HelpMessage = "Move a name that points to another image, the image's own too.")]
    public SwitchParameter Force { get; set; }

    /// <summary>Layers converted at the same time.</summary>
    [Parameter(HelpMessage = "Layers converted at the same time.")]
    [ValidateRange(1, 64)]
    public int ThrottleLimit { get; set; } = 4;

    /// <inheritdoc/>
    private protected override CtrImageDetail Detail => CtrImageDetail.Aliases;

    /// <inheritdoc/>
    private protected override void OnBegin() => OrEnd(() =>
    {
        NewName = NewName is null ? null : CtrImageReference.Parse(NewName).ToString();
        bool compresses = IsGiven(nameof(Compression)) ? Compression != CtrCompression.None : Squash.IsPresent;
        string? wrong =
            !Squash && !new[] { nameof(Format), nameof(Compression), nameof(Platform) }.Any(IsGiven)
                ? "Nothing is to be converted: give -Format, -Compression, -Platform or -Squash."
            : Platform.Length > 1 && Platform.Any(choice => choice.Platform is null)
                ? "-Platform takes either platforms or one of the words Available and All."
            : IsGiven(nameof(CompressionLevel)) && !compresses
                ? "-CompressionLevel says nothing without -Compression Gzip or Zstd."
            : IsGiven(nameof(CompressionLevel)) && Compression != CtrCompression.Zstd && CompressionLevel > 9
                ? $"gzip has levels from 1 to 9, not {CompressionLevel}."
            : Snapshotter is not null && !Unpack
                ? "-Snapshotter says nothing without -Unpack."
            : null;
        if (wrong is not null)
        {
            throw new CtrException(CtrErrorIds.InvalidArgument, CtrStatus.InvalidArgument, wrong);
        }
    });

    /// <inheritdoc/>
    private protected override void OnRecord() => ForEachImage(Convert, RequireOne, oneName: NewName is not null);

    /// <summary>A name can be for one image only.</summary>
    private void RequireOne(CtrImageIdentity wanted)
    {
        if (NewName is not null && (_named || ImageFinder.IsPattern(wanted)))
        {
            throw new CtrException(
                CtrErrorIds.InvalidReference,
                CtrStatus.InvalidArgument,
                $"'{wanted.Name}' is not converted: -NewName is for one image, and these may be several.")
            {
                Target = wanted.Name,
                RecommendedAction = "Name one image; or leave -NewName out and give -Force, so that the images' own names move.",
            };
        }

        _named = true;
    }

    private void Convert(FoundImage found)
    {
        CtrImage image = found.Image;
        string name = NewName ?? image.Name;
        if (!ShouldProcess(found.Session, Words(image), $"Convert to {Form()} as '{name}'"))
        {
            return;
        }

        var options = new CtrConvertOptions
        {
            Name = name,
            Format = IsGiven(nameof(Format)) ? Format : null,
            Compression = IsGiven(nameof(Compression)) ? Compression : null,
            Level = IsGiven(nameof(CompressionLevel)) ? CompressionLevel : null,
            Squash = Squash,
            Scope = CtrPlatformChoice.ScopeOf(Platform),
            Platforms = CtrPlatformChoice.PlatformsOf(Platform),
            Replace = Force,
            Unpack = Unpack,
            Snapshotter = Snapshotter,
            Concurrency = ThrottleLimit,
        };
        CtrConversion outcome = AwaitTransfer(
            $"Converting {image.Name}", (meter, token) => found.Connection.Builder.ConvertAsync(image, options, meter, token));
        foreach (string warning in outcome.Warnings)
        {
            WriteWarning($"{Words(image)}: {warning}");
        }

        foreach (string note in outcome.Notes)
        {
            WriteVerbose($"{Words(image)}: {note}");
        }

        outcome.Image.Session = found.Session;
        WriteVerbose(
            $"Converted {Words(image)}: {outcome.Image.LayersConverted} layers converted, {outcome.Image.LayersKept} kept, "
                + $"{CtrFormat.Size(outcome.Image.SourceSize)} before, {CtrFormat.Size(outcome.Image.Size)} now.");
        WriteObject(outcome.Image);
    }

    /// <summary>The form that is wanted, in words.</summary>
    private string Form()
    {
        string?[] parts =
        [
            IsGiven(nameof(Format)) ? Format == CtrImageFormat.Docker ? "docker's format" : "OCI's format" : null,
            Squash ? "one layer" : null,
            IsGiven(nameof(Compression)) ? Compression switch
            {
                CtrCompression.None => "plain layers",
                CtrCompression.Gzip => "layers of gzip",
                _ => "layers of zstd",
            } : null,
            IsGiven(nameof(Platform)) ? $"the platforms {string.Join(", ", Platform.AsEnumerable())}" : null,
        ];
        return string.Join(", ", parts.OfType<string>());
    }
}
