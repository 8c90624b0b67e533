using System.Management.Automation;

namespace CtrPS.Output;

/// <summary>
/// Sets <c>$LASTEXITCODE</c>: 0 where all processes of a cmdlet ended with 0, else the first other code. At once, since the error that follows
/// may end the pipeline.
/// </summary>
internal sealed class ExitCode(PSCmdlet cmdlet)
{
    private const int NotRun = 125;
    private const int NotFound = 127;

    private int? _code;

    /// <summary>A process ended. Null: it goes on without us.</summary>
    public void Add(int? code)
    {
        if (code is { } ended && _code is (null or 0))
        {
            _code = ended;
            cmdlet.SessionState.PSVariable.Set("global:LASTEXITCODE", ended);
        }
    }

    /// <summary>A process could not be run: the numbers are those that shells and docker give then.</summary>
    public void Add(CtrException error)
    {
        if (error.ErrorId != CtrErrorIds.CommandTimeout)
        {
            Add(error.ErrorId == CtrErrorIds.CommandNotFound ? NotFound : NotRun);
        }
    }
}
