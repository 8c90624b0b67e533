using System.Text;
using CtrPS.Client.Network;

namespace CtrPS.Client.Tests.Network;

public sealed class CniResultTests
{
    // The results of all versions of the specification, as its own documents show them.
    public static TheoryData<string, string> Results => new()
    {
        {
            "0.2.0",
            """
            {"cniVersion":"0.2.0","ip4":{"ip":"10.1.0.5/16","gateway":"10.1.0.1","routes":[{"dst":"0.0.0.0/0"}]},
             "ip6":{"ip":"fd00::5/64"},"dns":{"nameservers":["10.1.0.1"],"search":["a.b"]}}
            """
        },
        {
            "0.3.1",
            """
            {"interfaces":[{"name":"br0"},{"name":"eth0","mac":"aa:bb","sandbox":"/proc/1/ns/net"}],
             "ips":[{"version":"4","address":"10.1.0.5/16","gateway":"10.1.0.1","interface":1},{"version":"6","address":"fd00::5/64","interface":1}],
             "routes":[{"dst":"0.0.0.0/0"}],"dns":{"nameservers":["10.1.0.1"],"search":["a.b"]}}
            """
        },
        {
            "0.4.0",
            """
            {"cniVersion":"0.4.0","interfaces":[{"name":"br0"},{"name":"eth0","mac":"aa:bb","sandbox":"/proc/1/ns/net"}],
             "ips":[{"version":"4","address":"10.1.0.5/16","gateway":"10.1.0.1","interface":1},{"version":"6","address":"fd00::5/64","interface":1}],
             "routes":[{"dst":"0.0.0.0/0"}],"dns":{"nameservers":["10.1.0.1"],"search":["a.b"]}}
            """
        },
        {
            "1.0.0",
            """
            {"cniVersion":"1.0.0","interfaces":[{"name":"br0"},{"name":"eth0","mac":"aa:bb","sandbox":"/proc/1/ns/net"}],
             "ips":[{"address":"10.1.0.5/16","gateway":"10.1.0.1","interface":1},{"address":"fd00::5/64","interface":1}],
             "routes":[{"dst":"0.0.0.0/0"}],"dns":{"nameservers":["10.1.0.1"],"search":["a.b"]}}
            """
        },
        {
            "1.1.0",
            """
            {"cniVersion":"1.1.0","interfaces":[{"name":"br0","mtu":1500},{"name":"eth0","mac":"aa:bb","sandbox":"/proc/1/ns/net","mtu":1500}],
             "ips":[{"address":"10.1.0.5/16","gateway":"10.1.0.1","interface":1},{"address":"fd00::5/64","interface":1}],
             "routes":[{"dst":"0.0.0.0/0","mtu":1400}],"dns":{"nameservers":["10.1.0.1"],"search":["a.b"]}}
            """
        },
    };

    [Theory]
    [MemberData(nameof(Results))]
    public void Results_of_all_versions_say_the_same(string version, string json)
    {
        CtrNetwork network = CniResult.ToNetwork(CniResult.Parse(Encoding.UTF8.GetBytes(json), version), "n");
        Assert.Equal(("n", "10.1.0.5/16, fd00::5/64"), (network.Name, network.ToString()));
        Assert.Equal(["10.1.0.1"], network.Gateways);
        Assert.Equal(["0.0.0.0/0"], network.Routes);
        Assert.Equal(["10.1.0.1"], network.NameServers);
        Assert.Equal(["a.b"], network.SearchDomains);
        if (version != "0.2.0")
        {
            Assert.Equal(["br0", "eth0"], network.Interfaces.Select(one => one.Name));
            Assert.Equal(
                ("aa:bb", "/proc/1/ns/net", "10.1.0.5/16 fd00::5/64"),
                (network.Interfaces[1].Mac, network.Interfaces[1].Sandbox, string.Join(' ', network.Interfaces[1].IPAddresses)));
            Assert.Empty(network.Interfaces[0].IPAddresses);
        }
    }

    [Theory]
    [InlineData("", "without a result")]
    [InlineData("not json", "cannot be read")]
    [InlineData("[]", "no JSON object")]
    [InlineData("""{"cniVersion":"9.9.9"}""", "9.9.9")]
    public void What_is_no_result_is_refused(string output, string word) =>
        Assert.Contains(
            word,
            Assert.Throws<PluginFailureException>(() => CniResult.Parse(Encoding.UTF8.GetBytes(output), "1.0.0")).Message,
            StringComparison.Ordinal);
}
