namespace CtrPS;

/// <summary>The root file system of a container, written to a tar.</summary>
public sealed class CtrSavedContainer : CtrObject
{
    internal CtrSavedContainer()
    {
    }

    /// <summary>The container.</summary>
    public string ContainerId { get; internal set; } = null!;

    /// <summary>The file.</summary>
    public string Path { get; internal set; } = null!;

    /// <summary>Bytes of the file.</summary>
    public long Size { get; internal set; }

    /// <summary>Digest of the file; of an image with this as its only layer, the layer's DiffId.</summary>
    public string Digest { get; internal set; } = null!;

    /// <summary>The file.</summary>
    public override string ToString() => Path;
}
