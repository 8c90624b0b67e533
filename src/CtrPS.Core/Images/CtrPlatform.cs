namespace CtrPS;

/// <summary>
/// A platform as images name it: <c>os/architecture[/variant]</c>. Values are normalised as containerd does it
/// (github.com/containerd/platforms, database.go): <c>x86_64</c> is amd64, <c>aarch64</c> arm64, <c>armhf</c> arm/v7.
/// </summary>
public class CtrPlatform : IEquatable<CtrPlatform>
{
    /// <summary>Creates a platform from its parts, normalised.</summary>
    public CtrPlatform(string os, string architecture, string variant = "", string osVersion = "")
    {
        ArgumentNullException.ThrowIfNull(os);
        ArgumentNullException.ThrowIfNull(architecture);
        ArgumentNullException.ThrowIfNull(variant);
        Os = NormalizeOs(os);
        (Architecture, Variant) = NormalizeArchitecture(architecture, variant);
        OsVersion = osVersion;
    }

    /// <summary>Creates a platform from text; see <see cref="Parse"/>. PowerShell converts strings with it.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.InvalidPlatform"/>.</exception>
    public CtrPlatform(string platform)
        : this(Parse(platform))
    {
    }

    private CtrPlatform(CtrPlatform other)
        : this(other.Os, other.Architecture, other.Variant, other.OsVersion)
    {
    }

    /// <summary>Operating system: linux, windows, freebsd, ...</summary>
    public string Os { get; }

    /// <summary>CPU architecture in Go's words: amd64, arm64, arm, 386, ...</summary>
    public string Architecture { get; }

    /// <summary>Variant of the architecture, such as v7. Empty for the base variant.</summary>
    public string Variant { get; }

    /// <summary>Version of the operating system; Windows images have one. Empty mostly.</summary>
    public string OsVersion { get; }

    /// <summary>
    /// Reads <c>os/architecture[/variant]</c>. A single word is an operating system (with this machine's architecture) or an architecture (for
    /// linux).
    /// </summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.InvalidPlatform"/>.</exception>
    public static CtrPlatform Parse(string platform)
    {
        ArgumentNullException.ThrowIfNull(platform);
        string[] parts = platform.Trim().Split('/');
        if (parts.Length > 3 || parts.Any(part => part.Length == 0 || !part.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.')))
        {
            throw new CtrException(
                CtrErrorIds.InvalidPlatform,
                CtrStatus.InvalidArgument,
                $"'{platform}' is not a platform. A platform is written os/architecture[/variant], as in linux/arm64 or linux/arm/v7.")
            {
                Target = platform,
                RecommendedAction = "Write os/architecture[/variant], as in linux/arm64 or linux/arm/v7.",
            };
        }

        if (parts.Length > 1)
        {
            return new CtrPlatform(parts[0], parts[1], parts.Length > 2 ? parts[2] : "");
        }

        return IsKnownOs(NormalizeOs(parts[0]))
            ? new CtrPlatform(parts[0], LocalArchitecture)
            : IsKnownArchitecture(NormalizeArchitecture(parts[0], "").Architecture)
            ? new CtrPlatform("linux", parts[0])
            : throw new CtrException(
                CtrErrorIds.InvalidPlatform,
                CtrStatus.InvalidArgument,
                $"'{platform}' is neither an operating system nor an architecture. "
                    + "A platform is written os/architecture[/variant], as in linux/arm64.")
            {
                Target = platform,
                RecommendedAction = "Write os/architecture[/variant], as in linux/arm64 or linux/arm/v7.",
            };
    }

    /// <summary>The form <c>os/architecture[/variant]</c>.</summary>
    public sealed override string ToString() => Variant.Length == 0 ? $"{Os}/{Architecture}" : $"{Os}/{Architecture}/{Variant}";

    /// <summary>Whether both are the same platform; an image's entry is none but itself.</summary>
    public virtual bool Equals(CtrPlatform? other) =>
        other is not null && GetType() == other.GetType()
        && (Os, Architecture, Variant, OsVersion) == (other.Os, other.Architecture, other.Variant, other.OsVersion);

    /// <inheritdoc/>
    public sealed override bool Equals(object? obj) => Equals(obj as CtrPlatform);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Os, Architecture, Variant, OsVersion);

    /// <summary>As <see cref="Equals(CtrPlatform)"/>.</summary>
    public static bool operator ==(CtrPlatform? left, CtrPlatform? right) => left is null ? right is null : left.Equals(right);

    /// <summary>As <see cref="Equals(CtrPlatform)"/>.</summary>
    public static bool operator !=(CtrPlatform? left, CtrPlatform? right) => !(left == right);

    /// <summary>The platform of this machine, without a variant.</summary>
    internal static CtrPlatform Local =>
        new(OperatingSystem.IsWindows() ? "windows" : OperatingSystem.IsMacOS() ? "darwin" : "linux", LocalArchitecture);

    private static string LocalArchitecture => System.Runtime.InteropServices.RuntimeInformation.OSArchitecture.ToString() switch
    {
        "X64" => "amd64",
        "X86" => "386",
        { } other => other,
    };

    private static string NormalizeOs(string os) => os.ToLowerInvariant() switch
    {
        "macos" => "darwin",
        { } lower => lower,
    };

    private static (string Architecture, string Variant) NormalizeArchitecture(string architecture, string variant)
    {
        string lowerVariant = variant.ToLowerInvariant();
        return architecture.ToLowerInvariant() switch
        {
            "i386" => ("386", ""),
            "x86_64" or "x86-64" or "amd64" => ("amd64", lowerVariant == "v1" ? "" : lowerVariant),
            "aarch64" or "arm64" =>
                ("arm64", lowerVariant is "8" or "v8" or "v8.0" ? "" : lowerVariant is "9" or "9.0" or "v9.0" ? "v9" : lowerVariant),
            "armhf" => ("arm", "v7"),
            "armel" => ("arm", "v6"),
            "arm" => ("arm", lowerVariant switch
            {
                "" or "7" => "v7",
                "5" or "6" or "8" => "v" + lowerVariant,
                _ => lowerVariant,
            }),
            { } other => (other, lowerVariant),
        };
    }

    private static bool IsKnownOs(string os) =>
        os is "aix" or "android" or "darwin" or "dragonfly" or "freebsd" or "hurd" or "illumos" or "ios" or "js"
        or "linux" or "netbsd" or "openbsd" or "plan9" or "solaris" or "wasip1" or "windows" or "zos";

    private static bool IsKnownArchitecture(string architecture) =>
        architecture is "386" or "amd64" or "arm" or "arm64" or "loong64" or "mips" or "mipsle"
        or "mips64" or "mips64le" or "ppc64" or "ppc64le" or "riscv64" or "s390x" or "wasm";
}
