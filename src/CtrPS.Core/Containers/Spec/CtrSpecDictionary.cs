using System.Collections;
using System.Text.Json.Nodes;

namespace CtrPS;

/// <summary>Names with texts in a spec, such as annotations. Changes are changes of the spec.</summary>
public sealed class CtrSpecDictionary : IDictionary<string, string>, IReadOnlyDictionary<string, string>
{
    private readonly CtrSpecObject _owner;
    private readonly string _key;

    /// <summary>A map of its own, to be put into a spec.</summary>
    public CtrSpecDictionary()
        : this(new CtrSpec(), "annotations")
    {
    }

    /// <summary>A map of its own, to be put into a spec. PowerShell converts hashtables with it.</summary>
    public CtrSpecDictionary(IDictionary entries)
        : this()
    {
        ArgumentNullException.ThrowIfNull(entries);
        foreach (DictionaryEntry entry in entries)
        {
            this[entry.Key.ToString() ?? ""] = entry.Value?.ToString() ?? "";
        }
    }

    internal CtrSpecDictionary(CtrSpecObject owner, string key)
    {
        _owner = owner;
        _key = key;
    }

    /// <inheritdoc/>
    public ICollection<string> Keys => [.. (Find() ?? []).Select(pair => pair.Key)];

    /// <inheritdoc/>
    public ICollection<string> Values => [.. (Find() ?? []).Select(pair => Text(pair.Value))];

    /// <inheritdoc/>
    public int Count => Find()?.Count ?? 0;

    /// <inheritdoc/>
    public bool IsReadOnly => false;

    /// <inheritdoc/>
    public string this[string key]
    {
        get => TryGetValue(key, out string? value) ? value : throw new KeyNotFoundException($"There is no '{key}'.");
        set => Made()[key] = value;
    }

    /// <inheritdoc/>
    public void Add(string key, string value) => Made().Add(key, value);

    /// <inheritdoc/>
    public void Add(KeyValuePair<string, string> item) => Add(item.Key, item.Value);

    /// <inheritdoc/>
    public void Clear() => Find()?.Clear();

    /// <inheritdoc/>
    public bool Contains(KeyValuePair<string, string> item) => TryGetValue(item.Key, out string? value) && value == item.Value;

    /// <inheritdoc/>
    public bool ContainsKey(string key) => Find()?.ContainsKey(key) ?? false;

    /// <inheritdoc/>
    public void CopyTo(KeyValuePair<string, string>[] array, int arrayIndex)
    {
        ArgumentNullException.ThrowIfNull(array);
        foreach (KeyValuePair<string, string> pair in this)
        {
            array[arrayIndex++] = pair;
        }
    }

    /// <inheritdoc/>
    public IEnumerator<KeyValuePair<string, string>> GetEnumerator() =>
        (Find() ?? []).Select(pair => KeyValuePair.Create(pair.Key, Text(pair.Value))).ToList().GetEnumerator();

    /// <inheritdoc/>
    public bool Remove(string key) => Find()?.Remove(key) ?? false;

    /// <inheritdoc/>
    public bool Remove(KeyValuePair<string, string> item) => Contains(item) && Remove(item.Key);

    /// <inheritdoc/>
    public bool TryGetValue(string key, [System.Diagnostics.CodeAnalysis.MaybeNullWhen(false)] out string value)
    {
        if (Find() is { } json && json.TryGetPropertyValue(key, out JsonNode? node))
        {
            value = Text(node);
            return true;
        }

        value = null;
        return false;
    }

    /// <summary>The pairs as <c>key=value</c>, with commas between them.</summary>
    public override string ToString() => string.Join(", ", this.Select(pair => $"{pair.Key}={pair.Value}"));

    IEnumerable<string> IReadOnlyDictionary<string, string>.Keys => Keys;

    IEnumerable<string> IReadOnlyDictionary<string, string>.Values => Values;

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    internal JsonObject? Find() => _owner.Find()?[_key] switch
    {
        null => null,
        JsonObject json => json,
        { } other =>
            throw new CtrException(
                CtrErrorIds.InvalidSpec, CtrStatus.InvalidArgument, $"'{_key}' of the spec is not an object, but {other.ToJsonString()}.")
            {
                Target = _key,
            },
    };

    private JsonObject Made()
    {
        if (Find() is { } there)
        {
            return there;
        }

        var made = new JsonObject();
        _owner.Json[_key] = made;
        return made;
    }

    private static string Text(JsonNode? node) => node is JsonValue value && value.TryGetValue(out string? text) ? text : node?.ToJsonString() ?? "";
}
