namespace CtrPS;

/// <summary>An image, a container, or the packed layer of an image, that was cleared away, or would be.</summary>
public sealed class CtrClearedResource : CtrObject
{
    internal CtrClearedResource()
    {
    }

    /// <summary>What it is: an image, a container, or content, which is a layer.</summary>
    public CtrResourceKind Kind { get; internal set; }

    /// <summary>The image's full name, the container's id, or the layer's digest.</summary>
    public string Name { get; internal set; } = null!;

    /// <summary>Records of the image that nobody named and that went with the last of its names.</summary>
    public IReadOnlyList<string> Aliases { get; internal set => field = CtrList.Of(value); } = CtrList<string>.Empty;

    /// <summary>The digest that the image's name pointed to, or that of the layer. Null for a container.</summary>
    public string? Digest { get; internal set; }

    /// <summary>
    /// When its record was made or changed last, as by a further pull of an image; of a container also when its task ended; of a layer when it came.
    /// </summary>
    public DateTimeOffset? Since { get; internal set; }

    /// <summary>
    /// Bytes that are free since it is gone, beside those of what went before it: blobs that no namespace has any more, and snapshots. What others
    /// need, a lease holds or a label keeps is not among them.
    /// </summary>
    public long Freed { get; internal set; }

    /// <summary>Whether nothing was done: what is told would go.</summary>
    public bool IsPrediction { get; internal set; }

    /// <summary>What else is known of what the image's name pointed to, to compare it when the name is removed.</summary>
    internal CtrClearTarget? Target { get; set; }

    /// <summary>Its name.</summary>
    public override string ToString() => Name;
}

/// <summary>What an image's name points to, beside the digest.</summary>
/// <param name="MediaType">Its media type.</param>
/// <param name="Size">Its bytes.</param>
internal sealed record CtrClearTarget(string MediaType, long Size);
