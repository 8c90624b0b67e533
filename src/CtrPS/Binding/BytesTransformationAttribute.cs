using System.Management.Automation;
using System.Text.RegularExpressions;

namespace CtrPS.Binding;

/// <summary>Says how PowerShell writes a number of bytes that is written as other tools do: 512M, 1g, 2GiB.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed partial class BytesTransformationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    /// <exception cref="ArgumentTransformationMetadataException">It is written so.</exception>
    public override object? Transform(EngineIntrinsics engineIntrinsics, object? inputData)
    {
        string? text = (inputData is PSObject wrapped ? wrapped.BaseObject : inputData) as string;
        return text is not null && Foreign().Match(text) is { Success: true } foreign
            ? throw new ArgumentTransformationMetadataException(
                $"'{text}' is no number of bytes. Write {foreign.Groups["number"].Value}{foreign.Groups["unit"].Value.ToUpperInvariant()}B.")
            : inputData;
    }

    [GeneratedRegex(@"^(?<number>[0-9]+(?:\.[0-9]+)?)\s*(?<unit>[kmgtp])(?:ib?|)$", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex Foreign();
}
