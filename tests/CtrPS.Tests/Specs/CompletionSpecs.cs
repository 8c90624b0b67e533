using CtrPS.Rig;

namespace CtrPS.Tests.Specs;

/// <summary>Lines that are being typed, and what is offered at their end, with | between them.</summary>
[Collection(EngineCollection.Name)]
public sealed class CompletionSpecs(Engines engines)
{
    public static TheoryData<Generation, string, string> Lines => Table.Of(
        ("Get-CtrImage -Namespace k8s.io -Name ngi", "nginx:deb"),
        ("Get-CtrImage -Namespace k8s.io docker.io/library/ar", "docker.io/library/arm:v7"),
        ("Get-CtrImage -Namespace k", "k8s.io"),
        ("Get-CtrNamespace k8", "k8s.io"),
        ("Watch-CtrEvent /tasks/exi", "/tasks/exit"),
        ("Wait-CtrEvent images", "'/images/*'|/images/create|/images/delete|/images/update"),
        ("Get-CtrImage -Platform linux/arm/", "linux/arm/v7|linux/arm/v6"),
        ("Get-CtrPlugin -Type io.containerd.snap", "io.containerd.snapshotter.v1"));

    [SkippableTheory]
    [MemberData(nameof(Lines))]
    public async Task Lines_go_on_with(Generation generation, string line, string expected) =>
        Assert.Equal(expected, string.Join('|', await engines.CompleteAsync(generation, line)));
}
