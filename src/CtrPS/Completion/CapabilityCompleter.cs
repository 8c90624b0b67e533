namespace CtrPS.Completion;

/// <summary>Completes capabilities, with and without <c>CAP_</c>, whichever way the user begins.</summary>
public sealed class CapabilityCompleter : NameCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<CtrCandidate> Names => SpecNames.Capabilities.Order(StringComparer.Ordinal)
        .Select(name => new CtrCandidate(name[SpecNames.CapabilityPrefix.Length..], name))
        .Append(new CtrCandidate("ALL", "all capabilities"))
        .Concat(SpecNames.Capabilities.Order(StringComparer.Ordinal).Select(name => new CtrCandidate(name, name)));
}
