using System.Text.Json.Nodes;
using CtrPS.Client.Network;

namespace CtrPS.Client.Tests.Network;

public sealed class CniNetworkTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ctrps-cni-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void The_first_by_name_is_the_network()
    {
        Write("20-b.conflist", """{"name":"b","cniVersion":"1.0.0","plugins":[{"type":"bridge"}]}""");
        Write("10-a.json", """{"name":"a","cniVersion":"0.4.0","type":"ptp","extra":[1.50]}""");
        Write("00-note.txt", "nothing");
        var network = CniNetwork.LoadDefault(_folder);
        Assert.Equal(("a", "0.4.0", "ptp"), (network.Name, network.Version, Assert.Single(network.Plugins).Type));

        // What is kept of a single plugin is a list, as libcni makes of it.
        Assert.Equal(
            """{"name":"a","cniVersion":"0.4.0","plugins":[{"name":"a","cniVersion":"0.4.0","type":"ptp","extra":[1.50]}]}""",
            System.Text.Encoding.UTF8.GetString(network.Source.Span));
        Assert.Equal("ptp", Assert.Single(CniNetwork.ParseKept(network.Source).Plugins).Type);
    }

    [Fact]
    public void Plugins_in_files_of_their_own_come_behind_those_of_the_list()
    {
        Write("net.conflist", """{"name":"n","cniVersion":"1.1.0","plugins":[{"type":"bridge"}]}""");
        Directory.CreateDirectory(Path.Combine(_folder, "n"));
        Write("n/1.conf", """{"type":"tuning"}""");
        var network = CniNetwork.LoadDefault(_folder);
        Assert.Equal(["bridge", "tuning"], network.Plugins.Select(plugin => plugin.Type));
        Assert.Equal(["bridge", "tuning"], CniNetwork.ParseKept(network.Source).Plugins.Select(plugin => plugin.Type));
        Write("net.conflist", """{"name":"n","cniVersion":"1.1.0","loadOnlyInlinedPlugins":true,"plugins":[{"type":"bridge"}]}""");
        Assert.Single(CniNetwork.LoadDefault(_folder).Plugins);
    }

    [Theory]
    [InlineData("""{"name":"n","cniVersions":["0.4.0","1.0.0","9.0.0"],"plugins":[{"type":"a"}]}""", "1.0.0")]
    [InlineData("""{"name":"n","cniVersion":"0.3.1","cniVersions":["0.3.0"],"plugins":[{"type":"a"}]}""", "0.3.1")]
    [InlineData("""{"name":"n","plugins":[{"type":"a"}]}""", "0.1.0")]
    public void The_newest_version_that_is_known_is_spoken(string json, string version)
    {
        Write("net.conflist", json);
        Assert.Equal(version, CniNetwork.LoadDefault(_folder).Version);
    }

    [Theory]
    [InlineData("a.conflist", "{", "'a.conflist'")]
    [InlineData("a.conflist", "[]", "no JSON object")]
    [InlineData("a.conflist", """{"cniVersion":"1.0.0","plugins":[{"type":"a"}]}""", "no name")]
    [InlineData("a.conflist", """{"name":"../up","plugins":[{"type":"a"}]}""", "no valid name")]
    [InlineData("a.conflist", """{"name":"n","plugins":[]}""", "no plugins")]
    [InlineData("a.conflist", """{"name":"n","plugins":[{"bridge":"a"}]}""", "no type")]
    [InlineData("a.conflist", """{"name":"n","plugins":[{"type":"../../bin/sh"}]}""", "no name of a plugin")]
    [InlineData("a.conflist", """{"name":"n","plugins":[{"type":"a","type":"b"}]}""", "type")]
    [InlineData("a.conflist", """{"name":"n","cniVersion":"7.0.0","plugins":[{"type":"a"}]}""", "7.0.0")]
    [InlineData("a.conf", """{"name":"n","plugins":[{"type":"a"}]}""", ".conflist")]
    public void What_cannot_be_used_is_said_with_its_file(string file, string json, string word)
    {
        Write(file, json);
        CtrException fault = Assert.Throws<CtrException>(() => CniNetwork.LoadDefault(_folder));
        Assert.Equal(CtrErrorIds.NetworkFailed, fault.ErrorId);
        Assert.Equal(Path.Combine(_folder, file), fault.Target);
        Assert.Contains(word.Replace("'a.conflist'", file, StringComparison.Ordinal), fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("none")]
    public void A_folder_without_configurations_is_named(string below)
    {
        CtrException fault = Assert.Throws<CtrException>(() => CniNetwork.LoadDefault(Path.Combine(_folder, below)));
        Assert.Equal((CtrErrorIds.NetworkFailed, CtrStatus.NotFound), (fault.ErrorId, fault.Status));
        Assert.Contains("-CniConfigPath", fault.RecommendedAction, StringComparison.Ordinal);
    }

    [Fact]
    public void A_plugin_reads_its_own_fields_and_those_of_the_call()
    {
        Write(
            "net.conflist",
            """
            {"name":"n","cniVersion":"1.0.0","disableCheck":true,"plugins":[
             {"type":"portmap","cniVersion":"0.1.0","snat":true,"args":{"a":1},"capabilities":{"portMappings":true,"mac":false}}]}
            """);
        var network = CniNetwork.LoadDefault(_folder);
        var capabilities = (JsonObject)JsonNode.Parse("""{"portMappings":[{"hostPort":80}],"mac":"aa","ips":["10.0.0.1"]}""")!;
        var input = (JsonObject)JsonNode.Parse(network.Plugins[0].Input(network, new JsonObject { ["cniVersion"] = "1.0.0" }, capabilities))!;
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse("""
            {"type":"portmap","cniVersion":"1.0.0","snat":true,"args":{"a":1},"capabilities":{"portMappings":true,"mac":false},"name":"n",
             "prevResult":{"cniVersion":"1.0.0"},"runtimeConfig":{"portMappings":[{"hostPort":80}]}}
            """), input), input.ToJsonString());
        Assert.False(((JsonObject)JsonNode.Parse(network.Plugins[0].Input(network, null, []))!).ContainsKey("runtimeConfig"));
    }

    private void Write(string name, string text) => File.WriteAllText(Path.Combine(_folder, name), text);
}
