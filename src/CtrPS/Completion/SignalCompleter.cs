using System.Collections;

namespace CtrPS.Completion;

/// <summary>Completes signals: those that are sent to containers first, with or without SIG as it was begun.</summary>
public sealed class SignalCompleter : CtrCompleter
{
    private static readonly string[] Common = ["SIGTERM", "SIGKILL", "SIGINT", "SIGQUIT", "SIGHUP", "SIGUSR1", "SIGUSR2"];

    /// <inheritdoc/>
    protected override Task<IEnumerable<CtrCandidate>> CandidatesAsync(string word, IDictionary boundParameters, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(word);
        bool isFull = word.StartsWith('S') || word.StartsWith('s') || word.Length == 0 || word.StartsWith('*');
        string[] rest = [.. CtrSignal.All.Select(signal => signal.Name).Except(Common).Order(StringComparer.Ordinal)];
        return Task.FromResult(Common.Concat(rest)
            .Select(name => new CtrCandidate(isFull && GoesOn(name, word) ? name : name[3..], $"{name} ({CtrSignal.Parse(name).Number})"))
            .Where(candidate => GoesOn(candidate.Text, word)));
    }
}
