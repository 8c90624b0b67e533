using System.Text.Json;
using System.Text.Json.Nodes;

namespace CtrPS.Client.Network;

/// <summary>One plugin of a network: its configuration as it stands in the file, unknown fields and all.</summary>
/// <param name="Type">The plugin's program.</param>
/// <param name="Config">All of its configuration.</param>
internal sealed record CniPlugin(string Type, JsonObject Config)
{
    /// <summary>Reads one.</summary>
    /// <exception cref="FormatException">No type, or one that leads elsewhere.</exception>
    public static CniPlugin Parse(JsonObject config)
    {
        string type = CniNetwork.Text(config, "type");
        return type.Length == 0 ? throw new FormatException("a plugin has no type.")
            : type.Contains('/', StringComparison.Ordinal) || type is "." or ".." ? throw new FormatException($"'{type}' is no name of a plugin.")
            : new CniPlugin(type, config);
    }

    /// <summary>
    /// What the plugin reads (libcni, buildOneConfig): its configuration with the network's name and version, and what is of this call only.
    /// </summary>
    /// <param name="network">The network.</param>
    /// <param name="previous">The result so far. Null: none.</param>
    /// <param name="capabilities">All that is asked of plugins, by capability; it gets what it says it can.</param>
    public byte[] Input(CniNetwork network, JsonObject? previous, JsonObject capabilities)
    {
        var input = (JsonObject)Config.DeepClone();
        input["name"] = network.Name;
        input["cniVersion"] = network.Version;
        if (previous is not null)
        {
            input["prevResult"] = previous.DeepClone();
        }

        if (Config["capabilities"] is JsonObject can)
        {
            var given = new JsonObject();
            foreach ((string name, JsonNode? value) in capabilities)
            {
                if (can[name] is JsonValue flag && flag.GetValueKind() == JsonValueKind.True)
                {
                    given[name] = value?.DeepClone();
                }
            }

            if (given.Count > 0)
            {
                input["runtimeConfig"] = given;
            }
        }

        return JsonSerializer.SerializeToUtf8Bytes(input);
    }
}
