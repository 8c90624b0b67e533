using System.Management.Automation;
using CtrPS.Binding;
using CtrPS.Completion;

namespace CtrPS.Commands;

/// <summary>Get-CtrContainer: the containers of one or more namespaces, with the state of their tasks.</summary>
[Cmdlet(VerbsCommon.Get, "CtrContainer")]
[OutputType(typeof(CtrContainer))]
public sealed class GetCtrContainerCommand : CtrListCmdlet
{
    /// <summary>Containers measured at the same time: each costs the daemon a walk through its files.</summary>
    private const int AtOnce = 4;

    /// <summary>Ids; wildcards. Objects of namespaces and images mean all their containers. Default: all.</summary>
    [Parameter(
        Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true,
        HelpMessage = "Ids of containers. Wildcards are allowed.")]
    [Alias("Id", "ContainerId", "Name")]
    [ContainerIdentityTransformation(AllOfObject = true)]
    [ArgumentCompleter(typeof(ContainerCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public CtrContainerIdentity[]? Container { get; set; }

    /// <summary>Only containers whose task is in one of these states.</summary>
    [Parameter(HelpMessage = "States of the task. None: there is no task.")]
    [ValidateNotNullOrEmpty]
    public CtrTaskState[] State { get; set; } = [];

    /// <summary>Only containers of images with these names: docker's short forms, wildcards.</summary>
    [Parameter(HelpMessage = "Names of the images. Wildcards are allowed.")]
    [ImageIdentityTransformation]
    [ArgumentCompleter(typeof(ImageCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public CtrImageIdentity[] Image { get; set; } = [];

    /// <summary>Only containers of pods with these names; wildcards.</summary>
    [Parameter(HelpMessage = "Names of Kubernetes' pods. Wildcards are allowed.")]
    [ArgumentCompleter(typeof(PodCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] Pod { get; set; } = [];

    /// <summary>Only containers that Kubernetes means to be this.</summary>
    [Parameter(HelpMessage = "What Kubernetes means the container to be: a container of a pod, its sandbox, or none of its.")]
    [ValidateNotNullOrEmpty]
    public CtrContainerKind[] Kind { get; set; } = [];

    /// <summary>containerd's own filters.</summary>
    [Parameter(HelpMessage = "Filters in containerd's own language, such as 'runtime.name~=runc' or 'labels.team==web'.")]
    [ValidateNotNullOrEmpty]
    public string[] Filter { get; set; } = [];

    /// <summary>Find out how much each has written.</summary>
    [Parameter(HelpMessage = "Find out how much each has written: the daemon looks at all its files.")]
    public SwitchParameter Size { get; set; }

    /// <inheritdoc/>
    private protected override void OnRecord()
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
        bool direct = literal && Filter.Length == 0;
        Func<CtrContainer, bool> fits = Condition(wanted);
        int found = 0;
        foreach (string name in namespaces)
        {
            var measured = new List<CtrContainer>();
            foreach (CtrContainer container in direct ? Literal(connection, name, wanted!.Id) : Listed(connection, name, wanted))
            {
                found++;
                if (fits(container))
                {
                    container.Session = session;
                    if (Size)
                    {
                        measured.Add(container);
                    }
                    else
                    {
                        WriteObject(container);
                    }
                }
            }

            ForEachAtOnce(measured, AtOnce, connection.ContainerFiles.MeasureAsync, container => container, (container, size) =>
            {
                container.Size = size;
                var sized = PSObject.AsPSObject(container);
                sized.TypeNames.Insert(0, typeof(CtrContainer).FullName + "#Size"); // a table of its own
                WriteObject(sized);
            });
        }

        // An id that is there and does not fit what else was asked for is an answer: nothing.
        if (found == 0 && literal && Filter.Length == 0)
        {
            throw Await(token => ContainerFinder.NotFoundAsync(connection, namespaces, wanted!.Id, token));
        }

        if (found == 0 && wanted is null && Filter.Length == 0)
        {
            WarnOfOthers(connection, session, namespaces, "containers", name =>
                Pull(token => connection.Containers.ListAsync(new CtrContainerQuery { Namespace = name }, token)).Any());
        }
    }

    private IEnumerable<CtrContainer> Literal(ICtrConnection connection, string @namespace, string id) =>
        Await(token => connection.Containers.FindAsync(@namespace, id, token)) is { } container ? [container] : [];

    private IEnumerable<CtrContainer> Listed(ICtrConnection connection, string @namespace, CtrContainerIdentity? wanted)
    {
        var query = new CtrContainerQuery
        {
            Namespace = @namespace,
            Filters = Filter,
            Match = wanted is null ? null : ContainerFinder.Matcher(wanted),
        };
        return Pull(token => connection.Containers.ListAsync(query, token));
    }

    private Func<CtrContainer, bool> Condition(CtrContainerIdentity? wanted)
    {
        WildcardPattern[] pods = [.. Pod.Select(pattern => WildcardPattern.Get(pattern, WildcardOptions.IgnoreCase))];
        Func<string, bool>[] images = [.. Image.Select(ImageFinder.Matcher)];
        return container => (State.Length == 0 || State.Contains(container.State))
            && (Kind.Length == 0 || Kind.Contains(container.Kind))
            && (wanted?.Image is null || wanted.Image.Name == container.Image || wanted.Image.Aliases.Contains(container.Image))
            && (images.Length == 0 || images.Any(matches => matches(container.Image)))
            && (pods.Length == 0 || (container.PodName is { } pod && pods.Any(pattern => pattern.IsMatch(pod))));
    }
}
