using System.Collections.Concurrent;

namespace CtrPS.Client.Registry;

/// <summary>
/// Manifests and configs of one image that were read already: each is needed several times (its platform, its layers, its bytes) and fetched once. A
/// reading that failed is made again.
/// </summary>
internal sealed class DocumentBytes
{
    private readonly ConcurrentDictionary<string, Lazy<Task<ReadOnlyMemory<byte>>>> _read = new(StringComparer.Ordinal);

    /// <summary>What was read already. Null: nothing.</summary>
    public ReadOnlyMemory<byte>? TryGet(string digest) =>
        _read.TryGetValue(digest, out Lazy<Task<ReadOnlyMemory<byte>>>? reading)
            && reading is { IsValueCreated: true, Value.IsCompletedSuccessfully: true }
            ? reading.Value.Result
            : default(ReadOnlyMemory<byte>?); // null by itself would be empty bytes

    public async Task<ReadOnlyMemory<byte>> GetAsync(string digest, Func<Task<ReadOnlyMemory<byte>>> read)
    {
        Lazy<Task<ReadOnlyMemory<byte>>> reading = _read.GetOrAdd(digest, _ => new Lazy<Task<ReadOnlyMemory<byte>>>(read));
        try
        {
            return await reading.Value.ConfigureAwait(false);
        }
        catch
        {
            _ = _read.TryRemove(KeyValuePair.Create(digest, reading));
            throw;
        }
    }
}
