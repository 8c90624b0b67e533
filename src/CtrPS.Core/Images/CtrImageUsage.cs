namespace CtrPS;

/// <summary>How much room an image takes, for all its platforms that are here, and how much of it other images of the namespace use too.</summary>
public sealed class CtrImageUsage : CtrObject
{
    internal CtrImageUsage()
    {
    }

    /// <summary>The full name of the image.</summary>
    public string Name { get; internal set; } = null!;

    /// <summary>Digest of the manifest or index that the name points to.</summary>
    public string Digest { get; internal set; } = null!;

    /// <summary>The snapshotter that <see cref="UnpackedSize"/> is of.</summary>
    public string? Snapshotter { get; internal set; }

    /// <summary>Bytes of its blobs that are here: manifests, configs, layers as they are stored.</summary>
    public long PackedSize { get; internal set; }

    /// <summary>Bytes of its layers that are unpacked.</summary>
    public long UnpackedSize { get; internal set; }

    /// <summary>Both together.</summary>
    public long TotalSize => PackedSize + UnpackedSize;

    /// <summary>Bytes of <see cref="TotalSize"/> that no other image of the namespace uses: names of the same digest are the same image.</summary>
    public long UniqueSize { get; internal set; }

    /// <summary>Bytes of <see cref="TotalSize"/> that others use too.</summary>
    public long SharedSize => TotalSize - UniqueSize;

    /// <summary>Files and folders of the unpacked layers.</summary>
    public long Inodes { get; internal set; }

    /// <summary>Layers that are here, unpacked.</summary>
    public int UnpackedLayers { get; internal set; }

    /// <summary>The name of the image.</summary>
    public override string ToString() => Name;
}
