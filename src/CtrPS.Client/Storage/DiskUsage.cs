namespace CtrPS.Client.Storage;

/// <summary>
/// Counts bytes by owner. A blob's file is one for all namespaces and counts once for the daemon; a snapshot's folder is its namespace's own.
/// </summary>
/// <param name="graph">The daemon's records.</param>
/// <param name="snapshots">Bytes of snapshots.</param>
/// <param name="places">What else lies in containerd's folder. Empty: it cannot be seen from here.</param>
internal sealed class DiskUsage(StorageGraph graph, IReadOnlyDictionary<GraphNode, long> snapshots, IReadOnlyList<DiskPlace> places)
{
    private readonly Dictionary<GraphNode, Unit> _units = [];

    /// <summary>Bytes that lie together, and whose they are.</summary>
    private sealed class Unit(CtrResourceKind kind, long size)
    {
        public CtrResourceKind Kind => kind;

        public long Size => size;

        public List<int> Owners { get; } = [];
    }

    /// <summary>Counts.</summary>
    /// <param name="isWanted">The namespaces whose owners are told.</param>
    public CtrDiskUsageReport Measure(Func<string, bool> isWanted)
    {
        var owners = new GraphOwners(graph);
        List<GraphOwner> all = [.. owners.All];
        for (int i = 0; i < all.Count; i++)
        {
            foreach (GraphNode node in owners.Reach(all[i]))
            {
                Unit? unit = UnitOf(node);
                if (unit is not null && (unit.Owners.Count == 0 || unit.Owners[^1] != i))
                {
                    unit.Owners.Add(i);
                }
            }
        }

        foreach (NamespaceRecords records in graph.Namespaces)
        {
            AddNobody(records, all);
        }

        CtrDiskUsage[] rows = [.. all.Select(ToRow)];
        foreach (Unit unit in _units.Values)
        {
            Count(unit, all, rows);
        }

        CtrDiskUsage[] beside = isWanted("") ? [.. places.Select(ToRow)] : [];
        CtrDiskUsage[] told = [.. rows.Where(row => isWanted(row.Namespace) && (row.Kind != CtrDiskUsageKind.Nobody || row.Size > 0))
            .Concat(beside)
            .OrderByDescending(row => row.Size).ThenBy(row => row.Kind).ThenBy(row => row.Owner, StringComparer.Ordinal)];
        foreach (CtrDiskUsage row in told)
        {
            row.Share = told[0].Size == 0 ? 0 : (double)row.Size / told[0].Size;
        }

        return new CtrDiskUsageReport(told, Summarize(told, beside, all, isWanted));
    }

    private static CtrDiskUsage ToRow(GraphOwner owner) => new()
    {
        Kind = owner.Kind,
        Owner = owner.Name,
        Namespace = owner.Namespace,
        InUse = owner.InUse,
        WhyKept = owner.WhyKept,
        FreedBy = owner.FreedBy,
    };

    private static CtrDiskUsage ToRow(DiskPlace place) => new()
    {
        Kind = place.Kind,
        Owner = place.Path,
        Content = place.Store == CtrResourceKind.Content ? place.Size : 0,
        Snapshot = place.Store == CtrResourceKind.Snapshot ? place.Size : 0,
        Ingest = place.Store == CtrResourceKind.Ingest ? place.Size : 0,
        Other = place.Store is null ? place.Size : 0,
        Unique = place.Size,
        Reclaimable = place.FreedBy.Length > 0 ? place.Size : 0,
        InUse = place.Kind == CtrDiskUsageKind.Metadata,
        WhyKept = place.Why,
        FreedBy = place.FreedBy,
    };

    private static void Count(Unit unit, List<GraphOwner> all, CtrDiskUsage[] rows)
    {
        foreach (int i in unit.Owners)
        {
            CtrDiskUsage row = rows[i];
            switch (unit.Kind)
            {
                case CtrResourceKind.Content:
                    row.Content += unit.Size;
                    break;
                case CtrResourceKind.Snapshot:
                    row.Snapshot += unit.Size;
                    break;
                default:
                    row.Ingest += unit.Size;
                    break;
            }

            if (unit.Owners.Count == 1)
            {
                row.Unique += unit.Size;
                row.Reclaimable += all[i].InUse ? 0 : unit.Size;
            }
        }
    }

    private List<CtrDiskUsageSummary> Summarize(
        CtrDiskUsage[] told, CtrDiskUsage[] beside, List<GraphOwner> all, Func<string, bool> isWanted)
    {
        var sums = new SortedDictionary<CtrDiskUsageKind, CtrDiskUsageSummary>();
        CtrDiskUsageSummary Of(CtrDiskUsageKind kind) =>
            sums.TryGetValue(kind, out CtrDiskUsageSummary? sum) ? sum : sums[kind] = new CtrDiskUsageSummary { Kind = kind, Namespace = "*" };

        foreach (CtrDiskUsageKind kind in (CtrDiskUsageKind[])[CtrDiskUsageKind.Image, CtrDiskUsageKind.Container, CtrDiskUsageKind.Nobody])
        {
            _ = Of(kind);
        }

        foreach (CtrDiskUsage row in told)
        {
            CtrDiskUsageSummary sum = Of(row.Kind);
            sum.Count++;
            sum.InUse += row.InUse ? 1 : 0;
        }

        foreach (CtrDiskUsage row in beside)
        {
            CtrDiskUsageSummary sum = Of(row.Kind);
            sum.Content += row.Content;
            sum.Snapshot += row.Snapshot;
            sum.Ingest += row.Ingest;
            sum.Other += row.Other;
            sum.Reclaimable += row.Reclaimable;
        }

        foreach (Unit unit in _units.Values)
        {
            GraphOwner[] some = [.. unit.Owners.Select(i => all[i]).Where(owner => isWanted(owner.Namespace))];
            if (some.Length == 0)
            {
                continue;
            }

            CtrDiskUsageSummary sum = Of(some.Min(owner => owner.Kind));
            sum.Content += unit.Kind == CtrResourceKind.Content ? unit.Size : 0;
            sum.Snapshot += unit.Kind == CtrResourceKind.Snapshot ? unit.Size : 0;
            sum.Ingest += unit.Kind == CtrResourceKind.Ingest ? unit.Size : 0;
            sum.Reclaimable += some.Length < unit.Owners.Count || some.Any(owner => owner.InUse) ? 0 : unit.Size;
        }

        return [.. sums.Values];
    }

    /// <summary>What no owner of any namespace reaches. A blob that has an owner elsewhere takes nothing here.</summary>
    private void AddNobody(NamespaceRecords records, List<GraphOwner> all)
    {
        int nobody = all.Count;
        all.Add(new GraphOwner(CtrDiskUsageKind.Nobody, "", records.Name, [])
        {
            WhyKept = "Nothing that anybody uses needs it.",
            FreedBy = $"Invoke-CtrGarbageCollection; Get-CtrOrphan -Namespace {GraphOwners.Quoted(records.Name)} | Remove-CtrOrphan",
        });
        IEnumerable<GraphNode> nodes =
        [
            .. records.Blobs.Keys.Select(digest => new GraphNode(CtrResourceKind.Content, records.Name, digest)),
            .. records.Snapshots.Keys.Select(one => new GraphNode(CtrResourceKind.Snapshot, records.Name, one.Key, one.Snapshotter)),
        ];
        foreach (GraphNode node in nodes)
        {
            if (UnitOf(node) is { Owners.Count: 0 } unit)
            {
                unit.Owners.Add(nobody);
            }
        }
    }

    /// <summary>Null for what takes no bytes, and for what is not there.</summary>
    private Unit? UnitOf(GraphNode node)
    {
        if (node.Kind is not (CtrResourceKind.Content or CtrResourceKind.Snapshot or CtrResourceKind.Ingest) || !graph.Exists(node))
        {
            return null;
        }

        GraphNode key = node.Kind == CtrResourceKind.Content ? node with { Namespace = "" } : node;
        if (!_units.TryGetValue(key, out Unit? unit))
        {
            long size = node.Kind switch
            {
                CtrResourceKind.Content => graph.SizeOf(node) ?? 0,
                CtrResourceKind.Snapshot => snapshots.GetValueOrDefault(node),
                _ => graph.Namespaces.First(records => records.Name == node.Namespace).Ingests.First(ingest => ingest.Ref == node.Key).Offset,
            };
            _units[key] = unit = new Unit(node.Kind, size);
        }

        return unit;
    }
}
