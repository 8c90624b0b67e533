using System.Management.Automation;
using CtrPS.Output;

namespace CtrPS.Commands;

/// <summary>Finds namespaces by what a user gave: a literal name or a wildcard pattern.</summary>
internal static class NamespaceFinder
{
    /// <summary>Whether a pattern is meant.</summary>
    public static bool IsPattern(CtrNamespaceIdentity identity) => WildcardPattern.ContainsWildcardCharacters(identity.Name);

    /// <summary>All namespaces that an identity means. A pattern may mean none; a literal name that means none is an error.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.NamespaceNotFound"/>.</exception>
    public static async Task<IReadOnlyList<CtrNamespace>> FindAsync(
        ICtrConnection connection, string address, CtrNamespaceIdentity identity, CancellationToken cancellationToken)
    {
        WildcardPattern pattern = WildcardPattern.Get(identity.Name, WildcardOptions.IgnoreCase);
        IReadOnlyList<CtrNamespace> all = await connection.Namespaces.ListAsync(cancellationToken).ConfigureAwait(false);
        CtrNamespace[] found = [.. all.Where(one => pattern.IsMatch(one.Name))];
        return found.Length > 0 || IsPattern(identity) ? found : throw NotFound(address, identity.Name, all);
    }

    /// <summary>The names that a change is meant for: a literal one as it is, whether it is there or not, and all that a pattern means.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.InvalidNamespace"/>.</exception>
    public static async Task<IReadOnlyList<string>> NamesAsync(
        ICtrConnection connection, string address, CtrNamespaceIdentity identity, CancellationToken cancellationToken) => IsPattern(identity)
        ? [.. (await FindAsync(connection, address, identity, cancellationToken).ConfigureAwait(false)).Select(one => one.Name)]
        : [CtrIdentifier.RequireNamespace(identity.Name)];

    private static CtrException NotFound(string address, string name, IReadOnlyList<CtrNamespace> all)
    {
        IReadOnlyList<CtrNamespace> near = NearNames.Of(name, all, one => [one.Name]);
        string hint = near.Count == 0 ? "" : $" Did you mean {string.Join(", ", near.Select(one => $"'{one.Name}'"))}?";
        return new CtrException(CtrErrorIds.NamespaceNotFound, CtrStatus.NotFound, $"There is no namespace '{name}' at '{address}'.{hint}")
        {
            Target = name,
            RecommendedAction = "List the namespaces with Get-CtrNamespace.",
        };
    }
}
