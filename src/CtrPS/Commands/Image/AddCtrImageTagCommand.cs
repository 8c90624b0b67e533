using System.Collections;
using System.Management.Automation;
using CtrPS.Completion;
using CtrPS.Session;

namespace CtrPS.Commands.Image;

/// <summary>Add-CtrImageTag: gives images further names.</summary>
[Cmdlet(VerbsCommon.Add, "CtrImageTag", SupportsShouldProcess = true, DefaultParameterSetName = TagSet)]
[OutputType(typeof(CtrImage))]
[Alias("Tag-CtrImage")]
public sealed class AddCtrImageTagCommand : CtrSessionCmdlet
{
    private const string TagSet = "Tag";
    private const string RegistrySet = "Registry";

    /// <summary>The image: a name or an image object; with -ReplaceRegistry wildcards too.</summary>
    [Parameter(Position = 0, Mandatory = true, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true, HelpMessage = "The images.")]
    [Alias("Name", "Reference")]
    [ImageIdentityTransformation]
    [ArgumentCompleter(typeof(ImageCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public CtrImageIdentity[] Image { get; set; } = [];

    /// <summary>The further names, by docker's rules.</summary>
    [Parameter(Position = 1, Mandatory = true, ParameterSetName = TagSet, HelpMessage = "The further names.")]
    [Alias("Destination")]
    [ValidateNotNullOrEmpty]
    public string[] Tag { get; set; } = [];

    /// <summary>Registries and what to put in their place; the same repository and tag there become the further name.</summary>
    [Parameter(Mandatory = true, ParameterSetName = RegistrySet, HelpMessage = "Registries and what to put in their place, such as @{ 'docker.io' = 'mirror:5000/hub' }.")]
    [ValidateNotNullOrEmpty]
    public Hashtable? ReplaceRegistry { get; set; }

    /// <summary>The namespace. Default: the session's; an image object brings its own.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true, HelpMessage = "The namespace.")]
    [ArgumentCompleter(typeof(NamespaceCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Namespace { get; set; }

    /// <summary>Move a name that points to another image.</summary>
    [Parameter(HelpMessage = "Move a name that points to another image.")]
    public SwitchParameter Force { get; set; }

    /// <summary>Return the image under its further names.</summary>
    [Parameter(HelpMessage = "Return the image under its further names.")]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (CtrImageIdentity wanted in Image)
        {
            Guard(wanted, () =>
            {
                if (ReplaceRegistry is null && ImageFinder.IsPattern(wanted))
                {
                    throw new CtrException(CtrErrorIds.InvalidReference, CtrStatus.InvalidArgument, $"'{wanted.Name}' may mean several images, and a name can point to one only.")
                    {
                        Target = wanted.Name,
                        RecommendedAction = "Name one image, or use -ReplaceRegistry for several.",
                    };
                }

                CtrSession session = SessionOf(wanted.Session, $"Image '{wanted.Name}'");
                string name = NamespaceOf(wanted.Namespace, Namespace, session, $"Image '{wanted.Name}'");
                ICtrConnection connection = Connect(session);
                foreach (CtrImage image in Pull(token => ImageFinder.FindAsync(connection, name, wanted, CtrImageDetail.None, token)).ToList())
                {
                    foreach (string target in Targets(image))
                    {
                        Guard(target, () => AddTag(session, connection, image, CtrImageReference.Parse(target).ToString()));
                    }
                }
            });
        }
    }

    private void AddTag(CtrSession session, ICtrConnection connection, CtrImage image, string target)
    {
        if (ShouldProcess($"image '{image.Name}' in namespace '{image.Namespace}'", $"Add tag '{target}'"))
        {
            CtrImage made = Await(token => connection.Images.TagAsync(image, target, Force, token));
            if (PassThru)
            {
                CtrImage full = Await(token => connection.Images.FindAsync(made.Namespace, made.Name, CtrImageDetail.Full, token)) ?? made;
                full.Session = session;
                WriteObject(full);
            }
        }
    }

    private string[] Targets(CtrImage image)
    {
        if (ReplaceRegistry is null)
        {
            return Tag;
        }

        if (!CtrImageReference.TryParse(image.Name, out CtrImageReference? reference) || Replacement(reference.Registry) is not { } registry)
        {
            WriteVerbose($"The image '{image.Name}' is of none of the registries to replace: no tag added.");
            return [];
        }

        return [reference.WithRegistry(registry).ToString()];
    }

    private string? Replacement(string registry) => ReplaceRegistry!.Cast<DictionaryEntry>()
        .Where(entry => string.Equals(entry.Key.ToString(), registry, StringComparison.OrdinalIgnoreCase))
        .Select(entry => entry.Value?.ToString())
        .FirstOrDefault(value => !string.IsNullOrEmpty(value));
}
