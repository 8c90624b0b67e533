namespace CtrPS.Client.Images.Files;

/// <summary>A file of a layer; several names may share it.</summary>
internal sealed class LayerFile
{
    public required CtrFileKind Kind { get; init; }

    /// <summary>A hard link whose other name is in none but a lower layer: <see cref="Link"/> is its path.</summary>
    public bool IsForeignLink { get; init; }

    public int Mode { get; init; }

    public long Uid { get; set; }

    public long Gid { get; set; }

    public string User { get; init; } = "";

    public string Group { get; init; } = "";

    public DateTimeOffset? ModifiedAt { get; set; }

    /// <summary>Where a link points to. Empty for others.</summary>
    public string Link { get; init; } = "";

    /// <summary>Where its bytes begin in the uncompressed layer.</summary>
    public long Offset { get; init; }

    public long Size { get; init; }

    public long DeviceMajor { get; init; }

    public long DeviceMinor { get; init; }

    public IReadOnlyDictionary<string, byte[]>? Extended { get; init; }

    /// <summary>Names of it in the layer.</summary>
    public int Names { get; set; } = 1;

    public bool IsFolder => Kind == CtrFileKind.Directory;
}

/// <summary>A name in a layer.</summary>
internal sealed class LayerNode
{
    /// <summary>What stands there. Null: a folder that the layer does not name, but has something in; or a whiteout.</summary>
    public LayerFile? File { get; set; }

    /// <summary>Lower layers have nothing there.</summary>
    public bool IsWhiteout { get; set; }

    /// <summary>Of a folder: what lower layers have in it is not there.</summary>
    public bool IsOpaque { get; set; }

    /// <summary>What is in a folder. Null: nothing.</summary>
    public Dictionary<string, LayerNode>? Children { get; private set; }

    public bool IsFolder => !IsWhiteout && File is null or { IsFolder: true };

    public LayerNode? Find(string name) => Children is not null && Children.TryGetValue(name, out LayerNode? child) ? child : null;

    public void Set(string name, LayerNode child) => (Children ??= new Dictionary<string, LayerNode>(StringComparer.Ordinal))[name] = child;
}
