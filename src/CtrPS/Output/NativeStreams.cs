using System.Collections;
using System.Management.Automation;
using System.Reflection;
using CtrPS.Commands;

namespace CtrPS.Output;

/// <summary>
/// Writes standard error, and tells an exit code, as PowerShell does for a native program (engine/NativeCommandProcessor.cs): text on standard error
/// goes to the error stream, but <c>$ErrorActionPreference</c> does not act on it, it is not in <c>$Error</c>, and <c>$?</c> stays true; an exit code
/// other than 0 makes <c>$?</c> false. No public call does any of that, so these are the engine's own; where another PowerShell has them no more, the
/// text is an ordinary error.
/// </summary>
internal static class NativeStreams
{
    private const BindingFlags Any = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;

    /// <summary>The id by which PowerShell shows just the text of a record.</summary>
    private const string TextOnly = "NativeCommandErrorMessage";

    /// <summary>Writes a line of standard error. -ErrorAction Ignore and SilentlyContinue drop it, -ErrorVariable takes it.</summary>
    /// <param name="cmdlet">The cmdlet that writes.</param>
    /// <param name="line">The line.</param>
    /// <param name="target">Where it comes from.</param>
    public static void WriteError(CtrCmdlet cmdlet, string line, object target) =>
        _ = cmdlet.OnPipeline(() => Write(cmdlet.Whole, line, target));

    /// <summary>Makes <c>$?</c> false after the pipeline, without an error.</summary>
    public static void Fail(CtrCmdlet cmdlet) => _ = cmdlet.OnPipeline(() =>
    {
        if (Failure(cmdlet.Whole.CommandRuntime) is var (pipeline, failed))
        {
            failed.SetValue(pipeline, true);
        }

        return true;
    });

    private static bool Write(PSCmdlet cmdlet, string line, object target)
    {
        var record = new ErrorRecord(new CtrException(CtrErrorIds.StandardError, CtrStatus.None, line), TextOnly, ErrorCategory.FromStdErr, target);
        ICommandRuntime runtime = cmdlet.CommandRuntime;
        if (Writer(runtime) is not { } write || Failure(runtime) is not var (pipeline, failed))
        {
            cmdlet.WriteError(record);
            return true;
        }

        object? before = failed.GetValue(pipeline);
        _ = write.Invoke(runtime, BindingFlags.DoNotWrapExceptions, null, [record, Preference(cmdlet), false], null);
        failed.SetValue(pipeline, before);
        if (cmdlet.SessionState.PSVariable.GetValue("Error") is ArrayList { Count: > 0 } errors && ReferenceEquals(errors[0], record))
        {
            errors.RemoveAt(0);
        }

        return true;
    }

    private static ActionPreference Preference(PSCmdlet cmdlet) =>
        cmdlet.MyInvocation.BoundParameters.TryGetValue("ErrorAction", out object? given)
        && LanguagePrimitives.TryConvertTo(given, out ActionPreference wanted)
        && wanted is ActionPreference.Ignore or ActionPreference.SilentlyContinue
            ? wanted
            : ActionPreference.Continue;

    private static MethodInfo? Writer(ICommandRuntime runtime) => runtime.GetType().GetMethod(
        "_WriteErrorSkipAllowCheck", Any, [typeof(ErrorRecord), typeof(ActionPreference?), typeof(bool)]);

    private static (object Pipeline, PropertyInfo Failed)? Failure(ICommandRuntime runtime) =>
        runtime.GetType().GetProperty("PipelineProcessor", Any)?.GetValue(runtime) is { } pipeline
        && pipeline.GetType().GetProperty("ExecutionFailed", Any) is { } failed
            ? (pipeline, failed)
            : null;
}
