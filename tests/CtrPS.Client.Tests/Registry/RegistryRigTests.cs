using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using CtrPS.Client.Tests.Archives;
using CtrPS.Client.Tests.Daemon;
using CtrPS.Rig;
using CtrPS.Rig.Registry;

namespace CtrPS.Client.Tests.Registry;

/// <summary>The private registries are what they say, as skopeo and curl see them.</summary>
public sealed class RegistryRigTests
{
    private const string Peer = "60"; // curl: the certificate of the other side cannot be trusted

    public static TheoryData<RegistryVersion> Versions => [.. Enum.GetValues<RegistryVersion>()];

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task A_plain_registry_serves_what_was_pushed_whole_and_in_ranges(RegistryVersion version)
    {
        await using RegistryRig registry = await RegistryRig.StartAsync(new RegistryOptions { Version = version }).OrSkipAsync();
        string reference = await registry.PushAsync("busybox");
        JsonNode manifest = JsonNode.Parse(await Tool.RunAsync("skopeo", "inspect", "--raw", "--tls-verify=false", $"docker://{reference}"))!;
        JsonNode layer = manifest["layers"]![0]!;
        using HttpClient client = registry.CreateClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(registry.Url, $"v2/library/busybox/blobs/{layer["digest"]}"));
        request.Headers.Range = new RangeHeaderValue(10, 19);
        using HttpResponseMessage response = await client.SendAsync(request);
        Assert.Equal(HttpStatusCode.PartialContent, response.StatusCode);
        Assert.Equal($"bytes 10-19/{layer["size"]}", response.Content.Headers.ContentRange!.ToString());
        string log = await File.ReadAllTextAsync(registry.LogPath);
        Assert.Contains(version == RegistryVersion.V282 ? "version=2.8.2" : "version=2.8.3", log);
    }

    [Theory]
    [InlineData(LeafKind.Good, "0")]
    [InlineData(LeafKind.Expired, Peer)]
    [InlineData(LeafKind.OtherName, Peer)]
    public async Task TLS_is_by_an_authority_and_the_leaf_is_as_asked(LeafKind leaf, string ends)
    {
        await using RegistryRig registry = await RegistryRig.StartAsync(new RegistryOptions { Tls = true, Leaf = leaf }).OrSkipAsync();
        Assert.Equal(Peer, await CurlAsync(registry.Url));
        Assert.Equal(ends, await CurlAsync(registry.Url, "--cacert", registry.CertificatePath!));
        Assert.Equal("0", await CurlAsync(registry.Url, "--insecure"));
        string reference = await registry.PushAsync("busybox");
        if (leaf == LeafKind.Good)
        {
            await Tool.RunAsync("skopeo", "inspect", "--raw", "--cert-dir", registry.CertificateFolder, $"docker://{reference}");
        }
    }

    [Fact]
    public async Task Client_certificates_are_asked_for()
    {
        await using RegistryRig registry = await RegistryRig.StartAsync(
            new RegistryOptions { Tls = true, ClientCertificate = true }).OrSkipAsync();
        Assert.NotEqual("0", await CurlAsync(registry.Url, "--cacert", registry.CertificatePath!));
        Assert.Equal("0", await CurlAsync(
            registry.Url, "--cacert", registry.CertificatePath!, "--cert", registry.ClientCertificatePath!, "--key", registry.ClientKeyPath!));
        string reference = await registry.PushAsync("busybox");
        await Tool.RunAsync("skopeo", "inspect", "--raw", "--cert-dir", registry.CertificateFolder, $"docker://{reference}");
        await Assert.ThrowsAsync<InvalidOperationException>(
            () => Tool.RunAsync("skopeo", "inspect", "--raw", "--tls-verify=false", $"docker://{reference}"));
        using HttpClient client = registry.CreateClient();
        using HttpResponseMessage response = await client.GetAsync(new Uri(registry.Url, "v2/"));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task A_user_is_asked_for()
    {
        await using RegistryRig registry = await RegistryRig.StartAsync(new RegistryOptions { User = "me", Password = "word" }).OrSkipAsync();
        string reference = await registry.PushAsync("busybox");
        await Tool.RunAsync("skopeo", "inspect", "--raw", "--tls-verify=false", "--creds", "me:word", $"docker://{reference}");
        using HttpClient client = registry.CreateClient();
        using HttpResponseMessage response = await client.GetAsync(new Uri(registry.Url, "v2/"));
        Assert.Equal("Basic realm=\"rig\"", response.Headers.WwwAuthenticate.ToString());
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Tokens_give_each_user_what_he_may_do(RegistryVersion version)
    {
        var reader = new TokenUser("reader", "r") { Rights = new Dictionary<string, string> { ["library/*"] = "pull" } };
        var writer = new TokenUser("writer", "w") { Rights = new Dictionary<string, string> { ["library/*"] = "pull,push" } };
        var options = new RegistryOptions { Version = version, Tls = true, Token = new TokenOptions { Users = [reader, writer] } };
        await using RegistryRig registry = await RegistryRig.StartAsync(options).OrSkipAsync();
        string reference = await registry.PushAsync("busybox");
        await registry.PushAsync("busybox", "library/second:1");
        Assert.Empty(registry.Tokens!.Asked);

        await CopyAsync("reader:r", "library/busybox:1", "library/copy:1", fails: true);
        await CopyAsync("writer:wrong", "library/busybox:1", "library/copy:1", fails: true);
        await CopyAsync("writer:w", "library/busybox:1", "other/copy:1", fails: true);
        await CopyAsync("writer:w", "library/busybox:1", "library/copy:1", fails: false);
        Assert.Contains(registry.Tokens.Asked, asked => asked is { Status: 401, HasAuthorization: true, User: null });
        Assert.Contains(
            registry.Tokens.Asked,
            asked => asked.User == "reader" && asked.Scopes.Contains("repository:library/copy:pull,push")
                && asked.Granted.Contains("repository:library/copy:pull"));
        using HttpClient client = registry.CreateClient();
        using HttpResponseMessage nobody = await client.GetAsync(new Uri(registry.Url, "v2/library/busybox/manifests/1"));
        Assert.Equal(HttpStatusCode.Unauthorized, nobody.StatusCode);
        Assert.Equal(
            $"Bearer realm=\"{registry.Tokens.Realm}\",service=\"rig-registry\",scope=\"repository:library/busybox:pull\"",
            nobody.Headers.WwwAuthenticate.ToString());

        async Task CopyAsync(string credentials, string from, string to, bool fails)
        {
            string[] words =
            [
                "--insecure-policy", "copy", "--src-cert-dir", registry.CertificateFolder, "--dest-cert-dir", registry.CertificateFolder,
                "--src-creds", credentials, "--dest-creds", credentials, $"docker://{registry.Address}/{from}", $"docker://{registry.Address}/{to}",
            ];
            if (fails)
            {
                await Assert.ThrowsAsync<InvalidOperationException>(() => Tool.RunAsync("skopeo", words));
            }
            else
            {
                await Tool.RunAsync("skopeo", words);
            }
        }
    }

    [Fact]
    public async Task Whoever_names_no_user_may_pull_where_that_is_allowed()
    {
        await using RegistryRig registry = await RegistryRig.StartAsync(
            new RegistryOptions { Token = new TokenOptions { AnonymousPull = true } }).OrSkipAsync();
        string reference = await registry.PushAsync("busybox");
        await Tool.RunAsync("skopeo", "inspect", "--raw", "--tls-verify=false", $"docker://{reference}");
        TokenRequest asked = Assert.Single(registry.Tokens!.Asked);
        Assert.False(asked.HasAuthorization);
        Assert.Equal(["repository:library/busybox:pull"], asked.Granted);
    }

    [Fact]
    public async Task Tokens_are_given_for_passwords_and_refresh_tokens_and_end()
    {
        var token = new TokenOptions { Lifetime = TimeSpan.FromSeconds(3) };
        await using RegistryRig registry = await RegistryRig.StartAsync(
            new RegistryOptions { User = "me", Password = "word", Token = token }).OrSkipAsync();
        await registry.PushAsync("busybox");
        TokenServer tokens = registry.Tokens!;
        using HttpClient client = registry.CreateClient();

        JsonNode byPassword = (await PostAsync(HttpStatusCode.OK, "password", ("username", "me"), ("password", "word"), ("access_type", "offline")))!;
        Assert.Equal(3, (int)byPassword["expires_in"]!);
        string refresh = (string)byPassword["refresh_token"]!;
        JsonNode byRefresh = (await PostAsync(HttpStatusCode.OK, "refresh_token", ("refresh_token", refresh)))!;
        await PostAsync(HttpStatusCode.BadRequest, "password", ("username", "me"), ("password", "wrong"));
        await PostAsync(HttpStatusCode.BadRequest, "refresh_token", ("refresh_token", "wrong"));
        Assert.Equal(HttpStatusCode.OK, await GetManifestAsync((string)byRefresh["access_token"]!));
        await Task.Delay(token.Lifetime + TimeSpan.FromSeconds(1)); // the end is told in whole seconds
        Assert.Equal(HttpStatusCode.Unauthorized, await GetManifestAsync((string)byRefresh["access_token"]!));

        tokens.RevokeRefreshTokens();
        await PostAsync(HttpStatusCode.BadRequest, "refresh_token", ("refresh_token", refresh));
        Assert.All(tokens.Asked, asked => Assert.Equal(("POST", "test", "rig-registry"), (asked.Method, asked.ClientId, asked.Service)));
        Assert.DoesNotContain("word", string.Join('\n', tokens.Asked.Select(asked => asked.ToString().Replace("password", ""))));

        // By GET, and with faults of its own.
        tokens.Add(new RegistryFault { Times = 1, Status = 503 });
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await GetTokenAsync()).Status);
        (HttpStatusCode status, JsonNode? byGet) = await GetTokenAsync();
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.NotNull(byGet!["token"]);
        Assert.NotNull(byGet["refresh_token"]);

        async Task<JsonNode?> PostAsync(HttpStatusCode expected, string grant, params (string Name, string Value)[] fields)
        {
            var form = fields.ToDictionary(field => field.Name, field => field.Value);
            form["grant_type"] = grant;
            form["client_id"] = "test";
            form["service"] = "rig-registry";
            form["scope"] = "repository:library/busybox:pull";
            using var content = new FormUrlEncodedContent(form);
            using HttpResponseMessage response = await client.PostAsync(tokens.Realm, content);
            Assert.Equal(expected, response.StatusCode);
            return await response.Content.ReadFromJsonAsync<JsonNode>();
        }

        async Task<(HttpStatusCode Status, JsonNode? Body)> GetTokenAsync()
        {
            using var request = new HttpRequestMessage(
                HttpMethod.Get, new Uri(tokens.Realm + "?service=rig-registry&scope=repository:library/busybox:pull&offline_token=true"));
            request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes("me:word")));
            using HttpResponseMessage response = await client.SendAsync(request);
            return (response.StatusCode, response.IsSuccessStatusCode ? await response.Content.ReadFromJsonAsync<JsonNode>() : null);
        }

        async Task<HttpStatusCode> GetManifestAsync(string bearer)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(registry.Url, "v2/library/busybox/manifests/1"));
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", bearer);
            request.Headers.Accept.ParseAdd("application/vnd.oci.image.manifest.v1+json");
            using HttpResponseMessage response = await client.SendAsync(request);
            return response.StatusCode;
        }
    }

    [Fact]
    public async Task What_cannot_be_is_refused()
    {
        await Assert.ThrowsAsync<ArgumentException>(() => RegistryRig.StartAsync(new RegistryOptions { ClientCertificate = true }));
        await Assert.ThrowsAsync<ArgumentException>(() => RegistryRig.StartAsync(new RegistryOptions { User = "me" }));
    }

    /// <summary>How curl ends: 0 when there was an answer.</summary>
    private static async Task<string> CurlAsync(Uri registry, params string[] options) => (await Tool.RunAsync(
        "sh", ["-c", "curl --silent --output /dev/null --noproxy '*' \"$@\"; echo $?", "sh", .. options, $"{registry}v2/"])).Trim();
}
