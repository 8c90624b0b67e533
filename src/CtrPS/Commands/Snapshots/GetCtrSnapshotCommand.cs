using System.Management.Automation;
using CtrPS.Binding;

namespace CtrPS.Commands;

/// <summary>Get-CtrSnapshot: the snapshots of one or more namespaces.</summary>
[Cmdlet(VerbsCommon.Get, "CtrSnapshot")]
[OutputType(typeof(CtrSnapshot))]
public sealed class GetCtrSnapshotCommand : CtrSnapshotListCmdlet
{
    /// <summary>Snapshots measured at the same time: an active one is walked by the daemon.</summary>
    private const int Concurrency = 8;

    /// <summary>Only snapshots of one of these kinds.</summary>
    [Parameter(HelpMessage = "Only views, active or committed snapshots.")]
    [ValidateNotNullOrEmpty]
    public CtrSnapshotKind[] Kind { get; set; } = [];

    /// <summary>Only snapshots with these labels: key or key=value; wildcards.</summary>
    [Parameter(HelpMessage = "Only snapshots with all of these labels: key or key=value. Wildcards are allowed.")]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] Label { get; set; } = [];

    /// <summary>Only snapshots that were made before then.</summary>
    [Parameter(HelpMessage = "Only snapshots that were made before then: a date, a TimeSpan, or 90s, 10m, 1h30m, 2d ago.")]
    [MomentTransformation]
    public DateTimeOffset? OlderThan { get; set; }

    /// <summary>Tell what each takes on the disk.</summary>
    [Parameter(HelpMessage = "Tell what each takes on the disk. Those that are written take a while.")]
    public SwitchParameter Size { get; set; }

    /// <summary>Give each behind the one that it was made on.</summary>
    [Parameter(HelpMessage = "Give each behind the one that it was made on, with its level.")]
    public SwitchParameter Tree { get; set; }

    /// <inheritdoc/>
    private protected override void Write(IReadOnlyList<CtrSnapshot> found, ICtrConnection connection)
    {
        var labels = new LabelFilter(Label);
        IEnumerable<CtrSnapshot> wanted = (Tree ? InTree(found) : found).Where(one =>
            (Kind.Length == 0 || Kind.Contains(one.Kind))
            && (OlderThan is null || one.CreatedAt < OlderThan)
            && labels.Fits(one.Labels));
        if (!Size)
        {
            foreach (CtrSnapshot one in wanted)
            {
                WriteObject(one);
            }

            return;
        }

        ForEachAtOnce(wanted, Concurrency, connection.Snapshots.MeasureAsync, one => one, (one, usage) =>
        {
            if (usage is { } taken)
            {
                one.Size = taken.Size;
                one.Inodes = taken.Inodes;
                WriteObject(one);
            }
        });
    }

    /// <summary>Each before those that are made on it. One whose parent is not among them begins a tree of its own.</summary>
    private static IEnumerable<CtrSnapshot> InTree(IReadOnlyList<CtrSnapshot> found)
    {
        foreach (IGrouping<(string, string), CtrSnapshot> place in found.GroupBy(one => (one.Namespace, one.Snapshotter)))
        {
            ILookup<string, CtrSnapshot> on = place.ToLookup(one => one.Parent, StringComparer.Ordinal);
            HashSet<string> keys = [.. place.Select(one => one.Key)];
            var next = new Stack<(CtrSnapshot One, int Level)>(place.Where(one => !keys.Contains(one.Parent)).Reverse().Select(one => (one, 0)));
            while (next.TryPop(out (CtrSnapshot One, int Level) now))
            {
                now.One.Level = now.Level;
                yield return now.One;
                foreach (CtrSnapshot child in on[now.One.Key].Reverse())
                {
                    next.Push((child, now.Level + 1));
                }
            }
        }
    }
}
