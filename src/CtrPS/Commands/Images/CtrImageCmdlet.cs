using System.Management.Automation;
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
    public virtual CtrImageIdentity[] Image { get; set; } = [];

    /// <summary>The namespace. Default: the session's; an image object brings its own.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true, HelpMessage = "The namespace.")]
    [ArgumentCompleter(typeof(NamespaceCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Namespace { get; set; }

    /// <summary>The image in words, for questions and messages.</summary>
    private protected static string Words(CtrImage image) => $"image '{image.Name}' in namespace '{image.Namespace}'";

    /// <summary>What the cmdlet needs to know of the images that it finds.</summary>
    private protected virtual CtrImageDetail Detail => CtrImageDetail.None;

    /// <summary>
    /// Finds the images that <see cref="Image"/> means, as they are now, and does the work for each. An error about one leaves the others to be done.
    /// </summary>
    /// <param name="work">The work; the image's session is set.</param>
    /// <param name="accept">Looks at what was given before anything is asked of the daemon; throws where it is not to be taken.</param>
    /// <param name="oneName">An image that was given by an alias or its digest is meant once, under the first of its names.</param>
    /// <param name="absent">What to do about a literal name that is not there. Null: it is an error.</param>
    private protected void ForEachImage(
        Action<FoundImage> work, Action<CtrImageIdentity>? accept = null, bool oneName = false, Action<CtrException>? absent = null) =>
        ForEachImage(Image, work, accept, oneName, absent);

    /// <summary>The same for some of the images.</summary>
    private protected void ForEachImage(
        IEnumerable<CtrImageIdentity> images,
        Action<FoundImage> work,
        Action<CtrImageIdentity>? accept = null,
        bool oneName = false,
        Action<CtrException>? absent = null)
    {
        foreach (CtrImageIdentity wanted in images)
        {
            Guard(wanted, () =>
            {
                accept?.Invoke(wanted);
                foreach (FoundImage found in Find(PlaceOf(wanted, Namespace), oneName, absent))
                {
                    Guard(found.Image, () => work(found));
                }
            });
        }
    }

    /// <summary>Where to look for what was given.</summary>
    private protected Place PlaceOf(CtrImageIdentity wanted, string? given)
    {
        CtrSession session = SessionOf(wanted.Session, $"Image '{wanted.Name}'");
        string name = NamespaceOf(wanted.Namespace, given, session, $"Image '{wanted.Name}'");
        return new Place(wanted, name, session, Connect(session));
    }

    private List<FoundImage> Find(Place place, bool oneName, Action<CtrException>? absent)
    {
        try
        {
            return [.. Pull(token => ImageFinder.FindAsync(place.Connection, place.Namespace, place.Wanted, Detail, token))
                .Take(oneName && !ImageFinder.IsPattern(place.Wanted) ? 1 : int.MaxValue)
                .Select(place.Found)];
        }
        catch (CtrException e) when (absent is not null && e.ErrorId == CtrErrorIds.ImageNotFound)
        {
            absent(e);
            return [];
        }
    }

    /// <summary>Changes labels of an image and of its aliases, which are the same image to Kubernetes.</summary>
    /// <param name="found">The image, with its aliases.</param>
    /// <param name="change">The change.</param>
    /// <returns>The image as it is then.</returns>
    private protected CtrImage ChangeLabels(FoundImage found, LabelChange change)
    {
        CtrImage changed = Set(found.Image.Name);
        foreach (string alias in found.Image.Aliases)
        {
            try
            {
                _ = Set(alias);
            }
            catch (CtrException e) when (e.ErrorId == CtrErrorIds.ImageNotFound)
            {
                WriteVerbose($"The alias '{alias}' of the {Words(found.Image)} is gone meanwhile.");
            }
        }

        return changed;

        CtrImage Set(string name) => Await(
            token => found.Connection.Images.SetLabelsAsync(found.Image.Namespace, name, change.Values, change.ReplaceAll, token));
    }

    /// <summary>Writes an image with size and platforms, as Get-CtrImage gives it.</summary>
    private protected void WriteWhole(CtrSession session, ICtrConnection connection, CtrImage image)
    {
        IReadOnlyList<CtrImage> now =
            Await(token => connection.Images.LookUpAsync(image.Namespace, image.Name, CtrImageDetail.Full, image.IsRecord, token));
        CtrImage whole = now.Count > 0 ? now[0] : image;
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
    /// <param name="Wanted">What was given.</param>
    /// <param name="Namespace">The namespace.</param>
    /// <param name="Session">The session.</param>
    /// <param name="Connection">Its connection.</param>
    private protected sealed record Place(CtrImageIdentity Wanted, string Namespace, CtrSession Session, ICtrConnection Connection)
    {
        /// <summary>An image that was found there.</summary>
        public FoundImage Found(CtrImage image)
        {
            image.Session = Session;
            return new FoundImage(image, Session, Connection, Wanted.Image);
        }
    }
}
