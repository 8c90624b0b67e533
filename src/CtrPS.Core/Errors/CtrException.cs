namespace CtrPS;

/// <summary>
/// An error of containerd, of the way to it, or in what was given to a cmdlet. <see cref="ErrorId"/> is stable: scripts may compare it.
/// The message is one or more whole sentences that name the object; what came from outside is escaped in it, but for the
/// lines that a program writes (<see cref="CtrErrorIds.StandardError"/>): those are output.
/// </summary>
public sealed class CtrException : Exception
{
    /// <summary>Creates the error.</summary>
    /// <param name="errorId">Stable id, such as <c>CtrImageNotFound</c>; see <see cref="CtrErrorIds"/>.</param>
    /// <param name="status">How the call ended.</param>
    /// <param name="message">What happened, in words that name the object.</param>
    /// <param name="innerException">What caused it.</param>
    public CtrException(string errorId, CtrStatus status, string message, Exception? innerException = null)
        : base(errorId == CtrErrorIds.StandardError ? message : ForeignText.Escape(message), innerException)
    {
        ErrorId = errorId;
        Status = status;
    }

    /// <summary>Stable id, such as <c>CtrImageNotFound</c>.</summary>
    public string ErrorId { get; }

    /// <summary>How the call ended.</summary>
    public CtrStatus Status { get; }

    /// <summary>The object concerned: a reference, a namespace, an address. Null when there is none.</summary>
    public string? Target { get; internal init; }

    /// <summary>What the user can do about it. Null when there is no advice.</summary>
    public string? RecommendedAction { get; internal init => field = ForeignText.Escape(value); }

    /// <summary>What the server said further, innermost last (google.rpc.Status details, from containerd 2.0 on). Empty mostly.</summary>
    public IReadOnlyList<string> Details
    {
        get;
        internal init => field = CtrList.Of(value.Select(detail => ForeignText.Escape(detail)));
    } = CtrList<string>.Empty;

    /// <summary>Whether nothing else can work on this session now: the daemon cannot be reached, or does not answer.</summary>
    public bool IsConnectionFault =>
        ErrorId is CtrErrorIds.Unavailable or CtrErrorIds.Timeout or CtrErrorIds.AddressNotFound or CtrErrorIds.ConnectionRefused
        or CtrErrorIds.AccessDenied or CtrErrorIds.NotASocket or CtrErrorIds.NotContainerd or CtrErrorIds.TlsFailed or CtrErrorIds.SessionClosed;
}
