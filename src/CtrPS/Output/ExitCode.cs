using System.Management.Automation;
using CtrPS.Commands;

namespace CtrPS.Output;

/// <summary>
/// Sets <c>$LASTEXITCODE</c>: 0 where all processes of a cmdlet ended with 0, else the first other code. At once, since the error that follows
/// may end the pipeline. A code other than 0 makes <c>$?</c> false, as that of a native program does.
/// </summary>
internal sealed class ExitCode(CtrCmdlet cmdlet)
{
    private const int NotRun = 125;
    private const int NotRunnable = 126;
    private const int NotFound = 127;

    /// <summary>Whether codes are data, as those in result objects are: then they are no failures.</summary>
    public bool IsData { get; set; }

    /// <summary>Whether a code other than 0 is an error in any case.</summary>
    public bool IsError { get; set; }

    /// <summary>
    /// Whether a code is an error: where it was asked for, and as for a native program by <c>$PSNativeCommandUseErrorActionPreference</c>.
    /// </summary>
    public bool IsFailure(int? code) => code is not (null or 0)
        && (IsError || (!IsData && IsPreferred()));

    /// <summary>The code of a process that could not be run: the numbers are those that shells and docker give then.</summary>
    public static int Of(CtrException error) => error.ErrorId switch
    {
        CtrErrorIds.CommandNotFound => NotFound,
        CtrErrorIds.CommandNotRunnable => NotRunnable,
        _ => NotRun,
    };

    /// <summary>A process ended. Null: it goes on without us.</summary>
    public void Add(int? code)
    {
        if (code is { } ended)
        {
            _ = cmdlet.OnPipeline(() => Set(ended));
        }

        if (code is not (null or 0) && !IsData)
        {
            NativeStreams.Fail(cmdlet);
        }
    }

    private bool IsPreferred() =>
        cmdlet.OnPipeline(() => LanguagePrimitives.IsTrue(cmdlet.Whole.SessionState.PSVariable.GetValue("PSNativeCommandUseErrorActionPreference")));

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

    /// <summary>A process could not be run. One that ran has told its code already.</summary>
    public void Add(CtrException error)
    {
        if (error.ErrorId is not (CtrErrorIds.CommandTimeout or CtrErrorIds.CommandFailed))
        {
            Add(Of(error));
        }
    }
}
