using System.Formats.Tar;
using CtrPS.Client.Formats.Tar;

namespace CtrPS.Client.Tests.Formats;

public sealed class KindBitsStreamTests
{
    private static readonly string LongName = string.Concat(Enumerable.Repeat("folder/", 40)) + "file";

    [Theory]
    [InlineData(1)]
    [InlineData(511)]
    [InlineData(513)]
    [InlineData(1 << 16)]
    public async Task Each_header_gets_the_bits_of_its_kind_and_all_else_stays(int step)
    {
        byte[] tar = await MadeAsync();
        byte[] changed = await ReadAsync(tar, step);
        Assert.Equal(tar.Length, changed.Length);
        Assert.NotEqual(tar, changed);
        (string Name, int Kind)[] expected =
        [
            ("d/", 0x4000), ("f", 0x8000), ("s", 0xA000), ("h", 0x8000), ("p", 0x1000), ("c", 0x2000), ("b", 0x6000), (LongName, 0x8000),
            ("d/.wh.gone", 0), ("d/.wh.file", 0x8000),
        ];
        using var before = new TarReader(new MemoryStream(tar));
        using var after = new TarReader(new MemoryStream(changed));
        foreach ((string name, int kind) in expected)
        {
            TarEntry old = (await before.GetNextEntryAsync())!;
            TarEntry entry = (await after.GetNextEntryAsync(copyData: true))!; // fails at a wrong checksum
            Assert.Equal((name, old.EntryType, old.Length), (entry.Name, entry.EntryType, entry.Length));
            Assert.Equal(old.Mode, entry.Mode); // this reader gives the permissions alone
            int block = BlockOf(changed, name);
            Assert.Equal(kind | (int)old.Mode, Convert.ToInt32(System.Text.Encoding.ASCII.GetString(changed, block + 100, 7), 8));
        }

        Assert.Null(await after.GetNextEntryAsync());
        Assert.Equal(changed, await ReadAsync(changed, step)); // bits that are there do not come twice
    }

    [Fact]
    public async Task What_is_no_tar_or_is_cut_passes_as_it_is()
    {
        byte[] tar = await MadeAsync();
        byte[] noise = new byte[10_000];
        new Random(1).NextBytes(noise);
        Assert.Equal(noise, await ReadAsync(noise, 700));
        Assert.Empty(await ReadAsync([], 700));
        foreach (int length in new[] { 100, 512, 700, 1100, tar.Length - 1 })
        {
            byte[] cut = await ReadAsync(tar[..length], 700);
            Assert.Equal(length, cut.Length);
        }
    }

    private static int BlockOf(byte[] tar, string name)
    {
        byte[] bytes = System.Text.Encoding.UTF8.GetBytes(name.Length > 99 ? name[..99] : name + '\0');
        int at = -1;
        for (int block = 0; block < tar.Length; block += TarHeader.BlockSize)
        {
            if (tar.AsSpan(block, bytes.Length).SequenceEqual(bytes) && tar[block + 156] is not (byte)'x')
            {
                at = block;
            }
        }

        return at;
    }

    private static async Task<byte[]> MadeAsync()
    {
        using var made = new MemoryStream();
        using (var writer = new TarWriter(made, TarEntryFormat.Pax, leaveOpen: true))
        {
            foreach (PaxTarEntry entry in new PaxTarEntry[]
            {
                new(TarEntryType.Directory, "d/"),
                new(TarEntryType.RegularFile, "f") { DataStream = new MemoryStream(new byte[1000]) },
                new(TarEntryType.SymbolicLink, "s") { LinkName = "f" },
                new(TarEntryType.HardLink, "h") { LinkName = "f" },
                new(TarEntryType.Fifo, "p"),
                new(TarEntryType.CharacterDevice, "c") { DeviceMajor = 1, DeviceMinor = 3 },
                new(TarEntryType.BlockDevice, "b") { DeviceMajor = 8, DeviceMinor = 1 },
                new(TarEntryType.RegularFile, LongName) { DataStream = new MemoryStream(new byte[512]) },
            })
            {
                entry.Mode = (UnixFileMode)0x1ED; // 0755
                await writer.WriteEntryAsync(entry);
            }

            await writer.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, "d/.wh.gone") { Mode = 0 });
            await writer.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, "d/.wh.file") { Mode = (UnixFileMode)0x180 }); // 0600
        }

        return made.ToArray();
    }

    private static async Task<byte[]> ReadAsync(byte[] tar, int step)
    {
        await using var stream = new KindBitsStream(new MemoryStream(tar));
        using var all = new MemoryStream();
        byte[] buffer = new byte[step];
        for (int read; (read = await stream.ReadAsync(buffer)) > 0;)
        {
            all.Write(buffer, 0, read);
        }

        return all.ToArray();
    }
}
