using System.Management.Automation;
using CtrPS.Output;
using CtrPS.Sessions;

namespace CtrPS.Commands;

/// <summary>Get-CtrSession: the sessions of this runspace.</summary>
[Cmdlet(VerbsCommon.Get, "CtrSession")]
[OutputType(typeof(CtrSession))]
public sealed class GetCtrSessionCommand : CtrCmdlet
{
    /// <summary>Numbers of sessions. Default: all.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, HelpMessage = "Numbers of sessions.")]
    public int[]? Id { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        IReadOnlyList<CtrSession> sessions = SessionTable.Current.Sessions;
        if (Id is null)
        {
            WriteObject(sessions, enumerateCollection: true);
            return;
        }

        foreach (int id in Id)
        {
            if (sessions.FirstOrDefault(session => session.Id == id) is { } found)
            {
                WriteObject(found);
            }
            else
            {
                WriteError(ErrorFactory.From(
                    new CtrException(CtrErrorIds.SessionNotFound, CtrStatus.NotFound, $"There is no session {id} in this runspace.")
                    {
                        RecommendedAction = "List the sessions with Get-CtrSession.",
                    },
                    id));
            }
        }
    }
}
