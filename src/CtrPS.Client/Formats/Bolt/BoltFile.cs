using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace CtrPS.Client.Formats.Bolt;

/// <summary>
/// A database of bbolt (go.etcd.io/bbolt), in which containerd's stores keep their records, as it lies on the disk: pages of little-endian numbers, a
/// B+ tree of keys and values in which a value may be a tree of its own. Nothing on the feed reads them.
/// </summary>
/// <remarks>
/// The program that writes it locks the file for itself, so it is read without a lock. A commit writes its pages beside those of the tree before it,
/// and then one of the two headers in turn: where the header did not change while the file was read, what was read is whole.
/// </remarks>
internal sealed class BoltFile
{
    private const int SizeLimit = 256 << 20;
    private const int DepthLimit = 64;
    private const int Attempts = 200; // a commit each millisecond is more than any daemon makes

    private const uint Magic = 0xED0CDAED;
    private const int PageHeader = 16;
    private const int ElementSize = 16;
    private const int BucketHeader = 16;
    private const int HeaderSize = 64; // of a header without its sum
    private const ushort BranchPage = 0x01;
    private const ushort LeafPage = 0x02;
    private const uint BucketValue = 0x01;

    private readonly byte[] _bytes;
    private readonly int _pageSize;
    private readonly FormatFault _fault;
    private int _budget;

    private BoltFile(byte[] bytes, Header header, FormatFault fault)
    {
        _bytes = bytes;
        _pageSize = header.PageSize;
        _fault = fault;
        _budget = 4 * (bytes.Length / header.PageSize); // a tree may be looked through more than once
        Root = new BoltBucket(this, header.Root, default);
    }

    /// <summary>The tree of all.</summary>
    public BoltBucket Root { get; }

    /// <summary>Reads a file as it is at one moment, while somebody else may write into it.</summary>
    /// <param name="file">The file, opened without a lock: .NET's own ways to open one ask for it.</param>
    /// <param name="fault">Makes the errors.</param>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static BoltFile Read(SafeFileHandle file, FormatFault fault)
    {
        for (int i = 0; i < Attempts; i++)
        {
            long length = RandomAccess.GetLength(file);
            if (length > SizeLimit)
            {
                throw fault(FormatFaultKind.Limit, $"It is larger than {SizeLimit >> 20} MiB.");
            }

            byte[] bytes = new byte[length];
            Header header = Fill(file, bytes) && HeaderOf(bytes) is { } first
                ? first
                : throw fault(FormatFaultKind.Unrecognized, "It has no valid header of bbolt.");
            byte[] start = new byte[Math.Min(length, 2L * header.PageSize)];
            if (Fill(file, start) && HeaderOf(start)?.Transaction == header.Transaction)
            {
                return new BoltFile(bytes, header, fault);
            }

            Thread.Sleep(1);
        }

        throw fault(FormatFaultKind.Unreadable, "It is written into all the time.");
    }

    private static bool Fill(SafeFileHandle file, byte[] bytes)
    {
        int filled = 0;
        while (filled < bytes.Length && RandomAccess.Read(file, bytes.AsSpan(filled), filled) is > 0 and var count)
        {
            filled += count;
        }

        return filled == bytes.Length;
    }

    /// <summary>The elements of a page and of those below it, in the order of their keys.</summary>
    internal IEnumerable<BoltItem> Items(ulong page, int depth)
    {
        if (_budget-- <= 0 || depth > DepthLimit)
        {
            throw _fault(FormatFaultKind.Corrupt, "Its pages refer to each other in a ring.");
        }

        if (page > (ulong)(_bytes.Length / _pageSize))
        {
            throw _fault(FormatFaultKind.Truncated, $"There is no page {page}.");
        }

        return Items(_bytes.AsMemory((int)page * _pageSize), depth);
    }

    /// <summary>The elements of a page that lies in a value.</summary>
    internal IEnumerable<BoltItem> Items(ReadOnlyMemory<byte> page, int depth)
    {
        ushort kind = BinaryPrimitives.ReadUInt16LittleEndian(Part(page, 8, 2).Span);
        int count = BinaryPrimitives.ReadUInt16LittleEndian(Part(page, 10, 2).Span);
        if (kind is not (BranchPage or LeafPage))
        {
            throw _fault(FormatFaultKind.Corrupt, $"A page of the kind {kind} is where one of a tree should be.");
        }

        for (int i = 0; i < count; i++)
        {
            int at = PageHeader + (i * ElementSize);
            ReadOnlyMemory<byte> element = Part(page, at, ElementSize);
            if (kind == BranchPage)
            {
                foreach (BoltItem item in Items(BinaryPrimitives.ReadUInt64LittleEndian(element.Span[8..]), depth + 1))
                {
                    yield return item;
                }

                continue;
            }

            uint flags = BinaryPrimitives.ReadUInt32LittleEndian(element.Span);
            long start = at + (long)BinaryPrimitives.ReadUInt32LittleEndian(element.Span[4..]);
            long keySize = BinaryPrimitives.ReadUInt32LittleEndian(element.Span[8..]);
            ReadOnlyMemory<byte> value = Part(page, start + keySize, BinaryPrimitives.ReadUInt32LittleEndian(element.Span[12..]));
            yield return new BoltItem(Part(page, start, keySize), value, (flags & BucketValue) == 0 ? null : BucketOf(value));
        }
    }

    private BoltBucket BucketOf(ReadOnlyMemory<byte> value)
    {
        ulong root = BinaryPrimitives.ReadUInt64LittleEndian(Part(value, 0, BucketHeader).Span);
        return new BoltBucket(this, root, value[BucketHeader..]); // a small one has no page: it follows here
    }

    private ReadOnlyMemory<byte> Part(ReadOnlyMemory<byte> whole, long start, long length) =>
        start + length <= whole.Length ? whole.Slice((int)start, (int)length) : throw _fault(FormatFaultKind.Truncated, "A page ends too early.");

    /// <summary>The newer of the two headers that are whole. Null: none is.</summary>
    private static Header? HeaderOf(byte[] bytes)
    {
        Header? first = HeaderAt(bytes, 0);
        Header? second = null;
        if (first is not null)
        {
            second = HeaderAt(bytes, first.PageSize);
        }
        else
        {
            // The first page tells the size of a page, and may be the one that is not whole.
            for (int size = 1024; second is null && size <= 64 << 10; size *= 2)
            {
                second = HeaderAt(bytes, size);
            }
        }

        return second is not null && (first is null || second.Transaction > first.Transaction) ? second : first;
    }

    private static Header? HeaderAt(byte[] bytes, int page)
    {
        if (page + PageHeader + HeaderSize > bytes.Length)
        {
            return null;
        }

        ReadOnlySpan<byte> header = bytes.AsSpan(page + PageHeader);
        int size = BinaryPrimitives.ReadInt32LittleEndian(header[8..]);
        return BinaryPrimitives.ReadUInt32LittleEndian(header) == Magic
            && size is >= 1024 and <= 64 << 10
            && BinaryPrimitives.ReadUInt64LittleEndian(header[(HeaderSize - 8)..]) == Sum(header[..(HeaderSize - 8)])
                ? new Header(size, BinaryPrimitives.ReadUInt64LittleEndian(header[16..]), BinaryPrimitives.ReadUInt64LittleEndian(header[48..]))
                : null;
    }

    /// <summary>FNV-1a.</summary>
    private static ulong Sum(ReadOnlySpan<byte> bytes)
    {
        ulong sum = 0xcbf29ce484222325;
        foreach (byte one in bytes)
        {
            sum = unchecked((sum ^ one) * 0x100000001b3);
        }

        return sum;
    }

    private sealed record Header(int PageSize, ulong Root, ulong Transaction);
}

/// <summary>A key of a bbolt database with what it has.</summary>
/// <param name="Key">The key.</param>
/// <param name="Value">Its value.</param>
/// <param name="Bucket">Its tree. Null: it has a value.</param>
internal readonly record struct BoltItem(ReadOnlyMemory<byte> Key, ReadOnlyMemory<byte> Value, BoltBucket? Bucket);

/// <summary>A tree of keys of a bbolt database.</summary>
internal sealed class BoltBucket(BoltFile file, ulong root, ReadOnlyMemory<byte> inline)
{
    /// <summary>What is in it, in the order of its keys.</summary>
    public IEnumerable<BoltItem> Items => root == 0 && !inline.IsEmpty ? file.Items(inline, 0) : file.Items(root, 0);

    /// <summary>What a key has. Null: there is no such key.</summary>
    public BoltItem? Find(ReadOnlySpan<byte> key)
    {
        foreach (BoltItem item in Items)
        {
            if (item.Key.Span.SequenceEqual(key))
            {
                return item;
            }
        }

        return null;
    }
}
