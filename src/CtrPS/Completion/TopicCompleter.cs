using System.Collections;
using CtrPS.Commands;

namespace CtrPS.Completion;

/// <summary>Completes the topics of events, and the patterns for all of a kind.</summary>
public sealed class TopicCompleter : CtrCompleter
{
    private static readonly string[] Groups = [.. EventSelection.KnownTopics.Select(topic => topic[..(topic.LastIndexOf('/') + 1)] + "*").Distinct()];

    /// <inheritdoc/>
    protected override Task<IEnumerable<CtrCandidate>> CandidatesAsync(string word, IDictionary boundParameters, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(word);
        string typed = word.StartsWith('/') ? word : "/" + word;
        return Task.FromResult(
            Groups.Select(group => new CtrCandidate(group, $"all topics that begin with {group[..^1]}"))
                .Concat(EventSelection.KnownTopics.Select(topic => new CtrCandidate(topic, $"event {topic}")))
                .Where(candidate => candidate.Text == typed || GoesOn(candidate.Text, typed))
                .OrderBy(candidate => candidate.Text, StringComparer.Ordinal) as IEnumerable<CtrCandidate>);
    }
}
