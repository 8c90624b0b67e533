using System.Management.Automation;

namespace CtrPS.Commands;

/// <summary>
/// What cmdlets say to people, with the text from outside in it escaped: warnings, -Verbose, -Debug, progress, -WhatIf and -Confirm. Errors come so
/// from <see cref="CtrException"/>, views from CtrFormat.
/// </summary>
public abstract class CtrTextCmdlet : PSCmdlet
{
    /// <summary>Writes a warning.</summary>
    public new void WriteWarning(string text) => base.WriteWarning(ForeignText.Escape(text));

    /// <summary>Writes a line for -Verbose.</summary>
    public new void WriteVerbose(string text) => base.WriteVerbose(ForeignText.Escape(text));

    /// <summary>Writes a line for -Debug.</summary>
    public new void WriteDebug(string text) => base.WriteDebug(ForeignText.Escape(text));

    /// <summary>Shows how far the work is.</summary>
    public new void WriteProgress(ProgressRecord progressRecord)
    {
        ArgumentNullException.ThrowIfNull(progressRecord);
        progressRecord.Activity = ForeignText.Escape(progressRecord.Activity);
        progressRecord.StatusDescription = ForeignText.Escape(progressRecord.StatusDescription);
        progressRecord.CurrentOperation = ForeignText.Escape(progressRecord.CurrentOperation);
        base.WriteProgress(progressRecord);
    }

    /// <summary>Whether to do it; tells it with -WhatIf, asks with -Confirm.</summary>
    public new bool ShouldProcess(string target) => base.ShouldProcess(ForeignText.Escape(target));

    /// <summary>Whether to do it; tells it with -WhatIf, asks with -Confirm.</summary>
    public new bool ShouldProcess(string target, string action) => base.ShouldProcess(ForeignText.Escape(target), ForeignText.Escape(action));

    /// <summary>Whether to do it; tells it with -WhatIf, asks with -Confirm.</summary>
    public new bool ShouldProcess(string verboseDescription, string verboseWarning, string caption) =>
        base.ShouldProcess(ForeignText.Escape(verboseDescription), ForeignText.Escape(verboseWarning), ForeignText.Escape(caption));

    /// <summary>Asks whether to go on.</summary>
    public new bool ShouldContinue(string query, string caption) => base.ShouldContinue(ForeignText.Escape(query), ForeignText.Escape(caption));
}
