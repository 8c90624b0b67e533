using System.Management.Automation;
using CtrPS.Binding;
using CtrPS.Completion;

namespace CtrPS.Commands;

/// <summary>Base of the cmdlets that look at tasks: all of one or more namespaces, or those of some containers.</summary>
public abstract class CtrTaskListCmdlet : CtrListCmdlet
{
    /// <summary>The containers: ids, wildcards, or objects of containers, tasks and processes. Default: all.</summary>
    [Parameter(
        Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true,
        HelpMessage = "The containers. Wildcards are allowed.")]
    [Alias("Id", "ContainerId", "Name")]
    [ContainerIdentityTransformation]
    [ArgumentCompleter(typeof(ContainerCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public CtrContainerIdentity[]? Container { get; set; }

    /// <inheritdoc/>
    private protected sealed override void OnRecord()
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

    /// <summary>Does the cmdlet's work for the tasks of a namespace that were asked for.</summary>
    private protected abstract void Write(FoundTasks found);

    /// <summary>The error for an id without a task: there is no such container, or it was not started.</summary>
    private protected static async Task<CtrException> NoTaskAsync(
        ICtrConnection connection, IReadOnlyList<string> namespaces, string id, CancellationToken cancellationToken)
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

    private void List(CtrContainerIdentity? wanted, CtrSession session, string? carriedNamespace)
    {
        ICtrConnection connection = Connect(session);
        IReadOnlyList<string> namespaces = Namespaces(connection, session, carriedNamespace, $"Container '{wanted?.Id}'");
        bool isLiteral = wanted is not null && !ContainerFinder.IsPattern(wanted);
        Func<string, bool> matches = wanted is null ? _ => true : ContainerFinder.Matcher(wanted);
        int count = 0;
        foreach (string name in namespaces)
        {
            IReadOnlyList<CtrTask> tasks = isLiteral
                ? Await(token => connection.Tasks.FindAsync(name, wanted!.Id, token)) is { } one ? [one] : []
                : [.. Await(token => connection.Tasks.ListAsync(name, token)).Where(task => matches(task.Id))];
            foreach (CtrTask task in tasks)
            {
                task.Session = session;
            }

            count += tasks.Count;
            Write(new FoundTasks(tasks, name, session, connection, isLiteral ? wanted!.Id : null, matches));
        }

        if (count == 0 && isLiteral)
        {
            throw Await(token => NoTaskAsync(connection, namespaces, wanted!.Id, token));
        }

        if (count == 0 && wanted is null)
        {
            WarnOfOthers(connection, session, namespaces, "tasks", name => Await(token => connection.Tasks.ListAsync(name, token)).Count > 0);
        }
    }

    /// <summary>Tasks of a namespace.</summary>
    /// <param name="Tasks">As they are now; their session is set.</param>
    /// <param name="Namespace">The namespace.</param>
    /// <param name="Session">Where it is.</param>
    /// <param name="Connection">The session's connection.</param>
    /// <param name="Id">The one container that was named. Null: all that match.</param>
    /// <param name="Matches">Which ids were asked for.</param>
    private protected sealed record FoundTasks(
        IReadOnlyList<CtrTask> Tasks, string Namespace, CtrSession Session, ICtrConnection Connection, string? Id, Func<string, bool> Matches);
}
