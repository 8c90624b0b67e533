using System.Management.Automation;

namespace CtrPS.Commands;

/// <summary>Finds unfinished writes by what a user gave: a literal ref or a wildcard pattern.</summary>
internal static class IngestFinder
{
    /// <summary>Whether a pattern is meant. The ref of an object is none.</summary>
    public static bool IsPattern(CtrIngestIdentity identity) =>
        identity.Ingest is null && WildcardPattern.ContainsWildcardCharacters(identity.Ref);

    /// <summary>All writes in some namespaces that an identity means. A pattern may mean none; a literal ref that means none is an error.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.IngestNotFound"/>, with where it is instead.</exception>
    public static async Task<IReadOnlyList<CtrIngest>> FindAsync(
        ICtrConnection connection, IReadOnlyList<string> namespaces, CtrIngestIdentity identity, CancellationToken cancellationToken)
    {
        bool isPattern = IsPattern(identity);
        WildcardPattern? pattern = isPattern ? WildcardPattern.Get(identity.Ref, WildcardOptions.IgnoreCase) : null;
        var found = new List<CtrIngest>();
        foreach (string name in namespaces)
        {
            found.AddRange((await connection.Content.ListIngestsAsync(name, cancellationToken).ConfigureAwait(false))
                .Where(ingest => pattern?.IsMatch(ingest.Ref) ?? ingest.Ref == identity.Ref));
        }

        return found.Count > 0 || isPattern
            ? found
            : throw await NotFoundAsync(connection, namespaces, identity.Ref, cancellationToken).ConfigureAwait(false);
    }

    private static async Task<CtrException> NotFoundAsync(
        ICtrConnection connection, IReadOnlyList<string> namespaces, string reference, CancellationToken cancellationToken)
    {
        var elsewhere = new List<string>();
        foreach (CtrNamespace one in await connection.Namespaces.ListAsync(cancellationToken).ConfigureAwait(false))
        {
            if (!namespaces.Contains(one.Name)
                && (await connection.Content.ListIngestsAsync(one.Name, cancellationToken).ConfigureAwait(false))
                    .Any(ingest => ingest.Ref == reference))
            {
                elsewhere.Add(one.Name);
            }
        }

        string where = (namespaces.Count == 1 ? "namespace " : "the namespaces ") + string.Join(", ", namespaces.Select(one => $"'{one}'"));
        string hint = elsewhere.Count > 0 ? $". It is in {string.Join(", ", elsewhere.Select(one => $"'{one}'"))}." : ": it may be done.";
        return new CtrException(
            CtrErrorIds.IngestNotFound, CtrStatus.NotFound, $"There is no unfinished write '{reference}' in {where}{hint}")
        {
            Target = reference,
            RecommendedAction = elsewhere.Count > 0 ? $"Use -Namespace {elsewhere[0]}." : "List them with Get-CtrIngest -Namespace *.",
        };
    }
}
