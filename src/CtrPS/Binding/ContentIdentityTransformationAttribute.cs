using System.Management.Automation;

namespace CtrPS.Binding;

/// <summary>
/// Lets a parameter of type <see cref="CtrContentIdentity"/> take whatever has the digest of a blob: an image, a layer, a manifest, what a lease
/// holds; and what comes back from Import-Clixml, ConvertFrom-Json or a CSV, an object with the properties Digest, Namespace and Address.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class ContentIdentityTransformationAttribute : IdentityTransformationAttribute
{
    /// <inheritdoc/>
    protected override object? FromObject(object value) => value switch
    {
        CtrContent content => new CtrContentIdentity(content),
        CtrLeaseResource { Type: CtrLeaseResource.Content } resource => new CtrContentIdentity(resource.Key, resource),
        CtrLeaseResource other => throw new ArgumentTransformationMetadataException(
            $"'{other.Key}' is no blob: the lease '{other.Lease}' holds it as {other.Type}."),
        CtrObject one when DigestOf(PSObject.AsPSObject(one)) is { } digest => new CtrContentIdentity(digest, one),
        _ => null,
    };

    /// <inheritdoc/>
    protected override object? FromRecord(PSObject record)
    {
        ArgumentNullException.ThrowIfNull(record);
        string? digest = DigestOf(record)
            ?? (record.Properties["Type"]?.Value as string == CtrLeaseResource.Content ? record.Properties["Key"]?.Value?.ToString() : null);
        return digest is { Length: > 0 }
            ? new CtrContentIdentity(digest, record.Properties["Namespace"]?.Value?.ToString(), SessionOf(record))
            : null;
    }

    private static string? DigestOf(PSObject one) => one.Properties["Digest"]?.Value as string is { Length: > 0 } digest ? digest : null;
}
