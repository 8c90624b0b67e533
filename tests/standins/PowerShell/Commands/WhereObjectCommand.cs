using System.Collections;
using System.Management.Automation;
using System.Text.RegularExpressions;
using CtrPS.StandIn;

namespace Microsoft.PowerShell.Commands;

/// <summary>Where-Object in its simplified form: a property, an operator, a value.</summary>
[Cmdlet("Where", "Object")]
[Alias("Where")]
public sealed class WhereObjectCommand : ObjectCommand
{
    private static readonly HashSet<string> Operands = [nameof(InputObject), nameof(Property), nameof(Value)];
    private Func<object?, bool> _test = _ => false;

    [Parameter(Position = 0, Mandatory = true)]
    public string Property { get; set; } = "";

    [Parameter(Position = 1)]
    public object? Value { get; set; }

    [Parameter, Alias("IEQ")] public SwitchParameter EQ { get; set; }
    [Parameter] public SwitchParameter CEQ { get; set; }
    [Parameter, Alias("INE")] public SwitchParameter NE { get; set; }
    [Parameter] public SwitchParameter CNE { get; set; }
    [Parameter, Alias("IGT")] public SwitchParameter GT { get; set; }
    [Parameter] public SwitchParameter CGT { get; set; }
    [Parameter, Alias("IGE")] public SwitchParameter GE { get; set; }
    [Parameter] public SwitchParameter CGE { get; set; }
    [Parameter, Alias("ILT")] public SwitchParameter LT { get; set; }
    [Parameter] public SwitchParameter CLT { get; set; }
    [Parameter, Alias("ILE")] public SwitchParameter LE { get; set; }
    [Parameter] public SwitchParameter CLE { get; set; }
    [Parameter, Alias("ILike")] public SwitchParameter Like { get; set; }
    [Parameter] public SwitchParameter CLike { get; set; }
    [Parameter, Alias("INotLike")] public SwitchParameter NotLike { get; set; }
    [Parameter] public SwitchParameter CNotLike { get; set; }
    [Parameter, Alias("IMatch")] public SwitchParameter Match { get; set; }
    [Parameter] public SwitchParameter CMatch { get; set; }
    [Parameter, Alias("INotMatch")] public SwitchParameter NotMatch { get; set; }
    [Parameter] public SwitchParameter CNotMatch { get; set; }
    [Parameter, Alias("IContains")] public SwitchParameter Contains { get; set; }
    [Parameter] public SwitchParameter CContains { get; set; }
    [Parameter, Alias("INotContains")] public SwitchParameter NotContains { get; set; }
    [Parameter] public SwitchParameter CNotContains { get; set; }
    [Parameter, Alias("IIn")] public SwitchParameter In { get; set; }
    [Parameter] public SwitchParameter CIn { get; set; }
    [Parameter, Alias("INotIn")] public SwitchParameter NotIn { get; set; }
    [Parameter] public SwitchParameter CNotIn { get; set; }
    [Parameter] public SwitchParameter Not { get; set; }

    protected override void BeginProcessing()
    {
        string[] operators = [.. MyInvocation.BoundParameters.Keys.Where(name => !Operands.Contains(name))];
        if (operators.Length > 1)
        {
            throw new StandInException($"Where-Object with the operators {string.Join(" and ", operators)} at a time");
        }

        string name = operators.FirstOrDefault() ?? "";
        bool ignoreCase = !name.StartsWith('C') || name == nameof(Contains);
        _test = Test(ignoreCase ? name : name[1..], ignoreCase);
    }

    protected override void ProcessRecord()
    {
        if (_test(ValueOf(Input, Property)))
        {
            WriteObject(Input);
        }
    }

    private Func<object?, bool> Test(string name, bool ignoreCase)
    {
        WildcardOptions wildcard = ignoreCase ? WildcardOptions.IgnoreCase : WildcardOptions.None;
        Func<object?, bool> positive = name.Replace("Not", "", StringComparison.Ordinal) switch
        {
            "" => LanguagePrimitives.IsTrue,
            "EQ" => left => Any(left, one => LanguagePrimitives.Equals(one, Value, ignoreCase)),
            "NE" => left => Any(left, one => !LanguagePrimitives.Equals(one, Value, ignoreCase)),
            "GT" => left => Any(left, one => LanguagePrimitives.Compare(one, Value, ignoreCase) > 0),
            "GE" => left => Any(left, one => LanguagePrimitives.Compare(one, Value, ignoreCase) >= 0),
            "LT" => left => Any(left, one => LanguagePrimitives.Compare(one, Value, ignoreCase) < 0),
            "LE" => left => Any(left, one => LanguagePrimitives.Compare(one, Value, ignoreCase) <= 0),
            "Like" => left => WildcardPattern.Get(PSObject.Text(Value), wildcard).IsMatch(PSObject.Text(left)),
            "Match" => left => Regex.IsMatch(PSObject.Text(left), PSObject.Text(Value), ignoreCase ? RegexOptions.IgnoreCase : RegexOptions.None),
            "Contains" => left => Elements(left).Any(one => LanguagePrimitives.Equals(one, Value, ignoreCase)),
            "In" => left => Elements(Value).Any(one => LanguagePrimitives.Equals(left, one, ignoreCase)),
            _ => throw new StandInException($"the operator -{name}"),
        };
        return name.StartsWith("Not", StringComparison.Ordinal) ? value => !positive(value) : positive;
    }

    /// <summary>A comparison with a collection on the left holds where it holds for an element.</summary>
    private static bool Any(object? left, Func<object?, bool> test) =>
        left is IEnumerable and not string and not IDictionary ? Elements(left).Any(test) : test(left);

    private static IEnumerable<object?> Elements(object? value) =>
        value is IEnumerable many and not string and not IDictionary ? many.Cast<object?>() : [value];
}
