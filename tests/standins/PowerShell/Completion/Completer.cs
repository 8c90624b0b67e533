using System.Management.Automation;
using System.Management.Automation.Language;
using CtrPS.StandIn.Binding;
using CtrPS.StandIn.Language;

namespace CtrPS.StandIn.Completion;

/// <summary>Asks the completer of the parameter that the last word of a line is for. The other words are handed to it as they were written.</summary>
internal static class Completer
{
    public static IReadOnlyList<CompletionResult> Complete(string line, Func<string, CommandMetadata> find)
    {
        CommandText text = Parser.Script(line)[^1].Commands[^1];
        CommandMetadata command = find(text.Name);
        Dictionary<string, object?> bound = new(StringComparer.OrdinalIgnoreCase);
        ParameterMetadata? parameter = null;
        object? word = null;
        for (int i = 0; i < text.Words.Count; i++)
        {
            if (text.Words[i] is ParameterName name)
            {
                parameter = command.Find(name.Name);
                word = name.Value?.Value;
            }
            else
            {
                parameter = i > 0 && text.Words[i - 1] is ParameterName { Value: null } && parameter is { IsSwitch: false } ? parameter
                    : command.Parameters.First(one => one.In(command.DefaultSet ?? command.Sets[0])?.Position == 0);
                word = ((Argument)text.Words[i]).Value;
            }

            bound[parameter.Name] = word;
        }

        if (parameter?.Completer is null)
        {
            throw new StandInException("completion of anything but the arguments that have a completer");
        }

        bound.Remove(parameter.Name);
        var completer = (IArgumentCompleter)Activator.CreateInstance(parameter.Completer)!;
        return [.. completer.CompleteArgument(command.Name, parameter.Name, PSObject.Text(word), new CommandAst(), bound)];
    }
}
