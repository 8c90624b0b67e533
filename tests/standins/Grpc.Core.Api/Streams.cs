namespace Grpc.Core;

/// <summary>A stream of incoming messages. One read at a time.</summary>
public interface IAsyncStreamReader<out T>
{
    /// <summary>The message of the last <see cref="MoveNext"/> that returned true.</summary>
    T Current { get; }

    /// <summary>Reads the next message; false at the end of a stream that ended with OK.</summary>
    /// <exception cref="RpcException">The call ended with another status.</exception>
    Task<bool> MoveNext(CancellationToken cancellationToken);
}

/// <summary>A stream of outgoing messages. One write at a time.</summary>
public interface IAsyncStreamWriter<in T>
{
    /// <summary>For the writes that follow; null is the call's own.</summary>
    WriteOptions? WriteOptions { get; set; }

    Task WriteAsync(T message);

    /// <exception cref="NotSupportedException">The token can be cancelled and this writer knows no cancellation.</exception>
    Task WriteAsync(T message, CancellationToken cancellationToken) =>
        cancellationToken.CanBeCanceled
            ? throw new NotSupportedException("This stream writer cannot cancel a write.")
            : WriteAsync(message);
}

/// <summary>The client's stream of requests.</summary>
public interface IClientStreamWriter<in T> : IAsyncStreamWriter<T>
{
    /// <summary>Ends the stream (half-close). The answers may still come.</summary>
    Task CompleteAsync();
}
