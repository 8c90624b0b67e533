using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace CtrPS.Client.Registry;

/// <summary>What registries list: tags, repositories, and what Docker Hub finds.</summary>
internal static class RegistryListing
{
    private const string HubSearch = "https://index.docker.io/v1";

    /// <summary>Docker Hub gives no more of one search than this many pages of this size.</summary>
    private const int MaxHubPages = 100;
    private const int HubPageSize = 100;

    /// <summary>The tags of a repository, by the first of the hosts that lists them.</summary>
    public static IAsyncEnumerable<string> TagsAsync(
        RepositoryClient client, IReadOnlyList<RegistryHost> hosts, CancellationToken cancellationToken)
    {
        string name = $"{client.Reference.Registry}/{client.Reference.Repository}";
        return RegistryPages.ReadAsync(
            hosts,
            client.Reference.Registry,
            RegistryCapabilities.Pull | RegistryCapabilities.Resolve,
            host => With(client.Request(HttpMethod.Get, "tags/list", host), $"repository '{name}'"),
            page => RegistryPages.Names(page, "tags").Select(tag => CtrImageReference.TryParse($"{name}:{tag}", out _)
                ? tag
                : throw new FormatException($"'{ForeignText.Show(tag)}' is no tag")),
            client.Options,
            cancellationToken);
    }

    /// <summary>The repositories of a registry.</summary>
    public static IAsyncEnumerable<CtrImageReference> RepositoriesAsync(
        string registry, RegistryClient registries, CancellationToken cancellationToken) => RegistryPages.ReadAsync(
            registries.HostsOf(registry),
            registry,
            RegistryCapabilities.Pull | RegistryCapabilities.Resolve,
            host => With(
                new RegistryRequest
                {
                    Method = HttpMethod.Get,
                    Path = "_catalog",
                    Query = host.Endpoint.IsMirror ? "ns=" + Uri.EscapeDataString(registry) : "",
                    Scopes = ["registry:catalog:*"],
                    What = "",
                },
                $"list of the repositories of '{registry}'"),
            page => RegistryPages.Names(page, "repositories").Select(
                name => CtrImageReference.TryParse($"{registry}/{name}", out CtrImageReference? one) ? one
                : throw new FormatException($"'{ForeignText.Show(name)}' is no repository")),
            registries.Options,
            cancellationToken);

    /// <summary>What Docker Hub finds for words: its own API, of which registries know nothing.</summary>
    /// <param name="term">The words.</param>
    /// <param name="options">How registries are spoken to.</param>
    /// <param name="address">What answers in Docker Hub's place. Null: Docker Hub.</param>
    /// <param name="cancellationToken">Ends the asking.</param>
    public static async IAsyncEnumerable<CtrRemoteRepository> SearchAsync(
        string term, CtrRegistryOptions options, Uri? address, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var endpoint = new RegistryEndpoint { Root = address ?? new Uri(HubSearch) };
        using var host = new RegistryHost(endpoint, options, new NoCredentials()); // everybody may search
        int pages = 1;
        for (int number = 1; number <= Math.Min(pages, MaxHubPages); number++)
        {
            var request = new RegistryRequest
            {
                Method = HttpMethod.Get,
                Path = "search",
                Query = string.Create(CultureInfo.InvariantCulture, $"q={Uri.EscapeDataString(term)}&n={HubPageSize}&page={number}"),
                What = $"search for '{term}'",
            };
            using HttpResponseMessage response =
                await RepositoryClient.SendAsync(host, request, isLast: true, cancellationToken).ConfigureAwait(false);
            ((IReadOnlyList<CtrRemoteRepository> found, pages), _) = await RegistryPages.ReadJsonAsync(
                host, request.What, response, ReadFound, options, cancellationToken).ConfigureAwait(false);
            foreach (CtrRemoteRepository one in found)
            {
                yield return one;
            }
        }
    }

    private static RegistryRequest With(RegistryRequest request, string what) => request with
    {
        Query = string.Join('&', new[] { $"n={RegistryPages.PageSize}", request.Query }.Where(part => part.Length > 0)),
        What = what,
    };

    private static (IReadOnlyList<CtrRemoteRepository> Found, int Pages) ReadFound(JsonElement page) =>
        ([.. page.GetProperty("results").EnumerateArray().Select(ReadFoundOne)], page.GetProperty("num_pages").GetInt32());

    private static CtrRemoteRepository ReadFoundOne(JsonElement found)
    {
        string name = found.GetProperty("name").GetString() ?? "";
        return !CtrImageReference.TryParse(name, out CtrImageReference? reference)
            ? throw new FormatException($"'{ForeignText.Show(name)}' is no repository")
            : Repository(reference, one =>
            {
                one.Description = found.TryGetProperty("description", out JsonElement text) ? text.GetString() ?? "" : "";
                one.Stars = found.TryGetProperty("star_count", out JsonElement stars) ? stars.GetInt64() : 0;
                one.IsOfficial = found.TryGetProperty("is_official", out JsonElement official) && official.GetBoolean();
            });
    }

    /// <summary>A repository as users see it.</summary>
    public static CtrRemoteRepository Repository(CtrImageReference reference, Action<CtrRemoteRepository>? more = null)
    {
        var one = new CtrRemoteRepository
        {
            Name = $"{reference.Registry}/{reference.Repository}",
            Registry = reference.Registry,
            Repository = reference.Repository,
        };
        more?.Invoke(one);
        return one;
    }
}
