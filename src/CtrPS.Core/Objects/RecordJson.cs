using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace CtrPS;

/// <summary>Writes what <c>ToJson()</c> of the objects gives.</summary>
internal static class RecordJson
{
    private static readonly JsonSerializerOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly JsonSerializerOptions Indented = new(Compact) { WriteIndented = true };

    /// <summary>The text of a record: on one line for programs, on several for people.</summary>
    public static string Text(JsonNode record, bool indented) => record.ToJsonString(indented ? Indented : Compact);

    /// <summary>Labels and the like; null where there are none, as Go writes a map that was never made.</summary>
    public static JsonObject? Map(IReadOnlyDictionary<string, string> map) =>
        map.Count == 0 ? null : new JsonObject(map.Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)pair.Value)));

    /// <summary>A list of texts; null where there is nothing in it.</summary>
    public static JsonArray? List(IReadOnlyList<string> list) => list.Count == 0 ? null : [.. list.Select(one => (JsonNode?)one)];

    /// <summary>An object of those properties that say something, as Go leaves out what is empty.</summary>
    public static JsonObject Filled(params IEnumerable<(string Name, JsonNode? Value)> properties) => new(properties
        .Where(property => property.Value is not null)
        .Select(property => KeyValuePair.Create(property.Name, property.Value)));

    /// <summary>A text; null where it is empty.</summary>
    public static JsonNode? OrNull(string? text) => string.IsNullOrEmpty(text) ? null : JsonValue.Create(text);

    /// <summary>Counters as Go writes them: without what is zero or empty, but with parts of which everything is.</summary>
    public static JsonNode? Counters(object? value) => value switch
    {
        IReadOnlyDictionary<string, object?> part => Filled(part.Select(pair => (pair.Key, IsZero(pair.Value) ? null : Counters(pair.Value)))),
        IEnumerable<object?> many => new JsonArray([.. many.Select(Counters)]),
        _ => JsonSerializer.SerializeToNode(value, Compact),
    };

    private static bool IsZero(object? value) => value is null or 0L or 0UL or 0.0 or "" or false or object?[] { Length: 0 };
}
