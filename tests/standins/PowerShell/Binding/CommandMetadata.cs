using System.Management.Automation;
using System.Reflection;

namespace CtrPS.StandIn.Binding;

/// <summary>A cmdlet as its attributes describe it.</summary>
internal sealed class CommandMetadata
{
    public CommandMetadata(Type type)
    {
        CmdletAttribute cmdlet = type.GetCustomAttribute<CmdletAttribute>()!;
        Type = type;
        Name = $"{cmdlet.VerbName}-{cmdlet.NounName}";
        Aliases = type.GetCustomAttribute<AliasAttribute>()?.AliasNames ?? [];
        ConfirmImpact = cmdlet.ConfirmImpact;
        Parameters =
        [
            .. ParameterMetadata.Of(type),
            .. ParameterMetadata.Of(typeof(CommonParameters)).Where(common =>
                cmdlet.SupportsShouldProcess || common.Name is not (nameof(CommonParameters.WhatIf) or nameof(CommonParameters.Confirm))),
        ];
        DefaultSet = cmdlet.DefaultParameterSetName;
        string[] sets = [.. Parameters.SelectMany(parameter => parameter.Sets).Where(set => set != ParameterAttribute.AllParameterSets).Distinct()];
        Sets = sets.Length > 0 ? sets : [ParameterAttribute.AllParameterSets];
    }

    public Type Type { get; }

    public string Name { get; }

    public IList<string> Aliases { get; }

    public ConfirmImpact ConfirmImpact { get; }

    public IReadOnlyList<ParameterMetadata> Parameters { get; }

    public string? DefaultSet { get; }

    public IReadOnlyList<string> Sets { get; }

    /// <summary>The parameter of a name, which may be shortened as long as only one is meant.</summary>
    /// <exception cref="ParameterBindingException">There is none, or several.</exception>
    public ParameterMetadata Find(string name)
    {
        ParameterMetadata[] meant = [.. Parameters.Where(parameter => parameter.IsNamed(name, prefix: false))];
        meant = meant.Length > 0 ? meant : [.. Parameters.Where(parameter => parameter.IsNamed(name, prefix: true))];
        meant = meant.Length > 1 && meant.Where(parameter => !parameter.IsCommon).ToArray() is { Length: 1 } own ? own : meant;
        return meant.Length switch
        {
            1 => meant[0],
            0 => throw BindingErrors.NotFound(name),
            _ => throw BindingErrors.AmbiguousName(name, meant),
        };
    }
}
