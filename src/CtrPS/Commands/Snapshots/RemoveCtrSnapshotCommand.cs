using System.Management.Automation;

namespace CtrPS.Commands;

/// <summary>Remove-CtrSnapshot: removes snapshots that nobody needs, with those that are made on them where that is asked for.</summary>
[Cmdlet(VerbsCommon.Remove, "CtrSnapshot", SupportsShouldProcess = true)]
public sealed class RemoveCtrSnapshotCommand : CtrSnapshotCmdlet
{
    /// <summary>Names shown at most in an error.</summary>
    private const int MaxShown = 3;

    /// <summary>Remove those, too, that are made on them, and so on.</summary>
    [Parameter(HelpMessage = "Remove those, too, that are made on them, and on these.")]
    public SwitchParameter Recurse { get; set; }

    /// <summary>Remove snapshots, too, that something needs.</summary>
    [Parameter(HelpMessage = "Remove snapshots, too, that a container, an unpacked image, another snapshot or a lease needs.")]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    private protected override void OnRecord() => ForEachSnapshot((one, session, connection) =>
    {
        IReadOnlyList<CtrSnapshot> above = Await(token => AboveAsync(connection, one, token));
        string verb = above.Count == 1 ? "is" : "are";
        if (above.Count > 0 && !Recurse)
        {
            throw new CtrException(
                CtrErrorIds.SnapshotInUse,
                CtrStatus.FailedPrecondition,
                $"The {Words(one)} was not removed: {Some(above.Select(child => $"'{child.Key}'"))} {verb} made on it.")
            {
                Target = one.Key,
                RecommendedAction = "Remove those first, or use -Recurse.",
            };
        }

        if (!Force)
        {
            RequireFree(connection, one, above);
        }

        if (!ShouldProcess(session, Words(one), above.Count == 0 ? "Remove" : $"Remove with {above.Count} that {verb} made on it"))
        {
            return;
        }

        // Those on top first: the daemon removes none that others stand on.
        foreach (CtrSnapshot child in above.Reverse().Append(one))
        {
            Await(token => connection.Snapshots.RemoveAsync(child, token));
        }
    });

    private static void Require(CtrSnapshot root, CtrSnapshot one, IReadOnlyList<CtrDependent> users)
    {
        if (users.Count > 0)
        {
            string which = one.Key == root.Key ? "it" : $"'{one.Key}', which is made on it,";
            throw new CtrException(
                CtrErrorIds.SnapshotInUse,
                CtrStatus.FailedPrecondition,
                $"The {Words(root)} was not removed: {which} is needed by {Some(users.Select(user => user.Words))}.")
            {
                Target = root.Key,
                RecommendedAction = $"{users[0].WayOut} -Force removes the snapshot all the same, and what needs it is broken then.",
            };
        }
    }

    private static string Some(IEnumerable<string> names)
    {
        string[] all = [.. names.Distinct()];
        return string.Join(", ", all.Take(MaxShown)) + (all.Length > MaxShown ? $" and {all.Length - MaxShown} more" : "");
    }

    private void RequireFree(ICtrConnection connection, CtrSnapshot root, IReadOnlyList<CtrSnapshot> above)
    {
        ILookup<string, CtrDependent> users = Await(token => connection.Users.FindOfSnapshotsAsync(root.Namespace, root.Snapshotter, token));
        foreach (CtrSnapshot one in above.Prepend(root))
        {
            Require(root, one, [.. users[one.Key]]);
        }
    }

    /// <summary>All that are made on a snapshot, each before those that are made on it.</summary>
    private static async Task<IReadOnlyList<CtrSnapshot>> AboveAsync(ICtrConnection connection, CtrSnapshot root, CancellationToken cancellationToken)
    {
        if (root.Kind != CtrSnapshotKind.Committed)
        {
            return [];
        }

        ILookup<string, CtrSnapshot> on = (await connection.Snapshots.ListAsync(root.Namespace, root.Snapshotter, cancellationToken)
            .ConfigureAwait(false)).ToLookup(one => one.Parent, StringComparer.Ordinal);
        var found = new List<CtrSnapshot>();
        var next = new Queue<CtrSnapshot>([root]);
        while (next.TryDequeue(out CtrSnapshot? now))
        {
            foreach (CtrSnapshot child in on[now.Key])
            {
                found.Add(child);
                next.Enqueue(child);
            }
        }

        return found;
    }
}
