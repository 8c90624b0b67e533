using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace CtrPS;

/// <summary>
/// An object of an OCI runtime spec (github.com/opencontainers/runtime-spec, config.md). It is a view of its JSON: what the properties
/// do not know stays as it is, and numbers, nulls and empty values are written as they were read. A part that the JSON does not have
/// comes into being when something in it is set.
/// </summary>
public abstract class CtrSpecObject
{
    /// <summary>Go escapes more than JSON asks for; both read the same.</summary>
    private static readonly JsonSerializerOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly JsonSerializerOptions Indented = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, WriteIndented = true };
    private static readonly JsonDocumentOptions Reading = new() { AllowDuplicateProperties = false };

    private readonly JsonObject? _own;
    private readonly CtrSpecObject? _parent;
    private readonly string _key = "";

    private protected CtrSpecObject(JsonObject own) => _own = own;

    private protected CtrSpecObject(CtrSpecObject parent, string key)
    {
        _parent = parent;
        _key = key;
    }

    /// <summary>Whether the spec has nothing of this.</summary>
    public bool IsEmpty => Find() is not { Count: > 0 };

    /// <summary>The JSON; made, with all above it, where there was none.</summary>
    internal JsonObject Json
    {
        get
        {
            if (Find() is { } json)
            {
                return json;
            }

            var made = new JsonObject();
            _parent!.Json[_key] = made;
            return made;
        }
    }

    /// <summary>The JSON of a key, also of one that no property knows. Null where there is none.</summary>
    public string? GetJson(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return Find() is { } json && json.TryGetPropertyValue(key, out JsonNode? value) ? value?.ToJsonString(Compact) ?? "null" : null;
    }

    /// <summary>Sets the JSON of a key, also of one that no property knows. Null removes it.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.InvalidSpec"/>: it is no JSON.</exception>
    public void SetJson(string key, string? json)
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        if (json is null)
        {
            Remove(key);
        }
        else
        {
            Json[key] = Read(json, key);
        }
    }

    /// <summary>The whole JSON, on one line.</summary>
    public string ToJson() => ToJson(false);

    /// <summary>The whole JSON.</summary>
    /// <param name="indented">On several lines, for people.</param>
    public string ToJson(bool indented) => (Find() ?? []).ToJsonString(indented ? Indented : Compact);

    /// <summary>The JSON.</summary>
    public override string ToString() => ToJson();

    /// <summary>The JSON, where there is any.</summary>
    internal JsonObject? Find() => _own ?? _parent!.Find()?[_key] switch
    {
        null => null,
        JsonObject json => json,
        { } other => throw Wrong(_key, "an object", other),
    };

    /// <summary>Reads text as JSON.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.InvalidSpec"/>.</exception>
    internal static JsonNode? Read(string json, string what)
    {
        try
        {
            return JsonNode.Parse(json, null, Reading);
        }
        catch (JsonException e)
        {
            throw new CtrException(CtrErrorIds.InvalidSpec, CtrStatus.InvalidArgument, $"The {what} is not valid JSON: {e.Message}", e)
            {
                Target = what,
            };
        }
    }

    /// <summary>Reads text as a JSON object.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.InvalidSpec"/>.</exception>
    internal static JsonObject ReadObject(string json, string what) => Read(json, what) as JsonObject
        ?? throw new CtrException(CtrErrorIds.InvalidSpec, CtrStatus.InvalidArgument, $"The {what} is not a JSON object.") { Target = what };

    private protected string? GetText(string key) => Find()?[key] is { } node ? Value<string>(key, node, "text") : null;

    private protected void SetText(string key, string? value) => Set(key, value is null ? null : JsonValue.Create(value));

    private protected long? GetNumber(string key) => Find()?[key] is { } node ? Value<long>(key, node, "a whole number") : null;

    private protected void SetNumber(string key, long? value) => Set(key, value is null ? null : JsonValue.Create(value.Value));

    private protected ulong? GetUnsigned(string key) =>
        Find()?[key] is { } node ? Value<ulong>(key, node, "a whole number that is not negative") : null;

    private protected void SetUnsigned(string key, ulong? value) => Set(key, value is null ? null : JsonValue.Create(value.Value));

    private protected bool GetFlag(string key) => Find()?[key] is { } node && Value<bool>(key, node, "true or false");

    /// <summary>Sets a flag; false is written by leaving it out, as Go does it for all flags but a few.</summary>
    private protected void SetFlag(string key, bool value, bool always = false) => Set(key, value || always ? JsonValue.Create(value) : null);

    private protected CtrSpecList<string> Texts(string key) =>
        new(new JsonList<string>(this, key, node => Value<string>(key, node, "text"), value => JsonValue.Create(value)));

    private protected CtrSpecList<long> Numbers(string key) =>
        new(new JsonList<long>(this, key, node => Value<long>(key, node, "a whole number"), value => JsonValue.Create(value)));

    private protected CtrSpecList<T> Objects<T>(string key, Func<JsonObject, T> view)
        where T : CtrSpecObject => new(new JsonList<T>(
            this,
            key,
            node => node is JsonObject json ? view(json) : throw Wrong(key, "a list of objects", node),
            value => value.Free()));

    private protected CtrSpecDictionary Map(string key) => new(this, key);

    private protected void SetList<T>(string key, IEnumerable<T>? values, Func<T, JsonNode?> node)
    {
        JsonNode?[]? nodes = values?.Select(node).ToArray(); // before the key is set: it may be its own value
        Set(key, nodes is null ? null : new JsonArray(nodes));
    }

    private protected void SetTexts(string key, IEnumerable<string>? values) => SetList(key, values, value => JsonValue.Create(value));

    private protected void SetNumbers(string key, IEnumerable<long>? values) => SetList(key, values, value => JsonValue.Create(value));

    private protected void SetObjects<T>(string key, IEnumerable<T>? values)
        where T : CtrSpecObject => SetList(key, values, value => value.Json.DeepClone());

    private protected void SetObject(string key, CtrSpecObject? value) => Set(key, value?.Find()?.DeepClone());

    private protected void SetMap(string key, CtrSpecDictionary? value) => Set(key, value?.Find()?.DeepClone());

    private protected void Remove(string key) => _ = Find()?.Remove(key);

    /// <summary>The JSON for a place in a list: itself where it stands nowhere yet, so that both stay one; else a copy.</summary>
    private JsonObject Free() => Json.Parent is null ? Json : (JsonObject)Json.DeepClone();

    private void Set(string key, JsonNode? value)
    {
        if (value is null)
        {
            Remove(key);
        }
        else
        {
            Json[key] = value;
        }
    }

    private static T Value<T>(string key, JsonNode? node, string kind) =>
        node is JsonValue value && value.TryGetValue(out T? result) ? result : throw Wrong(key, kind, node);

    private static CtrException Wrong(string key, string kind, JsonNode? node) =>
        new(CtrErrorIds.InvalidSpec, CtrStatus.InvalidArgument, $"'{key}' of the spec is not {kind}, but {node?.ToJsonString(Compact) ?? "null"}.")
        {
            Target = key,
        };
}
