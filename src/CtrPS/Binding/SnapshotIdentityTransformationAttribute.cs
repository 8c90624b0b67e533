using System.Management.Automation;

namespace CtrPS.Binding;

/// <summary>
/// Lets a parameter of type <see cref="CtrSnapshotIdentity"/> take whatever has a snapshot: a container, a layer, an unpacked or mounted image, what
/// a lease holds; and what comes back from Import-Clixml, ConvertFrom-Json or a CSV, an object with the properties Key, Snapshotter, Namespace and
/// Address. The type's own constructors take keys and snapshots.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class SnapshotIdentityTransformationAttribute : IdentityTransformationAttribute
{
    /// <inheritdoc/>
    protected override object? FromObject(object value) => value switch
    {
        CtrSnapshot snapshot => new CtrSnapshotIdentity(snapshot),
        CtrSnapshotMount mount => new CtrSnapshotIdentity(mount.Key, mount.Snapshotter, mount),
        CtrContainer { SnapshotKey.Length: > 0 } container =>
            new CtrSnapshotIdentity(container.SnapshotKey, container.Snapshotter, container),
        CtrImageLayer { ChainId: { Length: > 0 } chain } layer => new CtrSnapshotIdentity(chain, null, layer),
        CtrExpandedImage { ChainId.Length: > 0 } image => new CtrSnapshotIdentity(image.ChainId, image.Snapshotter, image),
        CtrImageMount mount => new CtrSnapshotIdentity(mount.Path, mount.Snapshotter, mount),
        CtrLeaseResource resource when SnapshotterOf(resource.Type) is { } snapshotter =>
            new CtrSnapshotIdentity(resource.Key, snapshotter, resource),
        CtrLeaseResource other => throw new ArgumentTransformationMetadataException(
            $"'{other.Key}' is no snapshot: the lease '{other.Lease}' holds it as {other.Type}."),
        _ => null,
    };

    /// <inheritdoc/>
    protected override object? FromRecord(PSObject record)
    {
        ArgumentNullException.ThrowIfNull(record);
        return (Text(record, "SnapshotKey") ?? Text(record, "Key") ?? Text(record, "ChainId")) is { } key
            ? new CtrSnapshotIdentity(
                key,
                Text(record, "Snapshotter") ?? SnapshotterOf(Text(record, "Type") ?? ""),
                Text(record, "Namespace"),
                SessionOf(record))
            : null;
    }

    private static string? Text(PSObject record, string property) =>
        record.Properties[property]?.Value?.ToString() is { Length: > 0 } text ? text : null;

    private static string? SnapshotterOf(string type) => type.StartsWith(CtrLeaseResource.Snapshots, StringComparison.Ordinal)
        ? type[CtrLeaseResource.Snapshots.Length..]
        : null;
}
