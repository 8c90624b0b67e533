using System.Management.Automation;
using CtrPS.Binding;
using CtrPS.Completion;

namespace CtrPS.Commands;

/// <summary>Base of the cmdlets that look into images: all of the namespace where none is named.</summary>
public abstract class CtrImageViewCmdlet : CtrListCmdlet
{
    /// <summary>The images: names, wildcards, or image objects. Default: all of the namespace.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true, HelpMessage = "The images. Wildcards are allowed.")]
    [Alias("Name", "Reference")]
    [ImageIdentityTransformation(AllOfNamespace = true)]
    [ArgumentCompleter(typeof(ImageCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public virtual CtrImageIdentity[] Image { get; set; } = [new CtrImageIdentity("*")];

    /// <summary>
    /// Finds the images that <see cref="Image"/> means and does the work for each. An error about one leaves the others to be done.
    /// </summary>
    private protected void ForEachImage(Action<CtrImage, ICtrConnection> work) =>
        ForEachGivenImage((_, image, connection) => work(image, connection));

    /// <summary><see cref="ForEachImage"/>, with what was given.</summary>
    private protected void ForEachGivenImage(Action<CtrImageIdentity, CtrImage, ICtrConnection> work)
    {
        foreach (CtrImageIdentity wanted in Image)
        {
            Guard(wanted, () => Find(wanted, work));
        }
    }

    /// <summary>Writes what a call finds out about each image, for each of some platforms.</summary>
    /// <param name="platforms">The platforms. Empty: the one that the call takes by itself.</param>
    /// <param name="call">The call.</param>
    /// <param name="write">Writes what it gives. Null: as it is.</param>
    private protected void ForEachPlatform<T>(
        CtrPlatform[] platforms,
        Func<IImageInspector, CtrImage, CtrPlatform?, CancellationToken, Task<IReadOnlyList<T>>> call,
        Action<T>? write = null)
        where T : CtrObject => ForEachImage((image, connection) =>
    {
        foreach (CtrPlatform? platform in platforms.Length > 0 ? platforms : (CtrPlatform?[])[null])
        {
            Guard(image, () =>
            {
                foreach (T told in Await(token => call(connection.Inspector, image, platform, token)))
                {
                    told.Session = image.Session;
                    (write ?? WriteObject)(told);
                }
            });
        }
    });

    private void Find(CtrImageIdentity wanted, Action<CtrImageIdentity, CtrImage, ICtrConnection> work)
    {
        string words = $"Image '{wanted.Name}'";
        CtrSession session = SessionOf(wanted.Session, words);
        ICtrConnection connection = Connect(session);
        IReadOnlyList<string> namespaces = Namespaces(connection, session, wanted.Namespace, words);
        bool isPattern = ImageFinder.IsPattern(wanted);
        int found = 0;
        foreach (string name in namespaces)
        {
            foreach (CtrImage image in isPattern
                ? Pull(token => ImageFinder.FindAsync(connection, name, wanted, CtrImageDetail.None, token))
                : Await(token => connection.Images.LookUpAsync(name, wanted.Name, CtrImageDetail.None, wanted.Image is { IsRecord: true }, token)))
            {
                found++;
                image.Session = session;
                Guard(image, () => work(wanted, image, connection));
            }
        }

        if (found == 0 && !isPattern)
        {
            throw Await(token => ImageFinder.NotFoundAsync(connection, namespaces, wanted.Name, token));
        }

        if (found == 0 && !IsGiven(nameof(Image)))
        {
            WarnOfOthers(connection, session, namespaces, "images", name =>
                Pull(token => connection.Images.ListAsync(new CtrImageQuery { Namespace = name, Detail = CtrImageDetail.None }, token)).Any());
        }
    }
}
