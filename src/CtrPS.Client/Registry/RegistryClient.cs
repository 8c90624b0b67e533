using System.Collections.Concurrent;
using System.Net;

namespace CtrPS.Client.Registry;

/// <summary>
/// Registries, for as long as one piece of work takes: connections and tokens are kept between its images. Safe for concurrent use.
/// </summary>
/// <param name="options">How they are spoken to.</param>
/// <param name="credentials">Who we are, where <see cref="CtrRegistryOptions.Credential"/> does not say so.</param>
/// <param name="rules">When large blobs come over several connections. Null: as is good for users.</param>
internal sealed class RegistryClient(CtrRegistryOptions options, ICredentialSource credentials, RangeRules? rules = null) : ICtrRegistries
{
    private readonly RangeBuffers _ranges = new(rules ?? new RangeRules());
    private readonly ConcurrentDictionary<string, Lazy<IReadOnlyList<RegistryHost>>> _hosts = new(StringComparer.Ordinal);
    private string? _known;

    public CtrRegistryOptions Options => options;

    /// <summary>A client as users want one: who we are is in the files and helpers of docker and podman.</summary>
    public static RegistryClient Open(CtrRegistryOptions options) => new(options, new CredentialFiles(CredentialPlaces.FromEnvironment));

    /// <summary>The hosts that serve a registry, in the order in which they are asked.</summary>
    /// <exception cref="CtrException">A file about it cannot be used; or what <see cref="Expect"/> throws.</exception>
    public IReadOnlyList<RegistryHost> HostsOf(string registry)
    {
        Expect([registry]);
        return _hosts.GetOrAdd(registry, name => new Lazy<IReadOnlyList<RegistryHost>>(() =>
        {
            IReadOnlyList<RegistryEndpoint> endpoints = HostsFolders.Find(name, options);
            IEnumerable<RegistryEndpoint> own = endpoints.Where(endpoint => !endpoint.IsMirror);
            ICredentialSource known = options.Credential is { } given
                ? new GivenCredential(given, [.. own.Select(endpoint => endpoint.Root.Authority)], credentials)
                : credentials;
            return [.. endpoints.Select(endpoint => new RegistryHost(endpoint, options, known))];
        })).Value;
    }

    public void Expect(IEnumerable<string> registries)
    {
        if (options.Credential is null)
        {
            return;
        }

        foreach (string registry in registries)
        {
            string known = Interlocked.CompareExchange(ref _known, registry, null) ?? registry;
            if (!string.Equals(known, registry, StringComparison.OrdinalIgnoreCase))
            {
                throw new CtrException(
                    CtrErrorIds.InvalidArgument,
                    CtrStatus.InvalidArgument,
                    $"The credential that was given is for one registry, '{known}', and is not shown to '{registry}'.")
                {
                    Target = registry,
                    RecommendedAction = "Do one registry at a time, or log in at each with Connect-CtrRegistry and give none.",
                };
            }
        }
    }

    /// <summary>The repository of a reference.</summary>
    public RepositoryClient Repository(CtrImageReference reference) => new(HostsOf(reference.Registry), reference, options, _ranges);

    public void Dispose()
    {
        foreach (RegistryHost host in _hosts.Values.Where(one => one.IsValueCreated).SelectMany(one => one.Value))
        {
            host.Dispose();
        }
    }

    /// <summary>What the user gave is for the registry itself, not for its mirrors and not for whom it redirects to.</summary>
    private sealed class GivenCredential(NetworkCredential given, IReadOnlyList<string> hosts, ICredentialSource others) : ICredentialSource
    {
        public ValueTask<RegistryCredential?> FindAsync(string host, string? repository, CancellationToken cancellationToken) =>
            hosts.Contains(host, StringComparer.OrdinalIgnoreCase)
                ? ValueTask.FromResult<RegistryCredential?>(new RegistryCredential
                {
                    User = given.UserName,
                    Secret = given.Password,
                    Source = "-Credential",
                })
                : others.FindAsync(host, repository, cancellationToken);
    }
}
