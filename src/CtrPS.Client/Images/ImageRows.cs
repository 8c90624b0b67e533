using CtrPS.Client.Oci;

namespace CtrPS.Client.Images;

/// <summary>
/// One row an image: which records are names, and which are only further records of an image that has a name. CRI keeps three for an image:
/// <c>name:tag</c>, <c>name@digest</c> and <c>sha256:</c> with the id of the config. Of the records that point to one digest, those of the best kind
/// that is there are names, and the others their aliases.
/// </summary>
internal static class ImageRows
{
    /// <summary>How far a record's name is from what a person would give.</summary>
    private enum Kind
    {
        /// <summary>Given by a person: with a tag, or no reference at all.</summary>
        Name,

        /// <summary>A repository and a digest.</summary>
        Digest,

        /// <summary>The id of a config.</summary>
        Id,
    }

    /// <summary>Tells names from aliases.</summary>
    /// <param name="records">All records of a namespace, or all that point to the digests of interest.</param>
    /// <param name="nameOf">A record's name.</param>
    /// <param name="digestOf">The digest that a record points to.</param>
    /// <returns>The names, in the order of the records, each with its aliases.</returns>
    public static IEnumerable<(T Record, IReadOnlyList<T> Aliases)> Of<T>(
        IReadOnlyCollection<T> records, Func<T, string> nameOf, Func<T, string> digestOf)
    {
        var best = new Dictionary<string, Kind>(records.Count, StringComparer.Ordinal);
        var all = new (T Record, string Digest, Kind Kind)[records.Count];
        int count = 0;
        foreach (T record in records)
        {
            (string digest, Kind kind) = (digestOf(record), KindOf(nameOf(record)));
            all[count++] = (record, digest, kind);
            best[digest] = best.TryGetValue(digest, out Kind other) && other < kind ? other : kind;
        }

        ILookup<string, T> aliases =
            all.Where(one => one.Kind > best[one.Digest]).ToLookup(one => one.Digest, one => one.Record, StringComparer.Ordinal);
        return all.Where(one => one.Kind == best[one.Digest]).Select(one => (one.Record, (IReadOnlyList<T>)[.. aliases[one.Digest]]));
    }

    /// <summary>Whether it is a name that a person would give, and no alias whatever else is there.</summary>
    public static bool IsName(string name) => KindOf(name) == Kind.Name;

    private static Kind KindOf(string name) =>
        Digests.IsValid(name) ? Kind.Id
        : name.Contains('@', StringComparison.Ordinal) && CtrImageReference.TryParse(name, out CtrImageReference? reference)
            && reference is { Tag: null, Digest: not null } ? Kind.Digest
        : Kind.Name;
}
