using System.Formats.Tar;
using CtrPS.Client.Formats.Tar;

namespace CtrPS.Client.Tests.Formats;

public sealed class TarEncoderTests
{
    private static readonly string LongName = string.Concat(Enumerable.Repeat("folder/", 40)) + "näme";

    [Fact]
    public async Task What_is_written_is_read_again_by_us_and_by_others()
    {
        TarEntryFacts[] files =
        [
            new() { Type = TarEntryFacts.Folder, Name = "a/", Mode = 0x1ed, Uid = 1000, Gid = 7, Modified = 1_700_000_000 },
            new() { Type = TarEntryFacts.File, Name = LongName, Mode = 0xfed, Uid = 3_000_000, Size = 5, Modified = 9_000_000_000 },
            new() { Type = TarEntryFacts.SymbolicLink, Name = "a/link", LinkName = LongName },
            new() { Type = TarEntryFacts.HardLink, Name = "a/hard", LinkName = "a/x" },
            new() { Type = TarEntryFacts.CharacterDevice, Name = "a/null", Major = 1, Minor = 3 },
        ];
        byte[] tar = await WriteAsync(files);
        Assert.Equal(tar, await WriteAsync(files));
        Assert.Equal(0, tar.Length % TarHeader.BlockSize);

        var scanner = new TarScanner(new MemoryStream(tar), (_, what, _) => new InvalidOperationException(what));
        foreach (TarEntryFacts file in files)
        {
            _ = await scanner.NextAsync(CancellationToken.None);
            TarEntryFacts read = scanner.FactsOfCurrent()!;

            // What a header has no room for is in a record, which wins.
            Assert.Equal(file with { Uid = read.Uid, Modified = read.Modified, Records = read.Records }, read);
        }

        Assert.Null(await scanner.NextAsync(CancellationToken.None));
        Assert.True(scanner.EndMarked);

        using var others = new TarReader(new MemoryStream(tar));
        foreach (TarEntryFacts file in files)
        {
            TarEntry entry = (await others.GetNextEntryAsync())!;
            Assert.Equal((file.Name, file.LinkName), (entry.Name, entry.LinkName));
            Assert.Equal((file.Uid, file.Gid, (int)file.Mode), (entry.Uid, entry.Gid, (int)entry.Mode));
            Assert.Equal(file.Modified, entry.ModificationTime.ToUnixTimeSeconds());
        }

        Assert.Null(await others.GetNextEntryAsync());
    }

    [Fact]
    public async Task The_bytes_of_an_extended_attribute_stay_what_they_are()
    {
        byte[] capability = [1, 0, 0, 2, 0xff, 0x80, 0, (byte)'\n', (byte)'='];
        KeyValuePair<string, byte[]>[] records = [KeyValuePair.Create("SCHILY.xattr.security.capability", capability)];
        byte[] tar = await WriteAsync([new() { Type = TarEntryFacts.File, Name = "ping", Size = 5, Records = records }]);
        var scanner = new TarScanner(new MemoryStream(tar), (_, what, _) => new InvalidOperationException(what));
        _ = await scanner.NextAsync(CancellationToken.None);
        Assert.Equal(capability, Assert.Single(scanner.FactsOfCurrent()!.Records).Value);
    }

    [Fact]
    public async Task A_file_that_is_shorter_than_was_said_is_an_error() => await Assert.ThrowsAsync<EndOfStreamException>(
        () => WriteAsync([new() { Type = TarEntryFacts.File, Name = "a", Size = 6 }]));

    private static async Task<byte[]> WriteAsync(TarEntryFacts[] files)
    {
        using var output = new MemoryStream();
        var tar = new TarEncoder(output);
        foreach (TarEntryFacts file in files)
        {
            using var content = new MemoryStream("hello"u8.ToArray());
            await tar.WriteAsync(file, file.Type == TarEntryFacts.File ? content : null, CancellationToken.None);
        }

        await tar.EndAsync(CancellationToken.None);
        return output.ToArray();
    }
}
