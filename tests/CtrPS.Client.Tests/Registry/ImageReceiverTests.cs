using System.Net;
using CtrPS.Client.Registry;
using CtrPS.Client.Tests.Daemon;
using CtrPS.Client.Tests.Images;
using CtrPS.Rig;
using CtrPS.Rig.Registry;

namespace CtrPS.Client.Tests.Registry;

/// <summary>Pulls from a real registry, well and through every fault: never a wrong image, never a lost lease, and the next try goes on.</summary>
public sealed class ImageReceiverTests(ImageReceiverTests.Parts parts) : IClassFixture<ImageReceiverTests.Parts>
{
    private const string Blobs = "/blobs/";

    public static TheoryData<Generation> Generations => Daemons.Generations;

    /// <summary>Faults that the pull comes through, with what the log of the registry must show of it.</summary>
    public static TheoryData<string> Passing => [.. PassingFaults.Keys];

    /// <summary>Faults that end it, with the id of the error.</summary>
    public static TheoryData<string> Ending => [.. EndingFaults.Keys];

    private static Dictionary<string, RegistryFault[]> PassingFaults { get; } = new()
    {
        ["cut"] = [new() { Method = "GET", Path = Blobs, Skip = 1, Times = 1, CutAfter = 300_000 }],
        ["cut twice, once by a reset"] =
        [
            new() { Method = "GET", Path = Blobs, Skip = 1, Times = 1, CutAfter = 300_000 },
            new() { Method = "GET", Path = Blobs, Ranged = true, Times = 1, CutAfter = 200_000, Reset = true },
        ],
        ["429 with Retry-After"] = [new() { Times = 1, Status = 429, Headers = new Dictionary<string, string?> { ["Retry-After"] = "1" } }],
        ["500 three times"] = [new() { Method = "GET", Path = Blobs, Skip = 1, Times = 3, Status = 500 }],
        ["503 for a manifest"] = [new() { Method = "HEAD", Times = 1, Status = 503 }],
        ["stall"] = [new() { Method = "GET", Path = Blobs, Skip = 1, Times = 1, StallAfter = 300_000 }],
        ["Range ignored"] =
        [
            new() { Method = "GET", Path = Blobs, Skip = 1, Times = 1, CutAfter = 300_000 },
            new() { Method = "GET", Path = Blobs, Ranged = true, IgnoreRange = true },
        ],
        ["206 without Content-Range"] =
        [
            new() { Method = "GET", Path = Blobs, Skip = 1, Times = 1, CutAfter = 300_000 },
            new() { Ranged = true, Headers = new Dictionary<string, string?> { ["Content-Range"] = null } },
        ],
        ["Range that hangs"] =
        [
            new() { Method = "GET", Path = Blobs, Skip = 1, Times = 1, CutAfter = 300_000 },
            new() { Ranged = true, Hang = true },
        ],
        ["HEAD refused"] = [new() { Method = "HEAD", Status = 405 }],
        ["no digest told"] = [new() { Headers = new Dictionary<string, string?> { ["Docker-Content-Digest"] = null } }],
        ["no Content-Length"] = [new() { Chunked = true }],
        ["gzip, unasked for"] = [new() { Method = "GET", Gzip = true }],
        ["redirect to a storage on another host"] = [new() { Method = "GET", Path = Blobs, Place = FaultyPlace.Self, Redirect = "{storage}{path}" }],
        ["redirect to another port"] = [new() { Method = "GET", Path = Blobs, Place = FaultyPlace.Self, Redirect = "{otherPort}{path}" }],
    };

    private static Dictionary<string, (RegistryFault Fault, string Id, string Says)> EndingFaults { get; } = new()
    {
        ["wrong bytes"] = (new() { Method = "GET", Path = Blobs, Skip = 1, CorruptAt = 5000 }, CtrErrorIds.BlobCorrupt, "hash to"),
        ["longer config"] = (new() { Method = "GET", Path = Blobs, Lengthen = 10 }, CtrErrorIds.BlobCorrupt, "where its descriptor says"),
        ["longer"] = (new() { Method = "GET", Path = Blobs, Skip = 1, Lengthen = 10 }, CtrErrorIds.BlobCorrupt, "where its descriptor says"),
        ["longer, unsaid"] = (
            new() { Method = "GET", Path = Blobs, Skip = 1, Lengthen = 10, Chunked = true }, CtrErrorIds.BlobCorrupt, "sends more than"),
        ["shorter"] = (new() { Method = "GET", Path = Blobs, Skip = 1, Lengthen = -10 }, CtrErrorIds.BlobCorrupt, "where its descriptor says"),
        ["always cut at the same byte"] = (
            new() { Method = "GET", Path = Blobs, Skip = 1, CutAfter = 0 }, CtrErrorIds.RegistryUnreachable, "The blob"),
        ["wrong manifest"] = (new() { Method = "GET", Path = "/manifests/", CorruptAt = 3 }, CtrErrorIds.BlobCorrupt, "sha256:"),
        ["500 for ever"] = (new() { Method = "GET", Path = Blobs, Status = 500 }, CtrErrorIds.RegistryFailed, "answered 500"),
        ["429 for an hour"] = (
            new() { Status = 429, Headers = new Dictionary<string, string?> { ["Retry-After"] = "3600" } }, CtrErrorIds.RegistryLimited, "too many"),
        ["401 for ever"] = (
            new() { Status = 401, Headers = new Dictionary<string, string?> { ["WWW-Authenticate"] = "Basic realm=\"x\"" } },
            CtrErrorIds.RegistryDenied, "asks for a login"),
        ["403"] = (
            new() { Status = 403, ErrorCode = "DENIED", ErrorMessage = "not \u001b[31myours" },
            CtrErrorIds.RegistryDenied,
            @"DENIED: not \u001b[31myours"),
        ["404"] = (new() { Status = 404, ErrorCode = "NAME_UNKNOWN", ErrorMessage = "no" }, CtrErrorIds.RemoteImageNotFound, "NAME_UNKNOWN: no"),
        ["a page of 10 MB"] = (
            new() { Status = 502, Body = "<html>", BodyLength = 10_000_000, ContentType = "text/html" }, CtrErrorIds.RegistryFailed, "answered 502"),
        ["realm elsewhere"] = (
            new()
            {
                Status = 401,
                Headers = new Dictionary<string, string?> { ["WWW-Authenticate"] = "Bearer realm=\"{storage}/token\",service=\"x\"" },
            },
            CtrErrorIds.RegistryUntrusted, "another host"),
        ["realm at the clouds' address"] = (
            new()
            {
                Status = 401,
                Headers = new Dictionary<string, string?> { ["WWW-Authenticate"] = "Bearer realm=\"http://169.254.169.254/t\",service=\"x\"" },
            },
            CtrErrorIds.RegistryUntrusted, "metadata"),
        ["redirect to the clouds' address"] = (
            new() { Method = "GET", Path = Blobs, Redirect = "http://169.254.169.254/latest" }, CtrErrorIds.RegistryUntrusted, "metadata"),
        ["redirect with a user"] = (
            new() { Method = "GET", Path = Blobs, Redirect = "http://a:b@127.0.0.1/" }, CtrErrorIds.RegistryUntrusted, "user in it"),
        ["redirect to a file"] = (new() { Method = "GET", Path = Blobs, Redirect = "file:///etc/passwd" }, CtrErrorIds.RegistryUntrusted, "scheme"),
        ["redirect to itself"] = (new() { Method = "GET", Path = Blobs, Redirect = "{self}{path}" }, CtrErrorIds.RegistryFailed, "10 times"),
    };

    [Theory]
    [MemberData(nameof(Generations))]
    public async Task What_is_pulled_is_what_ctr_pulls(Generation generation)
    {
        await using ContainerdRig rig = await ImageRepairerTests.StartIsolatedAsync(generation);
        await using ICtrConnection connection = await Connector.OpenAsync(CtrEndpoint.Parse(rig.Address), CancellationToken.None);
        string[] local = generation == Generation.V2 ? ["--local"] : [];
        foreach (string image in new[] { generation == Generation.V16 ? "nginx" : "busybox", "attested" })
        {
            string name = await parts.Registry.PushAsync(image);
            string ns = "ours-" + image, theirs = "ctr-" + image;
            _ = (await rig.CtrAsync(["-n", theirs, "images", "pull", "--plain-http", .. local, name])).Check();
            CtrReceivedImage received = await ReceiveAsync(connection, name, ns);
            Assert.Equal(CtrReceiveStatus.New, received.Status);
            Assert.True(received.Unpacked);
            Assert.Equal(0, received.BytesPresent);
            await connection.Garbage.CollectAsync(ns, CancellationToken.None);
            await connection.Garbage.CollectAsync(theirs, CancellationToken.None);
            string[] ours = await StoreProbe.LabelsAsync(rig, ns);
            string[] ctrs = await StoreProbe.LabelsAsync(rig, theirs);
            Assert.Equal(ctrs.Where(line => generation != Generation.V2 || ours.Contains(line)), ours); // 2.x has other platforms' manifests too
            Assert.Contains("complete", await StoreProbe.CheckAsync(rig, ns, name), StringComparison.Ordinal);
            Assert.EndsWith("true", (await StoreProbe.CheckAsync(rig, ns, name)).TrimEnd(), StringComparison.Ordinal);
            Assert.Equal("", await LeftAsync(rig, ns));

            received = await ReceiveAsync(connection, name, ns);
            Assert.Equal((CtrReceiveStatus.UpToDate, 0), (received.Status, received.BlobsFetched));
            _ = (await rig.CtrAsync("-n", ns, "run", "--rm", name, "probe", "/bin/true")).Check();
        }
    }

    [Theory]
    [MemberData(nameof(Generations))]
    public async Task A_tag_that_moves_is_told_and_what_is_missing_is_completed(Generation generation)
    {
        await using ContainerdRig rig = await ImageRepairerTests.StartIsolatedAsync(generation);
        await using ICtrConnection connection = await Connector.OpenAsync(CtrEndpoint.Parse(rig.Address), CancellationToken.None);
        string name = await parts.Registry.PushAsync("busybox", $"move/{generation}:1".ToLowerInvariant());
        string first = (await ReceiveAsync(connection, name, "move")).Digest;
        _ = await parts.Registry.PushAsync("pause", $"move/{generation}:1".ToLowerInvariant());
        CtrReceivedImage moved = await ReceiveAsync(connection, name, "move");
        Assert.Equal((CtrReceiveStatus.Moved, first), (moved.Status, moved.PreviousDigest));
        Assert.NotEqual(first, moved.Digest);

        ImageParts blobs = await StoreProbe.PartsAsync(rig, "move", name);
        _ = (await rig.CtrAsync("-n", "move", "content", "rm", blobs.Layers[0])).Check();
        CtrReceivedImage completed = await ReceiveAsync(connection, name, "move");
        Assert.Equal((CtrReceiveStatus.Completed, 1), (completed.Status, completed.BlobsFetched));
        Assert.Contains("complete", await StoreProbe.CheckAsync(rig, "move", name), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Generations))]
    public async Task What_is_corrupt_is_fetched_again_where_that_is_asked_for(Generation generation)
    {
        await using ContainerdRig rig = await ImageRepairerTests.StartIsolatedAsync(generation);
        await using ICtrConnection connection = await Connector.OpenAsync(CtrEndpoint.Parse(rig.Address), CancellationToken.None);
        string name = await parts.Registry.PushAsync("busybox");
        _ = await ReceiveAsync(connection, name, "renew");
        ImageParts blobs = await StoreProbe.PartsAsync(rig, "renew", name);
        StoreProbe.Flip(rig, blobs.Layers[0]);
        Assert.Equal(CtrReceiveStatus.UpToDate, (await ReceiveAsync(connection, name, "renew")).Status);
        Assert.False(StoreProbe.IsSound(rig, blobs.Layers[0]));
        CtrReceivedImage received = await ReceiveAsync(connection, name, "renew", Patient, renew: true);
        Assert.Equal((CtrReceiveStatus.Completed, 1), (received.Status, received.BlobsFetched));
        Assert.True(StoreProbe.IsSound(rig, blobs.Layers[0]));
        Assert.Equal(CtrReceiveStatus.UpToDate, (await ReceiveAsync(connection, name, "renew", Patient, renew: true)).Status);
    }

    [Theory]
    [MemberData(nameof(Passing))]
    public async Task Comes_through(string fault)
    {
        await using FaultyRegistry faulty = await FaultyRegistry.StartAsync(parts.Registry);
        string name = await faulty.PushAsync("busybox");
        string ns = parts.Namespace();
        foreach (RegistryFault one in PassingFaults[fault])
        {
            faulty.Add(one);
        }

        CtrReceivedImage received = await ReceiveAsync(parts.Connection, name, ns, Patient);
        Assert.True(received.Unpacked);
        Assert.Contains("complete", await StoreProbe.CheckAsync(parts.Daemon, ns, name), StringComparison.Ordinal);
        await parts.Connection.Garbage.CollectAsync(ns, CancellationToken.None);
        Assert.Equal("", await LeftAsync(parts.Daemon, ns));
        IReadOnlyList<ServedRequest> requests = await faulty.SettleAsync(TimeSpan.FromSeconds(10));
        Assert.All(requests.Where(request => request.Place == FaultyPlace.Storage), request => Assert.False(request.IsAuthorized));
        if (fault.StartsWith("cut", StringComparison.Ordinal))
        {
            // What came before the cut is not asked for again: the bytes on the wire are those of the image, and what was lost in the reset.
            long sent = requests.Where(request => request.Path.Contains(Blobs, StringComparison.Ordinal)).Sum(request => request.Sent);
            Assert.InRange(sent, received.BytesFetched - 1000, received.BytesFetched + 250_000);
            Assert.Contains(requests, request => request.Range?.StartsWith("bytes=", StringComparison.Ordinal) == true);
        }
    }

    [Theory]
    [MemberData(nameof(Ending))]
    public async Task Is_ended_by(string fault)
    {
        await using FaultyRegistry faulty = await FaultyRegistry.StartAsync(parts.Registry);
        string name = await faulty.PushAsync("busybox");
        string ns = parts.Namespace();
        (RegistryFault wrong, string id, string says) = EndingFaults[fault];
        faulty.Add(wrong);
        CtrException e = await Assert.ThrowsAsync<CtrException>(() => ReceiveAsync(
            parts.Connection, name, ns, Patient with { MaximumRetryCount = 1, Credential = new NetworkCredential("somebody", "S3cret!") }));
        Assert.Equal(id, e.ErrorId);
        Assert.True(e.Message.Contains(says, StringComparison.Ordinal), e.Message);
        Assert.DoesNotContain("S3cret!", e.ToString(), StringComparison.Ordinal);
        Assert.Null(await parts.Connection.Images.FindAsync(ns, name, CtrImageDetail.None, CancellationToken.None));
        Assert.All(
            (await faulty.SettleAsync(TimeSpan.FromSeconds(10))).Where(request => request.Place == FaultyPlace.Storage),
            request => Assert.False(request.IsAuthorized));

        // And when it is over, the same call brings it, and leaves nothing of the first try.
        faulty.ClearFaults();
        _ = await ReceiveAsync(parts.Connection, name, ns, Patient);
        Assert.Contains("complete", await StoreProbe.CheckAsync(parts.Daemon, ns, name), StringComparison.Ordinal);
        await parts.Connection.Garbage.CollectAsync(ns, CancellationToken.None);
        Assert.Equal("", await LeftAsync(parts.Daemon, ns));
    }

    [Theory]
    [MemberData(nameof(Generations))]
    public async Task The_next_call_goes_on_where_one_was_stopped(Generation generation)
    {
        await using ContainerdRig rig = await ImageRepairerTests.StartIsolatedAsync(generation);
        await using ICtrConnection connection = await Connector.OpenAsync(CtrEndpoint.Parse(rig.Address), CancellationToken.None);
        await using FaultyRegistry faulty = await FaultyRegistry.StartAsync(parts.Registry);
        string name = await faulty.PushAsync("nginx");
        faulty.Add(new RegistryFault { Method = "GET", Path = Blobs, StallAfter = 8_000_000 });
        using var stop = new CancellationTokenSource();
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        CtrRegistryOptions waiting = Patient with { StallTimeout = TimeSpan.FromMinutes(1) };
        Task<CtrReceivedImage> pull = ReceiveAsync(connection, name, "stop", waiting, cancellationToken: stop.Token);
        while (Ingested(rig) < 14_000_000) // seven messages of a MiB of each of two layers
        {
            Assert.False(pull.IsCompleted);
            await Task.Delay(20, limit.Token);
        }

        await stop.CancelAsync();
        _ = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => pull);

        faulty.ClearFaults();
        CtrReceivedImage received = await ReceiveAsync(connection, name, "stop", Patient);
        Assert.InRange(received.BytesResumed, 14_000_000, 16_000_000);
        Assert.Contains("complete (4/4)", await StoreProbe.CheckAsync(rig, "stop", name), StringComparison.Ordinal);
        await connection.Garbage.CollectAsync("stop", CancellationToken.None);
        Assert.Equal("", await LeftAsync(rig, "stop"));
    }

    [Fact]
    public async Task Mirrors_are_asked_in_their_order_and_the_registry_last()
    {
        await using FaultyRegistry faulty = await FaultyRegistry.StartAsync(parts.Registry);
        string name = await faulty.PushAsync("busybox");
        string folder = Directory.CreateTempSubdirectory("ctrps-hosts-").FullName;
        try
        {
            string own = Path.Combine(folder, "registry.example");
            _ = Directory.CreateDirectory(own);
            await File.WriteAllTextAsync(Path.Combine(own, "hosts.toml"), $"""
                server = "{faulty.Url}"
                [host."http://127.0.0.1:1"]
                [host."http://{parts.Registry.Address}"]
                capabilities = ["pull"]
                """);
            CtrRegistryOptions options = Patient with { HostsFolders = [folder] };
            string ns = parts.Namespace();
            CtrReceivedImage received = await ReceiveAsync(parts.Connection, "registry.example/library/busybox:1", ns, options);
            Assert.Equal("registry.example/library/busybox:1", received.Name);
            Assert.Contains(parts.Registry.Address, received.Host, StringComparison.Ordinal);
            Assert.DoesNotContain(faulty.Requests, request => request.Path.Contains(Blobs, StringComparison.Ordinal));

            // A mirror that has it not: the registry has.
            string only = $"only/here-{Guid.NewGuid():n}:1";
            faulty.Add(new RegistryFault { Path = "never" });
            await File.WriteAllTextAsync(Path.Combine(own, "hosts.toml"), $"""
                server = "http://{parts.Registry.Address}"
                [host."{faulty.Url}"]
                """);
            _ = await parts.Registry.PushAsync("busybox", only);
            faulty.Add(new RegistryFault { Status = 404 });
            faulty.ClearRequests();
            received = await ReceiveAsync(parts.Connection, "registry.example/" + only, ns, options);
            Assert.Contains(parts.Registry.Address, received.Host, StringComparison.Ordinal);
            Assert.All(faulty.Requests, request => Assert.Contains("ns=registry.example", request.Path, StringComparison.Ordinal));
            Assert.NotEmpty(faulty.Requests);
            Assert.NotNull(name);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public async Task Tokens_are_got_kept_and_renewed(bool post, bool shortLived)
    {
        await using RegistryRig registry = await RegistryRig.StartAsync(new RegistryOptions
        {
            User = "rig",
            Password = "S3cret!",
            Token = new TokenOptions { Post = post, Lifetime = TimeSpan.FromSeconds(shortLived ? 2 : 300), StatedLifetime = TimeSpan.FromMinutes(5) },
        }).OrSkipAsync();
        await using FaultyRegistry faulty = await FaultyRegistry.StartAsync(registry);
        string name = await faulty.PushAsync("nginx");
        if (shortLived)
        {
            faulty.Add(new RegistryFault { Method = "GET", Path = Blobs, Times = 2, StallAfter = 20_000_000, StallSeconds = 60 });
        }

        string ns = parts.Namespace();
        CtrRegistryOptions options = Patient with { StallTimeout = TimeSpan.FromSeconds(4) };
        CtrException denied = await Assert.ThrowsAsync<CtrException>(() => ReceiveAsync(parts.Connection, name, ns, options));
        Assert.Equal(CtrErrorIds.RegistryDenied, denied.ErrorId);
        denied = await Assert.ThrowsAsync<CtrException>(
            () => ReceiveAsync(parts.Connection, name, ns, options with { Credential = new NetworkCredential("rig", "Wr0ng") }));
        Assert.Equal(CtrErrorIds.RegistryDenied, denied.ErrorId);
        Assert.DoesNotContain("Wr0ng", denied.ToString(), StringComparison.Ordinal);

        int before = registry.Tokens!.Asked.Count;
        _ = await ReceiveAsync(parts.Connection, name, ns, options with { Credential = new NetworkCredential("rig", "S3cret!") });
        Assert.Contains("complete (4/4)", await StoreProbe.CheckAsync(parts.Daemon, ns, name), StringComparison.Ordinal);
        int asked = registry.Tokens.Asked.Count - before;
        Assert.InRange(asked, 1, shortLived ? 12 : post ? 1 : 2);
    }

    [Fact]
    public async Task Certificates_are_checked()
    {
        await using RegistryRig registry = await RegistryRig.StartAsync(new RegistryOptions { Tls = true, ClientCertificate = true }).OrSkipAsync();
        _ = await registry.PushAsync("busybox");
        string ns = parts.Namespace();

        // By a name of their own: on this machine's address itself certificates do not count, as for containerd.
        const string name = "registry.example/library/busybox:1";
        string folder = Directory.CreateTempSubdirectory("ctrps-hosts-").FullName;
        try
        {
            CtrRegistryOptions options = Patient with { HostsFolders = [folder] };
            string trust = $"ca = '{registry.CertificatePath}'";
            await SayAsync(registry.Url, "");
            Assert.Equal(CtrErrorIds.RegistryTlsFailed, (await FaultAsync()).ErrorId);
            await SayAsync(registry.Url, trust);
            CtrException e = await FaultAsync();
            Assert.True(e.ErrorId is CtrErrorIds.RegistryUnreachable or CtrErrorIds.RegistryTlsFailed, e.Message); // it wants ours
            await SayAsync(registry.Url, $"{trust}\nclient = [['{registry.ClientCertificatePath}', '{registry.ClientKeyPath}']]");
            CtrReceivedImage received = await ReceiveAsync(parts.Connection, name, ns, options);
            Assert.StartsWith("https://", received.Host, StringComparison.Ordinal);

            foreach (LeafKind leaf in new[] { LeafKind.Expired, LeafKind.OtherName })
            {
                await using FaultyRegistry wrong = await FaultyRegistry.StartAsync(registry, new FaultyRegistryOptions { Leaf = leaf });
                await SayAsync(wrong.Url, trust);
                Assert.Equal(CtrErrorIds.RegistryTlsFailed, (await FaultAsync()).ErrorId);
                Assert.Empty(wrong.Requests);
                await SayAsync(wrong.Url, "skip_verify = true");
                Assert.Equal(CtrReceiveStatus.UpToDate, (await ReceiveAsync(parts.Connection, name, ns, options)).Status);
            }

            async Task SayAsync(Uri server, string more)
            {
                string own = Directory.CreateDirectory(Path.Combine(folder, "registry.example")).FullName;
                await File.WriteAllTextAsync(Path.Combine(own, "hosts.toml"), $"server = '{server}'\n{more}\n");
            }

            Task<CtrException> FaultAsync() => Assert.ThrowsAsync<CtrException>(() => ReceiveAsync(parts.Connection, name, ns, options));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task Eight_pull_the_same_image_at_once_and_ctr_beside_them()
    {
        string name = await parts.Registry.PushAsync("nginx");
        string ns = parts.Namespace();
        var ctr = parts.Daemon.CtrAsync("-n", ns, "images", "pull", "--plain-http", name);
        CtrReceivedImage[] all = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => ReceiveAsync(parts.Connection, name, ns, Patient)));
        _ = (await ctr).Check();
        Assert.Single(all.Select(one => one.Digest).Distinct());
        Assert.Contains("complete (4/4)", await StoreProbe.CheckAsync(parts.Daemon, ns, name), StringComparison.Ordinal);
        await parts.Connection.Garbage.CollectAsync(ns, CancellationToken.None);
        Assert.Equal("", await LeftAsync(parts.Daemon, ns));
    }

    /// <summary>Faults take no longer than they need.</summary>
    private static CtrRegistryOptions Patient => new()
    {
        PlainHttp = false,
        HostsFolders = [],
        RetryInterval = TimeSpan.FromMilliseconds(50),
        StallTimeout = TimeSpan.FromSeconds(1),
    };

    private static Task<CtrReceivedImage> ReceiveAsync(ICtrConnection connection, string name, string ns) =>
        ReceiveAsync(connection, name, ns, Patient with { StallTimeout = TimeSpan.FromSeconds(30) });

    private static async Task<CtrReceivedImage> ReceiveAsync(
        ICtrConnection connection,
        string name,
        string ns,
        CtrRegistryOptions options,
        bool renew = false,
        CancellationToken cancellationToken = default)
    {
        using var registries = new RegistryClient(options, new NobodyKnown());
        ICtrReceivePlan plan = await connection.Receiver.PlanAsync(
            new CtrReceiveRequest { Reference = CtrImageReference.Parse(name), Namespace = ns, Renew = renew }, registries, cancellationToken);
        return await plan.RunAsync(new CtrTransferMeter(), cancellationToken);
    }

    /// <summary>What has come into the daemon of blobs that are not whole yet: what a registry sent takes its time until then.</summary>
    internal static long Ingested(ContainerdRig rig)
    {
        var folder = new DirectoryInfo(Path.Combine(rig.Root, "io.containerd.content.v1.content", "ingest"));
        return !folder.Exists ? 0 : folder.EnumerateDirectories()
            .Select(ingest => new FileInfo(Path.Combine(ingest.FullName, "data")))
            .Sum(data => data.Exists ? data.Length : 0); // one that is whole goes meanwhile
    }

    /// <summary>Leases, unfinished writes and working snapshots; the layers of images are none of those.</summary>
    internal static async Task<string> LeftAsync(ContainerdRig rig, string ns) => string.Join('\n', (await StoreProbe.LeftoversAsync(rig, ns))
        .Split('\n').Where(line => !line.Contains(" snapshots sha256:", StringComparison.Ordinal)));

    /// <summary>No credentials of the machine that the tests run on.</summary>
    internal sealed class NobodyKnown : ICredentialSource
    {
        public ValueTask<RegistryCredential?> FindAsync(string host, string? repository, CancellationToken cancellationToken) =>
            ValueTask.FromResult<RegistryCredential?>(null);
    }

    /// <summary>A registry, and a daemon whose namespaces share no bytes: each pull fetches all.</summary>
    public sealed class Parts : IAsyncLifetime
    {
        private int _count;

        internal RegistryRig Registry { get; private set; } = null!;

        internal ContainerdRig Daemon { get; private set; } = null!;

        internal ICtrConnection Connection { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            Registry = await RegistryRig.StartAsync().OrSkipAsync();
            Daemon = await ImageRepairerTests.StartIsolatedAsync(Generation.V17);
            Connection = await Connector.OpenAsync(CtrEndpoint.Parse(Daemon.Address), CancellationToken.None);
        }

        public async ValueTask DisposeAsync()
        {
            await Connection.DisposeAsync();
            await Daemon.DisposeAsync();
            await Registry.DisposeAsync();
        }

        /// <summary>A namespace of which nobody has heard.</summary>
        internal string Namespace() => $"receive-{Interlocked.Increment(ref _count)}";
    }
}
