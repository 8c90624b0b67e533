using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace CtrPS.Binding;

/// <summary>A call as it is typed: its words in their order.</summary>
/// <param name="Ast">The call in the text.</param>
/// <param name="Words">The words before <c>--</c>, without the cmdlet's name.</param>
/// <param name="Rest">The words behind <c>--</c>, of which PowerShell takes none for a parameter. Null: there is no <c>--</c>.</param>
/// <param name="HasSplat">Whether some words come out of a variable.</param>
internal sealed record TypedCall(CommandAst Ast, IReadOnlyList<TypedWord> Words, IReadOnlyList<TypedWord>? Rest, bool HasSplat)
{
    /// <summary>The note that PowerShell leaves at a word of <c>$args</c> that was typed as a parameter.</summary>
    private const string ParameterNote = "<CommandParameterName>";

    /// <summary>Whether objects come from the left.</summary>
    public bool IsFed => Ast.Parent is PipelineAst pipeline && pipeline.PipelineElements[0] != Ast;

    /// <summary>The calls of a text, but for those in script blocks: these run, and are looked at, on their own.</summary>
    public static IEnumerable<CommandAst> In(string text) =>
        Parser.ParseInput(text, out _, out _).FindAll(ast => ast is CommandAst, searchNestedScriptBlocks: false).Cast<CommandAst>();

    /// <summary>Reads a call.</summary>
    /// <param name="call">The call.</param>
    /// <param name="valueOf">Gives the value of a variable that is splatted. Null: its words stay unknown.</param>
    public static TypedCall Read(CommandAst call, Func<string, object?>? valueOf)
    {
        var words = new List<TypedWord>();
        var rest = new List<TypedWord>();
        List<TypedWord> list = words;
        int end = 0;
        foreach (CommandElementAst element in call.CommandElements.Skip(1))
        {
            if (list.Count > 0 && element.Extent.StartOffset == end && list[^1].Text.StartsWith('-'))
            {
                list[^1] = list[^1] with { Text = list[^1].Text + element.Extent.Text, IsTorn = true };
            }
            else if (element is CommandParameterAst { ParameterName: "-" })
            {
                list = rest;
            }
            else
            {
                list.AddRange(Read(element, valueOf));
            }

            end = element.Extent.EndOffset;
        }

        return new TypedCall(call, words, ReferenceEquals(list, rest) ? rest : null, call.CommandElements.Any(IsSplat));
    }

    private static bool IsSplat(CommandElementAst element) => element is VariableExpressionAst { Splatted: true };

    private static IEnumerable<TypedWord> Read(CommandElementAst element, Func<string, object?>? valueOf) => element switch
    {
        VariableExpressionAst { Splatted: true } splat => Splatted(valueOf?.Invoke(splat.VariablePath.UserPath)),
        CommandParameterAst parameter => [new TypedWord(element.Extent.Text, parameter.ParameterName, parameter.Argument is not null)],
        _ => [new TypedWord(element.Extent.Text, null, false)],
    };

    private static IEnumerable<TypedWord> Splatted(object? value)
    {
        switch (value is PSObject wrapped ? wrapped.BaseObject : value)
        {
            case IDictionary table:
                // Its keys are meant as parameters, however they are written.
                return table.Keys.Cast<object>().Select(key => new TypedWord($"-{key}", key.ToString(), true) { IsCertain = true });
            case IList list:
                return list.Cast<object?>().Select(one =>
                    (one as PSObject)?.Properties[ParameterNote]?.Value is string name
                        ? new TypedWord($"{one}", name, false)
                        : new TypedWord($"{one}", null, false));
            default:
                return [];
        }
    }
}

/// <summary>A typed word.</summary>
/// <param name="Text">As it stands there.</param>
/// <param name="Option">The name of a parameter, without the dash, where PowerShell reads it as one. Null: a value.</param>
/// <param name="HasValue">Whether its value is in it, as in <c>-User:root</c>.</param>
internal sealed record TypedWord(string Text, string? Option, bool HasValue)
{
    /// <summary>Whether it can only be meant for the cmdlet.</summary>
    public bool IsCertain { get; init; }

    /// <summary>Whether PowerShell makes several words of it, as of <c>-Da.b</c> and <c>-o:x</c>, also behind <c>--</c>.</summary>
    public bool IsTorn { get; init; }

    /// <summary>As it is to be written behind <c>--</c>.</summary>
    public string Whole => IsTorn ? $"'{Text.Replace("'", "''", StringComparison.Ordinal)}'" : Text;
}
