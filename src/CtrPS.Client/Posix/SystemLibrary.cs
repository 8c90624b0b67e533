using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace CtrPS.Client.Posix;

/// <summary>
/// The system's own libraries for compressions that the framework lacks. Every Linux distribution has them in its base; nothing is carried along,
/// and one that is absent is told by the name of its package.
/// </summary>
internal static class SystemLibrary
{
    public const string Zstd = "zstd";
    public const string Lzma = "lzma";
    public const string Bzip2 = "bz2";
    public const string Zlib = "z";

    private static readonly ConcurrentDictionary<string, nint> Handles = new(StringComparer.Ordinal);

    static SystemLibrary() => NativeLibrary.SetDllImportResolver(typeof(SystemLibrary).Assembly, (name, _, _) => Handles.GetValueOrDefault(name));

    /// <summary>Loads a library, once. Call it before the first function of it.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.CompressionUnavailable"/>.</exception>
    public static void Require(string library)
    {
        if (Handles.ContainsKey(library))
        {
            return;
        }

        (string compression, string package, string[] names) = library switch
        {
            Zstd => ("zstd", "libzstd1", (string[])["libzstd.so.1", .. OnMac("libzstd.1.dylib"), "libzstd.dll", "zstd.dll"]),
            Lzma => ("xz", "liblzma5", ["liblzma.so.5", .. OnMac("liblzma.5.dylib"), "liblzma.dll"]),
            Bzip2 => ("bzip2", "libbz2-1.0", ["libbz2.so.1.0", "libbz2.so.1", .. OnMac("libbz2.1.0.dylib"), "libbz2.dll", "bz2.dll"]),
            Zlib => ("gzip", "zlib1g", ["libz.so.1", .. OnMac("libz.1.dylib"), "zlib1.dll"]),
            _ => throw new ArgumentOutOfRangeException(nameof(library)),
        };
        Load(library, compression, package, names);
    }

    /// <summary>As <see cref="Require"/>, for who can do without. False where it is not installed.</summary>
    public static bool TryRequire(string library)
    {
        try
        {
            Require(library);
            return true;
        }
        catch (CtrException e) when (e.ErrorId == CtrErrorIds.CompressionUnavailable)
        {
            return false;
        }
    }

    /// <summary>The system's own, or Homebrew's, whose folders the loader does not search.</summary>
    private static string[] OnMac(string name) => [name, $"/opt/homebrew/lib/{name}", $"/usr/local/lib/{name}"];

    /// <summary>Loads the first of several names that is there.</summary>
    public static void Load(string library, string compression, string package, IReadOnlyList<string> names)
    {
        foreach (string name in names)
        {
            if (NativeLibrary.TryLoad(name, typeof(SystemLibrary).Assembly, DllImportSearchPath.SafeDirectories, out nint handle))
            {
                _ = Handles.TryAdd(library, handle);
                return;
            }
        }

        string wanted = string.Join(", ", names.Where(name => !name.Contains('/')));
        throw new CtrException(
            CtrErrorIds.CompressionUnavailable,
            CtrStatus.Unimplemented,
            $"{compression} needs a library of the system that is not installed: {wanted}.")
        {
            Target = compression,
            RecommendedAction = $"Install it: on Debian and Ubuntu the package {package}. Or use the program {compression} beforehand.",
        };
    }
}
