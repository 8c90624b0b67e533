using System.Collections;
using System.Management.Automation;
using CtrPS.Sessions;

namespace CtrPS.Binding;

/// <summary>Base of what turns given objects into identities, one by one: live objects, and records that came back from a file.</summary>
[AttributeUsage(AttributeTargets.Property)]
public abstract class IdentityTransformationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object? Transform(EngineIntrinsics engineIntrinsics, object? inputData) => inputData switch
    {
        null => null,
        PSObject { BaseObject: PSCustomObject } record => FromRecord(record) ?? record,
        PSObject { BaseObject: int or long or double or decimal } digits => LanguagePrimitives.ConvertTo<string>(digits), // as it was typed
        PSObject wrapped => Transform(engineIntrinsics, wrapped.BaseObject),
        double or decimal => throw new ArgumentTransformationMetadataException(
            $"{inputData} is a number, as which PowerShell reads 7419e2 or 1.10 where they stand in a list. Put each in quotation marks."),
        IDictionary => inputData,
        IList many => Many(engineIntrinsics, many),
        _ => FromObject(inputData) ?? inputData,
    };

    /// <summary>The identity of a live object. Null where it is none that has one.</summary>
    protected abstract object? FromObject(object value);

    /// <summary>The identity of a record. Null where it has none.</summary>
    protected abstract object? FromRecord(PSObject record);

    /// <summary>
    /// The session with the address that a record names. Null where it names none: what is no address of a containerd is a property of somebody else.
    /// </summary>
    private protected static CtrSession? SessionOf(PSObject record)
    {
        if (record.Properties["Address"]?.Value?.ToString() is not { Length: > 0 } address)
        {
            return null;
        }

        try
        {
            return SessionTable.Current.GetOrAdd(CtrEndpoint.Parse(address));
        }
        catch (CtrException e) when (e.ErrorId == CtrErrorIds.InvalidAddress)
        {
            return null;
        }
    }

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
