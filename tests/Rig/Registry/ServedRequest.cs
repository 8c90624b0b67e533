using System.Diagnostics;

namespace CtrPS.Rig.Registry;

/// <summary>A request as a faulty server saw it. The counters go on while it is served.</summary>
public sealed class ServedRequest
{
    private readonly long _begin = Stopwatch.GetTimestamp();
    private long _sent;
    private long _received;
    private long _end;

    public required int Number { get; init; }

    /// <summary>Equal for requests over the same connection.</summary>
    public required string Connection { get; init; }

    public required FaultyPlace Place { get; init; }

    public required string Method { get; init; }

    /// <summary>Path and query as they came.</summary>
    public required string Path { get; init; }

    public required string Host { get; init; }

    /// <summary>The header Range. Null: none.</summary>
    public string? Range { get; init; }

    /// <summary>The scheme of the header Authorization: Basic, Bearer. Null: none. What follows it is kept nowhere.</summary>
    public string? Scheme { get; init; }

    public bool IsAuthorized => Scheme is not null;

    public string? UserAgent { get; init; }

    public string? Accept { get; init; }

    public string? ContentType { get; init; }

    /// <summary>The names of all headers.</summary>
    public required IReadOnlyList<string> HeaderNames { get; init; }

    /// <summary>Requests of its method that had no answer yet when it came, itself among them.</summary>
    public required int Waiting { get; init; }

    /// <summary>What was answered; 0: nothing yet.</summary>
    public int Status { get; internal set; }

    /// <summary>Bytes of the answer's body that were handed to the system, in the form that went over the wire.</summary>
    public long Sent => Interlocked.Read(ref _sent);

    /// <summary>Bytes of the request's body that were read.</summary>
    public long Received => Interlocked.Read(ref _received);

    /// <summary>The fault that it met, in words. Null: none.</summary>
    public string? Fault { get; internal set; }

    /// <summary>Why it ended early where no fault said so: the client went, or the registry behind. Null: it did not.</summary>
    public string? Problem { get; internal set; }

    /// <summary>The whole answer was sent.</summary>
    public bool IsComplete { get; internal set; }

    /// <summary>It is over, well or not.</summary>
    public bool IsOver => Interlocked.Read(ref _end) != 0;

    /// <summary>Since it came in until it was over, or until now.</summary>
    public double Seconds => Stopwatch.GetElapsedTime(_begin, IsOver ? Interlocked.Read(ref _end) : Stopwatch.GetTimestamp()).TotalSeconds;

    public override string ToString() =>
        $"{Number} {Place} {Method} {Path} {Range} {Scheme} -> {Status}, {Sent} sent, {Received} received{(IsComplete ? "" : ", cut")} {Fault}";

    internal void AddSent(int count) => Interlocked.Add(ref _sent, count);

    internal void AddReceived(int count) => Interlocked.Add(ref _received, count);

    internal void End() => Interlocked.Exchange(ref _end, Stopwatch.GetTimestamp());

    /// <summary>Whether both were being served at the same moment.</summary>
    public bool Overlaps(ServedRequest other) =>
        (!IsOver || other._begin < Interlocked.Read(ref _end)) && (!other.IsOver || _begin < Interlocked.Read(ref other._end));
}
