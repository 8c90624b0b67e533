using System.Collections;
using CtrPS.Binding;

namespace CtrPS.Completion;

/// <summary>Completes names of encodings.</summary>
public sealed class EncodingCompleter : CtrCompleter
{
    /// <inheritdoc/>
    protected override Task<IEnumerable<CtrCandidate>> CandidatesAsync(
        string word, IDictionary boundParameters, CancellationToken cancellationToken) =>
        Task.FromResult(EncodingTransformationAttribute.Names
            .Where(known => GoesOn(known.Key, word))
            .Select(known => new CtrCandidate(known.Key, known.Value.EncodingName)));
}
