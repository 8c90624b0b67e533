using System.Net;
using System.Text.Json.Nodes;
using CtrPS.Client.Registry;
using CtrPS.Client.Tests.Daemon;
using CtrPS.Client.Tests.Images;
using CtrPS.Rig;
using CtrPS.Rig.Registry;

namespace CtrPS.Client.Tests.Registry;

/// <summary>Pushes to a real registry: what others read is what was sent, nothing goes twice, and faults lead to no half image.</summary>
public sealed class ImageSenderTests(ImageReceiverTests.Parts parts) : IClassFixture<ImageReceiverTests.Parts>
{
    private const string Nginx = "docker.io/library/nginx:deb";
    private const string Busybox = "docker.io/library/busybox:1.35";
    private const string Partial = "docker.io/library/index:partial";
    private const string Uploads = "/blobs/uploads/";

    public static TheoryData<Generation> Generations => Daemons.Generations;

    public static TheoryData<string> Passing => [.. PassingFaults.Keys];

    private static Dictionary<string, RegistryFault> PassingFaults { get; } = new()
    {
        ["upload cut"] = new() { Method = "PUT", Path = Uploads, Times = 1, CutRequestAfter = 300_000 },
        ["500 for an upload"] = new() { Method = "PUT", Path = Uploads, Times = 2, Status = 500 },
        ["429 with Retry-After"] = new()
        {
            Method = "POST",
            Times = 1,
            Status = 429,
            Headers = new Dictionary<string, string?> { ["Retry-After"] = "1" },
        },
        ["relative Location"] = new() { Method = "POST", Headers = new Dictionary<string, string?> { ["Location"] = "{location}" } },
        ["Location on another host"] = new() { Method = "POST", Headers = new Dictionary<string, string?> { ["Location"] = "{storage}{location}" } },
        ["mount refused"] = new() { Method = "POST", RefuseMount = true },
        ["HEAD refused"] = new() { Method = "HEAD", Status = 405 },
        ["no digest told"] = new() { Headers = new Dictionary<string, string?> { ["Docker-Content-Digest"] = null } },
    };

    [Theory]
    [MemberData(nameof(Generations))]
    public async Task What_is_sent_is_read_by_others(Generation generation)
    {
        await using ContainerdRig rig = await ImageRepairerTests.StartIsolatedAsync(generation);
        await using ICtrConnection connection = await Connector.OpenAsync(CtrEndpoint.Parse(rig.Address), CancellationToken.None);
        _ = await RigImages.LoadAsync(rig, "nginx", "send", unpack: false);
        string target = $"{parts.Registry.Address}/sent/{generation}:1".ToLowerInvariant();
        CtrImage image = await StoreProbe.ImageAsync(connection, "send", Nginx);
        CtrSentImage sent = await SendAsync(connection, image, target);
        Assert.Equal((CtrSendStatus.Sent, 5, 0, 0), (sent.Status, sent.Pushed, sent.Mounted, sent.Skipped));
        Assert.Equal(image.Digest, sent.Digest);

        // skopeo and crane read the same bytes, and ctr pulls it into where nothing is.
        string read = await Archives.Tool.RunAsync("skopeo", "inspect", "--tls-verify=false", "--format", "{{.Digest}}", $"docker://{target}");
        Assert.Equal(image.Digest, read.Trim());
        _ = (await rig.CtrAsync("-n", "other", "images", "pull", "--plain-http", target)).Check();
        Assert.Contains("complete (4/4)", await StoreProbe.CheckAsync(rig, "other", target), StringComparison.Ordinal);

        sent = await SendAsync(connection, image, target);
        Assert.Equal((CtrSendStatus.UpToDate, 0, 0, 5, 0L), (sent.Status, sent.Pushed, sent.Mounted, sent.Skipped, sent.BytesSent));
        await using (FaultyRegistry counted = await FaultyRegistry.StartAsync(parts.Registry))
        {
            string same = target.Replace(parts.Registry.Address, counted.Address, StringComparison.Ordinal);
            Assert.Equal(5, (await SendAsync(connection, image, same)).Skipped);
            Assert.Single(counted.Requests);
            Assert.Equal(5, (await SendAsync(connection, image, same, askForAll: true)).Skipped);
            Assert.Equal(6, counted.Requests.Count);
        }

        sent = await SendAsync(connection, image, target.Replace("/sent/", "/sent/again-", StringComparison.Ordinal));
        Assert.Equal((CtrSendStatus.Sent, 1, 4, 0), (sent.Status, sent.Pushed, sent.Mounted, sent.Skipped));
        Assert.Contains(
            await StoreProbe.LabelsAsync(rig, "send"),
            line => line.Contains("containerd.io/distribution.source.127.0.0.1=sent/again-", StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Generations))]
    public async Task An_index_that_is_not_whole_goes_only_as_what_it_is(Generation generation)
    {
        await using ContainerdRig rig = await ImageRepairerTests.StartIsolatedAsync(generation);
        await using ICtrConnection connection = await Connector.OpenAsync(CtrEndpoint.Parse(rig.Address), CancellationToken.None);
        _ = await RigImages.LoadAsync(rig, "index", "send", unpack: false);
        CtrImage image = await StoreProbe.ImageAsync(connection, "send", Partial);
        await using FaultyRegistry faulty = await FaultyRegistry.StartAsync(parts.Registry);
        string target = $"{faulty.Address}/index/{generation}".ToLowerInvariant();
        CtrException e = await Assert.ThrowsAsync<CtrException>(() => SendAsync(connection, image, target + ":all"));
        Assert.Equal(CtrErrorIds.BlobMissing, e.ErrorId);
        Assert.Contains("-Platform Available", e.RecommendedAction, StringComparison.Ordinal);
        Assert.Empty(faulty.Requests);

        CtrSentImage sent = await SendAsync(connection, image, target + ":available", CtrPlatformScope.Available);
        Assert.NotEqual(image.Digest, sent.Digest);
        string raw = await Archives.Tool.RunAsync("skopeo", "inspect", "--raw", "--tls-verify=false", $"docker://{target}:available");
        Assert.Equal(sent.Platforms.Count, JsonNode.Parse(raw)!["manifests"]!.AsArray().Count);

        sent = await SendAsync(connection, image, target + ":one", CtrPlatformScope.Listed, "linux/amd64");
        raw = await Archives.Tool.RunAsync("skopeo", "inspect", "--raw", "--tls-verify=false", $"docker://{target}:one");
        Assert.NotNull(JsonNode.Parse(raw)!["config"]);
        Assert.Equal(["linux/amd64"], sent.Platforms);
        Assert.Equal(
            CtrErrorIds.PlatformNotFound,
            (await Assert.ThrowsAsync<CtrException>(
                () => SendAsync(connection, image, target + ":no", CtrPlatformScope.Listed, "linux/s390x"))).ErrorId);
    }

    [Theory]
    [MemberData(nameof(Passing))]
    public async Task Comes_through(string fault)
    {
        await using FaultyRegistry faulty = await FaultyRegistry.StartAsync(parts.Registry);
        string ns = parts.Namespace();
        _ = await RigImages.LoadAsync(parts.Daemon, "busybox", ns, unpack: false);
        CtrImage image = await StoreProbe.ImageAsync(parts.Connection, ns, Busybox);
        string first = $"{faulty.Address}/first/{Guid.NewGuid():n}:1";
        if (fault == "mount refused")
        {
            _ = await SendAsync(parts.Connection, image, first);
        }

        faulty.Add(PassingFaults[fault]);
        string target = $"{faulty.Address}/faults/{Guid.NewGuid():n}:1";
        CtrSentImage sent = await SendAsync(parts.Connection, image, target);
        Assert.Equal(image.Digest, sent.Digest);
        faulty.ClearFaults();
        string read = await Archives.Tool.RunAsync("skopeo", "inspect", "--tls-verify=false", "--format", "{{.Digest}}", $"docker://{target}");
        Assert.Equal(image.Digest, read.Trim());
        Assert.All(
            (await faulty.SettleAsync(TimeSpan.FromSeconds(10))).Where(request => request.Place == FaultyPlace.Storage),
            request => Assert.False(request.IsAuthorized));
    }

    [Theory]
    [InlineData(403, CtrErrorIds.RegistryDenied)]
    [InlineData(413, CtrErrorIds.RegistryFailed)]
    public async Task Is_ended_by(int status, string id)
    {
        await using FaultyRegistry faulty = await FaultyRegistry.StartAsync(parts.Registry);
        string ns = parts.Namespace();
        _ = await RigImages.LoadAsync(parts.Daemon, "busybox", ns, unpack: false);
        CtrImage image = await StoreProbe.ImageAsync(parts.Connection, ns, Busybox);
        faulty.Add(new RegistryFault { Method = "PUT", Path = Uploads, Status = status, ErrorCode = "DENIED", ErrorMessage = "no" });
        string target = $"{faulty.Address}/ended/{Guid.NewGuid():n}:1";
        CtrException e = await Assert.ThrowsAsync<CtrException>(() => SendAsync(parts.Connection, image, target));
        Assert.Equal(id, e.ErrorId);
        Assert.Contains("DENIED: no", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(faulty.Requests, request => request.Method == "PUT" && request.Path.Contains("/manifests/", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Uploads_go_to_no_place_that_is_refused()
    {
        await using FaultyRegistry faulty = await FaultyRegistry.StartAsync(parts.Registry);
        string ns = parts.Namespace();
        _ = await RigImages.LoadAsync(parts.Daemon, "busybox", ns, unpack: false);
        CtrImage image = await StoreProbe.ImageAsync(parts.Connection, ns, Busybox);
        faulty.Add(new RegistryFault
        {
            Method = "POST",
            Headers = new Dictionary<string, string?> { ["Location"] = "http://169.254.169.254/upload" },
        });
        CtrException e = await Assert.ThrowsAsync<CtrException>(
            () => SendAsync(parts.Connection, image, $"{faulty.Address}/unsafe/{Guid.NewGuid():n}:1"));
        Assert.Equal(CtrErrorIds.RegistryUntrusted, e.ErrorId);
    }

    [Fact]
    public async Task Eight_send_the_same_image_at_once()
    {
        string ns = parts.Namespace();
        _ = await RigImages.LoadAsync(parts.Daemon, "nginx", ns, unpack: false);
        CtrImage image = await StoreProbe.ImageAsync(parts.Connection, ns, Nginx);
        string target = $"{parts.Registry.Address}/crowd/{Guid.NewGuid():n}:1";
        CtrSentImage[] all = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => SendAsync(parts.Connection, image, target)));
        Assert.All(all, one => Assert.Equal(image.Digest, one.Digest));
        string read = await Archives.Tool.RunAsync("skopeo", "inspect", "--tls-verify=false", "--format", "{{.Digest}}", $"docker://{target}");
        Assert.Equal(image.Digest, read.Trim());
    }

    [Fact]
    public async Task Rights_are_asked_for_by_tokens()
    {
        await using RegistryRig registry = await RegistryRig.StartAsync(new RegistryOptions
        {
            User = "rig",
            Password = "S3cret!",
            Token = new TokenOptions
            {
                AnonymousPull = true,
                Users = [new TokenUser("reader", "pass") { Rights = new Dictionary<string, string> { ["*"] = "pull" } }],
            },
        }).OrSkipAsync();
        string ns = parts.Namespace();
        _ = await RigImages.LoadAsync(parts.Daemon, "busybox", ns, unpack: false);
        CtrImage image = await StoreProbe.ImageAsync(parts.Connection, ns, Busybox);
        string target = $"{registry.Address}/rights/box:1";
        foreach (NetworkCredential? wrong in new[] { null, new NetworkCredential("reader", "pass") })
        {
            CtrException e = await Assert.ThrowsAsync<CtrException>(() => SendAsync(parts.Connection, image, target, credential: wrong));
            Assert.Equal(CtrErrorIds.RegistryDenied, e.ErrorId);
        }

        CtrSentImage sent = await SendAsync(parts.Connection, image, target, credential: new NetworkCredential("rig", "S3cret!"));
        Assert.Equal(CtrSendStatus.Sent, sent.Status);
        Assert.Contains(registry.Tokens!.Asked, asked => asked.Scopes.Contains("repository:rights/box:pull,push"));
    }

    private static async Task<CtrSentImage> SendAsync(
        ICtrConnection connection,
        CtrImage image,
        string target,
        CtrPlatformScope scope = CtrPlatformScope.All,
        string? platform = null,
        NetworkCredential? credential = null,
        bool askForAll = false)
    {
        using var registries = new RegistryClient(
            new CtrRegistryOptions { HostsFolders = [], RetryInterval = TimeSpan.FromMilliseconds(50), Credential = credential },
            new ImageReceiverTests.NobodyKnown());
        ICtrSendPlan plan = await connection.Sender.PlanAsync(
            new CtrSendRequest
            {
                Image = image,
                Target = CtrImageReference.Parse(target),
                AskForAll = askForAll,
                Scope = scope,
                Platforms = platform is null ? [] : [CtrPlatform.Parse(platform)],
            },
            registries,
            CancellationToken.None);
        return await plan.RunAsync(new CtrTransferMeter(), CancellationToken.None);
    }
}
