using System.Management.Automation;

namespace CtrPS.Output;

/// <summary>Makes every error record of the module: id, category and target the same way everywhere.</summary>
internal static class ErrorFactory
{
    public static ErrorRecord From(CtrException error, object? target)
    {
        var record = new ErrorRecord(error, error.ErrorId, Category(error), target ?? error.Target)
        {
            ErrorDetails = error.RecommendedAction is { } action ? new ErrorDetails(error.Message) { RecommendedAction = action } : null,
        };
        record.CategoryInfo.TargetName = ForeignText.Escape(record.CategoryInfo.TargetName); // shown with the error; the target itself stays true
        return record;
    }

    private static ErrorCategory Category(CtrException error) => error.ErrorId switch
    {
        CtrErrorIds.AddressNotFound => ErrorCategory.ResourceUnavailable,
        CtrErrorIds.NotASocket => ErrorCategory.InvalidType,
        CtrErrorIds.NotContainerd => ErrorCategory.ProtocolError,
        CtrErrorIds.TlsFailed => ErrorCategory.SecurityError,
        CtrErrorIds.SessionClosed => ErrorCategory.ConnectionError,
        CtrErrorIds.BlobMissing or CtrErrorIds.BlobCorrupt => ErrorCategory.InvalidData,
        CtrErrorIds.ArchiveUnrecognized or CtrErrorIds.ArchiveTruncated or CtrErrorIds.ArchiveCorrupt => ErrorCategory.InvalidData,
        CtrErrorIds.ArchiveUnsafe => ErrorCategory.SecurityError,
        CtrErrorIds.ArchiveUnreadable or CtrErrorIds.LogUnreadable => ErrorCategory.ReadError,
        CtrErrorIds.DiskFull or CtrErrorIds.WriteFailed => ErrorCategory.WriteError,
        CtrErrorIds.CompressionUnavailable => ErrorCategory.NotInstalled,
        CtrErrorIds.NotLocal or CtrErrorIds.NoConsole => ErrorCategory.NotEnabled,
        CtrErrorIds.MountBusy => ErrorCategory.ResourceBusy,
        CtrErrorIds.RuntimeNotFound => ErrorCategory.NotInstalled,
        CtrErrorIds.InvalidHostsFile or CtrErrorIds.InvalidCredentialFile => ErrorCategory.InvalidData,
        CtrErrorIds.InvalidSpec or CtrErrorIds.InvalidCheckpoint => ErrorCategory.InvalidData,
        CtrErrorIds.CommandTimeout or CtrErrorIds.TaskTimeout => ErrorCategory.OperationTimeout,
        CtrErrorIds.NamespaceProtected or CtrErrorIds.ImagePinned => ErrorCategory.PermissionDenied,
        _ => error.Status switch
        {
            CtrStatus.NotFound => ErrorCategory.ObjectNotFound,
            CtrStatus.AlreadyExists => ErrorCategory.ResourceExists,
            CtrStatus.InvalidArgument or CtrStatus.OutOfRange => ErrorCategory.InvalidArgument,
            CtrStatus.FailedPrecondition or CtrStatus.Aborted => ErrorCategory.InvalidOperation,
            CtrStatus.PermissionDenied => ErrorCategory.PermissionDenied,
            CtrStatus.Unauthenticated => ErrorCategory.AuthenticationError,
            CtrStatus.Unavailable => ErrorCategory.ConnectionError,
            CtrStatus.DeadlineExceeded => ErrorCategory.OperationTimeout,
            CtrStatus.Unimplemented => ErrorCategory.NotImplemented,
            CtrStatus.ResourceExhausted => ErrorCategory.LimitsExceeded,
            _ => ErrorCategory.InvalidResult,
        },
    };
}
