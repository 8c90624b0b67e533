namespace CtrPS.Client.Archives;

/// <summary>
/// How much an archive may ask for. What grows with these is the memory that its reading takes: at the limits about 100 MB, and what a decoder needs.
/// Everything else grows with the archive's bytes alone.
/// </summary>
internal sealed record ArchiveLimits
{
    public static readonly ArchiveLimits Default = new();

    /// <summary>Entries of a tar, files of a folder. Ten thousand images of twenty files each have as many.</summary>
    public int Entries { get; init; } = 200_000;

    /// <summary>Characters of all names and of all that links point to. The names of that many blobs have fewer.</summary>
    public int NameCharacters { get; init; } = 16 << 20;

    /// <summary>Images, counted once for each name.</summary>
    public int Images { get; init; } = 10_000;

    /// <summary>
    /// Layers of one image. No containerd can mount more: the kernel's overlay file system takes 500 lower folders (OVL_MAX_STACK in fs/overlayfs),
    /// and each layer is one.
    /// </summary>
    public int Layers { get; init; } = 500;

    /// <summary>Layers of all images of docker's listing, and the diff ids of their configs.</summary>
    public int LayersOfAll { get; init; } = 100_000;

    /// <summary>Annotations of all images of an index.</summary>
    public int Annotations { get; init; } = 100_000;

    /// <summary>Characters of a name, a digest or a media type in a listing; as many as the longest path of Linux has.</summary>
    public int TextCharacters { get; init; } = 4096;

    /// <summary>Names with a digest that may stand for one file: of each algorithm one can be right.</summary>
    public int DigestsOfFile { get; init; } = 3;

    /// <summary>Bytes of manifests and configs that are kept of a compressed archive. Thousands of images have fewer.</summary>
    public long KeptBytes { get; init; } = 40 << 20;

    /// <summary>Times that a compressed archive is unpacked for the manifests and configs that were not kept.</summary>
    public int Passes { get; init; } = 16;
}
