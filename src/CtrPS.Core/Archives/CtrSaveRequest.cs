namespace CtrPS;

/// <summary>Which images to save into one archive, and how.</summary>
internal sealed record CtrSaveRequest
{
    /// <summary>The images, in the order in which the archive names them. They may be of several namespaces and several daemons.</summary>
    public required IReadOnlyList<CtrSaveImage> Images { get; init; }

    /// <summary>Which platforms of an index go in.</summary>
    public CtrPlatformScope Scope { get; init; }

    /// <summary>The platforms, for <see cref="CtrPlatformScope.Listed"/>.</summary>
    public IReadOnlyList<CtrPlatform> Platforms { get; init; } = [];

    /// <summary>For which readers the archive is.</summary>
    public CtrArchiveFormat Format { get; init; } = CtrArchiveFormat.Both;

    /// <summary>The compression of the whole archive: none, gzip or zstd.</summary>
    public CtrCompression Compression { get; init; }

    /// <summary>Leave layers out that their makers do not allow to be passed on.</summary>
    public bool SkipNonDistributable { get; init; }

    /// <summary>Layers that the receiver has already, by digest: they are left out. Null: this is no delta bundle.</summary>
    public IReadOnlySet<string>? Excluded { get; init; }
}

/// <summary>An image to save.</summary>
/// <param name="Connection">The daemon that has it.</param>
/// <param name="Image">The image.</param>
internal sealed record CtrSaveImage(ICtrConnection Connection, CtrImage Image);
