using System.Management.Automation;
using CtrPS.Binding;
using CtrPS.Completion;

namespace CtrPS.Commands;

/// <summary>Base of the cmdlets that do something with containers which are there: which ones, in which namespace.</summary>
public abstract class CtrContainerCmdlet : CtrSessionCmdlet
{
    /// <summary>The containers: ids, wildcards, or objects of containers and tasks.</summary>
    [Parameter(
        Position = 0, Mandatory = true, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true,
        HelpMessage = "The containers. Wildcards are allowed.")]
    [Alias("Id", "ContainerId", "Name")]
    [ContainerIdentityTransformation]
    [ArgumentCompleter(typeof(ContainerCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public CtrContainerIdentity[] Container { get; set; } = [];

    /// <summary>The namespace. Default: the session's; an object brings its own.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true, HelpMessage = "The namespace.")]
    [ArgumentCompleter(typeof(NamespaceCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Namespace { get; set; }

    /// <summary>The container in words, for questions and messages.</summary>
    private protected static string Words(CtrContainer container) => $"container '{container.Id}' in namespace '{container.Namespace}'";

    /// <summary>
    /// Finds the containers that <see cref="Container"/> means, as they are now, and does the work for each. An error about one leaves the others
    /// to be done.
    /// </summary>
    /// <param name="work">The work; the container's session is set.</param>
    /// <param name="accept">Looks at what was given before anything is asked of the daemon; throws where it is not to be taken.</param>
    private protected void ForEachContainer(Action<FoundContainer> work, Action<CtrContainerIdentity>? accept = null)
    {
        foreach (CtrContainerIdentity wanted in Container)
        {
            Guard(wanted, () =>
            {
                accept?.Invoke(wanted);
                foreach (FoundContainer found in Find(wanted))
                {
                    Guard(found.Container, () => work(found));
                }
            });
        }
    }

    /// <summary>The containers that an identity means, as they are now.</summary>
    private protected IReadOnlyList<FoundContainer> Find(CtrContainerIdentity wanted)
    {
        CtrSession session = SessionOf(wanted.Session, $"Container '{wanted.Id}'");
        string name = NamespaceOf(wanted.Namespace, Namespace, session, $"Container '{wanted.Id}'");
        ICtrConnection connection = Connect(session);
        var found = new List<FoundContainer>();
        foreach (CtrContainer container in Pull(token => ContainerFinder.FindAsync(connection, name, wanted, token)))
        {
            container.Session = session;
            found.Add(new FoundContainer(container, session, connection, wanted));
        }

        return found;
    }

    /// <summary>The state in words: "is running", "is not started".</summary>
    private protected static string StateWords(CtrTaskState state) => state switch
    {
        CtrTaskState.Created => "is not started",
        CtrTaskState.Running => "is running",
        CtrTaskState.Stopped => "has ended",
        CtrTaskState.Paused => "is paused",
        CtrTaskState.Pausing => "is being paused",
        CtrTaskState.Unknown => "is in a state that the daemon cannot tell",
        _ => "does not exist",
    };

    /// <summary>Warns where Kubernetes owns the container: the kubelet puts things back as it wants them.</summary>
    /// <param name="container">The container.</param>
    /// <param name="done">What is done to it: "stopped".</param>
    private protected void WarnOfOwner(CtrContainer container, string done)
    {
        if (container.Kind != CtrContainerKind.None)
        {
            string what = container.Kind == CtrContainerKind.Sandbox ? "the sandbox" : $"container '{container.ContainerName}'";
            WriteWarning(
                $"The {Words(container)} is {what} of the pod {container.PodNamespace}/{container.PodName}: "
                + $"once it is {done}, the kubelet puts another one in its place.");
        }
    }

    /// <summary>Writes a container as it is now.</summary>
    private protected void WriteNow(FoundContainer found)
    {
        CtrContainer now = Await(token => found.Connection.Containers.FindAsync(found.Container.Namespace, found.Container.Id, token))
            ?? found.Container;
        now.Session = found.Session;
        WriteObject(now);
    }

    /// <summary>A container that was found.</summary>
    /// <param name="Container">As it is now.</param>
    /// <param name="Session">Where it is.</param>
    /// <param name="Connection">The session's connection.</param>
    /// <param name="Wanted">What was given.</param>
    private protected sealed record FoundContainer(
        CtrContainer Container, CtrSession Session, ICtrConnection Connection, CtrContainerIdentity Wanted);
}
