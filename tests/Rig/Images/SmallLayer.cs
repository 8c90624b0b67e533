using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;

namespace CtrPS.Rig.Images;

/// <summary>A gzip layer made in memory from a few files; equal input gives equal bytes.</summary>
internal sealed record SmallLayer(OciBlob Blob, string DiffId)
{
    public static SmallLayer WithText(string path, string text) => OfTar(TarWithText(path, text));

    public static byte[] TarWithText(string path, string text)
    {
        using var tar = new MemoryStream();
        using (var writer = new TarWriter(tar, TarEntryFormat.Ustar, leaveOpen: true))
        {
            writer.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, path)
            {
                ModificationTime = DateTimeOffset.UnixEpoch,
                DataStream = new MemoryStream(Encoding.UTF8.GetBytes(text)),
            });
        }

        return tar.ToArray();
    }

    public static SmallLayer OfTar(byte[] tar)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Optimal, leaveOpen: true))
        {
            gzip.Write(tar);
        }

        return new SmallLayer(
            new OciBlob(OciImage.GzipLayerType, packed.ToArray()), "sha256:" + Convert.ToHexStringLower(SHA256.HashData(tar)));
    }
}
