using System.Globalization;
using System.Text.Json;

namespace CtrPS.Client.Oci;

/// <summary>Texts in manifests and other JSON from outside, which may be missing or of any kind.</summary>
internal static class ManifestText
{
    /// <summary>A text. Empty: there is none.</summary>
    public static string Of(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()!
            : "";

    /// <summary>Annotations or labels: those that are texts. A key that comes twice has the later value, as Go reads it.</summary>
    public static IReadOnlyDictionary<string, string> MapOf(JsonElement element, string name)
    {
        var map = new SortedDictionary<string, string>(StringComparer.Ordinal);
        if (element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out JsonElement values)
            && values.ValueKind == JsonValueKind.Object)
        {
            foreach (JsonProperty one in values.EnumerateObject().Where(one => one.Value.ValueKind == JsonValueKind.String))
            {
                map[one.Name] = one.Value.GetString()!;
            }
        }

        return map;
    }

    /// <summary>A time as Go writes it. Null: there is none, or nobody can read it.</summary>
    public static DateTimeOffset? TimeOf(JsonElement element, string name) => DateTimeOffset.TryParse(
        Of(element, name), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time) ? time : null;

    /// <summary>
    /// What kind of artifact a manifest is of. Artifacts of OCI 1.1 say it; older ones by the type of their config. Null: an image, or not said.
    /// </summary>
    public static string? ArtifactOf(JsonElement manifest) => Of(manifest, "artifactType") is { Length: > 0 } said ? said
        : manifest.TryGetProperty("config", out JsonElement config) && Of(config, "mediaType") is { Length: > 0 } type
            && !MediaTypes.IsImageConfig(type) ? type
        : null;
}
