namespace CtrPS.Rig.Commands;

/// <summary>The words after the verb: <c>--name value</c>, <c>--switch</c>, and the rest.</summary>
internal sealed class Arguments
{
    private readonly Dictionary<string, string> _values = [];
    private readonly List<string> _rest = [];

    public Arguments(IEnumerable<string> words, IReadOnlyCollection<string> options, IReadOnlyCollection<string> switches)
    {
        using var word = words.GetEnumerator();
        while (word.MoveNext())
        {
            var name = word.Current;
            if (!name.StartsWith("--", StringComparison.Ordinal))
            {
                _rest.Add(name);
            }
            else if (switches.Contains(name))
            {
                _values[name] = "";
            }
            else if (!options.Contains(name))
            {
                throw new ArgumentException($"unknown option '{name}'; there are {string.Join(", ", options.Concat(switches))}");
            }
            else if (!word.MoveNext())
            {
                throw new ArgumentException($"'{name}' needs a value");
            }
            else
            {
                _values[name] = word.Current;
            }
        }
    }

    public IReadOnlyList<string> Rest => _rest;

    public string? this[string option] => _values.GetValueOrDefault(option);

    public bool Has(string option) => _values.ContainsKey(option);

    /// <summary>A value with commas, as a list; empty when the option is not given.</summary>
    public IReadOnlyList<string> List(string option) => this[option]?.Split(',', StringSplitOptions.RemoveEmptyEntries) ?? [];
}
