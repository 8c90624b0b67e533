using System.Collections;
using System.Management.Automation;

namespace CtrPS.Session;

/// <summary>
/// Lets a parameter of type <see cref="CtrImageIdentity"/> take what comes back from Import-Clixml, ConvertFrom-Json or a CSV: an object with
/// the properties Name and Namespace. The type's own constructors take names and live objects.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class ImageIdentityTransformationAttribute : ArgumentTransformationAttribute
{
    /// <summary>A namespace object means all its images. For cmdlets that only look.</summary>
    public bool AllOfNamespace { get; set; }

    /// <inheritdoc/>
    public override object? Transform(EngineIntrinsics engineIntrinsics, object? inputData) => inputData switch
    {
        CtrImage image => new CtrImageIdentity(image),
        CtrNamespace all when AllOfNamespace => new CtrImageIdentity(all),
        PSObject { BaseObject: PSCustomObject } record => FromRecord(record),
        PSObject wrapped => Transform(engineIntrinsics, wrapped.BaseObject),
        IDictionary => inputData,
        IList many => Many(engineIntrinsics, many),
        _ => inputData,
    };

    private static object FromRecord(PSObject record) => record.Properties["Name"]?.Value?.ToString() is { Length: > 0 } name
        ? new CtrImageIdentity(name, record.Properties["Namespace"]?.Value?.ToString())
        : record;

    private object?[] Many(EngineIntrinsics engineIntrinsics, IList many)
    {
        var transformed = new object?[many.Count];
        for (int i = 0; i < many.Count; i++)
        {
            transformed[i] = Transform(engineIntrinsics, many[i]);
        }

        return transformed;
    }
}
