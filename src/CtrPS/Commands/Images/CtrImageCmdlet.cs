using System.Management.Automation;
using CtrPS.Binding;
using CtrPS.Completion;

namespace CtrPS.Commands;

/// <summary>Base of the cmdlets that do something with images which are there: which ones, in which namespace.</summary>
public abstract class CtrImageCmdlet : CtrSessionCmdlet
{
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

    /// <summary>The image in words, for questions and messages.</summary>
    private protected static string Words(CtrImage image) => $"image '{image.Name}' in namespace '{image.Namespace}'";

    /// <summary>Finds the images that <see cref="Image"/> means, as they are now, and does the work for each. An error about one leaves the others to be done.</summary>
    /// <param name="work">The work; the image's session is set.</param>
    /// <param name="accept">Looks at what was given before anything is asked of the daemon; throws where it is not to be taken.</param>
    private protected void ForEachImage(Action<FoundImage> work, Action<CtrImageIdentity>? accept = null)
    {
        foreach (CtrImageIdentity wanted in Image)
        {
            Guard(wanted, () =>
            {
                accept?.Invoke(wanted);
                CtrSession session = SessionOf(wanted.Session, $"Image '{wanted.Name}'");
                string name = NamespaceOf(wanted.Namespace, Namespace, session, $"Image '{wanted.Name}'");
                ICtrConnection connection = Connect(session);
                foreach (CtrImage image in Pull(token => ImageFinder.FindAsync(connection, name, wanted, CtrImageDetail.None, token)).ToList())
                {
                    image.Session = session;
                    Guard(image, () => work(new FoundImage(image, session, connection, wanted.Image)));
                }
            });
        }
    }

    /// <summary>Writes an image with size and platforms, as Get-CtrImage gives it.</summary>
    private protected void WriteWhole(CtrSession session, ICtrConnection connection, CtrImage image)
    {
        CtrImage whole = Await(token => connection.Images.FindAsync(image.Namespace, image.Name, CtrImageDetail.Full, token)) ?? image;
        whole.Session = session;
        WriteObject(whole);
    }

    /// <summary>An image that was found.</summary>
    /// <param name="Image">As it is now, without size and platforms.</param>
    /// <param name="Session">Where it is.</param>
    /// <param name="Connection">The session's connection.</param>
    /// <param name="Given">The object that was piped in. Null where a name was given.</param>
    private protected sealed record FoundImage(CtrImage Image, CtrSession Session, ICtrConnection Connection, CtrImage? Given);
}
