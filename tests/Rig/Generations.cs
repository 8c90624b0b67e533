using CtrPS.Rig.Processes;
using CtrPS.Rig.Provisioning;

namespace CtrPS.Rig;

/// <summary>What this machine has of one generation. <see cref="Reason"/> is null when it can be started.</summary>
public sealed record GenerationStatus(Generation Generation, string Name, string? Version, string? BinFolder, string? Reason)
{
    public bool IsAvailable => Reason is null;
}

/// <summary>Which containerds can be started here.</summary>
public static class Generations
{
    public static IReadOnlyList<Generation> All { get; } = Enum.GetValues<Generation>();

    /// <summary>The name in commands and reports: 1.6, 1.7, 2.</summary>
    public static string NameOf(Generation generation) => generation switch
    {
        Generation.V16 => "1.6",
        Generation.V17 => "1.7",
        Generation.V2 => "2",
        _ => throw new ArgumentOutOfRangeException(nameof(generation)),
    };

    public static Generation Parse(string name) => All.Any(generation => NameOf(generation) == name)
        ? All.First(generation => NameOf(generation) == name)
        : throw new ArgumentException($"'{name}' is no generation: {string.Join(", ", All.Select(NameOf))}");

    /// <summary>Generations that can be started now.</summary>
    public static async Task<IReadOnlyList<Generation>> AvailableAsync(CancellationToken cancellationToken = default)
    {
        var found = new List<Generation>();
        foreach (var generation in All)
        {
            if ((await FindAsync(generation, cancellationToken)).IsAvailable)
            {
                found.Add(generation);
            }
        }

        return found;
    }

    public static async Task<GenerationStatus> FindAsync(Generation generation, CancellationToken cancellationToken = default)
    {
        var name = NameOf(generation);
        if (!OperatingSystem.IsLinux())
        {
            return new GenerationStatus(generation, name, null, null, "the rig runs on Linux only");
        }

        var package = DebianPackages.ContainerdOf(generation);
        if (!package.IsUnpacked)
        {
            return new GenerationStatus(generation, name, null, null, $"{package} is not unpacked here; 'rig provision' does it");
        }

        var bin = Path.Combine(package.Folder, "usr", "bin");
        var answer = await Command.RunAsync(Path.Combine(bin, "containerd"), ["--version"], cancellationToken: cancellationToken);
        var version = answer.Output.Split(' ', StringSplitOptions.RemoveEmptyEntries).ElementAtOrDefault(2);
        var reason = answer.ExitCode != 0 ? $"its daemon does not run on this system: {answer.Error.Trim()}"
            : version is null || !version.StartsWith(name + ".", StringComparison.Ordinal)
                ? $"{package} is containerd {version ?? "without a version"}, not {name}"
            : Command.Find("runc") is null ? "there is no runc; 'rig provision' installs it"
            : !Posix.IsRoot ? "containerd needs root"
            : null;
        return new GenerationStatus(generation, name, version, bin, reason);
    }
}
