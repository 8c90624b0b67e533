using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace CtrPS.Client.Containers;

/// <summary>Changes limits in the spec of a container (OCI runtime spec, config-linux.md). What it does not know stays as it is.</summary>
internal static class ResourceUpdate
{
    private static readonly JsonSerializerOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Applies a change.</summary>
    /// <param name="spec">The spec, as JSON.</param>
    /// <param name="resources">What to change.</param>
    /// <returns>
    /// The whole limits for the task, without the rules for devices, which an update does not touch; and the spec to keep. Null where it is none of
    /// Linux.
    /// </returns>
    public static (byte[] Resources, byte[] Spec)? Apply(ReadOnlySpan<byte> spec, CtrResources resources)
    {
        if (JsonNode.Parse(spec) is not JsonObject root || root["linux"] is not JsonObject linux)
        {
            return null;
        }

        JsonObject limits = Part(linux, "resources");
        Set(limits, "memory", "limit", resources.Memory);
        Set(limits, "memory", "reservation", resources.MemoryReservation);
        Set(limits, "memory", "swap", resources.MemorySwap);
        Set(limits, "cpu", "shares", resources.CpuShares);
        Set(limits, "cpu", "quota", resources.CpuQuota);
        Set(limits, "cpu", "period", resources.CpuPeriod);
        Set(limits, "cpu", "cpus", resources.CpusetCpus);
        Set(limits, "cpu", "mems", resources.CpusetMems);
        Set(limits, "pids", "limit", resources.PidsLimit);

        byte[] whole = JsonSerializer.SerializeToUtf8Bytes(root, Options);
        _ = limits.Remove("devices");
        return (JsonSerializer.SerializeToUtf8Bytes(limits, Options), whole);
    }

    private static JsonObject Part(JsonObject parent, string name)
    {
        if (parent[name] is not JsonObject part)
        {
            parent[name] = part = [];
        }

        return part;
    }

    private static void Set(JsonObject limits, string group, string name, JsonNode? value)
    {
        if (value is not null)
        {
            Part(limits, group)[name] = value;
        }
    }
}
