using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using CtrPS.Client.Connection;
using CtrPS.Client.Formats.Bolt;
using CtrPS.Client.Posix;
using CtrPS.Client.Tests.Daemon;
using CtrPS.Rig;
using Microsoft.Win32.SafeHandles;

namespace CtrPS.Client.Tests.Formats;

/// <summary>containerd's own databases are read while containerd writes them; and what is none is refused.</summary>
public sealed class BoltFileTests(Daemons daemons)
{
    private const int Page = 4096;

    public static TheoryData<Generation> Generations => Daemons.Generations;

    [Theory]
    [MemberData(nameof(Generations))]
    public async Task A_database_is_read_as_it_was_at_one_moment(Generation generation)
    {
        const string Namespace = "bolt";
        const int Count = 300; // more than a page of names
        await using var connection = (ContainerdConnection)await daemons.ConnectAsync(generation);
        string root = Path.Join(
            Path.GetDirectoryName(await connection.Facts.GetContentRootAsync(default)), "io.containerd.snapshotter.v1.native");
        await using var lease = await connection.Leases.CreateAsync(Namespace, default);
        async Task MakeAsync(int i) => await connection.Snapshots.PrepareAsync(
            Namespace, "native", string.Create(CultureInfo.InvariantCulture, $"{i:0000}"), "", new Dictionary<string, string>(), lease.Id, default);

        await MakeAsync(0); // the daemon makes the file with the first
        Task writer = Task.Run(async () =>
        {
            for (int i = 1; i < Count; i++)
            {
                await MakeAsync(i);
            }
        });

        // What was made one after the other is found without a gap, however little of it there is yet.
        int reads = 0;
        int largest = 0;
        while (!writer.IsCompleted)
        {
            string[] some = Names(root, Namespace);
            Assert.Equal(Enumerable.Range(0, some.Length).Select(i => $"{i:0000}"), some);
            Assert.True(some.Length >= largest);
            largest = some.Length;
            reads++;
        }

        await writer;
        Assert.NotEqual(0, reads);
        Assert.Equal(Count, Names(root, Namespace).Length);
    }

    [Fact]
    public void What_is_no_database_is_refused()
    {
        Refuse([], "no valid header");
        Refuse(new byte[3 * Page], "no valid header");
        Refuse(Encoding.UTF8.GetBytes(new string('x', 5 * Page)), "no valid header");
        byte[] broken = Database();
        broken[20]++;
        broken[Page + 20]++;
        Refuse(broken, "no valid header");
    }

    [Fact]
    public void A_header_that_was_not_written_whole_leaves_the_other()
    {
        byte[] bytes = [.. Database(), .. Leaf("v1")];
        bytes[16 + 60]++; // its sum
        Header(1, transaction: 3).CopyTo(bytes, Page);
        Assert.Equal("v1", Assert.Single(Read(bytes)));
    }

    [Fact]
    public void A_tree_that_leads_out_of_its_file_or_into_itself_ends()
    {
        Refuse([.. Database(root: 2), .. Branch(2)], "ring");
        Refuse([.. Database(root: 2), .. Branch(2, 2, 2, 2)], "ring");
        Refuse([.. Database(root: 2), .. Branch(99)], "no page 99");
        Refuse([.. Database(root: 2), .. Branch(ulong.MaxValue)], "no page");
        Refuse(Database(root: 2), "ends too early");
        Refuse([.. Database(root: 2), .. new byte[Page]], "kind 0");
        byte[] long1 = Leaf("v1");
        BinaryPrimitives.WriteUInt32LittleEndian(long1.AsSpan(16 + 8), uint.MaxValue);
        Refuse([.. Database(root: 2), .. long1], "ends too early");
        byte[] many = Leaf("v1");
        BinaryPrimitives.WriteUInt16LittleEndian(many.AsSpan(10), ushort.MaxValue);
        Refuse([.. Database(root: 2), .. many], "ends too early");
    }

    private static string[] Names(string root, string @namespace)
    {
        using SafeFileHandle folder = RootedFiles.OpenRoot(root);
        using SafeFileHandle? found = RootedFiles.TryFindBelow(folder, "metadata.db");
        if (found is null)
        {
            return [];
        }

        using SafeFileHandle file = RootedFiles.OpenContent(found);
        BoltBucket? top = Open(file).Root;
        BoltBucket? snapshots = top.Find("v1"u8)?.Bucket?.Find("snapshots"u8)?.Bucket;
        return
        [
            .. (snapshots?.Items ?? []).Select(item => Encoding.UTF8.GetString(item.Key.Span).Split('/', 3))
                .Where(parts => parts[0] == @namespace).Select(parts => parts[2]).Order(StringComparer.Ordinal),
        ];
    }

    private static BoltFile Open(SafeFileHandle file) => BoltFile.Read(file, (_, what, cause) => new IOException(what, cause));

    private static void Refuse(byte[] bytes, string why) =>
        Assert.Contains(why, Assert.Throws<IOException>(() => Read(bytes)).Message, StringComparison.Ordinal);

    private static string[] Read(byte[] bytes)
    {
        string path = Path.Join(Path.GetTempPath(), Path.GetRandomFileName());
        File.WriteAllBytes(path, bytes);
        try
        {
            using SafeFileHandle file = File.OpenHandle(path);
            return [.. Open(file).Root.Items.Select(item => Encoding.UTF8.GetString(item.Key.Span))];
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static byte[] Database(ulong root = 2) => [.. Header(0, 2, root), .. Header(1, 1, root)];

    private static byte[] Header(ulong id, ulong transaction, ulong root = 2)
    {
        byte[] page = new byte[Page];
        BinaryPrimitives.WriteUInt64LittleEndian(page, id);
        BinaryPrimitives.WriteUInt16LittleEndian(page.AsSpan(8), 4);
        Span<byte> header = page.AsSpan(16, 64);
        BinaryPrimitives.WriteUInt32LittleEndian(header, 0xED0CDAED);
        BinaryPrimitives.WriteUInt32LittleEndian(header[4..], 2);
        BinaryPrimitives.WriteUInt32LittleEndian(header[8..], Page);
        BinaryPrimitives.WriteUInt64LittleEndian(header[16..], root);
        BinaryPrimitives.WriteUInt64LittleEndian(header[48..], transaction);
        ulong sum = 14695981039346656037;
        foreach (byte one in header[..56])
        {
            sum = unchecked((sum ^ one) * 1099511628211);
        }

        BinaryPrimitives.WriteUInt64LittleEndian(header[56..], sum);
        return page;
    }

    private static byte[] Branch(params ulong[] pages)
    {
        byte[] page = new byte[Page];
        BinaryPrimitives.WriteUInt16LittleEndian(page.AsSpan(8), 1);
        BinaryPrimitives.WriteUInt16LittleEndian(page.AsSpan(10), (ushort)pages.Length);
        for (int i = 0; i < pages.Length; i++)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(page.AsSpan(16 + (16 * i) + 8), pages[i]);
        }

        return page;
    }

    private static byte[] Leaf(string key)
    {
        byte[] page = new byte[Page];
        BinaryPrimitives.WriteUInt16LittleEndian(page.AsSpan(8), 2);
        BinaryPrimitives.WriteUInt16LittleEndian(page.AsSpan(10), 1);
        BinaryPrimitives.WriteUInt32LittleEndian(page.AsSpan(20), 16);
        BinaryPrimitives.WriteUInt32LittleEndian(page.AsSpan(24), (uint)key.Length);
        Encoding.UTF8.GetBytes(key).CopyTo(page, 32);
        return page;
    }
}
