using System.Collections;

namespace CtrPS.Completion;

/// <summary>Base of the completers of names that do not depend on a daemon.</summary>
public abstract class NameCompleter : CtrCompleter
{
    /// <summary>The names.</summary>
    protected abstract IEnumerable<CtrCandidate> Names { get; }

    /// <inheritdoc/>
    protected override Task<IEnumerable<CtrCandidate>> CandidatesAsync(
        string word, IDictionary boundParameters, CancellationToken cancellationToken) =>
        Task.FromResult(Names.Where(candidate => GoesOn(candidate.Text, word)));
}
