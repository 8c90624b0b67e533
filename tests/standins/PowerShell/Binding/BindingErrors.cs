using System.Management.Automation;

namespace CtrPS.StandIn.Binding;

/// <summary>The errors of the binder: PowerShell's ids, categories and words.</summary>
internal static class BindingErrors
{
    public static ParameterBindingException NotFound(string name) =>
        new($"A parameter cannot be found that matches parameter name '{name}'.", "NamedParameterNotFound");

    public static ParameterBindingException AmbiguousName(string name, IEnumerable<ParameterMetadata> meant) => new(
        $"Parameter cannot be processed because the parameter name '{name}' is ambiguous. "
            + $"Possible matches include: {string.Join(" ", meant.Select(parameter => "-" + parameter.Name))}.",
        "AmbiguousParameter");

    public static ParameterBindingException AlreadyBound(ParameterMetadata parameter) => new(
        $"Cannot bind parameter because parameter '{parameter.Name}' is specified more than once. To provide multiple values to parameters that "
            + "can accept multiple values, use the array syntax. For example, \"-parameter value1,value2,value3\".",
        "ParameterAlreadyBound");

    public static ParameterBindingException NoArgument(ParameterMetadata parameter) => new(
        $"Missing an argument for parameter '{parameter.Name}'. Specify a parameter of type '{parameter.Type}' and try again.",
        "MissingArgument");

    public static ParameterBindingException NoPosition(string argument) =>
        new($"A positional parameter cannot be found that accepts argument '{argument}'.", "PositionalParameterNotFound");

    public static ParameterBindingException AmbiguousSet() => new(
        "Parameter set cannot be resolved using the specified named parameters. One or more parameters issued cannot be used together or an "
            + "insufficient number of parameters were provided.",
        "AmbiguousParameterSet");

    public static ParameterBindingException Missing(IEnumerable<ParameterMetadata> missing) => new(
        "Cannot process command because of one or more missing mandatory parameters: "
            + $"{string.Join(" ", missing.Select(parameter => parameter.Name))}.",
        "MissingMandatoryParameter");

    public static ParameterBindingException InputNotBound() => new(
        "The input object cannot be bound to any parameters for the command either because the command does not take pipeline input or the input "
            + "and its properties do not match any of the parameters that take pipeline input.",
        "InputObjectNotBound");

    public static ParameterBindingException NotTransformed(ParameterMetadata parameter, Exception e) => new(
        $"Cannot process argument transformation on parameter '{parameter.Name}'. {e.Message}",
        "ParameterArgumentTransformationError",
        ErrorCategory.InvalidData,
        e);

    public static ParameterBindingException NotConverted(ParameterMetadata parameter, Exception e) =>
        new($"Cannot bind parameter '{parameter.Name}'. {e.Message}", "CannotConvertArgumentNoMessage", innerException: e);

    public static ParameterBindingException NotValid(ParameterMetadata parameter, string fault) =>
        new($"Cannot validate argument on parameter '{parameter.Name}'. {fault}", "ParameterArgumentValidationError", ErrorCategory.InvalidData);
}
