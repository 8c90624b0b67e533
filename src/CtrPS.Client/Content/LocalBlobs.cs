using System.Buffers;
using System.Security.Cryptography;
using CtrPS.Client.Oci;

namespace CtrPS.Client.Content;

/// <summary>
/// Reads small blobs out of the folder in which a containerd on this machine keeps them: a call costs ten times as much, and a listing reads
/// two blobs per image. Only bytes that hash to the digest count. Whatever is not there, not readable or not right is left to a call, whose
/// answer is the one that matters; so a folder of the same name on the wrong machine does no harm.
/// </summary>
internal static class LocalBlobs
{
    private const string Algorithm = "sha256:";
    private static readonly SearchValues<char> Hex = SearchValues.Create("0123456789abcdef");

    /// <summary>The blob's bytes. Null where the daemon has to be asked.</summary>
    /// <param name="contentRoot">The content store's folder, as the daemon names it.</param>
    /// <param name="blob">Which one; its size is at most <see cref="ManifestDocument.MaxSize"/>.</param>
    public static byte[]? TryRead(string contentRoot, Descriptor blob)
    {
        if (!blob.Digest.StartsWith(Algorithm, StringComparison.Ordinal) || blob.Digest.Length != Algorithm.Length + (SHA256.HashSizeInBytes * 2)
            || blob.Digest.AsSpan(Algorithm.Length).ContainsAnyExcept(Hex))
        {
            return null;
        }

        string hex = blob.Digest[Algorithm.Length..];
        try
        {
            using var file = File.OpenHandle(Path.Join(contentRoot, "blobs", "sha256", hex));
            long length = RandomAccess.GetLength(file);
            if (length != blob.Size)
            {
                return null;
            }

            byte[] bytes = GC.AllocateUninitializedArray<byte>((int)length);
            int read = RandomAccess.Read(file, bytes, 0);
            return read == bytes.Length && Convert.ToHexStringLower(SHA256.HashData(bytes)) == hex ? bytes : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

}
