using System.Text.Json;
using System.Text.Json.Nodes;

namespace CtrPS.Client.Network;

/// <summary>Reads what plugins answer: the results of all versions of the specification.</summary>
internal static class CniResult
{
    private static readonly string[] OldFamilies = ["ip4", "ip6"];

    /// <summary>Reads the answer of one plugin.</summary>
    /// <param name="output">What it wrote.</param>
    /// <param name="version">The network's version, for an answer that names none.</param>
    /// <exception cref="PluginFailureException">It is no result.</exception>
    public static JsonObject Parse(ReadOnlyMemory<byte> output, string version)
    {
        try
        {
            var result = JsonNode.Parse(output.Span) as JsonObject ?? throw new FormatException("it is no JSON object.");
            string own = CniNetwork.Text(result, "cniVersion");
            result["cniVersion"] = own.Length == 0 ? version : own;
            return own.Length == 0 || CniNetwork.Versions.Contains(own) ? result : throw new FormatException($"its cniVersion is '{own}'.");
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException or ArgumentException)
        {
            throw new PluginFailureException(
                output.Length == 0 ? "it ended well, but without a result." : $"it ended well, but its result cannot be read: {e.Message}");
        }
    }

    /// <summary>The result as an object.</summary>
    public static CtrNetwork ToNetwork(JsonObject result, string name)
    {
        JsonObject[] addresses = IsOld(result)
            ? [.. OldFamilies.Select(family => result[family]).OfType<JsonObject>()]
            : Objects(result["ips"]);
        JsonObject[] routes = IsOld(result) ? [.. addresses.SelectMany(address => Objects(address["routes"]))] : Objects(result["routes"]);
        string addressField = IsOld(result) ? "ip" : "address";
        return new CtrNetwork
        {
            Name = name,
            Interfaces = [.. Objects(result["interfaces"]).Select((one, index) => new CtrNetworkInterface
            {
                Name = Text(one["name"]),
                Mac = Text(one["mac"]),
                Sandbox = Text(one["sandbox"]),
                IPAddresses = [.. addresses.Where(address => Index(address) == index).Select(address => Text(address[addressField]))],
            })],
            IPAddresses = [.. addresses.Select(address => Text(address[addressField])).Where(IsGiven)],
            Gateways = [.. addresses.Select(address => Text(address["gateway"])).Where(IsGiven)],
            Routes =
            [
                .. routes.Select(
                    route => Text(route["gw"]) is { Length: > 0 } gateway
                        ? $"{Text(route["dst"])} via {gateway}"
                        : Text(route["dst"])).Where(IsGiven),
            ],
            NameServers = Texts(result["dns"], "nameservers"),
            SearchDomains = Texts(result["dns"], "search"),
        };
    }

    /// <summary>Up to 0.2.0 a result held one address of each family, and no interfaces.</summary>
    private static bool IsOld(JsonObject result) => Text(result["cniVersion"]) is "0.1.0" or "0.2.0";

    private static int? Index(JsonObject address) => address["interface"] is JsonValue value && value.TryGetValue(out int index) ? index : null;

    private static JsonObject[] Objects(JsonNode? list) => list is JsonArray array ? [.. array.OfType<JsonObject>()] : [];

    private static string[] Texts(JsonNode? parent, string name) =>
        parent is JsonObject json && json[name] is JsonArray array ? [.. array.Select(Text).Where(IsGiven)] : [];

    private static string Text(JsonNode? node) =>
        node is JsonValue value && value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : "";

    private static bool IsGiven(string text) => text.Length > 0;
}
