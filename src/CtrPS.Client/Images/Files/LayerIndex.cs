using CtrPS.Client.Formats.Compression;
using CtrPS.Client.Oci;

namespace CtrPS.Client.Images.Files;

/// <summary>What is known of a layer once it was read: its names, and where in its bytes reading can begin. Holds no content.</summary>
/// <param name="Blob">The layer.</param>
/// <param name="Root">Its names.</param>
/// <param name="Points">Where reading can begin.</param>
/// <param name="Memory">About the bytes that this takes.</param>
internal sealed record LayerIndex(Descriptor Blob, LayerNode Root, SeekPoints Points, long Memory);
