namespace CtrPS;

/// <summary>What a look for orphans found, and what it could not look at.</summary>
/// <param name="Orphans">What nobody needs, or lacks what it needs.</param>
/// <param name="Faults">One for each image whose layers could not be read. Empty unless they were looked at.</param>
internal sealed record FoundOrphans(IReadOnlyList<CtrOrphan> Orphans, IReadOnlyList<CtrException> Faults);
