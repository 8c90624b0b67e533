using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace CtrPS.Client.Network;

/// <summary>A network: a chain of plugins (CNI specification 1.1, section 1: network configuration format; libcni, conf.go).</summary>
/// <param name="Name">Its name.</param>
/// <param name="Version">The version of the specification that its plugins speak.</param>
/// <param name="Plugins">In the order of attaching.</param>
/// <param name="Source">The list as JSON: what is kept for the removal.</param>
internal sealed partial record CniNetwork(string Name, string Version, IReadOnlyList<CniPlugin> Plugins, ReadOnlyMemory<byte> Source)
{
    private const string NewestVersion = "1.1.0";

    /// <summary>Versions of the specification that can be read.</summary>
    public static IReadOnlyList<string> Versions { get; } = ["0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0", NewestVersion];

    /// <summary>Whether plugins get the last result when they are to detach, as from 0.4.0 on.</summary>
    public bool TakesResultBack => System.Version.Parse(Version) >= new Version(0, 4, 0);

    /// <summary>The first network by file name, as go-cni takes it for the default.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.NetworkFailed"/>.</exception>
    public static CniNetwork LoadDefault(string folder)
    {
        string? file = null;
        try
        {
            file = Files(folder, ".conf", ".conflist", ".json").FirstOrDefault() ?? throw CniFaults.NoConfig(folder);
            var source = (ReadOnlyMemory<byte>)File.ReadAllBytes(file);
            return file.EndsWith(".conflist", StringComparison.Ordinal) ? ParseList(source, folder) : ParseSingle(source);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CniFaults.Config(file ?? folder, e.Message, e);
        }
        catch (Exception e) when (IsMalformed(e))
        {
            throw CniFaults.Config(file!, e.Message, e);
        }
    }

    /// <summary>Reads what was kept of a network: a list, or one plugin's configuration, as cnitool keeps it where it was given one.</summary>
    /// <exception cref="FormatException">It is neither.</exception>
    public static CniNetwork ParseKept(ReadOnlyMemory<byte> json)
    {
        try
        {
            return Root(json).ContainsKey("plugins") ? ParseList(json, null) : ParseSingle(json);
        }
        catch (Exception e) when (IsMalformed(e))
        {
            throw new FormatException(e.Message, e);
        }
    }

    /// <summary>A text field. Empty where it is missing.</summary>
    /// <exception cref="FormatException">It is something else.</exception>
    internal static string Text(JsonObject json, string name) => json[name] switch
    {
        null => "",
        JsonValue value when value.GetValueKind() == JsonValueKind.String => value.GetValue<string>(),
        _ => throw new FormatException($"'{name}' is no text."),
    };

    private static CniNetwork ParseList(ReadOnlyMemory<byte> json, string? folder)
    {
        JsonObject root = Root(json);
        string name = Text(root, "name");
        var plugins = new List<CniPlugin>();
        bool changed = false;
        if (root["plugins"] is { } list)
        {
            plugins.AddRange((list as JsonArray ?? throw new FormatException("'plugins' is no list."))
                .Select(plugin => CniPlugin.Parse(plugin as JsonObject ?? throw new FormatException("a plugin is no object."))));
        }

        // Since CNI 1.1 further plugins may lie in files of their own, in a folder with the network's name.
        if (folder is not null && IsName(name) && !Flag(root, "loadOnlyInlinedPlugins"))
        {
            foreach (string file in Files(Path.Combine(folder, name), ".conf"))
            {
                plugins.Add(CniPlugin.Parse(Root(File.ReadAllBytes(file))));
                changed = true;
            }
        }

        return Make(name, BestVersion(root), plugins, changed ? null : (ReadOnlyMemory<byte>?)json);
    }

    private static CniNetwork ParseSingle(ReadOnlyMemory<byte> json)
    {
        JsonObject root = Root(json);
        return root.ContainsKey("plugins")
            ? throw new FormatException("it is a list of plugins: such a file ends with .conflist.")
            : Make(Text(root, "name"), BestVersion(root), [CniPlugin.Parse(root)], null);
    }

    private static CniNetwork Make(string name, string version, List<CniPlugin> plugins, ReadOnlyMemory<byte>? source)
    {
        if (!IsName(name))
        {
            throw new FormatException(name.Length == 0 ? "the network has no name." : $"'{name}' is no valid name of a network.");
        }

        if (plugins.Count == 0)
        {
            throw new FormatException("the network has no plugins.");
        }

        if (!Versions.Contains(version))
        {
            throw new FormatException($"the cniVersion '{version}' is none of {string.Join(", ", Versions)}.");
        }

        return new CniNetwork(name, version, plugins, source ?? JsonSerializer.SerializeToUtf8Bytes(new JsonObject
        {
            ["name"] = name,
            ["cniVersion"] = version,
            ["plugins"] = new JsonArray([.. plugins.Select(plugin => plugin.Config.DeepClone())]),
        }));
    }

    /// <summary>The version to speak: with <c>cniVersions</c> (since 1.1) the newest that is known. None at all means 0.1.0.</summary>
    private static string BestVersion(JsonObject root)
    {
        string version = Text(root, "cniVersion");
        if (root["cniVersions"] is JsonArray offered)
        {
            string[] texts =
            [
                .. offered.OfType<JsonValue>().Where(one => one.GetValueKind() == JsonValueKind.String).Select(one => one.GetValue<string>()),
            ];
            List<string> known = [.. texts.Append(version).Where(Versions.Contains).OrderBy(System.Version.Parse)];
            version = known.Count > 0 ? known[^1] : version;
        }

        return version.Length == 0 ? "0.1.0" : version;
    }

    private static IEnumerable<string> Files(string folder, params string[] extensions) => Directory.Exists(folder)
        ? Directory.EnumerateFiles(folder).Where(file => extensions.Contains(Path.GetExtension(file))).Order(StringComparer.Ordinal)
        : [];

    private static bool Flag(JsonObject json, string name) => json[name] is JsonValue value
        && value.GetValueKind() switch
        {
            JsonValueKind.True => true,
            JsonValueKind.String => string.Equals(value.GetValue<string>(), "true", StringComparison.OrdinalIgnoreCase),
            _ => false,
        };

    private static JsonObject Root(ReadOnlyMemory<byte> json)
    {
        // A JsonNode finds a name that stands there twice only when it is used. This refuses it here, before anything is done.
        using var document = JsonDocument.Parse(json, new JsonDocumentOptions { AllowDuplicateProperties = false });
        return JsonNode.Parse(json.Span) as JsonObject ?? throw new FormatException("it is no JSON object.");
    }

    private static bool IsName(string name) => NamePattern().IsMatch(name);

    private static bool IsMalformed(Exception e) => e is JsonException or FormatException or InvalidOperationException or ArgumentException;

    // CNI specification 1.1, section 1; libcni, pkg/utils.
    [GeneratedRegex(@"^[a-zA-Z0-9][a-zA-Z0-9_.\-]*\z")]
    private static partial Regex NamePattern();
}
