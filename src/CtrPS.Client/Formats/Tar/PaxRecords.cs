using System.Buffers.Text;
using System.Text;

namespace CtrPS.Client.Formats.Tar;

/// <summary>The records of a pax extended header (POSIX.1-2001, "length key=value\n") that change what an entry is.</summary>
internal sealed class PaxRecords
{
    public string? Path { get; private set; }

    public string? LinkPath { get; private set; }

    public long? Size { get; private set; }

    /// <summary>The entry is stored with its holes left out (GNU tar --sparse): its bytes are not those of the file.</summary>
    public bool IsSparse { get; private set; }

    /// <summary>Reads the records. Null where they are malformed.</summary>
    public static PaxRecords? Parse(ReadOnlySpan<byte> bytes)
    {
        var records = new PaxRecords();
        while (!bytes.IsEmpty && bytes[0] != 0)
        {
            int space = bytes.IndexOf((byte)' ');
            if (space < 1 || !Utf8Parser.TryParse(bytes[..space], out int length, out int used) || used != space
                || length <= space + 2 || length > bytes.Length || bytes[length - 1] != '\n')
            {
                return null;
            }

            ReadOnlySpan<byte> record = bytes[(space + 1)..(length - 1)];
            int equals = record.IndexOf((byte)'=');
            if (equals < 1 || !records.Take(record[..equals], record[(equals + 1)..]))
            {
                return null;
            }

            bytes = bytes[length..];
        }

        return records;
    }

    private bool Take(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        if (key.SequenceEqual("path"u8))
        {
            Path = Encoding.UTF8.GetString(value);
        }
        else if (key.SequenceEqual("linkpath"u8))
        {
            LinkPath = Encoding.UTF8.GetString(value);
        }
        else if (key.SequenceEqual("size"u8))
        {
            Size = Utf8Parser.TryParse(value, out long size, out int used) && used == value.Length && size >= 0 ? size : null;
            return Size is not null;
        }
        else
        {
            IsSparse |= key.StartsWith("GNU.sparse."u8);
        }

        return true;
    }
}
