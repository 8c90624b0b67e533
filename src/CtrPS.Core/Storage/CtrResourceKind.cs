namespace CtrPS;

/// <summary>What something is that a namespace of containerd has.</summary>
public enum CtrResourceKind : long
{
    /// <summary>The record of an image: a name and the blob that it points to.</summary>
    Image,

    /// <summary>A blob: an index, a manifest, a config, a layer.</summary>
    Content,

    /// <summary>A snapshot: a file system that a layer was unpacked into, or that a container writes into.</summary>
    Snapshot,

    /// <summary>The record of a container.</summary>
    Container,

    /// <summary>A task: the processes of a container.</summary>
    Task,

    /// <summary>The record of a sandbox, such as that of a pod.</summary>
    Sandbox,

    /// <summary>A lease.</summary>
    Lease,

    /// <summary>An unfinished write of a blob.</summary>
    Ingest,
}
