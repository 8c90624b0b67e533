using System.Diagnostics.CodeAnalysis;

namespace CtrPS;

/// <summary>The state of a session.</summary>
public enum CtrSessionState : long
{
    /// <summary>Not yet connected: the first call does it.</summary>
    New,

    /// <summary>Connected. A daemon that restarts does not change this: the next call reconnects.</summary>
    Opened,

    /// <summary>Disconnected for good.</summary>
    Closed,
}

/// <summary>
/// A session with one containerd: the address, the namespace to use where none is given, and the connection. Safe for use from several
/// runspaces at a time. Made by Connect-CtrSession, or by the first cmdlet that needs one.
/// </summary>
[SuppressMessage(
    "Reliability",
    "CA1001:Types that own disposable fields should be disposable",
    Justification = "The semaphore's wait handle is never made; closing is Disconnect-CtrSession's.")]
public sealed class CtrSession
{
    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly Func<CtrEndpoint, CancellationToken, Task<ICtrConnection>> _open;
    private readonly string? _namespace;
    private ICtrConnection? _connection;
    private bool _closed;

    /// <param name="id">Number in the runspace.</param>
    /// <param name="endpoint">Where containerd listens.</param>
    /// <param name="namespace">The namespace where none is given; null: the environment's, as it is at the time of the call.</param>
    /// <param name="open">Opens the connection.</param>
    internal CtrSession(int id, CtrEndpoint endpoint, string? @namespace, Func<CtrEndpoint, CancellationToken, Task<ICtrConnection>> open)
    {
        Id = id;
        Endpoint = endpoint;
        _namespace = @namespace;
        _open = open;
    }

    /// <summary>Number of the session, unique in its runspace.</summary>
    public int Id { get; }

    /// <summary>Where containerd listens.</summary>
    public string Address => Endpoint.Address;

    /// <summary>
    /// The namespace that cmdlets use when none is given: the one the session was opened with, else <c>$env:CONTAINERD_NAMESPACE</c>, else
    /// <c>default</c>.
    /// </summary>
    public string Namespace => _namespace
        ?? (Environment.GetEnvironmentVariable(CtrEndpoint.NamespaceVariable) is { Length: > 0 } set ? set : "default");

    /// <summary>The version that the server gave when the session was opened. Null before.</summary>
    public string? ServerVersion => _connection?.ServerVersion;

    /// <summary>Whether the session is connected.</summary>
    public CtrSessionState State => _closed ? CtrSessionState.Closed : _connection is null ? CtrSessionState.New : CtrSessionState.Opened;

    /// <summary>When the session was opened. Null before.</summary>
    public DateTimeOffset? ConnectedAt { get; private set; }

    internal CtrEndpoint Endpoint { get; }

    /// <summary>Short text: the address.</summary>
    public override string ToString() => Address;

    /// <summary>The connection, opened by the first call. Whoever comes at the same time waits for it.</summary>
    /// <exception cref="CtrException">The daemon cannot be reached, or the session is closed.</exception>
    internal async Task<ICtrConnection> OpenAsync(CancellationToken cancellationToken)
    {
        if (_connection is { } open && !_closed)
        {
            return open;
        }

        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ThrowIfClosed();
            if (_connection is null)
            {
                _connection = await _open(Endpoint, cancellationToken).ConfigureAwait(false);
                ConnectedAt = DateTimeOffset.Now;
            }

            return _connection;
        }
        finally
        {
            _ = _gate.Release();
        }
    }

    /// <summary>Closes the session. Calls under way end with an error. A second call does nothing.</summary>
    internal async ValueTask CloseAsync()
    {
        await _gate.WaitAsync().ConfigureAwait(false);
        try
        {
            if (!_closed)
            {
                _closed = true;
                if (_connection is not null)
                {
                    await _connection.DisposeAsync().ConfigureAwait(false);
                }
            }
        }
        finally
        {
            _ = _gate.Release();
        }
    }

    private void ThrowIfClosed()
    {
        if (_closed)
        {
            throw new CtrException(CtrErrorIds.SessionClosed, CtrStatus.Unavailable, $"Session {Id} with containerd at '{Address}' was disconnected.")
            {
                Target = Address,
                RecommendedAction = "Open a new session with Connect-CtrSession.",
            };
        }
    }
}
