using System.Text.Json;
using CtrPS.Rig.Images;

namespace CtrPS.Rig;

/// <summary>
/// Real images for tests, none written by the product. Named by a short word:
/// <list type="table">
/// <item><term>nginx, nginx-docker</term><description>Debian with nginx, three layers, over 100 MiB; OCI and docker media types</description></item>
/// <item><term>busybox, busybox-docker</term><description>one static program, one layer; OCI and docker media types</description></item>
/// <item><term>index</term><description>an index of linux/amd64 and linux/arm64; nothing of arm64 is in the store</description></item>
/// <item><term>index-full</term><description>the same with both platforms in the store</description></item>
/// <item><term>attested</term><description>an index of linux/amd64 and BuildKit's attestation manifest</description></item>
/// <item><term>nested</term><description>an index in an index</description></item>
/// <item><term>absent</term><description>a record whose manifest is not in the store</description></item>
/// <item><term>arm</term><description>a single manifest for linux/arm/v7</description></item>
/// <item><term>pause</term><description>sleeps: what the sandbox of a pod runs</description></item>
/// <item><term>built</term><description>busybox with two layers more, built by podman from a Containerfile</description></item>
/// <item><term>names</term><description>busybox under CRI's three names: tag, digest and config id, with CRI's label</description></item>
/// <item><term>many, many:N</term><description>2,000 or N images, one layer, each its own manifest and config</description></item>
/// </list>
/// </summary>
public static class RigImages
{
    private const string ManagedLabel = "io.cri-containerd.image=managed";

    /// <summary>The words that name images.</summary>
    public static IReadOnlyList<string> All => RigImage.Kinds;

    /// <summary>The image's archive in the cache, built when first asked for: an OCI layout, or docker save's for the docker ones.</summary>
    public static Task<string> ArchiveAsync(string image, CancellationToken cancellationToken = default)
    {
        var wanted = RigImage.Parse(image);
        return RigCache.GetOrMakeAsync(
            Path.Combine(RigCache.Folder, "images", wanted.ArchiveName + ".tar"),
            (path, cancel) => RigArchives.WriteAsync(wanted.Kind == "names" ? RigImage.Parse("busybox") : wanted, path, cancel),
            cancellationToken);
    }

    /// <summary>Imports an image with the rig's own ctr and returns the names of the records.</summary>
    /// <param name="rig">The daemon.</param>
    /// <param name="image">A word of <see cref="All"/>.</param>
    /// <param name="namespace">containerd's namespace.</param>
    /// <param name="unpack">Whether snapshots are made, so that containers can run; never for absent, arm, index-full and many.</param>
    /// <param name="cancellationToken">Ends ctr.</param>
    public static async Task<IReadOnlyList<string>> LoadAsync(
        ContainerdRig rig, string image, string @namespace = "default", bool unpack = true, CancellationToken cancellationToken = default)
    {
        async Task<string> CtrAsync(params IEnumerable<string> arguments) =>
            (await rig.CtrAsync(["--namespace", @namespace, .. arguments], cancellationToken)).Check().Output;

        var wanted = RigImage.Parse(image);
        var archive = await ArchiveAsync(image, cancellationToken);
        string[] platform = wanted.Kind switch
        {
            "arm" => ["--platform", "linux/arm/v7"],
            "index-full" => ["--all-platforms"],
            _ => [],
        };
        string[] snapshots = unpack && wanted.Kind is not ("absent" or "arm" or "index-full" or "many")
            ? ["--snapshotter", rig.Snapshotter]
            : ["--no-unpack"];
        await CtrAsync(["images", "import", .. platform, .. snapshots, archive]);
        switch (wanted.Kind)
        {
            case "absent":
                await CtrAsync("content", "rm", await DigestAsync());
                return wanted.Names;
            case "names":
                var digest = await DigestAsync();
                var manifest = await CtrAsync("content", "get", digest);
                using (var json = JsonDocument.Parse(manifest))
                {
                    var config = json.RootElement.GetProperty("config").GetProperty("digest").GetString()!;
                    string[] names = [wanted.RecordName, wanted.RecordName.Split(':')[0] + "@" + digest, config];
                    string[] clientSide = rig.Generation == Generation.V16 ? [] : ["--local"]; // the server would normalise the names
                    await CtrAsync(["images", "tag", "--force", .. clientSide, wanted.RecordName, .. names[1..]]);
                    foreach (var name in names)
                    {
                        await CtrAsync("images", "label", name, ManagedLabel);
                    }

                    return names;
                }

            default:
                return wanted.Names;
        }

        async Task<string> DigestAsync()
        {
            var line = await CtrAsync("images", "ls", "name==" + wanted.RecordName);
            return line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)
                .First(word => word.StartsWith("sha256:", StringComparison.Ordinal));
        }
    }
}
