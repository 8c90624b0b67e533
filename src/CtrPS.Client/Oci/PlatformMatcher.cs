using System.Globalization;

namespace CtrPS.Client.Oci;

/// <summary>
/// Chooses among the platforms of an index. A host runs more than its own platform; the ladder of what it accepts, best first, is
/// containerd's (github.com/containerd/platforms, compare.go).
/// </summary>
internal sealed class PlatformMatcher
{
    private readonly IReadOnlyList<CtrPlatform> _accepted;

    private PlatformMatcher(IReadOnlyList<CtrPlatform> accepted, bool takesUndeclared)
    {
        _accepted = accepted;
        TakesUndeclared = takesUndeclared;
    }

    /// <summary>The platform that is wanted most.</summary>
    public CtrPlatform Platform => _accepted[0];

    /// <summary>Whether an entry counts for which the index names no platform, as with containerd, or only by the platform in its config.</summary>
    public bool TakesUndeclared { get; }

    /// <summary>The platform and those that a host of it can run as well.</summary>
    public static PlatformMatcher Only(CtrPlatform platform) => new(Ladder(platform), takesUndeclared: true);

    /// <summary>Just this platform.</summary>
    public static PlatformMatcher Exactly(CtrPlatform platform) => Strict([platform]);

    /// <summary>Just these platforms, the first preferred.</summary>
    public static PlatformMatcher Strict(IReadOnlyList<CtrPlatform> platforms) => new(platforms, takesUndeclared: false);

    /// <summary>How good a platform is: 0 is the best, null is no match.</summary>
    public int? Rank(CtrPlatform platform)
    {
        for (int i = 0; i < _accepted.Count; i++)
        {
            CtrPlatform accepted = _accepted[i];
            if (accepted.Os == platform.Os && accepted.Architecture == platform.Architecture && accepted.Variant == platform.Variant
                && OsVersionMatches(accepted, platform))
            {
                return i;
            }
        }

        return null;
    }

    public bool Matches(CtrPlatform platform) => Rank(platform) is not null;

    /// <summary>Windows containers need the host's build (10.0.&lt;build&gt;.&lt;revision&gt;); nobody else compares versions.</summary>
    private static bool OsVersionMatches(CtrPlatform accepted, CtrPlatform offered)
    {
        if (accepted.Os != "windows" || accepted.OsVersion.Length == 0 || offered.OsVersion.Length == 0)
        {
            return true;
        }

        static string Build(string version) => string.Join('.', version.Split('.').Take(3));
        return Build(accepted.OsVersion) == Build(offered.OsVersion);
    }

    private static List<CtrPlatform> Ladder(CtrPlatform host)
    {
        var ladder = new List<CtrPlatform> { host };
        void Add(string architecture, string variant) => ladder.Add(new CtrPlatform(host.Os, architecture, variant, host.OsVersion));
        switch (host.Architecture)
        {
            case "amd64":
                for (int level = Number(host.Variant, 'v') - 1; level >= 2; level--)
                {
                    Add("amd64", $"v{level}");
                }

                if (host.Variant.Length > 0)
                {
                    Add("amd64", "");
                }

                Add("386", "");
                break;
            case "arm":
                AddArm(Number(host.Variant, 'v') - 1);
                break;
            case "arm64":
                AddArm64Below(host.Variant);
                AddArm(8);
                break;
            default:
                break;
        }

        return ladder;

        void AddArm(int from)
        {
            for (int version = from; version >= 5; version--)
            {
                Add("arm", $"v{version}");
            }
        }

        // Armv9.N holds all of Armv8.(N+5): v9.2 runs v9.1, v9, v8.7 and below.
        void AddArm64Below(string variant)
        {
            (int major, int minor) = variant.Length == 0 ? (8, 0) : Version(variant);
            if (major == 9)
            {
                for (int m = minor - 1; m >= 0; m--)
                {
                    Add("arm64", m == 0 ? "v9" : $"v9.{m}");
                }

                minor += 6;
            }

            for (int m = minor - 1; m >= 0; m--)
            {
                Add("arm64", m == 0 ? "" : $"v8.{m}");
            }
        }
    }

    private static int Number(string variant, char prefix) =>
        variant.Length > 1 && variant[0] == prefix && int.TryParse(variant.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            ? number
            : 1;

    private static (int Major, int Minor) Version(string variant)
    {
        string[] parts = variant.TrimStart('v').Split('.');
        return int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out int major)
            ? (major, parts.Length > 1 && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int minor) ? minor : 0)
            : (8, 0);
    }
}
