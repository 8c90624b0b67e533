using System.Management.Automation;

namespace CtrPS.StandIn.Binding;

/// <summary>What to do about errors and warnings.</summary>
internal enum ActionPreference
{
    SilentlyContinue,
    Stop,
    Continue,
    Inquire,
    Ignore,
    Suspend,
    Break,
}

/// <summary>The parameters that all cmdlets have. The refused ones are there because they take part in the shortening of names.</summary>
internal sealed class CommonParameters
{
    private static readonly HashSet<string> Refused =
    [
        nameof(Debug), nameof(InformationAction), nameof(ErrorVariable), nameof(WarningVariable), nameof(InformationVariable), nameof(OutVariable),
        nameof(OutBuffer), nameof(PipelineVariable),
    ];

    [Parameter, Alias("vb")] public SwitchParameter Verbose { get; set; }
    [Parameter, Alias("ea")] public ActionPreference ErrorAction { get; set; } = ActionPreference.Continue;
    [Parameter, Alias("wa")] public ActionPreference WarningAction { get; set; } = ActionPreference.Continue;
    [Parameter, Alias("proga")] public ActionPreference ProgressAction { get; set; }
    [Parameter, Alias("db")] public SwitchParameter Debug { get; set; }
    [Parameter, Alias("infa")] public object? InformationAction { get; set; }
    [Parameter, Alias("ev")] public object? ErrorVariable { get; set; }
    [Parameter, Alias("wv")] public object? WarningVariable { get; set; }
    [Parameter, Alias("iv")] public object? InformationVariable { get; set; }
    [Parameter, Alias("ov")] public object? OutVariable { get; set; }
    [Parameter, Alias("ob")] public object? OutBuffer { get; set; }
    [Parameter, Alias("pv")] public object? PipelineVariable { get; set; }

    // Only with cmdlets that support ShouldProcess.
    [Parameter, Alias("wi")] public SwitchParameter WhatIf { get; set; }
    [Parameter, Alias("cf")] public SwitchParameter Confirm { get; set; }

    /// <exception cref="StandInException">The stand-in does not have the parameter.</exception>
    public static void RequireKnown(ParameterMetadata parameter)
    {
        if (parameter.IsCommon && Refused.Contains(parameter.Name))
        {
            throw new StandInException($"the parameter -{parameter.Name}");
        }
    }
}
