namespace CtrPS.Client.Images.Files;

/// <summary>How much of an image's layers is read: more than real ones have, and no more than memory holds. The error names the limit.</summary>
internal static class LayerLimits
{
    /// <summary>Entries of one layer, those that only extend others included.</summary>
    public const int MaxEntries = 1_000_000;

    /// <summary>Bytes of a path, as Linux has it (PATH_MAX).</summary>
    public const int MaxPath = 4096;

    /// <summary>Links on the way to a file, as Linux follows them (path_resolution(7)).</summary>
    public const int MaxLinks = 40;

    /// <summary>Layers of an image; overlayfs takes 500.</summary>
    public const int MaxLayers = 1000;

    /// <summary>Bytes of memory that the names of one layer may take.</summary>
    public const long MaxLayerMemory = 512L << 20;

    /// <summary>Bytes of memory that the names of all layers of an image may take.</summary>
    public const long MaxImageMemory = 1L << 30;

    /// <summary>Bytes of memory that a connection keeps for images that were looked at; those of the image at work come on top.</summary>
    public const long MaxKeptMemory = 256L << 20;
}
