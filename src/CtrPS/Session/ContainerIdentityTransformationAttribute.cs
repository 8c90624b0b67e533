using System.Management.Automation;

namespace CtrPS.Session;

/// <summary>
/// Lets a parameter of type <see cref="CtrContainerIdentity"/> take what comes back from Import-Clixml, ConvertFrom-Json or a CSV: an object with
/// the properties Id and Namespace. The type's own constructors take ids and live objects.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class ContainerIdentityTransformationAttribute : IdentityTransformationAttribute
{
    /// <inheritdoc/>
    protected override object? FromObject(object value) => value switch
    {
        CtrContainer container => new CtrContainerIdentity(container),
        CtrTask task => new CtrContainerIdentity(task),
        _ => null,
    };

    /// <inheritdoc/>
    protected override object? FromRecord(PSObject record)
    {
        ArgumentNullException.ThrowIfNull(record);
        return record.Properties["Id"]?.Value?.ToString() is { Length: > 0 } id
            ? new CtrContainerIdentity(id, record.Properties["Namespace"]?.Value?.ToString())
            : null;
    }
}
