using System.Management.Automation;

namespace CtrPS.Binding;

/// <summary>
/// Lets a parameter of type <see cref="CtrLeaseIdentity"/> take what comes back from Import-Clixml, ConvertFrom-Json or a CSV: an object with the
/// properties Lease or Id, Namespace and Address. The type's own constructors take ids and live objects.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class LeaseIdentityTransformationAttribute : IdentityTransformationAttribute
{
    /// <inheritdoc/>
    protected override object? FromObject(object value) => value switch
    {
        CtrLease lease => new CtrLeaseIdentity(lease),
        CtrLeaseResource resource => new CtrLeaseIdentity(resource),
        _ => null,
    };

    /// <inheritdoc/>
    protected override object? FromRecord(PSObject record)
    {
        ArgumentNullException.ThrowIfNull(record);
        return (record.Properties["Lease"] ?? record.Properties["Id"])?.Value?.ToString() is { Length: > 0 } id
            ? new CtrLeaseIdentity(id, record.Properties["Namespace"]?.Value?.ToString(), SessionOf(record))
            : null;
    }
}
