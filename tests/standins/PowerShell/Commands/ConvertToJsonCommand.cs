using System.Collections;
using System.Globalization;
using System.Management.Automation;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Microsoft.PowerShell.Commands;

/// <summary>ConvertTo-Json: objects with their properties, to a depth.</summary>
[Cmdlet("ConvertTo", "Json")]
public sealed class ConvertToJsonCommand : ObjectCommand
{
    private readonly List<object?> _objects = [];
    private bool _warned;

    [Parameter]
    [ValidateRange(0, 100)]
    public int Depth { get; set; } = 2;

    [Parameter]
    public SwitchParameter Compress { get; set; }

    [Parameter]
    public SwitchParameter EnumsAsStrings { get; set; }

    [Parameter]
    public SwitchParameter AsArray { get; set; }

    protected override void ProcessRecord() => _objects.Add(Input);

    protected override void EndProcessing()
    {
        if (_objects.Count > 0)
        {
            JsonNode? node = _objects.Count > 1 || AsArray ? new JsonArray([.. _objects.Select(one => Node(one, 1))]) : Node(_objects[0], 0);
            var options = new JsonSerializerOptions { WriteIndented = !Compress, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
            WriteObject(node?.ToJsonString(options) ?? "null");
        }
    }

    private JsonNode? Node(object? value, int depth) => PSObject.Unwrap(value) switch
    {
        null => null,
        string or char => PSObject.Text(value),
        bool flag => flag,
        Enum one => EnumsAsStrings ? one.ToString() : JsonNode.Parse(one.ToString("D")),
        double or float => Real(Convert.ToDouble(PSObject.Unwrap(value), CultureInfo.InvariantCulture)),
        { } number when LanguagePrimitives.IsNumber(number) => JsonNode.Parse(PSObject.Text(number)),
        DateTime or DateTimeOffset => string.Create(CultureInfo.InvariantCulture, $"{PSObject.Unwrap(value):yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK}"),
        Guid or Uri => PSObject.Text(value),
        { } deep when depth > Depth => TooDeep(deep),
        IDictionary table => Record(table.Keys.Cast<object>().Select(key => (PSObject.Text(key), table[key])), depth),
        IEnumerable many => new JsonArray([.. many.Cast<object?>().Select(one => Node(one, depth + 1))]),
        { } record => Record(PSObject.AsPSObject(record).Properties.Select(property => (property.Name, property.Value)), depth),
    };

    private JsonObject Record(IEnumerable<(string Name, object? Value)> entries, int depth) =>
        new(entries.Select(entry => KeyValuePair.Create(entry.Name, Node(entry.Value, depth + 1))));

    /// <summary>A whole number keeps its ".0": it is a double.</summary>
    private static JsonNode? Real(double value) =>
        JsonNode.Parse(value.ToString(CultureInfo.InvariantCulture) is var text && text.AsSpan().ContainsAny('.', 'E') ? text : text + ".0");

    private JsonNode TooDeep(object value)
    {
        if (!_warned)
        {
            _warned = true;
            WriteWarning($"Resulting JSON is truncated as serialization has exceeded the set depth of {Depth}.");
        }

        return PSObject.Text(value);
    }
}
