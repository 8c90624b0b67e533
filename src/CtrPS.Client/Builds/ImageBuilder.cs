using CtrPS.Client.Connection;

namespace CtrPS.Client.Builds;

/// <inheritdoc/>
internal sealed class ImageBuilder(ContainerdConnection connection) : IImageBuilder
{
    public async Task<CtrConversion> ConvertAsync(
        CtrImage image, CtrConvertOptions options, CtrTransferMeter meter, CancellationToken cancellationToken)
    {
        using var converter = new ImageConverter(connection, image, options, meter);
        return await converter.RunAsync(cancellationToken).ConfigureAwait(false);
    }

    public Task<CtrBuild> BuildAsync(CtrBuildRequest request, CtrTransferMeter meter, CancellationToken cancellationToken) =>
        new ImageMaker(connection, request, meter).RunAsync(cancellationToken);

    public async Task<ICtrRebuild> PlanRebuildAsync(CtrImage image, bool allowNewDiffIds, CancellationToken cancellationToken) =>
        await ImageRebuilder.PlanAsync(connection, image, allowNewDiffIds, cancellationToken).ConfigureAwait(false);
}
