using System.Globalization;
using System.Management.Automation;
using System.Reflection;
using System.Text.RegularExpressions;
using CtrPS.StandIn.Objects;

namespace CtrPS.StandIn.Formatting;

/// <summary>
/// The script blocks of a format file, in the few forms that the module has: <c>$_.P</c>, <c>$_.ToString()</c>, <c>$_.P.Count -gt 1</c>,
/// <c>[Type]::Method($_.P)</c>, <c>'text' -f a, b</c> and <c>if ($null -ne $_.P) { a }</c>.
/// </summary>
internal static partial class ViewExpression
{
    public static Func<PSObject, object?> Parse(string text, Assembly assembly)
    {
        if (Property().Match(text) is { Success: true } property)
        {
            return Property(property.Groups[1].Value);
        }

        if (text == "$_.ToString()")
        {
            return value => value.ToString();
        }

        if (Count().Match(text) is { Success: true } count)
        {
            return value => value.Properties[count.Groups[1].Value]?.Value is System.Collections.ICollection many
                && many.Count > int.Parse(count.Groups[2].Value, CultureInfo.InvariantCulture);
        }

        if (StaticCall().Match(text) is { Success: true } call)
        {
            MethodInfo method = StaticMethods.Find(assembly, call.Groups[1].Value, call.Groups[2].Value);
            Func<PSObject, object?> argument = Parse(call.Groups[3].Value, assembly);
            return value => method.Invoke(null, [argument(value)]);
        }

        if (Condition().Match(text) is { Success: true } condition)
        {
            Func<PSObject, object?> tested = Parse(condition.Groups[1].Value, assembly);
            Func<PSObject, object?> then = Parse(condition.Groups[2].Value, assembly);
            return value => tested(value) is null ? null : then(value);
        }

        if (Format().Match(text) is { Success: true } format)
        {
            Func<PSObject, object?>[] values = [.. format.Groups[2].Value.Split(", ").Select(part => Parse(part, assembly))];
            return value => string.Format(CultureInfo.CurrentCulture, format.Groups[1].Value, [.. values.Select(one => one(value))]);
        }

        throw new StandInException($"the script block {{{text}}} of a view");
    }

    public static Func<PSObject, object?> Property(string name) => value => value.Properties[name]?.Value;

    [GeneratedRegex(@"^\$_\.(\w+)$")]
    private static partial Regex Property();

    [GeneratedRegex(@"^\$_\.(\w+)\.Count -gt (\d+)$")]
    private static partial Regex Count();

    [GeneratedRegex(@"^\[([\w.]+)\]::(\w+)\((\$_\.\w+)\)$")]
    private static partial Regex StaticCall();

    [GeneratedRegex(@"^if \(\$null -ne (\$_\.\w+)\) \{ (.+) \}$")]
    private static partial Regex Condition();

    [GeneratedRegex(@"^'([^']*)' -f (.+)$")]
    private static partial Regex Format();
}
