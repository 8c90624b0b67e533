namespace CtrPS;

/// <summary>What of two images is compared.</summary>
public enum CtrDifferenceKind : long
{
    /// <summary>A layer.</summary>
    Layer,

    /// <summary>A setting of the config.</summary>
    Config,

    /// <summary>A file.</summary>
    File,
}

/// <summary>How something of two images differs.</summary>
public enum CtrDifferenceStatus : long
{
    /// <summary>Both have it, and it is the same.</summary>
    Same,

    /// <summary>The second image has it alone.</summary>
    Added,

    /// <summary>The first image has it alone.</summary>
    Removed,

    /// <summary>Both have it, and it is not the same.</summary>
    Changed,
}

/// <summary>Something in which two images differ, or which they have in common.</summary>
public sealed class CtrImageDifference : CtrObject
{
    internal CtrImageDifference()
    {
    }

    /// <summary>The full name of the first image. <see cref="CtrObject.Namespace"/> is its own.</summary>
    public string Image { get; internal set; } = null!;

    /// <summary>The full name of the second image.</summary>
    public string DifferenceImage { get; internal set; } = null!;

    /// <summary>What is compared.</summary>
    public CtrDifferenceKind Kind { get; internal set; }

    /// <summary>Which one: a layer's digest, a setting (<c>Env PATH</c>), a path.</summary>
    public string Item { get; internal set; } = null!;

    /// <summary>How it differs.</summary>
    public CtrDifferenceStatus Status { get; internal set; }

    /// <summary>
    /// The same as Compare-Object writes it: <c>&lt;=</c> in the first alone, <c>=&gt;</c> in the second, <c>&lt;&gt;</c> not the same, <c>==</c>.
    /// </summary>
    public string SideIndicator => Status switch
    {
        CtrDifferenceStatus.Added => "=>",
        CtrDifferenceStatus.Removed => "<=",
        CtrDifferenceStatus.Changed => "<>",
        _ => "==",
    };

    /// <summary>What of a file has changed: Kind, Content, Mode, Owner, LinkTarget, Device, ExtendedAttributes. Empty for everything else.</summary>
    public IReadOnlyList<string> Changes { get; internal set => field = CtrList.Of(value); } = CtrList<string>.Empty;

    /// <summary>What the first image has: a setting's value, a file's mode and owner, the command that made a layer. Null: it has none.</summary>
    public string? ReferenceValue { get; internal set; }

    /// <summary>What the second image has. Null: it has none.</summary>
    public string? DifferenceValue { get; internal set; }

    /// <summary>Bytes of a layer as it is stored, or of a file, in the first image. Null where it has none, and for settings.</summary>
    public long? ReferenceSize { get; internal set; }

    /// <summary>The same in the second image.</summary>
    public long? DifferenceSize { get; internal set; }

    /// <summary>What it is about, and on which side.</summary>
    public override string ToString() => $"{SideIndicator} {Item}";
}
