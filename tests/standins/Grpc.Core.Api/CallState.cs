namespace Grpc.Core;

/// <summary>What the four kinds of call have in common: functions of the transport, each called with the transport's own object.</summary>
internal readonly record struct CallState(
    Func<object, Task<Metadata>> Headers,
    Func<object, Status> Status,
    Func<object, Metadata> Trailers,
    Action<object> Dispose,
    object State)
{
    public static CallState Create(Task<Metadata> headers, Func<Status> status, Func<Metadata> trailers, Action dispose) =>
        new(_ => headers, _ => status(), _ => trailers(), _ => dispose(), "");
}
