namespace CtrPS.Commands;

/// <summary>
/// Base of the cmdlets that do something with tasks which are there. A pattern means the containers that have one; an id without a task is an
/// error.
/// </summary>
public abstract class CtrTaskCmdlet : CtrContainerCmdlet
{
    /// <summary>How many calls are under way at a time.</summary>
    private protected const int Width = 16;

    /// <summary>The task in words, for questions and messages.</summary>
    private protected static string TaskWords(CtrContainer container) => $"task of {Words(container)}";

    /// <summary>
    /// Finds the containers that <see cref="CtrContainerCmdlet.Container"/> means and that have a task, and does the work for each. An error about
    /// one leaves the others to be done.
    /// </summary>
    /// <param name="work">The work; the container's session is set.</param>
    private protected void ForEachTask(Action<FoundContainer> work)
    {
        foreach (CtrContainerIdentity wanted in Container)
        {
            Guard(wanted, () =>
            {
                bool isPattern = ContainerFinder.IsPattern(wanted);
                foreach (FoundContainer found in Find(wanted))
                {
                    if (found.Container.State != CtrTaskState.None)
                    {
                        Guard(found.Container, () => work(found));
                    }
                    else if (!isPattern)
                    {
                        Guard(found.Container, () => throw ContainerFaults.NoTask(found.Container.Namespace, found.Container.Id));
                    }
                }
            });
        }
    }

    /// <summary>The error for a task that is in the wrong state.</summary>
    private protected static CtrException WrongState(CtrContainer container, string consequence, string action) => new(
        CtrErrorIds.TaskState, CtrStatus.FailedPrecondition, $"The {TaskWords(container)} {StateWords(container.State)}. {consequence}")
    {
        Target = container.Id,
        RecommendedAction = action,
    };

    /// <summary>Writes a task.</summary>
    private protected void WriteTask(CtrTask task, CtrSession session)
    {
        task.Session = session;
        WriteObject(task);
    }

    /// <summary>Writes the task of a container as it is now.</summary>
    private protected void WriteTaskNow(FoundContainer found) =>
        WriteTask(
            Await(token => found.Connection.Tasks.FindAsync(found.Container.Namespace, found.Container.Id, token))
                ?? throw ContainerFaults.NoTask(found.Container.Namespace, found.Container.Id),
            found.Session);
}
