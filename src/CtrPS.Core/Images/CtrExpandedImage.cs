namespace CtrPS;

/// <summary>An image whose layers are unpacked for one platform: containers start from it at once.</summary>
public sealed class CtrExpandedImage : CtrObject
{
    internal CtrExpandedImage()
    {
    }

    /// <summary>The full name of the image.</summary>
    public string Name { get; internal set; } = null!;

    /// <summary>The platform. Null where the image does not say.</summary>
    public CtrPlatform? Platform { get; internal set; }

    /// <summary>The snapshotter that has the layers.</summary>
    public string Snapshotter { get; internal set; } = null!;

    /// <summary>Name of the snapshot that is all layers together. Empty: the image has no layers.</summary>
    public string ChainId { get; internal set; } = null!;

    /// <summary>Layers that were unpacked now.</summary>
    public int UnpackedLayers { get; internal set; }

    /// <summary>Layers that were unpacked already.</summary>
    public int PresentLayers { get; internal set; }

    /// <summary>How long it took.</summary>
    public TimeSpan Duration { get; internal set; }

    /// <summary>The name.</summary>
    public override string ToString() => Name;
}
