using System.Collections;
using System.Text.RegularExpressions;

namespace System.Management.Automation;

/// <summary>Checks an argument after its conversion.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field)]
public abstract class ValidateArgumentsAttribute : Attribute
{
    /// <summary>What is wrong with the argument; null where nothing is.</summary>
    internal abstract string? Fault(object? argument);
}

/// <summary>Checks each element of a collection, or the one value.</summary>
public abstract class ValidateEnumeratedArgumentsAttribute : ValidateArgumentsAttribute
{
    internal const string Empty = "The argument is null or empty. Provide an argument that is not null or empty, and then try the command again.";

    internal override string? Fault(object? argument) => argument is IEnumerable many and not string
        ? many.Cast<object?>().Select(ElementFault).FirstOrDefault(fault => fault is not null)
        : ElementFault(argument);

    internal abstract string? ElementFault(object? element);
}

public sealed class ValidateNotNullAttribute : ValidateArgumentsAttribute
{
    internal override string? Fault(object? argument) =>
        argument is null ? "The argument is null. Provide a valid value for the argument, and then try running the command again." : null;
}

public sealed class ValidateNotNullOrEmptyAttribute : ValidateArgumentsAttribute
{
    internal override string? Fault(object? argument) => argument switch
    {
        null or "" or ICollection { Count: 0 } => ValidateEnumeratedArgumentsAttribute.Empty,
        IEnumerable many and not IDictionary and not string when many.Cast<object?>().Any(element => element is null or "") =>
            "The argument is null, empty, or an element of the argument collection contains a null value. "
            + "Supply a collection that does not contain any null values and then try the command again.",
        _ => null,
    };
}

public sealed class ValidateRangeAttribute(object minRange, object maxRange) : ValidateEnumeratedArgumentsAttribute
{
    public object MinRange { get; } = minRange;

    public object MaxRange { get; } = maxRange;

    internal override string? ElementFault(object? element) =>
        LanguagePrimitives.Compare(element, MinRange) < 0
        ? $"The {element} argument is less than the minimum allowed range of {MinRange}. "
            + $"Supply an argument that is greater than or equal to {MinRange} and then try the command again."
        : LanguagePrimitives.Compare(element, MaxRange) > 0
        ? $"The {element} argument is greater than the maximum allowed range of {MaxRange}. "
            + $"Supply an argument that is less than or equal to {MaxRange} and then try the command again."
        : null;
}

public sealed class ValidateSetAttribute(params string[] validValues) : ValidateEnumeratedArgumentsAttribute
{
    public IList<string> ValidValues { get; } = validValues;

    public bool IgnoreCase { get; set; } = true;

    internal override string? ElementFault(object? element) =>
        ValidValues.Contains(element?.ToString() ?? "", IgnoreCase ? StringComparer.OrdinalIgnoreCase : StringComparer.Ordinal)
        ? null
        : $"The argument \"{element}\" does not belong to the set \"{string.Join(",", ValidValues)}\" specified by the ValidateSet attribute. "
            + "Supply an argument that is in the set and then try the command again.";
}

public sealed class ValidatePatternAttribute(string regexPattern) : ValidateEnumeratedArgumentsAttribute
{
    public string RegexPattern { get; } = regexPattern;

    public RegexOptions Options { get; set; } = RegexOptions.IgnoreCase;

    public string? ErrorMessage { get; set; }

    internal override string? ElementFault(object? element) => Regex.IsMatch(element?.ToString() ?? "", RegexPattern, Options)
        ? null
        : ErrorMessage ?? $"The argument \"{element}\" does not match the \"{RegexPattern}\" pattern. "
            + $"Supply an argument that matches \"{RegexPattern}\" and try the command again.";
}

/// <summary>Lets a mandatory parameter be null.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field)]
public sealed class AllowNullAttribute : Attribute;

/// <summary>Lets a mandatory parameter be an empty string.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field)]
public sealed class AllowEmptyStringAttribute : Attribute;

/// <summary>Lets a mandatory parameter be an empty collection.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field)]
public sealed class AllowEmptyCollectionAttribute : Attribute;
