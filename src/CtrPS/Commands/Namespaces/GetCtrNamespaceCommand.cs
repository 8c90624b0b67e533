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
                ICtrConnection connection = Connect(session);
                foreach (CtrNamespace one in Await(token => NamespaceFinder.FindAsync(connection, session.Address, wanted, token)))
                {
                    one.Session = session;
                    WriteObject(one);
                }
            });
        }
    }
}
