using System.Management.Automation;
using CtrPS.Completion;

namespace CtrPS.Commands;

/// <summary>Get-CtrNamespace: the namespaces of a containerd.</summary>
[Cmdlet(VerbsCommon.Get, "CtrNamespace")]
[OutputType(typeof(CtrNamespace))]
public sealed class GetCtrNamespaceCommand : CtrSessionCmdlet
{
    /// <summary>Names. Wildcards. Default: all.</summary>
    [Parameter(
        Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true,
        HelpMessage = "Names of namespaces. Wildcards are allowed.")]
    [Alias("Namespace")]
    [ArgumentCompleter(typeof(NamespaceCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public CtrNamespaceIdentity[]? Name { get; set; }

    /// <inheritdoc/>
    private protected override void OnRecord()
    {
        foreach (CtrNamespaceIdentity wanted in Name ?? [new CtrNamespaceIdentity("*")])
        {
            Guard(wanted, () =>
            {
                CtrSession session = SessionOf(wanted.Session, $"Namespace '{wanted.Name}'");
                WildcardPattern pattern = WildcardPattern.Get(wanted.Name, WildcardOptions.IgnoreCase);
                var found = Await(Connect(session).Namespaces.ListAsync).Where(one => pattern.IsMatch(one.Name)).ToList();
                if (found.Count == 0 && !WildcardPattern.ContainsWildcardCharacters(wanted.Name))
                {
                    throw new CtrException(
                        CtrErrorIds.NamespaceNotFound, CtrStatus.NotFound, $"There is no namespace '{wanted.Name}' at '{session.Address}'.")
                    {
                        Target = wanted.Name,
                        RecommendedAction = "List the namespaces with Get-CtrNamespace.",
                    };
                }

                foreach (CtrNamespace one in found)
                {
                    one.Session = session;
                    WriteObject(one);
                }
            });
        }
    }
}
