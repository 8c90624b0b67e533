using System.Management.Automation;
using System.Management.Automation.Language;
using System.Management.Automation.Runspaces;
using CtrPS.Commands;
using CtrPS.Output;

namespace CtrPS.Binding;

/// <summary>
/// Sees to it that the words of a command reach it as they are typed. PowerShell takes <c>-cf</c> of <c>tar -cf x</c> for a parameter of the cmdlet
/// (-Confirm), and tears <c>-Da.b</c> apart; behind <c>--</c> it does neither. So, where the text of a call can be had, an option behind the first
/// word of the command is an error, unless <c>--</c> stands before it or it is the full name of a parameter.
/// </summary>
internal static class CommandWords
{
    private const string ShellProgram = "/bin/sh";

    /// <summary>
    /// Looks at the statement that runs now. To be called while the cmdlet is made: nothing is bound yet, so that this comes before PowerShell's own
    /// errors about a word that it takes for a parameter (ambiguous, given more than once), which know no way out.
    /// </summary>
    /// <exception cref="RuntimeException">With the error record of <see cref="CtrErrorIds.InvalidArgument"/>.</exception>
    public static void CheckStatement<TCmdlet>()
        where TCmdlet : PSCmdlet
    {
        if (Runspace.DefaultRunspace?.Debugger?.GetCallStack().FirstOrDefault()?.Position?.Text is not { Length: > 0 } statement)
        {
            return;
        }

        var table = ParameterTable.Of(typeof(TCmdlet));
        foreach (CommandAst call in TypedCall.In(statement).Where(call => table.IsCalled(call.GetCommandName())))
        {
            var typed = TypedCall.Read(call, valueOf: null);
            if (!typed.HasSplat && WordCheck.Fault(typed, table, statement) is { } fault)
            {
                ErrorRecord record = ErrorFactory.From(fault, fault.Target);
                throw new RuntimeException(
                    fault.Message, fault, new ErrorRecord(fault, $"{fault.ErrorId},{table.ClassName}", record.CategoryInfo.Category, fault.Target)
                    {
                        ErrorDetails = record.ErrorDetails,
                    });
            }
        }
    }

    /// <summary>
    /// Looks at the call itself, whatever name or variable it goes by, with what is splatted. To be called before the first object.
    /// </summary>
    /// <returns>Where the command begins.</returns>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.InvalidArgument"/>.</exception>
    public static CommandPlace Check(CtrCmdlet cmdlet)
    {
        string text = Text(cmdlet.MyInvocation);
        if (TypedCall.In(text).FirstOrDefault() is not { } call)
        {
            return CommandPlace.Unknown;
        }

        var table = ParameterTable.Of(cmdlet.GetType());
        var typed = TypedCall.Read(call, name => cmdlet.OnPipeline(() => cmdlet.Whole.SessionState.PSVariable.GetValue(name)));
        return WordCheck.Fault(typed, table, text) is { } fault ? throw fault : WordCheck.Place(typed, table);
    }

    /// <summary>The words of what is to be run: those of a command, or those that let the container's shell run a line.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.InvalidArgument"/>: none is given, or both are.</exception>
    public static IReadOnlyList<string> Choose(IReadOnlyList<string> command, string? shell)
    {
        string? fault = (command, shell) switch
        {
            ([], null) => "There is no command.",
            ([..], not null) when command.Count > 0 => $"-Shell takes one text, and no command beside it: '{command[0]}' is left over.",
            (["", ..], null) => "The command's first word is empty: it names no program.",
            _ => null,
        };
        return fault is null ? shell is null ? command : [ShellProgram, "-c", shell] : throw new CtrException(
            CtrErrorIds.InvalidArgument, CtrStatus.InvalidArgument, fault)
        {
            RecommendedAction = "Give a program and its arguments behind --, or a line for the container's shell: -Shell 'ls -l /etc | wc -l'.",
        };
    }

    /// <summary>
    /// The typed text of the call, without the rest of its pipeline; empty for a call by a program. The reference assembly that the module is
    /// compiled against lacks the property.
    /// </summary>
    private static string Text(InvocationInfo invocation) =>
        typeof(InvocationInfo).GetProperty("Statement")?.GetValue(invocation) as string ?? "";
}

/// <summary>Where the command begins in a typed call.</summary>
/// <param name="Named">The parameters that are typed by name.</param>
/// <param name="Missing">
/// With <c>--</c>: how many of the parameters that come before the command by position are not there before it. PowerShell takes words behind it.
/// </param>
internal sealed record CommandPlace(IReadOnlySet<string> Named, int Missing)
{
    /// <summary>No text can be had.</summary>
    public static readonly CommandPlace Unknown = new(new HashSet<string>(), 0);
}
