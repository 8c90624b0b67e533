using CtrPS.StandIn.Binding;
using CtrPS.StandIn.Language;

namespace CtrPS.StandIn.Pipelines;

/// <summary>
/// Runs a pipeline: an object goes through all commands before the next is made. A command that has enough ends those before it by an
/// exception out of their WriteObject, as PowerShell does.
/// </summary>
internal sealed class Pipeline(PipelineText text, Func<string, CommandMetadata> find, IStreams streams)
{
    private readonly List<CommandRuntime> _commands = [];

    /// <exception cref="TerminatingErrorException">A command ended it.</exception>
    public void Run()
    {
        for (int i = text.Commands.Count - 1; i >= 0; i--)
        {
            Action<object?> output = _commands.FirstOrDefault() is { } next ? next.Process : streams.Output;
            _commands.Insert(0, new CommandRuntime(find(text.Commands[i].Name), streams, output));
        }

        try
        {
            for (int i = 0; i < _commands.Count; i++)
            {
                _commands[i].Begin(text.Commands[i].Words, hasInput: i > 0 || text.Input is not null);
            }

            Feed();
        }
        finally
        {
            _commands.ForEach(command => (command.Cmdlet as IDisposable)?.Dispose());
        }
    }

    private void Feed()
    {
        int ended = Step(() =>
        {
            if (text.Input is null)
            {
                _commands[0].Process();
            }
            else
            {
                Array.ForEach(text.Input.Value as object?[] ?? [text.Input.Value], FeedOne);
            }
        });
        for (int i = Math.Max(ended, 0); i < _commands.Count; i++)
        {
            i = Math.Max(i, Step(_commands[i].End) - 1);
        }
    }

    private void FeedOne(object? value)
    {
        object? plain = value is NumberLiteral number ? number.Value : value;
        if (_commands.Count > 0)
        {
            _commands[0].Process(plain);
        }
        else
        {
            streams.Output(plain);
        }
    }

    /// <summary>Does a step. The result is the first command that goes on: those before it have ended. -1: all go on.</summary>
    private int Step(Action step)
    {
        try
        {
            step();
            return -1;
        }
        catch (StopUpstreamException e)
        {
            return _commands.FindIndex(command => command.Cmdlet == e.Requester);
        }
    }
}
