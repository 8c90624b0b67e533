using System.Collections;

namespace CtrPS.Completion;

/// <summary>Completes the names of images, by their full and by their familiar form.</summary>
public sealed class ImageCompleter : CtrCompleter
{
    /// <inheritdoc/>
    protected override Task<IEnumerable<CtrCandidate>> CandidatesAsync(string word, IDictionary boundParameters, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(boundParameters);
        return AskAsync(boundParameters, async (session, connection) =>
        {
            var candidates = new List<CtrCandidate>();
            foreach (string name in await NamespacesAsync(connection, boundParameters["Namespace"], session, cancellationToken).ConfigureAwait(false))
            {
                var query = new CtrImageQuery { Namespace = name, Detail = CtrImageDetail.None };
                await foreach (CtrImage image in connection.Images.ListAsync(query, cancellationToken).ConfigureAwait(false))
                {
                    if (Candidate(image, word) is { } candidate)
                    {
                        candidates.Add(candidate);
                    }
                }
            }

            return candidates.DistinctBy(candidate => candidate.Text);
        }, cancellationToken);
    }

    /// <summary>The image by the form of its name that goes on from the word. Null where neither does.</summary>
    private static CtrCandidate? Candidate(CtrImage image, string word)
    {
        string? familiar = CtrImageReference.TryParse(image.Name, out CtrImageReference? reference) ? reference.FamiliarName : null;
        string? text = GoesOn(image.Name, word) ? image.Name : familiar is not null && GoesOn(familiar, word) ? familiar : null;
        return text is null ? null : new CtrCandidate(text, $"{image.Digest} in {image.Namespace}, updated {image.UpdatedAt:yyyy-MM-dd HH:mm}");
    }
}
