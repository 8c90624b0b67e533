namespace CtrPS.Rig.Provisioning;

/// <summary>What is to be provisioned: generations of containerd, images and registries, with all that these need.</summary>
internal sealed record Wanted(IReadOnlyList<Generation> Generations, IReadOnlyList<string> Images, bool Registries = false)
{
    private const string BuiltFromDebian = "nginx";

    /// <summary>All that tests ask for, programs and packages of single tests too.</summary>
    public static Wanted Everything { get; } = new(CtrPS.Rig.Generations.All, RigImages.All)
    {
        Programs = Tools.All,
        Packages = DebianPackages.All,
    };

    /// <summary>The programs that must be on the system.</summary>
    public IReadOnlyCollection<string> Programs { get; private init; } =
    [
        .. Generations.Count > 0 ? (string[])["runc"] : [],
        .. Images.Count > 0 ? (string[])["umoci", "skopeo"] : [],
        .. Registries ? (string[])["skopeo"] : [],
        .. Images.Any(IsFromDebian) ? (string[])["mmdebstrap"] : [],
    ];

    /// <summary>The packages that must be unpacked beside it.</summary>
    public IReadOnlyList<UnpackedPackage> Packages { get; private init; } =
    [
        .. Generations.Select(DebianPackages.ContainerdOf),
        .. Images.All(IsFromDebian) ? (UnpackedPackage[])[] : [DebianPackages.Busybox],
        .. Registries ? DebianPackages.Registries : [],
    ];

    /// <summary>All other images are made of busybox.</summary>
    private static bool IsFromDebian(string image) => image.StartsWith(BuiltFromDebian, StringComparison.Ordinal);
}
