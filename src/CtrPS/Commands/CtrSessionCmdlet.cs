using System.Management.Automation;
using CtrPS.Binding;
using CtrPS.Completion;
using CtrPS.Sessions;

namespace CtrPS.Commands;

/// <summary>
/// Base of the cmdlets that speak to a containerd: which one, or which ones, and which namespaces. Over several sessions a cmdlet runs once for
/// each, side by side, as an instance of its own that knows only that session (<see cref="NodeRun"/>).
/// </summary>
public abstract class CtrSessionCmdlet : CtrCmdlet
{
    private readonly List<CtrSession> _piped = [];
    private CmdletParameters? _given;
    private bool _isForPipedSession;
    private bool _isOneOfSeveral;
    private bool _hasBegun;
    private NodeRun? _nodes;
    private CtrSessionCmdlet? _origin;

    /// <summary>Sessions from Connect-CtrSession, their numbers, or addresses. Default: the default session, which connects by itself.</summary>
    [Parameter(HelpMessage = "Sessions, their numbers, or addresses of containerd. Sessions may be piped in as well.")]
    [Alias("Address")]
    [SessionTransformation]
    [ArgumentCompleter(typeof(SessionCompleter))]
    [ValidateNotNullOrEmpty]
    public CtrSession[]? Session { get; set; }

    /// <summary>
    /// A session from the pipeline. It means <see cref="Session"/>, and is a parameter of its own, as that one would take any piped text for an
    /// address.
    /// </summary>
    [Parameter(ValueFromPipeline = true, DontShow = true)]
    public CtrSession? PipedSession { get; set; }

    /// <summary>The session to use for what was not piped in with its own.</summary>
    private protected CtrSession TargetSession => OnlySession ?? SessionTable.Current.Default;

    /// <summary>Whether the pipeline brings something else than the sessions to work with.</summary>
    private protected bool ExpectsInput => MyInvocation.ExpectingInput && !_isForPipedSession;

    /// <summary>Why the cmdlet, as it was called, can work with one session only: "one archive is written". Null: it can with several.</summary>
    private protected virtual string? OneSessionOnly => null;

    /// <summary>
    /// Whether the cmdlet, as it was called, may write for a long time. Then what several sessions write comes as it comes, else one after the other.
    /// </summary>
    private protected virtual bool IsEndless => false;

    private CtrSession? OnlySession => Session is [CtrSession only] ? only : null;

    /// <inheritdoc/>
    protected sealed override void BeginProcessing()
    {
        _given = CmdletParameters.Of(this);
        if (!MyInvocation.ExpectingInput)
        {
            BeginOnce(); // else with the first object: it may be a session
        }
    }

    /// <inheritdoc/>
    protected sealed override void ProcessRecord()
    {
        if (PipedSession is not null)
        {
            _piped.Add(PipedSession);
            return;
        }

        BeginOnce();
        if (_nodes is null)
        {
            OnRecord();
        }
        else
        {
            var now = CmdletParameters.Of(this);
            _nodes.ForEach(node =>
            {
                now.CopyTo(node, but: nameof(Session));
                node.OnRecord();
            });
        }
    }

    /// <inheritdoc/>
    protected sealed override void EndProcessing()
    {
        if (_piped.Count > 0)
        {
            OrEnd(RunForPiped);
        }

        if (_piped.Count == 0 || _hasBegun)
        {
            BeginOnce();
            if (_nodes is null)
            {
                OnEnd();
            }
            else
            {
                _nodes.ForEach(node => node.OnEnd());
            }
        }

        OnWholeEnd();
    }

    /// <inheritdoc/>
    protected override void StopProcessing()
    {
        base.StopProcessing();
        _nodes?.Stop();
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _nodes?.Dispose();
        }

        base.Dispose(disposing);
    }

    /// <summary>The cmdlet's work before the first object.</summary>
    private protected virtual void OnBegin()
    {
    }

    /// <summary>The cmdlet's work for an object, or for none where no pipeline brings any.</summary>
    private protected virtual void OnRecord()
    {
    }

    /// <summary>The cmdlet's work after the last object.</summary>
    private protected virtual void OnEnd()
    {
    }

    /// <summary>The work before that of any session, on the pipeline's thread: once, however many sessions there are.</summary>
    private protected virtual void OnWholeBegin()
    {
    }

    /// <summary>The work after that of all sessions, on the pipeline's thread: once, however many sessions there are.</summary>
    private protected virtual void OnWholeEnd()
    {
    }

    /// <summary>The cmdlet that the engine made, of which this may be the instance for a session.</summary>
    private protected CtrSessionCmdlet WholeCmdlet => _origin ?? this;

    /// <summary>Whether a parameter was given, on the command line or by an object that is none of the sessions.</summary>
    private protected bool IsGiven(string parameter) =>
        _isForPipedSession ? _given!.IsGiven(parameter) : MyInvocation.BoundParameters.ContainsKey(parameter);

    /// <summary>Whether a parameter was given on the command line: an object of the pipeline may give it too by the time the work begins.</summary>
    private protected bool IsOnCommandLine(string parameter) => _given!.IsGiven(parameter);

    /// <summary>The session of a piped object, else the cmdlet's.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.TargetConflict"/> when both are given and differ.</exception>
    private protected CtrSession SessionOf(CtrSession? carried, string what) =>
        carried is null || OnlySession is null || carried.Endpoint.Reaches(OnlySession.Endpoint)
            ? OnlySession ?? carried ?? TargetSession
            : throw Conflict($"{what} comes from the session with '{carried.Address}', but -Session says '{OnlySession.Address}'.");

    /// <summary>The namespace of a piped object, else the given one, else the session's.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.TargetConflict"/>; <see cref="CtrErrorIds.InvalidNamespace"/>.</exception>
    private protected static string NamespaceOf(string? carried, string? given, CtrSession session, string what) =>
        carried is null || given is null || carried == given
            ? CtrIdentifier.RequireNamespace(carried ?? given ?? session.Namespace)
            : throw Conflict($"{what} comes from the namespace '{carried}', but -Namespace says '{given}'.");

    /// <summary>The connection of a session; the first call opens it.</summary>
    private protected ICtrConnection Connect(CtrSession session)
    {
        if (session.State == CtrSessionState.New)
        {
            WriteVerbose($"Connecting to containerd at '{session.Address}'; namespace '{session.Namespace}'.");
        }

        return Await(session.OpenAsync);
    }

    /// <summary>Something in words, for questions and messages: with the address where there is more than one to think of.</summary>
    private protected string At(CtrSession session, string words) =>
        _isOneOfSeveral || SessionTable.Current.Sessions.Count > 1 ? $"{words} at '{session.Address}'" : words;

    /// <summary>Asks whether to go on with something that is at a session.</summary>
    internal bool ShouldProcess(CtrSession session, string words, string action) => ShouldProcess(At(session, words), action);

    private void BeginOnce()
    {
        if (_hasBegun)
        {
            return;
        }

        _hasBegun = true;
        CtrSession[] sessions = [.. (Session ?? []).Distinct()];
        Session = sessions.Length > 0 ? sessions : null;
        OnWholeBegin();
        if (sessions.Length <= 1)
        {
            OnBegin();
            return;
        }

        OrEnd(() => _nodes = Nodes(sessions, CmdletParameters.Of(this), arePiped: false));
        _nodes!.ForEach(node => node.OnBegin());
    }

    /// <summary>Does all the work for the sessions that the pipeline brought. What else the engine bound to their properties means nothing.</summary>
    private void RunForPiped()
    {
        if (_given!.IsGiven(nameof(Session)))
        {
            throw Conflict($"A session with '{_piped[0].Address}' comes through the pipeline, and -Session names one as well.");
        }

        if (_given.Missing(ParameterSetName) is { } missing)
        {
            throw new CtrException(
                CtrErrorIds.InvalidArgument, CtrStatus.InvalidArgument,
                $"A session comes through the pipeline: it says where, and -{missing} has to say what.")
            {
                Target = missing,
                RecommendedAction = $"Give -{missing}.",
            };
        }

        if (!_hasBegun)
        {
            OnWholeBegin();
        }

        using NodeRun nodes = Nodes([.. _piped.Distinct()], _given, arePiped: true);
        _nodes = nodes;
        nodes.ForEach(node =>
        {
            node.OnBegin();
            node.OnRecord();
            node.OnEnd();
        });
        _nodes = null;
    }

    private NodeRun Nodes(CtrSession[] sessions, CmdletParameters parameters, bool arePiped)
    {
        if (sessions.Length > 1 && OneSessionOnly is { } reason)
        {
            throw new CtrException(
                CtrErrorIds.InvalidArgument, CtrStatus.InvalidArgument,
                $"{MyInvocation.MyCommand.Name} works with one session at a time, as {reason}; these are {sessions.Length}.")
            {
                Target = nameof(Session),
                RecommendedAction = "Call it once for each session.",
            };
        }

        return new NodeRun(this, sessions, inOrder: !IsEndless, (session, runtime) =>
        {
            var node = (CtrSessionCmdlet)Activator.CreateInstance(GetType())!;
            CmdletParameters.CopyEngineState(this, node);
            parameters.CopyTo(node, but: nameof(PipedSession));
            node.CommandRuntime = runtime;
            node.Session = [session];
            node._given = _given;
            node._origin = this;
            node._isForPipedSession = arePiped;
            node._isOneOfSeveral = sessions.Length > 1;
            return node;
        });
    }

    private static CtrException Conflict(string message) => new(CtrErrorIds.TargetConflict, CtrStatus.InvalidArgument, message)
    {
        RecommendedAction = "A piped object brings its own session and namespace: leave -Session and -Namespace out.",
    };
}
