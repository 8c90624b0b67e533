using System.Buffers.Binary;
using System.Text;

namespace CtrPS.Client.Tests.Archives;

/// <summary>Writes a tar byte by byte: also one that no tool would write.</summary>
internal sealed class RawTar
{
    private const int Block = 512;

    private readonly List<byte> _tar = [];

    /// <summary>An entry, the size in its header being another than that of its content where it is given.</summary>
    public RawTar Add(string name, byte[] content, char type = '0', string link = "", long? size = null)
    {
        byte[] header = new byte[Block];
        Put(header, 0, name);
        Put(header, 100, "0000644\0" + "0000000\0" + "0000000\0");
        long claimed = size ?? content.Length;
        if (claimed < 1L << 33)
        {
            Put(header, 124, Convert.ToString(claimed, 8).PadLeft(11, '0') + "\0");
        }
        else
        {
            header[124] = 0x80;
            BinaryPrimitives.WriteInt64BigEndian(header.AsSpan(128), claimed);
        }

        Put(header, 136, "00000000000\0" + "        ");
        header[156] = (byte)type;
        Put(header, 157, link);
        Put(header, 257, "ustar\0" + "00");
        Put(header, 148, Convert.ToString(header.Sum(one => one), 8).PadLeft(6, '0') + "\0 ");
        _tar.AddRange(header);
        _tar.AddRange(content);
        _tar.AddRange(new byte[(Block - (content.Length % Block)) % Block]);
        return this;
    }

    public RawTar Add(string name, string content) => Add(name, Encoding.UTF8.GetBytes(content));

    /// <summary>A pax header with one record for the next entry.</summary>
    public RawTar Pax(string key, string value)
    {
        int rest = Encoding.UTF8.GetByteCount($" {key}={value}\n");
        int length = rest + 1;
        while ($"{length}".Length + rest != length)
        {
            length = $"{length}".Length + rest;
        }

        return Add("PaxHeaders/x", Encoding.UTF8.GetBytes($"{length} {key}={value}\n"), 'x');
    }

    public byte[] End()
    {
        _tar.AddRange(new byte[2 * Block]);
        return [.. _tar];
    }

    private static void Put(byte[] header, int at, string text) => Encoding.UTF8.GetBytes(text).CopyTo(header, at);
}
