using System.Management.Automation;

namespace CtrPS.Binding;

/// <summary>
/// Lets a parameter of type <see cref="CtrIngestIdentity"/> take what comes back from Import-Clixml, ConvertFrom-Json or a CSV: an object with the
/// properties Ref, Namespace and Address. The type's own constructors take refs and live objects.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class IngestIdentityTransformationAttribute : IdentityTransformationAttribute
{
    /// <inheritdoc/>
    protected override object? FromObject(object value) => value is CtrIngest ingest ? new CtrIngestIdentity(ingest) : null;

    /// <inheritdoc/>
    protected override object? FromRecord(PSObject record)
    {
        ArgumentNullException.ThrowIfNull(record);
        return record.Properties["Ref"]?.Value?.ToString() is { Length: > 0 } reference
            ? new CtrIngestIdentity(reference, record.Properties["Namespace"]?.Value?.ToString(), SessionOf(record))
            : null;
    }
}
