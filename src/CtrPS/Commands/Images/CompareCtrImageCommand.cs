using System.Management.Automation;
using CtrPS.Binding;
using CtrPS.Completion;

namespace CtrPS.Commands;

/// <summary>Compare-CtrImage: in what two images differ: layers, config, files.</summary>
[Cmdlet(VerbsData.Compare, "CtrImage")]
[OutputType(typeof(CtrImageDifference))]
public sealed class CompareCtrImageCommand : CtrSessionCmdlet
{
    /// <summary>The first image: a name or an image object.</summary>
    [Parameter(
        Position = 0,
        Mandatory = true,
        ValueFromPipeline = true,
        ValueFromPipelineByPropertyName = true,
        HelpMessage = "The first image.")]
    [Alias("Name", "Reference", "ReferenceImage")]
    [ImageIdentityTransformation]
    [ArgumentCompleter(typeof(ImageCompleter))]
    [ValidateNotNull]
    public CtrImageIdentity Image { get; set; } = null!;

    /// <summary>The second image: a name or an image object. What it has alone is told as added.</summary>
    [Parameter(Position = 1, Mandatory = true, HelpMessage = "The second image.")]
    [ImageIdentityTransformation]
    [ArgumentCompleter(typeof(ImageCompleter))]
    [ValidateNotNull]
    public CtrImageIdentity DifferenceImage { get; set; } = null!;

    /// <summary>Compare the files, too.</summary>
    [Parameter(HelpMessage = "Compare the files, too.")]
    public SwitchParameter File { get; set; }

    /// <summary>Return also what is the same.</summary>
    [Parameter(HelpMessage = "Return also what is the same.")]
    public SwitchParameter IncludeEqual { get; set; }

    /// <summary>The platform. Default: of each the one that the daemon runs, else the first that is here.</summary>
    [Parameter(HelpMessage = "The platform, such as linux/arm64.")]
    [ArgumentCompleter(typeof(PlatformCompleter))]
    [ValidateNotNull]
    public CtrPlatform? Platform { get; set; }

    /// <summary>The namespace. Default: the session's; an image object brings its own.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true, HelpMessage = "The namespace.")]
    [ArgumentCompleter(typeof(NamespaceCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Namespace { get; set; }

    /// <inheritdoc/>
    private protected override void OnRecord() => Guard(Image, () =>
    {
        ComparedImage reference = Find(Image);
        ComparedImage difference = Find(DifferenceImage);
        var comparison = new ImageComparison(reference, difference);
        Write(Await(comparison.LayersAsync));
        Write(Await(comparison.ConfigAsync));
        if (File)
        {
            Write(Await(comparison.FilesAsync));
        }
    });

    private void Write(IEnumerable<CtrImageDifference> differences)
    {
        foreach (CtrImageDifference one in differences.Where(one => IncludeEqual || one.Status != CtrDifferenceStatus.Same))
        {
            WriteObject(one);
        }
    }

    private ComparedImage Find(CtrImageIdentity wanted)
    {
        string words = $"Image '{wanted.Name}'";
        CtrSession session = SessionOf(wanted.Session, words);
        string name = wanted.Namespace ?? NamespaceOf(null, Namespace, session, words);
        ICtrConnection connection = Connect(session);
        if (ImageFinder.IsPattern(wanted))
        {
            throw new CtrException(
                CtrErrorIds.InvalidReference, CtrStatus.InvalidArgument, $"'{wanted.Name}' may mean several images, and two are compared.")
            {
                Target = wanted.Name,
                RecommendedAction = "Name one image.",
            };
        }

        CtrImage image = Await(token => ImageFinder.FindOneAsync(connection, name, wanted, token));
        image.Session = session;
        return new ComparedImage(image, connection, Platform);
    }
}
