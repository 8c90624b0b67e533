using System.Collections;
using System.Globalization;
using CtrPS.StandIn.Objects;

namespace System.Management.Automation;

/// <summary>Truth, equality, order and conversion as PowerShell has them.</summary>
public static class LanguagePrimitives
{
    public static bool IsTrue(object? obj) => PSObject.Unwrap(obj) switch
    {
        null => false,
        bool value => value,
        SwitchParameter value => value.IsPresent,
        string text => text.Length > 0,
        IList { Count: 0 } => false,
        IList { Count: 1 } one => IsTrue(one[0]),
        IConvertible number when IsNumber(number) => Convert.ToDouble(number, CultureInfo.InvariantCulture) != 0,
        _ => true,
    };

    /// <summary>Less than, equal to or greater than 0. The second is converted to the type of the first.</summary>
    /// <exception cref="PSInvalidCastException">They cannot be compared.</exception>
    public static int Compare(object? first, object? second, bool ignoreCase = true)
    {
        object? left = PSObject.Unwrap(first);
        object? right = PSObject.Unwrap(second);
        if (left is null || right is null)
        {
            return left is null && right is null ? 0 : left is null ? -NullOrder(right!) : NullOrder(left);
        }

        if (left is string text)
        {
            return string.Compare(text, PSObject.Text(right), ignoreCase, CultureInfo.CurrentCulture);
        }

        if (IsNumber(left) && IsNumber(right))
        {
            return left is double or float || right is double or float
                ? Convert.ToDouble(left, CultureInfo.InvariantCulture).CompareTo(Convert.ToDouble(right, CultureInfo.InvariantCulture))
                : Convert.ToDecimal(left, CultureInfo.InvariantCulture).CompareTo(Convert.ToDecimal(right, CultureInfo.InvariantCulture));
        }

        object converted = Converter.To(right, left.GetType())!;
        return left is IComparable comparable
            ? comparable.CompareTo(converted)
            : left.Equals(converted) ? 0
            : throw new PSInvalidCastException($"Cannot compare \"{PSObject.Text(left)}\" because it is not IComparable.");
    }

    /// <summary>Equality as -eq has it: what cannot be converted is not equal.</summary>
    public static bool Equals(object? first, object? second, bool ignoreCase)
    {
        object? left = PSObject.Unwrap(first);
        object? right = PSObject.Unwrap(second);
        if (left is null || right is null)
        {
            return left is null && right is null;
        }

        try
        {
            return left is string || IsNumber(left)
                ? Compare(left, right, ignoreCase) == 0
                : left.Equals(right) || left.Equals(Converter.To(right, left.GetType()));
        }
        catch (PSInvalidCastException)
        {
            return false; // not convertible, so not equal
        }
    }

    public static object? ConvertTo(object? valueToConvert, Type resultType) => Converter.To(valueToConvert, resultType);

    internal static bool IsNumber(object value) =>
        value is not Enum && Convert.GetTypeCode(value) is >= TypeCode.SByte and <= TypeCode.Decimal;

    /// <summary>Where a value stands to null: zero and more are greater, less is less; all else is greater.</summary>
    private static int NullOrder(object value) => IsNumber(value) && Convert.ToDouble(value, CultureInfo.InvariantCulture) < 0 ? -1 : 1;
}
