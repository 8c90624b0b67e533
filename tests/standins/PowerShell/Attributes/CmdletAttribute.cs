namespace System.Management.Automation;

/// <summary>How much a cmdlet can do harm; at or above the preference (High) it asks.</summary>
public enum ConfirmImpact
{
    None,
    Low,
    Medium,
    High,
}

[AttributeUsage(AttributeTargets.Class)]
public sealed class CmdletAttribute(string verbName, string nounName) : Attribute
{
    public string VerbName { get; } = verbName;

    public string NounName { get; } = nounName;

    public string? DefaultParameterSetName { get; set; }

    public bool SupportsShouldProcess { get; set; }

    public ConfirmImpact ConfirmImpact { get; set; } = ConfirmImpact.Medium;
}

[AttributeUsage(AttributeTargets.Class, AllowMultiple = true)]
public sealed class OutputTypeAttribute(params Type[] type) : Attribute
{
    public Type[] Type { get; } = type;
}
