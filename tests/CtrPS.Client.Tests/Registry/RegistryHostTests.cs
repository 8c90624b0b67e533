using System.Net;
using CtrPS.Client.Registry;
using CtrPS.Client.Tests.Daemon;
using CtrPS.Rig;
using CtrPS.Rig.Registry;

namespace CtrPS.Client.Tests.Registry;

/// <summary>One host and the client that knows several: with or without TLS, and to whom a login is shown.</summary>
public sealed class RegistryHostTests(RegistryHostTests.Parts parts) : IClassFixture<RegistryHostTests.Parts>
{
    [Fact]
    public async Task Several_that_try_TLS_first_find_out_at_once_that_there_is_none()
    {
        for (int round = 0; round < 10; round++)
        {
            using RegistryClient client = Open(null);
            RegistryHost host = Assert.Single(client.HostsOf(parts.Registry.Address));
            Assert.True(host.Endpoint.TriesTlsFirst);
            Assert.Equal("https", host.Root.Scheme);
            var request = new RegistryRequest { Method = HttpMethod.Get, What = "registry" };
            HttpResponseMessage[] answers = await Task.WhenAll(Enumerable.Range(0, 12).Select(i => i % 2 == 0
                ? host.AskPlainlyAsync(request, CancellationToken.None)
                : host.SendAsync(request, isLast: false, CancellationToken.None)));
            Assert.All(answers, answer => Assert.Equal(HttpStatusCode.OK, answer.StatusCode));
            Assert.Equal("http", host.Root.Scheme);
            Assert.All(answers, answer => answer.Dispose());
        }
    }

    [Fact]
    public async Task What_was_given_for_one_registry_never_reaches_another()
    {
        await using FaultyRegistry one = await FaultyRegistry.StartAsync(parts.Registry);
        await using FaultyRegistry other = await FaultyRegistry.StartAsync(parts.Registry);
        one.Add(new RegistryFault { Authorized = false, Status = 401, Headers = new Dictionary<string, string?> { ["WWW-Authenticate"] = "Basic" } });
        other.Add(new RegistryFault { Status = 401, Headers = new Dictionary<string, string?> { ["WWW-Authenticate"] = "Basic" } });
        using RegistryClient client = Open(new NetworkCredential("somebody", "S3cret!"));
        string tag = await one.PushAsync("pause");
        _ = await client.Repository(CtrImageReference.Parse(tag)).ResolveAsync("1", CancellationToken.None);
        Assert.Contains(one.Requests, request => request.Scheme == "Basic");

        CtrException e = Assert.Throws<CtrException>(() => client.HostsOf(other.Address));
        Assert.Equal(CtrErrorIds.InvalidArgument, e.ErrorId);
        Assert.Contains($"'{one.Address}'", e.Message, StringComparison.Ordinal);
        Assert.Contains($"'{other.Address}'", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("S3cret!", e.ToString(), StringComparison.Ordinal);
        Assert.Empty(other.Requests);
        Assert.NotEmpty(client.HostsOf(one.Address.ToUpperInvariant()));

        // Named beforehand, none is asked; and who has nothing to show may ask them all.
        using RegistryClient second = Open(new NetworkCredential("somebody", "S3cret!"));
        _ = Assert.Throws<CtrException>(() => second.Expect([one.Address, other.Address]));
        using RegistryClient third = Open(null);
        third.Expect([one.Address, other.Address]);
        _ = await Assert.ThrowsAsync<CtrException>(
            () => third.Repository(CtrImageReference.Parse($"{other.Address}/x:1")).ResolveAsync("1", CancellationToken.None));
        Assert.All(other.Requests, request => Assert.False(request.IsAuthorized));
    }

    private static RegistryClient Open(NetworkCredential? credential) => new(
        new CtrRegistryOptions { HostsFolders = [], MaximumRetryCount = 0, Credential = credential }, new ImageReceiverTests.NobodyKnown());

    /// <summary>A registry that all tests have.</summary>
    public sealed class Parts : IAsyncLifetime
    {
        internal RegistryRig Registry { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Registry = await RegistryRig.StartAsync().OrSkipAsync();

        public async ValueTask DisposeAsync() => await Registry.DisposeAsync();
    }
}
