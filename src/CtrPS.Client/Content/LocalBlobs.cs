using System.Buffers;
using System.Security.Cryptography;
using CtrPS.Client.Oci;

namespace CtrPS.Client.Content;

/// <summary>
/// Reads small blobs out of the folder in which a containerd on this machine keeps them: a call costs ten times as much, and a listing reads
/// two blobs per image. Only bytes that hash to the digest count. Whatever is not there, not readable or not right is left to a call, whose
/// answer is the one that matters.
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
        if (PathOf(contentRoot, blob) is not { } path)
        {
            return null;
        }

        try
        {
            using var file = File.OpenHandle(path);
            long length = RandomAccess.GetLength(file);
            if (length != blob.Size)
            {
                return null;
            }

            byte[] bytes = GC.AllocateUninitializedArray<byte>((int)length);
            int read = RandomAccess.Read(file, bytes, 0);
            return read == bytes.Length && Algorithm + Convert.ToHexStringLower(SHA256.HashData(bytes)) == blob.Digest ? bytes : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>
    /// The blob's file, of the right length, for one reading to its end. Its bytes are not proved. Null where the daemon has to be asked.
    /// </summary>
    /// <param name="contentRoot">The content store's folder, as the daemon names it.</param>
    /// <param name="blob">Which one, of any size.</param>
    /// <param name="offset">Where to begin.</param>
    public static Stream? TryOpen(string contentRoot, Descriptor blob, long offset)
    {
        if (PathOf(contentRoot, blob) is not { } path)
        {
            return null;
        }

        try
        {
            var options = new FileStreamOptions
            {
                Access = FileAccess.Read,
                Share = FileShare.ReadWrite | FileShare.Delete,
                BufferSize = 0,
                Options = FileOptions.SequentialScan,
            };
            var file = new FileStream(path, options);
            if (file.Length == blob.Size)
            {
                file.Position = offset;
                return file;
            }

            file.Dispose();
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Null where the digest is none of sha256.</summary>
    private static string? PathOf(string contentRoot, Descriptor blob) =>
        blob.Digest.StartsWith(Algorithm, StringComparison.Ordinal)
        && blob.Digest.Length == Algorithm.Length + (SHA256.HashSizeInBytes * 2)
        && !blob.Digest.AsSpan(Algorithm.Length).ContainsAnyExcept(Hex)
            ? Path.Join(contentRoot, "blobs", "sha256", blob.Digest[Algorithm.Length..])
            : null;
}
