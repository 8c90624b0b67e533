using System.Collections;
using System.Management.Automation;
using CtrPS.StandIn.Pipelines;

namespace Microsoft.PowerShell.Commands;

/// <summary>Select-Object: some of the objects, or some of their properties.</summary>
[Cmdlet("Select", "Object")]
[Alias("Select")]
public sealed class SelectObjectCommand : ObjectCommand
{
    private readonly List<object?> _seen = [];
    private int _count;

    [Parameter(Position = 0)]
    public string[] Property { get; set; } = [];

    [Parameter]
    public string? ExpandProperty { get; set; }

    [Parameter]
    [ValidateRange(0, int.MaxValue)]
    public int? First { get; set; }

    [Parameter]
    public SwitchParameter Unique { get; set; }

    protected override void BeginProcessing() => StopAtEnough();

    protected override void ProcessRecord()
    {
        _count++;
        object? selected = Property.Length > 0 ? Selected() : Input;
        if (ExpandProperty is { } name)
        {
            Expand(name);
        }
        else if (!Unique || !_seen.Any(other => Same(other, selected)))
        {
            _seen.Add(Unique ? selected : null);
            WriteObject(selected);
        }

        StopAtEnough();
    }

    private void StopAtEnough()
    {
        if (_count >= First)
        {
            throw new StopUpstreamException(this);
        }
    }

    private PSObject Selected()
    {
        var result = new PSObject();
        foreach (string wanted in Property)
        {
            var pattern = WildcardPattern.Get(wanted, WildcardOptions.IgnoreCase);
            string[] names = WildcardPattern.ContainsWildcardCharacters(wanted)
                ? [.. InputObject!.Properties.Select(property => property.Name).Where(pattern.IsMatch)]
                : [InputObject!.Properties[wanted]?.Name ?? wanted];
            Array.ForEach(names, name => result.Add(name, ValueOf(Input, name)));
        }

        return result;
    }

    private void Expand(string name)
    {
        if (Input is not Hashtable && InputObject!.Properties[name] is null)
        {
            var missing = new ArgumentException($"Property \"{name}\" cannot be found.");
            WriteError(new ErrorRecord(missing, "ExpandPropertyNotFound", ErrorCategory.InvalidArgument, Input));
            return;
        }

        object? value = ValueOf(Input, name);
        foreach (object? one in value is IEnumerable many and not string and not IDictionary ? many.Cast<object?>() : [value])
        {
            if (one is not null && (!Unique || !_seen.Any(other => Same(other, one))))
            {
                _seen.Add(Unique ? one : null);
                WriteObject(one);
            }
        }
    }

    private static bool Same(object? first, object? second) => first is PSObject one && second is PSObject other
        ? one.ToString() == other.ToString()
        : LanguagePrimitives.Equals(first, second, ignoreCase: false);
}
