using System.Collections;
using System.Globalization;
using System.Management.Automation;
using System.Text;

namespace CtrPS.StandIn.Language;

/// <summary>
/// Reads command lines <c>A -x 1,2 -y 'b c' | B Size -gt 100MB</c>, and data files. Values: words, numbers with KB to PB, strings without
/// variables in them, comma lists, @(), @{}, [pscustomobject]@{}, $true, $false, $null and $env:NAME.
/// </summary>
internal sealed class Parser(string text)
{
    private const string WordEnd = " \t\r\n|;,(){}'\"";
    private const string NotKnown = "$`&<>(){}[]#";
    private static readonly string[] Multipliers = ["KB", "MB", "GB", "TB", "PB"];
    private int _at;

    private char Current => _at < text.Length ? text[_at] : '\0';

    /// <summary>The statements of a script.</summary>
    public static List<PipelineText> Script(string text)
    {
        var parser = new Parser(text);
        List<PipelineText> pipelines = [];
        for (parser.SkipSeparators(); parser.Current != '\0'; parser.SkipSeparators())
        {
            pipelines.Add(parser.Pipeline());
        }

        return pipelines;
    }

    /// <summary>The table of a data file.</summary>
    public static Hashtable DataFile(string text)
    {
        var parser = new Parser(text);
        parser.SkipSeparators();
        return parser.Value() as Hashtable ?? throw new StandInException("a data file that is not one table");
    }

    private PipelineText Pipeline()
    {
        bool isCommand = char.IsLetter(Current);
        Argument? input = isCommand ? null : new Argument(List());
        List<CommandText> commands = isCommand ? [Command()] : [];
        for (SkipBlanks(); Current == '|'; SkipBlanks())
        {
            _at++;
            SkipWhiteSpace();
            commands.Add(Command());
        }

        return Current is '\0' or ';' or '\r' or '\n' ? new PipelineText(input, commands) : throw Unknown();
    }

    private CommandText Command()
    {
        string name = Bareword();
        List<Word> words = [];
        for (SkipBlanks(); Current is not ('\0' or '|' or ';' or '\r' or '\n'); SkipBlanks())
        {
            words.Add(Current == '-' && _at + 1 < text.Length && char.IsLetter(text[_at + 1]) ? Parameter() : new Argument(List()));
        }

        return new CommandText(name, words);
    }

    private ParameterName Parameter()
    {
        string name = Bareword(end: ":")[1..];
        if (Current != ':')
        {
            return new ParameterName(name, null);
        }

        _at++;
        SkipBlanks();
        return new ParameterName(name, new Argument(List()));
    }

    /// <summary>A value, or several with commas between them.</summary>
    private object? List()
    {
        object? first = Value();
        SkipBlanks();
        if (Current != ',')
        {
            return first;
        }

        List<object?> many = [first];
        for (; Current == ','; SkipBlanks())
        {
            _at++;
            SkipWhiteSpace();
            many.Add(Value());
        }

        return many.ToArray();
    }

    private object? Value() => Current switch
    {
        '\'' or '"' => Quoted(),
        '@' when Next("@{") => Table(),
        '@' when Next("@(") => Many(),
        '$' => Variable(),
        '[' when Next("[pscustomobject]@{") => CustomObject(),
        _ => Number(Bareword()),
    };

    private bool Next(string token) => string.Compare(text, _at, token, 0, token.Length, StringComparison.OrdinalIgnoreCase) == 0;

    private string Quoted()
    {
        char quote = Current;
        var value = new StringBuilder();
        for (_at++; Current != quote || Next($"{quote}{quote}"); _at++)
        {
            _ = Current == '\0' ? throw Unknown()
                : Current is '$' or '`' && quote == '"' ? throw new StandInException("variables in strings")
                : value.Append(Current);
            _at += Current == quote ? 1 : 0;
        }

        _at++;
        return value.ToString();
    }

    private object? Variable()
    {
        string name = Bareword(dollar: true);
        return name.ToUpperInvariant() switch
        {
            "$TRUE" => true,
            "$FALSE" => false,
            "$NULL" => null,
            { } upper when upper.StartsWith("$ENV:", StringComparison.Ordinal) => Environment.GetEnvironmentVariable(name[5..]),
            _ => throw new StandInException($"the variable {name}"),
        };
    }

    private Hashtable Table()
    {
        var table = new Hashtable(StringComparer.OrdinalIgnoreCase);
        foreach ((string key, object? value) in Entries())
        {
            table[key] = value;
        }

        return table;
    }

    private PSObject CustomObject()
    {
        _at += "[pscustomobject]".Length;
        var result = new PSObject();
        foreach ((string key, object? value) in Entries())
        {
            result.Add(key, value is NumberLiteral number ? number.Value : value);
        }

        return result;
    }

    private List<(string Key, object? Value)> Entries()
    {
        List<(string Key, object? Value)> entries = [];
        _at += 2;
        for (SkipSeparators(); Current != '}'; SkipSeparators())
        {
            string key = Current is '\'' or '"' ? Quoted() : Bareword(end: "=");
            SkipBlanks();
            _at += Current == '=' ? 1 : throw Unknown();
            SkipWhiteSpace();
            object? value = List();
            entries.Add((key, value is NumberLiteral number ? number.Value : value));
        }

        _at++;
        return entries;
    }

    private object?[] Many()
    {
        List<object?> many = [];
        _at += 2;
        for (SkipSeparators(); Current != ')'; SkipSeparators())
        {
            object? value = List();
            many.AddRange(value as object?[] ?? [value]);
        }

        _at++;
        return [.. many];
    }

    private string Bareword(string end = "", bool dollar = false)
    {
        int start = _at;
        _at += dollar ? 1 : 0;
        while (Current != '\0' && !WordEnd.Contains(Current, StringComparison.Ordinal) && !end.Contains(Current, StringComparison.Ordinal))
        {
            _at += NotKnown.Contains(Current, StringComparison.Ordinal) && !(Current is '[' or ']' && _at > start) ? throw Unknown() : 1;
        }

        return _at > start ? text[start.._at] : throw Unknown();
    }

    /// <summary>The number that a word is, else the word.</summary>
    private static object Number(string word)
    {
        int power = Array.FindIndex(Multipliers, suffix => word.EndsWith(suffix, StringComparison.OrdinalIgnoreCase)) + 1;
        string digits = power > 0 ? word[..^2] : word;
        const NumberStyles styles = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint;
        if (!decimal.TryParse(digits, styles, CultureInfo.InvariantCulture, out decimal number))
        {
            return word;
        }

        number *= (decimal)Math.Pow(1024, power);
        object value = digits.Contains('.', StringComparison.Ordinal) ? (double)number
            : number is >= int.MinValue and <= int.MaxValue ? (int)number
            : number is >= long.MinValue and <= long.MaxValue ? (object)(long)number
            : number;
        return new NumberLiteral(value, word);
    }

    private void SkipBlanks() => Skip(" \t", comments: false);

    private void SkipWhiteSpace() => Skip(" \t\r\n", comments: false);

    private void SkipSeparators() => Skip(" \t\r\n;", comments: true);

    private void Skip(string characters, bool comments)
    {
        while (Current != '\0' && (characters.Contains(Current, StringComparison.Ordinal) || (comments && Current == '#')))
        {
            _at = Current == '#' ? Math.Max(_at, text.IndexOf('\n', _at) is var end && end < 0 ? text.Length : end) : _at + 1;
        }
    }

    private StandInException Unknown() => new($"this at position {_at}: {text[Math.Min(_at, text.Length)..Math.Min(text.Length, _at + 30)]}");
}
