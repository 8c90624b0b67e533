using System.Collections;
using CtrPS.Client;

namespace CtrPS.Completion;

/// <summary>Completes registries: those with a folder of their own, those with a login, and Docker Hub.</summary>
public sealed class RegistryCompleter : CtrCompleter
{
    /// <inheritdoc/>
    protected override Task<IEnumerable<CtrCandidate>> CandidatesAsync(string word, IDictionary boundParameters, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(boundParameters);
        string[]? folders = boundParameters["HostsDirectory"] switch
        {
            string one => [one],
            IEnumerable several => [.. several.Cast<object>().Select(one => one.ToString()!)],
            _ => null,
        };
        IEnumerable<CtrCandidate> all = Connector.RegistryHosts.Names(folders).Select(name => new CtrCandidate(name, $"{name} has a hosts folder"))
            .Concat(Connector.Logins.Names().Select(name => new CtrCandidate(name, $"{name} has a login")))
            .Append(new CtrCandidate("docker.io", "Docker Hub"));
        return Task.FromResult(all.DistinctBy(one => one.Text).Where(one => GoesOn(one.Text, word)));
    }
}
