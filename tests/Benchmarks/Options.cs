using System.Globalization;
using CtrPS.Rig;

namespace CtrPS.Benchmarks;

/// <summary>What to measure.</summary>
internal sealed record Options(
    IReadOnlyList<string> Only, int Rounds, int Images, int Mebibytes, int Gibibytes, Generation Generation, string? PowerShell, string Module)
{
    public static Options Parse(string[] arguments)
    {
        string? Value(string name) => Array.IndexOf(arguments, name) is int at and >= 0 && at + 1 < arguments.Length ? arguments[at + 1] : null;
        int Number(string name, int otherwise) => Value(name) is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;
        return new Options(
            (Value("--only") ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries),
            Number("--rounds", 5),
            Number("--images", 2000),
            Number("--mib", 512),
            Number("--gib", 4),
            Value("--generation") is { } generation ? Generations.Parse(generation) : Generation.V16,
            Value("--pwsh") ?? FindOnPath("pwsh"),
            Path.GetFullPath(Value("--module") ?? FindModule()));
    }

    private static string? FindOnPath(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
        .Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);

    /// <summary>output/CtrPS of the tree that this program was built in.</summary>
    private static string FindModule()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            string manifest = Path.Combine(folder.FullName, "output", "CtrPS", "CtrPS.psd1");
            if (File.Exists(manifest))
            {
                return manifest;
            }
        }

        throw new FileNotFoundException("The module is not built: there is no output/CtrPS/CtrPS.psd1 above this program. Give --module.");
    }
}
