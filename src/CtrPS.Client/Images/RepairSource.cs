using CtrPS.Client.Archives;
using CtrPS.Client.Connection;
using CtrPS.Client.Content;
using CtrPS.Client.Oci;

namespace CtrPS.Client.Images;

/// <summary>A place that a repair takes blobs from.</summary>
internal sealed class RepairSource : IAsyncDisposable
{
    private readonly ArchiveReader? _archive;

    private RepairSource(IBlobSource blobs, ArchiveReader? archive)
    {
        Blobs = blobs;
        _archive = archive;
    }

    public IBlobSource Blobs { get; }

    /// <summary>Set where blobs cannot be opened one by one: a compressed archive is read from its start to its end.</summary>
    public ArchiveReader? Sequence => _archive is { CanSeek: false } ? _archive : null;

    public static async Task<RepairSource> OpenAsync(CtrRepairOrigin origin, CancellationToken cancellationToken)
    {
        if (origin.Path is not null)
        {
            ArchiveReader archive = await ArchiveReader.OpenAsync(origin.Path, cancellationToken).ConfigureAwait(false);
            return new RepairSource(archive, archive);
        }

        return new RepairSource(new NamespaceBlobs(((ContainerdConnection)origin.Connection!).Content, origin.Namespace!, listed: false, cancellationToken), null);
    }

    public ValueTask DisposeAsync() => _archive?.DisposeAsync() ?? ValueTask.CompletedTask;
}
