using System.Text.RegularExpressions;
using CtrPS.Binding;
using CtrPS.Rig;
using CtrPS.Tests.Shells;

namespace CtrPS.Tests.Specs;

/// <summary>Command lines, and a line that must be in the text that they give at 80 columns; there # is a digest or its
/// beginning, # MiB a size and &lt;age&gt; an age.</summary>
[Collection(EngineCollection.Name)]
public sealed partial class TextSpecs(Engines engines)
{
    public static TheoryData<Generation, string, string> Lines => Table.Of(
        ("Get-CtrImage -Namespace k8s.io | Where Size -gt 100MB", "Digest             Size        Age Platforms     Name"),
        ("Get-CtrImage -Namespace k8s.io | Where Size -gt 100MB", "# # MiB <age> linux/amd64   docker.io/library/nginx:deb"),
        ("Get-CtrImage -Namespace *", "   Namespace: k8s.io"),
        ("Get-CtrImage -Namespace *", "   Namespace: web"),
        ("Get-CtrImage -Namespace * | Format-List", "Namespace  : web"),
        ("Get-CtrImage -Namespace k8s.io", "# <age>               docker.io/library/absent:1"),
        ("Get-CtrImage busybox:1.35 -Namespace k8s.io | Format-List", "Repository : library/busybox"),
        ("Get-CtrImage busybox* -Namespace k8s.io -Unique | Format-List",
            "Names      : {docker.io/library/busybox:1.35, docker.io/library/busybox@sha256:#"),
        ("Get-CtrImage arm:v7 -Namespace k8s.io | Format-List Name, Platforms, Labels, CreatedAt, Pinned", "Platforms : {linux/arm/v7}"),
        ("Get-CtrImage arm:v7, nginx:deb -Namespace k8s.io | Format-Table Name, Tag, Pinned, Platforms",
            "docker.io/library/arm:v7    v7   False {linux/arm/v7}"),
        ("Get-CtrImage arm:v7 -Namespace k8s.io | Select Name, Pinned", "docker.io/library/arm:v7  False"),
        ("Get-CtrImage arm:v7 -Namespace k8s.io | Select Name, Tag, Pinned, Registry, Namespace", "Registry  : docker.io"),
        ("Get-CtrImage index:partial -Namespace k8s.io | Select -Expand Platforms", "linux/arm64 #         False    False"),
        ("Get-CtrImage -Namespace k8s.io | Format-Table Digest, Name, MediaType", "sha256:# docker.…"),
        ("Get-CtrArchive {archives}/index.tar", "Digest             Size Complete Platforms     Name"),
        ("Get-CtrArchive {archives}/busybox.tar", "# # MiB True     linux/amd64   docker.io/library/busybox:1.35"),
        ("Get-CtrArchive {archives}/index.tar | Format-List", "Format      : Oci"),
        ("Get-CtrArchive {archives}/index.tar | Select -Expand Faults", "Status     Digest             Size Platform      Reason"),
        ("Test-CtrArchive {archives}/busybox.tar", "Ok         # # MiB     3 docker.io/library/busybox:1.35"),
        ("Test-CtrArchive {archives}/busybox.tar", "Status     Digest             Size Blobs Name"),
        ("Get-CtrNamespace", "k8s.io"),
        ("Get-CtrServer", "Deprecations : {}"),
        ("Get-CtrPlugin -Type *snap* | Where Id -eq native", "io.containerd.snapshotter.v1       native               Ok     linux/amd64"),
        ("Get-CtrPlugin -Type *snap* | Where Status -ne Ok", "Type                               Id                   Status Platforms"),
        ("Get-CtrPlugin overlayfs | Format-List *", "Id           : overlayfs"),
        ("Get-CtrImage -Namespace k8s.io | Measure Size -Sum", "Property          : Size"),
        ("Get-CtrImage -Namespace k8s.io | Measure Size -Average -Maximum", "Sum               : "),
        ("Get-CtrNamespace | ConvertTo-Json", "    \"Name\": \"k8s.io\","),
        ("Get-CtrImage arm:v7 -Namespace k8s.io | ConvertTo-Json -Depth 1", "    \"linux/arm/v7\""),
        ("'a', 5", "5"));

    [SkippableTheory]
    [MemberData(nameof(Lines))]
    public async Task Lines_show(Generation generation, string line, string expected)
    {
        ShellResult result = Assert.Single(await engines.RunAsync(generation, line));
        Assert.Empty(result.Errors);
        string[] shown = result.Text.ReplaceLineEndings("\n").Split('\n');
        Assert.True(shown.Any(one => Masked(one).TrimEnd() == expected.TrimEnd()), string.Join('\n', shown));
        Assert.All(shown, one => Assert.True(one.Length <= 80 || line.Contains("Json", StringComparison.Ordinal), one));
    }

    [SkippableTheory]
    [InlineData(
        Generation.V16, "Remove-CtrImage busybox:1.35 -Namespace k8s.io -WhatIf",
        "What if: Performing the operation \"Remove\" on target \"image 'docker.io/library/busybox:1.35' in namespace 'k8s.io'\".")]
    [InlineData(
        Generation.V16, "New-CtrNamespace x -WhatIf",
        "What if: Performing the operation \"Create\" on target \"namespace 'x' at '{address}'\".")]
    [InlineData(
        Generation.V16, "Set-CtrNamespace k8s.io @{ a = 1; b = $null } -wi",
        "What if: Performing the operation \"Set labels a=1; Remove labels b\" on target \"namespace 'k8s.io' at '{address}'\".")]
    public async Task What_if_says(Generation generation, string line, string expected)
    {
        ShellResult result = Assert.Single(await engines.RunAsync(generation, line));
        Assert.Equal(expected.Replace("{address}", await engines.AddressAsync(generation), StringComparison.Ordinal), Assert.Single(result.Host));
    }

    [SkippableTheory]
    [InlineData(
        Generation.V16, "Get-CtrImage",
        "There are no images in namespace default, but there are in k8s.io, web. Use -Namespace, or * for all.")]
    [InlineData(
        Generation.V16, "Get-CtrNamespace | Get-CtrImage | ConvertTo-Json -Depth 0",
        "Resulting JSON is truncated as serialization has exceeded the set depth of 0.")]
    public async Task Warnings_say(Generation generation, string line, string expected)
    {
        ShellResult result = Assert.Single(await engines.RunAsync(generation, line));
        Assert.Equal(expected, Assert.Single(result.Warnings));
    }

    private static string Masked(string text) => Sizes().Replace(Hex().Replace(Agreement.MaskAges(text), "#"), " # MiB");

    [GeneratedRegex(@"(?<=^|[ :])[0-9a-f]{12}(?= )|(?<=sha256:)[0-9a-f]+", RegexOptions.Multiline)]
    private static partial Regex Hex();

    [GeneratedRegex(@" *\d+\.\d MiB")]
    private static partial Regex Sizes();
}
