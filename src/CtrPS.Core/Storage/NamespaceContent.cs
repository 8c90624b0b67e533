namespace CtrPS;

/// <summary>How much a namespace has.</summary>
internal sealed record NamespaceContent
{
    public int Tasks { get; init; }

    public int Containers { get; init; }

    public int Images { get; init; }

    public int Leases { get; init; }

    public int Ingests { get; init; }

    public int Snapshots { get; init; }

    public int Blobs { get; init; }

    /// <summary>Folders in which images or snapshots of it are mounted, by us.</summary>
    public IReadOnlyList<string> Mounts { get; init; } = [];

    /// <summary>In words: "2 tasks, 3 containers". Empty: it has nothing.</summary>
    public string Words => string.Join(", ", new (int Count, string One)[]
    {
        (Tasks, "task"), (Containers, "container"), (Images, "image"), (Leases, "lease"), (Ingests, "unfinished write"), (Snapshots, "snapshot"),
        (Blobs, "blob"),
    }.Where(one => one.Count > 0).Select(one => one.Count == 1 ? $"1 {one.One}" : $"{one.Count} {one.One}s"));
}
