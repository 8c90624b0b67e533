using System.Collections;
using System.Globalization;
using System.Management.Automation;
using System.Numerics;

namespace CtrPS.StandIn.Formatting;

/// <summary>Values as views show them.</summary>
internal static class DisplayText
{
    /// <summary>Elements of a collection shown at most: PowerShell's $FormatEnumerationLimit.</summary>
    private const int EnumerationLimit = 4;

    public static string Of(object? value, bool isTable) => PSObject.Unwrap(value) switch
    {
        null => "",
        string text => text,
        IEnumerable many => "{" + string.Join(", ", Limited(many.Cast<object?>())) + "}",
        (double or float or decimal) and IFormattable number when isTable => number.ToString("F", CultureInfo.CurrentCulture),
        { } one => PSObject.Text(one),
    };

    /// <summary>Whether it is shown as it is, without properties; in tables these stand to the right, text excepted.</summary>
    public static bool IsScalar(object value) =>
        value is string or char or bool or Enum or IntPtr or BigInteger || LanguagePrimitives.IsNumber(value);

    private static IEnumerable<string> Limited(IEnumerable<object?> many)
    {
        int count = 0;
        foreach (object? one in many)
        {
            yield return ++count > EnumerationLimit ? "…" : PSObject.Text(one);
            if (count > EnumerationLimit)
            {
                yield break;
            }
        }
    }
}
