using System.Globalization;
using System.Management.Automation;
using System.Reflection;
using System.Text.RegularExpressions;
using CtrPS.StandIn.Objects;

namespace CtrPS.StandIn.Formatting;

/// <summary>
/// The script blocks of a format file, in the few forms that the module has: <c>$_</c>, <c>$_.P</c>, <c>$_.P.Q</c>, <c>$_.ToString()</c>, <c>$_.P.Count -gt 1</c>,
/// <c>[Type]::Method($_.P)</c>, <c>'text'</c>, <c>'text' -f a, b</c>, <c>"$(a) text"</c>, <c>a ?? b</c>, <c>$null -ne a</c>, <c>a -ne 'text'</c> and
/// <c>if (a) { b } else { c }</c>.
/// </summary>
internal static partial class ViewExpression
{
    public static Func<PSObject, object?> Parse(string text, Assembly assembly)
    {
        if (text == "$_")
        {
            return value => value.BaseObject;
        }

        if (Property().Match(text) is { Success: true } property)
        {
            string[] path = property.Groups[1].Value.Split('.');
            return value => path.Aggregate((object?)value, (one, name) => one is null ? null : PSObject.AsPSObject(one).Properties[name]?.Value);
        }

        if (Literal().Match(text) is { Success: true } literal)
        {
            return _ => literal.Groups[1].Value;
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
            Func<PSObject, object?> otherwise = condition.Groups[3].Success ? Parse(condition.Groups[3].Value, assembly) : _ => null;
            return value => LanguagePrimitives.IsTrue(tested(value)) ? then(value) : otherwise(value);
        }

        if (NotNull().Match(text) is { Success: true } notNull)
        {
            Func<PSObject, object?> tested = Parse(notNull.Groups[1].Value, assembly);
            return value => tested(value) is not null;
        }

        if (NotEqual().Match(text) is { Success: true } notEqual)
        {
            Func<PSObject, object?> tested = Parse(notEqual.Groups[1].Value, assembly);
            return value => !string.Equals(tested(value)?.ToString(), notEqual.Groups[2].Value, StringComparison.OrdinalIgnoreCase);
        }

        if (Instead().Match(text) is { Success: true } instead)
        {
            Func<PSObject, object?> first = Parse(instead.Groups[1].Value, assembly);
            Func<PSObject, object?> second = Parse(instead.Groups[2].Value, assembly);
            return value => first(value) ?? second(value);
        }

        if (Expanded().Match(text) is { Success: true } expanded)
        {
            Func<PSObject, object?> inner = Parse(expanded.Groups[1].Value, assembly);
            return value => $"{inner(value)}{expanded.Groups[2].Value}";
        }

        if (Format().Match(text) is { Success: true } format)
        {
            Func<PSObject, object?>[] values = [.. format.Groups[2].Value.Split(", ").Select(part => Parse(part, assembly))];
            return value => string.Format(CultureInfo.CurrentCulture, format.Groups[1].Value, [.. values.Select(one => one(value))]);
        }

        throw new StandInException($"the script block {{{text}}} of a view");
    }

    public static Func<PSObject, object?> Property(string name) => value => value.Properties[name]?.Value;

    [GeneratedRegex(@"^\$_\.(\w+(?:\.\w+)*)$")]
    private static partial Regex Property();

    [GeneratedRegex(@"^'([^']*)'$")]
    private static partial Regex Literal();

    [GeneratedRegex(@"^\$_\.(\w+)\.Count -gt (\d+)$")]
    private static partial Regex Count();

    [GeneratedRegex(@"^\[([\w.]+)\]::(\w+)\((\$_(?:\.\w+)?)\)$")]
    private static partial Regex StaticCall();

    [GeneratedRegex(@"^if \(([^()]+)\) \{ (.+?) \}(?: else \{ (.+) \})?$")]
    private static partial Regex Condition();

    [GeneratedRegex(@"^\$null -ne (\$_[.\w]*)$")]
    private static partial Regex NotNull();

    [GeneratedRegex(@"^(\$_[.\w]*) -ne '([^']*)'$")]
    private static partial Regex NotEqual();

    [GeneratedRegex(@"^(\$_[.\w]*) \?\? (.+)$")]
    private static partial Regex Instead();

    [GeneratedRegex(@"^""\$\((.+)\)([^""$]*)""$")]
    private static partial Regex Expanded();

    [GeneratedRegex(@"^'([^']*)' -f (.+)$")]
    private static partial Regex Format();
}
