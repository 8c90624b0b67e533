using System.Collections;
using System.Management.Automation;

namespace Microsoft.PowerShell.Commands;

/// <summary>Base of the commands that look at objects of the pipeline.</summary>
public abstract class ObjectCommand : PSCmdlet
{
    [Parameter(ValueFromPipeline = true)]
    public PSObject? InputObject { get; set; }

    /// <summary>The object as it came.</summary>
    private protected object? Input => InputObject is null ? null : PSObject.Unwrap(InputObject);

    /// <summary>A property's value, or a table's entry. Null where there is none.</summary>
    private protected static object? ValueOf(object? value, string property) =>
        value is null ? null
        : value is Hashtable table && table.Contains(property) ? table[property]
        : PSObject.AsPSObject(value).Properties[property]?.Value;
}
