using System.Management.Automation;
using System.Runtime.CompilerServices;

namespace CtrPS.Commands;

/// <summary>Finds images by what a user gave: a literal name (docker's short forms too) or a wildcard pattern.</summary>
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
    /// <exception cref="CtrException"><see cref="CtrErrorIds.ImageNotFound"/>, with where it is instead.</exception>
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
            yield return await connection.Images.FindAsync(@namespace, identity.Name, detail, cancellationToken).ConfigureAwait(false)
                ?? throw await NotFoundAsync(connection, [@namespace], identity.Name, cancellationToken).ConfigureAwait(false);
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
        : await connection.Images.FindAsync(@namespace, identity.Name, CtrImageDetail.None, cancellationToken).ConfigureAwait(false)
            ?? throw await NotFoundAsync(connection, [@namespace], identity.Name, cancellationToken).ConfigureAwait(false);

    /// <summary>The error for a name that is in none of the namespaces: it says where the image is, or what else its repository has.</summary>
    public static async Task<CtrException> NotFoundAsync(
        ICtrConnection connection, IReadOnlyCollection<string> namespaces, string name, CancellationToken cancellationToken)
    {
        IEnumerable<string> all = (await connection.Namespaces.ListAsync(cancellationToken).ConfigureAwait(false)).Select(one => one.Name);
        var elsewhere = new List<string>();
        foreach (string other in all.Except(namespaces))
        {
            if (await connection.Images.FindAsync(other, name, CtrImageDetail.None, cancellationToken).ConfigureAwait(false) is not null)
            {
                elsewhere.Add(other);
            }
        }

        var relatives = new List<string>();
        if (elsewhere.Count == 0 && CtrImageReference.TryParse(name, out CtrImageReference? wanted))
        {
            bool IsRelative(string candidate) =>
                CtrImageReference.TryParse(candidate, out CtrImageReference? other)
                    && other.Registry == wanted.Registry
                    && other.Repository == wanted.Repository;
            foreach (string one in namespaces.Union(all))
            {
                var query = new CtrImageQuery { Namespace = one, Match = IsRelative, Detail = CtrImageDetail.None };
                await foreach (CtrImage image in connection.Images.ListAsync(query, cancellationToken).ConfigureAwait(false))
                {
                    relatives.Add($"'{image.Name}' in '{one}'");
                }
            }
        }

        string where = namespaces.Count == 1 ? $"namespace '{namespaces.First()}'" : $"the namespaces {Some(namespaces.Select(one => $"'{one}'"))}";
        (string hint, string action) = elsewhere.Count > 0
            ? ($" It exists in {Some(elsewhere.Select(one => $"'{one}'"))}.", $"Use -Namespace {elsewhere[0]}.")
            : relatives.Count > 0
            ? ($" That repository has {Some(relatives)}.", "Name one of these, or use a wildcard.")
            : ("", "List the images with Get-CtrImage -Namespace *.");
        return new CtrException(CtrErrorIds.ImageNotFound, CtrStatus.NotFound, $"There is no image '{name}' in {where}.{hint}")
        {
            Target = name,
            RecommendedAction = action,
        };
    }

    private static string Some(IEnumerable<string> things)
    {
        string[] all = things.ToArray();
        return string.Join(", ", all.Take(MaxHints)) + (all.Length > MaxHints ? $" and {all.Length - MaxHints} more" : "");
    }
}
