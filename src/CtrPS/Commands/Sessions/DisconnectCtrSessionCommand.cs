using System.Management.Automation;
using CtrPS.Binding;
using CtrPS.Completion;
using CtrPS.Sessions;

namespace CtrPS.Commands;

/// <summary>Disconnect-CtrSession: closes sessions.</summary>
[Cmdlet(VerbsCommunications.Disconnect, "CtrSession")]
public sealed class DisconnectCtrSessionCommand : CtrCmdlet
{
    /// <summary>The sessions, their numbers or addresses. Default: the default session.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, HelpMessage = "Sessions, their numbers or addresses.")]
    [Alias("Address")]
    [SessionTransformation(ExistingOnly = true)]
    [ArgumentCompleter(typeof(SessionCompleter))]
    [ValidateNotNullOrEmpty]
    public CtrSession[]? Session { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => Guard(null, () =>
    {
        SessionTable table = SessionTable.Current;
        foreach (CtrSession session in Session ?? table.Sessions.Where(table.IsDefault))
        {
            table.Close(session);
            WriteVerbose($"Disconnected session {session.Id} from '{session.Address}'.");
        }
    });
}
