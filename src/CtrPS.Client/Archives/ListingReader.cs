using System.Text;
using System.Text.Json;

namespace CtrPS.Client.Archives;

/// <summary>
/// Reads a listing of an archive from token to token, so that it takes no more memory than what is kept of it: a parsed document of 20 MiB takes many
/// times that. A field that an object has twice is refused: which of the two is meant differs from tool to tool.
/// </summary>
/// <param name="json">The listing.</param>
/// <param name="name">Its name in the archive.</param>
/// <param name="archive">The archive's path.</param>
/// <param name="limits">What it may ask for.</param>
internal ref struct ListingReader(ReadOnlySpan<byte> json, string name, string archive, ArchiveLimits limits)
{
    private Utf8JsonReader _json = new(json);

    /// <summary>What the value is that the reader stands on.</summary>
    public readonly JsonTokenType Token => _json.TokenType;

    /// <summary>Goes to the next token.</summary>
    /// <exception cref="JsonException">There is none, or it is no JSON.</exception>
    public void Read()
    {
        if (!_json.Read())
        {
            throw new JsonException("It ends too early.");
        }
    }

    /// <summary>Goes to the next name of the object's fields. False at its end.</summary>
    public bool NextField()
    {
        Read();
        return _json.TokenType == JsonTokenType.PropertyName;
    }

    /// <summary>Goes to the next value of the list. False at its end.</summary>
    public bool NextItem()
    {
        Read();
        return _json.TokenType != JsonTokenType.EndArray;
    }

    /// <summary>Whether the field is this one; then the reader goes on to its value.</summary>
    /// <param name="field">The name.</param>
    /// <param name="seen">The fields that were seen, one bit for each.</param>
    /// <param name="bit">That of this one.</param>
    public bool IsField(ReadOnlySpan<byte> field, ref int seen, int bit)
    {
        if (!_json.ValueTextEquals(field))
        {
            return false;
        }

        if ((seen & bit) != 0)
        {
            throw Twice(Encoding.UTF8.GetString(field));
        }

        seen |= bit;
        Read();
        return true;
    }

    /// <summary>The name of the field; the reader goes on to its value.</summary>
    public string FieldName()
    {
        string field = Checked();
        Read();
        return field;
    }

    /// <summary>Passes over the value, or over the field with its value.</summary>
    public void Skip() => _json.Skip();

    /// <summary>
    /// The name, the digest or whatever else is short by nature that the value is. Null where it is no text; then it is passed over.
    /// </summary>
    public string? Text() => _json.TokenType == JsonTokenType.String ? Checked() : LongText();

    /// <summary>The text of any length that the value is. Null where it is none; then it is passed over.</summary>
    public string? LongText()
    {
        if (_json.TokenType == JsonTokenType.String)
        {
            return _json.GetString();
        }

        Skip();
        return null;
    }

    /// <summary>The number that the value has to be.</summary>
    public long Number() => _json.TokenType == JsonTokenType.Number && _json.TryGetInt64(out long number)
        ? number
        : throw new JsonException("A size is no whole number of 64 bits.");

    /// <summary>Nothing may follow.</summary>
    public void End()
    {
        if (_json.Read())
        {
            throw new JsonException("Something follows its end.");
        }
    }

    public readonly CtrException Twice(string what) => ArchiveFault.Corrupt(archive, $"its {name} gives '{ForeignText.Show(what)}' twice.");

    private readonly string Checked() => _json.ValueSpan.Length <= limits.TextCharacters
        ? _json.GetString()!
        : throw ArchiveFault.Limit(
            archive, $"its {name} has a text of {_json.ValueSpan.Length} bytes where a name stands; more than {limits.TextCharacters} are not read.");
}
