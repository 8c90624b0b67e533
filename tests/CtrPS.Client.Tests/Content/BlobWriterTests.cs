using System.Text;
using CtrPS.Client.Connection;
using CtrPS.Client.Leases;
using CtrPS.Client.Oci;
using CtrPS.Client.Tests.Daemon;
using CtrPS.Rig;

namespace CtrPS.Client.Tests.Content;

public sealed class BlobWriterTests(Daemons daemons)
{
    private const string Ns = "writers";
    private static readonly Dictionary<string, string> NoLabels = [];

    public static TheoryData<Generation> Generations => Daemons.Generations;

    /// <summary>The daemon says that the blob is there, and does not put it under the lease of who hears so.</summary>
    [Theory]
    [MemberData(nameof(Generations))]
    public async Task What_another_brought_meanwhile_belongs_to_the_lease(Generation generation)
    {
        await using ContainerdConnection connection = await ConnectAsync(generation);
        Descriptor blob = New(out byte[] bytes);
        await using Lease lease = await connection.Leases.CreateAsync(Ns, CancellationToken.None);
        Lease other = await connection.Leases.CreateAsync(Ns, CancellationToken.None);
        bool written = await connection.Content.Writer(lease).WriteAsync(
            blob,
            async (_, _) =>
            {
                Assert.True(await WriteAsync(connection, other, blob, bytes));
                return new MemoryStream(bytes, writable: false);
            },
            NoLabels,
            null,
            keepPartial: false,
            CancellationToken.None);
        Assert.False(written);
        await other.DisposeAsync(); // with a collection
        Assert.Equal(blob.Size, (await connection.Content.FindAsync(Ns, blob.Digest, CancellationToken.None))?.Size);
    }

    [Theory]
    [MemberData(nameof(Generations))]
    public async Task What_another_brought_and_lost_meanwhile_is_written_again(Generation generation)
    {
        await using ContainerdConnection connection = await ConnectAsync(generation);
        Descriptor blob = New(out byte[] bytes);
        await using Lease lease = await connection.Leases.CreateAsync(Ns, CancellationToken.None);
        int opened = 0;
        bool written = await connection.Content.Writer(lease).WriteAsync(
            blob,
            async (_, token) =>
            {
                if (opened++ == 0)
                {
                    await using Lease other = await connection.Leases.CreateAsync(Ns, token);
                    Assert.True(await WriteAsync(connection, other, blob, bytes));
                } // and its end takes it away again

                return new MemoryStream(bytes, writable: false);
            },
            NoLabels,
            null,
            keepPartial: false,
            CancellationToken.None);
        Assert.True(written);
        await connection.Garbage.CollectAsync(Ns, CancellationToken.None);
        Assert.NotNull(await connection.Content.FindAsync(Ns, blob.Digest, CancellationToken.None));
    }

    private static Task<bool> WriteAsync(ContainerdConnection connection, Lease lease, Descriptor blob, byte[] bytes) =>
        connection.Content.Writer(lease).WriteAsync(
            blob,
            (_, _) => ValueTask.FromResult<Stream>(new MemoryStream(bytes, writable: false)),
            NoLabels,
            null,
            keepPartial: false,
            CancellationToken.None,
            "other-" + blob.Digest);

    private static Descriptor New(out byte[] bytes)
    {
        bytes = Encoding.UTF8.GetBytes($"written by two, {Guid.NewGuid():N}");
        return new Descriptor { MediaType = MediaTypes.OciLayer, Digest = Digests.Of(bytes), Size = bytes.Length };
    }

    private async Task<ContainerdConnection> ConnectAsync(Generation generation) => await ContainerdConnection.OpenAsync(
        CtrEndpoint.Parse((await daemons.GetAsync(generation)).Address), CancellationToken.None);
}
