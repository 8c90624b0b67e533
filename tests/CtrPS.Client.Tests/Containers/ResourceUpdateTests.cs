using System.Text;
using System.Text.Json.Nodes;
using CtrPS.Client.Containers;

namespace CtrPS.Client.Tests.Containers;

public sealed class ResourceUpdateTests
{
    [Fact]
    public void Changes_what_is_given_and_leaves_the_rest_as_it_is()
    {
        const string spec = """
            {"ociVersion":"1.0.2-dev","process":{"args":["sh","-c","a < b & c > \"d\" é"]},"future":{"big":9223372036854775807,"exact":1.10},
             "linux":{"cgroupsPath":"/default/web","resources":{"devices":[{"allow":false,"access":"rwm"}],
             "cpu":{"shares":1024,"realtimeRuntime":5},"unified":{"memory.high":"max"}}}}
            """;
        (byte[] resources, byte[] changed) = ResourceUpdate.Apply(
            Encoding.UTF8.GetBytes(spec), new CtrResources { Memory = 1 << 20, CpuQuota = -1, PidsLimit = 9, CpusetCpus = "0-1" })!.Value;

        Assert.Equal(
            """{"cpu":{"shares":1024,"realtimeRuntime":5,"quota":-1,"cpus":"0-1"},"unified":{"memory.high":"max"},"memory":"""
                + """{"limit":1048576},"pids":{"limit":9}}""",
            Encoding.UTF8.GetString(resources));
        var expected = (JsonObject)JsonNode.Parse(spec)!;
        var actual = (JsonObject)JsonNode.Parse(changed)!;
        Assert.True(JsonNode.DeepEquals(expected["linux"]!["resources"]!["devices"], actual["linux"]!["resources"]!["devices"]));
        _ = ((JsonObject)expected["linux"]!).Remove("resources");
        _ = ((JsonObject)actual["linux"]!).Remove("resources");
        Assert.Equal(expected.ToJsonString(), actual.ToJsonString());
    }

    [Fact]
    public void A_spec_without_limits_gets_them_and_one_of_Windows_is_none()
    {
        (byte[] resources, byte[] _) = ResourceUpdate.Apply("""{"linux":{}}"""u8, new CtrResources { CpuShares = 512 })!.Value;
        Assert.Equal("""{"cpu":{"shares":512}}""", Encoding.UTF8.GetString(resources));
        Assert.Null(ResourceUpdate.Apply("""{"windows":{}}"""u8, new CtrResources { CpuShares = 512 }));
    }
}
