using Microsoft.Win32.SafeHandles;

namespace CtrPS.Client.Containers.Files;

/// <summary>A file below an open folder.</summary>
internal sealed class TreeFile : ICtrCopiedFile
{
    /// <summary>The folder.</summary>
    public required SafeFileHandle Top { get; init; }

    /// <summary>Where below it, without links on the way: <c>.</c> is the folder itself.</summary>
    public required string Place { get; init; }

    public required string Path { get; init; }

    public required CtrFileKind Kind { get; init; }

    public int Mode { get; init; }

    public long Uid { get; init; }

    public long Gid { get; init; }

    public long Size { get; init; }

    public DateTimeOffset? LastWriteTime { get; init; }

    public string? LinkTarget { get; init; }
}
