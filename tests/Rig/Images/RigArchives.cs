using CtrPS.Rig.Processes;
using CtrPS.Rig.Provisioning;

namespace CtrPS.Rig.Images;

/// <summary>Makes the image archives of <see cref="RigImages"/>.</summary>
internal static class RigArchives
{
    public static async Task WriteAsync(RigImage image, string path, CancellationToken cancellationToken)
    {
        switch (image.Kind)
        {
            case "nginx":
                await using (var nginx = await NginxImage.BuildAsync(cancellationToken))
                {
                    await nginx.WriteAsync(image.RecordName, path, cancellationToken);
                }

                break;
            case "busybox":
                await using (var busybox = await BuildBusyboxAsync(cancellationToken))
                {
                    await busybox.WriteAsync(image.RecordName, path, cancellationToken);
                }

                break;
            case "built":
                await BuildAsync(image.RecordName, path, cancellationToken);
                break;
            case "nginx-docker":
                await ToDockerArchiveAsync("nginx", image.RecordName, path, cancellationToken);
                break;
            case "busybox-docker":
                await ToDockerArchiveAsync("busybox", image.RecordName, path, cancellationToken);
                break;
            case "many":
                await Many(image).WriteAsync(path, cancellationToken);
                break;
            default:
                await (await SpecialAsync(image, cancellationToken)).WriteAsync(path, cancellationToken);
                break;
        }
    }

    private static async Task<UmociImage> BuildBusyboxAsync(CancellationToken cancellationToken)
    {
        var image = await UmociImage.NewAsync(cancellationToken);
        try
        {
            await BusyboxRootfs.FillAsync(image.Rootfs, cancellationToken);
            await image.AddLayerAsync("busybox --install", cancellationToken);
            string[] flags = ["--config.cmd", "sh", "--config.env", "PATH=/bin", "--config.label", "org.opencontainers.image.title=busybox"];
            await image.ConfigureAsync(flags, cancellationToken);
            return image;
        }
        catch
        {
            await image.DisposeAsync();
            throw;
        }
    }

    /// <summary>What a Containerfile gives: files of every kind, in layers as docker's own builder writes them.</summary>
    private static async Task BuildAsync(string name, string path, CancellationToken cancellationToken)
    {
        const string Steps = """
            FROM scratch
            COPY rootfs /
            RUN mkdir -p /opt/a/b && cd /opt/a && echo hi > b/x && ln -s x b/y && ln b/x b/z && chmod 4755 b/x && mkfifo p && echo more >> /etc/group
            COPY Containerfile /opt/data/
            CMD ["cat", "/opt/a/b/z"]
            """;
        await using var work = await RigFolder.CreateAsync();
        string[] podman =
            ["--root", Path.Combine(work.Path, "podman"), "--runroot", Path.Combine(work.Path, "run"), "--storage-driver", "vfs"];
        var context = Directory.CreateDirectory(Path.Combine(work.Path, "context")).FullName;
        await BusyboxRootfs.FillAsync(Directory.CreateDirectory(Path.Combine(context, "rootfs")).FullName, cancellationToken);
        await File.WriteAllTextAsync(Path.Combine(context, "Containerfile"), Steps, cancellationToken);
        await PodmanAsync("build", "--isolation", "chroot", "--layers", "--quiet", "--tag", name, context);
        await PodmanAsync("save", "--quiet", "--format", "oci-archive", "--output", path, name);

        async Task PodmanAsync(params string[] words) =>
            (await Command.RunAsync(Tools.Need("podman"), [.. podman, .. words], cancellationToken: cancellationToken)).Check();
    }

    /// <summary>docker save's layout: layers are plain tars there, and containerd gives the image docker's media types.</summary>
    private static async Task ToDockerArchiveAsync(string source, string name, string path, CancellationToken cancellationToken)
    {
        var archive = await RigImages.ArchiveAsync(source, cancellationToken);
        string[] copy = ["--insecure-policy", "copy", "--quiet", $"oci-archive:{archive}", $"docker-archive:{path}:{name}"];
        (await Command.RunAsync(Tools.Need("skopeo"), copy, cancellationToken: cancellationToken)).Check();
    }

    private static async Task<OciArchive> SpecialAsync(RigImage image, CancellationToken cancellationToken)
    {
        var layer = await BusyboxRootfs.ToLayerAsync(cancellationToken);
        OciImage Of(OciPlatform platform) => OciImage.Single(platform, layer, $"{image.Kind} for {platform.Architecture}");

        var archive = new OciArchive();
        var amd64 = Of(OciPlatform.Amd64);
        switch (image.Kind)
        {
            case "index":
                // Only the blobs that no other platform needs are left out: the layer is shared.
                var absent = Of(OciPlatform.Arm64);
                archive.Add(
                    image.RecordName,
                    OciImage.Index((amd64, OciPlatform.Amd64, null), (absent, OciPlatform.Arm64, null)),
                    absent.Blobs.Select(blob => blob.Digest).Except(amd64.Blobs.Select(blob => blob.Digest)));
                break;
            case "index-full":
                archive.Add(
                    image.RecordName,
                    OciImage.Index((amd64, OciPlatform.Amd64, null), (Of(OciPlatform.Arm64), OciPlatform.Arm64, null)));
                break;
            case "attested":
                var annotations = new System.Text.Json.Nodes.JsonObject
                {
                    ["vnd.docker.reference.digest"] = amd64.Target.Digest,
                    ["vnd.docker.reference.type"] = "attestation-manifest",
                };
                archive.Add(
                    image.RecordName,
                    OciImage.Index(
                        (amd64, OciPlatform.Amd64, null),
                        (OciImage.Attestation(amd64.Target.Digest), OciPlatform.Unknown, annotations)));
                break;
            case "nested":
                archive.Add(image.RecordName, OciImage.Index((OciImage.Index((amd64, OciPlatform.Amd64, null)), null, null)));
                break;
            case "absent":
                archive.Add(image.RecordName, amd64);
                break;
            case "pause":
                archive.Add(image.RecordName, OciImage.Single(OciPlatform.Amd64, layer, image.Kind, "sleep", "1000000"));
                break;
            case "arm":
                archive.Add(image.RecordName, Of(OciPlatform.ArmV7));
                break;
            default:
                throw new ArgumentException($"'{image.Kind}' is no image of the rig");
        }

        return archive;
    }

    private static OciArchive Many(RigImage image)
    {
        var layer = SmallLayer.WithText("hello.txt", "one layer for all\n");
        var archive = new OciArchive();
        foreach (var name in image.Names)
        {
            archive.Add(name, OciImage.Single(OciPlatform.Amd64, layer, name));
        }

        return archive;
    }
}
