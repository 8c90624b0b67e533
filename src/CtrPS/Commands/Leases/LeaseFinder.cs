using System.Management.Automation;
using CtrPS.Output;

namespace CtrPS.Commands;

/// <summary>Finds leases by what a user gave: a literal id or a wildcard pattern.</summary>
internal static class LeaseFinder
{
    /// <summary>Ids shown at most in a hint.</summary>
    private const int MaxHints = 3;

    /// <summary>Whether a pattern is meant. The id of an object is none.</summary>
    public static bool IsPattern(CtrLeaseIdentity identity) => !identity.IsObject && WildcardPattern.ContainsWildcardCharacters(identity.Id);

    /// <summary>All leases in some namespaces that an identity means. A pattern may mean none; a literal id that means none is an error.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.LeaseNotFound"/>, with where it is instead.</exception>
    public static async Task<IReadOnlyList<CtrLease>> FindAsync(
        ICtrConnection connection, IReadOnlyList<string> namespaces, CtrLeaseIdentity identity, CancellationToken cancellationToken)
    {
        bool isPattern = IsPattern(identity);
        WildcardPattern pattern = WildcardPattern.Get(isPattern ? identity.Id : WildcardPattern.Escape(identity.Id), WildcardOptions.IgnoreCase);
        var found = new List<CtrLease>();
        foreach (string name in namespaces)
        {
            IReadOnlyList<CtrLease> all = await connection.Leases.ListAsync(name, [], cancellationToken).ConfigureAwait(false);
            found.AddRange(all.Where(lease => isPattern ? pattern.IsMatch(lease.Id) : lease.Id == identity.Id));
        }

        return found.Count > 0 || isPattern
            ? found
            : throw await NotFoundAsync(connection, namespaces, identity.Id, cancellationToken).ConfigureAwait(false);
    }

    private static async Task<CtrException> NotFoundAsync(
        ICtrConnection connection, IReadOnlyList<string> namespaces, string id, CancellationToken cancellationToken)
    {
        var all = new List<CtrLease>();
        foreach (CtrNamespace one in await connection.Namespaces.ListAsync(cancellationToken).ConfigureAwait(false))
        {
            all.AddRange(await connection.Leases.ListAsync(one.Name, [], cancellationToken).ConfigureAwait(false));
        }

        string[] elsewhere = [.. all.Where(lease => lease.Id == id).Select(lease => lease.Namespace)];
        IReadOnlyList<CtrLease> near = elsewhere.Length > 0 ? [] : NearNames.Of(id, all, lease => [lease.Id]);
        string hint = elsewhere.Length > 0 ? $" It exists in {string.Join(", ", elsewhere.Select(one => $"'{one}'"))}."
            : near.Count > 0 ? $" Did you mean {string.Join(", ", near.Take(MaxHints).Select(one => $"'{one.Id}' in '{one.Namespace}'"))}?"
            : "";
        string where = (namespaces.Count == 1 ? "namespace " : "the namespaces ") + string.Join(", ", namespaces.Select(one => $"'{one}'"));
        return new CtrException(CtrErrorIds.LeaseNotFound, CtrStatus.NotFound, $"There is no lease '{id}' in {where}.{hint}")
        {
            Target = id,
            RecommendedAction = elsewhere.Length > 0 ? $"Use -Namespace {elsewhere[0]}." : "List the leases with Get-CtrLease -Namespace *.",
        };
    }
}
