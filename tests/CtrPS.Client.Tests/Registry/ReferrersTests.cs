using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using CtrPS.Client.Oci;
using CtrPS.Client.Registry;
using CtrPS.Client.Tests.Daemon;
using CtrPS.Rig.Registry;

namespace CtrPS.Client.Tests.Registry;

/// <summary>What refers to images, where who wrote the list of it means no good, or is not alone.</summary>
public sealed class ReferrersTests(ImageReceiverTests.Parts parts) : IClassFixture<ImageReceiverTests.Parts>
{
    private const string Lists = "/referrers/";

    /// <summary>What a list may say of an artifact that it refers to the image, and why it is not taken.</summary>
    private static Dictionary<string, (Func<JsonObject, JsonObject> Entry, string Says)> Lies { get; } = new()
    {
        ["larger"] = (one => With(one, "size", (long)one["size"]! + 5), "where its descriptor says"),
        ["smaller"] = (one => With(one, "size", (long)one["size"]! - 5), "sends more than"),
        ["huge"] = (one => With(one, "size", 1L << 40), "which no manifest has"),
        ["below zero"] = (one => With(one, "size", -1L), "which no manifest has"),
        ["of another kind"] = (one => With(one, "mediaType", "application/x\u001b[31m"), @"'application/x\u001b[31m'"),
        ["an index"] = (one => With(one, "mediaType", MediaTypes.OciIndex), "it is not there"),
        ["not there"] = (one => With(one, "digest", "sha256:" + new string('a', 64)), "it is not there"),
    };

    public static TheoryData<string> Wrong => [.. Lies.Keys];

    [Theory]
    [MemberData(nameof(Wrong))]
    public async Task What_a_list_says_wrong_is_left_out_and_told(string wrong)
    {
        await using FaultyRegistry faulty = await FaultyRegistry.StartAsync(parts.Registry);
        (CtrImageReference image, Descriptor root) = await PushAsync(faulty);
        JsonObject good = await AttachAsync(image, root, "good"), bad = await AttachAsync(image, root, "bad");
        faulty.Add(List(root.Digest, good, Lies[wrong].Entry(bad)));
        (ICtrReceivePlan plan, string ns) = await PlanAsync(image);
        Assert.Equal(1, plan.Referrers);
        string warning = Assert.Single(plan.Warnings);
        Assert.Contains(Lies[wrong].Says, warning, StringComparison.Ordinal);
        Assert.Equal(1, (await plan.RunAsync(new CtrTransferMeter(), CancellationToken.None)).ReferrerCount);
        Assert.Equal([(string)good["digest"]!], await KeptAsync(ns, root));
    }

    [Fact]
    public async Task What_refers_to_something_else_is_left_out_and_a_ring_ends()
    {
        await using FaultyRegistry faulty = await FaultyRegistry.StartAsync(parts.Registry);
        (CtrImageReference image, Descriptor root) = await PushAsync(faulty);
        JsonObject good = await AttachAsync(image, root, "ring");
        JsonObject other = await AttachAsync(image, root with { Digest = "sha256:" + new string('b', 64) }, "other");

        // Every list, of the image, of the artifact and of whatever it names: all of them, the image too.
        faulty.Add(List("", good, good.DeepClone().AsObject(), other, Entry(root)));
        (ICtrReceivePlan plan, string ns) = await PlanAsync(image);
        Assert.Equal(1, plan.Referrers);
        Assert.Contains(plan.Warnings, one => one.Contains("it refers to sha256:bbb", StringComparison.Ordinal));
        Assert.Contains(plan.Warnings, one => one.Contains("it refers to nothing", StringComparison.Ordinal));
        _ = await plan.RunAsync(new CtrTransferMeter(), CancellationToken.None);
        Assert.Equal([(string)good["digest"]!], await KeptAsync(ns, root));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_list_without_end_is_refused(bool byApi)
    {
        await using FaultyRegistry faulty = await FaultyRegistry.StartAsync(parts.Registry);
        (CtrImageReference image, Descriptor root) = await PushAsync(faulty);
        JsonObject[] many =
            [.. Enumerable.Range(0, 20_000).Select(i => Entry(root with { Digest = $"sha256:{i:x64}", MediaType = MediaTypes.OciManifest }))];
        RegistryFault list = List(root.Digest, many);
        string tagged = $"/manifests/(sha256-|{Digests.Of(Encoding.UTF8.GetBytes(list.Body!))})";
        faulty.Add(byApi ? list : list with { Path = tagged });
        CtrException e = await Assert.ThrowsAsync<CtrException>(() => PlanAsync(image));
        Assert.Equal(CtrErrorIds.ImageTooLarge, e.ErrorId);
        Assert.True(faulty.Requests.Count < 20);
    }

    [Fact]
    public async Task A_chain_without_end_is_refused()
    {
        await using FaultyRegistry faulty = await FaultyRegistry.StartAsync(parts.Registry);
        (CtrImageReference image, Descriptor root) = await PushAsync(faulty);
        Descriptor subject = root;
        for (int i = 0; i <= ReferrerWalk.MaxDepth; i++)
        {
            JsonObject next = await AttachAsync(image, subject, $"link {i}");
            faulty.Add(List(subject.Digest, next));
            subject = new Descriptor { MediaType = MediaTypes.OciManifest, Digest = (string)next["digest"]!, Size = (long)next["size"]! };
        }

        CtrException e = await Assert.ThrowsAsync<CtrException>(() => PlanAsync(image));
        Assert.Equal(CtrErrorIds.ImageTooLarge, e.ErrorId);
        Assert.Contains("deep", e.Message, StringComparison.Ordinal);
        Assert.Contains("-IncludeReferrer", e.RecommendedAction, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_came_by_another_way_is_found_by_its_subject_and_sent()
    {
        await using FaultyRegistry faulty = await FaultyRegistry.StartAsync(parts.Registry);
        (CtrImageReference image, Descriptor root) = await PushAsync(faulty);
        JsonObject one = await AttachAsync(image, root, "by itself");
        string digest = (string)one["digest"]!;
        (ICtrReceivePlan plan, string ns) = await PlanAsync(image, referrers: false);
        _ = await plan.RunAsync(new CtrTransferMeter(), CancellationToken.None);
        var artifact = CtrImageReference.Parse($"{image.Registry}/{image.Repository}@{digest}");
        (plan, _) = await PlanAsync(artifact, referrers: false, ns);
        _ = await plan.RunAsync(new CtrTransferMeter(), CancellationToken.None);
        Assert.Empty(await KeptAsync(ns, root));

        var target = CtrImageReference.Parse($"{faulty.Address}/found/{Guid.NewGuid():n}:1");
        Assert.Equal(1, (await SendAsync(ns, image, target)).ReferrerCount);
        using RegistryClient client = Open();
        CtrReferrer found = Assert.Single((await new RemoteImages().DescribeAsync(target, [], client, CancellationToken.None)).Referrers);
        Assert.Equal((digest, "application/vnd.test.v1", "yes"), (found.Digest, found.ArtifactType, found.Annotations["test"]));

        // The tag of the list is somebody's image: it is not taken from him.
        target = CtrImageReference.Parse($"{faulty.Address}/found/{Guid.NewGuid():n}:1");
        _ = await faulty.PushAsync("pause", $"{target.Repository}:{ReferrerTag.Of(root.Digest)}");
        CtrException e = await Assert.ThrowsAsync<CtrException>(() => SendAsync(ns, image, target));
        Assert.Equal(CtrErrorIds.RegistryFailed, e.ErrorId);
        Assert.Contains("is no list of referrers", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_adds_to_a_list_at_the_same_time_loses_nothing()
    {
        await using FaultyRegistry faulty = await FaultyRegistry.StartAsync(parts.Registry);
        (CtrImageReference image, Descriptor root) = await PushAsync(faulty);
        JsonObject[] all = await Task.WhenAll(Enumerable.Range(0, 4).Select(i => AttachAsync(image, root, $"one {i}")));
        using RegistryClient client = Open();
        RepositoryClient repository = client.Repository(image);
        var tag = new ReferrerTag(repository, repository.PushHost);
        long[] sent = await Task.WhenAll(all.Select(one => tag.AddAsync(root.Digest, [one], CancellationToken.None)));
        Assert.All(sent, bytes => Assert.True(bytes > 0));
        var referrers = new Referrers(repository, client.HostsOf(image.Registry));
        IReadOnlyList<CtrReferrer> listed = await referrers.ReadAsync(root.Digest, CancellationToken.None);
        Assert.Equal(all.Select(one => (string)one["digest"]!).Order(), listed.Select(one => one.Digest).Order());
        Assert.Equal(0, await tag.AddAsync(root.Digest, all, CancellationToken.None));
    }

    [Fact]
    public async Task A_list_that_names_what_was_removed_takes_more_and_loses_that_alone()
    {
        await using FaultyRegistry faulty = await FaultyRegistry.StartAsync(parts.Registry);
        (CtrImageReference image, Descriptor root) = await PushAsync(faulty);
        JsonObject[] all = await Task.WhenAll(Enumerable.Range(0, 3).Select(i => AttachAsync(image, root, $"part {i}")));
        using RegistryClient client = Open();
        RepositoryClient repository = client.Repository(image);
        var tag = new ReferrerTag(repository, repository.PushHost);
        _ = await tag.AddAsync(root.Digest, all[..2], CancellationToken.None);
        var removed = CtrImageReference.Parse($"{image.Registry}/{image.Repository}@{all[0]["digest"]}");
        ICtrRemovalPlan plan = await new RemoteImages().PlanRemovalAsync(removed, client, CancellationToken.None);
        await plan.RunAsync(withOtherTags: false, CancellationToken.None);
        _ = await tag.AddAsync(root.Digest, all[2..], CancellationToken.None);
        IReadOnlyList<CtrReferrer> listed =
            await new Referrers(repository, client.HostsOf(image.Registry)).ReadAsync(root.Digest, CancellationToken.None);
        Assert.Equal(all[1..].Select(one => one["digest"]!.ToString()).Order(), listed.Select(one => one.Digest).Order());

        // What is refused for another reason stays refused.
        faulty.Add(new RegistryFault { Method = "PUT", Status = 400, ErrorCode = "MANIFEST_INVALID", ErrorMessage = "no" });
        JsonObject more = await AttachAsync(image, root, "more");
        CtrException e = await Assert.ThrowsAsync<CtrException>(() => tag.AddAsync(root.Digest, [more], CancellationToken.None));
        Assert.Contains("MANIFEST_INVALID: no", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_refers_to_a_manifest_of_an_index_goes_with_that_and_what_refers_to_the_index_with_all_of_it()
    {
        await using FaultyRegistry faulty = await FaultyRegistry.StartAsync(parts.Registry, new FaultyRegistryOptions { Referrers = true });
        (CtrImageReference image, Descriptor root) = await PushAsync(faulty, "index-full");
        using RegistryClient client = Open();
        CtrRemoteImage described = await new RemoteImages().DescribeAsync(image, [], client, CancellationToken.None);
        string only = described.Platforms.Single(one => one.ToString() == "linux/amd64").Digest;
        JsonObject ofIndex = await AttachAsync(image, root, "index");
        JsonObject ofManifest = await AttachAsync(image, new Descriptor { MediaType = MediaTypes.OciManifest, Digest = only, Size = 1 }, "manifest");
        faulty.Add(List(root.Digest, ofIndex));
        faulty.Add(List(only, ofManifest));
        (ICtrReceivePlan plan, string ns) = await PlanAsync(image);
        Assert.Equal(2, plan.Referrers);
        _ = await plan.RunAsync(new CtrTransferMeter(), CancellationToken.None);
        Assert.Equal([(string)ofIndex["digest"]!], await KeptAsync(ns, root));
        Assert.Equal([(string)ofManifest["digest"]!], await KeptAsync(ns, root with { Digest = only }));

        // One platform of it is another root: what refers to the index has nothing there to refer to.
        var request = new CtrRemoteCopyRequest
        {
            Source = image,
            Target = CtrImageReference.Parse($"{faulty.Address}/one/{Guid.NewGuid():n}:1"),
            Platforms = [CtrPlatform.Parse("linux/amd64")],
            Referrers = true,
        };
        ICtrRemoteCopyPlan copy = await new RemoteImages().PlanCopyAsync(request, client, client, CancellationToken.None);
        Assert.Equal((1, only), (copy.Referrers, copy.Digest));
        Assert.Contains(copy.Warnings, one => one.Contains($"What refers to {root.Digest} stays behind (1)", StringComparison.Ordinal));
        Assert.Equal(1, (await copy.RunAsync(new CtrTransferMeter(), CancellationToken.None)).ReferrerCount);
        faulty.ClearFaults();
        CtrReferrer there = Assert.Single(
            (await new RemoteImages().DescribeAsync(request.Target, [], client, CancellationToken.None)).Referrers);
        Assert.Equal(ofManifest["digest"]!.ToString(), there.Digest);
    }

    [Fact]
    public async Task Wrong_bytes_of_a_referrer_are_never_kept_and_no_image_is_made_with_them()
    {
        await using FaultyRegistry faulty = await FaultyRegistry.StartAsync(parts.Registry);
        (CtrImageReference image, Descriptor root) = await PushAsync(faulty);
        JsonObject one = await AttachAsync(image, root, "soon another");
        string layer = Digests.Of("soon another"u8);
        faulty.Add(List(root.Digest, one));
        faulty.Add(new RegistryFault { Method = "GET", Path = $"/blobs/{layer}", CorruptAt = 3 });
        (ICtrReceivePlan plan, string ns) = await PlanAsync(image);
        CtrException e = await Assert.ThrowsAsync<CtrException>(() => plan.RunAsync(new CtrTransferMeter(), CancellationToken.None));
        Assert.Equal(CtrErrorIds.BlobCorrupt, e.ErrorId);
        Assert.Contains($"The referrer of the image '{image}' cannot be received", e.Message, StringComparison.Ordinal);
        Assert.Null(await parts.Connection.Images.FindAsync(ns, image.ToString(), CtrImageDetail.None, CancellationToken.None));
        Assert.Equal("", await StoreProbe.LeftoversAsync(parts.Daemon, ns));
        Assert.DoesNotContain(await StoreProbe.LabelsAsync(parts.Daemon, ns), line => line.StartsWith(layer, StringComparison.Ordinal));
    }

    [Fact]
    public void Tags_are_as_long_as_tags_may_be() => Assert.Equal(
        ("sha256-" + new string('a', 64), "sha512-" + new string('a', 64)),
        (ReferrerTag.Of("sha256:" + new string('a', 64)), ReferrerTag.Of("sha512:" + new string('a', 128))));

    private static JsonObject With<T>(JsonObject one, string name, T value)
    {
        one[name] = JsonValue.Create(value);
        return one;
    }

    private static JsonObject Entry(Descriptor one) => new() { ["mediaType"] = one.MediaType, ["digest"] = one.Digest, ["size"] = one.Size };

    /// <summary>A list of referrers, as the API gives it.</summary>
    private static RegistryFault List(string subject, params JsonObject[] entries) => new()
    {
        Method = "GET",
        Path = Lists + subject,
        Status = 200,
        ContentType = MediaTypes.OciIndex,
        Body = new JsonObject { ["schemaVersion"] = 2, ["mediaType"] = MediaTypes.OciIndex, ["manifests"] = new JsonArray(entries) }.ToJsonString(),
    };

    private static RegistryClient Open() => new(
        new CtrRegistryOptions { HostsFolders = [], RetryInterval = TimeSpan.FromMilliseconds(50) }, new ImageReceiverTests.NobodyKnown());

    /// <summary>An image in a repository of its own.</summary>
    private static async Task<(CtrImageReference Image, Descriptor Root)> PushAsync(FaultyRegistry faulty, string name = "busybox")
    {
        var image = CtrImageReference.Parse(await faulty.PushAsync(name, $"refers/{Guid.NewGuid():n}:1"));
        using RegistryClient client = Open();
        Descriptor root = await client.Repository(image).ResolveAsync("1", CancellationToken.None);
        faulty.ClearRequests();
        return (image, root);
    }

    /// <summary>Puts an artifact that refers to something, past the faults and into no list; gives its entry in one.</summary>
    private async Task<JsonObject> AttachAsync(CtrImageReference image, Descriptor subject, string text)
    {
        using HttpClient client = parts.Registry.CreateClient();
        client.BaseAddress = new Uri(parts.Registry.Url, $"v2/{image.Repository}/");
        byte[] config = "{}"u8.ToArray(), layer = Encoding.UTF8.GetBytes(text);
        foreach (byte[] blob in new[] { config, layer })
        {
            using HttpResponseMessage begun = await client.PostAsync(new Uri("blobs/uploads/", UriKind.Relative), null);
            var place = new Uri(client.BaseAddress, begun.Headers.Location!);
            using var content = new ByteArrayContent(blob);
            using HttpResponseMessage done = await client.PutAsync(new Uri($"{place}&digest={Digests.Of(blob)}"), content);
            _ = done.EnsureSuccessStatusCode();
        }

        var manifest = new JsonObject
        {
            ["schemaVersion"] = 2,
            ["mediaType"] = MediaTypes.OciManifest,
            ["artifactType"] = "application/vnd.test.v1",
            ["config"] = Entry(new Descriptor { MediaType = "application/vnd.oci.empty.v1+json", Digest = Digests.Of(config), Size = config.Length }),
            ["layers"] = new JsonArray(Entry(new Descriptor { MediaType = "text/plain", Digest = Digests.Of(layer), Size = layer.Length })),
            ["subject"] = Entry(subject),
            ["annotations"] = new JsonObject { ["test"] = "yes" },
        };
        byte[] bytes = Encoding.UTF8.GetBytes(manifest.ToJsonString());
        string digest = Digests.Of(bytes);
        using var body = new ByteArrayContent(bytes);
        body.Headers.ContentType = new MediaTypeHeaderValue(MediaTypes.OciManifest);
        using HttpResponseMessage put = await client.PutAsync(new Uri($"manifests/{digest}", UriKind.Relative), body);
        _ = put.EnsureSuccessStatusCode();
        return ReferrerTag.EntryOf(new Descriptor { MediaType = MediaTypes.OciManifest, Digest = digest, Size = bytes.Length }, bytes);
    }

    private async Task<(ICtrReceivePlan Plan, string Namespace)> PlanAsync(CtrImageReference image, bool referrers = true, string? ns = null)
    {
        ns ??= parts.Namespace();
        RegistryClient client = Open(); // as long as the plan
        ICtrReceivePlan plan = await parts.Connection.Receiver.PlanAsync(
            new CtrReceiveRequest { Reference = image, Namespace = ns, Unpack = false, Referrers = referrers }, client, CancellationToken.None);
        return (plan, ns);
    }

    private async Task<CtrSentImage> SendAsync(string ns, CtrImageReference image, CtrImageReference target)
    {
        using RegistryClient client = Open();
        ICtrSendPlan plan = await parts.Connection.Sender.PlanAsync(
            new CtrSendRequest { Image = await StoreProbe.ImageAsync(parts.Connection, ns, image.ToString()), Target = target, Referrers = true },
            client,
            CancellationToken.None);
        return await plan.RunAsync(new CtrTransferMeter(), CancellationToken.None);
    }

    /// <summary>What the labels of an image keep of its referrers, after a collection.</summary>
    private async Task<string[]> KeptAsync(string ns, Descriptor root)
    {
        await parts.Connection.Garbage.CollectAsync(ns, CancellationToken.None);
        string[] labels = await StoreProbe.LabelsAsync(parts.Daemon, ns);
        string[] kept =
        [
            .. labels.Where(line => line.StartsWith(root.Digest, StringComparison.Ordinal))
                .SelectMany(line => line.Split(','))
                .Where(label => label.Contains(GarbageLabels.ReferrerPrefix, StringComparison.Ordinal))
                .Select(label => label[(label.IndexOf('=', StringComparison.Ordinal) + 1)..]),
        ];
        Assert.All(kept, one => Assert.Contains(labels, line => line.StartsWith(one, StringComparison.Ordinal)));
        return kept;
    }
}
