using CtrPS.Client.Connection;
using CtrPS.Client.Oci;

namespace CtrPS.Client.Images.Files;

/// <inheritdoc/>
internal sealed class ImageFiles(ContainerdConnection connection) : IImageFiles
{
    private readonly LayerIndexes _indexes = new();

    public async Task<ICtrImageRoot> OpenAsync(CtrImage image, CtrPlatform? platform, CancellationToken cancellationToken)
    {
        var source = new ImageSource(connection, image.Namespace, listed: false, cancellationToken);
        ImageNode manifest = platform is null
            ? await PlatformImage.FindAnyAsync(source, image, cancellationToken).ConfigureAwait(false)
            : await PlatformImage.FindAsync(source, image, platform, wayOut: null).ConfigureAwait(false);
        PlatformImage found =
            await PlatformImage.ReadAsync(source, image, manifest, "has no files", cancellationToken).ConfigureAwait(false);
        int layers = manifest.Layers.Count();
        return layers <= LayerLimits.MaxLayers ? new ImageRoot(source, _indexes, found) : throw new CtrException(
            CtrErrorIds.ImageTooLarge,
            CtrStatus.ResourceExhausted,
            $"The files of image '{image.Name}' cannot be read: it has {layers} layers, and more than {LayerLimits.MaxLayers} are not read.")
        {
            Target = image.Name,
        };
    }
}
