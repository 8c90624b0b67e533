using System.Management.Automation;
using System.Runtime.CompilerServices;
using CtrPS.Binding;
using CtrPS.Completion;

namespace CtrPS.Commands;

/// <summary>Base of the cmdlets that do something with images which are there: which ones, in which namespace.</summary>
public abstract class CtrImageCmdlet : CtrSessionCmdlet
{
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

    /// <summary>The namespace. Default: the session's; an image object brings its own.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true, HelpMessage = "The namespace.")]
    [ArgumentCompleter(typeof(NamespaceCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Namespace { get; set; }

    /// <summary>The image in words, for questions and messages.</summary>
    private protected static string Words(CtrImage image) => $"image '{image.Name}' in namespace '{image.Namespace}'";

    /// <summary>
    /// Finds the images that <see cref="Image"/> means, as they are now, and does the work for each. An error about one leaves the others to be done.
    /// </summary>
    /// <param name="work">The work; the image's session is set.</param>
    /// <param name="accept">Looks at what was given before anything is asked of the daemon; throws where it is not to be taken.</param>
    private protected void ForEachImage(Action<FoundImage> work, Action<CtrImageIdentity>? accept = null)
    {
        foreach (CtrImageIdentity wanted in Image)
        {
            Guard(wanted, () =>
            {
                accept?.Invoke(wanted);
                Place place = PlaceOf(wanted, Namespace);
                foreach (FoundImage found in Pull(token => place.FindAsync(token)).ToList())
                {
                    Guard(found.Image, () => work(found));
                }
            });
        }
    }

    /// <summary>
    /// Finds the images that several identities mean, as they are now, side by side. An error about one leaves the others to be found.
    /// </summary>
    /// <param name="wanted">The identities, each with the namespace that was given for it.</param>
    /// <param name="width">Looked up at the same time.</param>
    private protected IEnumerable<FoundImage> Find(IEnumerable<(CtrImageIdentity Wanted, string? Namespace)> wanted, int width)
    {
        var places = new List<Place>();
        foreach ((CtrImageIdentity one, string? given) in wanted)
        {
            Guard(one, () => places.Add(PlaceOf(one, given)));
        }

        var images = new List<FoundImage>();
        foreach ((Place place, List<FoundImage> found, CtrException? error) in
            Pull(token => OrderedParallel.SelectAsync(places, width, FindAsync, token)))
        {
            images.AddRange(found);
            if (error is not null)
            {
                Guard(place.Wanted, () => throw error);
            }
        }

        return images;
    }

    private Place PlaceOf(CtrImageIdentity wanted, string? given)
    {
        CtrSession session = SessionOf(wanted.Session, $"Image '{wanted.Name}'");
        string name = NamespaceOf(wanted.Namespace, given, session, $"Image '{wanted.Name}'");
        return new Place(wanted, name, session, Connect(session));
    }

    private static async Task<(Place Place, List<FoundImage> Found, CtrException? Error)> FindAsync(Place place, CancellationToken cancellationToken)
    {
        var found = new List<FoundImage>();
        try
        {
            await foreach (FoundImage image in place.FindAsync(cancellationToken).ConfigureAwait(false))
            {
                found.Add(image);
            }

            return (place, found, null);
        }
        catch (CtrException e)
        {
            return (place, found, e);
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

    /// <summary>Where to look for what was given.</summary>
    private sealed record Place(CtrImageIdentity Wanted, string Namespace, CtrSession Session, ICtrConnection Connection)
    {
        public async IAsyncEnumerable<FoundImage> FindAsync([EnumeratorCancellation] CancellationToken cancellationToken)
        {
            IAsyncEnumerable<CtrImage> images = ImageFinder.FindAsync(Connection, Namespace, Wanted, CtrImageDetail.None, cancellationToken);
            await foreach (CtrImage image in images.ConfigureAwait(false))
            {
                image.Session = Session;
                yield return new FoundImage(image, Session, Connection, Wanted.Image);
            }
        }
    }
}
