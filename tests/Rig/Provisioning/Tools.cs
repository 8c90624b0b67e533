using CtrPS.Rig.Processes;

namespace CtrPS.Rig.Provisioning;

/// <summary>The programs that the rig takes from the system's own packages. None of them brings a service.</summary>
internal static class Tools
{
    // program to look for -> Debian package that has it
    private static readonly (string Program, string Package)[] Needed =
    [
        ("runc", "runc"),
        ("host-local", "containernetworking-plugins"),
        ("skopeo", "skopeo"),
        ("umoci", "umoci"),
        ("podman", "podman"),
        ("mmdebstrap", "mmdebstrap"),
        ("zstd", "zstd"),
        ("xz", "xz-utils"),
        ("bzip2", "bzip2"),
        ("chromium-headless-shell", "chromium-headless-shell"),
    ];

    /// <summary>All programs that some rig or test needs.</summary>
    public static IReadOnlyCollection<string> All { get; } = [.. Needed.Select(tool => tool.Program)];

    /// <summary>The path of a program, or an error that says how to get it.</summary>
    public static string Need(string program) => Command.Find(program)
        ?? throw new RigUnavailableException($"there is no '{program}' on this machine; 'rig provision' as root installs it");

    /// <summary>Installs what is missing of some programs; returns the packages that it installed.</summary>
    public static async Task<IReadOnlyList<string>> InstallMissingAsync(
        IReadOnlyCollection<string> programs, CancellationToken cancellationToken)
    {
        var missing = Needed.Where(tool => programs.Contains(tool.Program) && Command.Find(tool.Program) is null)
            .Select(tool => tool.Package)
            .ToList();
        if (missing.Count == 0)
        {
            return missing;
        }

        string[] install = ["install", "-y", "--no-install-recommends", .. missing];
        if (!Posix.IsRoot || Command.Find("apt-get") is null)
        {
            throw new RigUnavailableException(
                $"missing: {string.Join(", ", missing)}. On Debian, as root: apt-get {string.Join(' ', install)}");
        }

        var environment = new Dictionary<string, string?> { ["DEBIAN_FRONTEND"] = "noninteractive" };
        await AptAsync(["update"], environment, cancellationToken);
        await AptAsync(install, environment, cancellationToken);
        return missing;
    }

    private static async Task AptAsync(string[] arguments, Dictionary<string, string?> environment, CancellationToken cancellationToken)
    {
        var result = await Command.RunAsync("apt-get", ["-q", .. arguments], environment, cancellationToken: cancellationToken);
        if (result.ExitCode != 0)
        {
            throw new RigUnavailableException($"'{result.CommandLine}' failed: {result.Error.Trim()}");
        }
    }
}
