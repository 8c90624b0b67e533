namespace CtrPS.Commands;

/// <summary>
/// A subscription of Register-CtrEvent: what PowerShell's eventing hangs on. When the last handler goes (Unregister-Event, the trigger count, the
/// end of the runspace), the call to containerd ends.
/// </summary>
public sealed class CtrEventRegistration
{
    private readonly ICtrSubscription _subscription;
    private readonly CtrSession _session;
    private readonly Lock _gate = new();
    private EventHandler<CtrEventArgs>? _arrived;
    private bool _ended;

    internal CtrEventRegistration(ICtrSubscription subscription, CtrSession session)
    {
        _subscription = subscription;
        _session = session;
    }

    /// <summary>Raised for each event.</summary>
    public event EventHandler<CtrEventArgs>? Arrived
    {
        add
        {
            lock (_gate)
            {
                _arrived += value;
            }
        }

        remove
        {
            bool last;
            lock (_gate)
            {
                _arrived -= value;
                last = _arrived is null;
            }

            if (last)
            {
                End();
            }
        }
    }

    /// <summary>The address of the containerd.</summary>
    public string Address => _session.Address;

    /// <summary>Whether events can still come.</summary>
    public bool IsActive => !_ended;

    /// <summary>Whether PowerShell still has the subscription.</summary>
    internal bool IsSubscribed
    {
        get
        {
            lock (_gate)
            {
                return _arrived is not null;
            }
        }
    }

    /// <summary>Begins to raise the events.</summary>
    internal void Start() => _ = RaiseAsync();

    /// <summary>Ends the call. A second time does nothing.</summary>
    internal void End()
    {
        lock (_gate)
        {
            if (_ended)
            {
                return;
            }

            _ended = true;
        }

        _ = _subscription.DisposeAsync().AsTask();
    }

    private async Task RaiseAsync()
    {
        try
        {
            await foreach (CtrEvent told in _subscription.ReadAsync(CancellationToken.None).ConfigureAwait(false))
            {
                Raise(told);
            }
        }
        catch (CtrException e)
        {
            // The session is closed. Who waits for events must not go on believing that none happen.
            Raise(new CtrEvent
            {
                Kind = CtrEventKind.Gap,
                Timestamp = DateTimeOffset.Now,
                Namespace = _session.Namespace,
                Topic = "gap",
                From = DateTimeOffset.Now,
                Reason = e.Message,
            });
            End();
        }
    }

    private void Raise(CtrEvent told)
    {
        told.Session = _session;
        EventHandler<CtrEventArgs>? handler;
        lock (_gate)
        {
            handler = _arrived;
        }

        handler?.Invoke(this, new CtrEventArgs(told));
    }
}
