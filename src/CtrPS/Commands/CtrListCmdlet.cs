using System.Management.Automation;
using CtrPS.Completion;

namespace CtrPS.Commands;

/// <summary>Base of the cmdlets that list what is in namespaces: which of them, and what to say where there is nothing.</summary>
public abstract class CtrListCmdlet : CtrSessionCmdlet
{
    private bool _warned;

    /// <summary>Namespaces; wildcards, * for all. Default: the session's.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true, HelpMessage = "Namespaces. Wildcards are allowed: * is all.")]
    [ArgumentCompleter(typeof(NamespaceCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[]? Namespace { get; set; }

    /// <summary>The namespaces to look into.</summary>
    /// <param name="connection">Where.</param>
    /// <param name="session">Whose connection it is.</param>
    /// <param name="carried">The namespace of a piped object. Null: none.</param>
    /// <param name="what">The piped object in words.</param>
    private protected IReadOnlyList<string> Namespaces(ICtrConnection connection, CtrSession session, string? carried, string what)
    {
        if (Namespace is null)
        {
            return [CtrIdentifier.RequireNamespace(carried ?? session.Namespace)];
        }

        if (carried is not null)
        {
            return Namespace.Any(pattern => WildcardPattern.Get(pattern, WildcardOptions.None).IsMatch(carried))
                ? [carried]
                : [NamespaceOf(carried, Namespace[0], session, what)];
        }

        if (!Namespace.Any(WildcardPattern.ContainsWildcardCharacters))
        {
            return [.. Namespace.Select(CtrIdentifier.RequireNamespace).Distinct()];
        }

        IReadOnlyList<CtrNamespace> all = Await(connection.Namespaces.ListAsync);
        return [.. Namespace.SelectMany(pattern => WildcardPattern.ContainsWildcardCharacters(pattern)
            ? all.Select(one => one.Name).Where(name => WildcardPattern.Get(pattern, WildcardOptions.IgnoreCase).IsMatch(name))
            : [CtrIdentifier.RequireNamespace(pattern)]).Distinct()];
    }

    /// <summary>Nothing here: says so once, with the namespaces that do have some, and tells a namespace that does not exist.</summary>
    /// <param name="connection">Where.</param>
    /// <param name="session">Whose connection it is.</param>
    /// <param name="searched">The namespaces that have none.</param>
    /// <param name="things">What is listed: "images".</param>
    /// <param name="has">Whether a namespace has some.</param>
    private protected void WarnOfOthers(
        ICtrConnection connection, CtrSession session, IReadOnlyList<string> searched, string things, Func<string, bool> has)
    {
        if (_warned)
        {
            return;
        }

        _warned = true;
        IReadOnlyList<CtrNamespace> all = Await(connection.Namespaces.ListAsync);
        var others = all.Select(one => one.Name).Except(searched).Where(has).ToList();
        foreach (string absent in Namespace is null ? [] : searched.Except(all.Select(one => one.Name)))
        {
            string elsewhere = others.Count > 0 ? $" {char.ToUpperInvariant(things[0])}{things[1..]} are in {string.Join(", ", others)}." : "";
            Guard(absent, () => throw new CtrException(
                CtrErrorIds.NamespaceNotFound, CtrStatus.NotFound, $"There is no namespace '{absent}' at '{session.Address}'.{elsewhere}")
            {
                Target = absent,
                RecommendedAction = "List the namespaces with Get-CtrNamespace.",
            });
        }

        if (others.Count > 0 && searched.Any(name => Namespace is null || all.Any(one => one.Name == name)))
        {
            WriteWarning(
                $"There are no {things} in namespace {string.Join(", ", searched)}, but there are in {string.Join(", ", others)}. "
                + "Use -Namespace, or * for all.");
        }
    }
}
