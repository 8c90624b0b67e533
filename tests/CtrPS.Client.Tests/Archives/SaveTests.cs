using System.Formats.Tar;
using System.Text.Json.Nodes;
using CtrPS.Client.Tests.Daemon;
using CtrPS.Rig;

namespace CtrPS.Client.Tests.Archives;

/// <summary>Archives that we write, read by the tools of the field.</summary>
public sealed class SaveTests(OwnDaemons daemons) : IClassFixture<OwnDaemons>, IDisposable
{
    private static readonly string[] Words = ["busybox", "busybox-docker", "index-full", "attested", "nested", "arm"];

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ctrps-save-");

    public static TheoryData<Generation> Generations => Daemons.Generations;

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [MemberData(nameof(Generations))]
    public async Task Ctr_imports_what_was_saved(Generation generation)
    {
        ContainerdRig rig = await daemons.GetAsync(generation);
        await LoadAsync(rig, "save-from", Words);
        await using ICtrConnection connection = await daemons.ConnectAsync(generation);
        string archive = await SaveAsync(new CtrSaveRequest { Images = await ImagesAsync(connection, "save-from"), Scope = CtrPlatformScope.All });

        await CtrAsync(rig, "save-to", "images", "import", "--no-unpack", "--all-platforms", archive);
        Assert.Equal(await ListAsync(rig, "save-from"), await ListAsync(rig, "save-to"));

        // Without ctr's own copies of index.json and manifest.json, which are there until the garbage collector comes.
        await connection.Garbage.CollectAsync("save-to", CancellationToken.None);
        Assert.Equal(await BlobsAsync(rig, "save-from"), await BlobsAsync(rig, "save-to"));
    }

    [Theory]
    [MemberData(nameof(Generations))]
    public async Task Names_stand_in_the_index_as_ctr_writes_them(Generation generation)
    {
        ContainerdRig rig = await daemons.GetAsync(generation);
        const string ns = "save-names";
        await LoadAsync(rig, ns, "names", "index-full", "busybox-docker");
        await using ICtrConnection connection = await daemons.ConnectAsync(generation);
        string ours = await SaveAsync(new CtrSaveRequest { Images = await ImagesAsync(connection, ns), Scope = CtrPlatformScope.All });
        string theirs = Path.Combine(_folder.FullName, "ctr.tar");
        string[] names = (await rig.CtrAsync("-n", ns, "images", "ls", "-q")).Check().Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);

        // By the Transfer service, ctr ends with 0 before all is written: 19 of 150 archives of 2.1.9 were cut.
        string[] export = generation == Generation.V2 ? ["images", "export", "--local"] : ["images", "export"];
        await CtrAsync(
            rig, ns, [.. export, "--all-platforms", theirs, .. names.Where(name => name.Contains('/', StringComparison.Ordinal))]);

        Dictionary<string, string> expected = Entries(theirs);
        Dictionary<string, string> actual = Entries(ours);
        Assert.Equal(4, expected.Count);

        // CRI's names repository@digest and sha256:<id> are aliases of one of them: a reader would take them for further images.
        string[] aliases = [.. expected.Keys.Where(name => name.Contains('@', StringComparison.Ordinal))];
        _ = Assert.Single(aliases);
        Assert.Equal(expected.Where(entry => !aliases.Contains(entry.Key)).ToDictionary(), actual);

        static Dictionary<string, string> Entries(string archive) => Bundle.Read(archive).Json("index.json")["manifests"]!.AsArray().ToDictionary(
            entry => (string)entry!["annotations"]!["io.containerd.image.name"]!,
            entry => $"{entry!["mediaType"]} {entry["digest"]} {entry["size"]} {Annotations(entry)}");

        static string Annotations(JsonNode entry) => string.Join(
            ' ', entry["annotations"]!.AsObject().OrderBy(one => one.Key, StringComparer.Ordinal).Select(one => $"{one.Key}={one.Value}"));
    }

    [Theory]
    [MemberData(nameof(Generations))]
    public async Task The_same_images_make_the_same_bytes(Generation generation)
    {
        ContainerdRig rig = await daemons.GetAsync(generation);
        await LoadAsync(rig, "save-same", Words);
        await LoadAsync(rig, "save-other", [.. Words.Reverse()]);
        await using ICtrConnection connection = await daemons.ConnectAsync(generation);
        byte[] first = await File.ReadAllBytesAsync(await SaveAsync(new CtrSaveRequest { Images = await ImagesAsync(connection, "save-same") }));
        byte[] second = await File.ReadAllBytesAsync(await SaveAsync(new CtrSaveRequest { Images = await ImagesAsync(connection, "save-other") }));
        Assert.True(first.AsSpan().SequenceEqual(second), "the archives differ");

        // Far away, the bytes come through calls instead of out of the daemon's folder.
        await using var proxy = new SocketProxy(rig.Address);
        await using ICtrConnection far = await Connector.OpenAsync(CtrEndpoint.Parse($"tcp://127.0.0.1:{proxy.Port}"), CancellationToken.None);
        byte[] third = await File.ReadAllBytesAsync(await SaveAsync(new CtrSaveRequest { Images = await ImagesAsync(far, "save-same") }));
        Assert.True(first.AsSpan().SequenceEqual(third), "the archive from afar differs");
    }

    [Theory]
    [MemberData(nameof(Generations))]
    public async Task Skopeo_podman_and_umoci_read_it(Generation generation)
    {
        ContainerdRig rig = await daemons.GetAsync(generation);
        const string ns = "save-tools";
        await LoadAsync(rig, ns, "busybox", "busybox-docker");
        await using ICtrConnection connection = await daemons.ConnectAsync(generation);
        List<CtrSaveImage> images = await ImagesAsync(connection, ns);
        CtrSaveImage oci = images.Single(one => one.Image.Tag == "1.35");
        CtrSaveImage docker = images.Single(one => one.Image.Tag == "docker");
        foreach (CtrArchiveFormat format in Enum.GetValues<CtrArchiveFormat>())
        {
            string archive = await SaveAsync(new CtrSaveRequest { Images = [oci], Format = format });
            if (format != CtrArchiveFormat.Docker)
            {
                Assert.Equal(
                    oci.Image.Digest, (await Tool.RunAsync("skopeo", "inspect", "--format", "{{.Digest}}", $"oci-archive:{archive}:1.35")).Trim());
                string copy = Path.Combine(_folder.FullName, $"copy-{format}");
                _ = await Tool.RunAsync("skopeo", "--insecure-policy", "copy", "--quiet", $"oci-archive:{archive}:1.35", $"oci:{copy}:box");
                Assert.Equal(
                    oci.Image.Digest,
                    (string)JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(copy, "index.json")))!["manifests"]![0]!["digest"]!);

                string layout = Path.Combine(_folder.FullName, $"layout-{format}");
                _ = Directory.CreateDirectory(layout);
                await TarFile.ExtractToDirectoryAsync(archive, layout, overwriteFiles: false);
                Assert.Contains("1.35", await Tool.RunAsync("umoci", "ls", "--layout", layout), StringComparison.Ordinal);
                _ = await Tool.RunAsync("umoci", "unpack", "--image", $"{layout}:1.35", Path.Combine(_folder.FullName, $"bundle-{format}"));
                Assert.True(File.Exists(Path.Combine(_folder.FullName, $"bundle-{format}", "rootfs", "bin", "busybox")));
            }

            if (format != CtrArchiveFormat.Oci)
            {
                JsonNode config = JsonNode.Parse(await Tool.RunAsync("skopeo", "inspect", "--config", $"docker-archive:{archive}:busybox:1.35"))!;
                Assert.Equal("linux", (string)config["os"]!);
                string copy = Path.Combine(_folder.FullName, $"docker-{format}");
                _ = await Tool.RunAsync("skopeo", "--insecure-policy", "copy", "--quiet", $"docker-archive:{archive}:busybox:1.35", $"dir:{copy}");
            }

            Assert.Contains("busybox:1.35", await PodmanLoadAsync(archive), StringComparison.Ordinal);
        }

        // Two images in one file, of both kinds of media types.
        string loaded = await PodmanLoadAsync(await SaveAsync(new CtrSaveRequest { Images = [oci, docker] }));
        Assert.Contains("busybox:1.35", loaded, StringComparison.Ordinal);
        Assert.Contains("busybox:docker", loaded, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Generations))]
    public async Task Dockers_format_alone_is_imported_by_ctr(Generation generation)
    {
        ContainerdRig rig = await daemons.GetAsync(generation);
        const string ns = "save-docker";
        await LoadAsync(rig, ns, "busybox-docker", "index-full");
        await using ICtrConnection connection = await daemons.ConnectAsync(generation);
        string archive = await SaveAsync(new CtrSaveRequest { Images = await ImagesAsync(connection, ns), Format = CtrArchiveFormat.Docker });
        Assert.DoesNotContain("index.json", Bundle.Read(archive).Items.Select(item => item.Name));
        await CtrAsync(rig, "save-docker-to", "images", "import", "--no-unpack", archive);
        Dictionary<string, string> from = await ListAsync(rig, ns);
        Dictionary<string, string> to = await ListAsync(rig, "save-docker-to");
        Assert.Equal(from.Keys, to.Keys);
    }

    [Theory]
    [MemberData(nameof(Generations))]
    public async Task An_index_with_one_of_two_platforms_travels(Generation generation)
    {
        ContainerdRig rig = await daemons.GetAsync(generation);
        const string ns = "save-partial";
        await LoadAsync(rig, ns, "index");
        await using ICtrConnection connection = await daemons.ConnectAsync(generation);
        List<CtrSaveImage> images = await ImagesAsync(connection, ns);
        ICtrSavePlan plan = await Connector.Saver.PlanAsync(new CtrSaveRequest { Images = images }, CancellationToken.None);
        Assert.Empty(plan.Faults);
        Assert.Contains("without linux/arm64", Assert.Single(plan.Notes), StringComparison.Ordinal);
        string archive = await WriteAsync(plan);
        await CtrAsync(rig, "save-partial-to", "images", "import", archive, "--snapshotter", rig.Snapshotter);
        Assert.Equal(await ListAsync(rig, ns), await ListAsync(rig, "save-partial-to"));
        Assert.Contains(
            "complete (2/2)",
            (await rig.CtrAsync("-n", "save-partial-to", "images", "check", "--snapshotter", rig.Snapshotter)).Check().Output,
            StringComparison.Ordinal);

        plan = await Connector.Saver.PlanAsync(new CtrSaveRequest { Images = images, Scope = CtrPlatformScope.All }, CancellationToken.None);
        CtrException fault = Assert.Single(plan.Faults);
        Assert.Equal(CtrErrorIds.BlobMissing, fault.ErrorId);
        Assert.Equal(images[0].Image.Platforms[1].Digest, fault.Target);
        string[] told = ["index:partial", "the manifest", "linux/arm64", "application/vnd.oci.image.manifest.v1+json", "never fetched"];
        foreach (string part in told)
        {
            Assert.Contains(part, fault.Message, StringComparison.Ordinal);
        }

        Assert.Contains("-Platform", fault.RecommendedAction, StringComparison.Ordinal);
        await Assert.ThrowsAsync<CtrException>(() => plan.WriteAsync(Stream.Null, new CtrTransferMeter(), CancellationToken.None));
        plan = await Connector.Saver.PlanAsync(Listed(images, "linux/arm64"), CancellationToken.None);
        Assert.Equal(images[0].Image.Platforms[1].Digest, Assert.Single(plan.Faults).Target);
        plan = await Connector.Saver.PlanAsync(Listed(images, "linux/amd64"), CancellationToken.None);
        Assert.Empty(plan.Faults);
        plan = await Connector.Saver.PlanAsync(Listed(images, "linux/amd64", "linux/s390x"), CancellationToken.None);
        fault = Assert.Single(plan.Faults);
        Assert.Equal(CtrErrorIds.PlatformNotFound, fault.ErrorId);
        Assert.Contains("linux/s390x, but for linux/amd64, linux/arm64", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Generations))]
    public async Task Platforms_are_chosen_by_name(Generation generation)
    {
        ContainerdRig rig = await daemons.GetAsync(generation);
        const string ns = "save-platform";
        await LoadAsync(rig, ns, "index-full", "attested", "nested", "arm");
        await using ICtrConnection connection = await daemons.ConnectAsync(generation);
        List<CtrSaveImage> all = await ImagesAsync(connection, ns);
        CtrSaveImage Of(string name) => all.Single(one => one.Image.Name.Contains(name, StringComparison.Ordinal));

        // One of two: index, manifest, config, and the layer.
        ICtrSavePlan plan = await Connector.Saver.PlanAsync(Listed([Of("index:")], "linux/arm64"), CancellationToken.None);
        Assert.Equal(4, plan.BlobCount);
        Assert.Equal(6, (await Connector.Saver.PlanAsync(new CtrSaveRequest { Images = [Of("index:")] }, CancellationToken.None)).BlobCount);

        // The attestation goes with the platform that it is about: a manifest, a config and a statement more.
        plan = await Connector.Saver.PlanAsync(Listed([Of("attested")], "linux/amd64"), CancellationToken.None);
        Assert.Empty(plan.Faults);
        Assert.Equal(7, plan.BlobCount);
        plan = await Connector.Saver.PlanAsync(Listed([Of("nested")], "linux/amd64"), CancellationToken.None);
        Assert.Equal(5, plan.BlobCount);

        // No index: the platform is the config's.
        Assert.Empty((await Connector.Saver.PlanAsync(Listed([Of("arm")], "linux/arm/v7"), CancellationToken.None)).Faults);
        Assert.Equal(
            CtrErrorIds.PlatformNotFound,
            Assert.Single((await Connector.Saver.PlanAsync(Listed([Of("arm")], "linux/amd64"), CancellationToken.None)).Faults).ErrorId);
    }

    [Theory]
    [MemberData(nameof(Generations))]
    public async Task A_missing_layer_is_told_with_its_cause(Generation generation)
    {
        ContainerdRig rig = await daemons.GetAsync(generation);
        (string, bool, string)[] cases = [("save-discarded", true, "discarded after unpack"), ("save-never", false, "never fetched")];
        foreach ((string ns, bool unpack, string cause) in cases)
        {
            _ = await RigImages.LoadAsync(rig, "busybox", ns, unpack);
            await using ICtrConnection connection = await daemons.ConnectAsync(generation);
            if (unpack)
            {
                _ = await connection.Namespaces.SetLabelsAsync(
                    ns, new Dictionary<string, string?> { ["containerd.io/defaults/snapshotter"] = rig.Snapshotter }, false, CancellationToken.None);
            }

            List<CtrSaveImage> images = await ImagesAsync(connection, ns);
            JsonNode manifest = JsonNode.Parse((await rig.CtrAsync("-n", ns, "content", "get", images[0].Image.Digest)).Check().Output)!;
            string layer = (string)manifest["layers"]![0]!["digest"]!;
            await CtrAsync(rig, ns, "content", "rm", layer);
            CtrException fault = Assert.Single((await Connector.Saver.PlanAsync(
                new CtrSaveRequest { Images = images }, CancellationToken.None)).Faults);
            Assert.Equal((CtrErrorIds.BlobMissing, layer), (fault.ErrorId, fault.Target));
            Assert.Contains(cause, fault.Message, StringComparison.Ordinal);
            Assert.Contains("the layer", fault.Message, StringComparison.Ordinal);
            Assert.Contains($"{manifest["layers"]![0]!["size"]} bytes) for linux/amd64", fault.Message, StringComparison.Ordinal);

            // The receiver has it: then it is not missed.
            ICtrSavePlan delta = await Connector.Saver.PlanAsync(
                new CtrSaveRequest { Images = images, Excluded = new HashSet<string> { layer } }, CancellationToken.None);
            Assert.Empty(delta.Faults);
            Assert.Equal(2, delta.BlobCount);
        }
    }

    [Theory]
    [MemberData(nameof(Generations))]
    public async Task Damage_on_the_disk_is_found(Generation generation)
    {
        // A daemon of its own: its files are broken under it.
        await using ContainerdRig rig = await ContainerdRig.StartAsync(generation).OrSkipAsync();
        await LoadAsync(rig, "default", "nginx-docker", "busybox");
        await using ICtrConnection near = await Connector.OpenAsync(CtrEndpoint.Parse(rig.Address), CancellationToken.None);
        await using var proxy = new SocketProxy(rig.Address);
        await using ICtrConnection far = await Connector.OpenAsync(CtrEndpoint.Parse($"tcp://127.0.0.1:{proxy.Port}"), CancellationToken.None);
        foreach (ICtrConnection connection in new[] { near, far })
        {
            List<CtrSaveImage> images = [(await ImagesAsync(connection, "default")).Single(one => one.Image.Tag == "1.35")];
            JsonNode manifest = JsonNode.Parse((await rig.CtrAsync("content", "get", images[0].Image.Digest)).Check().Output)!;
            string layer = (string)manifest["layers"]![0]!["digest"]!;
            string file = Path.Combine(rig.Root, "io.containerd.content.v1.content", "blobs", "sha256", layer["sha256:".Length..]);
            byte[] whole = await File.ReadAllBytesAsync(file);
            var request = new CtrSaveRequest { Images = images };

            File.Delete(file);
            await ExpectLostAsync();
            await File.WriteAllBytesAsync(file, whole[..(whole.Length / 2)]);
            await ExpectLostAsync();

            byte[] flipped = [.. whole];
            flipped[whole.Length / 2] ^= 1;
            await File.WriteAllBytesAsync(file, flipped);
            ICtrSavePlan plan = await Connector.Saver.PlanAsync(request, CancellationToken.None);
            Assert.Empty(plan.Faults);
            CtrException corrupt = await Assert.ThrowsAsync<CtrException>(
                () => plan.WriteAsync(Stream.Null, new CtrTransferMeter(), CancellationToken.None));
            Assert.Equal((CtrErrorIds.BlobCorrupt, layer), (corrupt.ErrorId, corrupt.Target));
            string actual = "sha256:" + Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(flipped));
            Assert.Contains($"Its bytes hash to {actual}", corrupt.Message, StringComparison.Ordinal);
            Assert.Contains("busybox:1.35", corrupt.Message, StringComparison.Ordinal);

            await File.WriteAllBytesAsync(file, whole);
            Assert.Empty((await Connector.Saver.PlanAsync(request, CancellationToken.None)).Faults);

            async Task ExpectLostAsync()
            {
                CtrException lost = Assert.Single((await Connector.Saver.PlanAsync(request, CancellationToken.None)).Faults);
                Assert.Equal((CtrErrorIds.BlobCorrupt, layer), (lost.ErrorId, lost.Target));
                Assert.Contains("lost on disk", lost.Message, StringComparison.Ordinal);
                Assert.Contains("Repair-CtrImage", lost.RecommendedAction, StringComparison.Ordinal);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Generations))]
    public async Task A_daemon_that_dies_ends_the_writing(Generation generation)
    {
        await using ContainerdRig rig = await ContainerdRig.StartAsync(generation).OrSkipAsync();
        await LoadAsync(rig, "default", "nginx");
        await using var proxy = new SocketProxy(rig.Address);
        await using ICtrConnection far = await Connector.OpenAsync(CtrEndpoint.Parse($"tcp://127.0.0.1:{proxy.Port}"), CancellationToken.None);
        ICtrSavePlan plan = await Connector.Saver.PlanAsync(
            new CtrSaveRequest { Images = await ImagesAsync(far, "default") }, CancellationToken.None);
        using var output = new GateStream(after: 4 << 20, rig.KillAsync);
        CtrException fault = await Assert.ThrowsAsync<CtrException>(() => plan.WriteAsync(output, new CtrTransferMeter(), CancellationToken.None));
        Assert.True(fault.IsConnectionFault, fault.ErrorId);
    }

    [Fact]
    public async Task Cancelling_ends_the_writing()
    {
        ContainerdRig rig = await daemons.GetAsync(Generation.V16);
        await LoadAsync(rig, "save-cancel", "nginx");
        await using ICtrConnection connection = await daemons.ConnectAsync(Generation.V16);
        ICtrSavePlan plan = await Connector.Saver.PlanAsync(
            new CtrSaveRequest { Images = await ImagesAsync(connection, "save-cancel") }, CancellationToken.None);
        using var stop = new CancellationTokenSource();
        using var output = new GateStream(after: 1 << 20, stop.CancelAsync);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => plan.WriteAsync(output, new CtrTransferMeter(), stop.Token));
    }

    [Fact]
    public async Task Images_of_several_namespaces_and_daemons_share_their_blobs()
    {
        ContainerdRig one = await daemons.GetAsync(Generation.V16);
        ContainerdRig other = await daemons.GetAsync(Generation.V17);
        await LoadAsync(one, "save-a", "busybox");
        await LoadAsync(one, "save-b", "index-full");
        await LoadAsync(other, "save-c", "busybox", "arm");
        await using ICtrConnection first = await daemons.ConnectAsync(Generation.V16);
        await using ICtrConnection second = await daemons.ConnectAsync(Generation.V17);
        List<CtrSaveImage> images =
        [
            .. await ImagesAsync(first, "save-a"), .. await ImagesAsync(first, "save-b"), .. await ImagesAsync(second, "save-c"),
        ];
        Assert.Equal(4, images.Count);
        ICtrSavePlan plan = await Connector.Saver.PlanAsync(new CtrSaveRequest { Images = images }, CancellationToken.None);
        Assert.Equal(3, plan.ImageCount); // busybox twice, and the same
        string archive = await WriteAsync(plan);
        List<string> names = [.. Bundle.Read(archive).Items.Select(item => item.Name)];
        Assert.Equal(names.Distinct(), names);
        await CtrAsync(one, "save-d", "images", "import", "--no-unpack", "--all-platforms", archive);
        Assert.Equal(3, (await ListAsync(one, "save-d")).Count);

        // The same name for another image.
        _ = await second.Images.TagAsync(
            images.Single(image => image.Image.Name.EndsWith("arm:v7", StringComparison.Ordinal)).Image,
            images[0].Image.Name,
            true,
            CancellationToken.None);
        images = [images[0], (await ImagesAsync(second, "save-c")).Single(image => image.Image.Name == images[0].Image.Name)];
        CtrException fault = Assert.Single((await Connector.Saver.PlanAsync(new CtrSaveRequest { Images = images }, CancellationToken.None)).Faults);
        Assert.Equal(CtrErrorIds.ImageExists, fault.ErrorId);
        Assert.Contains("save-a", fault.Message, StringComparison.Ordinal);
        Assert.Contains("save-c", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Generations))]
    public async Task A_delta_bundle_completes_what_the_receiver_has(Generation generation)
    {
        ContainerdRig rig = await daemons.GetAsync(generation);
        await LoadAsync(rig, "delta-from", "index-full");
        await LoadAsync(rig, "delta-to", "arm");
        await using ICtrConnection connection = await daemons.ConnectAsync(generation);
        CtrInventory inventory = await Connector.Saver.TakeInventoryAsync(connection, ["delta-to"], CancellationToken.None);
        string layer = (await BlobsAsync(rig, "delta-to")).Intersect(await BlobsAsync(rig, "delta-from")).Single();
        var request = new CtrSaveRequest
        {
            Images = await ImagesAsync(connection, "delta-from"),
            Excluded = CtrInventory.ParseDigests(inventory.ToJson(), "inv.json"),
            Scope = CtrPlatformScope.All,
        };
        string archive = await SaveAsync(request);
        Bundle bundle = Bundle.Read(archive);
        Assert.Equal("true", (string)bundle.Json("index.json")["annotations"]!["io.ctrps.bundle.delta"]!);
        Assert.DoesNotContain("blobs/" + layer.Replace(':', '/'), bundle.Items.Select(item => item.Name));
        Assert.DoesNotContain("manifest.json", bundle.Items.Select(item => item.Name)); // docker's cannot say that layers are elsewhere
        await CtrAsync(rig, "delta-to", "images", "import", "--no-unpack", "--all-platforms", archive);
        Assert.Equal(2, (await ListAsync(rig, "delta-to")).Count);
        Assert.Empty((await Connector.Saver.PlanAsync(
            new CtrSaveRequest { Images = await ImagesAsync(connection, "delta-to"), Scope = CtrPlatformScope.All }, CancellationToken.None)).Faults);
    }

    [Theory]
    [InlineData(CtrCompression.Gzip, "gzip")]
    [InlineData(CtrCompression.Zstd, "zstd")]
    public async Task A_compressed_archive_holds_the_same_bytes(CtrCompression compression, string program)
    {
        ContainerdRig rig = await daemons.GetAsync(Generation.V16);
        await LoadAsync(rig, "save-compressed", "busybox-docker");
        await using ICtrConnection connection = await daemons.ConnectAsync(Generation.V16);
        List<CtrSaveImage> images = await ImagesAsync(connection, "save-compressed");
        byte[] plain = await File.ReadAllBytesAsync(await SaveAsync(new CtrSaveRequest { Images = images }));
        string[] compressed =
        [
            .. await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => SaveAsync(new CtrSaveRequest { Images = images, Compression = compression }))),
        ];
        Assert.Equal(await File.ReadAllBytesAsync(compressed[0]), await File.ReadAllBytesAsync(compressed[1]));
        Tool.Need(program);
        string unpacked = compressed[0] + ".out";
        _ = await Tool.RunAsync("sh", "-c", $"{program} -dc < '{compressed[0]}' > '{unpacked}'");
        byte[] back = await File.ReadAllBytesAsync(unpacked);
        Assert.True(plain.AsSpan().SequenceEqual(back), "the bytes differ");
    }

    [Theory]
    [MemberData(nameof(Generations))]
    public async Task Layers_that_may_not_travel_and_zstd_layers(Generation generation)
    {
        ContainerdRig rig = await daemons.GetAsync(generation);
        Bundle bundle = Bundle.Read(await Archives.RealAsync("busybox"));
        JsonNode index = bundle.Json("index.json");
        string old = (string)index["manifests"]![0]!["digest"]!;
        JsonNode manifest = bundle.Json("blobs/" + old.Replace(':', '/'));
        manifest["layers"]![0]!["mediaType"] = "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip";
        byte[] bytes = System.Text.Encoding.UTF8.GetBytes(manifest.ToJsonString());
        string digest = "sha256:" + Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(bytes));
        bundle.Remove("blobs/" + old.Replace(':', '/'));
        bundle.Set("blobs/" + digest.Replace(':', '/'), bytes);
        index["manifests"]![0]!["digest"] = digest;
        index["manifests"]![0]!["size"] = bytes.Length;
        bundle.Set("index.json", index.ToJsonString());
        string foreign = Path.Combine(_folder.FullName, "foreign.tar");
        _ = bundle.Write(foreign);
        await CtrAsync(rig, "save-foreign", "images", "import", "--no-unpack", foreign);
        await using ICtrConnection connection = await daemons.ConnectAsync(generation);
        List<CtrSaveImage> images = await ImagesAsync(connection, "save-foreign");
        Assert.Equal(3, (await Connector.Saver.PlanAsync(new CtrSaveRequest { Images = images }, CancellationToken.None)).BlobCount);
        ICtrSavePlan plan = await Connector.Saver.PlanAsync(
            new CtrSaveRequest { Images = images, SkipNonDistributable = true }, CancellationToken.None);
        Assert.Equal(2, plan.BlobCount);
        _ = await WriteAsync(plan);

        string zstd = Path.Combine(_folder.FullName, "zstd.tar");
        _ = await Tool.RunAsync(
            "skopeo",
            "--insecure-policy",
            "copy",
            "--quiet",
            "--dest-compress-format",
            "zstd",
            "--dest-compress",
            $"oci-archive:{await Archives.RealAsync("busybox")}",
            $"oci-archive:{zstd}:docker.io/library/zstd:1");
        await CtrAsync(rig, "save-zstd", "images", "import", "--no-unpack", zstd);
        string archive = await SaveAsync(new CtrSaveRequest { Images = await ImagesAsync(connection, "save-zstd") });
        await CtrAsync(rig, "save-zstd-to", "images", "import", "--snapshotter", rig.Snapshotter, archive);
        Assert.Equal(await ListAsync(rig, "save-zstd"), await ListAsync(rig, "save-zstd-to"));
    }

    [Fact]
    public async Task Requests_that_contradict_themselves_are_refused()
    {
        await using ICtrConnection connection = await daemons.ConnectAsync(Generation.V16);
        foreach (CtrSaveRequest request in new CtrSaveRequest[]
        {
            new() { Images = [], Compression = CtrCompression.Xz },
            new() { Images = [], Format = CtrArchiveFormat.Docker, Scope = CtrPlatformScope.All },
            new() { Images = [], Format = CtrArchiveFormat.Docker, Excluded = new HashSet<string>() },
            Listed([], "linux/amd64", "linux/arm64") with { Format = CtrArchiveFormat.Docker },
        })
        {
            Assert.Equal(
                CtrErrorIds.InvalidArgument,
                (await Assert.ThrowsAsync<CtrException>(() => Connector.Saver.PlanAsync(request, CancellationToken.None))).ErrorId);
        }
    }

    private static CtrSaveRequest Listed(IReadOnlyList<CtrSaveImage> images, params string[] platforms) =>
        new() { Images = images, Scope = CtrPlatformScope.Listed, Platforms = [.. platforms.Select(platform => new CtrPlatform(platform))] };

    private async Task<string> SaveAsync(CtrSaveRequest request) =>
        await WriteAsync(await Connector.Saver.PlanAsync(request, CancellationToken.None));

    private async Task<string> WriteAsync(ICtrSavePlan plan)
    {
        Assert.Empty(plan.Faults.Select(fault => fault.Message));
        string path = Path.Combine(_folder.FullName, Guid.NewGuid().ToString("N") + ".tar");
        var meter = new CtrTransferMeter();
        await using (FileStream output = File.Create(path))
        {
            await plan.WriteAsync(output, meter, CancellationToken.None);
        }

        Assert.Equal(meter.TotalBytes, meter.DoneBytes);
        using FileStream written = File.OpenRead(path);
        byte[] magic = new byte[2];
        written.ReadExactly(magic);
        if (magic is [(byte)'o' or (byte)'m', _])
        {
            Assert.Equal(plan.TotalBytes, written.Length);
        }

        return path;
    }

    private async Task<string> PodmanLoadAsync(string archive)
    {
        string root = Path.Combine(_folder.FullName, "podman");
        try
        {
            return await Tool.RunAsync(
                "podman", "--root", root, "--runroot", root + "-run", "--storage-driver", "vfs", "load", "--quiet", "--input", archive);
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    private static async Task LoadAsync(ContainerdRig rig, string @namespace, params IEnumerable<string> words)
    {
        foreach (string word in words)
        {
            if (word == "attested")
            {
                // With the attestation, which ctr else leaves to the garbage collector.
                await CtrAsync(rig, @namespace, "images", "import", "--no-unpack", "--all-platforms", await Archives.RealAsync(word));
            }
            else
            {
                _ = await RigImages.LoadAsync(rig, word, @namespace, unpack: false);
            }
        }
    }

    private static async Task CtrAsync(ContainerdRig rig, string @namespace, params string[] arguments) =>
        (await rig.CtrAsync(["-n", @namespace, .. arguments])).Check();

    /// <summary>Name to digest, as ctr lists them.</summary>
    private static async Task<Dictionary<string, string>> ListAsync(ContainerdRig rig, string @namespace) =>
        (await rig.CtrAsync("-n", @namespace, "images", "ls")).Check().Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1)
            .Select(line => line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
            .OrderBy(words => words[0], StringComparer.Ordinal)
            .ToDictionary(words => words[0], words => words[2]);

    private static async Task<List<string>> BlobsAsync(ContainerdRig rig, string @namespace) =>
        [
            .. (await rig.CtrAsync("-n", @namespace, "content", "ls", "-q"))
                .Check().Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Order(StringComparer.Ordinal),
        ];

    private static async Task<List<CtrSaveImage>> ImagesAsync(ICtrConnection connection, string @namespace)
    {
        var images = new List<CtrSaveImage>();
        await foreach (CtrImage image in connection.Images.ListAsync(new CtrImageQuery { Namespace = @namespace }, CancellationToken.None))
        {
            images.Add(new CtrSaveImage(connection, image));
        }

        return images;
    }

    /// <summary>Does something when so many bytes went through.</summary>
    private sealed class GateStream(long after, Func<Task> act) : MemoryStream
    {
        private long _written;

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            bool before = _written < after;
            _written += buffer.Length;
            if (before && _written >= after)
            {
                await act();
            }

            cancellationToken.ThrowIfCancellationRequested();
        }
    }
}
