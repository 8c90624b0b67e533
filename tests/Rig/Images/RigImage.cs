using System.Globalization;

namespace CtrPS.Rig.Images;

/// <summary>One entry of the catalogue, with the names of its records in containerd.</summary>
internal sealed record RigImage(string Kind, IReadOnlyList<string> Names)
{
    private const int DefaultMany = 2000;
    private const string Library = "docker.io/library/";

    private static readonly Dictionary<string, string> RecordNames = new()
    {
        ["nginx"] = Library + "nginx:deb",
        ["nginx-docker"] = Library + "nginx:docker",
        ["busybox"] = Library + "busybox:1.35",
        ["busybox-docker"] = Library + "busybox:docker",
        ["index"] = Library + "index:partial",
        ["index-full"] = Library + "index:full",
        ["attested"] = Library + "attested:1",
        ["nested"] = Library + "nested:1",
        ["absent"] = Library + "absent:1",
        ["arm"] = Library + "arm:v7",
        ["pause"] = Library + "pause:1",
        ["built"] = Library + "built:1",
        ["names"] = Library + "busybox:1.35",
    };

    public static IReadOnlyList<string> Kinds { get; } = [.. RecordNames.Keys, "many"];

    public string RecordName => Names[0];

    /// <summary>Entries that differ only in what happens after the import share an archive.</summary>
    public string ArchiveName => Kind switch
    {
        "names" => "busybox",
        "many" => $"many-{Names.Count}",
        _ => Kind,
    };

    public static RigImage Parse(string text)
    {
        var parts = text.Split(':', 2);
        if (parts[0] == "many")
        {
            var count = parts.Length == 2 ? int.Parse(parts[1], CultureInfo.InvariantCulture) : DefaultMany;
            return new RigImage("many", [.. Enumerable.Range(1, count).Select(number => $"{Library}many-{number:D4}:1")]);
        }

        return RecordNames.TryGetValue(text, out var name)
            ? new RigImage(text, [name])
            : throw new ArgumentException($"'{text}' is no image of the rig: {string.Join(", ", Kinds)}");
    }
}
