namespace CtrPS.Binding;

/// <summary>Tells the parameters of the cmdlet from the words of the command in a typed call.</summary>
internal sealed class WordCheck
{
    private readonly TypedCall _call;
    private readonly ParameterTable _table;
    private readonly HashSet<string> _named;
    private readonly List<string> _before = [];
    private readonly List<string> _words = [];
    private int _given;
    private TypedWord? _wrong;

    private WordCheck(TypedCall call, ParameterTable table)
    {
        _call = call;
        _table = table;

        // Those that are written in full count wherever they stand.
        _named = [.. call.Words.Select(word => Exact(word)?.Name).OfType<string>()];
        Sort();
    }

    /// <summary>What is wrong with a call. Null: nothing.</summary>
    /// <param name="call">The call.</param>
    /// <param name="table">Its cmdlet's parameters.</param>
    /// <param name="statement">The text that the call stands in.</param>
    public static CtrException? Fault(TypedCall call, ParameterTable table, string statement)
    {
        var check = new WordCheck(call, table);
        return check._wrong is not { } wrong ? null
            : wrong.IsTorn && call.Rest is not null ? Torn(wrong)
            : check._words.Count > 0 ? check.NeedsDashes(wrong, statement)
            : check.NoParameter(wrong);
    }

    /// <summary>Where the command of a sound call begins.</summary>
    public static CommandPlace Place(TypedCall call, ParameterTable table)
    {
        var check = new WordCheck(call, table);
        return new CommandPlace(check._named, call.Rest is not null && check._words.Count == 0 ? check.Left : 0);
    }

    /// <summary>How many parameters that come before the command by position are still to come.</summary>
    private int Left => _table.Leading(_named).Count - _given;

    private void Sort()
    {
        _wrong = _call.Rest?.FirstOrDefault(word => word.IsTorn);
        for (int i = 0; i < _call.Words.Count; i++)
        {
            TypedWord word = _call.Words[i];
            if (word.Option is not null)
            {
                i += Take(word, i + 1 < _call.Words.Count ? _call.Words[i + 1] : null);
            }
            else if (_words.Count > 0 || Left <= 0)
            {
                _words.Add(word.Text);
                bool isOurs = _words.Count == 1 && DockerWords.IsLong(word.Text) && DockerWords.Find(word.Text, _table) is not null;
                _wrong ??= isOurs ? Unbegun(word) : null;
            }
            else if (DockerWords.IsLong(word.Text))
            {
                _wrong ??= word;
            }
            else
            {
                _before.Add(word.Text);
                _given++;
            }

            if (_wrong is not null && _words.Count == 0)
            {
                return;
            }
        }
    }

    /// <summary>Takes a word that PowerShell reads as a parameter.</summary>
    /// <returns>How many words it takes beside.</returns>
    private int Take(TypedWord word, TypedWord? next)
    {
        ParameterTable.Entry? parameter = Exact(word);
        if (parameter is null && _words.Count == 0)
        {
            parameter = _table.Find(word.Option!);
            if (parameter is null)
            {
                Unknown(word);
                return 0;
            }

            _ = _named.Add(parameter.Name);
        }

        if (parameter is null)
        {
            _words.Add(word.Whole);
            _wrong ??= word;
            return 0;
        }

        bool takesNext = !parameter.IsSwitch && !word.HasValue && next is { Option: null };
        if (parameter.Name == ParameterTable.CommandParameter)
        {
            _words.Add(takesNext ? next!.Text : word.Text);
        }
        else
        {
            _before.Add(word.Text);
            _before.AddRange(takesNext ? [next!.Text] : []);
        }

        return takesNext ? 1 : 0;
    }

    /// <summary>
    /// An option that is none of the cmdlet's, before the command. Objects from the left may be the containers: then the one word before it is the
    /// command's, which cannot begin with an option.
    /// </summary>
    private void Unknown(TypedWord word)
    {
        if (_call.IsFed && _given == 1 && _before.Count == 1 && _table.Leading(_named).Count == 1)
        {
            _words.AddRange([_before[0], word.Text]);
            _before.Clear();
            _wrong ??= word;
        }
        else if (!_table.IsAmbiguous(word.Option!) || DockerWords.Find(word.Text, _table) is not null)
        {
            _wrong ??= word;
        }
    }

    private TypedWord Unbegun(TypedWord word)
    {
        _words.Clear();
        return word;
    }

    /// <summary>The parameter that is written in full, letter by letter, or in a table of parameters.</summary>
    private ParameterTable.Entry? Exact(TypedWord word) =>
        word.Option is { } option && _table.Find(option) is { } found && (word.IsCertain || found.Name == option) ? found : null;

    private static CtrException Torn(TypedWord wrong) => Error(
        wrong, $"PowerShell makes several words of '{wrong.Text}'. Write it in quotation marks: {wrong.Whole}",
        "PowerShell parts a bare word that begins with - at its first '.' or ':', behind -- too.");

    private CtrException NeedsDashes(TypedWord wrong, string statement)
    {
        string why = _table.Find(wrong.Option!) is { } taken
            ? $"PowerShell takes it for -{taken.Name}"
            : "PowerShell reads the options before it as its own";
        string line = _call.HasSplat ? "" : $" Write: {Corrected(statement)}";
        return Error(wrong, $"The option '{wrong.Text}' of the command needs -- before the command: {why}.{line}",
            "All words behind -- belong to the command. A parameter of the cmdlet stands before the command, or is written in full.");
    }

    private CtrException NoParameter(TypedWord wrong)
    {
        string hint = DockerWords.Find(wrong.Text, _table) is { } ours ? $" {ours}" : "";
        return Error(
            wrong, $"{_table.Name} has no parameter '{wrong.Text}'.{hint}",
            "Where it is a word of the command, write -- before the command: all words behind -- belong to it.");
    }

    private static CtrException Error(TypedWord wrong, string message, string action) =>
        new(CtrErrorIds.InvalidArgument, CtrStatus.InvalidArgument, message) { Target = wrong.Text, RecommendedAction = action };

    /// <summary>The statement with the call as it is to be written.</summary>
    private string Corrected(string statement)
    {
        int name = _call.Ast.CommandElements[0].Extent.EndOffset;
        IEnumerable<string> rest = _call.Rest?.Select(word => word.Whole) ?? [];
        IEnumerable<string> redirections = _call.Ast.Redirections.Select(redirection => redirection.Extent.Text);
        return statement[..name]
            + $" {string.Join(' ', [.. _before, "--", .. _words, .. rest, .. redirections])}"
            + statement[_call.Ast.Extent.EndOffset..];
    }
}
