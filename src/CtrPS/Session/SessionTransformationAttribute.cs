using System.Globalization;
using System.Management.Automation;

namespace CtrPS.Session;

/// <summary>Lets a parameter of type <see cref="CtrSession"/> take an address or a session's number as well. Connects to nothing.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class SessionTransformationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object? Transform(EngineIntrinsics engineIntrinsics, object? inputData) => inputData switch
    {
        PSObject { BaseObject: not PSCustomObject } wrapped => Transform(engineIntrinsics, wrapped.BaseObject),
        string text when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) => ById(number),
        int number => ById(number),
        string address => FromAddress(address),
        object[] many => many.Select(one => Transform(engineIntrinsics, one)).ToArray(),
        _ => inputData,
    };

    private static CtrSession FromAddress(string address)
    {
        try
        {
            return SessionTable.Current.GetOrAdd(CtrEndpoint.Parse(address));
        }
        catch (CtrException e)
        {
            throw new ArgumentTransformationMetadataException(e.Message, e);
        }
    }

    private static CtrSession ById(int id) => SessionTable.Current.Sessions.FirstOrDefault(session => session.Id == id)
        ?? throw new ArgumentTransformationMetadataException($"There is no session {id}. List the sessions with Get-CtrSession.");
}
