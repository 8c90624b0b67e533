using System.Buffers;
using System.Security.Cryptography;

namespace CtrPS.Client.Oci;

/// <summary>
/// Digests as OCI writes them: algorithm, colon, lower-case hex (image-spec, descriptor.md). containerd knows sha256, sha384 and sha512.
/// </summary>
internal static class Digests
{
    private static readonly SearchValues<char> Hex = SearchValues.Create("0123456789abcdef");

    /// <summary>The digest of bytes by sha256.</summary>
    public static string Of(ReadOnlySpan<byte> bytes) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(bytes));

    /// <summary>Whether the text is a digest of an algorithm that containerd knows.</summary>
    public static bool IsValid(string digest) => Algorithm(digest) is not null;

    /// <summary>The name of a digest's algorithm.</summary>
    public static string AlgorithmOf(string digest) => digest[..Math.Max(0, digest.IndexOf(':', StringComparison.Ordinal))];

    /// <summary>Refuses what is no digest of an algorithm that containerd knows.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.InvalidDigest"/>.</exception>
    public static void Require(string digest) => _ = Algorithm(digest) ?? throw Invalid(digest);

    /// <summary>A hash to compute the same kind of digest with.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.InvalidDigest"/>.</exception>
    public static IncrementalHash Hash(string digest) => IncrementalHash.CreateHash(Algorithm(digest) ?? throw Invalid(digest));

    /// <summary>The digest of what went into a hash from <see cref="Hash"/>.</summary>
    public static string Of(IncrementalHash hash, string like) =>
        like[..(like.IndexOf(':', StringComparison.Ordinal) + 1)] + Convert.ToHexStringLower(hash.GetHashAndReset());

    /// <summary>Proves that bytes are a blob's.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.BlobCorrupt"/>; <see cref="CtrErrorIds.InvalidDigest"/>.</exception>
    public static void Require(Descriptor blob, ReadOnlySpan<byte> bytes, string where)
    {
        using IncrementalHash hash = Hash(blob.Digest);
        hash.AppendData(bytes);
        string actual = Of(hash, blob.Digest);
        if (actual != blob.Digest)
        {
            throw new CtrException(
                CtrErrorIds.BlobCorrupt,
                CtrStatus.DataLoss,
                $"The blob '{blob.Digest}' in {where} is corrupt: its bytes hash to {actual}.")
            {
                Target = blob.Digest,
            };
        }
    }

    private static CtrException Invalid(string digest) => new(
        CtrErrorIds.InvalidDigest,
        CtrStatus.InvalidArgument,
        $"'{digest}' is not a digest of a known algorithm: sha256, sha384 or sha512, a colon, and the hash in lower-case hex.")
    {
        Target = digest,
    };

    private static HashAlgorithmName? Algorithm(string digest)
    {
        int colon = digest.IndexOf(':', StringComparison.Ordinal);
        (HashAlgorithmName? name, int length) = colon < 0 ? (null, 0) : digest[..colon] switch
        {
            "sha256" => (HashAlgorithmName.SHA256, 64),
            "sha384" => (HashAlgorithmName.SHA384, 96),
            "sha512" => (HashAlgorithmName.SHA512, 128),
            _ => ((HashAlgorithmName?)null, 0),
        };
        return name is not null && digest.Length - colon - 1 == length && !digest.AsSpan(colon + 1).ContainsAnyExcept(Hex) ? name : null;
    }
}
