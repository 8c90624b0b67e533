using System.Text.Json.Nodes;
using CtrPS.Client.Network;
using CtrPS.Client.Tests.Archives;

namespace CtrPS.Client.Tests.Network;

/// <summary>Real plugins in network namespaces of the test's own, and fake ones for faults.</summary>
[Collection(CniSandbox.Collection)]
[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class PluginChainTests
{
    private const string Tuning = """{"type":"tuning","sysctl":{"net.ipv4.conf.IFNAME.forwarding":"1"}}""";

    [Theory]
    [InlineData("0.3.1")]
    [InlineData("0.4.0")]
    [InlineData("1.0.0")]
    public async Task Attaches_with_both_families_and_detaches_twice(string version)
    {
        await using var sandbox = new CniSandbox();
        sandbox.WriteConfig(version, Tuning);
        var network = CniNetwork.LoadDefault(sandbox.ConfigFolder);
        CniAttachment attachment = Describe(await sandbox.AddNetworkNamespaceAsync());
        PluginChain chain = Chain(sandbox, network);
        JsonObject result = await chain.AddAsync(attachment, CancellationToken.None);
        CtrNetwork given = CniResult.ToNetwork(result, network.Name);
        Assert.Equal(2, given.IPAddresses.Count);
        Assert.StartsWith(sandbox.Prefix, given.IPAddresses[0], StringComparison.Ordinal);
        string addresses = await CniSandbox.AddressesAsync(attachment.NetworkNamespace, "eth0");
        Assert.All(given.IPAddresses, address => Assert.Contains(address, addresses, StringComparison.Ordinal));
        CtrNetworkInterface inside = Assert.Single(given.Interfaces, one => one.Name == "eth0");
        Assert.Equal(attachment.NetworkNamespace, inside.Sandbox);
        Assert.Contains(
            $"link/ether {inside.Mac}",
            await Tool.RunAsync("nsenter", $"--net={attachment.NetworkNamespace}", "ip", "link", "show", "eth0"),
            StringComparison.Ordinal);
        Assert.Equal(
            "1", (await Tool.RunAsync("nsenter", $"--net={attachment.NetworkNamespace}", "sysctl", "-n", "net.ipv4.conf.eth0.forwarding")).Trim());

        await chain.DeleteAsync(attachment, result, CancellationToken.None);
        await chain.DeleteAsync(attachment, result, CancellationToken.None);
        Assert.Equal("", await sandbox.LeftoversAsync());
        Assert.DoesNotContain("eth0", await Tool.RunAsync("nsenter", $"--net={attachment.NetworkNamespace}", "ip", "link"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Detaches_when_the_network_namespace_is_gone()
    {
        await using var sandbox = new CniSandbox();
        sandbox.WriteConfig("1.0.0", Tuning);
        var network = CniNetwork.LoadDefault(sandbox.ConfigFolder);
        CniAttachment attachment = Describe(await sandbox.AddNetworkNamespaceAsync());
        PluginChain chain = Chain(sandbox, network);
        JsonObject result = await chain.AddAsync(attachment, CancellationToken.None);
        Assert.Contains(sandbox.Prefix, await sandbox.LeftoversAsync(), StringComparison.Ordinal);
        // As the kernel does with a namespace's end.
        _ = await Tool.RunAsync("nsenter", $"--net={attachment.NetworkNamespace}", "ip", "link", "del", "eth0");
        await chain.DeleteAsync(attachment with { NetworkNamespace = "" }, result, CancellationToken.None);
        Assert.Equal("", await sandbox.LeftoversAsync());
    }

    [Fact]
    public async Task A_plugin_that_fails_is_named_and_all_is_taken_back()
    {
        await using var sandbox = new CniSandbox();
        sandbox.WriteConfig("1.0.0", """{"type":"bad"}""", """{"type":"never"}""");
        await sandbox.WritePluginAsync(
            "bad",
            $$"""
            cat >{{sandbox.Folder}}/$CNI_COMMAND.json
            [ $CNI_COMMAND = DEL ] || { echo '{"cniVersion":"1.0.0","code":102,"msg":"no room","details":"on the shelf"}'; exit 1; }
            """);
        await sandbox.WritePluginAsync("never", $"echo $CNI_COMMAND >>{sandbox.Folder}/never; cat >/dev/null");
        CniAttachment attachment = Describe(await sandbox.AddNetworkNamespaceAsync());
        CtrException fault = await Assert.ThrowsAsync<CtrException>(
            () => Chain(sandbox, CniNetwork.LoadDefault(sandbox.ConfigFolder)).AddAsync(attachment, CancellationToken.None));
        Assert.Equal((CtrErrorIds.NetworkFailed, "c1"), (fault.ErrorId, fault.Target));
        Assert.Equal(
            $"The CNI plugin 'bad' of network '{sandbox.Name}' could not attach the container 'c1' (code 102): no room on the shelf", fault.Message);
        Assert.Empty(fault.Details);
        Assert.Equal("", await sandbox.LeftoversAsync());
        Assert.Equal("DEL\n", await File.ReadAllTextAsync(Path.Combine(sandbox.Folder, "never")));
        var input = (JsonObject)JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(sandbox.Folder, "ADD.json")))!;
        Assert.Equal("eth0", (string?)input["prevResult"]!["interfaces"]!.AsArray().Last()!["name"]);
        Assert.Null(((JsonObject)JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(sandbox.Folder, "DEL.json")))!)["prevResult"]);
    }

    [Fact]
    public async Task Detaching_goes_on_behind_a_plugin_that_fails()
    {
        await using var sandbox = new CniSandbox();
        sandbox.WriteConfig("1.0.0", """{"type":"bad"}""", """{"type":"worse"}""");
        await sandbox.WritePluginAsync("bad", """cat | sed 's/.*"prevResult":\(.*\)}$/\1/'; [ $CNI_COMMAND = ADD ] || { echo stuck >&2; exit 3; }""");
        await sandbox.WritePluginAsync("worse", """cat | sed 's/.*"prevResult":\(.*\)}$/\1/'; [ $CNI_COMMAND = ADD ] || exit 4""");
        CniAttachment attachment = Describe(await sandbox.AddNetworkNamespaceAsync());
        PluginChain chain = Chain(sandbox, CniNetwork.LoadDefault(sandbox.ConfigFolder));
        JsonObject result = await chain.AddAsync(attachment, CancellationToken.None);
        CtrException fault = await Assert.ThrowsAsync<CtrException>(() => chain.DeleteAsync(attachment, result, CancellationToken.None));
        Assert.Contains("'worse'", fault.Message, StringComparison.Ordinal);
        Assert.Contains("stuck (exit code 3)", Assert.Single(fault.Details), StringComparison.Ordinal);
        Assert.Equal("", await sandbox.LeftoversAsync());
    }

    [Fact]
    public async Task A_plugin_that_is_not_there_stops_before_the_first_does_anything()
    {
        await using var sandbox = new CniSandbox();
        sandbox.WriteConfig("1.0.0", """{"type":"ghost"}""");
        CniAttachment attachment = Describe(await sandbox.AddNetworkNamespaceAsync());
        CtrException fault = await Assert.ThrowsAsync<CtrException>(
            () => Chain(sandbox, CniNetwork.LoadDefault(sandbox.ConfigFolder)).AddAsync(attachment, CancellationToken.None));
        Assert.Equal("ghost", fault.Target);
        Assert.Contains("-CniPluginPath", fault.RecommendedAction, StringComparison.Ordinal);
        Assert.False(Directory.Exists($"/sys/class/net/{sandbox.Name}"));
    }

    [Fact]
    public async Task Cancelling_kills_the_plugin_and_takes_back()
    {
        await using var sandbox = new CniSandbox();
        sandbox.WriteConfig("1.0.0", """{"type":"slow"}""");
        await sandbox.WritePluginAsync(
            "slow",
            $"cat >/dev/null; [ $CNI_COMMAND = DEL ] && exit 0; sleep 1000 & echo $! >{sandbox.Folder}/child.partial; mv "
                + $"{sandbox.Folder}/child.partial {sandbox.Folder}/child; wait");
        CniAttachment attachment = Describe(await sandbox.AddNetworkNamespaceAsync());
        using var cancel = new CancellationTokenSource();
        Task<JsonObject> work = Chain(sandbox, CniNetwork.LoadDefault(sandbox.ConfigFolder)).AddAsync(attachment, cancel.Token);
        string child = Path.Combine(sandbox.Folder, "child");
        while (!File.Exists(child) && !work.IsCompleted)
        {
            await Task.Delay(10);
        }

        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => work);
        Assert.False(IsAlive(await File.ReadAllTextAsync(child)));
        Assert.Equal("", await sandbox.LeftoversAsync());
    }

    [Theory]
    [InlineData("cat >/dev/null; sleep 1000", "did not end within 0.5 seconds and was killed")]
    [InlineData("cat >/dev/null; exec cat /dev/zero", "wrote more than")]
    [InlineData("exec true", "without a result")]
    [InlineData("yes error | head -c 1000000 >&2; exit 9", "exit code 9")]
    [InlineData("echo '{\"code\": 11, \"msg\": \"later\"}'; exit 1", "(code 11): later")]
    [InlineData("kill -9 $$", "exit code 137")]
    public async Task What_plugins_do_wrong_is_told(string script, string words)
    {
        await using var sandbox = new CniSandbox();
        await sandbox.WritePluginAsync("odd", $"[ $CNI_COMMAND = DEL ] && exit 0; {script}");
        File.WriteAllText(Path.Combine(sandbox.ConfigFolder, "odd.conf"), """{"name":"odd","cniVersion":"1.0.0","type":"odd"}""");
        var chain = new PluginChain(
            CniNetwork.LoadDefault(sandbox.ConfigFolder),
            sandbox.Options.PluginFolders,
            TimeSpan.FromSeconds(words.Contains("0.5", StringComparison.Ordinal) ? 0.5 : 30));
        CtrException fault = await Assert.ThrowsAsync<CtrException>(() => chain.AddAsync(Describe("/proc/self/ns/net"), CancellationToken.None));
        Assert.Equal(CtrErrorIds.NetworkFailed, fault.ErrorId);
        Assert.Contains(words, fault.Message, StringComparison.Ordinal);
    }

    private static bool IsAlive(string process)
    {
        string status = $"/proc/{process.Trim()}/status";
        return File.Exists(status) && !File.ReadAllText(status).Contains("State:\tZ", StringComparison.Ordinal);
    }

    private static PluginChain Chain(CniSandbox sandbox, CniNetwork network) => new(network, sandbox.Options.PluginFolders, sandbox.Options.Timeout);

    private static CniAttachment Describe(string networkNamespace) => new()
    {
        ContainerId = $"test-{Guid.NewGuid():N}",
        Words = "container 'c1'",
        Target = "c1",
        NetworkNamespace = networkNamespace,
    };
}
