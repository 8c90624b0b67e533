using System.Management.Automation;
using System.Management.Automation.Language;

namespace CtrPS.Binding;

/// <summary>
/// The words of a command as the user typed them. PowerShell takes <c>-c</c> of <c>sh -c 'echo hi'</c> for the beginning of one of its own
/// parameters' names, and does not say where it stood. A hidden switch catches such a letter; here the typed line says where it goes.
/// </summary>
internal static class CommandWords
{
    /// <summary>Puts a caught option back between the words.</summary>
    /// <param name="invocation">The call.</param>
    /// <param name="words">The words that PowerShell left to the command.</param>
    /// <param name="optionParameter">Name of the switch that catches options.</param>
    /// <param name="leading">Names of the parameters that come before the command by position.</param>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.InvalidArgument"/>: the line does not say where the option stood.</exception>
    public static string[] Restore(InvocationInfo invocation, IReadOnlyList<string> words, string optionParameter, string[] leading) =>
        Place(invocation, Statement(invocation), words, optionParameter, leading) ?? throw new CtrException(
            CtrErrorIds.InvalidArgument, CtrStatus.InvalidArgument,
            $"PowerShell takes an option of the command for one of {invocation.MyCommand.Name}.")
        {
            RecommendedAction = "Write -- before the command: all words after it belong to the command. -Verbose and its like are written in full.",
        };

    /// <summary>
    /// Finds what looks like a parameter but is none: PowerShell leaves a mistyped one to the command, without a word. One before the command's
    /// first word is an error; one behind it may be meant for the command. What is quoted, and what follows --, is.
    /// </summary>
    /// <param name="invocation">The call.</param>
    /// <param name="leading">Names of the parameters that come before the command by position.</param>
    /// <returns>Warnings, in whole sentences.</returns>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.InvalidArgument"/>.</exception>
    public static IReadOnlyList<string> CheckParameters(InvocationInfo invocation, string[] leading) =>
        Statement(invocation) is { Length: > 0 } statement ? Check(invocation, statement, leading) : [];

    private static List<string> Check(InvocationInfo invocation, string statement, string[] leading)
    {
        var warnings = new List<string>();
        if (Parser.ParseInput(statement, out _, out _).Find(ast => ast is CommandAst, searchNestedScriptBlocks: false) is not CommandAst command)
        {
            return warnings;
        }

        int positional = 0;
        int before = leading.Length;
        for (int i = 1; i < command.CommandElements.Count; i++)
        {
            CommandElementAst element = command.CommandElements[i];
            if (EndsParameters(element))
            {
                break;
            }

            if (element is not CommandParameterAst named)
            {
                positional++;
            }
            else if (Resolve(invocation.MyCommand, named.ParameterName) is { } parameter)
            {
                before -= leading.Contains(parameter.Name) ? 1 : 0;
                i += !parameter.SwitchParameter && named.Argument is null ? 1 : 0;
            }
            else if (positional <= before)
            {
                throw new CtrException(
                    CtrErrorIds.InvalidArgument, CtrStatus.InvalidArgument, $"{invocation.MyCommand.Name} has no parameter '{named.ParameterName}'.")
                {
                    Target = named.ParameterName,
                    RecommendedAction = "Where it is the beginning of the command, write -- before it.",
                };
            }
            else
            {
                positional++;
                if (named.ParameterName.Length > 3
                    && char.IsUpper(named.ParameterName[0])
                    && named.ParameterName.Skip(1).All(char.IsLetter)
                    && named.ParameterName.Any(char.IsLower))
                {
                    warnings.Add(
                        $"{invocation.MyCommand.Name} has no parameter '{named.ParameterName}': '-{named.ParameterName}' is a word of the command. "
                        + "Write -- before the command where that is meant.");
                }
            }
        }

        return warnings;
    }

    /// <summary>
    /// The typed text of the call, without the rest of its pipeline. The reference assembly that the module is compiled against lacks the property.
    /// </summary>
    private static string Statement(InvocationInfo invocation) =>
        typeof(InvocationInfo).GetProperty("Statement")?.GetValue(invocation) as string ?? "";

    private static string[]? Place(InvocationInfo invocation, string statement, IReadOnlyList<string> words, string optionParameter, string[] leading)
    {
        if (Parser.ParseInput(statement, out _, out _).Find(ast => ast is CommandAst, searchNestedScriptBlocks: false) is not CommandAst command)
        {
            return null;
        }

        int positional = 0;
        int before = leading.Length;
        int at = -1;
        string option = "";
        for (int i = 1; i < command.CommandElements.Count; i++)
        {
            CommandElementAst element = command.CommandElements[i];
            if (EndsParameters(element))
            {
                positional += command.CommandElements.Count - i - 1;
                break;
            }

            if (element is VariableExpressionAst { Splatted: true })
            {
                return null;
            }

            ParameterMetadata? parameter = element is CommandParameterAst named ? Resolve(invocation.MyCommand, named.ParameterName) : null;
            if (parameter is null)
            {
                positional++;
            }
            else if (parameter.Name == optionParameter)
            {
                at = positional;
                option = element.Extent.Text;
            }
            else
            {
                before -= leading.Contains(parameter.Name) ? 1 : 0;
                bool takesNext = !parameter.SwitchParameter && ((CommandParameterAst)element).Argument is null;
                i += takesNext ? 1 : 0;
            }
        }

        // Only where each word of the line is one word of the command is its place known: arrays and pipelines make more or fewer of them.
        return positional == before + words.Count && at >= before ? [.. words.Take(at - before), option, .. words.Skip(at - before)] : null;
    }

    /// <summary>Whether it is --, behind which all words are the command's.</summary>
    private static bool EndsParameters(CommandElementAst element) =>
        element is StringConstantExpressionAst { Value: "--", StringConstantType: StringConstantType.BareWord }
            or CommandParameterAst { ParameterName: "-" };

    private static ParameterMetadata? Resolve(CommandInfo command, string name)
    {
        try
        {
            return command.ResolveParameter(name);
        }
        catch (ParameterBindingException)
        {
            return null; // none of ours: a word of the command
        }
    }
}
