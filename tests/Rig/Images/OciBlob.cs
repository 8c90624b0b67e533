using System.Security.Cryptography;
using System.Text.Json.Nodes;

namespace CtrPS.Rig.Images;

/// <summary>A blob and what its descriptor says of it (OCI image spec: descriptor.md).</summary>
internal sealed record OciBlob(string MediaType, byte[] Content)
{
    public string Digest { get; } = "sha256:" + Convert.ToHexStringLower(SHA256.HashData(Content));

    public static OciBlob OfJson(string mediaType, JsonObject content) =>
        new(mediaType, System.Text.Encoding.UTF8.GetBytes(content.ToJsonString()));

    public JsonObject ToDescriptor() => new()
    {
        ["mediaType"] = MediaType,
        ["digest"] = Digest,
        ["size"] = Content.Length,
    };
}
