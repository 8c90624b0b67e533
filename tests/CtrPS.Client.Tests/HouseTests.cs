using CtrPS.Client.Connection;

namespace CtrPS.Client.Tests;

/// <summary>The order of the house: which part of the client may know which, and how a file looks.</summary>
public sealed class HouseTests
{
    private const string Root = "CtrPS.Client";
    private const int LongestLine = 150;

    /// <summary>The parts below all capabilities, with what each may use. A capability may use all of them.</summary>
    private static readonly Dictionary<string, string[]> Shared = new()
    {
        ["Posix"] = [],
        ["Formats"] = ["Posix"],
        ["Connection"] = ["Posix"],
        ["Oci"] = ["Posix", "Formats", "Connection"],
    };

    [Fact]
    public void No_capability_leads_back_to_itself()
    {
        ILookup<string, Use> uses = Uses().ToLookup(use => use.From);
        Assert.NotEmpty(uses["Tasks"]); // it finds something at all
        IEnumerable<string> cycles = uses.Select(group => FindWay(uses, group.Key, group.Key))
            .Where(way => way.Count > 0)
            .DistinctBy(way => string.Join(' ', way.Select(use => use.From).Order(StringComparer.Ordinal)))
            .Select(way => $"{way[0].From} leads back to itself:\n{string.Join('\n', way)}");
        Assert.True(!cycles.Any(), string.Join('\n', cycles));
    }

    [Fact]
    public void What_all_stand_on_stands_on_nothing_above()
    {
        IEnumerable<Use> wrong = Uses().Where(use => Shared.TryGetValue(use.From, out string[]? allowed) && !allowed.Contains(use.To));
        Assert.True(!wrong.Any(), string.Join('\n', wrong));
    }

    [Fact]
    public void The_kernel_and_the_systems_libraries_are_called_in_Posix_alone()
    {
        IEnumerable<string> wrong = Sources("src")
            .Where(file => Path.GetFileName(Path.GetDirectoryName(file)) != "Posix")
            .Where(file => File.ReadLines(file).Any(line => line.Contains("[LibraryImport(") || line.Contains("[DllImport(")))
            .Select(file => $"{Path.GetRelativePath(Repository, file)} calls native code");
        Assert.True(!wrong.Any(), string.Join('\n', wrong));
    }

    [Fact]
    public void No_line_is_longer_than_150_characters()
    {
        IEnumerable<string> wrong = Sources("src", "tests").SelectMany(file => File.ReadLines(file)
            .Select((line, index) => (line.Length, Number: index + 1))
            .Where(line => line.Length > LongestLine)
            .Select(line => $"{Path.GetRelativePath(Repository, file)}:{line.Number} has {line.Length}"));
        Assert.True(!wrong.Any(), string.Join('\n', wrong));
    }

    /// <summary>The folder with the solution, above that of this assembly.</summary>
    private static string Repository
    {
        get
        {
            DirectoryInfo? folder = new(AppContext.BaseDirectory);
            while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "CtrPS.sln")))
            {
                folder = folder.Parent;
            }

            return folder?.FullName ?? throw new InvalidOperationException("This assembly does not lie in its repository.");
        }
    }

    /// <summary>The C# files that people write.</summary>
    private static IEnumerable<string> Sources(params string[] folders) => folders
        .SelectMany(folder => Directory.EnumerateFiles(Path.Combine(Repository, folder), "*.cs", SearchOption.AllDirectories))
        .Where(file => !file.Split(Path.DirectorySeparatorChar).Any(part => part is "obj" or "bin"))
        .Order(StringComparer.Ordinal);

    /// <summary>Who uses whom across parts. What puts a connection together knows all of them, and is left out.</summary>
    private static List<Use> Uses() =>
    [
        .. typeof(ContainerdConnection).Assembly.GetTypes()
            .Where(type => PartOf(type) is not null && Outermost(type) != typeof(ContainerdConnection))
            .SelectMany(
                type => TypesIn.Of(type).Select(used => new Use(PartOf(type)!, PartOf(used), $"{Outermost(type).Name} uses {Outermost(used).Name}")))
            .Where(use => use.To is not null && use.From != use.To)
            .DistinctBy(use => (use.From, use.To)),
    ];

    /// <summary>
    /// The folder of a type: Containers of CtrPS.Client.Containers.Users. Null for types that are not the client's, or that lie above the folders.
    /// </summary>
    private static string? PartOf(Type type)
    {
        string[] parts = Outermost(type).Namespace?.Split('.') ?? [];
        return parts.Length > 2 && $"{parts[0]}.{parts[1]}" == Root ? parts[2] : null;
    }

    private static Type Outermost(Type type) => type.DeclaringType is { } outer ? Outermost(outer) : type;

    /// <summary>The shortest way from a part over others. Empty where there is none.</summary>
    private static IReadOnlyList<Use> FindWay(ILookup<string, Use> uses, string from, string to)
    {
        var seen = new HashSet<string>();
        var ways = new Queue<IReadOnlyList<Use>>([[]]);
        while (ways.TryDequeue(out IReadOnlyList<Use>? way))
        {
            foreach (Use use in uses[way.Count == 0 ? from : way[^1].To!])
            {
                if (use.To == to)
                {
                    return [.. way, use];
                }

                if (seen.Add(use.To!))
                {
                    ways.Enqueue([.. way, use]);
                }
            }
        }

        return [];
    }

    /// <param name="From">The part that uses another.</param>
    /// <param name="To">The other part. Null: nothing of the client.</param>
    /// <param name="Why">The types.</param>
    private sealed record Use(string From, string? To, string Why)
    {
        public override string ToString() => $"  {From} -> {To}: {Why}";
    }
}
