namespace CtrPS.Client.Archives;

/// <summary>
/// The manifests and configs that were read and proved last: what many images share is not read and hashed for each. Safe for concurrent use.
/// </summary>
internal sealed class RecentDocuments
{
    private const long MaxBytes = 8 << 20;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, byte[]> _documents = new(StringComparer.Ordinal);
    private long _bytes;

    /// <summary>The bytes. Null where they are not remembered.</summary>
    public byte[]? Find(string digest)
    {
        lock (_lock)
        {
            return _documents.GetValueOrDefault(digest);
        }
    }

    /// <summary>Remembers bytes that were proved to have the digest. Where there is no more room, all others are forgotten.</summary>
    public void Add(string digest, byte[] bytes)
    {
        lock (_lock)
        {
            if (_bytes + bytes.Length > MaxBytes)
            {
                _documents.Clear();
                _bytes = 0;
            }

            _bytes += _documents.TryAdd(digest, bytes) ? bytes.Length : 0;
        }
    }
}
