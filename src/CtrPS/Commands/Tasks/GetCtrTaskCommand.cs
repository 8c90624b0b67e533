using System.Management.Automation;

namespace CtrPS.Commands;

/// <summary>Get-CtrTask: the tasks of one or more namespaces.</summary>
[Cmdlet(VerbsCommon.Get, "CtrTask")]
[OutputType(typeof(CtrTask))]
public sealed class GetCtrTaskCommand : CtrTaskListCmdlet
{
    /// <summary>Only tasks in one of these states.</summary>
    [Parameter(HelpMessage = "States of the task.")]
    [ValidateNotNullOrEmpty]
    public CtrTaskState[] State { get; set; } = [];

    /// <inheritdoc/>
    private protected override void Write(FoundTasks found) =>
        WriteObject(found.Tasks.Where(task => State.Length == 0 || State.Contains(task.State)), enumerateCollection: true);
}
