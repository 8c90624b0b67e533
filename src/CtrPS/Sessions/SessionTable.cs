using System.Management.Automation.Runspaces;
using System.Runtime.CompilerServices;

namespace CtrPS.Sessions;

/// <summary>The sessions of a runspace, and which of them cmdlets use when none is named. Used by its runspace's thread only.</summary>
internal sealed class SessionTable
{
    private static readonly ConditionalWeakTable<Runspace, SessionTable> Tables = [];

    private readonly List<CtrSession> _sessions = [];
    private readonly HashSet<CtrSession> _neverDefault = [];
    private CtrSession? _chosen;
    private int _lastId;

    /// <summary>The table of the runspace that this thread runs.</summary>
    public static SessionTable Current => Tables.GetValue(
        Runspace.DefaultRunspace ?? throw new InvalidOperationException("This thread runs no PowerShell."), _ => new SessionTable());

    /// <summary>All sessions that are not closed, oldest first: a copy, so that closing them while they are listed works.</summary>
    public IReadOnlyList<CtrSession> Sessions
    {
        get
        {
            _ = _sessions.RemoveAll(session => session.State == CtrSessionState.Closed);
            return [.. _sessions];
        }
    }

    /// <summary>The session that cmdlets use when none is named: the last one connected; else one for the environment's address.</summary>
    /// <exception cref="CtrException">The environment's address or namespace is malformed.</exception>
    public CtrSession Default => ExistingDefault ?? Add(CtrEndpoint.EnvironmentDefault, null);

    /// <summary>The session that stands for the environment's address, if one was made; those opened with -NoDefault do not.</summary>
    private CtrSession? EnvironmentSession =>
        Sessions.FirstOrDefault(session => session.Endpoint.Reaches(CtrEndpoint.EnvironmentDefault) && !_neverDefault.Contains(session));

    private CtrSession? ExistingDefault => ChosenIfOpen ?? EnvironmentSession;

    private CtrSession? ChosenIfOpen => _chosen is { State: not CtrSessionState.Closed } ? _chosen : null;

    /// <summary>Whether a cmdlet that names no session would use this one. Adds none.</summary>
    public bool IsDefault(CtrSession session) => ReferenceEquals(session, ExistingDefault);

    /// <summary>A session with this endpoint: one that is there, else a new one that connects when it is used.</summary>
    public CtrSession GetOrAdd(CtrEndpoint endpoint) => Find(endpoint).FirstOrDefault() ?? Add(endpoint, null);

    /// <summary>All sessions with this endpoint.</summary>
    public IEnumerable<CtrSession> Find(CtrEndpoint endpoint) => Sessions.Where(session => session.Endpoint.Reaches(endpoint));

    /// <summary>Adds a new session, which connects when it is used.</summary>
    /// <param name="endpoint">Where to.</param>
    /// <param name="namespace">Its namespace; null: <c>$env:CONTAINERD_NAMESPACE</c>, else <c>default</c>.</param>
    public CtrSession Add(CtrEndpoint endpoint, string? @namespace)
    {
        var session = new CtrSession(++_lastId, endpoint, @namespace is null ? null : CtrIdentifier.RequireNamespace(@namespace), OpenAsync);
        _sessions.Add(session);
        return session;
    }

    /// <summary>A session that is in no table, for one use; the caller closes it.</summary>
    public static CtrSession Detached(CtrEndpoint endpoint) => new(0, endpoint, null, OpenAsync);

    /// <summary>Uses the session where none is named.</summary>
    public void SetDefault(CtrSession session) => _chosen = session;

    /// <summary>Uses the session only where it is named.</summary>
    public void SetNeverDefault(CtrSession session) => _ = _neverDefault.Add(session);

    /// <summary>Closes a session and forgets it.</summary>
    public void Close(CtrSession session)
    {
        session.CloseAsync().AsTask().GetAwaiter().GetResult();
        _ = _sessions.Remove(session);
        _ = _neverDefault.Remove(session);
        if (ReferenceEquals(_chosen, session))
        {
            _chosen = null;
        }
    }

    /// <summary>Closes all sessions of the runspace.</summary>
    public void CloseAll()
    {
        foreach (CtrSession session in Sessions)
        {
            Close(session);
        }
    }

    private static Task<ICtrConnection> OpenAsync(CtrEndpoint endpoint, CancellationToken cancellationToken) =>
        Client.Connector.OpenAsync(endpoint, cancellationToken);
}
