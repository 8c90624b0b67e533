using System.Management.Automation;

namespace CtrPS.Binding;

/// <summary>
/// Lets a parameter of type <see cref="CtrPluginIdentity"/> take what comes back from Import-Clixml, ConvertFrom-Json or a CSV: an object with
/// the properties Id, Type and Address. The type's own constructors take ids and live objects.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class PluginIdentityTransformationAttribute : IdentityTransformationAttribute
{
    /// <inheritdoc/>
    protected override object? FromObject(object value) => value is CtrPlugin plugin ? new CtrPluginIdentity(plugin) : null;

    /// <inheritdoc/>
    protected override object? FromRecord(PSObject record)
    {
        ArgumentNullException.ThrowIfNull(record);
        return record.Properties["Id"]?.Value?.ToString() is { Length: > 0 } id
            ? new CtrPluginIdentity(id, record.Properties["Type"]?.Value?.ToString(), SessionOf(record))
            : null;
    }
}
