using System.Collections;

namespace CtrPS.Completion;

/// <summary>Completes what -Platform of Save-CtrImage takes: its words, and platforms.</summary>
public sealed class SavePlatformCompleter : CtrCompleter
{
    private static readonly CtrCandidate[] Words = [new("Available", "what is whole here"), new("All", "all that the images name")];

    /// <inheritdoc/>
    protected override Task<IEnumerable<CtrCandidate>> CandidatesAsync(
        string word, IDictionary boundParameters, CancellationToken cancellationToken) =>
        Task.FromResult(Words.Concat(PlatformCompleter.Candidates).Where(candidate => GoesOn(candidate.Text, word)));
}
