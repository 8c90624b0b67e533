using CtrPS.Client.Formats;

namespace CtrPS.Client.Archives;

/// <summary>The errors about archives. Each names the path; the sentences say what is wrong with which part of it.</summary>
internal static class ArchiveFault
{
    private const string MakeAgain = "Make or fetch the archive again, and compare its checksum with that of the original.";

    /// <summary>Words what the formats find in an archive.</summary>
    public static FormatFault For(string path) => (kind, what, cause) => kind switch
    {
        FormatFaultKind.Unreadable => Unreadable(path, cause ?? new IOException(what)),
        FormatFaultKind.Unrecognized => Unrecognized(path, what),
        FormatFaultKind.Truncated => Truncated(path, what),
        FormatFaultKind.Limit => Limit(path, what),
        _ => Corrupt(path, what, cause),
    };

    public static CtrException NotFound(string path) =>
        new(CtrErrorIds.ArchiveNotFound, CtrStatus.NotFound, $"There is no file or folder '{path}'.") { Target = path };

    public static CtrException AccessDenied(string path, Exception cause) =>
        new(CtrErrorIds.ArchiveAccessDenied, CtrStatus.PermissionDenied, $"'{path}' cannot be opened: no permission to read it.", cause)
        {
            Target = path,
            RecommendedAction = "Run as a user who may read it, or change its permissions.",
        };

    public static CtrException Unreadable(string path, Exception cause) =>
        new(CtrErrorIds.ArchiveUnreadable, CtrStatus.DataLoss, $"'{path}' cannot be read: {cause.Message}", cause)
        {
            Target = path,
            RecommendedAction = "Check the disk or share that it lies on, or take a copy from elsewhere.",
        };

    /// <param name="path">The archive.</param>
    /// <param name="why">A sentence: what it is instead, or what it lacks.</param>
    public static CtrException Unrecognized(string path, string why) =>
        new(CtrErrorIds.ArchiveUnrecognized, CtrStatus.InvalidArgument, $"'{path}' is not an image archive: {why}")
        {
            Target = path,
            RecommendedAction = "Give an OCI layout (a tar file or a folder) or what 'docker save' writes; "
                + "either may be compressed by gzip, zstd, xz or bzip2.",
        };

    /// <param name="path">The archive.</param>
    /// <param name="where">A sentence: where it ends, and what is missing there.</param>
    public static CtrException Truncated(string path, string where) =>
        new(CtrErrorIds.ArchiveTruncated, CtrStatus.DataLoss, $"The archive '{path}' is cut off: {where}")
        {
            Target = path,
            RecommendedAction = MakeAgain,
        };

    /// <param name="path">The archive.</param>
    /// <param name="what">A sentence: what is damaged, and where.</param>
    /// <param name="cause">What found it.</param>
    public static CtrException Corrupt(string path, string what, Exception? cause = null) =>
        new(CtrErrorIds.ArchiveCorrupt, CtrStatus.DataLoss, $"The archive '{path}' is damaged: {what}", cause)
        {
            Target = path,
            RecommendedAction = MakeAgain,
        };

    /// <param name="path">The archive.</param>
    /// <param name="what">A sentence: which entry leads where.</param>
    public static CtrException Unsafe(string path, string what) =>
        new(CtrErrorIds.ArchiveUnsafe, CtrStatus.InvalidArgument, $"The archive '{path}' is refused: {what}")
        {
            Target = path,
            RecommendedAction = "No tool writes an image archive like that. Do not use it unless you know where it comes from; then make it again.",
        };

    /// <param name="path">The archive.</param>
    /// <param name="what">A sentence: which limit, and how far beyond it the archive is.</param>
    /// <param name="action">What can be done. Null: what can be done about most.</param>
    public static CtrException Limit(string path, string what, string? action = null) =>
        new(CtrErrorIds.ArchiveLimit, CtrStatus.ResourceExhausted, $"The archive '{path}' is refused: {what}")
        {
            Target = path,
            RecommendedAction = action ?? "No real image needs that much. Make the archive again, with fewer images where there are very many.",
        };
}
