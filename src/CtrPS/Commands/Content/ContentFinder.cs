using System.Management.Automation;

namespace CtrPS.Commands;

/// <summary>Finds blobs by what a user gave: a digest, its first digits (with or without the algorithm), or a wildcard pattern.</summary>
internal static class ContentFinder
{
    /// <summary>Fewer digits are as likely a word.</summary>
    private const int MinDigits = 6;

    /// <summary>Digests shown at most in an error.</summary>
    private const int MaxShown = 3;

    /// <summary>Whether a pattern is meant.</summary>
    public static bool IsPattern(CtrContentIdentity identity) => WildcardPattern.ContainsWildcardCharacters(identity.Digest);

    /// <summary>The blobs of a namespace that an identity means. A pattern may mean none; a digest that means none is an error.</summary>
    /// <exception cref="CtrException">
    /// <see cref="CtrErrorIds.ContentNotFound"/>, with where it is instead; <see cref="CtrErrorIds.AmbiguousReference"/>; <see
    /// cref="CtrErrorIds.InvalidDigest"/>.
    /// </exception>
    public static async Task<IReadOnlyList<CtrContent>> FindAsync(
        ICtrConnection connection, string @namespace, CtrContentIdentity identity, CancellationToken cancellationToken)
    {
        if (IsWhole(identity.Digest))
        {
            return await connection.Content.FindAsync(@namespace, identity.Digest, cancellationToken).ConfigureAwait(false) is { } one
                ? [one]
                : throw await NotFoundAsync(connection, [@namespace], identity, cancellationToken).ConfigureAwait(false);
        }

        IReadOnlyList<CtrContent> all = await connection.Content.ListAsync(@namespace, mediaTypes: false, cancellationToken).ConfigureAwait(false);
        IReadOnlyList<CtrContent> found = Among(all, identity);
        return found.Count > 0 || IsPattern(identity)
            ? found
            : throw await NotFoundAsync(connection, [@namespace], identity, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Those of a namespace's blobs that an identity means. Empty where none is meant.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.AmbiguousReference"/>; <see cref="CtrErrorIds.InvalidDigest"/>.</exception>
    public static IReadOnlyList<CtrContent> Among(IReadOnlyList<CtrContent> all, CtrContentIdentity identity)
    {
        string given = identity.Digest;
        if (IsPattern(identity))
        {
            WildcardPattern pattern = WildcardPattern.Get(given, WildcardOptions.IgnoreCase);
            return [.. all.Where(one => pattern.IsMatch(one.Digest) || pattern.IsMatch(HexOf(one.Digest)))];
        }

        if (IsWhole(given))
        {
            return [.. all.Where(one => one.Digest == given)];
        }

        if (!IsBeginning(given))
        {
            throw new CtrException(
                CtrErrorIds.InvalidDigest, CtrStatus.InvalidArgument, $"'{given}' is no digest, nor the first {MinDigits} digits or more of one.")
            {
                Target = given,
                RecommendedAction = "List the blobs with Get-CtrContent. What an image has, Get-CtrImageManifest -Tree and Get-CtrImageLayer tell.",
            };
        }

        CtrContent[] found =
        [
            .. all.Where(one => IsBeginningOf(given, one.Digest)),
        ];
        return found.Length <= 1
            ? found
            : throw new CtrException(
                CtrErrorIds.AmbiguousReference,
                CtrStatus.InvalidArgument,
                $"'{given}' means {found.Length} blobs: {string.Join(", ", found.Take(MaxShown).Select(one => one.Digest))}"
                    + (found.Length > MaxShown ? ", ..." : "."))
            {
                Target = given,
                RecommendedAction = "Give more digits, or a wildcard where all of them are meant.",
            };
    }

    /// <summary>The error for a digest that is in none of the namespaces: it says where it is.</summary>
    public static async Task<CtrException> NotFoundAsync(
        ICtrConnection connection, IReadOnlyList<string> namespaces, CtrContentIdentity identity, CancellationToken cancellationToken)
    {
        var elsewhere = new List<string>();
        foreach (CtrNamespace one in await connection.Namespaces.ListAsync(cancellationToken).ConfigureAwait(false))
        {
            if (!namespaces.Contains(one.Name) && await IsInAsync(connection, one.Name, identity, cancellationToken).ConfigureAwait(false))
            {
                elsewhere.Add(one.Name);
            }
        }

        string where = (namespaces.Count == 1 ? "namespace " : "the namespaces ") + string.Join(", ", namespaces.Select(one => $"'{one}'"));
        string hint = elsewhere.Count > 0 ? $" It is in {string.Join(", ", elsewhere.Select(one => $"'{one}'"))}." : "";
        return new CtrException(CtrErrorIds.ContentNotFound, CtrStatus.NotFound, $"There is no blob '{identity.Digest}' in {where}.{hint}")
        {
            Target = identity.Digest,
            RecommendedAction = elsewhere.Count > 0 ? $"Use -Namespace {elsewhere[0]}." : "List the blobs with Get-CtrContent -Namespace *.",
        };
    }

    private static async Task<bool> IsInAsync(
        ICtrConnection connection, string @namespace, CtrContentIdentity identity, CancellationToken cancellationToken)
    {
        try
        {
            if (IsWhole(identity.Digest))
            {
                return await connection.Content.FindAsync(@namespace, identity.Digest, cancellationToken).ConfigureAwait(false) is not null;
            }

            IReadOnlyList<CtrContent> all = await connection.Content.ListAsync(@namespace, mediaTypes: false, cancellationToken)
                .ConfigureAwait(false);
            return Among(all, identity).Count > 0;
        }
        catch (CtrException e) when (e.ErrorId == CtrErrorIds.AmbiguousReference)
        {
            return true; // more than once
        }
    }

    /// <summary>A digest as long as those of an algorithm are. The client looks closer.</summary>
    public static bool IsWhole(string given) =>
        given.IndexOf(':', StringComparison.Ordinal) is > 0 and var colon && (given.Length - colon - 1) is 64 or 96 or 128;

    /// <summary>Whether a text is the first digits of a digest, with or without the algorithm: as many as it takes, or all.</summary>
    public static bool IsBeginningOf(string given, string digest) => IsBeginning(given)
        && (given.Contains(':', StringComparison.Ordinal) ? digest : HexOf(digest)).StartsWith(given, StringComparison.OrdinalIgnoreCase);

    private static bool IsBeginning(string given)
    {
        string hex = HexOf(given);
        return hex.Length >= MinDigits && hex.All(char.IsAsciiHexDigit);
    }

    private static string HexOf(string digest) => digest[(digest.IndexOf(':', StringComparison.Ordinal) + 1)..];
}
