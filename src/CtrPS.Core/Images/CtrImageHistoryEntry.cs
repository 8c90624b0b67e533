namespace CtrPS;

/// <summary>
/// A step by which an image was made, as its config tells (image-spec, config.md, history): docker's history, newest first. A layer of which the
/// config tells nothing is a step without a command.
/// </summary>
public sealed class CtrImageHistoryEntry : CtrObject
{
    internal CtrImageHistoryEntry()
    {
    }

    /// <summary>The full name of the image.</summary>
    public string Name { get; internal set; } = null!;

    /// <summary>The platform of the image. Null where it does not say.</summary>
    public CtrPlatform? Platform { get; internal set; }

    /// <summary>
    /// Of the last step: the image's id, the digest of its config. Null of the others, which docker shows as <c>&lt;missing&gt;</c>.
    /// </summary>
    public string? Id { get; internal set; }

    /// <summary>When it was done. Null where the config does not say.</summary>
    public DateTimeOffset? Created { get; internal set; }

    /// <summary>The command. Empty where the config does not say.</summary>
    public string CreatedBy { get; internal set; } = "";

    /// <summary>Who did it. Empty where the config does not say.</summary>
    public string Author { get; internal set; } = "";

    /// <summary>A comment. Empty where there is none.</summary>
    public string Comment { get; internal set; } = "";

    /// <summary>Whether it changed the config only.</summary>
    public bool IsEmptyLayer { get; internal set; }

    /// <summary>Bytes on the disk that its layer takes, unpacked; 0 where it made none. Null where that is not unpacked, or not there.</summary>
    public long? Size { get; internal set; }

    /// <summary>Bytes of its layer as it is stored and moved; 0 where it made none. Null where the manifest has no such layer.</summary>
    public long? PackedSize { get; internal set; }

    /// <summary>How much of all layers' <see cref="PackedSize"/> is this one's: 0 to 1.</summary>
    public double Share { get; internal set; }

    /// <summary>Digest of its layer. Null where it made none.</summary>
    public string? LayerDigest { get; internal set; }

    /// <summary>The command, or what is known of it.</summary>
    public override string ToString() => CreatedBy.Length > 0 ? CreatedBy : Comment;
}
