namespace CtrPS;

/// <summary>How a report is written.</summary>
public enum CtrReportFormat : long
{
    /// <summary>One page that needs nothing from elsewhere.</summary>
    Html,

    /// <summary>JSON: all that was found.</summary>
    Json,

    /// <summary>One table of all that was found.</summary>
    Csv,
}

/// <summary>A look at daemons: what Export-CtrReport writes.</summary>
/// <param name="Created">When it was made.</param>
/// <param name="Nodes">The daemons, by address.</param>
internal sealed record CtrReport(DateTimeOffset Created, IReadOnlyList<CtrReportNode> Nodes);

/// <summary>What was found at a daemon.</summary>
internal sealed record CtrReportNode
{
    /// <summary>Where it listens.</summary>
    public required string Address { get; init; }

    /// <summary>Why nothing is known of it. Null: it answered, and all else is here.</summary>
    public string? Error { get; init; }

    /// <summary>The daemon. Null where there is an error.</summary>
    public CtrServer? Server { get; init; }

    /// <summary>Plugins that failed.</summary>
    public IReadOnlyList<CtrPlugin> FailedPlugins { get; init; } = [];

    /// <summary>What takes how much of its disk.</summary>
    public CtrDiskUsageReport Usage { get; init; } = new([], []);

    /// <summary>Blobs of several images, those first that save the most.</summary>
    public IReadOnlyList<CtrSharedBlob> Shared { get; init; } = [];

    /// <summary>What nobody needs.</summary>
    public IReadOnlyList<CtrOrphan> Orphans { get; init; } = [];

    /// <summary>What each image has for the daemon's platform.</summary>
    public IReadOnlyList<CtrImageCheck> Checks { get; init; } = [];

    /// <summary>What a garbage collection would take. Null where there is an error.</summary>
    public CtrGarbageCollection? Garbage { get; init; }

    /// <summary>All bytes of its disk that are accounted for.</summary>
    public long Size => Usage.Summary.Sum(one => one.Size);

    /// <summary>The checks that found something. An image without anything for the platform is of another machine's kind, and no fault.</summary>
    public IEnumerable<CtrImageCheck> Faulty => Checks.Where(one => one.Faults.Count > 0);

    /// <summary>The namespaces that were asked for, as a command names them.</summary>
    public string Namespaces { get; init; } = "";

    /// <summary>What Clear-CtrImage would take there. Null where there is an error.</summary>
    public CtrClearPlan? Images { get; init; }

    /// <summary>The same with containers that have ended.</summary>
    public CtrClearPlan? ImagesAndContainers { get; init; }

    /// <summary>
    /// What could be freed, and by which command: of each what its own -WhatIf says. The same bytes may be in several of them.
    /// </summary>
    public IEnumerable<CtrCleanup> Cleanups
    {
        get
        {
            if (Garbage is null)
            {
                yield break;
            }

            yield return new CtrCleanup("Collect garbage", Garbage.Items.Count, Garbage.Freed, "Invoke-CtrGarbageCollection");
            CtrOrphan[] loose = [.. Orphans.Where(one => !one.IsKept)];
            yield return new CtrCleanup(
                "Remove orphans that no label keeps", loose.Length, FreedOf(loose),
                $"Get-CtrOrphan -Namespace {Namespaces} | Where-Object IsKept -EQ $false | Remove-CtrOrphan");
            yield return Of("Remove images that nothing works with", Images, "");
            yield return Of(
                "Remove containers without a task that runs, and images that nothing else works with", ImagesAndContainers, " -IncludeContainer");
        }
    }

    private CtrCleanup Of(string words, CtrClearPlan? plan, string option) =>
        new(words, plan?.Items.Count ?? 0, plan?.Items.Sum(item => item.Freed) ?? 0, $"Clear-CtrImage -Namespace {Namespaces}{option}");

    /// <summary>A blob's file is one for all namespaces, and goes with the last of them.</summary>
    private static long FreedOf(IReadOnlyCollection<CtrOrphan> orphans) =>
        orphans.Where(one => one.Holders == 0).Sum(one => one.Size ?? 0)
            + orphans.Where(one => one.Holders > 0).GroupBy(one => one.Key)
                .Where(some => some.Count() == some.First().Holders).Sum(some => some.Max(one => one.Size ?? 0));
}

/// <summary>A blob that several images have.</summary>
/// <param name="Digest">Its digest.</param>
/// <param name="Size">Its bytes.</param>
/// <param name="Images">The images, with their namespaces before them.</param>
internal sealed record CtrSharedBlob(string Digest, long Size, IReadOnlyList<string> Images)
{
    /// <summary>Bytes that the disk would have to hold besides, were it not shared.</summary>
    public long Saved => Size * (Images.Count - 1);
}

/// <summary>A way to get space.</summary>
/// <param name="Words">What would be done.</param>
/// <param name="Count">To how many things.</param>
/// <param name="Freed">Bytes that the disk would have more.</param>
/// <param name="Command">The command that does it, or tells how.</param>
internal sealed record CtrCleanup(string Words, long Count, long Freed, string Command);
