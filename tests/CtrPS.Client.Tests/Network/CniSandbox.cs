using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using CtrPS.Client.Tests.Archives;
using CtrPS.Rig;

namespace CtrPS.Client.Tests.Network;

/// <summary>
/// A network of a test's own on Debian's plugins: a bridge and subnets that nobody else has, leases and results in a folder of its own. Disposing
/// takes all of it away. Needs root and the plugins; skips the test elsewhere.
/// </summary>
[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
internal sealed class CniSandbox : IAsyncDisposable
{
    /// <summary>Bridges, addresses and packet filters belong to the whole machine: these tests run one after another.</summary>
    public const string Collection = "networks of this machine";

    private const string PluginFolder = "/usr/lib/cni";

    private readonly List<string> _networkNamespaces = [];
    private readonly int _number = RandomNumberGenerator.GetInt32(256);

    public CniSandbox()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.UserName == "root", "only root may make network namespaces");
        Assert.SkipUnless(
            File.Exists(Path.Combine(PluginFolder, "bridge")), "Debian's CNI plugins (containernetworking-plugins) are not installed here");
        Tool.Need("ip");
        Folder = Directory.CreateTempSubdirectory("ctrps-cni-").FullName;
        Name = $"ctrps{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(3))}";
        Directory.CreateDirectory(ConfigFolder);
        Directory.CreateDirectory(Fakes);
    }

    public string Folder { get; }

    /// <summary>Name of the network and of its bridge.</summary>
    public string Name { get; }

    public string Prefix => $"10.213.{_number}.";

    public string Prefix6 => $"fd4d:c7b5:{_number:x}::";

    public string ConfigFolder => Path.Combine(Folder, "net.d");

    public string CacheFolder => Path.Combine(Folder, "cache");

    public string DataFolder => Path.Combine(Folder, "leases");

    /// <summary>Plugins of the test's own; they come first.</summary>
    public string Fakes => Path.Combine(Folder, "bin");

    public CtrCniOptions Options => new()
    {
        ConfigFolder = ConfigFolder,
        PluginFolders = [Fakes, PluginFolder],
        CacheFolder = CacheFolder,
        Timeout = TimeSpan.FromSeconds(30),
    };

    /// <summary>A bridge with addresses of both families; further plugins behind it.</summary>
    public void WriteConfig(string version, params string[] further)
    {
        var bridge = new JsonObject
        {
            ["type"] = "bridge",
            ["bridge"] = Name,
            ["isGateway"] = true,
            ["ipam"] = new JsonObject
            {
                ["type"] = "host-local",
                ["dataDir"] = DataFolder,
                ["ranges"] = new JsonArray(
                    new JsonArray(new JsonObject { ["subnet"] = $"{Prefix}0/24" }),
                    new JsonArray(new JsonObject { ["subnet"] = $"{Prefix6}/64" })),
                ["routes"] = new JsonArray(new JsonObject { ["dst"] = "0.0.0.0/0" }),
            },
        };
        var list = new JsonObject
        {
            ["cniVersion"] = version,
            ["name"] = Name,
            ["plugins"] = new JsonArray([bridge, .. further.Select(one => JsonNode.Parse(one))]),
        };
        File.WriteAllText(Path.Combine(ConfigFolder, "10-test.conflist"), list.ToJsonString());
    }

    /// <summary>A plugin of the test's own: a shell script.</summary>
    public Task WritePluginAsync(string name, string script) => RigScript.WriteAsync(Path.Combine(Fakes, name), $"#!/bin/sh\n{script}\n");

    /// <summary>Makes a network namespace and returns its path.</summary>
    public async Task<string> AddNetworkNamespaceAsync()
    {
        string name = $"{Name}-{_networkNamespaces.Count}";
        _ = await Tool.RunAsync("ip", "netns", "add", name);
        _networkNamespaces.Add(name);
        return $"/run/netns/{name}";
    }

    /// <summary>The addresses in a network namespace, as ip prints them.</summary>
    public static async Task<string> AddressesAsync(string networkNamespace, string @interface) =>
        await Tool.RunAsync("nsenter", $"--net={networkNamespace}", "ip", "-o", "addr", "show", "dev", @interface);

    /// <summary>What is left of containers: leases, results, and links at the bridge.</summary>
    public async Task<string> LeftoversAsync()
    {
        var left = new List<string>();
        if (Directory.Exists(DataFolder))
        {
            left.AddRange(
                Directory.GetFiles(DataFolder, "*", SearchOption.AllDirectories).Where(
                    file => char.IsAsciiHexDigit(Path.GetFileName(file)[0]) && Path.GetFileName(file) != "lock"));
        }

        if (Directory.Exists(CacheFolder))
        {
            left.AddRange(Directory.GetFiles(CacheFolder, "*", SearchOption.AllDirectories));
        }

        if (Directory.Exists($"/sys/class/net/{Name}/brif"))
        {
            left.AddRange(Directory.GetFileSystemEntries($"/sys/class/net/{Name}/brif"));
        }

        _ = await Tool.RunAsync("ip", "link"); // the kernel's own work on links is done
        return string.Join('\n', left);
    }

    /// <summary>The one result that is kept.</summary>
    public JsonElement Kept() =>
        JsonDocument.Parse(File.ReadAllText(Assert.Single(Directory.GetFiles(Path.Combine(CacheFolder, "results"))))).RootElement.Clone();

    public async ValueTask DisposeAsync()
    {
        foreach (string name in _networkNamespaces)
        {
            _ = await Tool.RunAsync("ip", "netns", "del", name);
        }

        if (Directory.Exists($"/sys/class/net/{Name}"))
        {
            _ = await Tool.RunAsync("ip", "link", "del", Name);
        }

        Directory.Delete(Folder, recursive: true);
    }
}
