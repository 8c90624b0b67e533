using System.Globalization;
using System.Management.Automation;

namespace Microsoft.PowerShell.Commands;

/// <summary>Measure-Object: how many, and of a property of numbers the sum and such.</summary>
[Cmdlet("Measure", "Object")]
[Alias("Measure")]
public sealed class MeasureObjectCommand : ObjectCommand
{
    private readonly List<object?> _values = [];

    [Parameter(Position = 0)]
    public string? Property { get; set; }

    [Parameter]
    public SwitchParameter Sum { get; set; }

    [Parameter]
    public SwitchParameter Average { get; set; }

    [Parameter]
    public SwitchParameter Maximum { get; set; }

    [Parameter]
    public SwitchParameter Minimum { get; set; }

    protected override void ProcessRecord()
    {
        if (Property is null || InputObject!.Properties[Property] is not null)
        {
            _values.Add(Property is null ? Input : ValueOf(Input, Property));
        }
    }

    protected override void EndProcessing()
    {
        // A null counts, and adds nothing.
        double[] numbers = Sum || Average ? [.. _values.Select(value => Convert.ToDouble(value, CultureInfo.InvariantCulture))] : [];
        WriteObject(new GenericMeasureInfo
        {
            Count = _values.Count,
            Sum = Sum ? numbers.Sum() : null,
            Average = Average && numbers.Length > 0 ? numbers.Average() : null,
            Maximum = Maximum ? Number(_values.Where(value => value is not null).MaxBy(value => value, Order)) : null,
            Minimum = Minimum ? Number(_values.Where(value => value is not null).MinBy(value => value, Order)) : null,
            Property = Property,
        });
    }

    private static object? Number(object? value) =>
        value is not null && LanguagePrimitives.IsNumber(value) ? Convert.ToDouble(value, CultureInfo.InvariantCulture) : value;

    private static Comparer<object?> Order { get; } = Comparer<object?>.Create((first, second) => LanguagePrimitives.Compare(first, second));
}

/// <summary>What Measure-Object found.</summary>
public sealed class GenericMeasureInfo
{
    public int Count { get; init; }

    public double? Average { get; init; }

    public double? Sum { get; init; }

    public object? Maximum { get; init; }

    public object? Minimum { get; init; }

    public double? StandardDeviation { get; init; }

    public string? Property { get; init; }
}
