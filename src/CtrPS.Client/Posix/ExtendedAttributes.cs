using System.Runtime.InteropServices;
using System.Text;

namespace CtrPS.Client.Posix;

/// <summary>The extended attributes of files (xattr(7)), links not followed. Linux only.</summary>
internal static partial class ExtendedAttributes
{
    /// <summary>As many bytes as names, or a value, can have (linux/limits.h: XATTR_LIST_MAX, XATTR_SIZE_MAX).</summary>
    private const int MaxLength = 1 << 16;

    /// <summary>The names, in order. None where the file system has no such attributes, or they cannot be read.</summary>
    public static IReadOnlyList<string> NamesOf(string path)
    {
        if (!OperatingSystem.IsLinux() || List(path, [], 0) is not (> 0 and <= MaxLength))
        {
            return [];
        }

        byte[] names = new byte[MaxLength];
        nint length = List(path, names, names.Length);
        return length <= 0
            ? []
            : [.. Encoding.UTF8.GetString(names, 0, (int)length).Split('\0', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal)];
    }

    /// <summary>A value. Null where it cannot be read.</summary>
    public static byte[]? Find(string path, string name)
    {
        byte[] value = new byte[MaxLength];
        nint length = Get(path, name, value, value.Length);
        return length < 0 ? null : value[..(int)length];
    }

    [LibraryImport("libc", EntryPoint = "llistxattr", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint List(string path, Span<byte> names, nint size);

    [LibraryImport("libc", EntryPoint = "lgetxattr", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint Get(string path, string name, Span<byte> value, nint size);
}
