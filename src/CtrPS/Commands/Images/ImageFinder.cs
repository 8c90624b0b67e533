using System.Management.Automation;
using System.Runtime.CompilerServices;
using CtrPS.Output;

namespace CtrPS.Commands;

/// <summary>
/// Finds images by what a user gave: a literal name (docker's short forms too), an alias, the first digits of a digest or an id, or a wildcard
/// pattern.
/// </summary>
internal static class ImageFinder
{
    /// <summary>Names shown at most in a hint.</summary>
    private const int MaxHints = 3;

    /// <summary>Whether a pattern is meant. The name of an image object is none, nor are the brackets of an IPv6 host.</summary>
    public static bool IsPattern(CtrImageIdentity identity) =>
        identity.Image is null && WildcardPattern.ContainsWildcardCharacters(identity.Name) && !CtrImageReference.TryParse(identity.Name, out _);

    /// <summary>
    /// A test for names. A pattern takes the full and the familiar form; a literal name itself and its completion by docker's rules.
    /// </summary>
    public static Func<string, bool> Matcher(CtrImageIdentity identity)
    {
        string pattern = identity.Name;
        if (!IsPattern(identity))
        {
            string? full = CtrImageReference.TryParse(pattern, out CtrImageReference? given) ? given.ToString() : null;
            return name => name == pattern || name == full;
        }

        WildcardPattern wildcard = WildcardPattern.Get(pattern, WildcardOptions.IgnoreCase);
        return name => wildcard.IsMatch(name)
            || (CtrImageReference.TryParse(name, out CtrImageReference? reference) && wildcard.IsMatch(reference.FamiliarName));
    }

    /// <summary>
    /// All images in a namespace that an identity means, as they are now. A pattern may mean none; a literal name that means none is an error.
    /// </summary>
    /// <exception cref="CtrException">
    /// <see cref="CtrErrorIds.ImageNotFound"/>, with where it is instead; <see cref="CtrErrorIds.AmbiguousReference"/>.
    /// </exception>
    public static async IAsyncEnumerable<CtrImage> FindAsync(
        ICtrConnection connection,
        string @namespace,
        CtrImageIdentity identity,
        CtrImageDetail detail,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (IsPattern(identity))
        {
            var query = new CtrImageQuery { Namespace = @namespace, Match = Matcher(identity), Detail = detail };
            await foreach (CtrImage image in connection.Images.ListAsync(query, cancellationToken).ConfigureAwait(false))
            {
                yield return image;
            }
        }
        else
        {
            foreach (CtrImage image in await LiteralAsync(connection, @namespace, identity, detail, cancellationToken).ConfigureAwait(false))
            {
                yield return image;
            }
        }
    }

    /// <summary>The one image in a namespace that an identity means.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.ImageNotFound"/>; <see cref="CtrErrorIds.InvalidReference"/> for a pattern.</exception>
    public static async Task<CtrImage> FindOneAsync(
        ICtrConnection connection, string @namespace, CtrImageIdentity identity, CancellationToken cancellationToken) => IsPattern(identity)
        ? throw new CtrException(
            CtrErrorIds.InvalidReference, CtrStatus.InvalidArgument, $"'{identity.Name}' may mean several images, and a container is of one.")
        {
            Target = identity.Name,
            RecommendedAction = "Name one image, or pipe images in.",
        }
        : (await LiteralAsync(connection, @namespace, identity, CtrImageDetail.None, cancellationToken).ConfigureAwait(false))[0];

    /// <summary>
    /// The error for a name that is in none of the namespaces: it says where the image is, what else its repository has, or what is near.
    /// </summary>
    public static async Task<CtrException> NotFoundAsync(
        ICtrConnection connection, IReadOnlyCollection<string> namespaces, string name, CancellationToken cancellationToken)
    {
        IEnumerable<string> all = (await connection.Namespaces.ListAsync(cancellationToken).ConfigureAwait(false)).Select(one => one.Name);
        var elsewhere = new List<string>();
        foreach (string other in all.Except(namespaces))
        {
            if (await IsInAsync(connection, other, name, cancellationToken).ConfigureAwait(false))
            {
                elsewhere.Add(other);
            }
        }

        string where = namespaces.Count == 1 ? $"namespace '{namespaces.First()}'" : $"the namespaces {Some(namespaces.Select(one => $"'{one}'"))}";
        (string hint, string action) = elsewhere.Count > 0
            ? ($" It exists in {Some(elsewhere.Select(one => $"'{one}'"))}.", $"Use -Namespace {elsewhere[0]}.")
            : await HintAsync(connection, namespaces.Union(all), name, cancellationToken).ConfigureAwait(false);
        return new CtrException(CtrErrorIds.ImageNotFound, CtrStatus.NotFound, $"There is no image '{name}' in {where}.{hint}")
        {
            Target = name,
            RecommendedAction = action,
        };
    }

    /// <summary>What a literal identity means, at least one image. An object means the record of its name, with the aliases that it has.</summary>
    private static async Task<IReadOnlyList<CtrImage>> LiteralAsync(
        ICtrConnection connection, string @namespace, CtrImageIdentity identity, CtrImageDetail detail, CancellationToken cancellationToken)
    {
        IReadOnlyList<CtrImage> found = identity.Image is { } known
            ? await AsItIsAsync(connection, @namespace, known, detail, cancellationToken).ConfigureAwait(false) is { } now ? [now] : []
            : await connection.Images.LookUpAsync(@namespace, identity.Name, detail, allRecords: false, cancellationToken).ConfigureAwait(false);
        return found.Count > 0
            ? found
            : throw await NotFoundAsync(connection, [@namespace], identity.Name, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>An image as it is now. The aliases of an object are those of its digest: a name that moved has left them behind.</summary>
    private static async Task<CtrImage?> AsItIsAsync(
        ICtrConnection connection, string @namespace, CtrImage known, CtrImageDetail detail, CancellationToken cancellationToken) =>
        await connection.Images.FindAsync(@namespace, known.Name, detail, cancellationToken).ConfigureAwait(false) is not { } now ? null
            : now.Digest == known.Digest ? now.With(copy => (copy.Aliases, copy.IsRecord) = (known.Aliases, known.IsRecord))
            : now;

    private static async Task<bool> IsInAsync(ICtrConnection connection, string @namespace, string name, CancellationToken cancellationToken)
    {
        try
        {
            return (await connection.Images.LookUpAsync(
                @namespace, name, CtrImageDetail.None, allRecords: false, cancellationToken).ConfigureAwait(false)).Count > 0;
        }
        catch (CtrException e) when (e.ErrorId == CtrErrorIds.AmbiguousReference)
        {
            return true; // more than once
        }
    }

    private static async Task<(string Hint, string Action)> HintAsync(
        ICtrConnection connection, IEnumerable<string> namespaces, string name, CancellationToken cancellationToken)
    {
        var images = new List<CtrImage>();
        foreach (string one in namespaces)
        {
            var query = new CtrImageQuery { Namespace = one, Detail = CtrImageDetail.None };
            await foreach (CtrImage image in connection.Images.ListAsync(query, cancellationToken).ConfigureAwait(false))
            {
                images.Add(image);
            }
        }

        IReadOnlyList<CtrImage> relatives = CtrImageReference.TryParse(name, out CtrImageReference? wanted)
            ? [.. images.Where(image => image.Registry == wanted.Registry && image.Repository == wanted.Repository)]
            : [];
        IReadOnlyList<CtrImage> near = relatives.Count > 0 ? [] : NearNames.Of(name, images, Forms);
        return relatives.Count > 0 ? ($" That repository has {Places(relatives)}.", "Name one of these, or use a wildcard.")
            : near.Count > 0 ? ($" Did you mean {Places(near)}?", "Look at the name once more; Get-CtrImage -Namespace * lists the images.")
            : ("", "List the images with Get-CtrImage -Namespace *.");
    }

    /// <summary>The ways to write an image's name.</summary>
    private static IEnumerable<string> Forms(CtrImage image)
    {
        yield return image.Name;
        if (CtrImageReference.TryParse(image.Name, out CtrImageReference? reference))
        {
            string familiar = reference.FamiliarName;
            yield return familiar;
            yield return reference.Tag is { } tag && reference.Digest is null ? familiar[..^(tag.Length + 1)] : familiar;
        }
    }

    private static string Places(IEnumerable<CtrImage> images) => Some(images.Select(image => $"'{image.Name}' in '{image.Namespace}'"));

    private static string Some(IEnumerable<string> things)
    {
        string[] all = things.ToArray();
        return string.Join(", ", all.Take(MaxHints)) + (all.Length > MaxHints ? $" and {all.Length - MaxHints} more" : "");
    }
}
