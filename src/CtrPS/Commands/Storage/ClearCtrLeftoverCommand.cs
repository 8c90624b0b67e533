using System.Management.Automation;
using CtrPS.Binding;
using CtrPS.Files;

namespace CtrPS.Commands;

/// <summary>Clear-CtrLeftover: clears what processes of CtrPS left that were killed.</summary>
[Cmdlet(VerbsCommon.Clear, "CtrLeftover", SupportsShouldProcess = true)]
[OutputType(typeof(CtrLeftover))]
public sealed class ClearCtrLeftoverCommand : CtrListCmdlet
{
    private const string All = "*";

    /// <summary>Folders of this machine in which files may be left that were being written; wildcards. Folders below are not looked into.</summary>
    [Parameter(HelpMessage = "Folders in which files may be left that were being written. Wildcards are allowed.")]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] Path { get; set; } = [];

    /// <summary>Such folders, each as it is written.</summary>
    [Parameter(HelpMessage = "Folders in which files may be left; no character has a special meaning.")]
    [Alias("PSPath", "LP", "FullName")]
    [ValidateNotNullOrEmpty]
    public string[] LiteralPath { get; set; } = [];

    /// <inheritdoc/>
    private protected override string? OneSessionOnly =>
        Path.Length + LiteralPath.Length > 0 ? "the folders of -Path are this machine's, not a session's" : null;

    /// <inheritdoc/>
    private protected override void OnRecord()
    {
        Namespace ??= [All];
        CtrSession session = TargetSession;
        Guard(null, () => ClearDaemon(session, Connect(session)));
        Path.ToList().ForEach(path => ClearFolders(path, literal: false));
        LiteralPath.ToList().ForEach(path => ClearFolders(path, literal: true));
    }

    /// <summary>Processes before the rest: what they hold goes with them.</summary>
    private void ClearDaemon(CtrSession session, ICtrConnection connection)
    {
        WildcardPattern[] wanted = [.. Namespace!.Select(name => WildcardPattern.Get(name, WildcardOptions.IgnoreCase))];
        bool IsWanted(CtrLeftover one) => wanted.Any(pattern => pattern.IsMatch(one.Namespace));
        ClearEach(session, connection, Await(connection.Leftovers.ListProcessesAsync).Where(IsWanted));
        foreach (string @namespace in Namespaces(connection, session, null, ""))
        {
            Guard(@namespace, () => ClearEach(
                session, connection, Await(token => connection.Leftovers.ListAsync(@namespace, token)).OrderByDescending(one => one.Kind)));
        }
    }

    private void ClearEach(CtrSession session, ICtrConnection connection, IEnumerable<CtrLeftover> leftovers)
    {
        foreach (CtrLeftover one in leftovers)
        {
            one.Session = session;
            Guard(one, () => Clear(one, Words(session, one), () => Await(token => connection.Leftovers.ClearAsync(one, token))));
        }
    }

    private void ClearFolders(string path, bool literal) => Guard(path, () =>
    {
        foreach (string folder in ProviderPath.Existing(this, path, literal))
        {
            foreach (FileInfo file in FindFiles(folder))
            {
                Clear(ToLeftover(file), $"file '{file.FullName}'", () => PartialFile.RemoveIfLeft(file.FullName));
            }
        }
    });

    private void Clear(CtrLeftover leftover, string words, Func<bool> clear)
    {
        // With -WhatIf they are the answer.
        if (ShouldProcess(words, "Clear") ? clear() : IsWhatIf)
        {
            WriteObject(leftover);
        }
    }

    private string Words(CtrSession session, CtrLeftover one) => At(session, one.Kind switch
    {
        CtrLeftoverKind.Lease => $"lease '{one.Key}' in namespace '{one.Namespace}'",
        CtrLeftoverKind.Process => $"process '{one.Key}' in namespace '{one.Namespace}'",
        CtrLeftoverKind.Pipes => $"pipes '{one.Key}'",
        _ => $"unfinished write '{one.Key}' in namespace '{one.Namespace}'",
    });

    private static IReadOnlyList<FileInfo> FindFiles(string folder)
    {
        try
        {
            return PartialFile.FindLeft(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CtrException(
                CtrErrorIds.InvalidPath,
                e is UnauthorizedAccessException ? CtrStatus.PermissionDenied : CtrStatus.InvalidArgument,
                $"The folder '{folder}' cannot be looked into: {e.Message}",
                e)
            {
                Target = folder,
            };
        }
    }

    private static CtrLeftover ToLeftover(FileInfo file) => new()
    {
        Kind = CtrLeftoverKind.File,
        Key = file.FullName,
        Namespace = "",
        Since = new DateTimeOffset(file.LastWriteTime),
        Reason = $"Nobody writes it any more. Its {file.Length} bytes are no whole file.",
    };
}
