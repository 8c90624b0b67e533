using System.Buffers;
using System.Collections;
using System.Text;

namespace Grpc.Core;

/// <summary>Request headers, response headers or trailers: entries in order, a key may occur more than once.</summary>
public sealed class Metadata : IList<Metadata.Entry>
{
    /// <summary>Keys that end so carry bytes (base64 on the wire), all others ASCII text.</summary>
    public const string BinaryHeaderSuffix = "-bin";

    /// <summary>Shared, read-only.</summary>
    public static readonly Metadata Empty = new() { IsReadOnly = true };

    private readonly List<Entry> _entries = [];

    public int Count => _entries.Count;

    public bool IsReadOnly { get; private init; }

    public Entry this[int index]
    {
        get => _entries[index];
        set => Writable(value)[index] = value;
    }

    /// <summary>The last entry of that key, or null. Case does not matter.</summary>
    public Entry? Get(string key) => _entries.FindLast(e => e.HasKey(key));

    /// <summary>The text of the last entry of that key, or null.</summary>
    public string? GetValue(string key) => Get(key)?.Value;

    /// <summary>The bytes of the last entry of that key, or null.</summary>
    public byte[]? GetValueBytes(string key) => Get(key)?.ValueBytes;

    public IEnumerable<Entry> GetAll(string key) => _entries.Where(e => e.HasKey(key));

    public void Add(Entry item) => Writable(item).Add(item);

    public void Add(string key, string value) => Add(new Entry(key, value));

    public void Add(string key, byte[] valueBytes) => Add(new Entry(key, valueBytes));

    public void Insert(int index, Entry item) => Writable(item).Insert(index, item);

    public bool Remove(Entry item) => Writable().Remove(item);

    public void RemoveAt(int index) => Writable().RemoveAt(index);

    public void Clear() => Writable().Clear();

    public int IndexOf(Entry item) => _entries.IndexOf(item);

    public bool Contains(Entry item) => _entries.Contains(item);

    public void CopyTo(Entry[] array, int arrayIndex) => _entries.CopyTo(array, arrayIndex);

    public IEnumerator<Entry> GetEnumerator() => _entries.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private List<Entry> Writable() =>
        IsReadOnly ? throw new InvalidOperationException("This metadata is read-only.") : _entries;

    private List<Entry> Writable(Entry item)
    {
        ArgumentNullException.ThrowIfNull(item);
        return Writable();
    }

    /// <summary>One header. The key is lower-cased; legal are a-z, 0-9, underscore, hyphen and dot.</summary>
    public class Entry
    {
        private static readonly SearchValues<char> Legal = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789_-.");

        private readonly string? _text;
        private readonly byte[]? _bytes;

        /// <exception cref="ArgumentException">The key is not legal or ends in <see cref="BinaryHeaderSuffix"/>.</exception>
        public Entry(string key, string value)
            : this(key, isBinary: false)
        {
            ArgumentNullException.ThrowIfNull(value);
            _text = value;
        }

        /// <summary>A binary entry; the bytes are copied.</summary>
        /// <exception cref="ArgumentException">The key is not legal or does not end in <see cref="BinaryHeaderSuffix"/>.</exception>
        public Entry(string key, byte[] valueBytes)
            : this(key, isBinary: true)
        {
            ArgumentNullException.ThrowIfNull(valueBytes);
            _bytes = [.. valueBytes];
        }

        private Entry(string key, bool isBinary)
        {
            ArgumentNullException.ThrowIfNull(key);
            Key = key.ToLowerInvariant();
            if (Key.AsSpan().ContainsAnyExcept(Legal))
            {
                throw new ArgumentException($"'{key}' is no metadata key: legal are letters, digits, '_', '-' and '.'.", nameof(key));
            }

            if (IsBinary != isBinary)
            {
                throw new ArgumentException(
                    $"Key '{key}': bytes need a key ending in {BinaryHeaderSuffix}, text needs one that does not.", nameof(key));
            }
        }

        public string Key { get; }

        public bool IsBinary => Key.EndsWith(BinaryHeaderSuffix, StringComparison.Ordinal);

        /// <exception cref="InvalidOperationException">The entry is binary.</exception>
        public string Value => _text ?? throw new InvalidOperationException($"The entry '{Key}' is binary: read ValueBytes.");

        /// <summary>A copy of the bytes; of a text entry its ASCII bytes.</summary>
        public byte[] ValueBytes => _bytes is null ? Encoding.ASCII.GetBytes(Value) : [.. _bytes];

        internal bool HasKey(string key) => Key.Equals(key, StringComparison.OrdinalIgnoreCase);

        public override string ToString() =>
            _bytes is null ? $"[Entry: key={Key}, value={_text}]" : $"[Entry: key={Key}, valueBytes={Convert.ToBase64String(_bytes)}]";
    }
}
