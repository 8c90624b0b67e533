using System.Management.Automation;

namespace Microsoft.PowerShell.Commands;

/// <summary>Sort-Object: in the order of properties, or of the objects themselves.</summary>
[Cmdlet("Sort", "Object")]
[Alias("Sort")]
public sealed class SortObjectCommand : ObjectCommand
{
    private readonly List<object?> _objects = [];

    [Parameter(Position = 0)]
    public string[] Property { get; set; } = [];

    [Parameter]
    public SwitchParameter Descending { get; set; }

    protected override void ProcessRecord() => _objects.Add(Input);

    protected override void EndProcessing()
    {
        var order = Comparer<object?[]>.Create((first, second) =>
            first.Zip(second, (one, other) => LanguagePrimitives.Compare(one, other)).FirstOrDefault(result => result != 0) * (Descending ? -1 : 1));
        object?[] Key(object? value) => Property.Length == 0 ? [value] : [.. Property.Select(name => ValueOf(value, name))];
        foreach (object? one in _objects.OrderBy(Key, order))
        {
            WriteObject(one);
        }
    }
}
