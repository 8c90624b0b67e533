using System.Management.Automation;
using CtrPS.Commands.Container;
using CtrPS.Completion;
using CtrPS.Session;

namespace CtrPS.Commands.Tasks;

/// <summary>Get-CtrTask: the tasks of one or more namespaces.</summary>
[Cmdlet(VerbsCommon.Get, "CtrTask")]
[OutputType(typeof(CtrTask))]
public sealed class GetCtrTaskCommand : CtrListCmdlet
{
    /// <summary>The containers: ids, wildcards, or objects of containers and tasks. Default: all.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true, HelpMessage = "The containers. Wildcards are allowed.")]
    [Alias("Id", "ContainerId", "Name")]
    [ContainerIdentityTransformation]
    [ArgumentCompleter(typeof(ContainerCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public CtrContainerIdentity[]? Container { get; set; }

    /// <summary>Only tasks in one of these states.</summary>
    [Parameter(HelpMessage = "States of the task.")]
    [ValidateNotNullOrEmpty]
    public CtrTaskState[] State { get; set; } = [];

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (Container is null)
        {
            Guard(null, () => List(null, TargetSession, null));
            return;
        }

        foreach (CtrContainerIdentity wanted in Container)
        {
            Guard(wanted, () => List(wanted, SessionOf(wanted.Session, $"Container '{wanted.Id}'"), wanted.Namespace));
        }
    }

    private void List(CtrContainerIdentity? wanted, CtrSession session, string? carriedNamespace)
    {
        ICtrConnection connection = Connect(session);
        IReadOnlyList<string> namespaces = Namespaces(connection, session, carriedNamespace, $"Container '{wanted?.Id}'");
        bool literal = wanted is not null && !ContainerFinder.IsPattern(wanted);
        Func<string, bool> matches = wanted is null ? _ => true : ContainerFinder.Matcher(wanted);
        int found = 0;
        foreach (string name in namespaces)
        {
            foreach (CtrTask task in literal
                ? Await(token => connection.Tasks.FindAsync(name, wanted!.Id, token)) is { } one ? [one] : []
                : Await(token => connection.Tasks.ListAsync(name, token)).Where(task => matches(task.Id)))
            {
                found++;
                if (State.Length == 0 || State.Contains(task.State))
                {
                    task.Session = session;
                    WriteObject(task);
                }
            }
        }

        if (found == 0 && literal)
        {
            throw Await(token => NoTaskAsync(connection, namespaces, wanted!.Id, token));
        }

        if (found == 0 && wanted is null)
        {
            WarnOfOthers(connection, session, namespaces, "tasks", name => Await(token => connection.Tasks.ListAsync(name, token)).Count > 0);
        }
    }

    /// <summary>The error for an id without a task: there is no such container, or it was not started.</summary>
    private static async Task<CtrException> NoTaskAsync(ICtrConnection connection, IReadOnlyList<string> namespaces, string id, CancellationToken cancellationToken)
    {
        foreach (string name in namespaces)
        {
            if (await connection.Containers.FindAsync(name, id, cancellationToken).ConfigureAwait(false) is not null)
            {
                return ContainerFaults.NoTask(name, id);
            }
        }

        return await ContainerFinder.NotFoundAsync(connection, namespaces, id, cancellationToken).ConfigureAwait(false);
    }
}
