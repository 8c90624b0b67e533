using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Containerd.Services.Events.V1;
using Containerd.Types;
using CtrPS.Client.Connection;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace CtrPS.Client.Events;

/// <summary>
/// Reads the daemon's events as fast as they come and keeps them for the reader: a reader that is slow would fill the memory of the daemon, whose
/// queue has no limit.
/// </summary>
internal sealed class EventSubscription : ICtrSubscription
{
    /// <summary>Topic of the events that prove a subscription. The rest is unique.</summary>
    private const string MarkerTopic = "/ctrps/subscribed/";

    private const string GapTopic = "gap";

    /// <summary>How the exchange says it (events/exchange/exchange.go); the status is UNKNOWN.</summary>
    private const string FilterFault = "failed parsing subscription filters: ";

    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LastRetry = TimeSpan.FromSeconds(1);

    private readonly Containerd.Services.Events.V1.Events.EventsClient _client;
    private readonly Calls _calls;
    private readonly CtrEventQuery _query;
    private readonly KnownContainers? _containers;
    private readonly CancellationTokenSource _end = new();
    private readonly TaskCompletionSource _live = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Channel<Item> _items = Channel.CreateUnbounded<Item>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });
    private readonly Lock _gate = new();
    private readonly Task _pump;
    private int _kept;
    private Item? _overflow;

    public EventSubscription(Containerd.Services.Events.V1.Events.EventsClient client, Calls calls, CtrEventQuery query, KnownContainers? containers)
    {
        _client = client;
        _calls = calls;
        _query = query;
        _containers = containers;
        _pump = Task.Run(PumpAsync);
    }

    /// <summary>Waits until the subscription is proven.</summary>
    public Task LiveAsync(CancellationToken cancellationToken) => _live.Task.WaitAsync(cancellationToken);

    public async IAsyncEnumerable<CtrEvent> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (Item item in _items.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
        {
            yield return Take(item);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync().ConfigureAwait(false);
        await _pump.ConfigureAwait(false);
        _end.Dispose();
    }

    /// <summary>One call after the other, until the end. Never throws: what ends it goes to the reader.</summary>
    private async Task PumpAsync()
    {
        try
        {
            DateTimeOffset? lost = null;
            string reason = "";
            TimeSpan pause = FirstRetry;
            while (true)
            {
                try
                {
                    await ReadCallAsync(() =>
                    {
                        if (lost is { } since)
                        {
                            Keep(Gap(since, DateTimeOffset.Now, $"containerd was away: {reason}"));
                            lost = null;
                        }

                        pause = FirstRetry;
                        _ = _live.TrySetResult();
                    }).ConfigureAwait(false);
                    reason = "it ended the call.";
                }
                catch (CtrException e) when (_live.Task.IsCompletedSuccessfully && IsPassing(e))
                {
                    reason = e.Message;
                }
                catch (CtrException e)
                    when (e.InnerException is RpcException { Status.Detail: var detail } && detail.Contains(FilterFault, StringComparison.Ordinal))
                {
                    throw new CtrException(
                        CtrErrorIds.InvalidArgument,
                        CtrStatus.InvalidArgument,
                        "containerd does not understand the filter. It says: "
                            + $"{detail[(detail.IndexOf(FilterFault, StringComparison.Ordinal) + FilterFault.Length)..]}",
                        e)
                    {
                        RecommendedAction =
                            "A filter is written as in 'topic==\"/tasks/exit\",event.exit_status!=0': the operators are ==, != and ~=, values with "
                                + "a slash are quoted, fields are namespace, topic and event.<name>.",
                    };
                }

                lost ??= DateTimeOffset.Now;
                await Task.Delay(pause, _end.Token).ConfigureAwait(false);
                pause = pause * 2 < LastRetry ? pause * 2 : LastRetry;
            }
        }
        catch (OperationCanceledException) when (_end.IsCancellationRequested)
        {
            _ = _live.TrySetCanceled(CancellationToken.None);
            _items.Writer.Complete();
        }
        catch (Exception e)
        {
            _ = _live.TrySetException(e);
            _ = _live.Task.Exception; // looked at: whoever reads gets the same error
            _items.Writer.Complete(e);
        }
    }

    /// <summary>Whether a daemon that comes back would end the fault.</summary>
    private static bool IsPassing(CtrException e) =>
        e.ErrorId is not (CtrErrorIds.SessionClosed or CtrErrorIds.InvalidArgument or CtrErrorIds.NotSupported);

    /// <summary>
    /// Reads one call to its end. What comes before the proof is left out: then a gap has one end, and a first subscription one beginning.
    /// </summary>
    /// <param name="live">Told once the call is proven to be live and the containers are known.</param>
    private async Task ReadCallAsync(Action live)
    {
        string marker = $"{MarkerTopic}{Guid.NewGuid():N}";
        var request = new SubscribeRequest();
        if (_query.Filters.Count > 0)
        {
            request.Filters.AddRange(_query.Filters);
            request.Filters.Add($"topic==\"{marker}\"");
        }

        using var call = CancellationTokenSource.CreateLinkedTokenSource(_end.Token);
        using var proven = new CancellationTokenSource();
        Task proof = ProveAsync(marker, call, proven.Token);
        try
        {
            await foreach (Envelope envelope in _calls.ReadAsync(
                () => _client.Subscribe(request, Calls.Unbounded(null, call.Token)), new CallSubject("the events"), call.Token).ConfigureAwait(false))
            {
                if (envelope.Topic == marker && !proven.IsCancellationRequested)
                {
                    await proven.CancelAsync().ConfigureAwait(false);
                    if (_containers is not null)
                    {
                        await _containers.LearnAsync(call.Token).ConfigureAwait(false);
                    }

                    live();
                }
                else if (proven.IsCancellationRequested && !envelope.Topic.StartsWith(MarkerTopic, StringComparison.Ordinal))
                {
                    await TakeInAsync(EventRecords.ToEvent(envelope), call.Token).ConfigureAwait(false);
                }
            }
        }
        catch (OperationCanceledException) when (proof.IsFaulted)
        {
            // The proof has failed and ended the call: its own error says why, and is thrown below.
        }
        finally
        {
            await call.CancelAsync().ConfigureAwait(false);
            await proven.CancelAsync().ConfigureAwait(false);
            await proof.ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Publishes the marker until it has come back. There is no acknowledgement of a subscription, and a marker that is published before the daemon
    /// has taken it in comes to nobody. Ends the call where it cannot.
    /// </summary>
    private async Task ProveAsync(string marker, CancellationTokenSource call, CancellationToken proven)
    {
        var clock = Stopwatch.StartNew();
        var request = new PublishRequest { Topic = marker, Event = new Any { TypeUrl = "google.protobuf.Empty" } };
        TimeSpan pause = FirstRetry / 10;
        try
        {
            while (!proven.IsCancellationRequested && !call.IsCancellationRequested)
            {
                if (clock.Elapsed > _calls.Endpoint.Timeout)
                {
                    throw new CtrException(
                        CtrErrorIds.Timeout,
                        CtrStatus.DeadlineExceeded,
                        $"containerd at '{_calls.Endpoint.Address}' did not confirm the subscription to its events within "
                            + $"{_calls.Endpoint.Timeout.TotalSeconds:0.###} seconds.")
                    {
                        Target = _calls.Endpoint.Address,
                        RecommendedAction = "Look whether the daemon hangs, or give more time: Connect-CtrSession -Timeout.",
                    };
                }

                _ = await _calls.InvokeAsync(
                    () => _client.PublishAsync(request, _calls.Unary(_query.Namespace, call.Token)),
                    new CallSubject("the events"),
                    call.Token).ConfigureAwait(false);
                try
                {
                    await Task.Delay(pause, proven).ConfigureAwait(false);
                }
                catch (OperationCanceledException)
                {
                    return; // the event came back: the subscription is live
                }

                pause = pause * 2 < FirstRetry * 4 ? pause * 2 : FirstRetry * 4;
            }
        }
        catch (OperationCanceledException) when (call.IsCancellationRequested)
        {
            // The call to prove has ended, or the whole subscription.
        }
        catch
        {
            await call.CancelAsync().ConfigureAwait(false);
            throw;
        }
    }

    private async Task TakeInAsync(CtrEvent told, CancellationToken cancellationToken)
    {
        if (_containers is not null)
        {
            await _containers.FollowAsync(told, cancellationToken).ConfigureAwait(false);
        }

        if (_query.Match?.Invoke(told) ?? true)
        {
            Keep(_containers is null ? told : await _containers.TellAsync(told, cancellationToken).ConfigureAwait(false));
        }
    }

    /// <summary>Keeps an event for the reader, or counts it as dropped where he has too many.</summary>
    private void Keep(CtrEvent told)
    {
        lock (_gate)
        {
            if (_kept < _query.Capacity)
            {
                _overflow = null;
                _kept++;
                _ = _items.Writer.TryWrite(new Item { Event = told });
                return;
            }

            if (_overflow is null)
            {
                _overflow = new Item { First = told.Timestamp };
                _ = _items.Writer.TryWrite(_overflow);
            }

            _overflow.Dropped++;
            _overflow.Last = told.Timestamp;
        }
    }

    private CtrEvent Take(Item item)
    {
        lock (_gate)
        {
            if (item.Event is { } told)
            {
                _kept--;
                return told;
            }

            if (ReferenceEquals(item, _overflow))
            {
                _overflow = null;
            }

            return Gap(
                item.First,
                item.Last,
                string.Create(CultureInfo.InvariantCulture, $"{item.Dropped} events were dropped, as {_query.Capacity} waited already to be read."));
        }
    }

    private CtrEvent Gap(DateTimeOffset from, DateTimeOffset to, string reason) => new()
    {
        Kind = CtrEventKind.Gap,
        Timestamp = to,
        Namespace = _query.Namespace,
        Topic = GapTopic,
        From = from,
        To = to,
        Reason = reason,
    };

    /// <summary>An event, or the place of those that were dropped.</summary>
    private sealed class Item
    {
        public CtrEvent? Event { get; init; }

        public DateTimeOffset First { get; init; }

        public DateTimeOffset Last { get; set; }

        public int Dropped { get; set; }
    }
}
