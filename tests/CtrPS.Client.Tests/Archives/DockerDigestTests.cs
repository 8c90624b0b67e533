using CtrPS.Client.Archives;
using CtrPS.Client.Tests.Daemon;
using CtrPS.Rig;

namespace CtrPS.Client.Tests.Archives;

/// <summary>An image has the digest that ctr gives it, whatever wrote the archive.</summary>
public sealed class DockerDigestTests(Daemons daemons) : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ctrps-");

    public static TheoryData<Generation> Generations => Daemons.Generations;

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [MemberData(nameof(Generations))]
    public async Task Same_digests_as_ctr(Generation generation)
    {
        ContainerdRig rig = await daemons.GetAsync(generation);
        string skopeo = await Archives.RealAsync("busybox-docker");
        string oci = Path.Combine(_folder.FullName, "oci");
        await System.Formats.Tar.TarFile.ExtractToDirectoryAsync(
            await Archives.RealAsync("busybox"), Directory.CreateDirectory(oci).FullName, overwriteFiles: false);
        string[] paths =
        [
            skopeo,
            (await Archives.OldDockerAsync()).Write(Path.Combine(_folder.FullName, "old.tar")),
            (await Archives.BlobNamedDockerAsync()).Write(Path.Combine(_folder.FullName, "blobs.tar")),
            (await Archives.GzippedLayerDockerAsync("gzip")).Write(Path.Combine(_folder.FullName, "gzipped.tar")),
            (await Archives.GzippedLayerDockerAsync("zstd")).Write(Path.Combine(_folder.FullName, "zstd.tar")),
            (await Archives.GzippedLayerDockerAsync("xz")).Write(Path.Combine(_folder.FullName, "xz.tar")),
            await Archives.RealAsync("busybox"),
            await Archives.RealAsync("nested"),
            await Archives.RealAsync("attested"),
            await Archives.RealAsync("nginx-docker"),
        ];
        // Through the daemon's transfer service, which ctr prefers from 2.0 on, --digests leaves the named ones out.
        string[] local = generation == Generation.V2 ? ["--local"] : [];
        for (int i = 0; i < paths.Length; i++)
        {
            string ns = $"digests-{i}";
            _ = (await rig.CtrAsync(["-n", ns, "images", "import", "--no-unpack", "--digests", .. local, paths[i]])).Check();
            string[] rows = (await rig.CtrAsync("-n", ns, "images", "ls")).Check().Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)[1..];
            var expected = rows.Select(row => row.Split(' ', StringSplitOptions.RemoveEmptyEntries))
                .Select(cells => (Name: cells[0], Type: cells[1], Digest: cells[2]))
                .ToList();
            await using ArchiveReader archive = await ArchiveReader.OpenAsync(paths[i], default);
            Assert.NotEmpty(archive.Images);
            Assert.Equal(
                expected.Where(row => row.Name.StartsWith("import-", StringComparison.Ordinal)).Select(row => (row.Type, row.Digest)).Order(),
                archive.Images.Select(image => (image.Target.MediaType, image.Target.Digest)).Distinct().Order());
            Assert.Equal(
                expected.Where(row => !row.Name.StartsWith("import-", StringComparison.Ordinal)).Select(row => (row.Name, row.Digest)).Order(),
                archive.Images.Where(image => image.Name is not null).Select(image => (image.Name!, image.Target.Digest)).Order());
            Assert.Equal(await IndexDigestAsync(rig, ns + "-index", paths[i], local), archive.Index.Digest);
        }
    }

    /// <summary>The podman of the distribution in both of its formats, with a layer that it made itself.</summary>
    [Fact]
    public async Task What_podman_saves_has_the_digest_that_ctr_gives_it()
    {
        Tool.Need("podman");
        ContainerdRig rig = await daemons.GetAsync(Generation.V16);
        string[] podman =
        [
            "--root", Path.Combine(_folder.FullName, "root"), "--runroot", Path.Combine(_folder.FullName, "run"),
            "--storage-driver", "vfs", "--events-backend", "file",
        ];
        await Tool.RunAsync("podman", [.. podman, "load", "-i", await Archives.RealAsync("busybox-docker")]);
        foreach (string format in new[] { "docker-archive", "oci-archive" })
        {
            string path = Path.Combine(_folder.FullName, format + ".tar");
            await Tool.RunAsync("podman", [.. podman, "save", "--format", format, "-o", path, "docker.io/library/busybox:docker"]);
            string ns = "podman-" + format;
            _ = (await rig.CtrAsync("-n", ns, "images", "import", "--no-unpack", path)).Check();
            string listed = (await rig.CtrAsync("-n", ns, "images", "ls")).Check().Output;
            string row = Assert.Single(listed.Split('\n', StringSplitOptions.RemoveEmptyEntries)[1..]);
            await using ArchiveReader archive = await ArchiveReader.OpenAsync(path, default);
            ArchiveImage image = Assert.Single(archive.Images);
            Assert.Equal(row.Split(' ', StringSplitOptions.RemoveEmptyEntries)[2], image.Target.Digest);
            Assert.Equal("docker.io/library/busybox:docker", image.Name);
            Assert.All((await CheckAsync(path)), check => Assert.Equal(CtrBlobStatus.Ok, check.Status));
        }
    }

    private static async Task<List<CtrArchiveCheck>> CheckAsync(string path) =>
        await Connector.Archives.VerifyAsync(path, deep: false, new CtrTransferMeter(), default).ToListAsync();

    /// <summary>The digest of the index that ctr makes over the archive.</summary>
    private static async Task<string> IndexDigestAsync(ContainerdRig rig, string ns, string path, string[] local)
    {
        _ = (await rig.CtrAsync(["-n", ns, "images", "import", "--no-unpack", "--index-name", "the-index", .. local, path])).Check();
        return (await rig.CtrAsync("-n", ns, "images", "ls"))
            .Check().Output.Split('\n')
            .Single(row => row.StartsWith("the-index ", StringComparison.Ordinal))
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)[2];
    }
}
