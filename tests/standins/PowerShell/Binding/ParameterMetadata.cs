using System.Management.Automation;
using System.Reflection;

namespace CtrPS.StandIn.Binding;

/// <summary>A parameter as its attributes describe it.</summary>
internal sealed class ParameterMetadata
{
    private readonly PropertyInfo _property;
    private readonly Dictionary<string, ParameterAttribute> _sets;

    private ParameterMetadata(PropertyInfo property)
    {
        _property = property;
        _sets = property.GetCustomAttributes<ParameterAttribute>()
            .ToDictionary(attribute => attribute.ParameterSetName, StringComparer.OrdinalIgnoreCase);
        Aliases = property.GetCustomAttribute<AliasAttribute>()?.AliasNames ?? [];
        Transformations = [.. property.GetCustomAttributes<ArgumentTransformationAttribute>()];
        Validations = [.. property.GetCustomAttributes<ValidateArgumentsAttribute>()];
        Completer = property.GetCustomAttribute<ArgumentCompleterAttribute>()?.Type;
    }

    public string Name => _property.Name;

    public Type Type => _property.PropertyType;

    public IList<string> Aliases { get; }

    public IReadOnlyList<ArgumentTransformationAttribute> Transformations { get; }

    public IReadOnlyList<ValidateArgumentsAttribute> Validations { get; }

    public Type? Completer { get; }

    /// <summary>Whether it is one of those that all cmdlets have.</summary>
    public bool IsCommon => _property.DeclaringType == typeof(CommonParameters);

    public bool IsSwitch => Type == typeof(SwitchParameter);

    public IEnumerable<string> Sets => _sets.Keys;

    public static IEnumerable<ParameterMetadata> Of(Type type) =>
        type.GetProperties().Where(property => property.IsDefined(typeof(ParameterAttribute))).Select(property => new ParameterMetadata(property));

    /// <summary>What it is in a parameter set. Null: it does not belong to it.</summary>
    public ParameterAttribute? In(string set) => _sets.GetValueOrDefault(set) ?? _sets.GetValueOrDefault(ParameterAttribute.AllParameterSets);

    public object? Get(object owner) => _property.GetValue(owner);

    public void Set(object owner, object? value) => _property.SetValue(owner, value);

    /// <summary>Whether the name, an alias, or with <paramref name="prefix"/> the beginning of one of them, is this one's.</summary>
    public bool IsNamed(string name, bool prefix) => Aliases.Prepend(Name).Any(own => prefix
        ? own.StartsWith(name, StringComparison.OrdinalIgnoreCase)
        : own.Equals(name, StringComparison.OrdinalIgnoreCase));
}
