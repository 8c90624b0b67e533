using System.Management.Automation;
using CtrPS.Binding;
using CtrPS.Completion;

namespace CtrPS.Commands;

/// <summary>Base of the cmdlets that subscribe to events: to which.</summary>
public abstract class CtrEventCmdlet : CtrSessionCmdlet
{
    /// <summary>The longest time to wait, in seconds: 24 days, as a timer of .NET takes no more.</summary>
    private protected const int MaxSeconds = 24 * 86400;

    private readonly List<CtrContainerIdentity> _containers = [];

    /// <summary>Topics; wildcards. Default: all.</summary>
    [Parameter(Position = 0, HelpMessage = "Topics, such as /tasks/exit or /images/*. Wildcards are allowed.")]
    [ArgumentCompleter(typeof(TopicCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] Topic { get; set; } = [];

    /// <summary>Namespaces; wildcards, * for all. Default: the session's, or those of the container objects.</summary>
    [Parameter(HelpMessage = "Namespaces. Wildcards are allowed: * is all.")]
    [ArgumentCompleter(typeof(NamespaceCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[]? Namespace { get; set; }

    /// <summary>Only events of these containers, which need not exist yet. Default: all.</summary>
    [Parameter(ValueFromPipeline = true, HelpMessage = "Only events of these containers. Wildcards are allowed.")]
    [Alias("Id", "ContainerId")]
    [ContainerIdentityTransformation]
    [ArgumentCompleter(typeof(ContainerCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public CtrContainerIdentity[] Container { get; set; } = [];

    /// <summary>containerd's own filters.</summary>
    [Parameter(HelpMessage = "Filters in containerd's own language, such as 'event.exit_status!=0'.")]
    [ValidateNotNullOrEmpty]
    public string[] Filter { get; set; } = [];

    /// <summary>Leave out the events of processes that were added to a container.</summary>
    [Parameter(HelpMessage = "Leave out events of processes that were added to a container (exec).")]
    public SwitchParameter ExcludeExec { get; set; }

    /// <summary>What was asked for, in words.</summary>
    private protected string Words
    {
        get
        {
            string topics = Topic.Length > 0 ? $"event {string.Join(" or ", Topic)}" : "event";
            string containers = string.Join(" or ", _containers.Select(one => $"'{one.Id}'"));
            return _containers.Count > 0 ? $"{topics} of container {containers}" : topics;
        }
    }

    /// <inheritdoc/>
    private protected override void OnRecord() => _containers.AddRange(Container);

    /// <inheritdoc/>
    private protected override bool IsEndless => true;

    /// <summary>
    /// Subscribes and does the work; then the subscription ends, whatever happens. Nothing is done where the pipeline brought no container.
    /// </summary>
    private protected void WithSubscription(Action<ICtrSubscription, CtrSession> work)
    {
        if (ExpectsInput && _containers.Count == 0)
        {
            return;
        }

        Guard(null, () =>
        {
            (ICtrSubscription subscription, CtrSession session) = Subscribe();
            try
            {
                work(subscription, session);
            }
            finally
            {
                subscription.DisposeAsync().AsTask().GetAwaiter().GetResult();
            }
        });
    }

    /// <summary>Subscribes. The caller ends the subscription.</summary>
    private protected (ICtrSubscription Subscription, CtrSession Session) Subscribe()
    {
        CtrSession? carried = null;
        foreach (CtrContainerIdentity container in _containers.Where(one => one.Session is not null))
        {
            carried ??= container.Session;
            if (!ReferenceEquals(carried, container.Session))
            {
                throw new CtrException(
                    CtrErrorIds.TargetConflict, CtrStatus.InvalidArgument,
                    $"The containers come from different sessions, with '{carried!.Address}' and '{container.Session!.Address}'.")
                {
                    RecommendedAction = "Watch each session in a call of its own.",
                };
            }
        }

        CtrSession session = SessionOf(carried, $"Container '{_containers.FirstOrDefault(one => one.Session is not null)?.Id}'");
        var selection = new EventSelection(
            Topic,
            Namespace ?? (IReadOnlyList<string>)[session.Namespace],
            NamespaceIsGiven: Namespace is not null,
            _containers,
            Filter,
            ExcludeExec);
        selection.Check();
        ICtrConnection connection = Connect(session);
        ICtrSubscription subscription = Await(
            token => connection.Events.SubscribeAsync(selection.ToQuery(CtrIdentifier.RequireNamespace(session.Namespace)), token));
        WriteVerbose($"Subscribed to the events of containerd at '{session.Address}'.");
        return (subscription, session);
    }

    /// <summary>Runs what is to be done once nothing is missed any more, on this thread; its output is dropped.</summary>
    private protected void Run(ScriptBlock? script)
    {
        if (script is not null)
        {
            Invoke(script);
        }
    }

    /// <summary>The events, for a time.</summary>
    /// <param name="subscription">Where from.</param>
    /// <param name="session">Its session.</param>
    /// <param name="seconds">How long. 0: without end.</param>
    private protected IEnumerable<CtrEvent> EventsOf(ICtrSubscription subscription, CtrSession session, int seconds)
    {
        foreach (CtrEvent told in Pull(token => UntilAsync(subscription, seconds, token)))
        {
            told.Session = session;
            yield return told;
        }
    }

    private void Invoke(ScriptBlock script) => _ = OnPipeline(() => InvokeCommand.InvokeScript(useLocalScope: false, script, input: null));

    private static async IAsyncEnumerable<CtrEvent> UntilAsync(
        ICtrSubscription subscription, int seconds, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        if (seconds > 0)
        {
            end.CancelAfter(TimeSpan.FromSeconds(seconds));
        }

        await using IAsyncEnumerator<CtrEvent> events = subscription.ReadAsync(end.Token).GetAsyncEnumerator(end.Token);
        while (true)
        {
            try
            {
                if (!await events.MoveNextAsync().ConfigureAwait(false))
                {
                    yield break;
                }
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                yield break; // the time is over
            }

            yield return events.Current;
        }
    }
}
