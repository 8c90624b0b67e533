using System.Management.Automation;
using System.Reflection;

namespace CtrPS.Commands;

/// <summary>The values that the parameters of a cmdlet have at some time, to give them to another instance of it.</summary>
internal sealed class CmdletParameters
{
    private readonly Dictionary<PropertyInfo, object?> _values;
    private readonly HashSet<string> _given;

    private CmdletParameters(Dictionary<PropertyInfo, object?> values, HashSet<string> given)
    {
        _values = values;
        _given = given;
    }

    /// <summary>The values now.</summary>
    public static CmdletParameters Of(PSCmdlet cmdlet) => new(
        Properties(cmdlet).ToDictionary(property => property, property => property.GetValue(cmdlet)),
        new HashSet<string>(cmdlet.MyInvocation.BoundParameters.Keys, StringComparer.OrdinalIgnoreCase));

    /// <summary>Whether a parameter had been given at that time.</summary>
    public bool IsGiven(string parameter) => _given.Contains(parameter);

    /// <summary>The first mandatory parameter of a set that had not been given at that time. Null: there is none.</summary>
    public string? Missing(string set) => _values.Keys
        .FirstOrDefault(property => !IsGiven(property.Name) && property.GetCustomAttributes<ParameterAttribute>().Any(
            one => one.Mandatory && (one.ParameterSetName == set || one.ParameterSetName == ParameterAttribute.AllParameterSets)))
        ?.Name;

    /// <summary>Gives the values to another instance, but for one parameter.</summary>
    public void CopyTo(PSCmdlet other, string but)
    {
        foreach ((PropertyInfo property, object? value) in _values.Where(one => one.Key.Name != but))
        {
            property.SetValue(other, value);
        }
    }

    /// <summary>
    /// Gives another instance what the engine gave the first one: the invocation, the session state, the parameter set. Our own state stays new.
    /// </summary>
    public static void CopyEngineState(PSCmdlet from, PSCmdlet to)
    {
        const BindingFlags own = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;
        for (Type? type = typeof(PSCmdlet); type is not null && type != typeof(object); type = type.BaseType)
        {
            foreach (FieldInfo field in type.GetFields(own))
            {
                field.SetValue(to, field.GetValue(from));
            }
        }
    }

    private static IEnumerable<PropertyInfo> Properties(PSCmdlet cmdlet) =>
        cmdlet.GetType().GetProperties().Where(property => property.IsDefined(typeof(ParameterAttribute)));
}
