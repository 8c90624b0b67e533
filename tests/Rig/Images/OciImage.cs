using System.Text.Json.Nodes;

namespace CtrPS.Rig.Images;

/// <summary>What an index says of a child's platform.</summary>
internal sealed record OciPlatform(string Os, string Architecture, string? Variant = null)
{
    public static OciPlatform Amd64 { get; } = new("linux", "amd64");

    public static OciPlatform Arm64 { get; } = new("linux", "arm64");

    public static OciPlatform ArmV7 { get; } = new("linux", "arm", "v7");

    /// <summary>How BuildKit marks what is no image.</summary>
    public static OciPlatform Unknown { get; } = new("unknown", "unknown");

    public JsonObject ToJson()
    {
        var json = new JsonObject { ["architecture"] = Architecture, ["os"] = Os };
        if (Variant is not null)
        {
            json["variant"] = Variant;
        }

        return json;
    }
}

/// <summary>A manifest or an index with everything below it, built for the shapes that tools do not write on demand.</summary>
internal sealed record OciImage(OciBlob Target, IReadOnlyList<OciBlob> Children)
{
    public const string ManifestType = "application/vnd.oci.image.manifest.v1+json";
    public const string IndexType = "application/vnd.oci.image.index.v1+json";
    public const string ConfigType = "application/vnd.oci.image.config.v1+json";
    public const string GzipLayerType = "application/vnd.oci.image.layer.v1.tar+gzip";
    private const string InTotoType = "application/vnd.in-toto+json";

    public IEnumerable<OciBlob> Blobs => [Target, .. Children];

    public static OciImage Single(OciPlatform platform, SmallLayer layer, string label, params IEnumerable<string> command)
    {
        var config = platform.ToJson();
        config["created"] = "2024-01-02T03:04:05Z";
        config["config"] = new JsonObject
        {
            ["Env"] = new JsonArray("PATH=/bin"),
            ["Cmd"] = new JsonArray([.. command.DefaultIfEmpty("sh").Select(word => JsonValue.Create(word))]),
            ["Labels"] = new JsonObject { ["org.opencontainers.image.title"] = label },
        };
        config["rootfs"] = new JsonObject { ["type"] = "layers", ["diff_ids"] = new JsonArray(layer.DiffId) };
        config["history"] = new JsonArray(new JsonObject { ["created"] = "2024-01-02T03:04:05Z", ["created_by"] = "rig" });
        return OfManifest(OciBlob.OfJson(ConfigType, config), layer.Blob);
    }

    /// <summary>What BuildKit puts beside an image: in-toto statements in a manifest of no platform.</summary>
    public static OciImage Attestation(string subjectDigest)
    {
        var statement = OciBlob.OfJson(InTotoType, new JsonObject
        {
            ["_type"] = "https://in-toto.io/Statement/v0.1",
            ["predicateType"] = "https://slsa.dev/provenance/v0.2",
            ["subject"] = new JsonArray(new JsonObject
            {
                ["name"] = "_",
                ["digest"] = new JsonObject { ["sha256"] = subjectDigest.Split(':')[1] },
            }),
            ["predicate"] = new JsonObject { ["builder"] = new JsonObject { ["id"] = "" } },
        });
        var config = OciPlatform.Unknown.ToJson();
        config["config"] = new JsonObject();
        config["rootfs"] = new JsonObject { ["type"] = "layers", ["diff_ids"] = new JsonArray(statement.Digest) };
        return OfManifest(OciBlob.OfJson(ConfigType, config), statement);
    }

    public static OciImage Index(params IEnumerable<(OciImage Image, OciPlatform? Platform, JsonObject? Annotations)> entries)
    {
        var manifests = new JsonArray();
        var children = new List<OciBlob>();
        foreach (var (image, platform, annotations) in entries)
        {
            var descriptor = image.Target.ToDescriptor();
            if (platform is not null)
            {
                descriptor["platform"] = platform.ToJson();
            }

            if (annotations is not null)
            {
                descriptor["annotations"] = annotations;
            }

            manifests.Add((JsonNode)descriptor);
            children.AddRange(image.Blobs);
        }

        var index = new JsonObject { ["schemaVersion"] = 2, ["mediaType"] = IndexType, ["manifests"] = manifests };
        return new OciImage(OciBlob.OfJson(IndexType, index), children);
    }

    private static OciImage OfManifest(OciBlob config, OciBlob layer)
    {
        var manifest = new JsonObject
        {
            ["schemaVersion"] = 2,
            ["mediaType"] = ManifestType,
            ["config"] = config.ToDescriptor(),
            ["layers"] = new JsonArray(layer.ToDescriptor()),
        };
        return new OciImage(OciBlob.OfJson(ManifestType, manifest), [config, layer]);
    }
}
