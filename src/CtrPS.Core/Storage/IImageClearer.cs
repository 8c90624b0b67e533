namespace CtrPS;

/// <summary>Images that nothing works with, and what becomes free without them.</summary>
internal interface IImageClearer
{
    /// <summary>
    /// The images that no container of any namespace uses, no lease holds, that are not pinned and not what sandboxes are made from: namespace, and
    /// the digest that names there point to.
    /// </summary>
    Task<IReadOnlySet<(string Namespace, string Digest)>> FindUnusedAsync(CancellationToken cancellationToken);

    /// <summary>Reads what there is, to plan with.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.NotLocal"/> with a goal for the file system of a daemon that is elsewhere.</exception>
    Task<IClearance> OpenAsync(CtrClearRequest request, CancellationToken cancellationToken);

    /// <summary>
    /// Removes what a plan has, if it still is as it was and nothing works with it now, and has the daemon collect its garbage.
    /// </summary>
    /// <returns>One for each of the plan, in its order.</returns>
    Task<IReadOnlyList<CtrClearOutcome>> ClearAsync(CtrClearRequest request, CtrClearPlan plan, CancellationToken cancellationToken);
}

/// <summary>A daemon at a moment, for plans of what to clear away.</summary>
internal interface IClearance
{
    /// <summary>What to clear away.</summary>
    /// <param name="refused">What is not to be taken.</param>
    CtrClearPlan Plan(IReadOnlySet<CtrClearKey> refused);
}

/// <summary>What may be cleared away.</summary>
/// <param name="Kind">An image or a container.</param>
/// <param name="Namespace">Its namespace.</param>
/// <param name="Name">Its name.</param>
internal readonly record struct CtrClearKey(CtrResourceKind Kind, string Namespace, string Name);

/// <summary>Which images may go, and how many.</summary>
internal sealed record CtrClearRequest
{
    /// <summary>The namespaces.</summary>
    public required IReadOnlyList<string> Namespaces { get; init; }

    /// <summary>Whether an image of this name stays.</summary>
    public Func<string, bool> Keep { get; init; } = _ => false;

    /// <summary>Images of each repository that stay, the newest.</summary>
    public int KeepLast { get; init; }

    /// <summary>Only what was not changed since then. Null: whenever.</summary>
    public DateTimeOffset? Before { get; init; }

    /// <summary>Only images that take as many bytes on the disk.</summary>
    public long MinimumSize { get; init; }

    /// <summary>Only images without a tag.</summary>
    public bool OnlyDangling { get; init; }

    /// <summary>Containers that have ended as well, and the images that only they use.</summary>
    public bool WithContainers { get; init; }

    /// <summary>Also containers that another manages: Kubernetes, docker, nerdctl, containerd's restarts.</summary>
    public bool WithManaged { get; init; }

    /// <summary>No more than is needed to free so many bytes. Null: all.</summary>
    public long? Reclaim { get; init; }

    /// <summary>No more than is needed for the file system to have so many bytes free. Null: all.</summary>
    public long? UntilFree { get; init; }
}

/// <summary>What to clear away.</summary>
internal sealed record CtrClearPlan
{
    /// <summary>In the order in which they go.</summary>
    public required IReadOnlyList<CtrClearedResource> Items { get; init; }

    /// <summary>Bytes that are garbage already, and free with the collection.</summary>
    public required long Garbage { get; init; }

    /// <summary>Bytes that are to be free by it. Null: there is no goal.</summary>
    public required long? Goal { get; init; }

    /// <summary>Bytes that would be free by it.</summary>
    public long Freed => Garbage + Items.Sum(item => item.Freed);

    /// <summary>Images and containers that something keeps, with why.</summary>
    public required IReadOnlyList<(CtrClearKey Key, string Why)> Held { get; init; }
}

/// <summary>What became of something that was to be cleared away.</summary>
/// <param name="Item">It, with the bytes that are free now.</param>
/// <param name="Error">Why it is still there. Null: it is gone.</param>
internal sealed record CtrClearOutcome(CtrClearedResource Item, CtrException? Error);
