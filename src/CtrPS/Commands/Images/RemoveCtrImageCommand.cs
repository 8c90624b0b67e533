using System.Management.Automation;

namespace CtrPS.Commands;

/// <summary>Remove-CtrImage: removes image records; what only they needed goes with the garbage collection.</summary>
[Cmdlet(VerbsCommon.Remove, "CtrImage", SupportsShouldProcess = true)]
public sealed class RemoveCtrImageCommand : CtrImageCmdlet
{
    /// <summary>Images that are gathered from the pipeline before they are looked up and removed, side by side.</summary>
    private const int Window = 128;

    /// <summary>Calls under way at the same time.</summary>
    private const int Concurrency = 16;

    private readonly List<(CtrImageIdentity Wanted, string? Namespace)> _gathered = [];
    private readonly HashSet<(CtrSession Session, string Namespace)> _touched = [];
    private readonly HashSet<(CtrSession Session, string Namespace, string Name)> _agreed = [];

    /// <summary>Wait until the garbage collector has freed the space: ctr's --sync.</summary>
    [Parameter(HelpMessage = "Wait until the garbage collector has freed the space.")]
    [Alias("Sync")]
    public SwitchParameter Synchronous { get; set; }

    /// <summary>Remove pinned images as well, and say nothing of containers that use an image.</summary>
    [Parameter(HelpMessage = "Remove pinned images as well, and say nothing of containers that use an image.")]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    private protected override void OnRecord()
    {
        _gathered.AddRange(Image.Select(wanted => (wanted, Namespace)));
        if (_gathered.Count >= Window)
        {
            RemoveGathered();
        }
    }

    /// <inheritdoc/>
    private protected override void OnEnd()
    {
        RemoveGathered();

        // One collection for all of them at the end: each takes as long as the store is large.
        foreach ((CtrSession session, string name) in Synchronous ? _touched.DistinctBy(touched => touched.Session) : [])
        {
            Guard(name, () => Await(token => Connect(session).Garbage.CollectAsync(name, token)));
        }
    }

    private void RemoveGathered()
    {
        var places = new List<Place>();
        foreach ((CtrImageIdentity wanted, string? given) in _gathered)
        {
            Guard(wanted, () => places.Add(PlaceOf(wanted, given)));
        }

        _gathered.Clear();
        foreach (IGrouping<(CtrSession, string), Place> some in places.GroupBy(place => (place.Session, place.Namespace)))
        {
            Place first = some.First();
            Guard(null, () => Remove(some, Await(token => RemovableImages.ReadAsync(first.Connection, first.Namespace, token))));
        }
    }

    /// <summary>Asks about each image of a namespace, and removes those that may go side by side.</summary>
    private void Remove(IEnumerable<Place> places, RemovableImages images)
    {
        var removals = new List<Removal>();
        foreach (Place place in places)
        {
            Guard(place.Wanted, () =>
            {
                foreach (CtrImage image in Await(token => images.FindAsync(place.Wanted, token)))
                {
                    Guard(image, () => removals.AddRange(Ask(place.Found(image), images)));
                }
            });
        }

        foreach ((Removal removal, CtrException? error) in Pull(token => OrderedParallel.SelectAsync(removals, Concurrency, RemoveAsync, token)))
        {
            FoundImage found = removal.Found;
            Guard(found.Image, () => _ = error is null ? _touched.Add((found.Session, found.Image.Namespace)) : throw error);
        }
    }

    /// <summary>Asks about one image. Nothing where it is not to be removed, or was asked about before.</summary>
    private IEnumerable<Removal> Ask(FoundImage found, RemovableImages images)
    {
        CtrImage image = found.Image;
        var key = (found.Session, image.Namespace, image.Name);
        if (_agreed.Contains(key))
        {
            return [];
        }

        if (image.Pinned && !Force)
        {
            throw new CtrException(CtrErrorIds.ImagePinned, CtrStatus.FailedPrecondition, $"The {Words(image)} is pinned. It was not removed.")
            {
                Target = image.Name,
                RecommendedAction = "Use -Force if you mean it.",
            };
        }

        bool isLast = images.NamesOf(image).All(name => name == image.Name || _agreed.Contains((found.Session, image.Namespace, name)));
        IReadOnlyList<string> aliases = isLast ? image.Aliases : [];
        IReadOnlyList<string> users = Force ? [] : Await(token => images.UsersAsync(aliases.Prepend(image.Name), token));
        bool agreed = ShouldProcess(found.Session, Words(image), Action(aliases, users));
        if (agreed || IsWhatIf)
        {
            _ = _agreed.Add(key);
        }

        if (agreed && users.Count > 0)
        {
            WriteWarning($"The {Words(image)} is removed although {Containers(users)}. What was made from it stays as it is.");
        }

        return agreed ? [new Removal(found, aliases)] : [];
    }

    private static string Action(IReadOnlyList<string> aliases, IReadOnlyList<string> users) =>
        "Remove"
            + (aliases.Count == 0 ? "" : $" with its {(aliases.Count == 1 ? "alias" : "aliases")} {Quoted(aliases)}")
            + (users.Count == 0 ? "" : $"{(aliases.Count == 0 ? "" : ",")} although {Containers(users)}");

    private static string Containers(IReadOnlyList<string> users) =>
        users.Count == 1 ? $"container '{users[0]}' uses it" : $"the containers {Quoted(users)} use it";

    private static string Quoted(IEnumerable<string> names) => string.Join(", ", names.Select(name => $"'{name}'"));

    private static async Task<(Removal Removal, CtrException? Error)> RemoveAsync(Removal removal, CancellationToken cancellationToken)
    {
        FoundImage found = removal.Found;
        CtrImage image = found.Image;
        try
        {
            await found.Connection.Images.DeleteAsync(image.Namespace, image.Name, found.Given, cancellationToken).ConfigureAwait(false);
            foreach (string alias in removal.Aliases)
            {
                await RemoveAliasAsync(found.Connection, image.With(copy => copy.Name = alias), cancellationToken).ConfigureAwait(false);
            }

            return (removal, null);
        }
        catch (CtrException e)
        {
            return (removal, e);
        }
    }

    private static async Task RemoveAliasAsync(ICtrConnection connection, CtrImage alias, CancellationToken cancellationToken)
    {
        try
        {
            await connection.Images.DeleteAsync(alias.Namespace, alias.Name, alias, cancellationToken).ConfigureAwait(false);
        }
        catch (CtrException e) when (e.ErrorId is CtrErrorIds.ImageNotFound or CtrErrorIds.ImageChanged)
        {
            // Kubernetes was faster, or has given it to another image: it is no alias of this one any more.
        }
    }

    /// <param name="Found">The image.</param>
    /// <param name="Aliases">What goes with its last name.</param>
    private sealed record Removal(FoundImage Found, IReadOnlyList<string> Aliases);
}
