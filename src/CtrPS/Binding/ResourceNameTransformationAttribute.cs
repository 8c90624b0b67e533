using System.Management.Automation;

namespace CtrPS.Binding;

/// <summary>
/// Lets a parameter of type <see cref="CtrResourceName"/> take objects: images, containers (their snapshot is meant), what tells its kind and key,
/// and whatever has a digest; live, or as they come back from Import-Clixml, ConvertFrom-Json or a CSV.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class ResourceNameTransformationAttribute : IdentityTransformationAttribute
{
    /// <inheritdoc/>
    protected override object? FromObject(object value) => value switch
    {
        CtrImage image => new CtrResourceName(CtrResourceKind.Image, image.Name, null, image.Namespace, image.Session),
        CtrContainer { SnapshotKey.Length: > 0 } one =>
            new CtrResourceName(CtrResourceKind.Snapshot, one.SnapshotKey, one.Snapshotter, one.Namespace, one.Session),
        CtrReference one => new CtrResourceName(one.Kind, one.Key, one.Snapshotter, one.Namespace, one.Session),
        CtrGarbage one => new CtrResourceName(one.Kind, one.Key, one.Snapshotter, one.Namespace, one.Session),
        CtrOrphan one => new CtrResourceName(one.Kind, one.Key, one.Snapshotter, one.Namespace, one.Session),
        CtrObject one => Text(new PSObject(one), "Digest") is { } digest
            ? new CtrResourceName(CtrResourceKind.Content, digest, null, one.Namespace, one.Session)
            : null,
        _ => null,
    };

    /// <inheritdoc/>
    protected override object? FromRecord(PSObject record)
    {
        ArgumentNullException.ThrowIfNull(record);
        string? @namespace = record.Properties["Namespace"]?.Value?.ToString();
        if (Text(record, "Key") is { } key && Enum.TryParse(Text(record, "Kind"), ignoreCase: true, out CtrResourceKind kind))
        {
            return new CtrResourceName(kind, key, Text(record, "Snapshotter"), @namespace, SessionOf(record));
        }

        return Text(record, "SnapshotKey") is { } snapshot
            ? new CtrResourceName(CtrResourceKind.Snapshot, snapshot, Text(record, "Snapshotter"), @namespace, SessionOf(record))
            : Text(record, "Digest") is { } digest
                ? new CtrResourceName(CtrResourceKind.Content, digest, null, @namespace, SessionOf(record))
                : null;
    }

    private static string? Text(PSObject record, string property) =>
        record.Properties[property]?.Value?.ToString() is { Length: > 0 } text ? text : null;
}
