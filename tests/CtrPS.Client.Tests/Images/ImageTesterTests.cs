using System.Formats.Tar;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CtrPS.Client.Tests.Daemon;
using CtrPS.Rig;

namespace CtrPS.Client.Tests.Images;

public sealed partial class ImageTesterTests(OwnDaemons daemons) : IClassFixture<OwnDaemons>
{
    private const string Nginx = "docker.io/library/nginx:deb";
    private const string Busybox = "docker.io/library/busybox:1.35";

    public static TheoryData<Generation> Generations => Daemons.Generations;

    [Theory]
    [MemberData(nameof(Generations))]
    public async Task Counts_what_ctr_counts(Generation generation)
    {
        ContainerdRig rig = await daemons.GetAsync(generation);
        const string ns = "check";
        foreach (string image in new[] { "busybox", "nginx-docker", "index", "index-full", "attested", "nested", "absent", "arm", "many:3" })
        {
            _ = await RigImages.LoadAsync(rig, image, ns, unpack: image is "busybox" or "index");
        }

        ImageParts docker = await StoreProbe.PartsAsync(rig, ns, "docker.io/library/nginx:docker");
        _ = (await rig.CtrAsync("-n", ns, "content", "rm", docker.Layers[1])).Check();
        await using ICtrConnection connection = await daemons.ConnectAsync(generation);
        List<CtrImageCheck> checks = await TestAllAsync(connection, ns, new CtrTestOptions());
        string[] lines = (await rig.CtrAsync("-n", ns, "images", "check")).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)[1..];
        Assert.Equal(
            lines.Select(line => string.Join(' ', CtrLine().Match(line).Groups.Values.Skip(1).Select(group => group.Value))), checks.Select(AsCtr));
        Assert.Contains(checks, check => check.Status == CtrImageState.Incomplete);
        Assert.Contains(checks, check => check.Status == CtrImageState.Unavailable);
        Assert.Contains(checks, check => check is { Status: CtrImageState.Complete, Unpacked: true });
        CtrBlobFault missing = Assert.Single(checks.Single(check => check.Status == CtrImageState.Incomplete).Faults);
        Assert.Equal((docker.Layers[1], CtrBlobStatus.Missing), (missing.Digest, missing.Status));
    }

    [Theory]
    [MemberData(nameof(Generations))]
    public async Task Looks_at_the_platform_that_is_asked_for(Generation generation)
    {
        ContainerdRig rig = await daemons.GetAsync(generation);
        const string ns = "check-platform";
        _ = await RigImages.LoadAsync(rig, "index", ns, unpack: false);
        await using ICtrConnection connection = await daemons.ConnectAsync(generation);
        List<CtrImageCheck> checks = await TestAllAsync(
            connection,
            ns,
            new CtrTestOptions
            {
                Platforms = [CtrPlatform.Parse("linux/amd64"), CtrPlatform.Parse("linux/arm64"), CtrPlatform.Parse("linux/s390x")],
            });
        Assert.Equal([CtrImageState.Complete, CtrImageState.Unavailable, CtrImageState.Unavailable], checks.Select(check => check.Status));
        Assert.Equal(["linux/amd64", "linux/arm64", "linux/s390x"], checks.Select(check => check.Platform.ToString()));
        Assert.Equal([0, 1, 0], checks.Select(check => check.Faults.Count));
    }

    [Theory]
    [MemberData(nameof(Generations))]
    public async Task Finds_every_damage_by_reading(Generation generation)
    {
        ContainerdRig rig = await daemons.GetAsync(generation);
        const string ns = "check-deep";
        _ = await RigImages.LoadAsync(rig, "nginx", ns, unpack: false);
        _ = await RigImages.LoadAsync(rig, "index", ns, unpack: false);
        ImageParts parts = await StoreProbe.PartsAsync(rig, ns, Nginx);
        await using ICtrConnection connection = await daemons.ConnectAsync(generation);
        CtrImage image = await StoreProbe.ImageAsync(connection, ns, Nginx);
        CtrImageCheck sound = await StoreProbe.TestAsync(connection, image);
        Assert.Equal(CtrImageState.Complete, sound.Status);
        Assert.Empty(sound.Faults);
        Assert.Equal(
            new[] { parts.Manifest, parts.Config }.Concat(parts.Layers).Sum(digest => new FileInfo(StoreProbe.BlobPath(rig, digest)).Length),
            sound.BytesRead);

        string[] all = [parts.Config, .. parts.Layers];
        byte[][] before = [.. all.Select(digest => File.ReadAllBytes(StoreProbe.BlobPath(rig, digest)))];
        try
        {
            StoreProbe.Flip(rig, parts.Layers[0]);
            StoreProbe.Truncate(rig, parts.Layers[1]);
            File.Delete(StoreProbe.BlobPath(rig, parts.Layers[2]));
            CtrImageCheck shallow = await StoreProbe.TestAsync(connection, image, deep: false);
            Assert.Equal(CtrImageState.Complete, shallow.Status);

            CtrImageCheck check = await StoreProbe.TestAsync(connection, image);
            Assert.Equal(CtrImageState.Corrupt, check.Status);
            Assert.Equal(4, check.PresentCount);
            Dictionary<string, CtrBlobFault> faults = check.Faults.ToDictionary(fault => fault.Digest);
            Assert.Equal(parts.Layers.Order(StringComparer.Ordinal), faults.Keys.Order(StringComparer.Ordinal));
            Assert.Equal(
                "sha256:" + Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(StoreProbe.BlobPath(rig, parts.Layers[0])))),
                faults[parts.Layers[0]].ActualDigest);
            Assert.Equal(CtrBlobStatus.Corrupt, faults[parts.Layers[1]].Status);
            Assert.Equal(new FileInfo(StoreProbe.BlobPath(rig, parts.Layers[1])).Length, faults[parts.Layers[1]].ActualSize);
            Assert.Equal(CtrBlobStatus.Unreadable, faults[parts.Layers[2]].Status);
            Assert.All(check.Faults, fault => Assert.Equal("linux/amd64", fault.Platform?.ToString()));

            StoreProbe.Flip(rig, parts.Config);
            CtrImageCheck config = await StoreProbe.TestAsync(connection, image, deep: false);
            Assert.Equal((CtrImageState.Corrupt, parts.Config), (config.Status, Assert.Single(config.Faults).Digest));
        }
        finally
        {
            foreach ((string digest, byte[] bytes) in all.Zip(before))
            {
                await File.WriteAllBytesAsync(StoreProbe.BlobPath(rig, digest), bytes);
            }
        }

        Assert.Equal(CtrImageState.Complete, (await StoreProbe.TestAsync(connection, image)).Status);
    }

    [Theory]
    [MemberData(nameof(Generations))]
    public async Task Reads_what_images_share_once(Generation generation)
    {
        ContainerdRig rig = await daemons.GetAsync(generation);
        const string ns = "check-shared";
        _ = await RigImages.LoadAsync(rig, "busybox", ns, unpack: false);
        _ = (await rig.CtrAsync("-n", ns, "images", "tag", Busybox, "docker.io/library/other:1")).Check();
        ImageParts parts = await StoreProbe.PartsAsync(rig, ns, Busybox);
        long size = new[] { parts.Manifest, parts.Config }.Concat(parts.Layers).Sum(digest => new FileInfo(StoreProbe.BlobPath(rig, digest)).Length);
        await using ICtrConnection connection = await daemons.ConnectAsync(generation);
        var meter = new CtrTransferMeter();
        List<CtrImageCheck> checks = await TestAllAsync(connection, ns, new CtrTestOptions { Deep = true }, meter);
        Assert.Equal([size, size], checks.Select(check => check.BytesRead));
        Assert.Equal((size, size), (meter.DoneBytes, meter.TotalBytes));
    }

    [Theory]
    [MemberData(nameof(Generations))]
    public async Task Tells_an_image_that_was_made_wrong(Generation generation)
    {
        ContainerdRig rig = await daemons.GetAsync(generation);
        const string ns = "check-made";
        string archive = Path.Combine(rig.Folder, "made-wrong.tar");
        await WriteWithOtherDiffIdAsync(await RigImages.ArchiveAsync("busybox"), archive);
        _ = (await rig.CtrAsync("-n", ns, "images", "import", "--no-unpack", archive)).Check();
        await using ICtrConnection connection = await daemons.ConnectAsync(generation);
        CtrImageCheck check = await StoreProbe.TestAsync(connection, await StoreProbe.ImageAsync(connection, ns, Busybox));
        CtrBlobFault fault = Assert.Single(check.Faults);
        Assert.Equal(CtrImageState.Corrupt, check.Status);
        Assert.Equal((await StoreProbe.PartsAsync(rig, ns, Busybox)).Layers[0], fault.Digest);
        Assert.Contains("decompresses to sha256:", fault.Reason, StringComparison.Ordinal);
    }

    private static async Task<List<CtrImageCheck>> TestAllAsync(
        ICtrConnection connection, string ns, CtrTestOptions options, CtrTransferMeter? meter = null)
    {
        var images = new List<CtrImage>();
        await foreach (CtrImage image in connection.Images.ListAsync(
            new CtrImageQuery { Namespace = ns, Detail = CtrImageDetail.None }, CancellationToken.None))
        {
            images.Add(image);
        }

        var checks = new List<CtrImageCheck>();
        await foreach (CtrImageCheck check in connection.Care.TestAsync(images, options, meter ?? new CtrTransferMeter(), CancellationToken.None))
        {
            checks.Add(check);
        }

        return checks;
    }

    private static string AsCtr(CtrImageCheck check) => check.Status == CtrImageState.Unavailable
        ? $"{check.Name} {check.MediaType} {check.Digest} unavailable ({check.PresentCount}/?) {Size(check.PresentSize)}/? {Lower(check.Unpacked)}"
        : $"{check.Name} {check.MediaType} {check.Digest} {check.Status.ToString().ToLowerInvariant()} ({check.PresentCount}/{check.RequiredCount}) "
            + $"{Size(check.PresentSize)}/{Size(check.RequiredSize!.Value)} {Lower(check.Unpacked)}";

    private static string Lower(bool value) => value ? "true" : "false";

    private static string Size(long bytes)
    {
        double value = bytes;
        int unit = 0;
        for (; value >= 1024; unit++)
        {
            value /= 1024;
        }

        return string.Create(CultureInfo.InvariantCulture, $"{value:0.0} {new[] { "B", "KiB", "MiB", "GiB" }[unit]}");
    }

    /// <summary>The image with another diffID in its config, and so another config and manifest.</summary>
    private static async Task WriteWithOtherDiffIdAsync(string archive, string output)
    {
        var files = new Dictionary<string, byte[]>();
        await using (FileStream input = File.OpenRead(archive))
        await using (var reader = new TarReader(input))
        {
            while (await reader.GetNextEntryAsync(copyData: true) is { } entry)
            {
                if (entry.DataStream is { } data)
                {
                    using var bytes = new MemoryStream();
                    await data.CopyToAsync(bytes);
                    files[entry.Name] = bytes.ToArray();
                }
            }
        }

        JsonNode index = JsonNode.Parse(files["index.json"])!;
        JsonNode manifestEntry = index["manifests"]![0]!;
        JsonNode manifest = JsonNode.Parse(files[PathOf(manifestEntry)])!;
        JsonNode config = JsonNode.Parse(files[PathOf(manifest["config"]!)])!;
        config["rootfs"]!["diff_ids"]![0] = "sha256:" + new string('1', 64);
        Put(manifest["config"]!, config);
        Put(manifestEntry, manifest);
        files["index.json"] = Encoding.UTF8.GetBytes(index.ToJsonString());
        await using FileStream file = File.Create(output);
        await using var writer = new TarWriter(file);
        foreach ((string name, byte[] bytes) in files)
        {
            await writer.WriteEntryAsync(new UstarTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(bytes) });
        }

        static string PathOf(JsonNode descriptor) => "blobs/" + descriptor["digest"]!.GetValue<string>().Replace(':', '/');

        void Put(JsonNode descriptor, JsonNode content)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(content.ToJsonString());
            descriptor["digest"] = "sha256:" + Convert.ToHexStringLower(SHA256.HashData(bytes));
            descriptor["size"] = bytes.Length;
            files[PathOf(descriptor)] = bytes;
        }
    }

    [GeneratedRegex(@"^(\S+)\s+(\S+)\s+(\S+)\s+(\w+)\s+(\([^)]*\))\s+(.*?)\s+(true|false)\s*$", RegexOptions.CultureInvariant)]
    private static partial Regex CtrLine();
}
