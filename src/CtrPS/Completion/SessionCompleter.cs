using System.Collections;
using CtrPS.Sessions;

namespace CtrPS.Completion;

/// <summary>
/// Completes addresses: those of the open sessions, the environment's, and the sockets that programs with a containerd of their own use.
/// </summary>
public sealed class SessionCompleter : CtrCompleter
{
    private static readonly string[] WellKnown =
    [
        "/run/containerd/containerd.sock",
        "/run/k3s/containerd/containerd.sock",
        "/run/k0s/containerd.sock",
        "/var/snap/microk8s/common/run/containerd.sock",
        "/run/docker/containerd/containerd.sock",
    ];

    /// <inheritdoc/>
    protected override Task<IEnumerable<CtrCandidate>> CandidatesAsync(string word, IDictionary boundParameters, CancellationToken cancellationToken)
    {
        IEnumerable<CtrCandidate> sessions = SessionTable.Current.Sessions.Select(session =>
            new CtrCandidate(session.Address, $"session {session.Id}, {session.State}, containerd {session.ServerVersion ?? "not yet asked"}"));
        string environment = CtrEndpoint.EnvironmentDefault.Address;
        IEnumerable<CtrCandidate> found = WellKnown.Where(File.Exists).Select(path => new CtrCandidate(path, "a socket on this machine"));
        return Task.FromResult(sessions.Append(new CtrCandidate(environment, "the default address")).Concat(found)
            .Where(candidate => GoesOn(candidate.Text, word)).DistinctBy(candidate => candidate.Text));
    }
}
