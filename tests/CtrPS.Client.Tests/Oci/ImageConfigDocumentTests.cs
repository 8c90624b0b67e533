using System.Text;
using CtrPS.Client.Oci;

namespace CtrPS.Client.Tests.Oci;

public sealed class ImageConfigDocumentTests
{
    private static readonly Descriptor Blob = new() { MediaType = MediaTypes.OciConfig, Digest = "sha256:" + new string('c', 64), Size = 1 };

    private const string Whole = """
        {
          "created": "2024-05-01T10:11:12.5Z", "author": "Ann", "architecture": "arm64", "os": "linux", "variant": "v8", "docker_version": "26.1",
          "config": {
            "User": "web:www", "Env": ["PATH=/bin", "A=1"], "Entrypoint": ["/init"], "Cmd": ["serve", "-v"], "WorkingDir": "/srv",
            "ExposedPorts": { "80/tcp": {}, "443/tcp": {} }, "Volumes": { "/data": {} }, "Labels": { "b": "2", "a": "1", "b": "3" },
            "StopSignal": "SIGQUIT", "Shell": ["/bin/bash", "-c"], "OnBuild": ["RUN x"], "ArgsEscaped": true,
            "Healthcheck": { "Test": ["CMD-SHELL", "curl -f localhost"], "Interval": 30000000000, "Timeout": 5000000000, "Retries": 3 }
          },
          "rootfs": { "type": "layers", "diff_ids": ["sha256:1", "sha256:2"] },
          "history": [
            { "created": "2024-05-01T10:11:10Z", "created_by": "ADD file", "comment": "base" },
            { "created_by": "ENV A=1", "author": "Bob", "empty_layer": true }
          ]
        }
        """;

    [Fact]
    public void Reads_all_that_docker_and_OCI_know_and_keeps_the_rest()
    {
        CtrImageConfig config = ImageConfigDocument.Parse(Encoding.UTF8.GetBytes(Whole), Blob);
        Assert.Equal("linux/arm64", config.Platform?.ToString());
        Assert.Equal(new DateTimeOffset(2024, 5, 1, 10, 11, 12, 500, TimeSpan.Zero), config.Created);
        Assert.Equal("Ann", config.Author);
        Assert.Equal("web:www", config.User);
        Assert.Equal(["PATH=/bin", "A=1"], config.Env);
        Assert.Equal(["/init"], config.Entrypoint);
        Assert.Equal(["serve", "-v"], config.Cmd);
        Assert.Equal("/srv", config.WorkingDirectory);
        Assert.Equal(["443/tcp", "80/tcp"], config.ExposedPorts);
        Assert.Equal(["/data"], config.Volumes);
        Assert.Equal("a=1, b=3", config.Labels.ToString());
        Assert.Equal("SIGQUIT", config.StopSignal);
        Assert.Equal(["/bin/bash", "-c"], config.Shell);
        Assert.Equal(["RUN x"], config.OnBuild);
        Assert.Equal("CMD-SHELL curl -f localhost", config.Healthcheck?.ToString());
        Assert.Equal(TimeSpan.FromSeconds(30), config.Healthcheck!.Interval);
        Assert.Equal(TimeSpan.FromSeconds(5), config.Healthcheck.Timeout);
        Assert.Null(config.Healthcheck.StartPeriod);
        Assert.Equal(3, config.Healthcheck.Retries);
        Assert.Equal(["sha256:1", "sha256:2"], config.RootFS.DiffIds);
        Assert.Equal(["config.ArgsEscaped=true", "docker_version=\"26.1\""], config.Unknown.Select(one => $"{one.Key}={one.Value}").Order());
    }

    [Fact]
    public void Writes_what_docker_inspect_shows()
    {
        CtrImageConfig config = ImageConfigDocument.Parse(Encoding.UTF8.GetBytes(Whole), Blob).With(copy =>
            copy.Facts = new CtrImageFacts(["docker.io/library/a:1"], ["docker.io/library/a@sha256:9"], 123, DateTimeOffset.UnixEpoch));
        using var json = System.Text.Json.JsonDocument.Parse(config.ToJson());
        System.Text.Json.JsonElement root = json.RootElement;
        Assert.Equal(Blob.Digest, root.GetProperty("Id").GetString());
        Assert.Equal("docker.io/library/a:1", root.GetProperty("RepoTags")[0].GetString());
        Assert.Equal("docker.io/library/a@sha256:9", root.GetProperty("RepoDigests")[0].GetString());
        Assert.Equal("2024-05-01T10:11:12.5Z", root.GetProperty("Created").GetString());
        Assert.Equal("serve", root.GetProperty("Config").GetProperty("Cmd")[0].GetString());
        Assert.True(root.GetProperty("Config").GetProperty("ArgsEscaped").GetBoolean());
        Assert.Equal("arm64", root.GetProperty("Architecture").GetString());
        Assert.Equal("v8", root.GetProperty("Variant").GetString());
        Assert.Equal(123, root.GetProperty("Size").GetInt64());
        Assert.Equal("sha256:2", root.GetProperty("RootFS").GetProperty("Layers")[1].GetString());
        Assert.Equal("26.1", root.GetProperty("docker_version").GetString());
    }

    [Fact]
    public void Tells_the_history_from_the_oldest_step_on()
    {
        IReadOnlyList<HistoryStep> steps = ImageConfigDocument.ParseHistory(Encoding.UTF8.GetBytes(Whole), Blob);
        Assert.Equal(["ADD file", "ENV A=1"], steps.Select(step => step.CreatedBy));
        Assert.Equal([false, true], steps.Select(step => step.IsEmpty));
        Assert.Equal("base", steps[0].Comment);
        Assert.Equal("Bob", steps[1].Author);
        Assert.Null(steps[1].Created);
        Assert.Empty(ImageConfigDocument.ParseHistory("{}"u8.ToArray(), Blob));
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"config":null,"rootfs":null,"history":null,"created":"0001-01-01T00:00:00Z"}""")]
    [InlineData("""{"config":{"Env":null,"Labels":null,"Healthcheck":null},"created":"yesterday"}""")]
    public void What_says_nothing_is_empty(string json)
    {
        CtrImageConfig config = ImageConfigDocument.Parse(Encoding.UTF8.GetBytes(json), Blob);
        Assert.Null(config.Created);
        Assert.Null(config.Platform);
        Assert.Null(config.Healthcheck);
        Assert.Empty(config.Env);
        Assert.Empty(config.Labels);
        Assert.Empty(config.RootFS.DiffIds);
        Assert.StartsWith("{", config.ToJson(), StringComparison.Ordinal);
    }

    /// <summary>Go takes the later of two, and no key is worth failing for.</summary>
    [Fact]
    public void A_key_that_comes_twice_has_the_later_value()
    {
        CtrImageConfig config = ImageConfigDocument.Parse(
            """{"os":"windows","os":"linux","architecture":"arm64","x":1,"x":2,"config":{"Cmd":["a"],"Cmd":["b"]}}"""u8.ToArray(), Blob);
        Assert.Equal("linux/arm64", config.Platform?.ToString());
        Assert.Equal(["b"], config.Cmd);
        Assert.Equal("2", config.Unknown["x"]);
        using var json = System.Text.Json.JsonDocument.Parse(config.ToJson());
        Assert.Equal("linux", json.RootElement.GetProperty("Os").GetString());
        Assert.Equal("b", json.RootElement.GetProperty("Config").GetProperty("Cmd")[0].GetString());
    }

    [Theory]
    [InlineData("no")]
    [InlineData("[]")]
    [InlineData("""{"config":{"Env":"x"}}""")]
    [InlineData("""{"config":{"Cmd":[1]}}""")]
    [InlineData("""{"config":{"Labels":{"a":1}}}""")]
    [InlineData("""{"config":{"Healthcheck":{"Interval":1e40}}}""")]
    public void What_is_no_config_is_refused_by_digest(string json)
    {
        CtrException error = Assert.Throws<CtrException>(() => ImageConfigDocument.Parse(Encoding.UTF8.GetBytes(json), Blob));
        Assert.Equal(CtrErrorIds.BlobCorrupt, error.ErrorId);
        Assert.Contains(Blob.Digest, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_glance_gives_platform_and_time_and_of_an_artifact_neither()
    {
        ConfigSummary summary = ImageConfigDocument.ParseSummary(Encoding.UTF8.GetBytes(Whole), Blob);
        Assert.Equal("linux/arm64", summary.Platform?.ToString());
        Assert.Equal(2024, summary.Created?.Year);
        Assert.Equal(new ConfigSummary(null, null), ImageConfigDocument.ParseSummary("{}"u8.ToArray(), Blob));
        Assert.Equal(
            CtrErrorIds.BlobCorrupt, Assert.Throws<CtrException>(() => ImageConfigDocument.ParseSummary("no"u8.ToArray(), Blob)).ErrorId);
    }
}
