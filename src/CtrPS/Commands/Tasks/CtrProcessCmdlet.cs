using System.Management.Automation;
using System.Text;
using CtrPS.Binding;
using CtrPS.Completion;
using CtrPS.Output;

namespace CtrPS.Commands;

/// <summary>
/// Base of the cmdlets that talk to a process in a container: what comes through the pipeline is its standard input where the container was named,
/// else it is the containers.
/// </summary>
public abstract class CtrProcessCmdlet : CtrContainerCmdlet
{
    private readonly List<byte[]> _collected = [];
    private List<FoundContainer>? _named;
    private ProcessRun? _fed;
    private bool _isDecided;
    private bool _areContainers;

    /// <summary>Creates the cmdlet.</summary>
    protected CtrProcessCmdlet() => Running = new RunQueue(this);

    /// <summary>Standard input: text by lines, or bytes.</summary>
    [Parameter(ValueFromPipeline = true, HelpMessage = "Standard input of the process: strings are lines, bytes are bytes.")]
    [AllowNull]
    [AllowEmptyString]
    [AllowEmptyCollection]
    public PSObject? InputObject { get; set; }

    /// <summary>Encoding of text that is sent.</summary>
    [Parameter(HelpMessage = "The encoding of text for standard input. Default: UTF-8.")]
    [EncodingTransformation]
    [ArgumentCompleter(typeof(EncodingCompleter))]
    [ValidateNotNull]
    public Encoding InputEncoding { get; set; } = EncodingTransformationAttribute.Names["utf8"];

    /// <summary>Encoding of text that comes.</summary>
    [Parameter(HelpMessage = "The encoding of the text that the process writes. Default: UTF-8.")]
    [EncodingTransformation]
    [ArgumentCompleter(typeof(EncodingCompleter))]
    [ValidateNotNull]
    public Encoding OutputEncoding { get; set; } = EncodingTransformationAttribute.Names["utf8"];

    /// <summary>Where standard error goes.</summary>
    [Parameter(HelpMessage = "Where standard error goes: Error (a record for each line), Output or Null.")]
    public CtrErrorStream RedirectStandardError { get; set; }

    /// <summary>Make an exit code other than 0 an error.</summary>
    [Parameter(HelpMessage = "Write an error where the exit code is not 0.")]
    public SwitchParameter ErrorOnExitCode { get; set; }

    /// <summary>The processes that the cmdlet waits for.</summary>
    private protected RunQueue Running { get; }

    /// <summary>How output is written to the pipeline.</summary>
    private protected virtual OutputFormat Format => new(OutputEncoding, RedirectStandardError, AsByteStream: false);

    /// <summary>Whether the pipeline brings the standard input, not the containers.</summary>
    private protected bool IsInputPiped { get; private set; }

    /// <summary>Whether the process is to have a standard input.</summary>
    private protected bool HasInput => IsInputPiped || IsGiven(nameof(InputObject));

    /// <inheritdoc/>
    private protected override void OnBegin()
    {
        Running.ExitCode.IsError = ErrorOnExitCode;
        IsInputPiped = ExpectsInput && IsOnCommandLine(nameof(Container));
        _isDecided = !IsInputPiped || !WaitsForInput;
        if (IsInputPiped && _isDecided && WantsInput)
        {
            BeginWithInput();
        }
    }

    /// <summary>Begins the work on the named containers, with what is piped in as their input.</summary>
    private void BeginWithInput()
    {
        // One process gets its input while it runs; several get all of it, one after the other.
        var found = new List<FoundContainer>();
        ForEachContainer(found.Add);
        _named = found;
        if (found.Count == 1)
        {
            Guard(found[0].Container, () => _fed = Begin(found[0], new ProcessInput()));
            _named = [];
        }
    }

    /// <inheritdoc/>
    private protected override void OnRecord()
    {
        bool isFirst = !_isDecided;
        if (isFirst)
        {
            _isDecided = true;
            Guard(null, () => _areContainers = TakesAsContainer(InputObject));
            if (!_areContainers && WantsInput)
            {
                BeginWithInput();
            }
        }

        if (_areContainers)
        {
            Guard(InputObject, () =>
            {
                Container = [PipedContainer(InputObject)];
                ForEachContainer(found => Begin(found, null));
            });
        }
        else if (_named is not null)
        {
            Feed();
        }
        else if (isFirst || !IsInputPiped)
        {
            byte[][] input = !WantsInput || InputObject is null || ExpectsInput
                ? []
                : [ProcessInput.Encode(InputObject, InputEncoding)];
            ForEachContainer(found => Begin(found, HasInput && WantsInput ? new ProcessInput(input) : null));
        }

        Running.TakeReady();
    }

    /// <inheritdoc/>
    private protected override void OnEnd()
    {
        foreach (FoundContainer found in _named ?? [])
        {
            Guard(found.Container, () => Begin(found, new ProcessInput(_collected)));
        }

        Running.Finish();
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            Running.Dispose();
        }

        base.Dispose(disposing);
    }

    /// <inheritdoc/>
    private protected override void OnFailure(CtrException error) => Running.ExitCode.Add(error);

    /// <summary>Whether the first object of the pipeline decides what is done.</summary>
    private protected virtual bool WaitsForInput => false;

    /// <summary>Whether an object that is piped in beside a named container is a container all the same.</summary>
    private protected virtual bool TakesAsContainer(PSObject? first) => false;

    /// <summary>The container that an object of the pipeline stands for.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.InvalidArgument"/>: it stands for none.</exception>
    private static CtrContainerIdentity PipedContainer(PSObject? piped) =>
        ContainerIdentityTransformationAttribute.OfObject(piped) ?? throw new CtrException(
            CtrErrorIds.InvalidArgument, CtrStatus.InvalidArgument, $"'{piped}' from the pipeline is no container, as those before it were.");

    /// <summary>Whether input goes anywhere at all.</summary>
    private protected virtual bool WantsInput => true;

    /// <summary>Begins the work on a container.</summary>
    /// <returns>The process that runs now and takes input. Null: none does.</returns>
    private protected abstract ProcessRun? Begin(FoundContainer found, ProcessInput? input);

    private void Feed()
    {
        if (_fed is null ? _named!.Count == 0 : !_fed.TakesInput)
        {
            return; // nobody takes it: the error was written, or the process has ended
        }

        byte[] bytes = ProcessInput.Encode(InputObject, InputEncoding);
        if (_fed is null)
        {
            _collected.Add(bytes);
        }
        else
        {
            Guard(null, () => _fed.Send(bytes));
        }
    }
}
