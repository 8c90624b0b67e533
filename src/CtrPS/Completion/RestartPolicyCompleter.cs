namespace CtrPS.Completion;

/// <summary>Completes the policies of containerd's restart monitor.</summary>
public sealed class RestartPolicyCompleter : NameCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<CtrCandidate> Names => SpecNames.RestartPolicies.Select(policy => new CtrCandidate(policy, policy switch
    {
        "no" => "never start it again",
        "always" => "start it again whenever it has ended",
        "on-failure" => "start it again when its exit code is not 0; on-failure:3 at most three times",
        _ => "start it again unless it was stopped by a user",
    }));
}
