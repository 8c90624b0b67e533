using System.Collections;
using System.Management.Automation;
using System.Text.Json.Nodes;

namespace CtrPS.Binding;

/// <summary>Lets a parameter of type <see cref="CtrSpec"/> take JSON, a hashtable, or what ConvertFrom-Json gives.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class SpecTransformationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object? Transform(EngineIntrinsics engineIntrinsics, object? inputData)
    {
        try
        {
            return inputData switch
            {
                PSObject { BaseObject: PSCustomObject } or IDictionary => CtrSpec.Parse(Node(inputData)!.ToJsonString()),
                PSObject wrapped => Transform(engineIntrinsics, wrapped.BaseObject),
                string json => CtrSpec.Parse(json),
                object[] { Length: > 0 } lines when lines.All(line => line is string or PSObject { BaseObject: string }) =>
                    CtrSpec.Parse(string.Join('\n', lines)),
                _ => inputData,
            };
        }
        catch (CtrException e)
        {
            throw new ArgumentTransformationMetadataException(e.Message, e);
        }
    }

    private static JsonNode? Node(object? value) => value switch
    {
        null => null,
        CtrSpecObject part => JsonNode.Parse(part.ToJson()),
        PSObject { BaseObject: PSCustomObject } record => new JsonObject(
            record.Properties.Select(property => KeyValuePair.Create(property.Name, Node(property.Value)))),
        PSObject wrapped => Node(wrapped.BaseObject),
        IDictionary<string, string> map => new JsonObject(map.Select(pair => KeyValuePair.Create<string, JsonNode?>(pair.Key, pair.Value))),
        IDictionary table => new JsonObject(
            table.Cast<DictionaryEntry>().Select(entry => KeyValuePair.Create(entry.Key.ToString() ?? "", Node(entry.Value)))),
        string text => JsonValue.Create(text),
        bool flag => JsonValue.Create(flag),
        int or long or uint or ulong or short or ushort or byte or sbyte => JsonNode.Parse(LanguagePrimitives.ConvertTo<string>(value)),
        System.Numerics.BigInteger large => JsonNode.Parse(large.ToString(System.Globalization.CultureInfo.InvariantCulture)),
        double number => JsonValue.Create(number),
        decimal number => JsonValue.Create(number),
        SwitchParameter flag => JsonValue.Create(flag.IsPresent),
        IEnumerable many => new JsonArray([.. many.Cast<object?>().Select(Node)]),
        _ => JsonValue.Create(value.ToString()),
    };
}
