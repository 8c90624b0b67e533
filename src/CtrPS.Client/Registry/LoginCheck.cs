using System.Net;

namespace CtrPS.Client.Registry;

/// <summary>Identifies at a registry as docker's login does: by a request for the API's root, which needs the login and nothing else.</summary>
internal sealed class LoginCheck : IRegistryLoginCheck
{
    /// <inheritdoc/>
    public async Task CheckAsync(string registry, NetworkCredential credential, CtrRegistryOptions options, CancellationToken cancellationToken)
    {
        using var client = new RegistryClient(
            options with { Credential = credential }, new NoCredentials()); // what is to be proved is the given one, and no other
        IReadOnlyList<RegistryHost> hosts = client.HostsOf(registry);
        RegistryHost host = hosts.LastOrDefault(one => !one.Endpoint.IsMirror) ?? hosts[^1];
        try
        {
            var request = new RegistryRequest { Method = HttpMethod.Get, What = $"login at '{registry}'" };
            using HttpResponseMessage answer =
                await RepositoryClient.SendAsync(host, request, isLast: true, cancellationToken).ConfigureAwait(false);
        }
        catch (CtrException e) when (e.ErrorId is CtrErrorIds.RegistryDenied or CtrErrorIds.RegistryUnreachable or CtrErrorIds.RegistryTlsFailed
            or CtrErrorIds.RegistryFailed or CtrErrorIds.RegistryLimited or CtrErrorIds.RegistryUntrusted
            or CtrErrorIds.RemoteImageNotFound)
        {
            throw new CtrException(CtrErrorIds.LoginFailed, e.Status, $"'{credential.UserName}' is not logged in at '{registry}'. {e.Message}", e)
            {
                Target = registry,
                RecommendedAction = e.ErrorId == CtrErrorIds.RegistryDenied
                    ? "Check user and password; many registries want a token in the place of the password."
                    : $"{e.RecommendedAction} -Force keeps the login without asking.".TrimStart(),
            };
        }
    }
}
