using System.Buffers.Binary;
using System.Text;

namespace CtrPS.Client.Formats.Tar;

/// <summary>
/// A header block of a tar: old, ustar (POSIX 1003.1-1988) or GNU (numbers beyond octal in base 256). What extends it, pax records and GNU's long
/// names, comes in blocks of its own: <see cref="TarScanner"/> puts them together.
/// </summary>
internal static class TarHeader
{
    public const int BlockSize = 512;

    private const int ChecksumAt = 148;
    private const int ChecksumLength = 8;

    public static char Type(ReadOnlySpan<byte> block) => (char)block[156];

    public static string LinkName(ReadOnlySpan<byte> block) => Text(block.Slice(157, 100));

    /// <summary>The name, with the prefix that ustar puts aside for long ones. GNU's own format uses that place for other things.</summary>
    public static string Name(ReadOnlySpan<byte> block)
    {
        string name = Text(block[..100]);
        string prefix = block.Slice(257, 6).SequenceEqual("ustar\0"u8) ? Text(block.Slice(345, 155)) : "";
        return prefix.Length == 0 ? name : $"{prefix}/{name}";
    }

    /// <summary>Bytes of the entry. Null where the field is no number, or a negative one.</summary>
    public static long? Size(ReadOnlySpan<byte> block) => Number(block.Slice(124, 12));

    /// <summary>Permissions, with set-user-id, set-group-id and sticky, without the kind. 0 where the field is no number.</summary>
    public static int Mode(ReadOnlySpan<byte> block) => (int)((Number(block.Slice(100, 8)) ?? 0) & 0xFFF);

    /// <summary>The owner's number. 0 where the field is no number.</summary>
    public static long Uid(ReadOnlySpan<byte> block) => Number(block.Slice(108, 8)) ?? 0;

    /// <summary>The group's number. 0 where the field is no number.</summary>
    public static long Gid(ReadOnlySpan<byte> block) => Number(block.Slice(116, 8)) ?? 0;

    /// <summary>Seconds since 1970. Null where the field is no number, or a negative one.</summary>
    public static long? ModifiedAt(ReadOnlySpan<byte> block) => Number(block.Slice(136, 12));

    /// <summary>The owner's and the group's name; empty in the old format.</summary>
    public static (string User, string Group) Owners(ReadOnlySpan<byte> block) =>
        IsUstar(block) ? (Text(block.Slice(265, 32)), Text(block.Slice(297, 32))) : ("", "");

    /// <summary>Of a device: its numbers. 0 where there are none.</summary>
    public static (long Major, long Minor) Device(ReadOnlySpan<byte> block) =>
        IsUstar(block) ? (Number(block.Slice(329, 8)) ?? 0, Number(block.Slice(337, 8)) ?? 0) : (0, 0);

    /// <summary>Whether the block's sum is the one it names. Some old writers added signed bytes.</summary>
    public static bool IsSound(ReadOnlySpan<byte> block)
    {
        long unsigned = 0;
        long signed = 0;
        for (int i = 0; i < BlockSize; i++)
        {
            byte one = i is >= ChecksumAt and < ChecksumAt + ChecksumLength ? (byte)' ' : block[i];
            unsigned += one;
            signed += (sbyte)one;
        }

        return Number(block.Slice(ChecksumAt, ChecksumLength)) is { } said && (said == unsigned || said == signed);
    }

    /// <summary>Text up to the first zero byte.</summary>
    public static string Text(ReadOnlySpan<byte> field)
    {
        int end = field.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? field : field[..end]);
    }

    /// <summary>POSIX' format or GNU's own: both have the fields behind the magic.</summary>
    private static bool IsUstar(ReadOnlySpan<byte> block) => block.Slice(257, 5).SequenceEqual("ustar"u8);

    private static long? Number(ReadOnlySpan<byte> field)
    {
        if ((field[0] & 0x80) != 0)
        {
            // Base 256, two's complement over the bits that follow the first: eight bytes are enough, the others have to be zero.
            return (field[0] & 0x7f) == 0 && !field[1..^8].ContainsAnyExcept((byte)0)
                && BinaryPrimitives.ReadInt64BigEndian(field[^8..]) is >= 0 and long large
                ? large
                : null;
        }

        long value = 0;
        foreach (byte digit in field.Trim(" \0"u8))
        {
            if (digit is < (byte)'0' or > (byte)'7' || value > long.MaxValue >> 3)
            {
                return null;
            }

            value = (value << 3) | (uint)(digit - '0');
        }

        return value;
    }
}
