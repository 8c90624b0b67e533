using System.Management.Automation;

namespace CtrPS.Binding;

/// <summary>
/// Lets a parameter of type <see cref="CtrImageMountIdentity"/> take folders as Get-Item gives them, and what comes back from Import-Clixml,
/// ConvertFrom-Json or a CSV: an object with the properties Path, Namespace and Address. The type's own constructors take names and live objects.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class ImageMountIdentityTransformationAttribute : IdentityTransformationAttribute
{
    /// <inheritdoc/>
    protected override object? FromObject(object value) => value switch
    {
        CtrImageMount mount => new CtrImageMountIdentity(mount),
        CtrImage image => new CtrImageMountIdentity(image),
        DirectoryInfo folder => new CtrImageMountIdentity(folder.FullName),
        _ => null,
    };

    /// <inheritdoc/>
    protected override object? FromRecord(PSObject record)
    {
        ArgumentNullException.ThrowIfNull(record);
        return (record.Properties["Path"] ?? record.Properties["FullName"] ?? record.Properties["Name"])?.Value?.ToString() is { Length: > 0 } name
            ? new CtrImageMountIdentity(name, record.Properties["Namespace"]?.Value?.ToString(), SessionOf(record))
            : null;
    }
}
