using System.Text.Json;
using CtrPS.Client.Tests.Daemon;
using CtrPS.Rig;

namespace CtrPS.Client.Tests.Images;

public sealed class ImageStoreTests(Daemons daemons)
{
    public static TheoryData<Generation> Generations => Daemons.Generations;

    [Theory]
    [MemberData(nameof(Generations))]
    public async Task Lists_what_ctr_lists(Generation generation)
    {
        ContainerdRig rig = await daemons.GetAsync(generation);
        const string ns = "list";
        foreach (string image in new[] { "busybox", "busybox-docker", "index", "index-full", "attested", "nested", "absent", "arm", "names" })
        {
            _ = await RigImages.LoadAsync(rig, image, ns, unpack: false);
        }

        await using ICtrConnection connection = await daemons.ConnectAsync(generation);
        List<CtrImage> images = await ListAsync(connection, new CtrImageQuery { Namespace = ns, AllRecords = true });
        string[] names = (await rig.CtrAsync("-n", ns, "images", "ls", "-q")).Check().Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(names.Order(StringComparer.Ordinal), images.Select(image => image.Name).Order(StringComparer.Ordinal));

        CtrImage index = images.Single(image => image.Name.EndsWith("/index:partial", StringComparison.Ordinal));
        Assert.Equal(["linux/amd64", "linux/arm64"], index.Platforms.Select(platform => platform.ToString()));
        Assert.Equal([true, false], index.Platforms.Select(platform => platform.IsComplete));
        Assert.Null(index.Platforms[1].Size);
        Assert.Equal(index.TargetSize + index.Platforms[0].Size, index.Size);

        CtrImage full = images.Single(image => image.Name.EndsWith("/index:full", StringComparison.Ordinal));
        Assert.All(full.Platforms, platform => Assert.True(platform.IsComplete));

        CtrImage absent = images.Single(image => image.Name.EndsWith("/absent:1", StringComparison.Ordinal));
        Assert.Null(absent.Size);
        Assert.Empty(absent.Platforms);

        CtrImage arm = images.Single(image => image.Name.EndsWith("/arm:v7", StringComparison.Ordinal));
        Assert.Equal("linux/arm/v7", Assert.Single(arm.Platforms).ToString());
        Assert.NotNull(arm.Size);

        Assert.Equal(
            "linux/amd64", Assert.Single(images.Single(image => image.Name.EndsWith("/attested:1", StringComparison.Ordinal)).Platforms).ToString());
        CtrImage attested = Assert.Single(await ListAsync(connection, new CtrImageQuery
        {
            Namespace = ns,
            Match = name => name.EndsWith("/attested:1", StringComparison.Ordinal),
            Detail = new CtrImageDetail { IncludeAttestations = true },
        }));
        Assert.Equal([false, true], attested.Platforms.Select(platform => platform.IsAttestation));
    }

    [Theory]
    [MemberData(nameof(Generations))]
    public async Task Lists_the_same_from_afar(Generation generation)
    {
        ContainerdRig rig = await daemons.GetAsync(generation);
        const string ns = "afar";
        foreach (string image in new[] { "busybox", "index-full", "attested", "nested", "absent", "arm", "many:50" })
        {
            _ = await RigImages.LoadAsync(rig, image, ns, unpack: false);
        }

        // Over TCP every blob comes through a call; on the socket the small ones come from the daemon's folder.
        await using var proxy = new SocketProxy(rig.Address);
        await using ICtrConnection near = await daemons.ConnectAsync(generation);
        await using ICtrConnection far = await Connector.OpenAsync(CtrEndpoint.Parse($"tcp://127.0.0.1:{proxy.Port}"), CancellationToken.None);
        var query = new CtrImageQuery { Namespace = ns, Detail = new CtrImageDetail { IncludeAttestations = true } };
        List<CtrImage> fromNear = await ListAsync(near, query);
        List<CtrImage> fromFar = await ListAsync(far, query);
        Assert.Equal(56, fromFar.Count);
        Assert.Equal(fromNear.Select(Describe), fromFar.Select(Describe));

        static string Describe(CtrImage image) =>
            $"{image.Name} {image.Digest} {image.Size} "
                + $"{string.Join(',', image.Platforms.Select(one => $"{one} {one.Digest} {one.Size} {one.IsComplete} {one.IsAttestation}"))}";
    }

    [Theory]
    [MemberData(nameof(Generations))]
    public async Task A_blob_that_goes_is_seen_although_its_manifest_was_read_before(Generation generation)
    {
        ContainerdRig rig = await daemons.GetAsync(generation);
        const string ns = "gone";
        string name = Assert.Single(await RigImages.LoadAsync(rig, "busybox", ns, unpack: false));
        await using ICtrConnection connection = await daemons.ConnectAsync(generation);
        CtrImage before = Assert.Single(await ListAsync(connection, new CtrImageQuery { Namespace = ns }));
        Assert.NotNull(before.Size);

        _ = (await rig.CtrAsync("-n", ns, "content", "rm", before.Digest)).Check();
        CtrImage after = Assert.Single(await ListAsync(connection, new CtrImageQuery { Namespace = ns }));
        Assert.Null(after.Size);
        Assert.Empty(after.Platforms);
        CtrImage? found = await connection.Images.FindAsync(ns, name, CtrImageDetail.Full, CancellationToken.None);
        Assert.NotNull(found);
        Assert.Null(found.Size);
    }

    [Theory]
    [MemberData(nameof(Generations))]
    public async Task Finds_by_the_literal_name_first_and_by_dockers_rules_then(Generation generation)
    {
        ContainerdRig rig = await daemons.GetAsync(generation);
        const string ns = "find";
        string name = Assert.Single(await RigImages.LoadAsync(rig, "busybox", ns, unpack: false));
        await using ICtrConnection connection = await daemons.ConnectAsync(generation);
        Assert.Equal(name, (await FindAsync(name))?.Name);
        Assert.Equal(name, (await FindAsync("busybox:1.35"))?.Name);
        Assert.Null(await FindAsync("busybox:nope"));

        // A record that is named just like the short form hides what the short form means elsewhere.
        CtrImage source = (await FindAsync(name))!;
        _ = await connection.Images.TagAsync(source, "busybox:1.35", replace: false, CancellationToken.None);
        Assert.Equal("busybox:1.35", (await FindAsync("busybox:1.35"))?.Name);
        Assert.Equal(CtrErrorIds.InvalidReference, (await Assert.ThrowsAsync<CtrException>(() => FindAsync("No/Such//Name"))).ErrorId);

        Task<CtrImage?> FindAsync(string given) => connection.Images.FindAsync(ns, given, CtrImageDetail.Full, CancellationToken.None);
    }

    [Theory]
    [MemberData(nameof(Generations))]
    public async Task An_image_is_one_row_and_is_found_by_its_aliases_and_its_digits(Generation generation)
    {
        ContainerdRig rig = await daemons.GetAsync(generation);
        const string ns = "rows";
        _ = await RigImages.LoadAsync(rig, "names", ns, unpack: false);
        string arm = Assert.Single(await RigImages.LoadAsync(rig, "arm", ns, unpack: false));
        await using ICtrConnection connection = await daemons.ConnectAsync(generation);
        List<CtrImage> rows = await ListAsync(connection, new CtrImageQuery { Namespace = ns });
        Assert.Equal([arm, "docker.io/library/busybox:1.35"], rows.Select(image => image.Name));
        Assert.Empty(rows[0].Aliases);
        CtrImage busybox = rows[1];
        string id = busybox.Aliases[1];
        Assert.Equal([$"docker.io/library/busybox@{busybox.Digest}", id], busybox.Aliases);
        Assert.StartsWith("sha256:", id, StringComparison.Ordinal);
        _ = await connection.Images.TagAsync(busybox, "r.example/b:1", replace: false, CancellationToken.None);

        // A name means itself; what nobody named means the image, under all its names. The config of arm is in no record's name.
        string[] both = ["docker.io/library/busybox:1.35", "r.example/b:1"];
        string config = await ConfigAsync(rig, ns, rows[0].Digest);
        foreach ((string given, string[] names) in new (string, string[])[]
        {
            ("busybox:1.35", ["docker.io/library/busybox:1.35"]),
            (busybox.Aliases[0], both),
            ($"busybox@{busybox.Digest}", both),
            (id, both),
            (busybox.Digest, both),
            (busybox.Digest["sha256:".Length..], both),
            (busybox.Digest["sha256:".Length..][..12].ToUpperInvariant(), both),
            (id[..("sha256:".Length + 6)], both),
            (config, [arm]),
            (config["sha256:".Length..][..13], [arm]),
            ("busybox:nope", []),
            ("000000", []),
            (new string('0', 64), []),
        })
        {
            IReadOnlyList<CtrImage> found = await LookUpAsync(given, CtrImageDetail.Full);
            Assert.Equal(names, found.Select(image => image.Name));
            Assert.All(found, image => Assert.Equal(image.Name == arm ? [] : busybox.Aliases, image.Aliases));
            Assert.All(found, image => Assert.NotNull(image.Size));
            Assert.Equal(names, (await LookUpAsync(given, CtrImageDetail.None)).Select(image => image.Name));
        }

        Assert.Equal(
            CtrErrorIds.InvalidReference,
            (await Assert.ThrowsAsync<CtrException>(() => LookUpAsync("No/Such", CtrImageDetail.None))).ErrorId);

        // With the records as they are, each is found by itself.
        CtrImage record = Assert.Single(await connection.Images.LookUpAsync(ns, id, CtrImageDetail.Full, allRecords: true, CancellationToken.None));
        Assert.Equal((id, true), (record.Name, record.IsRecord));
        string[] filters = [$"target.digest=={busybox.Digest}"];
        Assert.Equal(4, (await ListAsync(connection, new CtrImageQuery { Namespace = ns, AllRecords = true, Filters = filters })).Count);

        // A filter that lets only an alias pass finds no row.
        Assert.Empty(await ListAsync(connection, new CtrImageQuery { Namespace = ns, Filters = ["name~=^sha256"] }));
        Assert.Equal(
            busybox.Aliases, Assert.Single(await ListAsync(connection, new CtrImageQuery { Namespace = ns, Filters = ["name~=1.35"] })).Aliases);

        Task<IReadOnlyList<CtrImage>> LookUpAsync(string given, CtrImageDetail detail) =>
            connection.Images.LookUpAsync(ns, given, detail, allRecords: false, CancellationToken.None);
    }

    [Theory]
    [MemberData(nameof(Generations))]
    public async Task Digits_of_several_images_are_an_error_that_names_them(Generation generation)
    {
        ContainerdRig rig = await daemons.GetAsync(generation);
        const string ns = "digits";
        _ = await RigImages.LoadAsync(rig, "busybox", ns, unpack: false);
        _ = await RigImages.LoadAsync(rig, "index", ns, unpack: false);
        await using ICtrConnection connection = await daemons.ConnectAsync(generation);
        CtrImage busybox = (await connection.Images.FindAsync(ns, "busybox:1.35", CtrImageDetail.None, CancellationToken.None))!;
        CtrImage index = (await connection.Images.FindAsync(ns, "index:partial", CtrImageDetail.Full, CancellationToken.None))!;

        // The digest of one image, and by chance the id that a record of another is named by.
        string alias = busybox.Digest[..20] + new string('0', busybox.Digest.Length - 20);
        _ = await connection.Images.TagAsync(index, alias, replace: false, CancellationToken.None);
        CtrException several = await Assert.ThrowsAsync<CtrException>(() => connection.Images.LookUpAsync(
            ns, busybox.Digest[..15], CtrImageDetail.None, allRecords: false, CancellationToken.None));
        Assert.Equal(CtrErrorIds.AmbiguousReference, several.ErrorId);
        Assert.Contains($"'{busybox.Name}' ({busybox.Digest})", several.Message, StringComparison.Ordinal);
        Assert.Contains(index.Digest, several.Message, StringComparison.Ordinal);
        Assert.Equal(
            busybox.Name,
            Assert.Single(await connection.Images.LookUpAsync(
                ns, busybox.Digest[..24], CtrImageDetail.None, allRecords: false, CancellationToken.None)).Name);
    }

    [Theory]
    [MemberData(nameof(Generations))]
    public async Task Tags_are_added_moved_and_left_alone(Generation generation)
    {
        ContainerdRig rig = await daemons.GetAsync(generation);
        const string ns = "tags";
        string busybox = Assert.Single(await RigImages.LoadAsync(rig, "busybox", ns, unpack: false));
        string arm = Assert.Single(await RigImages.LoadAsync(rig, "arm", ns, unpack: false));
        await using ICtrConnection connection = await daemons.ConnectAsync(generation);
        CtrImage one = (await connection.Images.FindAsync(ns, busybox, CtrImageDetail.None, CancellationToken.None))!;
        CtrImage other = (await connection.Images.FindAsync(ns, arm, CtrImageDetail.None, CancellationToken.None))!;
        one = await connection.Images.SetLabelsAsync(
            ns, busybox, new Dictionary<string, string?> { ["team"] = "web" }, replaceAll: false, CancellationToken.None);

        CtrImage made = await connection.Images.TagAsync(one, "r.example/b:1", replace: false, CancellationToken.None);
        Assert.Equal(("r.example/b:1", one.Digest, "web"), (made.Name, made.Digest, made.Labels["team"]));
        CtrImage again = await connection.Images.TagAsync(one, "r.example/b:1", replace: false, CancellationToken.None);
        Assert.Equal(made.UpdatedAt, again.UpdatedAt);
        CtrException exists = await Assert.ThrowsAsync<CtrException>(
            () => connection.Images.TagAsync(other, "r.example/b:1", replace: false, CancellationToken.None));
        Assert.Equal(CtrErrorIds.ImageExists, exists.ErrorId);
        Assert.Contains(one.Digest, exists.Message, StringComparison.Ordinal);

        CtrImage moved = await connection.Images.TagAsync(other, "r.example/b:1", replace: true, CancellationToken.None);
        Assert.Equal(other.Digest, moved.Digest);
        Assert.DoesNotContain("team", moved.Labels.Keys);
        Assert.Contains(other.Digest, (await rig.CtrAsync("-n", ns, "images", "ls", "name==r.example/b:1")).Check().Output, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Generations))]
    public async Task Labels_are_set_removed_and_replaced(Generation generation)
    {
        ContainerdRig rig = await daemons.GetAsync(generation);
        const string ns = "labels";
        string name = Assert.Single(await RigImages.LoadAsync(rig, "busybox", ns, unpack: false));
        await using ICtrConnection connection = await daemons.ConnectAsync(generation);
        CtrImage before = (await connection.Images.FindAsync(ns, name, CtrImageDetail.None, CancellationToken.None))!;
        Assert.Equal("1", (await SetAsync(new() { ["a.b/c"] = "1", ["d"] = "2" }, false)).Labels["a.b/c"]);
        CtrImage changed = await SetAsync(new() { ["d"] = null, ["e"] = "3" }, false);
        Assert.Equal(before.Digest, changed.Digest);
        Assert.Equal("1", changed.Labels["a.b/c"]);
        Assert.Equal("3", changed.Labels["e"]);
        Assert.DoesNotContain("d", changed.Labels.Keys);
        CtrImage replaced = await SetAsync(new() { ["only"] = "x" }, true);
        Assert.Equal(["only"], replaced.Labels.Keys);
        Assert.Empty((await SetAsync([], true)).Labels);
        Assert.Equal(CtrErrorIds.ImageNotFound, (await Assert.ThrowsAsync<CtrException>(() =>
            connection.Images.SetLabelsAsync(
                ns, "no.such/image:1", new Dictionary<string, string?> { ["a"] = "b" }, false, CancellationToken.None))).ErrorId);

        Task<CtrImage> SetAsync(Dictionary<string, string?> labels, bool replaceAll) =>
            connection.Images.SetLabelsAsync(ns, name, labels, replaceAll, CancellationToken.None);
    }

    [Theory]
    [MemberData(nameof(Generations))]
    public async Task Deleting_frees_the_space_after_a_collection(Generation generation)
    {
        ContainerdRig rig = await daemons.GetAsync(generation);
        const string ns = "delete";
        string name = Assert.Single(await RigImages.LoadAsync(rig, "arm", ns, unpack: false));
        await using ICtrConnection connection = await daemons.ConnectAsync(generation);
        CtrImage image = (await connection.Images.FindAsync(ns, name, CtrImageDetail.None, CancellationToken.None))!;
        await connection.Images.DeleteAsync(ns, name, image, CancellationToken.None);
        await connection.Garbage.CollectAsync(ns, CancellationToken.None);
        Assert.Equal("", (await rig.CtrAsync("-n", ns, "content", "ls", "-q")).Check().Output.Trim());
        Assert.DoesNotContain("ctrps", (await rig.CtrAsync("-n", ns, "leases", "ls")).Check().Output, StringComparison.Ordinal);
        Assert.Equal(
            CtrErrorIds.ImageNotFound,
            (await Assert.ThrowsAsync<CtrException>(() => connection.Images.DeleteAsync(ns, name, image, CancellationToken.None))).ErrorId);
    }

    [Theory]
    [MemberData(nameof(Generations))]
    public async Task A_name_that_moved_meanwhile_is_not_deleted(Generation generation)
    {
        ContainerdRig rig = await daemons.GetAsync(generation);
        const string ns = "moved";
        string busybox = Assert.Single(await RigImages.LoadAsync(rig, "busybox", ns, unpack: false));
        string arm = Assert.Single(await RigImages.LoadAsync(rig, "arm", ns, unpack: false));
        await using ICtrConnection connection = await daemons.ConnectAsync(generation);
        CtrImage seen = (await connection.Images.FindAsync(ns, busybox, CtrImageDetail.None, CancellationToken.None))!;
        _ = await connection.Images.TagAsync(
            (await connection.Images.FindAsync(ns, arm, CtrImageDetail.None, CancellationToken.None))!,
            busybox,
            replace: true,
            CancellationToken.None);
        Assert.Equal(
            CtrErrorIds.ImageChanged,
            (await Assert.ThrowsAsync<CtrException>(() => connection.Images.DeleteAsync(ns, busybox, seen, CancellationToken.None))).ErrorId);
        Assert.NotNull(await connection.Images.FindAsync(ns, busybox, CtrImageDetail.None, CancellationToken.None));
    }

    [Theory]
    [MemberData(nameof(Generations))]
    public async Task An_answer_of_more_than_4_MiB_is_read(Generation generation)
    {
        ContainerdRig rig = await daemons.GetAsync(generation);
        const string ns = "large";
        string name = Assert.Single(await RigImages.LoadAsync(rig, "busybox", ns, unpack: false));
        await using ICtrConnection connection = await daemons.ConnectAsync(generation);
        var labels = Enumerable.Range(0, 200).ToDictionary(n => $"label-{n}", string? (_) => new string('x', 4000), StringComparer.Ordinal);
        CtrImage source = await connection.Images.SetLabelsAsync(ns, name, labels, replaceAll: false, CancellationToken.None);
        for (int i = 0; i < 6; i++)
        {
            _ = await connection.Images.TagAsync(source, $"r.example/large:{i}", replace: false, CancellationToken.None);
        }

        List<CtrImage> images = await ListAsync(connection, new CtrImageQuery { Namespace = ns });
        Assert.Equal(7, images.Count);
        Assert.True(images.Sum(image => image.Labels.Sum(label => label.Value.Length)) > 4 << 20);
    }

    [Theory]
    [MemberData(nameof(Generations))]
    public async Task Filters_are_containerds_own(Generation generation)
    {
        ContainerdRig rig = await daemons.GetAsync(generation);
        const string ns = "filters";
        _ = await RigImages.LoadAsync(rig, "busybox", ns, unpack: false);
        _ = await RigImages.LoadAsync(rig, "arm", ns, unpack: false);
        await using ICtrConnection connection = await daemons.ConnectAsync(generation);
        Assert.Equal(
            ["docker.io/library/arm:v7"],
            (await ListAsync(connection, new CtrImageQuery { Namespace = ns, Filters = ["name~=arm"] })).Select(image => image.Name));
        Assert.Equal(
            CtrErrorIds.InvalidArgument,
            (await Assert.ThrowsAsync<CtrException>(
                () => ListAsync(connection, new CtrImageQuery { Namespace = ns, Filters = ["name=x"] }))).ErrorId);
    }

    private static async Task<List<CtrImage>> ListAsync(ICtrConnection connection, CtrImageQuery query)
    {
        var images = new List<CtrImage>();
        await foreach (CtrImage image in connection.Images.ListAsync(query, CancellationToken.None))
        {
            images.Add(image);
        }

        return images;
    }

    private static async Task<string> ConfigAsync(ContainerdRig rig, string ns, string manifest)
    {
        using var json = JsonDocument.Parse((await rig.CtrAsync("-n", ns, "content", "get", manifest)).Check().Output);
        return json.RootElement.GetProperty("config").GetProperty("digest").GetString()!;
    }
}
