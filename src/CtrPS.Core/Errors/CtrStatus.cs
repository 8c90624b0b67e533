namespace CtrPS;

/// <summary>
/// How a call to containerd ended. The names and meanings are gRPC's status codes, with <see cref="None"/> for errors found on our side.
/// </summary>
public enum CtrStatus
{
    /// <summary>The call never reached the server, or the fault is in what was given to us.</summary>
    None,

    /// <summary>The server gave no better code; its text says more.</summary>
    Unknown,

    /// <summary>The server found an argument malformed.</summary>
    InvalidArgument,

    /// <summary>A position or number outside of what exists.</summary>
    OutOfRange,

    /// <summary>The object does not exist.</summary>
    NotFound,

    /// <summary>The object exists already.</summary>
    AlreadyExists,

    /// <summary>The object is not in a state that allows the call.</summary>
    FailedPrecondition,

    /// <summary>Lost a race against another client.</summary>
    Aborted,

    /// <summary>Nobody answers at the address, or the server is going down.</summary>
    Unavailable,

    /// <summary>The server has no such service or method.</summary>
    Unimplemented,

    /// <summary>Not allowed to do this.</summary>
    PermissionDenied,

    /// <summary>Credentials are missing or wrong.</summary>
    Unauthenticated,

    /// <summary>A limit was hit; with containerd mostly the size of a message.</summary>
    ResourceExhausted,

    /// <summary>No answer within the time allowed.</summary>
    DeadlineExceeded,

    /// <summary>The server failed inside.</summary>
    Internal,

    /// <summary>Data is lost or corrupt.</summary>
    DataLoss,
}
