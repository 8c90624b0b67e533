using System.Collections;
using System.Globalization;
using System.Management.Automation;
using CtrPS.Sessions;

namespace CtrPS.Binding;

/// <summary>Lets a parameter of sessions take addresses and the numbers of sessions as well. Connects to nothing.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class SessionTransformationAttribute : ArgumentTransformationAttribute
{
    /// <summary>For a parameter that takes several: an address means all sessions there are with it, and makes none.</summary>
    public bool ExistingOnly { get; set; }

    /// <inheritdoc/>
    public override object? Transform(EngineIntrinsics engineIntrinsics, object? inputData) => inputData switch
    {
        PSObject { BaseObject: not PSCustomObject } wrapped => Transform(engineIntrinsics, wrapped.BaseObject),
        string text when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) => ById(number),
        int number => ById(number),
        string address => FromAddress(address),
        IList many => many.Cast<object?>().Select(one => Transform(engineIntrinsics, one)).SelectMany(one => one as object?[] ?? [one]).ToArray(),
        _ => inputData,
    };

    private object FromAddress(string address)
    {
        try
        {
            var endpoint = CtrEndpoint.Parse(address);
            if (!ExistingOnly)
            {
                return SessionTable.Current.GetOrAdd(endpoint);
            }

            CtrSession[] found = SessionTable.Current.Find(endpoint).ToArray();
            return found.Length > 0
                ? found
                : throw new ArgumentTransformationMetadataException($"There is no session with '{endpoint}'. List the sessions with Get-CtrSession.");
        }
        catch (CtrException e)
        {
            throw new ArgumentTransformationMetadataException(e.Message, e);
        }
    }

    private static CtrSession ById(int id) => SessionTable.Current.Sessions.FirstOrDefault(session => session.Id == id)
        ?? throw new ArgumentTransformationMetadataException($"There is no session {id}. List the sessions with Get-CtrSession.");
}
