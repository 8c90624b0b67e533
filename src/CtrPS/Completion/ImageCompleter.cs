using System.Collections;

namespace CtrPS.Completion;

/// <summary>
/// Completes the names of images, by their full and by their familiar form; their aliases where no name goes on from what was typed.
/// </summary>
public sealed class ImageCompleter : CtrCompleter
{
    /// <inheritdoc/>
    protected override Task<IEnumerable<CtrCandidate>> CandidatesAsync(string word, IDictionary boundParameters, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(boundParameters);
        return AskAsync(boundParameters, async (session, connection) =>
        {
            var candidates = new List<CtrCandidate>();
            var aliases = new List<CtrCandidate>();
            foreach (string name in await NamespacesAsync(connection, boundParameters["Namespace"], session, cancellationToken).ConfigureAwait(false))
            {
                var query = new CtrImageQuery { Namespace = name, Detail = CtrImageDetail.None };
                await foreach (CtrImage image in connection.Images.ListAsync(query, cancellationToken).ConfigureAwait(false))
                {
                    candidates.AddRange(Candidates(image, [image.Name], word));
                    aliases.AddRange(Candidates(image, image.Aliases, word));
                }
            }

            return (candidates.Count > 0 ? candidates : aliases).DistinctBy(candidate => candidate.Text);
        }, cancellationToken);
    }

    /// <summary>Names of an image, each by the form that goes on from the word.</summary>
    private static IEnumerable<CtrCandidate> Candidates(CtrImage image, IEnumerable<string> names, string word)
    {
        foreach (string name in names)
        {
            string? familiar = CtrImageReference.TryParse(name, out CtrImageReference? reference) ? reference.FamiliarName : null;
            string? text = GoesOn(name, word) ? name : familiar is not null && GoesOn(familiar, word) ? familiar : null;
            if (text is not null)
            {
                yield return new CtrCandidate(text, $"{image.Digest} in {image.Namespace}, updated {image.UpdatedAt:yyyy-MM-dd HH:mm}");
            }
        }
    }
}
