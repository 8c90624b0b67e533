using Microsoft.Win32.SafeHandles;

namespace CtrPS.Client.Posix;

/// <summary>Which file a path or an open handle is: a log that is rotated is another file under the same path. .NET does not tell.</summary>
/// <param name="FileSystem">The file system, by its device numbers.</param>
/// <param name="Inode">The file in it.</param>
internal readonly record struct FileIdentity(ulong FileSystem, ulong Inode)
{
    /// <summary>The file at a path, links followed. Null where there is none, or it cannot be told.</summary>
    public static FileIdentity? Of(string path) => FileStatus.Of(path, follow: true)?.Identity;

    /// <summary>A file system by its device numbers as text, such as <c>98:0</c>. 0 where they are none.</summary>
    public static ulong ParseFileSystem(string numbers) =>
        numbers.Split(':') is [var major, var minor] && uint.TryParse(major, out uint first) && uint.TryParse(minor, out uint second)
            ? first | ((ulong)second << 32) // as statx(2) has the two, one after the other
            : 0;

    /// <summary>The file behind a handle. Null where it cannot be told.</summary>
    public static FileIdentity? Of(SafeFileHandle handle) => FileStatus.Of(handle)?.Identity;
}
