namespace CtrPS.StandIn.Language;

/// <summary>A number as it was written: a parameter of type string gets the text.</summary>
internal sealed record NumberLiteral(object Value, string Text)
{
    public override string ToString() => Text;
}

/// <summary>A word of a command: a value, or a parameter's name with or without a value after a colon.</summary>
internal abstract record Word;

internal sealed record Argument(object? Value) : Word;

internal sealed record ParameterName(string Name, Argument? Value) : Word;

/// <summary>A command of a pipeline.</summary>
internal sealed record CommandText(string Name, IReadOnlyList<Word> Words);

/// <summary>A pipeline: commands, or a value (wrapped, as it may be null) and the commands it is piped into.</summary>
internal sealed record PipelineText(Argument? Input, IReadOnlyList<CommandText> Commands);
