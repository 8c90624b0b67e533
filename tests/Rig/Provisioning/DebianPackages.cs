namespace CtrPS.Rig.Provisioning;

/// <summary>The packages that the rig unpacks beside the system. Installing them would also enable their services.</summary>
internal static class DebianPackages
{
    /// <summary>Version 1.35, the one that the busybox image is named after.</summary>
    public static UnpackedPackage Busybox { get; } = new("busybox-static", "bookworm");

    /// <summary>Younger than the system's, with the libraries it needs: older ones do not know the vDSO of today's kernels.</summary>
    public static UnpackedPackage Criu { get; } = new("criu", "trixie") { WithDependencies = true };

    /// <summary>Other clients of registries, each the program of its name: what we push they must read, what they attach we must find.</summary>
    public static IReadOnlyList<UnpackedPackage> Readers { get; } =
    [
        new UnpackedPackage("oras", "trixie") { MayLack = true },
        new UnpackedPackage("crane", "sid") { MayLack = true },
    ];

    public static IReadOnlyList<UnpackedPackage> Registries { get; } = [.. Enum.GetValues<RegistryVersion>().Select(RegistryOf)];

    public static IReadOnlyList<UnpackedPackage> All { get; } = [.. Generations.All.Select(ContainerdOf), .. Registries, .. Readers, Busybox, Criu];

    public static UnpackedPackage RegistryOf(RegistryVersion version) => version switch
    {
        RegistryVersion.V282 => new UnpackedPackage("docker-registry", "bookworm"),
        RegistryVersion.V283 => new UnpackedPackage("docker-registry", "trixie"),
        _ => throw new ArgumentOutOfRangeException(nameof(version)),
    };

    public static UnpackedPackage ContainerdOf(Generation generation) => generation switch
    {
        Generation.V16 => new UnpackedPackage("containerd", "bookworm"),
        Generation.V17 => new UnpackedPackage("containerd", "trixie"),
        Generation.V2 => new UnpackedPackage("containerd", "sid"),
        _ => throw new ArgumentOutOfRangeException(nameof(generation)),
    };
}
