using System.Management.Automation;
using CtrPS.Binding;
using CtrPS.Client;
using CtrPS.Sessions;

namespace CtrPS.Commands;

/// <summary>Reads what -From of Repair-CtrImage may be: archives, namespaces, sessions. What may be two of them is an error.</summary>
/// <param name="cmdlet">Whose location paths are relative to.</param>
/// <param name="connection">The daemon of the images.</param>
/// <param name="namespace">The namespace of the images.</param>
/// <param name="fromNamespace">The namespace to look into with a session. Null: that of the images.</param>
/// <param name="connect">Opens a session.</param>
/// <param name="stop">Ends the asking.</param>
internal sealed class RepairOrigins(
    PSCmdlet cmdlet,
    ICtrConnection connection,
    string @namespace,
    string? fromNamespace,
    Func<CtrSession, ICtrConnection> connect,
    CancellationToken stop)
{
    private bool _anySession;

    /// <summary>What was given, for questions.</summary>
    public static string Words(object from) => Unwrap(from) switch
    {
        FileSystemInfo file => $"'{file.FullName}'",
        CtrSession session => $"containerd at '{session.Address}'",
        CtrNamespace one => $"namespace '{one.Name}'",
        object other => $"'{other}'",
    };

    /// <summary>The sources that something means, at least one.</summary>
    /// <exception cref="CtrException">
    /// <see cref="CtrErrorIds.InvalidArgument"/> for what is none or may be two; <see cref="CtrErrorIds.ArchiveNotFound"/>.
    /// </exception>
    public IEnumerable<CtrRepairOrigin> Resolve(object from) => Unwrap(from) switch
    {
        FileSystemInfo file => [CtrRepairOrigin.Archive(file.FullName)],
        CtrArchiveImage image => [CtrRepairOrigin.Archive(image.Path)],
        CtrSession session => [Of(session)],
        int id => [Of((CtrSession)new SessionTransformationAttribute().Transform(null!, id)!)],
        CtrNamespace one => [CtrRepairOrigin.Daemon(one.Session is { } session ? connect(session) : connection, one.Name)],
        string text => Resolve(text),
        object other => throw Invalid(other.ToString() ?? "", $"An object of the type {other.GetType().Name} is no source to repair from."),
    };

    /// <summary>A namespace that is for sessions, where none is given, would be passed over in silence.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.InvalidArgument"/>.</exception>
    public void RequireUseOfNamespace()
    {
        if (fromNamespace is not null && !_anySession)
        {
            throw Invalid(fromNamespace, "-FromNamespace says into which namespace of a session to look, but -From names no session or address.");
        }
    }

    private static object Unwrap(object from) => from is PSObject { BaseObject: { } inner and not PSCustomObject } ? inner : from;

    private IEnumerable<CtrRepairOrigin> Resolve(string text)
    {
        if (text.Contains("://", StringComparison.Ordinal) || text.StartsWith(@"\\.\pipe\", StringComparison.OrdinalIgnoreCase))
        {
            return [Of(SessionTable.Current.GetOrAdd(CtrEndpoint.Parse(text)))];
        }

        IReadOnlyList<string> paths = Paths(text, out CtrException? none);
        bool isNamespace = CtrIdentifier.IsValid(text) && connection.Namespaces.ListAsync(stop).GetAwaiter().GetResult().Any(one => one.Name == text);
        return (paths.Count > 0, isNamespace) switch
        {
            (true, true) => throw Invalid(
                text,
                $"'{text}' is both a file or folder here and a namespace of the daemon. "
                    + $"Write '{Path.Join(".", text)}' for the file, or give the object: Get-CtrNamespace {text}."),
            (true, false) => paths.Select(path => !Directory.Exists(path) && !Connector.IsRegularFile(path)
                ? Of(SessionTable.Current.GetOrAdd(CtrEndpoint.Parse(path)))
                : CtrRepairOrigin.Archive(path)),
            (false, true) => [CtrRepairOrigin.Daemon(connection, text)],
            _ when !CtrIdentifier.IsValid(text) || Path.HasExtension(text) => throw none!,
            _ => throw Invalid(text, $"'{text}' is neither a file or folder here nor a namespace of the daemon."),
        };
    }

    private IReadOnlyList<string> Paths(string text, out CtrException? none)
    {
        none = null;
        try
        {
            return ProviderPath.Existing(cmdlet, text, literal: false);
        }
        catch (CtrException e) when (e.ErrorId == CtrErrorIds.ArchiveNotFound)
        {
            none = e;
            return [];
        }
    }

    private CtrRepairOrigin Of(CtrSession session)
    {
        _anySession = true;
        return CtrRepairOrigin.Daemon(connect(session), CtrIdentifier.RequireNamespace(fromNamespace ?? @namespace));
    }

    private static CtrException Invalid(string target, string message) => new(CtrErrorIds.InvalidArgument, CtrStatus.InvalidArgument, message)
    {
        Target = target,
        RecommendedAction = "Give -From the path of an archive, a session or the address of one, or a namespace.",
    };
}
