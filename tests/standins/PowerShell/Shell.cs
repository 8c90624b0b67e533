using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Runspaces;
using CtrPS.StandIn.Binding;
using CtrPS.StandIn.Completion;
using CtrPS.StandIn.Formatting;
using CtrPS.StandIn.Language;
using CtrPS.StandIn.Modules;
using CtrPS.StandIn.Pipelines;

namespace CtrPS.StandIn;

/// <summary>
/// The stand-in for a PowerShell session: imports a binary module and runs pipelines. Never asks (as pwsh -NonInteractive), knows no script
/// blocks and no variables but $env:, and formats in the invariant culture.
/// </summary>
public sealed class Shell
{
    /// <summary>Columns of the screen where none is known.</summary>
    public const int DefaultWidth = 80;

    [ThreadStatic]
    private static Shell? s_current;

    private readonly Dictionary<string, CommandMetadata> _commands = new(StringComparer.OrdinalIgnoreCase);
    private readonly ViewTable _views = new();
    private readonly Runspace _runspace = new();

    public Shell() => Add(Module.CommandsOf(typeof(Shell).Assembly));

    /// <summary>The shell that this thread runs.</summary>
    internal static Shell Current => s_current!;

    /// <summary>The names of the cmdlets that imported modules export.</summary>
    public IReadOnlyList<string> ModuleCommands =>
        [.. _commands.Values.Where(command => command.Type.Assembly != typeof(Shell).Assembly).Select(command => command.Name).Distinct()];

    /// <summary>Imports a module by its manifest.</summary>
    public void Import(string manifestPath) => Run(() => Add(Module.Import(manifestPath, _views)));

    /// <summary>Runs the statements of a script.</summary>
    /// <param name="script">The script.</param>
    /// <param name="streams">Where the output goes.</param>
    /// <param name="input">What is piped into each statement; null: nothing.</param>
    /// <returns>False where an error ended it.</returns>
    /// <exception cref="StandInException">The script has something that the stand-in does not know.</exception>
    public bool Invoke(string script, IStreams streams, IEnumerable<object?>? input = null)
    {
        ArgumentNullException.ThrowIfNull(streams);
        List<PipelineText> pipelines = Parser.Script(script);
        pipelines = input is null ? pipelines : pipelines.ConvertAll(pipeline => pipeline with { Input = new Argument(input.ToArray()) });
        try
        {
            Run(() => pipelines.ForEach(pipeline => new Pipeline(pipeline, Find, streams).Run()));
            return true;
        }
        catch (TerminatingErrorException e)
        {
            streams.Error(e.Record);
        }
        catch (CommandNotFoundException e)
        {
            streams.Error(e.ErrorRecord);
        }

        return false;
    }

    /// <summary>What can stand at the end of a line.</summary>
    public IReadOnlyList<CompletionResult> Complete(string line)
    {
        IReadOnlyList<CompletionResult> results = [];
        Run(() => results = Completer.Complete(line, Find));
        return results;
    }

    /// <summary>Objects as they would be shown on a screen of a width, each line with its end.</summary>
    internal string Text(IEnumerable<object?> output, int width) =>
        string.Concat(new Formatter(_views, width).Lines(output).Select(line => line + Environment.NewLine));

    private void Run(Action action)
    {
        (Runspace? runspace, Shell? shell, CultureInfo culture) = (Runspace.DefaultRunspace, s_current, CultureInfo.CurrentCulture);
        (Runspace.DefaultRunspace, s_current, CultureInfo.CurrentCulture) = (_runspace, this, CultureInfo.InvariantCulture);
        try
        {
            action();
        }
        finally
        {
            (Runspace.DefaultRunspace, s_current, CultureInfo.CurrentCulture) = (runspace, shell, culture);
        }
    }

    private void Add(IEnumerable<CommandMetadata> commands)
    {
        foreach (CommandMetadata command in commands)
        {
            foreach (string name in command.Aliases.Prepend(command.Name))
            {
                _commands[name] = command;
            }
        }
    }

    private CommandMetadata Find(string name) => _commands.GetValueOrDefault(name) ?? throw new CommandNotFoundException(name);
}
