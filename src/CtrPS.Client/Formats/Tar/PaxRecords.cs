using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace CtrPS.Client.Formats.Tar;

/// <summary>The records of a pax extended header (POSIX.1-2001, "length key=value\n") that change what an entry is.</summary>
internal sealed class PaxRecords
{
    private const string AttributePrefix = "SCHILY.xattr.";

    private readonly List<KeyValuePair<string, byte[]>> _others = [];

    public string? Path { get; private set; }

    public string? LinkPath { get; private set; }

    public long? Size { get; private set; }

    /// <summary>The owner's number.</summary>
    public long? Uid { get; private set; }

    /// <summary>The group's number.</summary>
    public long? Gid { get; private set; }

    public string? User { get; private set; }

    public string? Group { get; private set; }

    /// <summary>When the file was changed last.</summary>
    public DateTimeOffset? ModifiedAt { get; private set; }

    /// <summary>
    /// The records that do not change where the entry is and how many bytes it has, as they are: owners, times, extended attributes. Their values may
    /// be any bytes.
    /// </summary>
    public IReadOnlyList<KeyValuePair<string, byte[]>> Others => _others;

    /// <summary>The entry is stored with its holes left out (GNU tar --sparse): its bytes are not those of the file.</summary>
    public bool IsSparse { get; private set; }

    /// <summary>Extended attributes, as all but Solaris' tar write them. Null: none.</summary>
    public IReadOnlyDictionary<string, byte[]>? FindAttributes()
    {
        Dictionary<string, byte[]>? attributes = null;
        foreach ((string key, byte[] value) in _others)
        {
            if (key.StartsWith(AttributePrefix, StringComparison.Ordinal))
            {
                attributes ??= new Dictionary<string, byte[]>(StringComparer.Ordinal);
                attributes[key[AttributePrefix.Length..]] = value;
            }
        }

        return attributes;
    }

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
            TakeOther(key, value);
        }

        return true;
    }

    private void TakeOther(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        IsSparse |= key.StartsWith("GNU.sparse."u8);
        _others.Add(new(Encoding.UTF8.GetString(key), value.ToArray()));
        if (key.SequenceEqual("uid"u8))
        {
            Uid = Number(value);
        }
        else if (key.SequenceEqual("gid"u8))
        {
            Gid = Number(value);
        }
        else if (key.SequenceEqual("uname"u8))
        {
            User = Encoding.UTF8.GetString(value);
        }
        else if (key.SequenceEqual("gname"u8))
        {
            Group = Encoding.UTF8.GetString(value);
        }
        else if (key.SequenceEqual("mtime"u8))
        {
            ModifiedAt = Time(value);
        }
    }

    private static long? Number(ReadOnlySpan<byte> value) =>
        Utf8Parser.TryParse(value, out long number, out int used) && used == value.Length && number >= 0 ? number : null;

    /// <summary>Seconds since 1970 with a fraction, perhaps before it.</summary>
    private static DateTimeOffset? Time(ReadOnlySpan<byte> value) =>
        decimal.TryParse(value, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal seconds)
        && seconds > TarAttributes.MinTime && seconds < TarAttributes.MaxTime
            ? DateTimeOffset.UnixEpoch.AddTicks((long)(seconds * TimeSpan.TicksPerSecond))
            : null;
}
