using System.Diagnostics;
using System.Runtime.CompilerServices;
using Grpc.Core;

namespace CtrPS.Client.Connection;

/// <summary>What every call has in common: headers, deadline, and errors in the module's own words.</summary>
internal sealed class Calls(CtrEndpoint endpoint)
{
    private const string NamespaceHeader = "containerd-namespace";
    private const string LeaseHeader = "containerd-lease";

    private long _distance = TimeSpan.MaxValue.Ticks;

    /// <summary>The version for messages about calls that the server does not know. Set once connected.</summary>
    public string? ServerVersion { get; set; }

    public CtrEndpoint Endpoint => endpoint;

    /// <summary>How far away the daemon is: the shortest time that it took to answer a call so far.</summary>
    public TimeSpan Distance => TimeSpan.FromTicks(Interlocked.Read(ref _distance));

    /// <summary>Options of a call about metadata, which ends with <see cref="CtrEndpoint.Timeout"/>.</summary>
    public CallOptions Unary(string? @namespace, CancellationToken cancellationToken, string? lease = null) =>
        new(Headers(@namespace, lease), DateTime.UtcNow + endpoint.Timeout, cancellationToken);

    /// <summary>Options of a call that may take as long as it needs: streams, and calls that wait for the garbage collector.</summary>
    public static CallOptions Unbounded(string? @namespace, CancellationToken cancellationToken, string? lease = null) =>
        new(Headers(@namespace, lease), null, cancellationToken);

    /// <summary>Makes a call and puts its error in our words.</summary>
    public async Task<T> InvokeAsync<T>(Func<AsyncUnaryCall<T>> start, CallSubject subject, CancellationToken cancellationToken)
    {
        long begin = Stopwatch.GetTimestamp();
        try
        {
            using AsyncUnaryCall<T> call = start();
            T answer = await call.ResponseAsync.ConfigureAwait(false);
            long took = Stopwatch.GetElapsedTime(begin).Ticks;
            for (long known; took < (known = Interlocked.Read(ref _distance));)
            {
                _ = Interlocked.CompareExchange(ref _distance, took, known);
            }

            return answer;
        }
        catch (Exception e) when (e is RpcException or ObjectDisposedException)
        {
            throw Translate(e, subject, cancellationToken);
        }
    }

    /// <summary>As <see cref="InvokeAsync"/>, but null where the object does not exist.</summary>
    public async Task<T?> FindAsync<T>(Func<AsyncUnaryCall<T>> start, CallSubject subject, CancellationToken cancellationToken)
        where T : class
    {
        try
        {
            using AsyncUnaryCall<T> call = start();
            return await call.ResponseAsync.ConfigureAwait(false);
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.NotFound)
        {
            return null;
        }
        catch (Exception e) when (e is RpcException or ObjectDisposedException)
        {
            throw Translate(e, subject, cancellationToken);
        }
    }

    /// <summary>Reads a stream of messages. Leaving the loop early cancels the call.</summary>
    public async IAsyncEnumerable<T> ReadAsync<T>(
        Func<AsyncServerStreamingCall<T>> start, CallSubject subject, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        AsyncServerStreamingCall<T>? call = null;
        try
        {
            while (true)
            {
                try
                {
                    call ??= start();
                    if (!await call.ResponseStream.MoveNext(cancellationToken).ConfigureAwait(false))
                    {
                        yield break;
                    }
                }
                catch (Exception e) when (e is RpcException or ObjectDisposedException)
                {
                    throw Translate(e, subject, cancellationToken);
                }

                yield return call.ResponseStream.Current;
            }
        }
        finally
        {
            call?.Dispose();
        }
    }

    /// <summary>Puts an error of gRPC in our words; a call that was cancelled by us becomes an OperationCanceledException.</summary>
    public Exception Translate(Exception error, CallSubject subject, CancellationToken cancellationToken) => error switch
    {
        _ when cancellationToken.IsCancellationRequested => new OperationCanceledException(error.Message, error, cancellationToken),
        RpcException rpc => StatusMap.ToException(rpc, subject, endpoint, ServerVersion),
        _ => ConnectFault.Closed(endpoint, error), // the channel was disposed while the call ran
    };

    private static Metadata Headers(string? @namespace, string? lease)
    {
        var headers = new Metadata();
        if (@namespace is not null)
        {
            headers.Add(NamespaceHeader, @namespace);
        }

        if (lease is not null)
        {
            headers.Add(LeaseHeader, lease);
        }

        return headers;
    }
}
