using System.Text.Json;
using Containerd.Services.Containers.V1;
using Google.Protobuf.WellKnownTypes;

namespace CtrPS.Client.Storage;

/// <summary>The image that Kubernetes' record of a container names: the id of its config, which is the name of an image record, too.</summary>
internal static class KubernetesImage
{
    private const string Metadata = "io.cri-containerd.container.metadata"; // pkg/cri/store/container/metadata.go
    private const int MaxSize = 1 << 20;

    /// <summary>Null where the container is none of Kubernetes', or its record cannot be read.</summary>
    public static string? Of(Container container)
    {
        if (!container.Extensions.TryGetValue(Metadata, out Any? record) || record.Value.Length > MaxSize)
        {
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(record.Value.Memory);
            return document.RootElement is { ValueKind: JsonValueKind.Object } root
                && root.TryGetProperty("Metadata", out JsonElement metadata) && metadata.ValueKind == JsonValueKind.Object
                && metadata.TryGetProperty("ImageRef", out JsonElement image) && image.ValueKind == JsonValueKind.String
                    ? image.GetString()
                    : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
