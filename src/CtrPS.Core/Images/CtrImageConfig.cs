using System.Text.Json;
using System.Text.Json.Nodes;

namespace CtrPS;

/// <summary>
/// What the config of an image says, for one platform (image-spec, config.md): how it is run, when and by whom it was made, and what its root file
/// system is made of.
/// </summary>
public sealed class CtrImageConfig : CtrObject
{
    internal CtrImageConfig()
    {
    }

    /// <summary>The full name of the image.</summary>
    public string Name { get; internal set; } = null!;

    /// <summary>The platform that the config says it is for. Null where it does not.</summary>
    public CtrPlatform? Platform { get; internal set; }

    /// <summary>Digest of the config: docker's image id.</summary>
    public string Digest { get; internal set; } = null!;

    /// <summary>Digest of the manifest that names the config.</summary>
    public string ManifestDigest { get; internal set; } = null!;

    /// <summary>Media type of the config.</summary>
    public string MediaType { get; internal set; } = null!;

    /// <summary>When the image was made. Null where the config does not say.</summary>
    public DateTimeOffset? Created { get; internal set; }

    /// <summary>Who made it. Null where the config does not say.</summary>
    public string? Author { get; internal set; }

    /// <summary>The environment of its processes, <c>NAME=value</c>.</summary>
    public IReadOnlyList<string> Env { get; internal set => field = CtrList.Of(value); } = CtrList<string>.Empty;

    /// <summary>The program, with the words that always come first.</summary>
    public IReadOnlyList<string> Entrypoint { get; internal set => field = CtrList.Of(value); } = CtrList<string>.Empty;

    /// <summary>The words that follow, unless the user gives others.</summary>
    public IReadOnlyList<string> Cmd { get; internal set => field = CtrList.Of(value); } = CtrList<string>.Empty;

    /// <summary>The user, with or without a group: names or numbers. Empty: root.</summary>
    public string User { get; internal set; } = "";

    /// <summary>The working directory. Empty: <c>/</c>.</summary>
    public string WorkingDirectory { get; internal set; } = "";

    /// <summary>Ports that it listens on: <c>80/tcp</c>.</summary>
    public IReadOnlyList<string> ExposedPorts { get; internal set => field = CtrList.Of(value); } = CtrList<string>.Empty;

    /// <summary>Folders whose content is to be kept apart from the container.</summary>
    public IReadOnlyList<string> Volumes { get; internal set => field = CtrList.Of(value); } = CtrList<string>.Empty;

    /// <summary>The labels.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; internal set => field = CtrMap.Of(value); } = CtrMap<string>.Empty;

    /// <summary>The signal that ends it, as a name or a number. Empty: SIGTERM.</summary>
    public string StopSignal { get; internal set; } = "";

    /// <summary>How docker finds out whether it is well. Null where the config does not say.</summary>
    public CtrHealthcheck? Healthcheck { get; internal set; }

    /// <summary>The shell of docker's build, for words in one string. Empty: the usual one.</summary>
    public IReadOnlyList<string> Shell { get; internal set => field = CtrList.Of(value); } = CtrList<string>.Empty;

    /// <summary>Steps of docker's build for images that are made from this one.</summary>
    public IReadOnlyList<string> OnBuild { get; internal set => field = CtrList.Of(value); } = CtrList<string>.Empty;

    /// <summary>What the root file system is made of.</summary>
    public CtrRootFileSystem RootFS { get; internal set; } = new();

    /// <summary>
    /// Keys that neither the specification nor this module knows, with their values as JSON; those below <c>config</c> are named <c>config.Key</c>.
    /// </summary>
    public IReadOnlyDictionary<string, string> Unknown { get; internal set => field = CtrMap.Of(value); } = CtrMap<string>.Empty;

    /// <summary>The comment of the last step of the history. Empty: there is none.</summary>
    internal string LastComment { get; set; } = "";

    /// <summary>The bytes of the config.</summary>
    internal ReadOnlyMemory<byte> Bytes { get; set; }

    /// <summary>What docker inspect tells besides: of the record, and of other records.</summary>
    internal CtrImageFacts? Facts { get; set; }

    /// <summary>The image as <c>docker image inspect</c> shows one, on one line.</summary>
    public string ToJson() => ToJson(false);

    /// <summary>The image as <c>docker image inspect</c> shows one; keys that docker does not know stay.</summary>
    /// <param name="indented">On several lines, for people.</param>
    public string ToJson(bool indented)
    {
        // Not as nodes, which are refused where a key comes twice.
        using var document = JsonDocument.Parse(Bytes);
        JsonElement own = document.RootElement;
        var json = new JsonObject
        {
            ["Id"] = Digest,
            ["RepoTags"] = new JsonArray([.. (Facts?.Tags ?? []).Select(tag => (JsonNode?)tag)]),
            ["RepoDigests"] = new JsonArray([.. (Facts?.Digests ?? []).Select(digest => (JsonNode?)digest)]),
            ["Comment"] = LastComment,
            [nameof(Created)] = Copy("created"),
            [nameof(Author)] = Author ?? "",
            ["Config"] = Copy("config"),
        };
        (string Name, string Key)[] platform = [("Architecture", "architecture"), ("Variant", "variant"), ("Os", "os"), ("OsVersion", "os.version")];
        foreach ((string name, string key) in platform.Where(one => own.TryGetProperty(one.Key, out _)))
        {
            json[name] = Copy(key);
        }

        json["Size"] = Facts?.Size;
        json[nameof(RootFS)] = new JsonObject { ["Type"] = RootFS.Type, ["Layers"] = new JsonArray([.. RootFS.DiffIds.Select(id => (JsonNode?)id)]) };
        json["Metadata"] = new JsonObject { ["LastTagTime"] = Facts?.TaggedAt };
        foreach ((string name, string value) in Unknown.Where(key => !key.Key.StartsWith("config.", StringComparison.Ordinal)))
        {
            _ = json.TryAdd(name, JsonNode.Parse(value));
        }

        return RecordJson.Text(json, indented);

        JsonNode? Copy(string key) => own.TryGetProperty(key, out JsonElement value) ? JsonNode.Parse(value.GetRawText()) : null;
    }

    /// <summary>The name of the image.</summary>
    public override string ToString() => Name;
}

/// <summary>What docker's inspect tells of an image beside its config.</summary>
/// <param name="Tags">Names with a tag that point to the same, in docker's short form.</param>
/// <param name="Digests">Repositories, in docker's short form, with the digest that the names point to.</param>
/// <param name="Size">Bytes of manifest, config and layers.</param>
/// <param name="TaggedAt">When the record was changed last.</param>
internal sealed record CtrImageFacts(IReadOnlyList<string> Tags, IReadOnlyList<string> Digests, long Size, DateTimeOffset? TaggedAt);

/// <summary>A check of a container's health, as docker makes it.</summary>
public sealed class CtrHealthcheck
{
    internal CtrHealthcheck()
    {
    }

    /// <summary>The command: NONE; CMD and the words; CMD-SHELL and a line.</summary>
    public IReadOnlyList<string> Test { get; internal set => field = CtrList.Of(value); } = CtrList<string>.Empty;

    /// <summary>From one check to the next. Null: docker's default.</summary>
    public TimeSpan? Interval { get; internal set; }

    /// <summary>How long one may take. Null: docker's default.</summary>
    public TimeSpan? Timeout { get; internal set; }

    /// <summary>How long failures do not count at the beginning. Null: docker's default.</summary>
    public TimeSpan? StartPeriod { get; internal set; }

    /// <summary>From one check to the next at the beginning. Null: docker's default.</summary>
    public TimeSpan? StartInterval { get; internal set; }

    /// <summary>Failures in a row that mean unhealthy. Null: docker's default.</summary>
    public int? Retries { get; internal set; }

    /// <summary>The command.</summary>
    public override string ToString() => string.Join(' ', Test);
}

/// <summary>What a root file system is made of.</summary>
public sealed class CtrRootFileSystem
{
    internal CtrRootFileSystem()
    {
    }

    /// <summary>Its kind: <c>layers</c>.</summary>
    public string Type { get; internal set; } = "layers";

    /// <summary>Digests of the unpacked layers, bottom first.</summary>
    public IReadOnlyList<string> DiffIds { get; internal set => field = CtrList.Of(value); } = CtrList<string>.Empty;

    /// <summary>The number of layers.</summary>
    public override string ToString() => $"{DiffIds.Count} layers";
}
