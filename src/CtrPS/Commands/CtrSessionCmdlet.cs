using System.Management.Automation;
using CtrPS.Binding;
using CtrPS.Completion;
using CtrPS.Sessions;

namespace CtrPS.Commands;

/// <summary>Base of the cmdlets that speak to a containerd: which one, and which namespaces of it.</summary>
public abstract class CtrSessionCmdlet : CtrCmdlet
{
    /// <summary>A session from Connect-CtrSession, its number, or an address. Default: the default session, which connects by itself.</summary>
    [Parameter(HelpMessage = "A session, its number, or the address of a containerd.")]
    [Alias("Address")]
    [SessionTransformation]
    [ArgumentCompleter(typeof(SessionCompleter))]
    [ValidateNotNull]
    public CtrSession? Session { get; set; }

    /// <summary>The session to use for what was not piped in with its own.</summary>
    private protected CtrSession TargetSession => Session ?? SessionTable.Current.Default;

    /// <summary>The session of a piped object, else the cmdlet's.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.TargetConflict"/> when both are given and differ.</exception>
    private protected CtrSession SessionOf(CtrSession? carried, string what) =>
        carried is null || Session is null || ReferenceEquals(carried, Session)
            ? carried ?? TargetSession
            : throw Conflict($"{what} comes from the session with '{carried.Address}', but -Session says '{Session.Address}'.");

    /// <summary>The namespace of a piped object, else the given one, else the session's.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.TargetConflict"/>; <see cref="CtrErrorIds.InvalidNamespace"/>.</exception>
    private protected static string NamespaceOf(string? carried, string? given, CtrSession session, string what) =>
        carried is null || given is null || carried == given
            ? CtrIdentifier.RequireNamespace(carried ?? given ?? session.Namespace)
            : throw Conflict($"{what} comes from the namespace '{carried}', but -Namespace says '{given}'.");

    /// <summary>The connection of a session; the first call opens it.</summary>
    private protected ICtrConnection Connect(CtrSession session)
    {
        if (session.State == CtrSessionState.New)
        {
            WriteVerbose($"Connecting to containerd at '{session.Address}'; namespace '{session.Namespace}'.");
        }

        return Await(session.OpenAsync);
    }

    private static CtrException Conflict(string message) => new(CtrErrorIds.TargetConflict, CtrStatus.InvalidArgument, message)
    {
        RecommendedAction = "A piped object brings its own session and namespace: leave -Session and -Namespace out.",
    };
}
