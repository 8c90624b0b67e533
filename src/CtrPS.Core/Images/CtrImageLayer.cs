namespace CtrPS;

/// <summary>A layer of an image, for one platform. They come from the bottom up.</summary>
public sealed class CtrImageLayer : CtrObject
{
    internal CtrImageLayer()
    {
    }

    /// <summary>The full name of the image.</summary>
    public string Name { get; internal set; } = null!;

    /// <summary>The platform of the image. Null where it does not say.</summary>
    public CtrPlatform? Platform { get; internal set; }

    /// <summary>Its place: 1 is the lowest.</summary>
    public int Index { get; internal set; }

    /// <summary>Digest of the layer as it is stored and moved.</summary>
    public string Digest { get; internal set; } = null!;

    /// <summary>Media type of the layer.</summary>
    public string MediaType { get; internal set; } = null!;

    /// <summary>Digest of the unpacked layer, as the config says. Null where the config is not there, or names too few.</summary>
    public string? DiffId { get; internal set; }

    /// <summary>Name of its snapshot: a digest over it and all below it. Null where the config does not tell.</summary>
    public string? ChainId { get; internal set; }

    /// <summary>The command that made it, as the config says. Empty where it does not.</summary>
    public string CreatedBy { get; internal set; } = "";

    /// <summary>Bytes of the layer as it is stored and moved.</summary>
    public long PackedSize { get; internal set; }

    /// <summary>Bytes on the disk that it takes, unpacked. Null where it is not unpacked.</summary>
    public long? Size { get; internal set; }

    /// <summary>Files and folders of it, unpacked. Null where it is not unpacked.</summary>
    public long? Inodes { get; internal set; }

    /// <summary>Whether its bytes are here.</summary>
    public bool IsPresent { get; internal set; }

    /// <summary>Whether it is unpacked with the snapshotter.</summary>
    public bool IsUnpacked { get; internal set; }

    /// <summary>The other images of the namespace that have it too.</summary>
    public IReadOnlyList<string> SharedWith { get; internal set => field = CtrList.Of(value); } = CtrList<string>.Empty;

    /// <summary>How much of all layers' <see cref="PackedSize"/> is this one's: 0 to 1.</summary>
    public double Share { get; internal set; }

    /// <summary>The digest.</summary>
    public override string ToString() => Digest;
}
