using System.Collections;
using System.Management.Automation;
using CtrPS.StandIn.Binding;
using CtrPS.StandIn.Language;

namespace CtrPS.StandIn.Pipelines;

/// <summary>One command of a running pipeline: the cmdlet, its binder, and what the cmdlet says.</summary>
internal sealed class CommandRuntime
{
    private readonly CommandMetadata _command;
    private readonly IStreams _streams;
    private readonly Action<object?> _next;
    private readonly CommonParameters _common = new();
    private readonly Binder _binder;

    public CommandRuntime(CommandMetadata command, IStreams streams, Action<object?> next)
    {
        _command = command;
        _streams = streams;
        _next = next;
        Cmdlet = (Cmdlet)Activator.CreateInstance(command.Type)!;
        Cmdlet.Runtime = this;
        Invocation = new InvocationInfo(command.Name, command.Type, new Dictionary<string, object?>(StringComparer.OrdinalIgnoreCase));
        _binder = new Binder(command, Cmdlet, _common, Invocation.BoundParameters);
    }

    public Cmdlet Cmdlet { get; }

    public InvocationInfo Invocation { get; }

    public string ParameterSetName => _binder.Set;

    public void Begin(IReadOnlyList<Word> words, bool hasInput) => Run(() =>
    {
        Invocation.ExpectingInput = hasInput;
        _binder.BindWords(words, hasInput);
        Cmdlet.Begin();
    });

    /// <summary>Once without input, for the first command of a pipeline.</summary>
    public void Process() => Run(Cmdlet.Process);

    public void Process(object? input) => Run(() =>
    {
        try
        {
            _binder.BindInput(input);
        }
        catch (ParameterBindingException e)
        {
            WriteError(new ErrorRecord(e, e.ErrorRecord.FullyQualifiedErrorId, e.ErrorRecord.CategoryInfo.Category, input));
            return;
        }

        Cmdlet.Process();
    });

    public void End() => Run(Cmdlet.End);

    public void WriteObject(object? value, bool enumerate)
    {
        if (enumerate && value is IEnumerable many and not string and not IDictionary)
        {
            foreach (object? one in many)
            {
                _next(one);
            }
        }
        else
        {
            _next(value);
        }
    }

    public void WriteError(ErrorRecord record)
    {
        record.InvocationInfo ??= Invocation;
        switch (_common.ErrorAction)
        {
            case ActionPreference.Continue:
                _streams.Error(record);
                break;
            case ActionPreference.Stop:
                throw Terminate(record);
            case ActionPreference.SilentlyContinue or ActionPreference.Ignore:
                break;
            default:
                throw new StandInException($"-ErrorAction {_common.ErrorAction}");
        }
    }

    public void WriteWarning(string text)
    {
        if (_common.WarningAction == ActionPreference.Continue)
        {
            _streams.Warning(text);
        }
    }

    public void WriteVerbose(string text)
    {
        if (_common.Verbose)
        {
            _streams.Verbose(text);
        }
    }

    public bool ShouldProcess(string target, string action)
    {
        string operation = $"Performing the operation \"{action}\" on target \"{target}\".";
        if (_common.WhatIf)
        {
            _streams.Host("What if: " + operation);
            return false;
        }

        bool isSaid = Invocation.BoundParameters.ContainsKey(nameof(CommonParameters.Confirm));
        bool asks = isSaid ? _common.Confirm : _command.ConfirmImpact == ConfirmImpact.High;
        if (asks)
        {
            throw NotInteractive();
        }

        WriteVerbose(operation);
        return true;
    }

    public static bool ShouldContinue() => throw NotInteractive();

    public TerminatingErrorException Terminate(ErrorRecord record)
    {
        record.InvocationInfo ??= Invocation;
        return new TerminatingErrorException(record);
    }

    private static PSInvalidOperationException NotInteractive() =>
        new("PowerShell is in NonInteractive mode. Read and Prompt functionality is not available.");

    /// <summary>Runs a step of the cmdlet. What it throws becomes its terminating error; what comes from further down goes through.</summary>
    private void Run(Action step)
    {
        try
        {
            step();
        }
        catch (RuntimeException e)
        {
            throw Terminate(e.ErrorRecord);
        }
        catch (Exception e) when (e is not (TerminatingErrorException or StopUpstreamException or StandInException))
        {
            throw Terminate(new ErrorRecord(e, e.GetType().FullName!, ErrorCategory.NotSpecified, null));
        }
    }
}
