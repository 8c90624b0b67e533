namespace CtrPS.Completion;

/// <summary>Completes the names of resource limits.</summary>
public sealed class RlimitCompleter : NameCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<CtrCandidate> Names =>
        SpecNames.Rlimits.Select(name => new CtrCandidate(name[SpecNames.RlimitPrefix.Length..].ToLowerInvariant() + "=", $"{name}: soft[:hard]"));
}
