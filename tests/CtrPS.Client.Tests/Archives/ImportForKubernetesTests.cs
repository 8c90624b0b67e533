using CtrPS.Client.Tests.Daemon;
using CtrPS.Rig;

namespace CtrPS.Client.Tests.Archives;

/// <summary>What the kubelet needs: an imported image is known to containerd's CRI plugin when the import returns.</summary>
public sealed class ImportForKubernetesTests
{
    public static TheoryData<Generation> Generations => [.. Rig.Generations.All];

    [Theory]
    [MemberData(nameof(Generations))]
    public async Task The_image_is_known_to_CRI(Generation generation)
    {
        await using ContainerdRig rig = await ContainerdRig.StartAsync(generation, new RigOptions { Cri = true }).OrSkipAsync();
        await using ICtrConnection connection = await Connector.OpenAsync(CtrEndpoint.Parse(rig.Address), CancellationToken.None);
        var request = new CtrImportRequest { Path = await RigImages.ArchiveAsync("busybox"), Namespace = "k8s.io" };
        await using ICtrImportPlan plan = await connection.Importer.PlanAsync(request, CancellationToken.None);
        CtrImportOutcome outcome = await plan.RunAsync(new CtrTransferMeter(), CancellationToken.None);
        Assert.Empty(outcome.Warnings);

        // CRI's own marks: a record by the config's digest, and its label on it. We set neither.
        string listed = (await rig.CtrAsync("-n", "k8s.io", "images", "ls")).Check().Output;
        string[] marked = listed.Split('\n').Where(line => line.StartsWith("sha256:", StringComparison.Ordinal)).ToArray();
        string line = Assert.Single(marked);
        Assert.Contains("io.cri-containerd.image=managed", line, StringComparison.Ordinal);
        Assert.Contains(Assert.Single(outcome.Images).Digest, line, StringComparison.Ordinal);
    }
}
