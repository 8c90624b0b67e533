using System.Management.Automation;

namespace CtrPS.Commands;

/// <summary>Get-CtrServer: the daemon behind a session.</summary>
[Cmdlet(VerbsCommon.Get, "CtrServer")]
[OutputType(typeof(CtrServer))]
public sealed class GetCtrServerCommand : CtrSessionCmdlet
{
    /// <inheritdoc/>
    private protected override void OnEnd() => Guard(null, () =>
    {
        CtrSession session = TargetSession;
        CtrServer server = Await(Connect(session).Server.GetAsync);
        server.Session = session;
        WriteObject(server);
    });
}
