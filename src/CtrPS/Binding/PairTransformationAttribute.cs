using System.Collections;
using System.Management.Automation;

namespace CtrPS.Binding;

/// <summary>Lets a parameter of type string[] take a hashtable: each entry becomes <c>key=value</c>, one without a value the key alone.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class PairTransformationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object? Transform(EngineIntrinsics engineIntrinsics, object? inputData) => inputData switch
    {
        PSObject { BaseObject: not PSCustomObject } wrapped => Transform(engineIntrinsics, wrapped.BaseObject),
        IDictionary table => table.Cast<DictionaryEntry>().Select(Pair).Order(StringComparer.Ordinal).ToArray(),
        object[] many => many.SelectMany(one => Transform(engineIntrinsics, one) switch
        {
            string[] pairs => pairs.Cast<object?>(),
            { } other => [other],
            null => [null],
        }).ToArray(),
        _ => inputData,
    };

    private static string Pair(DictionaryEntry entry) =>
        entry.Value is null ? $"{entry.Key}" : $"{entry.Key}={LanguagePrimitives.ConvertTo<string>(entry.Value)}";
}
