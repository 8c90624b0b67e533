using System.Management.Automation;

namespace CtrPS.Binding;

/// <summary>
/// Lets a parameter of type <see cref="CtrImageIdentity"/> take what comes back from Import-Clixml, ConvertFrom-Json or a CSV: an object with
/// the properties Name, Namespace and Address. The type's own constructors take names and live objects.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class ImageIdentityTransformationAttribute : IdentityTransformationAttribute
{
    /// <summary>A namespace object means all its images. For cmdlets that only look.</summary>
    public bool AllOfNamespace { get; set; }

    /// <inheritdoc/>
    protected override object? FromObject(object value) => value switch
    {
        CtrImage image => new CtrImageIdentity(image),
        CtrReceivedImage received => new CtrImageIdentity(received.Name, received),
        CtrEvent { Payload: CtrImagePayload, Image: { } name } told => new CtrImageIdentity(name, told),
        CtrNamespace all when AllOfNamespace => new CtrImageIdentity(all),
        _ => null,
    };

    /// <inheritdoc/>
    protected override object? FromRecord(PSObject record)
    {
        ArgumentNullException.ThrowIfNull(record);
        return record.Properties["Name"]?.Value?.ToString() is { Length: > 0 } name
            ? new CtrImageIdentity(name, record.Properties["Namespace"]?.Value?.ToString(), SessionOf(record))
            : null;
    }
}
