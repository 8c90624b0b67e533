using CtrPS.Commands;

namespace CtrPS.Output;

/// <summary>
/// Sets <c>$LASTEXITCODE</c>: 0 where all processes of a cmdlet ended with 0, else the first other code. At once, since the error that follows
/// may end the pipeline.
/// </summary>
internal sealed class ExitCode(CtrCmdlet cmdlet)
{
    private const int NotRun = 125;
    private const int NotFound = 127;

    /// <summary>A process ended. Null: it goes on without us.</summary>
    public void Add(int? code)
    {
        if (code is { } ended)
        {
            _ = cmdlet.OnPipeline(() => Set(ended));
        }
    }

    private bool Set(int ended)
    {
        CtrCmdlet all = cmdlet.Whole; // over several sessions it is one code
        if (all.FirstExitCode is not (null or 0))
        {
            return false;
        }

        all.FirstExitCode = ended;
        all.SessionState.PSVariable.Set("global:LASTEXITCODE", ended);
        return true;
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
