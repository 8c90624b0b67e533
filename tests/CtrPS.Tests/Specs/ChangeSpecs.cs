using CtrPS.Binding;
using CtrPS.Output;
using CtrPS.Rig;
using CtrPS.Tests.Shells;

namespace CtrPS.Tests.Specs;

/// <summary>Command lines that change something, one after another; the last ones leave all as it was.</summary>
[Collection(EngineCollection.Name)]
public sealed class ChangeSpecs(Engines engines)
{
    private static readonly Step[] Namespaces =
    [
        new("New-CtrNamespace spec1, spec2 -Label @{ team = 'web' } | Select -Expand Name", ["spec1", "spec2"]),
        new("Get-CtrNamespace spec* | Select -Expand Labels | Select -Expand Values", ["web", "web"]),
        new("Set-CtrNamespace spec1 @{ team = ''; 'a.b' = 'c' } -PassThru | Select -Expand Labels | Select -Expand Keys", ["a.b"]),
        new("Get-CtrNamespace spec* | Set-CtrNamespace -ReplaceLabel @{} -PassThru | Select -Expand Name", ["spec1", "spec2"]),
        new("'spec1' | Remove-CtrNamespace -WhatIf", []),
        new("Get-CtrNamespace spec* | Remove-CtrNamespace -Confirm:$false -Verbose", []),
        new("Get-CtrNamespace spec*", []),
    ];

    private static readonly Step[] Images =
    [
        new(
            "Get-CtrImage arm:v7 -Namespace k8s.io | Add-CtrImageTag -Tag spec:1, spec:2 -PassThru | Select -Expand Name",
            ["docker.io/library/spec:1", "docker.io/library/spec:2"]),
        new(
            "Tag-CtrImage spec:1 -ReplaceRegistry @{ 'docker.io' = 'mirror:5000/hub' } -Namespace k8s.io -PassThru | Select -Expand Registry",
            ["mirror:5000"]),
        new("Add-CtrImageTag arm:v7 spec:1 -Namespace k8s.io -Force -WhatIf", []),
        new("Set-CtrImage spec:* @{ team = 'web' } -Namespace k8s.io -PassThru | Select -Expand Labels | Select -Expand Values", ["web", "web"]),
        new("Get-CtrImage -Namespace k8s.io -Filter labels.team==web | Measure | Select -Expand Count", ["2"]),
        new(
            "Set-CtrImage spec:1 -ReplaceLabel @{ 'io.cri-containerd.pinned' = 'pinned' } -Namespace k8s.io -PassThru | Select -Expand Pinned",
            ["True"]),
        new("Remove-CtrImage spec:1 -Namespace k8s.io", ["CtrImagePinned"]),
        new("Remove-CtrImage spec:* -Namespace k8s.io -WhatIf -Force", []),
        new("Remove-CtrImage spec:* -Namespace k8s.io -Force -Synchronous", []),
        new("Get-CtrImage -Namespace k8s.io | Where Registry -like mirror* | Remove-CtrImage -Verbose", []),
        new("Get-CtrImage *spec* -Namespace k8s.io", []),
    ];

    private static readonly Step[] Sessions =
    [
        new("Get-CtrSession | Disconnect-CtrSession", []),
        new("Connect-CtrSession {address} k8s.io | Select -Expand Namespace", ["k8s.io"]),
        new("Get-CtrImage nginx:deb | Select -Expand Tag", ["deb"]),
        new("Connect-CtrSession {address} -NoDefault -Timeout 5 -Verbose | Select -Expand State", ["1"]),
        new("Get-CtrSession | Select -Expand IsDefault", ["True", "False"]),
        new("Get-CtrSession | Format-Table State, Namespace, IsDefault", []),
        new("Get-CtrSession | Select -First 1 | Disconnect-CtrSession -Verbose", []),
        new("Get-CtrImage", []),
        new("Disconnect-CtrSession {address}", []),
        new("Get-CtrSession", []),
    ];

    private static readonly Step[] Saving =
    [
        new("Get-CtrImage nginx:deb -Namespace k8s.io | Save-CtrImage -Path {folder}/spec.tar -Force", []),
        new("Save-CtrImage busybox:1.35 {folder}/spec.tar -Namespace k8s.io", ["CtrFileExists"]),
        new("Export-CtrImage busybox:1.35, index:partial {folder}/spec.tar -Namespace k8s.io -Force -Checksum -PassThru | Select -Expand Name", ["spec.tar"]),
        new("Save-CtrImage index:partial {folder}/all.tar -Namespace k8s.io -Platform All", ["CtrBlobMissing"]),
        new("Save-CtrImage index:partial {folder}/arm.tar -Namespace k8s.io -Platform linux/s390x", ["CtrPlatformNotFound"]),
        new("Save-CtrImage busybox:1.35 {folder}/what.tar -Namespace k8s.io -WhatIf", []),
        new("Save-CtrImage nope {folder}/nope.tar -Namespace k8s.io", ["CtrImageNotFound"]),
        new("Save-CtrImage busybox:1.35 {folder} -Namespace k8s.io", ["CtrInvalidPath"]),
        new("Export-CtrInventory {folder}/inv.json -Namespace k8s.io -Force -PassThru | Select -Expand Name", ["inv.json"]),
        new("Save-CtrImage busybox:1.35 {folder}/delta.tar -Namespace k8s.io -ExcludeInventory {folder}/inv.json -Format Oci -Force -PassThru | Where Length -lt 10KB | Select -Expand Name", ["delta.tar"]),
    ];

    private static readonly Step[] Importing =
    [
        new("Import-CtrImage {archives}/busybox.tar -Namespace spec-import -WhatIf", []),
        new("Import-CtrImage {archives}/busybox.tar -Namespace spec-import -NoUnpack | Select -Expand Name", ["docker.io/library/busybox:1.35"]),
        new("'{archives}/busybox.tar' | Import-CtrImage -Namespace spec-import -NoUnpack -Name spec:1 -Label @{ team = 'web' } | Select -Expand Tag", ["1"]),
        new("Import-CtrImage -LiteralPath {archives}/busybox.tar -Namespace spec-import -DigestReference | Measure | Select -Expand Count", ["2"]),
        new("Import-CtrImage {archives}/index.tar -Namespace spec-import -Strict", ["CtrBlobMissing"]),
        new("Import-CtrImage {archives}/index.tar -Namespace spec-import -Platform linux/s390x", ["CtrPlatformNotFound"]),
        new("Import-CtrImage /nonexistent.tar, {archives}/index.tar -Namespace spec-import | Select -Expand Tag", ["partial", "CtrArchiveNotFound"]),
        new("Import-CtrImage {archives}/busybox.tar -Namespace spec-import -Snapshotter nope", ["CtrNotSupported"]),
        new("Import-CtrImage {archives}/busybox.tar -NoUnpack -DiscardUnpackedLayer", ["CtrInvalidArgument"]),
        new("Remove-CtrImage * -Namespace spec-import -Synchronous -Confirm:$false", []),
        new("Remove-CtrNamespace spec-import -Confirm:$false", []),
    ];

    private static readonly Step[] Care =
    [
        new("Test-CtrImage busybox:1.35, absent:1 -Namespace k8s.io | Select -Expand Status", ["0", "2"]),
        new("Get-CtrImage busybox:1.35 -Namespace k8s.io | Test-CtrImage -Deep | Select -Expand IsComplete", ["True"]),
        new("Get-CtrImage busybox:1.35 -Namespace k8s.io | Copy-CtrImage -DestinationNamespace spec3 -NewName spec:1 -WhatIf", []),
        new("Copy-CtrImage busybox:1.35 spec3 -Namespace k8s.io -NewName spec:1 -PassThru | Select -Expand Namespace", ["spec3"]),
        new("Copy-CtrImage spec:1 spec3 -Namespace spec3", ["CtrInvalidArgument"]),
        new("Repair-CtrImage spec:1 k8s.io -Namespace spec3 -WhatIf", []),
        new("Repair-CtrImage spec:1 -From k8s.io -Namespace spec3 | Select -Expand Status", ["0"]),
        new("Repair-CtrImage spec:1 -From nowhere -Namespace spec3", ["CtrInvalidArgument"]),
        new("Remove-CtrImage spec:1 -Namespace spec3 -Synchronous", []),
        new("Remove-CtrNamespace spec3 -Confirm:$false", []),
    ];

    // {runs} is a namespace of the generation's own: runc's folder is one for all daemons of a machine.
    private static readonly Step[] Containers =
    [
        new("Copy-CtrImage busybox:1.35 {runs} -Namespace k8s.io", []),
        new("New-CtrSpec -Command true | Select -Expand Process | Select -Expand Args", ["true"]),
        new("New-CtrMount /srv /data -ReadOnly | Select -Expand Destination", ["/data"]),
        new("New-CtrContainer busybox:1.35 spec1 -Namespace {runs} -Command sleep, 1000 -Memory 64MB -Label @{ a = 'b' } -WhatIf", []),
        new("New-CtrContainer busybox:1.35 spec1 -Namespace {runs} -Command sleep, 1000 -Memory 64MB -Label @{ a = 'b' } | Select -Expand Id", ["spec1"]),
        new("New-CtrContainer busybox:1.35 spec1 -Namespace {runs}", ["CtrContainerExists"]),
        new("Get-CtrContainer -Namespace {runs} | Select -Expand State", ["0"]),
        new("Set-CtrContainer spec1 @{ a = 'c' } -Namespace {runs} -PassThru | Where Id -eq spec1 | Select -Expand Image", ["docker.io/library/busybox:1.35"]),
        new("Get-CtrContainer spec1 -Namespace {runs} | Start-CtrTask -WhatIf", []),
        new("Get-CtrContainer spec1 -Namespace {runs} | Start-CtrTask | Select -Expand State", ["3"]),
        new("Start-CtrTask spec1 -Namespace {runs}", ["CtrTaskExists"]),
        new("Get-CtrTask -Namespace {runs} | Select -Expand Id", ["spec1"]),
        new("Get-CtrProcess spec1 -Namespace {runs} | Select -Expand CommandLine", ["sleep 1000"]),
        new("Get-CtrMetric spec1 -Namespace {runs} | Select -Expand Pids", ["1"]),
        new("Get-CtrMetric spec1 -Namespace {runs} | Select -Expand MemoryLimit", ["67108864"]),
        new("Update-CtrTask spec1 -Memory 128MB -Namespace {runs}", []),
        new("Invoke-CtrCommand spec1 -Namespace {runs} -Command echo, hello", ["hello"]),
        new("Invoke-CtrCommand spec1 -Namespace {runs} -Command nope", ["CtrCommandNotFound"]),
        new("Invoke-CtrCommand spec1 -Namespace {runs} -Command false -AsResult | Select -Expand ExitCode", ["1"]),
        new("Enter-CtrContainer spec1 -Namespace {runs}", ["CtrNoConsole"]),
        new("Connect-CtrTask spec1 -Namespace {runs}", ["CtrFailedPrecondition"]),
        new("Suspend-CtrTask spec1 -Namespace {runs} -PassThru | Select -Expand State", ["5"]),
        new("Invoke-CtrCommand spec1 -Namespace {runs} -Command true", ["CtrTaskState"]),
        new("Resume-CtrTask spec1 -Namespace {runs} -PassThru | Select -Expand State", ["3"]),
        new("Remove-CtrTask spec1 -Namespace {runs}", ["CtrTaskState"]),
        new("Send-CtrSignal spec1 KILL -Namespace {runs}", []),
        new("Wait-CtrTask spec1 -Namespace {runs} | Select -Expand ExitCode", ["137"]),
        new("Stop-CtrTask spec1 -Namespace {runs} -PassThru | Select -Expand State", ["4"]),
        new("Checkpoint-CtrTask spec1 -Namespace {runs}", ["CtrTaskState"]),
        new("Remove-CtrTask spec1 -Namespace {runs}", []),
        new("Checkpoint-CtrContainer spec1 localhost/spec:c -Namespace {runs} -WhatIf", []),
        new("Restore-CtrContainer spec2 localhost/spec:c -Namespace {runs}", ["CtrImageNotFound"]),
        new("Remove-CtrContainer spec1 -Namespace {runs} -Verbose", []),
        new("Invoke-CtrImage busybox:1.35 spec3 -Remove -Namespace {runs} -Command echo, hi", ["hi"]),
        new("Run-CtrImage busybox:1.35 spec3 -Remove -Namespace {runs} -Command nope", ["CtrCommandNotFound"]),
        new("Get-CtrContainer -Namespace {runs}", []),
        new("Remove-CtrImage * -Namespace {runs} -Synchronous", []),
        new("Remove-CtrNamespace {runs} -Confirm:$false", []),
    ];

    public static TheoryData<Generation> AllGenerations => [.. Generations.All];

    internal static IReadOnlyList<Step[]> Scenarios => [Namespaces, Images, Sessions, Saving, Importing, Care, Containers];

    [SkippableTheory]
    [MemberData(nameof(AllGenerations))]
    public async Task Namespaces_are_made_labelled_and_removed(Generation generation) => await RunAsync(generation, Namespaces);

    [SkippableTheory]
    [MemberData(nameof(AllGenerations))]
    public async Task Images_are_tagged_labelled_and_removed(Generation generation) => await RunAsync(generation, Images);

    [SkippableTheory]
    [MemberData(nameof(AllGenerations))]
    public async Task Images_are_checked_copied_and_repaired(Generation generation) => await RunAsync(generation, Care);

    [SkippableTheory]
    [MemberData(nameof(AllGenerations))]
    public async Task Sessions_are_opened_listed_and_closed(Generation generation) => await RunAsync(generation, Sessions);

    [SkippableTheory]
    [MemberData(nameof(AllGenerations))]
    public async Task Images_are_imported(Generation generation) => await RunAsync(generation, Importing);

    [SkippableTheory]
    [MemberData(nameof(AllGenerations))]
    public async Task Containers_are_made_run_and_removed(Generation generation)
    {
        string runs = $"spec-run-{Guid.NewGuid():N}"[..16];
        await RunAsync(generation, [.. Containers.Select(step => step with { Line = step.Line.Replace("{runs}", runs, StringComparison.Ordinal) })]);
    }

    [SkippableTheory]
    [MemberData(nameof(AllGenerations))]
    public async Task Images_are_saved(Generation generation)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("ctrps-spec-");
        try
        {
            await RunAsync(generation, [.. Saving.Select(step => step with { Line = step.Line.Replace("{folder}", folder.FullName, StringComparison.Ordinal) })]);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private async Task RunAsync(Generation generation, Step[] steps)
    {
        IReadOnlyList<ShellResult> results = await engines.RunAsync(generation, [.. steps.Select(step => step.Line)]);
        for (int i = 0; i < steps.Length; i++)
        {
            string[] given = [.. results[i].Objects.Select(one => one.ToString()), .. results[i].Errors.Select(error => error.Id.Split(',')[0])];
            Assert.True(
                steps[i].Expected.SequenceEqual(given),
                $"{steps[i].Line}\ngave {string.Join(", ", given)}\n{string.Join('\n', results[i].Errors)}");
        }
    }

    /// <summary>A line, and the values and error ids that it gives.</summary>
    internal sealed record Step(string Line, string[] Expected);
}
