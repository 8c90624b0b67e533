using System.Collections;
using System.Globalization;
using System.Management.Automation;
using System.Reflection;
using CtrPS.StandIn.Language;

namespace CtrPS.StandIn.Objects;

/// <summary>Conversions in PowerShell's order: the type itself, text, collections, enums and numbers, Parse, a constructor.</summary>
internal static class Converter
{
    /// <exception cref="PSInvalidCastException">There is no such conversion, or it failed.</exception>
    public static object? To(object? value, Type type)
    {
        if (value is NumberLiteral number)
        {
            value = type == typeof(string) ? number.Text : number.Value;
        }

        object? plain = PSObject.Unwrap(value);
        Type target = Nullable.GetUnderlyingType(type) ?? type;
        if (plain is null)
        {
            return type == typeof(string) ? "" : target != type || !type.IsValueType ? null
                : throw new PSInvalidCastException($"Cannot convert null to type \"{type}\".");
        }

        return target == typeof(PSObject) ? PSObject.AsPSObject(plain)
            : target.IsInstanceOfType(plain) ? plain
            : target == typeof(string) ? PSObject.Text(plain)
            : target == typeof(SwitchParameter) ? plain is bool on ? new SwitchParameter(on) : throw Impossible(plain, type)
            : target == typeof(bool) ? plain is not string ? LanguagePrimitives.IsTrue(plain) : throw Impossible(plain, type)
            : target.IsArray ? ToArray(plain, target.GetElementType()!)
            : Single(plain) is { } only && target.IsInstanceOfType(only) ? only
            : target.IsEnum ? ToEnum(plain, target)
            : plain is IConvertible && target.IsAssignableTo(typeof(IConvertible)) ? ChangeType(plain, target)
            : target.IsAssignableTo(typeof(IDictionary)) ? throw Impossible(plain, type)
            : Make(plain, target);
    }

    /// <summary>Whether the value, or each element of it, is of the type already.</summary>
    public static bool IsOfType(object? value, Type type)
    {
        object? plain = PSObject.Unwrap(value);
        Type element = type.GetElementType() ?? type;
        return type.IsInstanceOfType(plain) || element.IsInstanceOfType(plain)
            || (type.IsArray && plain is object[] many && many.All(one => element.IsInstanceOfType(PSObject.Unwrap(one))));
    }

    private static Array ToArray(object value, Type element)
    {
        object?[] many = value is IEnumerable elements and not string and not IDictionary ? [.. elements.Cast<object?>()] : [value];
        var result = Array.CreateInstance(element, many.Length);
        for (int i = 0; i < many.Length; i++)
        {
            result.SetValue(To(many[i], element), i);
        }

        return result;
    }

    private static object? Single(object value) => value is object[] { Length: 1 } one ? PSObject.Unwrap(one[0]) : null;

    private static object ToEnum(object value, Type type)
    {
        if (value is not string text)
        {
            return value is IConvertible ? Enum.ToObject(type, Convert.ToInt64(value, CultureInfo.InvariantCulture)) : throw Impossible(value, type);
        }

        string[] names = Enum.GetNames(type);
        string[] meant = names.Where(name => name.Equals(text, StringComparison.OrdinalIgnoreCase)).ToArray() is { Length: > 0 } exact
            ? exact
            : [.. names.Where(name => name.StartsWith(text, StringComparison.OrdinalIgnoreCase))];
        return meant.Length == 1 ? Enum.Parse(type, meant[0]) : throw Failed(
            value,
            type,
            $"Unable to match the identifier name {text} to a valid enumerator name. "
                + $"Specify one of the following enumerator names and try again:{Environment.NewLine}{string.Join(", ", names)}");
    }

    private static object ChangeType(object value, Type type)
    {
        try
        {
            return Convert.ChangeType(value is string text ? text.Trim() : value, type, CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (e is FormatException or OverflowException or InvalidCastException)
        {
            throw Failed(value, type, e.Message, e);
        }
    }

    private static object Make(object value, Type type)
    {
        MethodInfo? parse = value is string ? type.GetMethod("Parse", BindingFlags.Public | BindingFlags.Static, [typeof(string)]) : null;
        ConstructorInfo? constructor = type.IsAbstract ? null : type.GetConstructor([value.GetType()]);
        try
        {
            return parse?.Invoke(null, [value]) ?? constructor?.Invoke([value]) ?? throw Impossible(value, type);
        }
        catch (TargetInvocationException e) when (e.InnerException is { } inner)
        {
            throw Failed(value, type, inner.Message, inner);
        }
    }

    private static PSInvalidCastException Impossible(object value, Type type) =>
        new($"Cannot convert the \"{PSObject.Text(value)}\" value of type \"{value.GetType()}\" to type \"{type}\".");

    private static PSInvalidCastException Failed(object value, Type type, string reason, Exception? innerException = null) =>
        new($"Cannot convert value \"{PSObject.Text(value)}\" to type \"{type}\". Error: \"{reason}\"", innerException);
}
