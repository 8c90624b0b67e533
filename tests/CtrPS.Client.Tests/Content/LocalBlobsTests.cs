using System.Security.Cryptography;
using System.Text;
using CtrPS.Client.Content;
using CtrPS.Client.Oci;

namespace CtrPS.Client.Tests.Content;

/// <summary>Only the right bytes are taken from the folder; for all else the daemon is asked.</summary>
public sealed class LocalBlobsTests : IDisposable
{
    private static readonly byte[] Bytes = Encoding.UTF8.GetBytes("""{"layers":[]}""");
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("ctrps-");

    public LocalBlobsTests() => _ = _root.CreateSubdirectory("blobs/sha256");

    public void Dispose() => _root.Delete(recursive: true);

    [Fact]
    public void The_right_bytes_are_read() => Assert.Equal(Bytes, LocalBlobs.TryRead(_root.FullName, Store(Bytes, Bytes)));

    [Fact]
    public void Other_bytes_of_the_same_length_are_not() =>
        Assert.Null(LocalBlobs.TryRead(_root.FullName, Store(Bytes, Encoding.UTF8.GetBytes("""{"layers":{}}"""))));

    [Fact]
    public void A_truncated_file_is_not() => Assert.Null(LocalBlobs.TryRead(_root.FullName, Store(Bytes, Bytes[..5])));

    [Fact]
    public void A_file_that_is_not_there_is_not()
    {
        Descriptor blob = Store(Bytes, Bytes);
        File.Delete(PathOf(blob));
        Assert.Null(LocalBlobs.TryRead(_root.FullName, blob));
        Assert.Null(LocalBlobs.TryRead(Path.Combine(_root.FullName, "elsewhere"), blob));
    }

    [Theory]
    [InlineData("sha256:../../secret")]
    [InlineData("sha256:..%2f..%2fsecret0000000000000000000000000000000000000000000000000000")]
    [InlineData("sha256:../../../../../../../../../../../../../../../../../../../../../etc/passwd")]
    [InlineData("sha256:ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef0123456789ab")]
    [InlineData("sha512:0123")]
    [InlineData("")]
    public void What_is_no_digest_never_becomes_a_path(string digest)
    {
        File.WriteAllBytes(Path.Combine(_root.FullName, "secret"), Bytes);
        Assert.Null(LocalBlobs.TryRead(_root.FullName, new Descriptor { MediaType = MediaTypes.OciManifest, Digest = digest, Size = Bytes.Length }));
    }

    private Descriptor Store(byte[] named, byte[] content)
    {
        var blob = new Descriptor
        {
            MediaType = MediaTypes.OciManifest,
            Digest = "sha256:" + Convert.ToHexStringLower(SHA256.HashData(named)),
            Size = named.Length,
        };
        File.WriteAllBytes(PathOf(blob), content);
        return blob;
    }

    private string PathOf(Descriptor blob) => Path.Combine(_root.FullName, "blobs", "sha256", blob.Digest["sha256:".Length..]);
}
