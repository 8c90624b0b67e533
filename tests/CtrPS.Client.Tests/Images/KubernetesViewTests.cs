using System.Net.Http.Headers;
using CtrPS.Client.Connection;
using CtrPS.Client.Tests.Daemon;
using CtrPS.Client.Tests.Daemon.Cri;
using CtrPS.Rig;
using Grpc.Net.Client;

namespace CtrPS.Client.Tests.Images;

/// <summary>One row an image: the same images under the same names as CRI tells crictl and the kubelet.</summary>
public sealed class KubernetesViewTests
{
    private const string Namespace = "k8s.io";

    public static TheoryData<Generation> Generations => [.. Rig.Generations.All];

    [Theory]
    [MemberData(nameof(Generations))]
    public async Task Images_and_their_names_are_those_of_CRI(Generation generation)
    {
        await using RegistryRig registry = await RegistryRig.StartAsync().OrSkipAsync();
        await using ContainerdRig rig = await ContainerdRig.StartAsync(generation, new RigOptions { Cri = true }).OrSkipAsync();
        CtrEndpoint endpoint = CtrEndpoint.Parse(rig.Address);
        await using ICtrConnection connection = await Connector.OpenAsync(endpoint, CancellationToken.None);
        using GrpcChannel channel = ChannelFactory.Create(endpoint);
        var cri = new ImageService.ImageServiceClient(channel);

        // By tag, by digest, out of an archive, and under one more name.
        string busybox = await registry.PushAsync("busybox");
        string pause = await registry.PushAsync("pause");
        string pauseByDigest = $"{registry.Address}/library/pause@{await DigestAsync(registry, "library/pause", "1")}";
        foreach (string reference in new[] { busybox, pauseByDigest })
        {
            _ = await cri.PullImageAsync(new PullImageRequest { Image = new ImageSpec { Image = reference } });
        }

        await using (ICtrImportPlan plan = await connection.Importer.PlanAsync(
            new CtrImportRequest { Path = await RigImages.ArchiveAsync("many:1"), Namespace = Namespace }, CancellationToken.None))
        {
            _ = await plan.RunAsync(new CtrTransferMeter(), CancellationToken.None);
        }

        CtrImage pulled = (await connection.Images.FindAsync(Namespace, busybox, CtrImageDetail.None, CancellationToken.None))!;
        _ = await connection.Images.TagAsync(pulled, "r.example/tools/box:2", replace: false, CancellationToken.None);

        IReadOnlyList<CtrImage> rows = await HoldAsync(connection, cri);
        Assert.Equal([busybox, pauseByDigest, "docker.io/library/many-0001:1", "r.example/tools/box:2"], rows.Select(row => row.Name));
        Assert.All(rows, row => Assert.NotEmpty(row.Aliases));
        Assert.Equal(rows[0].Aliases, rows[3].Aliases);

        // Pinned: the kubelet is told so by 1.7 and later. By any record of it, so all are marked, and all are freed.
        foreach (string? value in new[] { CtrImage.PinnedValue, null })
        {
            foreach (string name in rows[1].Aliases.Prepend(rows[1].Name))
            {
                _ = await connection.Images.SetLabelsAsync(
                    Namespace, name, new Dictionary<string, string?> { [CtrImage.PinnedLabel] = value }, replaceAll: false, CancellationToken.None);
            }

            rows = await HoldAsync(connection, cri, withPins: generation != Generation.V16);
            Assert.Equal(
                value is not null && generation != Generation.V16, (await cri.ListImagesAsync(new Nothing())).Images.Any(image => image.Pinned));
            Assert.Equal([value is not null], rows.Where(row => row.Name == pauseByDigest).Select(row => row.Pinned));
        }

        // What goes with the last name of an image is gone for CRI too; the aliases stay with a name that is left.
        await connection.Images.DeleteAsync(Namespace, busybox, null, CancellationToken.None);
        rows = await HoldAsync(connection, cri);
        Assert.Equal([pauseByDigest, "docker.io/library/many-0001:1", "r.example/tools/box:2"], rows.Select(row => row.Name));
        foreach (string name in rows[0].Aliases.Prepend(rows[0].Name))
        {
            await connection.Images.DeleteAsync(Namespace, name, null, CancellationToken.None);
        }

        rows = await HoldAsync(connection, cri);
        Assert.Equal(["docker.io/library/many-0001:1", "r.example/tools/box:2"], rows.Select(row => row.Name));
        Assert.NotEqual(pause, pauseByDigest);
    }

    /// <summary>Holds our rows to CRI's images, which it learns of by events: a moment later.</summary>
    private static async Task<IReadOnlyList<CtrImage>> HoldAsync(
        ICtrConnection connection, ImageService.ImageServiceClient cri, bool withPins = false)
    {
        var late = Task.Delay(TimeSpan.FromSeconds(20));
        while (true)
        {
            var rows = new List<CtrImage>();
            await foreach (CtrImage image in connection.Images.ListAsync(new CtrImageQuery { Namespace = Namespace }, CancellationToken.None))
            {
                rows.Add(image);
            }

            string ours = string.Join('\n', rows.GroupBy(row => row.Digest)
                .Select(some => Ours(some) + (withPins && some.Any(row => row.Pinned) ? " pinned" : "")).Order(StringComparer.Ordinal));
            string theirs = string.Join('\n', (await cri.ListImagesAsync(new Nothing())).Images
                .Select(image => Theirs(image) + (withPins && image.Pinned ? " pinned" : "")).Order(StringComparer.Ordinal));
            if (ours == theirs || late.IsCompleted)
            {
                Assert.Equal(theirs, ours);
                return rows;
            }

            await Task.Delay(50);
        }
    }

    private static string Ours(IEnumerable<CtrImage> rows)
    {
        string[] all = [.. rows.Select(row => row.Name).Concat(rows.First().Aliases).Order(StringComparer.Ordinal)];
        return string.Join(' ', all);
    }

    private static string Theirs(Image image)
    {
        string[] all = [.. image.RepoTags.Concat(image.RepoDigests).Append(image.Id).Order(StringComparer.Ordinal)];
        return string.Join(' ', all);
    }

    private static async Task<string> DigestAsync(RegistryRig registry, string repository, string tag)
    {
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Head, new Uri(registry.Url, $"v2/{repository}/manifests/{tag}"));
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/vnd.oci.image.manifest.v1+json"));
        using HttpResponseMessage response = await client.SendAsync(request);
        return Assert.Single(response.Headers.GetValues("Docker-Content-Digest"));
    }
}
