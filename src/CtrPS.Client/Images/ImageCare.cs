using CtrPS.Client.Connection;

namespace CtrPS.Client.Images;

/// <inheritdoc/>
internal sealed class ImageCare(ContainerdConnection connection, OpenArchive openArchive) : IImageCare
{
    public IAsyncEnumerable<CtrImageCheck> TestAsync(
        IReadOnlyList<CtrImage> images, CtrTestOptions options, CtrTransferMeter meter, CancellationToken cancellationToken) =>
        new ImageTester(connection, options).TestAsync(images, meter, cancellationToken);

    public async Task<ICtrRepair> OpenRepairAsync(CtrRepairOptions options, CancellationToken cancellationToken) =>
        await ImageRepairer.OpenAsync(connection, options, openArchive, cancellationToken).ConfigureAwait(false);

    public Task<CtrCopyOutcome> CopyAsync(CtrImage image, CtrCopyOptions options, CtrTransferMeter meter, CancellationToken cancellationToken) =>
        new ImageCopier(connection, options, meter).CopyAsync(image, cancellationToken);
}
