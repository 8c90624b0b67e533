using System.Management.Automation;
using CtrPS.Binding;
using CtrPS.Output;

namespace CtrPS.Commands;

/// <summary>Remove-CtrOrphan: removes what Get-CtrOrphan found, if it still is an orphan.</summary>
[Cmdlet(VerbsCommon.Remove, "CtrOrphan", SupportsShouldProcess = true)]
public sealed class RemoveCtrOrphanCommand : CtrSessionCmdlet
{
    private readonly List<(CtrSession Session, CtrResourceName Wanted)> _given = [];

    /// <summary>Orphans: objects, or names of orphans.</summary>
    [Parameter(
        Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true,
        HelpMessage = "Orphans from Get-CtrOrphan, or their keys.")]
    [Alias("Key")]
    [ResourceNameTransformation]
    [ArgumentCompleter(typeof(Completion.OrphanCompleter))]
    [ValidateNotNullOrEmpty]
    public CtrResourceName[] Orphan { get; set; } = [];

    /// <summary>What a key is of. Default: whatever orphan has it.</summary>
    [Parameter(HelpMessage = "What the keys are of. Default: whatever orphan has the key.")]
    public CtrResourceKind? Kind { get; set; }

    /// <summary>The namespace of keys. Default: that of the object, else any.</summary>
    [Parameter(HelpMessage = "The namespace of the keys. Default: that of the object, else all.")]
    [ArgumentCompleter(typeof(Completion.NamespaceCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Namespace { get; set; }

    /// <summary>How long a write has to stand still to count.</summary>
    [Parameter(HelpMessage = "How long an unfinished write has to stand still, or a file that nobody knows: a TimeSpan. Default: an hour.")]
    public TimeSpan IdleTime { get; set; } = TimeSpan.FromHours(1);

    /// <summary>Look also for snapshots that show what their layer deletes: reads all layers of what is unpacked.</summary>
    [Parameter(HelpMessage = "Look also for snapshots that show what their layer deletes: all layers of what is unpacked are read for that.")]
    public SwitchParameter Deep { get; set; }

    /// <summary>Remove what a label of its own keeps.</summary>
    [Parameter(HelpMessage = "Remove also what a label of its own keeps (containerd.io/gc.root).")]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    private protected override void OnRecord()
    {
        foreach (CtrResourceName wanted in Orphan)
        {
            Guard(wanted, () =>
            {
                string words = $"'{wanted.Key}'";
                string? name = wanted.Namespace ?? Namespace;
                if (wanted.Namespace is { Length: > 0 } && Namespace is not null)
                {
                    name = NamespaceOf(wanted.Namespace, Namespace, TargetSession, words);
                }

                _given.Add((
                    SessionOf(wanted.Session, words),
                    new CtrResourceName(wanted.Kind, wanted.Key, wanted.Snapshotter, name, wanted.Session)));
            });
        }
    }

    /// <summary>All at once: one look at the daemon for all of them, and what stands on something goes before it.</summary>
    private protected override void OnEnd()
    {
        foreach (IGrouping<CtrSession, CtrResourceName> some in _given.GroupBy(one => one.Session, one => one.Wanted))
        {
            Guard(some.Key.Address, () => Remove(some.Key, Connect(some.Key), [.. some]));
        }
    }

    private void Remove(CtrSession session, ICtrConnection connection, CtrResourceName[] wanted)
    {
        FoundOrphans all = Await(token => connection.Storage.FindOrphansAsync(_ => true, IdleTime, Deep, token));
        var chosen = new List<CtrOrphan>();
        bool isAnyAbsent = false;
        foreach (CtrResourceName one in wanted)
        {
            CtrOrphan[] found = [.. all.Orphans.Where(orphan => IsMeant(orphan, one))];
            chosen.AddRange(found);
            if (found.Length == 0)
            {
                isAnyAbsent = true;
                string where = one.Namespace is { Length: > 0 } name ? $" in namespace '{name}'" : "";
                Guard(one, () => throw new CtrException(
                    CtrErrorIds.OrphanNotFound,
                    CtrStatus.NotFound,
                    $"'{one.Key}'{where} is no orphan, or not any more. It was not removed.")
                {
                    Target = one.Key,
                    RecommendedAction = "See what there is with Get-CtrOrphan.",
                });
            }
        }

        foreach (CtrException fault in isAnyAbsent ? all.Faults : [])
        {
            WriteError(ErrorFactory.From(fault, fault.Target)); // what is absent may stand in one that could not be read
        }

        foreach (CtrOrphan orphan in chosen.Distinct().OrderByDescending(one => one.Order))
        {
            Guard(orphan, () =>
            {
                if (orphan.IsKept && !Force)
                {
                    throw new CtrException(
                        CtrErrorIds.OrphanKept,
                        CtrStatus.FailedPrecondition,
                        $"The {Words(orphan)} is kept by its label {CollectorLabels.Root}: somebody meant it to stay. It was not removed.")
                    {
                        Target = orphan.Key,
                        RecommendedAction = "Use -Force to remove it all the same.",
                    };
                }

                string size = orphan.Size is { } bytes ? $", {CtrFormat.Size(bytes)}" : "";
                if (ShouldProcess(session, $"{Words(orphan)}{size}: {orphan.Reason}", "Remove"))
                {
                    Await(token => connection.Storage.RemoveAsync(orphan, token));
                }
            });
        }
    }

    private bool IsMeant(CtrOrphan orphan, CtrResourceName wanted) =>
        orphan.Key == wanted.Key
        && (wanted.Snapshotter is null || wanted.Snapshotter == orphan.Snapshotter)
        && (wanted.Namespace is null || wanted.Namespace == orphan.Namespace)
        && (Kind is null || Kind == orphan.Kind)
        && (wanted.Kind == CtrResourceKind.Content || wanted.Kind == orphan.Kind);

    private static string Words(CtrOrphan orphan)
    {
        string kind = orphan.Kind switch
        {
            CtrResourceKind.Content => orphan.Namespace.Length == 0 ? "file" : "blob",
            CtrResourceKind.Ingest => "unfinished write",
            _ => orphan.Kind.ToString().ToLowerInvariant(),
        };
        return orphan.Namespace.Length == 0 ? $"{kind} '{orphan.Key}'" : $"{kind} '{orphan.Key}' in namespace '{orphan.Namespace}'";
    }
}
