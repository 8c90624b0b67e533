using System.Text;
using CtrPS.Client.Oci;
using CtrPS.Client.Registry;
using CtrPS.Client.Tests.Daemon;
using CtrPS.Rig;
using CtrPS.Rig.Registry;

namespace CtrPS.Client.Tests.Registry;

/// <summary>What registries list, tell and lose, and what one that means no good can do: it is told, and bounded.</summary>
public sealed class RemoteImagesTests(RemoteImagesTests.Parts parts) : IClassFixture<RemoteImagesTests.Parts>
{
    private static readonly RemoteImages Remote = new();

    /// <summary>Pages of tags that a registry might give: headers, body, and what comes of it.</summary>
    private static Dictionary<string, (string? Link, string Body, string Id, string Says)> WrongPages { get; } = new()
    {
        ["a page that leads to itself"] = ("<{path}>; rel=\"next\"", """{"tags":["1"]}""", CtrErrorIds.RegistryFailed, "leads back"),
        ["a page at another host"] = (
            "<{storage}/v2/x/tags/list?last=1>; rel=\"next\"", """{"tags":["1"]}""", CtrErrorIds.RegistryUntrusted, "another host"),
        ["a page at another port"] = (
            "<{otherPort}/v2/x/tags/list?last=1>; rel=next", """{"tags":["1"]}""", CtrErrorIds.RegistryUntrusted, "another host"),
        ["a page at a file"] = ("<file:///etc/passwd>; rel=\"next\"", """{"tags":["1"]}""", CtrErrorIds.RegistryUntrusted, "another host"),
        ["a tag that is none"] = (null, """{"tags":["a\u001b[31mb"]}""", CtrErrorIds.RegistryFailed, @"'a\u001b[31mb' is no tag"),
        ["a tag that is a path"] = (null, """{"tags":["../../x"]}""", CtrErrorIds.RegistryFailed, "is no tag"),
        ["no list"] = (null, """{"tags":{}}""", CtrErrorIds.RegistryFailed, "cannot be read"),
        ["no names"] = (null, """{"tags":[null]}""", CtrErrorIds.RegistryFailed, "a name is null"),
        ["no JSON"] = (null, "<html>", CtrErrorIds.RegistryFailed, "cannot be read"),
    };

    public static TheoryData<string> Wrong => [.. WrongPages.Keys];

    [Theory]
    [MemberData(nameof(Wrong))]
    public async Task A_list_that_is_wrong_is_told(string wrong)
    {
        (string? link, string body, string id, string says) = WrongPages[wrong];
        await using FaultyRegistry faulty = await FaultyRegistry.StartAsync(parts.Registry);
        faulty.Add(Page(body, link));
        using RegistryClient client = Open();
        CtrException e = await Assert.ThrowsAsync<CtrException>(() => TagsAsync(faulty, client));
        Assert.Equal(id, e.ErrorId);
        Assert.Contains(says, e.Message, StringComparison.Ordinal);
        Assert.InRange(faulty.Requests.Count, 1, 3);
    }

    [Fact]
    public async Task A_list_comes_page_by_page_as_it_is_taken()
    {
        await using FaultyRegistry faulty = await FaultyRegistry.StartAsync(parts.Registry);
        faulty.Add(Page("""{"tags":["1","2"]}""", "<?last=2&n=2>; rel=\"next\"") with { Times = 1 });
        faulty.Add(Page("""{"tags":null}""", "</v2/x/tags/list?last=3>; title=\"a, b\"; rel=\"next\", </z>; rel=prev") with { Times = 1 });
        faulty.Add(Page("""{"tags":["3"]}""", null) with { Times = 1 });
        using RegistryClient client = Open();
        Assert.Equal(["1", "2", "3"], await TagsAsync(faulty, client));
        Assert.Equal(
            ["/v2/x/tags/list?n=1000", "/v2/x/tags/list?last=2&n=2", "/v2/x/tags/list?last=3"], faulty.Requests.Select(request => request.Path));

        faulty.Add(Page("""{"tags":["1"]}""", "<?last=1>; rel=\"next\""));
        int before = faulty.Requests.Count;
        await foreach (CtrRemoteTag tag in Remote.TagsAsync(ReferenceAt(faulty), client, CancellationToken.None))
        {
            Assert.Equal($"{faulty.Address}/x:1", tag.Name);
            break;
        }

        Assert.Equal(1, faulty.Requests.Count - before);
    }

    [Fact]
    public async Task Pages_have_a_largest_size()
    {
        await using FaultyRegistry faulty = await FaultyRegistry.StartAsync(parts.Registry);
        faulty.Add(Page(" ", null) with { BodyLength = 20 << 20 });
        using RegistryClient client = Open();
        CtrException e = await Assert.ThrowsAsync<CtrException>(() => TagsAsync(faulty, client));
        Assert.Equal(CtrErrorIds.RegistryFailed, e.ErrorId);
        Assert.Contains("more than 16777216 bytes", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_search_of_Docker_Hub_is_read_page_by_page()
    {
        await using FaultyRegistry hub = await FaultyRegistry.StartAsync(parts.Registry);
        hub.Add(new RegistryFault
        {
            Path = "/v1/search.*page=1$",
            Status = 200,
            ContentType = "application/json",
            Body = """{"num_pages":2,"results":[{"name":"nginx","description":"Official","star_count":20000,"is_official":true}]}""",
        });
        hub.Add(new RegistryFault
        {
            Path = "/v1/search.*page=2$",
            Status = 200,
            ContentType = "application/json",
            Body = """{"num_pages":2,"results":[{"name":"team/nginx","description":null,"star_count":0,"is_official":false}]}""",
        });
        using RegistryClient client = Open();
        var found = new List<CtrRemoteRepository>();
        await foreach (CtrRemoteRepository one in Remote.SearchAsync("nginx & co", client, new Uri($"{hub.Url}v1"), CancellationToken.None))
        {
            found.Add(one);
        }

        Assert.Equal(["docker.io/library/nginx", "docker.io/team/nginx"], found.Select(one => one.Name));
        Assert.Equal(("Official", 20000L, true), (found[0].Description, found[0].Stars!.Value, found[0].IsOfficial!.Value));
        Assert.Equal("", found[1].Description);
        Assert.Equal("/v1/search?q=nginx%20%26%20co&n=100&page=1", hub.Requests[0].Path);
        Assert.All(hub.Requests, request => Assert.False(request.IsAuthorized));
    }

    [Fact]
    public async Task What_refers_to_an_image_is_found_by_the_API_and_by_the_tag()
    {
        await using FaultyRegistry faulty = await FaultyRegistry.StartAsync(parts.Registry);
        var reference = CtrImageReference.Parse(await faulty.PushAsync("busybox"));
        using RegistryClient client = Open();
        CtrRemoteImage image = await Remote.DescribeAsync(reference, [], client, CancellationToken.None);
        Assert.Empty(image.Referrers); // this registry knows neither
        string digest = "sha256:" + new string('a', 64);
        string index = $$$"""
            {"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{
            "mediaType":"application/vnd.oci.image.manifest.v1+json",
            "digest":"{{{digest}}}","size":7,"artifactType":"application/spdx+json","annotations":{"a":"b"}}]}
            """;
        foreach (string path in new[] { "/referrers/", $"/manifests/(sha256-|{Digests.Of(Encoding.UTF8.GetBytes(index))})" })
        {
            faulty.ClearFaults();
            faulty.Add(new RegistryFault { Path = path, Status = 200, ContentType = "application/vnd.oci.image.index.v1+json", Body = index });
            CtrReferrer referrer = Assert.Single((await Remote.DescribeAsync(reference, [], client, CancellationToken.None)).Referrers);
            Assert.Equal((digest, "application/spdx+json", 7L), (referrer.Digest, referrer.ArtifactType, referrer.Size));
            Assert.Equal("b", referrer.Annotations["a"]);
        }
    }

    [Fact]
    public async Task A_tag_goes_by_itself_where_the_registry_can_and_else_with_a_word_about_the_others()
    {
        await using FaultyRegistry faulty = await FaultyRegistry.StartAsync(parts.Registry);
        string one = await faulty.PushAsync("pause", "lost/pause:1");
        _ = await faulty.PushAsync("pause", "lost/pause:2");
        _ = await faulty.PushAsync("busybox", "lost/pause:3");
        using RegistryClient client = Open();
        ICtrRemovalPlan plan = await Remote.PlanRemovalAsync(CtrImageReference.Parse(one), client, CancellationToken.None);
        Assert.Equal(["2"], plan.OtherTags);
        CtrException e = await Assert.ThrowsAsync<CtrException>(() => plan.RunAsync(withOtherTags: false, CancellationToken.None));
        Assert.Equal(CtrErrorIds.FailedPrecondition, e.ErrorId);
        Assert.Contains("1 other tag stands for it: 2", e.Message, StringComparison.Ordinal);

        faulty.Add(new RegistryFault { Method = "DELETE", Path = "/manifests/1$", Status = 202, Times = 1 });
        await plan.RunAsync(withOtherTags: false, CancellationToken.None);
        Assert.DoesNotContain(faulty.Requests, request => request.Method == "DELETE" && request.Path.Contains("sha256:", StringComparison.Ordinal));

        faulty.ClearFaults();
        faulty.Add(new RegistryFault { Method = "DELETE", Status = 405 });
        e = await Assert.ThrowsAsync<CtrException>(() => plan.RunAsync(withOtherTags: true, CancellationToken.None));
        Assert.Equal(CtrErrorIds.NotSupported, e.ErrorId);

        faulty.ClearFaults();
        await plan.RunAsync(withOtherTags: true, CancellationToken.None);
        e = await Assert.ThrowsAsync<CtrException>(() => Remote.PlanRemovalAsync(CtrImageReference.Parse(one), client, CancellationToken.None));
        Assert.Equal(CtrErrorIds.RemoteImageNotFound, e.ErrorId);
    }

    [Fact]
    public async Task A_copy_has_the_same_digest_and_comes_through_faults()
    {
        await using FaultyRegistry from = await FaultyRegistry.StartAsync(parts.Registry);
        await using RegistryRig other = await RegistryRig.StartAsync().OrSkipAsync();
        await using FaultyRegistry to = await FaultyRegistry.StartAsync(other);
        var source = CtrImageReference.Parse(await from.PushAsync("nginx"));
        from.Add(new RegistryFault { Method = "GET", Path = "/blobs/", Times = 1, CutAfter = 300_000 });
        to.Add(new RegistryFault { Method = "PUT", Path = "/blobs/uploads/", Times = 1, Status = 503 });
        using RegistryClient client = Open();
        var request = new CtrRemoteCopyRequest { Source = source, Target = source.WithRegistry($"{to.Address}/copies") };
        ICtrRemoteCopyPlan plan = await Remote.PlanCopyAsync(request, client, client, CancellationToken.None);
        CtrCopiedImage copied = await plan.RunAsync(new CtrTransferMeter(), CancellationToken.None);
        Assert.Equal((CtrSendStatus.Sent, plan.Blobs), (copied.Status, copied.Pushed));
        CtrRemoteImage there = await Remote.DescribeAsync(request.Target, [], client, CancellationToken.None);
        Assert.Equal((await Remote.DescribeAsync(source, [], client, CancellationToken.None)).Digest, there.Digest);
        Assert.Equal(copied.Digest, there.Digest);
        plan = await Remote.PlanCopyAsync(request, client, client, CancellationToken.None);
        copied = await plan.RunAsync(new CtrTransferMeter(), CancellationToken.None);
        Assert.Equal((CtrSendStatus.UpToDate, 0L), (copied.Status, copied.BytesSent));

        // Wrong bytes are the registry's to refuse, and no tag comes of them.
        from.Add(new RegistryFault { Method = "GET", Path = "/blobs/", CorruptAt = 5000 });
        request = request with { Target = CtrImageReference.Parse($"{to.Address}/broken:1") };
        plan = await Remote.PlanCopyAsync(request, client, client, CancellationToken.None);
        _ = await Assert.ThrowsAsync<CtrException>(() => plan.RunAsync(new CtrTransferMeter(), CancellationToken.None));
        CtrException e = await Assert.ThrowsAsync<CtrException>(() => Remote.DescribeAsync(request.Target, [], client, CancellationToken.None));
        Assert.Equal(CtrErrorIds.RemoteImageNotFound, e.ErrorId);
    }

    private static RegistryFault Page(string body, string? link) => new()
    {
        Method = "GET",
        Path = "/tags/list",
        Status = 200,
        Body = body,
        ContentType = "application/json",
        Headers = link is null ? new Dictionary<string, string?>() : new Dictionary<string, string?> { ["Link"] = link },
    };

    private static CtrImageReference ReferenceAt(FaultyRegistry faulty) => CtrImageReference.Parse($"{faulty.Address}/x");

    private static async Task<string[]> TagsAsync(FaultyRegistry faulty, RegistryClient client)
    {
        var tags = new List<string>();
        await foreach (CtrRemoteTag tag in Remote.TagsAsync(ReferenceAt(faulty), client, CancellationToken.None))
        {
            tags.Add(tag.Tag);
        }

        return [.. tags];
    }

    private static RegistryClient Open() => new(
        new CtrRegistryOptions { HostsFolders = [], RetryInterval = TimeSpan.FromMilliseconds(50), StallTimeout = TimeSpan.FromSeconds(5) },
        new ImageReceiverTests.NobodyKnown());

    /// <summary>A registry that all tests have behind their own faulty ones.</summary>
    public sealed class Parts : IAsyncLifetime
    {
        internal RegistryRig Registry { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Registry = await RegistryRig.StartAsync().OrSkipAsync();

        public async ValueTask DisposeAsync() => await Registry.DisposeAsync();
    }
}
