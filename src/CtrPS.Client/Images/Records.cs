using System.Text.Json.Nodes;
using Containerd.Services.Images.V1;
using CtrPS.Client.Connection;
using CtrPS.Client.Oci;

namespace CtrPS.Client.Images;

/// <summary>Turns the wire's image records into the module's.</summary>
internal static class Records
{
    /// <summary>Whether a record points to a target and has labels, beside others that it may have.</summary>
    public static bool Says(CtrImage image, Descriptor target, IReadOnlyDictionary<string, string> labels) =>
        image.Digest == target.Digest && image.MediaType == target.MediaType && image.TargetSize == target.Size
        && labels.All(label => image.Labels.TryGetValue(label.Key, out string? own) && own == label.Value);

    /// <summary>What an image points to.</summary>
    public static Descriptor TargetOf(CtrImage image) => new() { MediaType = image.MediaType, Digest = image.Digest, Size = image.TargetSize };

    /// <summary>Whether Kubernetes' image garbage collection leaves the record alone.</summary>
    public static bool IsPinned(Image image) => image.Labels.TryGetValue(CtrImage.PinnedLabel, out string? pinned) && pinned == CtrImage.PinnedValue;

    public static CtrImage ToImage(Image image, string @namespace)
    {
        CtrImageReference? reference =
            CtrImageReference.TryParse(image.Name, out CtrImageReference? parsed) && parsed.ToString() == image.Name ? parsed : null;
        return new CtrImage
        {
            Name = image.Name,
            Names = new[] { image.Name }, // an array: PowerShell cannot index the list that a collection expression makes
            Namespace = @namespace,
            Registry = reference?.Registry,
            Repository = reference?.Repository,
            Tag = reference?.Tag,
            Digest = image.Target.Digest,
            MediaType = image.Target.MediaType,
            TargetSize = image.Target.Size,
            Record = () => ToJson(image),
            Labels = SortedMap.From(image.Labels),
            CreatedAt = WireTime.ToTime(image.CreatedAt),
            UpdatedAt = WireTime.ToTime(image.UpdatedAt),
            Pinned = IsPinned(image),
        };
    }

    public static Descriptor ToDescriptor(Containerd.Types.ContentDescriptor descriptor) =>
        new() { MediaType = descriptor.MediaType, Digest = descriptor.Digest, Size = descriptor.Size };

    /// <summary>The record by the names of Go's fields (images.Image).</summary>
    private static JsonObject ToJson(Image image) => new()
    {
        ["Name"] = image.Name,
        ["Labels"] = RecordJson.Map(SortedMap.From(image.Labels)),
        ["Target"] = RecordJson.Filled(
            ("mediaType", image.Target.MediaType),
            ("digest", image.Target.Digest),
            ("size", image.Target.Size),
            ("annotations", RecordJson.Map(SortedMap.From(image.Target.Annotations)))),
        ["CreatedAt"] = GoJson.Of(image.CreatedAt),
        ["UpdatedAt"] = GoJson.Of(image.UpdatedAt),
    };
}
