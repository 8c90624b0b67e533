using System.Management.Automation;
using CtrPS.Output;

namespace CtrPS.Commands;

/// <summary>Finds snapshots by what a user gave: a literal key or a wildcard pattern, with all snapshotters or some.</summary>
internal static class SnapshotFinder
{
    /// <summary>Keys shown at most in a hint.</summary>
    private const int MaxHints = 3;

    /// <summary>Whether a pattern is meant. The key of an object is none.</summary>
    public static bool IsPattern(CtrSnapshotIdentity identity) => !identity.IsObject && WildcardPattern.ContainsWildcardCharacters(identity.Key);

    /// <summary>The snapshotters that are meant: an object's, the given ones (wildcards), else all that work.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.NotSupported"/>; <see cref="CtrErrorIds.TargetConflict"/>.</exception>
    public static async Task<IReadOnlyList<string>> SnapshottersAsync(
        ICtrConnection connection, string? carried, IReadOnlyList<string> given, CancellationToken cancellationToken)
    {
        if (carried is not null)
        {
            return given.Count == 0 || given.Any(one => WildcardPattern.Get(one, WildcardOptions.None).IsMatch(carried))
                ? [carried]
                : throw new CtrException(
                    CtrErrorIds.TargetConflict,
                    CtrStatus.InvalidArgument,
                    $"The snapshot comes from the snapshotter '{carried}', but -Snapshotter says '{given[0]}'.")
                {
                    RecommendedAction = "A piped object brings its own snapshotter: leave -Snapshotter out.",
                };
        }

        IReadOnlyList<string> all = await connection.Snapshots.ListSnapshottersAsync(cancellationToken).ConfigureAwait(false);
        if (given.FirstOrDefault(one => !WildcardPattern.ContainsWildcardCharacters(one) && !all.Contains(one)) is { } absent)
        {
            throw new CtrException(
                CtrErrorIds.NotSupported,
                CtrStatus.Unimplemented,
                $"The server has no snapshotter '{absent}' at work. It has {string.Join(", ", all)}.")
            {
                Target = absent,
                RecommendedAction = "Name one of these with -Snapshotter; Get-CtrPlugin says why another does not work.",
            };
        }

        return given.Count == 0
            ? all
            : [.. all.Where(one => given.Any(pattern => WildcardPattern.Get(pattern, WildcardOptions.IgnoreCase).IsMatch(one)))];
    }

    /// <summary>All snapshots that an identity means. A pattern may mean none; a literal key that means none is an error.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.SnapshotNotFound"/>, with where it is instead.</exception>
    public static async Task<IReadOnlyList<CtrSnapshot>> FindAsync(
        ICtrConnection connection,
        IReadOnlyList<string> namespaces,
        IReadOnlyList<string> snapshotters,
        CtrSnapshotIdentity identity,
        CancellationToken cancellationToken)
    {
        var found = new List<CtrSnapshot>();
        bool isPattern = IsPattern(identity);
        WildcardPattern? pattern = isPattern ? WildcardPattern.Get(identity.Key, WildcardOptions.IgnoreCase) : null;
        foreach (string name in namespaces)
        {
            foreach (string snapshotter in snapshotters)
            {
                if (pattern is not null)
                {
                    found.AddRange((await connection.Snapshots.ListAsync(name, snapshotter, cancellationToken).ConfigureAwait(false))
                        .Where(one => pattern.IsMatch(one.Key)));
                }
                else if (await connection.Snapshots.FindAsync(name, snapshotter, identity.Key, cancellationToken).ConfigureAwait(false) is { } one)
                {
                    found.Add(one);
                }
            }
        }

        return found.Count > 0 || isPattern
            ? found
            : throw await NotFoundAsync(connection, namespaces, snapshotters, identity.Key, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>That one snapshot is meant where a key of several snapshotters would be changed.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.AmbiguousReference"/>.</exception>
    public static void RequireOneSnapshotter(CtrSnapshotIdentity identity, IReadOnlyList<CtrSnapshot> found)
    {
        if (!IsPattern(identity) && found.Count > 1)
        {
            throw new CtrException(
                CtrErrorIds.AmbiguousReference,
                CtrStatus.InvalidArgument,
                $"Several snapshotters have a snapshot '{identity.Key}': {string.Join(", ", found.Select(one => one.Snapshotter))}.")
            {
                Target = identity.Key,
                RecommendedAction = "Say with -Snapshotter which is meant.",
            };
        }
    }

    private static async Task<CtrException> NotFoundAsync(
        ICtrConnection connection,
        IReadOnlyList<string> namespaces,
        IReadOnlyList<string> snapshotters,
        string key,
        CancellationToken cancellationToken)
    {
        var elsewhere = new List<CtrSnapshot>();
        var here = new List<CtrSnapshot>();
        IReadOnlyList<string> all = await connection.Snapshots.ListSnapshottersAsync(cancellationToken).ConfigureAwait(false);
        foreach (CtrNamespace one in await connection.Namespaces.ListAsync(cancellationToken).ConfigureAwait(false))
        {
            foreach (string snapshotter in all)
            {
                if (await connection.Snapshots.FindAsync(one.Name, snapshotter, key, cancellationToken).ConfigureAwait(false) is { } found)
                {
                    elsewhere.Add(found);
                }

                if (namespaces.Contains(one.Name) && snapshotters.Contains(snapshotter))
                {
                    here.AddRange(await connection.Snapshots.ListAsync(one.Name, snapshotter, cancellationToken).ConfigureAwait(false));
                }
            }
        }

        IReadOnlyList<CtrSnapshot> near = elsewhere.Count > 0 ? [] : NearNames.Of(key, here, one => [one.Key]);
        string hint = elsewhere.Count > 0
                ? $" It is in {string.Join(", ", elsewhere.Select(one => $"'{one.Namespace}' ({one.Snapshotter})"))}."
            : near.Count > 0 ? $" Did you mean {string.Join(", ", near.Take(MaxHints).Select(one => $"'{one.Key}'"))}?"
            : "";
        string where = (namespaces.Count == 1 ? "namespace " : "the namespaces ") + string.Join(", ", namespaces.Select(one => $"'{one}'"));
        return new CtrException(
            CtrErrorIds.SnapshotNotFound, CtrStatus.NotFound, $"There is no snapshot '{key}' of {string.Join(", ", snapshotters)} in {where}.{hint}")
        {
            Target = key,
            RecommendedAction = elsewhere.Count > 0
                ? $"Use -Namespace {elsewhere[0].Namespace} and -Snapshotter {elsewhere[0].Snapshotter}."
                : "List the snapshots with Get-CtrSnapshot -Namespace *.",
        };
    }
}
