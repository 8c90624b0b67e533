using System.Diagnostics;
using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using CtrPS.Client.Tests.Daemon;
using CtrPS.Rig;
using CtrPS.Rig.Registry;

namespace CtrPS.Client.Tests.Registry;

/// <summary>The faulty registry hands everything through, does wrong what it is told to, and its log tells the truth.</summary>
public sealed class FaultyRegistryTests(FaultyRegistryTests.Upstream upstream) : IClassFixture<FaultyRegistryTests.Upstream>
{
    private const string Blobs = "/blobs/";
    private const string ManifestPath = "v2/library/busybox/manifests/1";

    [Fact]
    public async Task Without_faults_it_is_the_registry_behind()
    {
        await using Front front = await upstream.OpenAsync();
        await Archives.Tool.RunAsync(
            "skopeo", "--insecure-policy", "copy", "--src-tls-verify=false", "--dest-tls-verify=false",
            $"docker://{front.Faulty.Address}/library/busybox:1", $"docker://{front.Faulty.Address}/library/{Guid.NewGuid():n}:1");
        Assert.All(front.Faulty.Requests, request => Assert.Null(request.Fault));
        ServedRequest upload = front.Faulty.Requests.First(request => request.Method == "PATCH");
        Assert.True(upload.Received > 0);
        (HttpResponseMessage response, byte[] body) = await front.GetAsync(front.Blob);
        Assert.Equal(front.Layer, body);
        Assert.Equal(front.Layer.Length, response.Content.Headers.ContentLength);
        Assert.Equal(front.Layer.Length, (await front.LastAsync()).Sent);
        Assert.True(await front.LastAsync() is { IsComplete: true, IsOver: true, Status: 200, Range: null, Scheme: null });
        (response, body) = await front.GetAsync(front.Blob, range: "bytes=100-");
        Assert.Equal(HttpStatusCode.PartialContent, response.StatusCode);
        Assert.Equal(front.Layer[100..], body);
        Assert.Equal("bytes=100-", (await front.LastAsync()).Range);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(300_001)]
    public async Task A_cut_comes_after_exactly_so_many_bytes_so_often(int count)
    {
        await using Front front = await upstream.OpenAsync(new RegistryFault { Method = "GET", Path = Blobs, Skip = 1, Times = 2, CutAfter = count });
        Assert.Equal(front.Layer, (await front.GetAsync(front.Blob)).Body);
        for (int i = 0; i < 2; i++)
        {
            byte[] begin = await front.ReadUntilItBreaksAsync(front.Blob);
            Assert.Equal(front.Layer[..count], begin);
            Assert.Equal(count, (await front.LastAsync()).Sent);
            Assert.False((await front.LastAsync()).IsComplete);
        }

        Assert.Equal(front.Layer, (await front.GetAsync(front.Blob)).Body);
    }

    [Fact]
    public async Task Resets_come_in_the_middle_and_before_an_answer()
    {
        await using Front front = await upstream.OpenAsync(
            new RegistryFault { Method = "GET", Path = Blobs, Times = 1, CutAfter = 1000, Reset = true },
            new RegistryFault { Method = "GET", Path = Blobs, Times = 1, Drop = true },
            new RegistryFault { Method = "PATCH", CutRequestAfter = 5000 });
        Assert.True((await front.ReadUntilItBreaksAsync(front.Blob)).Length <= 1000);
        await Assert.ThrowsAsync<HttpRequestException>(() => front.GetAsync(front.Blob));
        Assert.Equal(0, (await front.LastAsync()).Status);

        Uri upload = await front.BeginUploadAsync();
        using var body = new ByteArrayContent(front.Layer);
        await Assert.ThrowsAsync<HttpRequestException>(() => front.Client.PatchAsync(upload, body));
        Assert.Equal(5000, (await front.LastAsync()).Received);
    }

    [Fact]
    public async Task Stalls_hangs_and_trickles_take_their_time()
    {
        await using Front front = await upstream.OpenAsync(
            new RegistryFault { Name = "stall", Path = Blobs, Times = 1, StallAfter = 2000 },
            new RegistryFault { Name = "pause", Path = Blobs, Times = 1, StallAfter = 2000, StallSeconds = 0.3 },
            new RegistryFault { Name = "hang", Path = Blobs, Times = 1, Ranged = true, Hang = true },
            new RegistryFault { Name = "late", Path = Blobs, Times = 1, DelaySeconds = 0.3 },
            new RegistryFault { Name = "trickle", Path = Blobs, BytesPerSecond = 2_000_000 });
        using (var patience = new CancellationTokenSource(500))
        {
            using HttpResponseMessage response = await front.Client.GetAsync(front.Blob, HttpCompletionOption.ResponseHeadersRead);
            await using Stream stream = await response.Content.ReadAsStreamAsync();
            byte[] begin = new byte[2000];
            await stream.ReadExactlyAsync(begin);
            await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await stream.ReadExactlyAsync(begin, patience.Token));
        }

        Assert.Equal(2000, (await front.LastAsync()).Sent);
        await TakesAsync(0.3, "pause");
        using (var patience = new CancellationTokenSource(300))
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(
                () => front.GetAsync(front.Blob, range: "bytes=1-", cancellationToken: patience.Token));
            Assert.Equal("hang", (await front.LastAsync()).Fault);
        }

        await TakesAsync(0.3, "late");
        await TakesAsync(0.4, "trickle");

        async Task TakesAsync(double seconds, string name)
        {
            var clock = Stopwatch.StartNew();
            Assert.Equal(front.Layer, (await front.GetAsync(front.Blob)).Body);
            Assert.InRange(clock.Elapsed.TotalSeconds, seconds, 20);
            Assert.Equal(name, (await front.LastAsync()).Fault);
        }
    }

    [Fact]
    public async Task Statuses_come_with_their_headers_and_bodies()
    {
        await using Front front = await upstream.OpenAsync(
            new RegistryFault { Times = 1, Status = 429, Headers = new Dictionary<string, string?> { ["Retry-After"] = "2" } },
            new RegistryFault { Times = 1, Status = 500, ErrorCode = "UNKNOWN", ErrorMessage = "bad \u001b[31m day" },
            new RegistryFault { Times = 1, Status = 502, Body = "<p>sorry</p>\n", BodyLength = 10_000_000, ContentType = "text/html" },
            new RegistryFault { Times = 1, Status = 503, Headers = new Dictionary<string, string?> { ["X-Huge"] = new string('x', 200_000) } },
            new RegistryFault { Method = "HEAD", Status = 405 },
            new RegistryFault { Method = "PATCH", Status = 413, Early = true });
        (HttpResponseMessage response, byte[] body) = await front.GetAsync(front.Blob);
        Assert.Equal((HttpStatusCode.TooManyRequests, "2"), (response.StatusCode, response.Headers.RetryAfter!.ToString()));
        (response, body) = await front.GetAsync(front.Blob);
        Assert.Equal("bad \u001b[31m day", (string)JsonNode.Parse(body)!["errors"]![0]!["message"]!);
        (response, body) = await front.GetAsync(front.Blob);
        Assert.Equal((10_000_000, "text/html"), (body.Length, response.Content.Headers.ContentType!.MediaType));
        await Assert.ThrowsAsync<HttpRequestException>(() => front.GetAsync(front.Blob)); // more than .NET takes
        using var head = new HttpRequestMessage(HttpMethod.Head, new Uri(front.Faulty.Url, ManifestPath));
        using HttpResponseMessage refused = await front.Client.SendAsync(head);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, refused.StatusCode);
        Uri upload = await front.BeginUploadAsync();
        using var data = new ByteArrayContent(front.Layer[..10_000]);
        using HttpResponseMessage tooMuch = await front.Client.PatchAsync(upload, data);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, tooMuch.StatusCode);
        Assert.Equal(0, (await front.LastAsync()).Received);
        IReadOnlyList<ServedRequest> served = await front.Faulty.SettleAsync(TimeSpan.FromSeconds(10));
        Assert.Equal([429, 500, 502, 503, 405, 202, 413], served.Select(request => request.Status));
    }

    [Fact]
    public async Task Bodies_come_changed()
    {
        await using Front front = await upstream.OpenAsync(
            new RegistryFault { Times = 1, CorruptAt = 200_000 },
            new RegistryFault { Times = 1, Lengthen = 7 },
            new RegistryFault { Times = 1, Lengthen = -7 },
            new RegistryFault { Times = 1, Chunked = true },
            new RegistryFault { Times = 1, Gzip = true });
        byte[] wrong = [.. front.Layer];
        wrong[200_000] ^= 0xFF;
        Assert.Equal(wrong, (await front.GetAsync(front.Blob)).Body);
        (HttpResponseMessage response, byte[] body) = await front.GetAsync(front.Blob);
        Assert.Equal([.. front.Layer, 0, 0, 0, 0, 0, 0, 0], body);
        Assert.Equal(body.Length, response.Content.Headers.ContentLength);
        Assert.Equal(front.Layer[..^7], (await front.GetAsync(front.Blob)).Body);
        (response, body) = await front.GetAsync(front.Blob);
        Assert.Equal(front.Layer, body);
        Assert.True(response.Headers.TransferEncodingChunked);
        (response, body) = await front.GetAsync(front.Blob);
        Assert.Equal(["gzip"], response.Content.Headers.ContentEncoding);
        await using var unpacked = new GZipStream(new MemoryStream(body), CompressionMode.Decompress);
        var whole = new MemoryStream();
        await unpacked.CopyToAsync(whole);
        Assert.Equal(front.Layer, whole.ToArray());
        Assert.Equal(body.Length, (await front.LastAsync()).Sent);
    }

    [Fact]
    public async Task Ranges_are_ignored_or_answered_without_saying_which()
    {
        await using Front front = await upstream.OpenAsync(
            new RegistryFault { Ranged = true, Times = 1, IgnoreRange = true },
            new RegistryFault { Ranged = true, Headers = new Dictionary<string, string?> { ["Content-Range"] = null } });
        (HttpResponseMessage response, byte[] body) = await front.GetAsync(front.Blob, range: "bytes=5-9");
        Assert.Equal((HttpStatusCode.OK, front.Layer.Length), (response.StatusCode, body.Length));
        (response, body) = await front.GetAsync(front.Blob, range: "bytes=5-9");
        Assert.Equal((HttpStatusCode.PartialContent, 5), (response.StatusCode, body.Length));
        Assert.Null(response.Content.Headers.ContentRange);
    }

    [Fact]
    public async Task Redirects_and_locations_lead_elsewhere()
    {
        await using Front front = await upstream.OpenAsync(
            new RegistryFault { Method = "GET", Times = 1, Redirect = "{storage}{path}", Place = FaultyPlace.Self },
            new RegistryFault { Method = "GET", Times = 1, Redirect = "{otherPort}{path}", Place = FaultyPlace.Self },
            new RegistryFault { Method = "GET", Times = 1, Redirect = "http://169.254.169.254/", Status = 302, Place = FaultyPlace.Self },
            new RegistryFault { Method = "POST", Times = 1, Headers = new Dictionary<string, string?> { ["Location"] = "{location}" } },
            new RegistryFault { Method = "POST", Times = 1, Headers = new Dictionary<string, string?> { ["Location"] = "{storage}{location}" } });
        (HttpResponseMessage response, _) = await front.GetAsync(front.Blob);
        Assert.Equal((HttpStatusCode.TemporaryRedirect, "127.0.0.2"), (response.StatusCode, response.Headers.Location!.Host));
        Assert.Equal(front.Layer, (await front.GetAsync(response.Headers.Location!)).Body);
        Assert.Equal(FaultyPlace.Storage, (await front.LastAsync()).Place);
        (response, _) = await front.GetAsync(response.Headers.Location!, bearer: "leaked");
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal("Bearer", (await front.LastAsync()).Scheme);
        (response, _) = await front.GetAsync(front.Blob);
        Assert.Equal(("127.0.0.1", true), (response.Headers.Location!.Host, response.Headers.Location.Port != front.Faulty.Url.Port));
        Assert.Equal(front.Layer, (await front.GetAsync(response.Headers.Location)).Body);
        (response, _) = await front.GetAsync(front.Blob);
        Assert.Equal("http://169.254.169.254/", response.Headers.Location!.ToString());

        Assert.StartsWith("/v2/library/", (await front.BeginUploadAsync()).OriginalString);
        Assert.Equal("127.0.0.2", (await front.BeginUploadAsync()).Host);
        Assert.Equal(front.Faulty.Address, (await front.BeginUploadAsync()).Authority);
    }

    [Fact]
    public async Task Digests_and_mounts_are_denied()
    {
        await using Front front = await upstream.OpenAsync(
            new RegistryFault { Method = "GET", Times = 1, Headers = new Dictionary<string, string?> { ["Docker-Content-Digest"] = null } },
            new RegistryFault { Method = "GET", Headers = new Dictionary<string, string?> { ["Docker-Content-Digest"] = "sha256:0" } },
            new RegistryFault { Method = "POST", Times = 1, RefuseMount = true });
        (HttpResponseMessage response, _) = await front.GetAsync(front.Blob);
        Assert.False(response.Headers.Contains("Docker-Content-Digest"));
        (response, _) = await front.GetAsync(front.Blob);
        Assert.Equal(["sha256:0"], response.Headers.GetValues("Docker-Content-Digest"));
        var mount = new Uri(front.Faulty.Url, $"v2/library/mounted/blobs/uploads/?mount={front.Digest}&from=library/busybox");
        foreach (HttpStatusCode expected in new[] { HttpStatusCode.Accepted, HttpStatusCode.Created })
        {
            using HttpResponseMessage answer = await front.Client.PostAsync(mount, null);
            Assert.Equal(expected, answer.StatusCode);
        }
    }

    [Fact]
    public async Task Tokens_expire_and_realms_are_elsewhere_when_told_to()
    {
        var token = new TokenOptions { AnonymousPull = true };
        await using RegistryRig registry = await RegistryRig.StartAsync(new RegistryOptions { Tls = true, Token = token }).OrSkipAsync();
        await using Front front = await Front.OpenAsync(
            registry,
            new RegistryFault { Authorized = true, Times = 1, DropAuthorization = true },
            new RegistryFault
            {
                Authorized = false,
                Place = FaultyPlace.Self,
                Skip = 1,
                Status = 401,
                Headers = new Dictionary<string, string?> { ["WWW-Authenticate"] = "Bearer realm=\"{plain}/token\",service=\"x\"" },
            });
        (HttpResponseMessage response, _) = await front.GetAsync(front.Manifest);
        Assert.Contains(registry.Tokens!.Realm.ToString(), response.Headers.WwwAuthenticate.ToString());
        string bearer = await front.GetTokenAsync(registry.Tokens);
        (response, _) = await front.GetAsync(front.Manifest, bearer: bearer);
        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.True((await front.LastAsync()).IsAuthorized);
        (response, _) = await front.GetAsync(front.Manifest, bearer: bearer);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        (response, _) = await front.GetAsync(front.Manifest);
        Uri plain = front.Faulty.UrlOf(FaultyPlace.Plain);
        Assert.Equal("http", plain.Scheme);
        Assert.Equal($"Bearer realm=\"{plain}token\",service=\"x\"", response.Headers.WwwAuthenticate.ToString());

        // What stands for the store of blobs needs no token.
        var blob = new Uri(front.Faulty.UrlOf(FaultyPlace.Storage), front.Blob.PathAndQuery);
        Assert.Equal(front.Layer, (await front.GetAsync(blob)).Body);
    }

    [Fact]
    public async Task The_certificate_is_as_asked()
    {
        await using FaultyRegistry expired = await FaultyRegistry.StartAsync(
            upstream.Registry, new FaultyRegistryOptions { Tls = true, Leaf = LeafKind.Expired });
        using HttpClient client = upstream.Registry.CreateClient();
        await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync(new Uri(expired.Url, "v2/")));
        await using FaultyRegistry good = await FaultyRegistry.StartAsync(upstream.Registry, new FaultyRegistryOptions { Tls = true });
        using HttpResponseMessage response = await client.GetAsync(new Uri(good.Url, "v2/"));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.True(File.Exists(good.CertificatePath));
    }

    [Fact]
    public async Task It_ends_while_requests_hang()
    {
        Front front = await upstream.OpenAsync(new RegistryFault { Hang = true });
        Task<(HttpResponseMessage, byte[])> request = front.GetAsync(front.Blob);
        while (front.Faulty.Requests.Count == 0)
        {
            await Task.Delay(10);
        }

        await front.Faulty.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(10));
        await Assert.ThrowsAsync<HttpRequestException>(() => request);
        await front.DisposeAsync();
    }

    /// <summary>One registry with busybox for all of these tests.</summary>
    public sealed class Upstream : IAsyncLifetime
    {
        private RegistryRig? _registry;

        internal RegistryRig Registry => _registry!;

        public async ValueTask InitializeAsync() => _registry = await RegistryRig.StartAsync().OrSkipAsync();

        public ValueTask DisposeAsync() => _registry?.DisposeAsync() ?? ValueTask.CompletedTask;

        internal Task<Front> OpenAsync(params RegistryFault[] faults) => Front.OpenAsync(Registry, faults);
    }

    /// <summary>A faulty registry with a client, and the layer that is asked for.</summary>
    internal sealed class Front : IAsyncDisposable
    {
        private Front(RegistryRig registry, FaultyRegistry faulty)
        {
            Client = registry.CreateClient();
            Faulty = faulty;
        }

        public FaultyRegistry Faulty { get; }

        public HttpClient Client { get; }

        public string Digest { get; private set; } = "";

        /// <summary>What the layer really is.</summary>
        public byte[] Layer { get; private set; } = [];

        public Uri Manifest => new(Faulty.Url, ManifestPath);

        public Uri Blob => new(Faulty.Url, $"v2/library/busybox/blobs/{Digest}");

        public async Task<ServedRequest> LastAsync() => (await Faulty.SettleAsync(TimeSpan.FromSeconds(10)))[^1];

        public static async Task<Front> OpenAsync(RegistryRig registry, params RegistryFault[] faults)
        {
            var front = new Front(registry, await FaultyRegistry.StartAsync(registry));
            await front.Faulty.PushAsync("busybox");
            string? bearer = registry.Tokens is { } tokens ? await front.GetTokenAsync(tokens) : null;
            front.Digest = (string)JsonNode.Parse((await front.GetAsync(front.Manifest, bearer: bearer)).Body)!["layers"]![0]!["digest"]!;
            front.Layer = (await front.GetAsync(front.Blob, bearer: bearer)).Body;
            front.Faulty.ClearRequests();
            foreach (RegistryFault fault in faults)
            {
                front.Faulty.Add(fault);
            }

            return front;
        }

        public async Task<(HttpResponseMessage Response, byte[] Body)> GetAsync(
            Uri uri, string? range = null, string? bearer = null, CancellationToken cancellationToken = default)
        {
            using HttpRequestMessage request = Request(uri, range, bearer);
            HttpResponseMessage response = await Client.SendAsync(request, cancellationToken);
            return (response, await response.Content.ReadAsByteArrayAsync(cancellationToken));
        }

        /// <summary>What came of a body that does not come whole.</summary>
        public async Task<byte[]> ReadUntilItBreaksAsync(Uri uri)
        {
            using HttpRequestMessage request = Request(uri, null, null);
            using HttpResponseMessage response = await Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            await using Stream stream = await response.Content.ReadAsStreamAsync();
            var body = new MemoryStream();
            Exception broken = await Assert.ThrowsAnyAsync<IOException>(() => stream.CopyToAsync(body));
            Assert.True(broken is HttpIOException || broken.InnerException is SocketException, broken.ToString());
            return body.ToArray();
        }

        public async Task<string> GetTokenAsync(TokenServer tokens)
        {
            var uri = new Uri($"{tokens.Realm}?service={tokens.Service}&scope=repository:library/busybox:pull");
            return (string)JsonNode.Parse((await GetAsync(uri)).Body)!["token"]!;
        }

        public async Task<Uri> BeginUploadAsync()
        {
            using HttpResponseMessage response = await Client.PostAsync(new Uri(Faulty.Url, "v2/library/uploaded/blobs/uploads/"), null);
            Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
            return response.Headers.Location!;
        }

        public async ValueTask DisposeAsync()
        {
            Client.Dispose();
            await Faulty.DisposeAsync();
        }

        private static HttpRequestMessage Request(Uri uri, string? range, string? bearer)
        {
            var request = new HttpRequestMessage(HttpMethod.Get, uri);
            request.Headers.Accept.ParseAdd("application/vnd.oci.image.manifest.v1+json");
            request.Headers.Range = range is null ? null : RangeHeaderValue.Parse(range);
            request.Headers.Authorization = bearer is null ? null : new AuthenticationHeaderValue("Bearer", bearer);
            return request;
        }
    }
}
