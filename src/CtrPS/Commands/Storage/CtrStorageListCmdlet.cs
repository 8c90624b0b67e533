using System.Management.Automation;

namespace CtrPS.Commands;

/// <summary>Base of the cmdlets that look at the disk of a daemon: all namespaces where none is given, as they share it.</summary>
public abstract class CtrStorageListCmdlet : CtrListCmdlet
{
    private WildcardPattern[] _patterns = [];

    /// <inheritdoc/>
    private protected sealed override void OnRecord()
    {
        CtrSession session = TargetSession;
        Guard(session.Address, () =>
        {
            ICtrConnection connection = Connect(session);
            if (Namespace?.FirstOrDefault(name => !WildcardPattern.ContainsWildcardCharacters(name)) is not null)
            {
                RequireNamespaces(connection, session);
            }

            _patterns = [.. (Namespace ?? ["*"]).Select(pattern => WildcardPattern.Get(pattern, WildcardOptions.IgnoreCase))];
            List(session, connection);
        });
    }

    /// <summary>Whether a namespace is asked for. The empty name is that of what is in none.</summary>
    private protected bool IsWanted(string name) => _patterns.Any(pattern => pattern.IsMatch(name));

    /// <summary>Those of all namespaces that are asked for, in the order in which they are.</summary>
    private protected IReadOnlyList<string> WantedOf(IReadOnlyCollection<string> all) =>
        [.. _patterns.SelectMany(pattern => all.Where(pattern.IsMatch)).Distinct()];

    /// <summary>Does the cmdlet's work at a daemon.</summary>
    private protected abstract void List(CtrSession session, ICtrConnection connection);

    private void RequireNamespaces(ICtrConnection connection, CtrSession session)
    {
        string[] all = [.. Await(connection.Namespaces.ListAsync).Select(one => one.Name)];
        foreach (string name in Namespace!.Where(name => !WildcardPattern.ContainsWildcardCharacters(name) && !all.Contains(name)))
        {
            Guard(name, () => throw new CtrException(
                CtrErrorIds.NamespaceNotFound,
                CtrStatus.NotFound,
                $"There is no namespace '{CtrIdentifier.RequireNamespace(name)}' at '{session.Address}'.")
            {
                Target = name,
                RecommendedAction = "List the namespaces with Get-CtrNamespace.",
            });
        }
    }
}
