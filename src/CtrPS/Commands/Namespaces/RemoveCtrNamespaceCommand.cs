using System.Management.Automation;
using CtrPS.Completion;

namespace CtrPS.Commands;

/// <summary>Remove-CtrNamespace: removes namespaces that are empty, or with all that they have.</summary>
[Cmdlet(VerbsCommon.Remove, "CtrNamespace", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
public sealed class RemoveCtrNamespaceCommand : CtrSessionCmdlet
{
    /// <summary>The namespaces. Wildcards.</summary>
    [Parameter(
        Position = 0, Mandatory = true, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true,
        HelpMessage = "The namespaces. Wildcards are allowed.")]
    [Alias("Namespace")]
    [ArgumentCompleter(typeof(NamespaceCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public CtrNamespaceIdentity[] Name { get; set; } = [];

    /// <summary>Remove what is in them as well.</summary>
    [Parameter(HelpMessage = "Remove all that is in them as well: tasks, containers, images, leases, snapshots and blobs.")]
    public SwitchParameter Recurse { get; set; }

    /// <summary>Do not ask, and remove k8s.io, moby and plugins.moby as well.</summary>
    [Parameter(HelpMessage = "Do not ask, and remove the namespaces of Kubernetes and docker as well.")]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    private protected override void OnRecord()
    {
        foreach (CtrNamespaceIdentity wanted in Name)
        {
            Guard(wanted, () =>
            {
                CtrSession session = SessionOf(wanted.Session, $"Namespace '{wanted.Name}'");
                ICtrConnection connection = Connect(session);
                foreach (string name in Await(token => NamespaceFinder.NamesAsync(connection, session.Address, wanted, token)))
                {
                    Guard(name, () => Remove(name, session, connection));
                }
            });
        }
    }

    private void Remove(string name, CtrSession session, ICtrConnection connection)
    {
        string? owner = name switch
        {
            "k8s.io" => "Kubernetes",
            "moby" or "plugins.moby" => "docker",
            _ => null,
        };
        if (owner is not null && !Force)
        {
            throw new CtrException(
                CtrErrorIds.NamespaceProtected, CtrStatus.FailedPrecondition, $"The namespace '{name}' belongs to {owner}. It was not removed.")
            {
                Target = name,
                RecommendedAction = "Use -Force if you mean it.",
            };
        }

        string words = Recurse ? WordsOf(name, connection) : "";
        if (Confirm($"namespace '{name}' at '{session.Address}'{words}", "Remove", Force))
        {
            if (words.Length > 0)
            {
                _ = AwaitTransfer($"Removing namespace {name}", async (meter, token) =>
                {
                    await connection.Storage.ClearAsync(name, meter, token).ConfigureAwait(false);
                    return true;
                });
            }

            Await(token => connection.Namespaces.DeleteAsync(name, token));
        }
    }

    /// <summary>What goes with it, in words; empty where it has nothing.</summary>
    private string WordsOf(string name, ICtrConnection connection)
    {
        NamespaceContent content = Await(token => connection.Storage.CountAsync(name, token));
        if (content.Mounts is [var mount, ..])
        {
            throw new CtrException(
                CtrErrorIds.NamespaceNotEmpty,
                CtrStatus.FailedPrecondition,
                $"The namespace '{name}' was not removed: an image or a snapshot of it is mounted in '{mount}'.")
            {
                Target = name,
                RecommendedAction = $"End that first: Dismount-CtrImage {mount} -Namespace {name}, or Dismount-CtrSnapshot.",
            };
        }

        return content.Words.Length == 0 ? "" : $" with {content.Words}";
    }
}
