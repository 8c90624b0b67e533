using System.Text.Json;
using CtrPS.Binding;
using CtrPS.Rig;
using CtrPS.Tests.Shells;

namespace CtrPS.Tests.Specs;

/// <summary>Command lines that only look, and a property (or the objects themselves) of what they give, with | between them.</summary>
[Collection(EngineCollection.Name)]
public sealed class ObjectSpecs(Engines engines)
{
    public static TheoryData<Generation, string, string> Lines => Table.Of(
        ("Get-CtrImage -Namespace k8s.io | Where Size -gt 100MB | Select -ExpandProperty Name", "docker.io/library/nginx:deb"),
        ("Get-CtrImage nginx:deb -Namespace k8s.io | Select -Expand Repository", "library/nginx"),
        ("Get-CtrImage -Name busybox:1.35 -Namespace k8s.io | Select -Expand Name", "docker.io/library/busybox:1.35"),
        ("'busybox:1.35', 'arm:v7' | Get-CtrImage -Namespace k8s.io | Select -Expand Name",
            "docker.io/library/busybox:1.35|docker.io/library/arm:v7"),
        ("Get-CtrImage busybox:* -Namespace k* | Select -Expand Tag", "1.35"),
        ("Get-CtrImage -Namespace * | Where Tag -in deb, full | Sort-Object Name -Descending | Select -Expand Tag", "deb|full"),
        ("Get-CtrImage absent:1 -Namespace k8s.io | Select -Expand Size", ""),
        ("Get-CtrImage index:partial -Namespace k8s.io | Select -Expand Platforms | Select -Expand IsComplete", "true|false"),
        ("Get-CtrImage -Namespace k8s.io -Platform linux/arm64 | Select -Expand Tag", "full|partial"),
        ("Get-CtrImage -Namespace k8s.io -Platform arm64, linux/arm/v7 | Sort-Object Tag | Select -Expand Tag", "full|partial|v7"),
        ("Get-CtrImage attested:1 -Namespace k8s.io -IncludeAttestation | Select -Expand Platforms | Where IsAttestation | Measure | Select -Expand Count",
            "1"),
        ("Get-CtrImage busybox* -Namespace k8s.io -Unique | Select -Expand Names | Measure | Select -Expand Count", "2"),
        ("Get-CtrImage -Namespace k8s.io -Filter name~=nginx | Select -Expand Tag", "deb"),
        ("Get-CtrImage -Namespace k8s.io | Select -First 2 | Select -Expand Name", "docker.io/library/absent:1|docker.io/library/arm:v7"),
        ("Get-CtrImage -Namespace k8s.io | Where Name -match busybox@ | Select -Expand Tag", ""),
        ("Get-CtrImage -Namespace k8s.io | Select -Unique Registry | Where Registry | Select -Expand Registry", "docker.io"),
        ("Get-CtrImage -Namespace k8s.io | Where MediaType -notlike *index* | Measure Size -Maximum | Select -Expand Count", "6"),
        ("Get-CtrNamespace | Get-CtrImage | Where Name -like *nginx* | Select -Expand Namespace", "k8s.io"),
        ("[pscustomobject]@{ Name = 'nginx:deb'; Namespace = 'k8s.io' } | Get-CtrImage | Select -Expand Tag", "deb"),
        ("Get-CtrImage nginx:deb -Namespace k8s.io -Session {address} | Get-CtrImage | Select -Expand Tag", "deb"),
        ("Get-CtrImage -Namespace k8s.io -Name:nginx:deb -Unique:$false | Select -Expand Pinned", "false"),
        ("Get-CtrImage arm:v7 -Namespace * | Select -Expand Namespace", "k8s.io|web"),
        ("Get-CtrImage nothing* -Namespace k8s.io", ""),
        ("Get-CtrArchive {archives}/busybox.tar | Select -Expand Name", "docker.io/library/busybox:1.35"),
        ("Get-CtrArchive -LiteralPath {archives}/busybox-docker.tar | Select -Expand MediaType", "application/vnd.docker.distribution.manifest.v2+json"),
        ("Get-CtrArchive {archives}/inde[x].tar | Select -Expand Platforms | Select -Expand IsComplete", "true|false"),
        ("'{archives}/index.tar', '{archives}/attested.tar' | Get-CtrArchive | Select -Expand IsComplete", "false|true"),
        ("Get-CtrArchive {archives}/attested.tar -IncludeAttestation | Select -Expand Platforms | Measure | Select -Expand Count", "2"),
        ("Get-CtrArchive {archives}/index.tar | Select -Expand Faults | Select -Expand Status", "1"),
        ("Test-CtrArchive {archives}/busybox.tar | Select -Expand BlobCount", "3"),
        ("Test-CtrArchive -LiteralPath {archives}/index.tar, {archives}/index.tar | Select -Expand Status", "0"),
        ("Get-CtrArchive {archives}/index.tar | Test-CtrArchive | Select -Expand Name", "docker.io/library/index:partial"),
        ("Get-CtrNamespace | Select -Expand Name", "k8s.io|web"),
        ("Get-CtrNamespace k*, z* | Select -Expand Name", "k8s.io"),
        ("'k8s.io' | Get-CtrNamespace | Select -Expand Name", "k8s.io"),
        ("Get-CtrServer -Address $env:CONTAINERD_ADDRESS | Where Address -eq {address} | Measure | Select -Expand Count", "1"),
        ("Get-CtrPlugin overlayfs | Select -Expand Type", "io.containerd.snapshotter.v1"),
        ("Get-CtrPlugin -Type *.snapshotter.* -Status Ok | Where Id -in native, overlayfs | Select -Expand Id", "native|overlayfs"),
        ("Get-CtrPlugin -Filter type==io.containerd.snapshotter.v1 | Where Id -ceq native | Select -Expand Status", "0"),
        ("New-CtrMount /a /b -ReadOnly | Select -Expand Options", "rbind|ro"),
        ("New-CtrSpec busybox:1.35 true -Namespace k8s.io -Memory 64MB -User root | Select -Expand Process | Select -Expand Args", "true"),
        ("New-CtrSpec -Env A=1 -CapDrop all -CapAdd chown | Select -Expand Process | Select -Expand Capabilities | Select -Expand Bounding", "CAP_CHOWN"),
        ("Get-CtrPlugin native -Type *snap* | Select -Expand Platforms | Select -Expand Os", "linux"));

    /// <summary>Objects in full: what they say differs by machine, so both engines must agree, and there must be some.</summary>
    public static TheoryData<Generation, string, string> Whole => Table.Of(
        ("Get-CtrImage -Namespace k8s.io",
            "Name, Names, Registry, Repository, Tag, Digest, MediaType, Size, Platforms, Labels, CreatedAt, UpdatedAt, Pinned, Namespace"),
        ("Get-CtrImage attested:1 -Namespace k8s.io -IncludeAttestation | Select -Expand Platforms",
            "Digest, Size, IsComplete, IsAttestation, Os, Architecture, Variant, OsVersion"),
        ("Get-CtrArchive {archives}/index.tar", "Path, Name, Digest, MediaType, Size, Platforms, Format, Compression, Faults, IsComplete"),
        ("Get-CtrArchive {archives}/index.tar | Select -Expand Faults", "Digest, MediaType, Size, Status, Platform, ActualDigest, ActualSize, Reason, RecommendedAction"),
        ("Test-CtrArchive {archives}/busybox-docker.tar", "Path, Name, Digest, Status, BlobCount, Size, Faults"),
        ("Get-CtrNamespace", "Name, Labels"),
        ("Get-CtrServer", "Address, Version, Revision, Uuid, ProcessId, Deprecations"),
        ("Get-CtrPlugin", "Type, Id, Status, Reason, Platforms, Capabilities, Requires, Exports"),
        ("Get-CtrImage -Namespace k8s.io | Measure Size -Sum -Average -Minimum -Maximum",
            "Count, Average, Sum, Maximum, Minimum, StandardDeviation, Property"));

    [SkippableTheory]
    [MemberData(nameof(Lines))]
    public async Task Lines_give(Generation generation, string line, string expected)
    {
        ShellResult result = Assert.Single(await engines.RunAsync(generation, line));
        Assert.Empty(result.Errors);
        Assert.Equal(expected, string.Join('|', result.Objects.Select(Text)));
    }

    [SkippableTheory]
    [MemberData(nameof(Whole))]
    public async Task Objects_have(Generation generation, string line, string properties)
    {
        ShellResult result = Assert.Single(await engines.RunAsync(generation, line));
        Assert.Empty(result.Errors);
        Assert.NotEmpty(result.Objects);
        Assert.All(result.Objects, one => Assert.Equal(properties, string.Join(", ", one.EnumerateObject().Select(property => property.Name))));
    }

    private static string Text(JsonElement value) => value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();
}
