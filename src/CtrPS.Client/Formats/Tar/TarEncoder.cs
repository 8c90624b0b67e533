using System.Globalization;
using System.Text;

namespace CtrPS.Client.Formats.Tar;

/// <summary>
/// Writes a tar (ustar, with pax records for what does not fit in it), the same bytes for the same facts. System.Formats.Tar takes the values of pax
/// records for text, and spoils extended attributes that are none, such as the capabilities of files.
/// </summary>
internal sealed class TarEncoder(Stream output)
{
    private const int NameLength = 100;
    private const long MostOf8 = 0x1f_ffff; // seven octal digits
    private const long MostOf12 = 0x1_ffff_ffff; // eleven

    private static readonly byte[] Zeros = new byte[2 * TarHeader.BlockSize];

    /// <summary>Writes what is said of a file, and its bytes.</summary>
    /// <param name="facts">What is said.</param>
    /// <param name="content">As many bytes as are said; more are left. Null: there are none.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="EndOfStreamException">There are fewer.</exception>
    public async ValueTask WriteAsync(TarEntryFacts facts, Stream? content, CancellationToken cancellationToken)
    {
        long size = content is null ? 0 : facts.Size;
        byte[] records = RecordsOf(facts, size);
        if (records.Length > 0)
        {
            await output.WriteAsync(Block(
                new TarEntryFacts { Type = 'x', Name = "PaxHeaders/0", Mode = 0x1a4, Modified = facts.Modified }, records.Length), cancellationToken)
                .ConfigureAwait(false);
            await output.WriteAsync(records, cancellationToken).ConfigureAwait(false);
            await PadAsync(records.Length, cancellationToken).ConfigureAwait(false);
        }

        await output.WriteAsync(Block(facts, size), cancellationToken).ConfigureAwait(false);
        if (content is null)
        {
            return;
        }

        byte[] buffer = new byte[1 << 17];
        for (long left = size; left > 0;)
        {
            int read = await content.ReadAsync(buffer.AsMemory(0, (int)Math.Min(left, buffer.Length)), cancellationToken).ConfigureAwait(false);
            if (read == 0)
            {
                throw new EndOfStreamException($"'{ForeignText.Show(facts.Name)}' ends {left} bytes before its size.");
            }

            await output.WriteAsync(buffer.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
            left -= read;
        }

        await PadAsync(size, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Marks the end.</summary>
    public ValueTask EndAsync(CancellationToken cancellationToken) => output.WriteAsync(Zeros, cancellationToken);

    private ValueTask PadAsync(long size, CancellationToken cancellationToken) =>
        output.WriteAsync(Zeros.AsMemory(0, (int)(-size & (TarHeader.BlockSize - 1))), cancellationToken);

    private static byte[] RecordsOf(TarEntryFacts facts, long size)
    {
        var records = new SortedDictionary<string, byte[]>(StringComparer.Ordinal);
        AddNumber("uid", facts.Uid, MostOf8);
        AddNumber("gid", facts.Gid, MostOf8);
        AddNumber("mtime", facts.Modified, MostOf12);
        foreach ((string key, byte[] value) in facts.Records)
        {
            records[key] = value;
        }

        AddNumber("size", size, MostOf12);
        AddText("path", facts.Name);
        AddText("linkpath", facts.LinkName);
        using var bytes = new MemoryStream();
        foreach ((string key, byte[] value) in records)
        {
            // The length counts its own digits.
            int rest = Encoding.UTF8.GetByteCount(key) + value.Length + 3;
            int length = rest + 1;
            while (rest + length.ToString(CultureInfo.InvariantCulture).Length != length)
            {
                length = rest + length.ToString(CultureInfo.InvariantCulture).Length;
            }

            bytes.Write(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{length} {key}=")));
            bytes.Write(value);
            bytes.WriteByte((byte)'\n');
        }

        return bytes.ToArray();

        void AddNumber(string key, long value, long most)
        {
            if (value > most)
            {
                records[key] = Encoding.ASCII.GetBytes(value.ToString(CultureInfo.InvariantCulture));
            }
        }

        void AddText(string key, string value)
        {
            if (value.Length > NameLength || !Ascii.IsValid(value))
            {
                records[key] = Encoding.UTF8.GetBytes(value);
            }
        }
    }

    private static byte[] Block(TarEntryFacts facts, long size)
    {
        byte[] block = new byte[TarHeader.BlockSize];
        Text(0, NameLength, facts.Name);
        Number(100, 8, facts.Mode & 0xfff);
        Number(108, 8, facts.Uid);
        Number(116, 8, facts.Gid);
        Number(124, 12, size);
        Number(136, 12, facts.Modified);
        block[156] = (byte)facts.Type;
        Text(157, NameLength, facts.LinkName);
        "ustar\000"u8.CopyTo(block.AsSpan(257));
        Text(265, 32, facts.UserName);
        Text(297, 32, facts.GroupName);
        Number(329, 8, facts.Major);
        Number(337, 8, facts.Minor);
        block.AsSpan(148, 8).Fill((byte)' ');
        Number(148, 7, block.Sum(one => (long)one));
        block[154] = 0;
        return block;

        void Text(int at, int length, string value)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(value);
            bytes.AsSpan(0, Math.Min(bytes.Length, length)).CopyTo(block.AsSpan(at));
        }

        // What does not fit is said by a record, and 0 here.
        void Number(int at, int length, long value)
        {
            string digits = Convert.ToString(value, 8);
            Text(at, length, (digits.Length < length && value >= 0 ? digits : "").PadLeft(length - 1, '0'));
        }
    }
}
