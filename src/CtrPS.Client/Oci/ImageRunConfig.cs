using System.Text.Json;

namespace CtrPS.Client.Oci;

/// <summary>What an image config says about running it (image-spec, config.md, key config).</summary>
internal sealed record ImageRunConfig
{
    public IReadOnlyList<string> Environment { get; init; } = [];

    public IReadOnlyList<string> Entrypoint { get; init; } = [];

    public IReadOnlyList<string> Command { get; init; } = [];

    /// <summary>Empty: none.</summary>
    public string WorkingDirectory { get; init; } = "";

    /// <summary>Empty: root.</summary>
    public string User { get; init; } = "";

    /// <summary>Empty: SIGTERM.</summary>
    public string StopSignal { get; init; } = "";

    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>Reads a config.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.BlobCorrupt"/>.</exception>
    public static ImageRunConfig Parse(ReadOnlyMemory<byte> json, Descriptor of)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return !document.RootElement.TryGetProperty("config", out JsonElement config) || config.ValueKind == JsonValueKind.Null
                ? new ImageRunConfig()
                : new ImageRunConfig
                {
                    Environment = Texts(config, "Env"),
                    Entrypoint = Texts(config, "Entrypoint"),
                    Command = Texts(config, "Cmd"),
                    WorkingDirectory = Text(config, "WorkingDir"),
                    User = Text(config, "User"),
                    StopSignal = Text(config, "StopSignal"),
                    Labels = config.TryGetProperty(nameof(Labels), out JsonElement labels) && labels.ValueKind != JsonValueKind.Null
                        ? labels.EnumerateObject().ToDictionary(label => label.Name, label => label.Value.GetString() ?? "", StringComparer.Ordinal)
                        : new Dictionary<string, string>(),
                };
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            throw new CtrException(
                CtrErrorIds.BlobCorrupt,
                CtrStatus.DataLoss,
                $"The blob '{of.Digest}' cannot be read as the config of an image: {e.Message}",
                e)
            {
                Target = of.Digest,
            };
        }
    }

    private static string[] Texts(JsonElement config, string key) =>
        config.TryGetProperty(key, out JsonElement list) && list.ValueKind != JsonValueKind.Null
            ? [.. list.EnumerateArray().Select(one => one.GetString() ?? "")]
            : [];

    private static string Text(JsonElement config, string key) =>
        config.TryGetProperty(key, out JsonElement text) && text.ValueKind != JsonValueKind.Null ? text.GetString() ?? "" : "";
}
