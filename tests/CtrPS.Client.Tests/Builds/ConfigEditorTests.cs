using System.Text;
using System.Text.Json.Nodes;
using CtrPS.Client.Builds;
using CtrPS.Client.Oci;

namespace CtrPS.Client.Tests.Builds;

public sealed class ConfigEditorTests
{
    private const string Config = """
        {"architecture":"amd64","os":"linux","x-unknown":{"a":[1,2.50]},"config":{"Env":["PATH=/bin","A=1","B=2"],"Entrypoint":["/old"],"Cmd":["-x"],
        "Labels":{"keep":"1","go":"2"},"Healthcheck":{"Test":["NONE"]}},"rootfs":{"type":"layers","diff_ids":["sha256:a","sha256:b"]},"history":[
        {"created_by":"one"}]}
        """;

    [Fact]
    public void Only_what_is_named_changes()
    {
        JsonObject config = Changed(new CtrConfigChanges
        {
            Env = new SortedDictionary<string, string?> { ["A"] = "9=9", ["B"] = null, ["C"] = "" },
            Labels = new Dictionary<string, string?> { ["go"] = null, ["new"] = "<x>" },
            User = "nobody",
            ExposedPorts = ["80/tcp"],
            Created = DateTimeOffset.UnixEpoch,
        });
        JsonObject settings = config["config"]!.AsObject();
        Assert.Equal(["PATH=/bin", "A=9=9", "C="], settings["Env"]!.AsArray().Select(one => one!.GetValue<string>()));
        Assert.Equal("""{"keep":"1","new":"\u003Cx\u003E"}""", settings["Labels"]!.ToJsonString());
        Assert.Equal("""{"80/tcp":{}}""", settings["ExposedPorts"]!.ToJsonString());
        Assert.Equal("""["/old"]""", settings["Entrypoint"]!.ToJsonString());
        Assert.Equal("""["-x"]""", settings["Cmd"]!.ToJsonString());
        Assert.Equal("""{"Test":["NONE"]}""", settings["Healthcheck"]!.ToJsonString());
        Assert.Equal("""{"a":[1,2.50]}""", config["x-unknown"]!.ToJsonString());
        Assert.Equal("1970-01-01T00:00:00Z", config["created"]!.GetValue<string>());
    }

    [Fact]
    public void Another_entrypoint_takes_the_arguments_of_the_old_one_along()
    {
        JsonObject settings = Changed(new CtrConfigChanges { Entrypoint = ["/new", "-y"] })["config"]!.AsObject();
        Assert.Equal("""["/new","-y"]""", settings["Entrypoint"]!.ToJsonString());
        Assert.False(settings.ContainsKey("Cmd"));
        settings = Changed(new CtrConfigChanges { Entrypoint = [], Cmd = ["sh"] })["config"]!.AsObject();
        Assert.False(settings.ContainsKey("Entrypoint"));
        Assert.Equal("""["sh"]""", settings["Cmd"]!.ToJsonString());
    }

    [Fact]
    public void The_history_has_a_step_for_each_layer_and_one_for_the_change()
    {
        JsonArray history = Changed(new CtrConfigChanges { CreatedBy = "by", Comment = "why" })["history"]!.AsArray();
        Assert.Equal([false, false, true], history.Select(IsEmpty)); // the second layer was not told of
        Assert.Equal("why", history[2]!["comment"]!.GetValue<string>());

        JsonObject config = Changed(new CtrConfigChanges { CreatedBy = "by" }, ("sha256:c", "files"));
        Assert.Equal([false, false, false], config["history"]!.AsArray().Select(IsEmpty));
        Assert.Equal("files", config["history"]![2]!["comment"]!.GetValue<string>());
        Assert.Equal("""["sha256:a","sha256:b","sha256:c"]""", config["rootfs"]!["diff_ids"]!.ToJsonString());
    }

    [Theory]
    [InlineData("""{"config":5}""")]
    [InlineData("""{"rootfs":{"diff_ids":{}}}""")]
    [InlineData("""{"history":["x"]}""")]
    [InlineData("""{"a":1,"a":2}""")]
    [InlineData("""[]""")]
    [InlineData("{")]
    public void What_is_no_config_is_a_damaged_blob(string text)
    {
        var of = new Descriptor { MediaType = MediaTypes.OciConfig, Digest = "sha256:x", Size = 1 };
        CtrException fault = Assert.Throws<CtrException>(() => ImageJson.Change(of, () =>
        {
            JsonObject config = ImageJson.Parse(Encoding.UTF8.GetBytes(text), of);
            ConfigEditor.Change(config, new CtrConfigChanges { Env = new Dictionary<string, string?> { ["A"] = "1" } }, []);
            return config;
        }));
        Assert.Equal(CtrErrorIds.BlobCorrupt, fault.ErrorId);
    }

    private static bool IsEmpty(JsonNode? step) => step!["empty_layer"]?.GetValue<bool>() == true;

    private static JsonObject Changed(CtrConfigChanges changes, params (string, string)[] added)
    {
        JsonObject config = ImageJson.Parse(
            Encoding.UTF8.GetBytes(Config), new Descriptor { MediaType = MediaTypes.OciConfig, Digest = "sha256:x", Size = 1 });
        ConfigEditor.Change(config, changes, added);
        return config;
    }
}
