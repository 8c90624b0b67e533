using System.Collections;

namespace CtrPS.Completion;

/// <summary>Completes platforms that images are commonly made for.</summary>
public sealed class PlatformCompleter : CtrCompleter
{
    private static readonly string[] Common =
    [
        "linux/amd64", "linux/arm64", "linux/arm/v7", "linux/arm/v6", "linux/386", "linux/ppc64le", "linux/riscv64", "linux/s390x", "windows/amd64",
    ];

    internal static IEnumerable<CtrCandidate> Candidates => Common.Select(platform => new CtrCandidate(platform, platform));

    /// <inheritdoc/>
    protected override Task<IEnumerable<CtrCandidate>> CandidatesAsync(
        string word, IDictionary boundParameters, CancellationToken cancellationToken) =>
        Task.FromResult(Candidates.Where(candidate => GoesOn(candidate.Text, word)));
}
