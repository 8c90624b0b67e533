using System.Text;
using System.Text.Json;

namespace CtrPS.Client.Oci;

/// <summary>What unpacking needs of an image config (image-spec, config.md).</summary>
/// <param name="DiffIds">Digests of the uncompressed layers, bottom first.</param>
internal sealed record ImageConfig(IReadOnlyList<string> DiffIds)
{
    /// <summary>
    /// The names of the committed snapshots, bottom first: each hashes the one below and its own diffID (image-spec, config.md, Layer ChainID).
    /// </summary>
    public IReadOnlyList<string> ChainIds
    {
        get
        {
            var chain = new List<string>(DiffIds.Count);
            foreach (string diffId in DiffIds)
            {
                chain.Add(chain.Count == 0 ? diffId : Digests.Of(Encoding.UTF8.GetBytes($"{chain[^1]} {diffId}")));
            }

            return chain;
        }
    }

    /// <summary>Reads a config.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.BlobCorrupt"/>: no JSON, or without a list of diffIDs.</exception>
    public static ImageConfig Parse(ReadOnlyMemory<byte> json, Descriptor of)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            string[] diffIds =
                document.RootElement.GetProperty("rootfs").GetProperty("diff_ids").EnumerateArray().Select(id => id.GetString() ?? "").ToArray();
            return diffIds.FirstOrDefault(id => !Digests.IsValid(id)) is { } invalid
                ? throw new FormatException($"'{invalid}' is not a digest")
                : new ImageConfig(diffIds);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or KeyNotFoundException)
        {
            throw new CtrException(
                CtrErrorIds.BlobCorrupt,
                CtrStatus.DataLoss,
                $"The blob '{of.Digest}' is damaged or not an image config: {e.Message}",
                e)
            {
                Target = of.Digest,
            };
        }
    }
}
