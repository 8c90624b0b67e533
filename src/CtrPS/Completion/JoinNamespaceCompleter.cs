namespace CtrPS.Completion;

/// <summary>Completes the kinds of namespaces, with the path of the machine's own.</summary>
public sealed class JoinNamespaceCompleter : NameCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<CtrCandidate> Names =>
        SpecNames.Namespaces.Select(
            kind => new CtrCandidate($"{kind.Key}=/proc/1/ns/{kind.Value}", $"the {kind.Key} namespace of the machine's first process"));
}
