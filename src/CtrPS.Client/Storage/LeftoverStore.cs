using CtrPS.Client.Content;
using CtrPS.Client.Leases;
using CtrPS.Client.Posix;
using CtrPS.Client.Server;
using CtrPS.Client.Tasks;

namespace CtrPS.Client.Storage;

/// <inheritdoc/>
internal sealed class LeftoverStore(LeaseStore leases, ContentStore content, PipeLeftovers pipes, DaemonMachine machine) : ILeftoverStore
{
    private static readonly IEqualityComparer<Ingest> ByStart =
        EqualityComparer<Ingest>.Create((one, other) => Identity(one) == Identity(other), ingest => Identity(ingest).GetHashCode());

    public async Task<IReadOnlyList<CtrLeftover>> ListAsync(string @namespace, CancellationToken cancellationToken)
    {
        IReadOnlyList<Ingest> ingests = await content.ListIngestsAsync(@namespace, cancellationToken).ConfigureAwait(false);
        IReadOnlyList<LeaseInfo> all = await leases.ListAsync(@namespace, cancellationToken).ConfigureAwait(false);
        IReadOnlyDictionary<string, LeaseInfo?> left = await UnheldAsync(@namespace, ingests, all, cancellationToken).ConfigureAwait(false);
        if (left.Count > 0)
        {
            // A write that is there before and after the look at the leases had its lease all the time, if anybody is at it.
            ingests = [.. ingests.Intersect(await content.ListIngestsAsync(@namespace, cancellationToken).ConfigureAwait(false), ByStart)];
        }

        return [
            .. all.Where(lease => lease.IsAbandoned).Select(lease => ToLeftover(lease, @namespace)),
            .. await StaleMountsAsync(@namespace, all, cancellationToken).ConfigureAwait(false),
            .. ingests.Where(ingest => left.ContainsKey(ingest.Reference)).Select(ingest => ToLeftover(ingest, left[ingest.Reference], @namespace)),
        ];
    }

    public async Task<IReadOnlyList<CtrLeftover>> ListProcessesAsync(CancellationToken cancellationToken) =>
    [
        .. (await pipes.ListAsync(cancellationToken).ConfigureAwait(false))
            .Where(one => one.Use != LeftUse.Task)
            .Select(one => ToLeftover(one.Left, one.Use)),
    ];

    public async Task<bool> ClearAsync(CtrLeftover leftover, CancellationToken cancellationToken)
    {
        if (leftover.Folder is { } folder)
        {
            return pipes.Read(folder) is { } left && await pipes.ClearAsync(left, cancellationToken).ConfigureAwait(false);
        }

        // Some time may have gone by, with a question to the user in it.
        IReadOnlyList<CtrLeftover> now = await ListAsync(leftover.Namespace, cancellationToken).ConfigureAwait(false);
        if (!now.Any(one => one.Kind == leftover.Kind && one.Key == leftover.Key && one.Since == leftover.Since))
        {
            return false;
        }

        if (leftover.Kind == CtrLeftoverKind.Ingest)
        {
            await content.AbortAsync(leftover.Namespace, leftover.Key, cancellationToken).ConfigureAwait(false);
        }
        else
        {
            await leases.DeleteAsync(leftover.Namespace, leftover.Key, collect: true, cancellationToken).ConfigureAwait(false);
        }

        return true;
    }

    /// <summary>Which write it is: another one of the same blob has the same name.</summary>
    private static (string?, DateTimeOffset?) Identity(Ingest? ingest) => (ingest?.Reference, ingest?.StartedAt);

    /// <summary>The leases of mounts that are not there: the maker was killed on the way, somebody unmounted it, the machine was restarted.</summary>
    private async Task<IReadOnlyList<CtrLeftover>> StaleMountsAsync(
        string @namespace, IReadOnlyList<LeaseInfo> all, CancellationToken cancellationToken)
    {
        if (!all.Any(lease => lease.Mount is not null) || !await machine.IsLocalAsync(cancellationToken).ConfigureAwait(false))
        {
            return [];
        }

        var table = MountTable.Read();
        var stale = new List<CtrLeftover>();
        foreach (LeaseInfo lease in all.Where(lease => lease.Mount?.IsStale(lease.Id, table) == true))
        {
            // An image's has a snapshot of its own, by the name of the folder.
            IReadOnlyList<string> held = await leases.ListSnapshotsAsync(@namespace, lease.Id, cancellationToken).ConfigureAwait(false);
            stale.Add(ToLeftover(lease, @namespace, held switch
            {
                [] => "It was made for a mount there, and nothing is mounted.",
                _ when held.Contains(lease.Id) => "It keeps an image for a mount there, and nothing is mounted.",
                _ => $"It keeps the snapshot '{held[0]}' for a mount there, and nothing is mounted. What only this lease holds goes with it.",
            }));
        }

        return stale;
    }

    /// <summary>The refs of the writes that no lease holds but abandoned ones, each with such a one where there is.</summary>
    private async Task<IReadOnlyDictionary<string, LeaseInfo?>> UnheldAsync(
        string @namespace, IReadOnlyList<Ingest> ingests, IReadOnlyList<LeaseInfo> all, CancellationToken cancellationToken)
    {
        var left = ingests.ToDictionary(ingest => ingest.Reference, _ => (LeaseInfo?)null, StringComparer.Ordinal);
        foreach (LeaseInfo lease in left.Count == 0 ? [] : all)
        {
            foreach (string held in await leases.ListIngestsAsync(@namespace, lease.Id, cancellationToken).ConfigureAwait(false))
            {
                if (!lease.IsAbandoned)
                {
                    _ = left.Remove(held);
                }
                else if (left.TryGetValue(held, out LeaseInfo? earlier))
                {
                    left[held] = earlier ?? lease;
                }
            }
        }

        return left;
    }

    private static CtrLeftover ToLeftover(LeaseInfo lease, string @namespace) => ToLeftover(lease, @namespace, lease.Work is null
        ? "Its process has ended. What only this lease holds goes with it."
        : "Its process has ended in the middle of a copy, which could be gone on with: what is there already is lost, the next try begins anew.");

    private static CtrLeftover ToLeftover(LeaseInfo lease, string @namespace, string reason) => new()
    {
        Kind = CtrLeftoverKind.Lease,
        Key = lease.Id,
        Namespace = @namespace,
        ProcessId = (lease.Holder ?? lease.Mount?.Maker)?.ProcessId,
        Since = lease.CreatedAt,
        Reason = reason,
    };

    private static CtrLeftover ToLeftover(Ingest ingest, LeaseInfo? lease, string @namespace) => new()
    {
        Kind = CtrLeftoverKind.Ingest,
        Key = ingest.Reference,
        Namespace = @namespace,
        ProcessId = lease?.Holder?.ProcessId,
        Since = ingest.StartedAt,
        Reason = $"{(lease is null ? "No lease holds it" : "Its process has ended")}. The {ingest.Offset} bytes that are written are lost.",
    };

    private static CtrLeftover ToLeftover(LeftPipes left, LeftUse use) => new()
    {
        Kind = use == LeftUse.AddedProcess ? CtrLeftoverKind.Process : CtrLeftoverKind.Pipes,
        Key = use == LeftUse.AddedProcess ? $"{left.Mark!.Container}/{left.Mark.ExecId}" : left.Folder,
        Namespace = left.Mark?.Namespace ?? "",
        ProcessId = left.Mark?.Owner.ProcessId,
        Since = left.MadeAt,
        Reason = use == LeftUse.AddedProcess ? "Nobody reads its output any more. It is killed."
            : left.Mark is null ? "The folder was made for pipes, and none came."
            : left.Mark.ExecId.Length == 0 ? $"The task of container '{left.Mark.Container}' is gone."
            : $"The process '{left.Mark.ExecId}' of container '{left.Mark.Container}' is gone.",
        Folder = left.Folder,
    };
}
