using System.Management.Automation;
using CtrPS.StandIn;
using CtrPS.StandIn.Formatting;

namespace Microsoft.PowerShell.Commands;

/// <summary>Base of Format-Table and Format-List: objects with the wish how to show them.</summary>
public abstract class FormatCommand : ObjectCommand
{
    private readonly List<object> _objects = [];

    [Parameter(Position = 0)]
    public string[] Property { get; set; } = [];

    private protected abstract bool IsTable { get; }

    protected override void ProcessRecord()
    {
        if (Input is { } value)
        {
            _objects.Add(value);
        }
    }

    protected override void EndProcessing() => WriteObject(new FormattedObjects(IsTable, Property, _objects));
}

[Cmdlet("Format", "Table")]
[Alias("ft")]
public sealed class FormatTableCommand : FormatCommand
{
    private protected override bool IsTable => true;
}

[Cmdlet("Format", "List")]
[Alias("fl")]
public sealed class FormatListCommand : FormatCommand
{
    private protected override bool IsTable => false;
}

/// <summary>Out-String: the text that the objects would be on the screen.</summary>
[Cmdlet("Out", "String")]
public sealed class OutStringCommand : ObjectCommand
{
    private readonly List<object?> _objects = [];

    [Parameter]
    [ValidateRange(2, int.MaxValue)]
    public int Width { get; set; } = Shell.DefaultWidth;

    protected override void ProcessRecord() => _objects.Add(Input);

    protected override void EndProcessing() => WriteObject(Shell.Current.Text(_objects, Width));
}
