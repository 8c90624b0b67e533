using System.Management.Automation;

namespace CtrPS.Binding;

/// <summary>
/// Lets a parameter of type <see cref="CtrContainerIdentity"/> take what comes back from Import-Clixml, ConvertFrom-Json or a CSV: an object with
/// the properties Id, Namespace and Address. The type's own constructors take ids and live objects.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class ContainerIdentityTransformationAttribute : IdentityTransformationAttribute
{
    /// <summary>An object of a namespace or an image means all its containers. For cmdlets that only look.</summary>
    public bool AllOfObject { get; set; }

    /// <summary>A file, as Get-ChildItem gives it, is taken in the place of a container. For cmdlets that read log files.</summary>
    public bool Files { get; set; }

    /// <summary>The identity of an object that stands for one container, live or back from a file or another process. Null: it does not.</summary>
    internal static CtrContainerIdentity? OfObject(PSObject? value) => value?.BaseObject switch
    {
        CtrContainer container => new CtrContainerIdentity(container),
        CtrTask task => new CtrContainerIdentity(task),
        CtrProcess process => new CtrContainerIdentity(process),
        CtrMetric metric => new CtrContainerIdentity(metric),
        PSCustomObject when value.TypeNames.Any(IsSaved) && value.Properties["Id"]?.Value?.ToString() is { Length: > 0 } id =>
            new CtrContainerIdentity(id, value.Properties["Namespace"]?.Value?.ToString()),
        _ => null,
    };

    private static bool IsSaved(string type) => type is "Deserialized.CtrPS.CtrContainer"
        or "Deserialized.CtrPS.CtrTask"
        or "Deserialized.CtrPS.CtrProcess"
        or "Deserialized.CtrPS.CtrMetric";

    /// <inheritdoc/>
    protected override object? FromObject(object value) => value switch
    {
        CtrContainer container => new CtrContainerIdentity(container),
        CtrTask task => new CtrContainerIdentity(task),
        CtrProcess process => new CtrContainerIdentity(process),
        CtrMetric metric => new CtrContainerIdentity(metric),
        CtrNamespace all when AllOfObject => new CtrContainerIdentity(all),
        CtrImage image when AllOfObject => new CtrContainerIdentity(image),
        FileSystemInfo file when Files => CtrContainerIdentity.OfFile(file.FullName),
        CtrEvent { ContainerId: { } id } told => new CtrContainerIdentity(id, told),
        _ => null,
    };

    /// <inheritdoc/>
    protected override object? FromRecord(PSObject record)
    {
        ArgumentNullException.ThrowIfNull(record);
        return record.Properties["Id"]?.Value?.ToString() is { Length: > 0 } id
            ? new CtrContainerIdentity(id, record.Properties["Namespace"]?.Value?.ToString(), SessionOf(record))
            : Files && record.Properties["FullName"]?.Value?.ToString() is { Length: > 0 } path
            ? CtrContainerIdentity.OfFile(path)
            : null;
    }
}
