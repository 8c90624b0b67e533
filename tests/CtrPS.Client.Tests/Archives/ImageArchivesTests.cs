using System.Text.Json.Nodes;

namespace CtrPS.Client.Tests.Archives;

/// <summary>What is in an archive, what it lacks, and what is damaged in it.</summary>
public sealed class ImageArchivesTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ctrps-");

    private string Target => Path.Combine(_folder.FullName, "a.tar");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("busybox", "docker.io/library/busybox:1.35", "linux/amd64", CtrArchiveFormat.Oci)]
    [InlineData("busybox-docker", "docker.io/library/busybox:docker", "linux/amd64", CtrArchiveFormat.Docker)]
    [InlineData("arm", "docker.io/library/arm:v7", "linux/arm/v7", CtrArchiveFormat.Oci)]
    [InlineData("index-full", "docker.io/library/index:full", "linux/amd64 linux/arm64", CtrArchiveFormat.Oci)]
    [InlineData("attested", "docker.io/library/attested:1", "linux/amd64 unknown/unknown", CtrArchiveFormat.Oci)]
    [InlineData("nested", "docker.io/library/nested:1", "linux/amd64", CtrArchiveFormat.Oci)]
    public async Task A_whole_archive_is_listed_and_proved(string image, string name, string platforms, CtrArchiveFormat format)
    {
        string path = await Archives.RealAsync(image);
        CtrArchiveImage found = Assert.Single(await ListAsync(path));
        Assert.Equal((path, name, format, CtrCompression.None, true), (found.Path, found.Name, found.Format, found.Compression, found.IsComplete));
        Assert.Equal(platforms, string.Join(' ', found.Platforms.Select(platform => platform.ToString())));
        Assert.All(found.Platforms, platform => Assert.True(platform.IsComplete));
        Assert.Empty(found.Faults);
        Assert.True(found.Size > 1_000_000);

        (CtrArchiveCheck check, CtrTransferMeter meter) = await CheckAsync(path);
        Assert.Equal((CtrBlobStatus.Ok, name, found.Digest), (check.Status, check.Name, check.Digest));
        Assert.Empty(check.Faults);
        Assert.True(check.BlobCount >= 3);
        Assert.Equal(check.Size, meter.DoneBytes);
        Assert.Equal(meter.TotalBytes, meter.DoneBytes);
    }

    [Fact]
    public async Task A_platform_that_is_left_out_is_shown_and_is_no_fault_of_a_check()
    {
        string path = await Archives.RealAsync("index");
        CtrArchiveImage image = Assert.Single(await ListAsync(path));
        Assert.False(image.IsComplete);
        Assert.Equal([("linux/amd64", true), ("linux/arm64", false)], image.Platforms.Select(platform => (platform.ToString(), platform.IsComplete)));
        CtrBlobFault fault = Assert.Single(image.Faults);
        Assert.Equal((CtrBlobStatus.Missing, "linux/arm64", image.Platforms[1].Digest), (fault.Status, fault.Platform!.ToString(), fault.Digest));
        Assert.Contains("leaves it out", fault.Reason, StringComparison.Ordinal);
        Assert.Equal(CtrBlobStatus.Ok, (await CheckAsync(path)).Check.Status);
    }

    [Fact]
    public async Task A_missing_layer_is_named()
    {
        Bundle bundle = Bundle.Read(await Archives.RealAsync("busybox"));
        string layer = bundle.Layer.Name;
        bundle.Items.Remove(bundle.Layer);
        CtrBlobFault fault = await OneFaultAsync(bundle, CtrBlobStatus.Missing);
        Assert.Equal(
            (DigestOf(layer), "application/vnd.oci.image.layer.v1.tar+gzip", "linux/amd64"),
            (fault.Digest, fault.MediaType, fault.Platform?.ToString()));
        Assert.Null(fault.ActualDigest);
        Assert.NotNull(fault.RecommendedAction);
        CtrArchiveImage image = Assert.Single(await ListAsync(Target));
        Assert.False(image.IsComplete);
        Assert.Equal(fault.Digest, Assert.Single(image.Faults).Digest);
    }

    [Theory]
    [InlineData("")]
    [InlineData("gzip")]
    public async Task A_flipped_byte_is_found_in_every_blob(string packer)
    {
        Bundle whole = Bundle.Read(await Archives.RealAsync("busybox"));
        foreach (string name in whole.Items.Select(item => item.Name).Where(name => name.Length > 60))
        {
            Bundle bundle = Bundle.Read(await Archives.RealAsync("busybox"));
            bundle.Flip(name);
            CtrBlobFault fault = await OneFaultAsync(bundle, CtrBlobStatus.Corrupt, packer);
            Assert.Equal(DigestOf(name), fault.Digest);
            Assert.Equal("sha256:" + Archives.Hex(bundle[name].Content), fault.ActualDigest);
            Assert.Equal(bundle[name].Content.Length, fault.ActualSize);
            Assert.Contains(fault.ActualDigest!, fault.Reason, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_flipped_byte_is_found_in_a_layer_of_docker()
    {
        Bundle bundle = Bundle.Read(await Archives.RealAsync("busybox-docker"));
        string layer = bundle.Layer.Name;
        string digest = "sha256:" + Archives.Hex(bundle.Layer.Content);
        bundle.Flip(layer);
        CtrBlobFault fault = await OneFaultAsync(bundle, CtrBlobStatus.Corrupt);
        Assert.Equal((digest, "sha256:" + Archives.Hex(bundle[layer].Content)), (fault.Digest, fault.ActualDigest));
    }

    [Fact]
    public async Task A_short_layer_is_found()
    {
        Bundle bundle = Bundle.Read(await Archives.RealAsync("busybox"));
        bundle.Set(bundle.Layer.Name, bundle.Layer.Content[..^7]);
        CtrBlobFault fault = await OneFaultAsync(bundle, CtrBlobStatus.Corrupt);
        Assert.Equal(fault.Size - 7, fault.ActualSize);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-100_000_000)]
    public async Task A_wrong_size_is_found(long difference)
    {
        Bundle bundle = await WithManifestAsync(manifest => manifest["layers"]![0]!["size"] = (long)manifest["layers"]![0]!["size"]! + difference);
        CtrBlobFault fault = await OneFaultAsync(bundle, CtrBlobStatus.Corrupt);
        Assert.Equal(fault.Digest, fault.ActualDigest);
        Assert.Contains("but its descriptor says", fault.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_manifest_that_is_an_index_too_is_found()
    {
        Bundle bundle = await WithManifestAsync(manifest => manifest["manifests"] = new JsonArray());
        CtrBlobFault fault = await OneFaultAsync(bundle, CtrBlobStatus.Corrupt);
        Assert.Contains("is not the manifest that its media type", fault.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_layer_of_an_unknown_algorithm_is_found()
    {
        Bundle bundle = await WithManifestAsync(manifest => manifest["layers"]![0]!["digest"] = "md5:0123456789abcdef0123456789abcdef");
        CtrBlobFault fault = await OneFaultAsync(bundle, CtrBlobStatus.Corrupt);
        Assert.Contains("not a digest of a known algorithm", fault.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_config_that_describes_other_layers_is_found()
    {
        Bundle bundle = await WithManifestAsync(manifest => ((JsonArray)manifest["layers"]!).Add(manifest["layers"]![0]!.DeepClone()));
        CtrBlobFault fault = await OneFaultAsync(bundle, CtrBlobStatus.Corrupt);
        Assert.Contains("It describes 1 layers, and the manifest", fault.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_index_of_which_nothing_is_there_is_missing()
    {
        Bundle bundle = Bundle.Read(await Archives.RealAsync("index"));
        string first = ((string)bundle.Json("index.json")["manifests"]![0]!["digest"]!)["sha256:".Length..];
        string[] others =
        [
            .. bundle.Items.Select(item => item.Name).Where(name => name.Length > 60 && !name.EndsWith(first, StringComparison.Ordinal)),
        ];
        foreach (string name in others)
        {
            bundle.Remove(name);
        }

        bundle.Write(Target);
        CtrArchiveCheck check = (await CheckAsync(Target)).Check;
        Assert.Equal((CtrBlobStatus.Missing, 2, 3), (check.Status, check.Faults.Count, check.BlobCount));
    }

    [Fact]
    public async Task An_attestation_alone_is_not_the_image()
    {
        Bundle bundle = Bundle.Read(await Archives.RealAsync("attested"));
        JsonNode index = bundle.Json("blobs/" + ((string)bundle.Json("index.json")["manifests"]![0]!["digest"]!).Replace(':', '/'));
        string manifest = (string)index["manifests"]![0]!["digest"]!;
        bundle.Remove("blobs/" + manifest.Replace(':', '/'));
        CtrBlobFault fault = await OneFaultAsync(bundle, CtrBlobStatus.Missing);
        Assert.Equal(manifest, fault.Digest);
    }

    [Theory]
    [InlineData("", false)]
    [InlineData("gzip", false)]
    [InlineData("", true)]
    public async Task A_descriptor_without_media_type_is_told(string packer, bool nested)
    {
        Bundle bundle = Bundle.Read(await Archives.RealAsync(nested ? "nested" : "busybox"));
        JsonNode index = bundle.Json("index.json");
        if (nested)
        {
            string old = "blobs/" + ((string)index["manifests"]![0]!["digest"]!).Replace(':', '/');
            JsonNode outer = bundle.Json(old);
            _ = ((JsonObject)outer["manifests"]![0]!).Remove("mediaType");
            byte[] bytes = System.Text.Encoding.UTF8.GetBytes(outer.ToJsonString());
            bundle.Set("blobs/sha256/" + Archives.Hex(bytes), bytes);
            index["manifests"]![0]!["digest"] = "sha256:" + Archives.Hex(bytes);
            index["manifests"]![0]!["size"] = bytes.Length;
        }
        else
        {
            _ = ((JsonObject)index["manifests"]![0]!).Remove("mediaType");
        }

        bundle.Set("index.json", index.ToJsonString());
        CtrBlobFault fault = await OneFaultAsync(bundle, CtrBlobStatus.Corrupt, packer);
        Assert.Contains("(no media type, ", fault.Reason, StringComparison.Ordinal);
        Assert.Contains("has no media type: nothing says what the blob is", fault.Reason, StringComparison.Ordinal);
        Assert.Contains("The image was made so", fault.RecommendedAction, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("what it unpacks to is not what the config says", "decompresses to sha256:")]
    [InlineData("it is cut off", "does not decompress: the end of the data is missing.")]
    [InlineData("it is a bomb", "250 times as many.")]
    public async Task With_deep_packed_layers_are_unpacked(string what, string words)
    {
        byte[] layer = what switch
        {
            "it is cut off" => Gzip(new byte[100_000])[..^5],
            "it is a bomb" => [.. Enumerable.Repeat(Gzip(new byte[16 << 20]), 100).SelectMany(one => one)],
            _ => Gzip([1, 2, 3]),
        };
        Bundle bundle = await WithManifestAsync(manifest =>
        {
            manifest["layers"]![0]!["digest"] = "sha256:" + Archives.Hex(layer);
            manifest["layers"]![0]!["size"] = layer.Length;
        });
        bundle.Set("blobs/sha256/" + Archives.Hex(layer), layer);
        bundle.Write(Target);
        Assert.Equal(CtrBlobStatus.Ok, (await CheckAsync(Target)).Check.Status);
        CtrArchiveCheck check = Assert.Single(
            await Connector.Archives.VerifyAsync(Target, deep: true, new CtrTransferMeter(), default).ToListAsync());
        Assert.Equal(CtrBlobStatus.Corrupt, check.Status);
        CtrBlobFault fault = Assert.Single(check.Faults);
        Assert.Contains(words, fault.Reason, StringComparison.Ordinal);
        Assert.Equal(fault.Digest, fault.ActualDigest);

        static byte[] Gzip(byte[] bytes)
        {
            using var packed = new MemoryStream();
            using (var gzip = new System.IO.Compression.GZipStream(packed, System.IO.Compression.CompressionLevel.SmallestSize, leaveOpen: true))
            {
                gzip.Write(bytes);
            }

            return packed.ToArray();
        }
    }

    [Fact]
    public async Task A_name_of_docker_that_is_no_reference_is_listed_as_it_stands()
    {
        Bundle bundle = Bundle.Read(await Archives.RealAsync("busybox-docker"));
        JsonNode listing = bundle.Json("manifest.json");
        listing[0]!["RepoTags"] = new JsonArray("UPPER/Case:1", "good:1");
        bundle.Set("manifest.json", listing.ToJsonString());
        bundle.Write(Target);
        Assert.Equal(["UPPER/Case:1", "docker.io/library/good:1"], (await ListAsync(Target)).Select(image => image.Name));
    }

    [Fact]
    public async Task A_blob_that_cannot_be_opened_is_unreadable_and_the_others_are_proved()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "a special file of Unix");
        await System.Formats.Tar.TarFile.ExtractToDirectoryAsync(await Archives.RealAsync("busybox"), _folder.FullName, overwriteFiles: false);
        string layer = Directory.GetFiles(Path.Combine(_folder.FullName, "blobs", "sha256")).MaxBy(path => new FileInfo(path).Length)!;
        long size = new FileInfo(layer).Length;
        await using var locked = new FileStream(layer, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        CtrArchiveCheck check = (await CheckAsync(_folder.FullName)).Check;
        Assert.Equal(CtrBlobStatus.Unreadable, check.Status);
        CtrBlobFault fault = Assert.Single(check.Faults);
        Assert.Equal((DigestOf(layer[layer.IndexOf("blobs", StringComparison.Ordinal)..]), size), (fault.Digest, fault.ActualSize!.Value));
        Assert.True(check.Size is > 0 and < 1_000_000);
    }

    [Fact]
    public async Task Images_that_share_a_layer_are_read_once()
    {
        (await Archives.OldDockerAsync()).Write(Target);
        var meter = new CtrTransferMeter();
        List<CtrArchiveCheck> checks = await Connector.Archives.VerifyAsync(Target, deep: false, meter, default).ToListAsync();
        Assert.Equal(3, checks.Count);
        Assert.All(checks, check => Assert.Equal((CtrBlobStatus.Ok, 3), (check.Status, check.BlobCount)));
        Assert.True(meter.DoneBytes < checks[0].Size + 10_000);
    }

    private async Task<CtrBlobFault> OneFaultAsync(Bundle bundle, CtrBlobStatus status, string packer = "")
    {
        bundle.Write(Target);
        string path = Target;
        if (packer.Length > 0)
        {
            await Tool.RunAsync(packer, "-f", "-k", Target);
            path = Directory.GetFiles(_folder.FullName).Single(file => file != Target);
        }

        CtrArchiveCheck check = (await CheckAsync(path)).Check;
        Assert.Equal(status, check.Status);
        return Assert.Single(check.Faults);
    }

    /// <summary>busybox with another manifest, under the right digest.</summary>
    private static async Task<Bundle> WithManifestAsync(Action<JsonNode> change)
    {
        Bundle bundle = Bundle.Read(await Archives.RealAsync("busybox"));
        JsonNode index = bundle.Json("index.json");
        string old = "blobs/" + ((string)index["manifests"]![0]!["digest"]!).Replace(':', '/');
        JsonNode manifest = bundle.Json(old);
        change(manifest);
        byte[] bytes = System.Text.Encoding.UTF8.GetBytes(manifest.ToJsonString());
        bundle.Remove(old);
        bundle.Set("blobs/sha256/" + Archives.Hex(bytes), bytes);
        index["manifests"]![0]!["digest"] = "sha256:" + Archives.Hex(bytes);
        index["manifests"]![0]!["size"] = bytes.Length;
        bundle.Set("index.json", index.ToJsonString());
        return bundle;
    }

    private static async Task<List<CtrArchiveImage>> ListAsync(string path) => await Connector.Archives.ListAsync(path, default).ToListAsync();

    private static async Task<(CtrArchiveCheck Check, CtrTransferMeter Meter)> CheckAsync(string path)
    {
        var meter = new CtrTransferMeter();
        return (Assert.Single(await Connector.Archives.VerifyAsync(path, deep: false, meter, default).ToListAsync()), meter);
    }

    private static string DigestOf(string name) => name["blobs/".Length..].Replace('/', ':');
}
