namespace CtrPS;

/// <summary>What Convert-CtrImage made of an image.</summary>
public sealed class CtrConvertedImage : CtrObject
{
    internal CtrConvertedImage()
    {
    }

    /// <summary>The full name that points to the converted image.</summary>
    public string Name { get; internal set; } = null!;

    /// <summary>The full name of the image that was converted.</summary>
    public string Source { get; internal set; } = null!;

    /// <summary>Digest of the converted manifest or index. Equal to <see cref="SourceDigest"/> where nothing had to be changed.</summary>
    public string Digest { get; internal set; } = null!;

    /// <summary>Digest of the manifest or index that was converted.</summary>
    public string SourceDigest { get; internal set; } = null!;

    /// <summary>Media type of the converted manifest or index.</summary>
    public string MediaType { get; internal set; } = null!;

    /// <summary>The platforms that the converted image has, in the order of the index.</summary>
    public IReadOnlyList<CtrPlatform> Platforms { get; internal set => field = CtrList.Of(value); } = CtrList<CtrPlatform>.Empty;

    /// <summary>Layers that were written anew or, converted before, found again; a layer of several platforms counts once.</summary>
    public int LayersConverted { get; internal set; }

    /// <summary>Layers that stayed as they were.</summary>
    public int LayersKept { get; internal set; }

    /// <summary>Bytes of the manifests, configs and layers of these platforms before, each blob once.</summary>
    public long SourceSize { get; internal set; }

    /// <summary>Bytes of the manifests, configs and layers of these platforms now, each blob once.</summary>
    public long Size { get; internal set; }

    /// <summary>How long it took.</summary>
    public TimeSpan Duration { get; internal set; }

    /// <summary>The name.</summary>
    public override string ToString() => Name;
}
