using System.Collections;
using System.Management.Automation;
using CtrPS.Completion;
using CtrPS.Session;

namespace CtrPS.Commands.Image;

/// <summary>Set-CtrImage: changes labels of images.</summary>
[Cmdlet(VerbsCommon.Set, "CtrImage", SupportsShouldProcess = true, DefaultParameterSetName = ChangeSet)]
[OutputType(typeof(CtrImage))]
public sealed class SetCtrImageCommand : CtrSessionCmdlet
{
    private const string ChangeSet = "Change";
    private const string ReplaceSet = "Replace";

    /// <summary>The images: names, wildcards, or image objects.</summary>
    [Parameter(Position = 0, Mandatory = true, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true, HelpMessage = "The images. Wildcards are allowed.")]
    [Alias("Name", "Reference")]
    [ImageIdentityTransformation]
    [ArgumentCompleter(typeof(ImageCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public CtrImageIdentity[] Image { get; set; } = [];

    /// <summary>The namespace. Default: the session's; an image object brings its own.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true, HelpMessage = "The namespace.")]
    [ArgumentCompleter(typeof(NamespaceCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Namespace { get; set; }

    /// <summary>Labels to set; an empty or null value removes the label. Others stay.</summary>
    [Parameter(Position = 1, Mandatory = true, ParameterSetName = ChangeSet, HelpMessage = "Labels to set; an empty value removes the label. Others stay.")]
    [ValidateNotNull]
    public Hashtable? Label { get; set; }

    /// <summary>Labels to have instead of all others.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ReplaceSet, HelpMessage = "Labels to have instead of all others.")]
    [ValidateNotNull]
    public Hashtable? ReplaceLabel { get; set; }

    /// <summary>Return the changed image.</summary>
    [Parameter(HelpMessage = "Return the changed image.")]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        bool replaceAll = ReplaceLabel is not null;
        foreach (CtrImageIdentity wanted in Image)
        {
            Guard(wanted, () =>
            {
                Dictionary<string, string?> labels = Labels.From(ReplaceLabel ?? Label!);
                CtrSession session = SessionOf(wanted.Session, $"Image '{wanted.Name}'");
                string name = NamespaceOf(wanted.Namespace, Namespace, session, $"Image '{wanted.Name}'");
                ICtrConnection connection = Connect(session);
                foreach (CtrImage image in Pull(token => ImageFinder.FindAsync(connection, name, wanted, CtrImageDetail.None, token)).ToList())
                {
                    Guard(image, () => Change(session, connection, image, labels, replaceAll));
                }
            });
        }
    }

    private void Change(CtrSession session, ICtrConnection connection, CtrImage image, Dictionary<string, string?> labels, bool replaceAll)
    {
        if ((labels.Count > 0 || replaceAll) && ShouldProcess($"image '{image.Name}' in namespace '{image.Namespace}'", Labels.Describe(labels, replaceAll)))
        {
            CtrImage changed = Await(token => connection.Images.SetLabelsAsync(image.Namespace, image.Name, labels, replaceAll, token));
            if (PassThru)
            {
                // With size and platforms, as Get-CtrImage gives it.
                CtrImage full = Await(token => connection.Images.FindAsync(changed.Namespace, changed.Name, CtrImageDetail.Full, token)) ?? changed;
                full.Session = session;
                WriteObject(full);
            }
        }
    }
}
