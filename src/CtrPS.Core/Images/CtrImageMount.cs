namespace CtrPS;

/// <summary>An image that is mounted in a folder of the daemon's machine, by this module or by <c>ctr images mount</c>.</summary>
public sealed class CtrImageMount : CtrObject
{
    internal CtrImageMount()
    {
    }

    /// <summary>The folder; it is the name of the snapshot as well.</summary>
    public string Path { get; internal set; } = null!;

    /// <summary>The full name of the image. Empty where none has these layers any more.</summary>
    public string Name { get; internal set; } = "";

    /// <summary>Name of the snapshot that is all layers together. Empty: the image has no layers.</summary>
    public string ChainId { get; internal set; } = "";

    /// <summary>The snapshotter.</summary>
    public string Snapshotter { get; internal set; } = null!;

    /// <summary>Whether files can be written. They are gone with the mount.</summary>
    public bool IsWritable { get; internal set; }

    /// <summary>
    /// Whether it is mounted now, as this process sees it. False where somebody unmounted it by hand or the machine was restarted: what it keeps goes
    /// with Dismount-CtrImage. Null where it cannot be told: on another machine, or in another mount namespace.
    /// </summary>
    public bool? IsMounted { get; internal set; }

    /// <summary>When it was made. Null where the daemon does not say.</summary>
    public DateTimeOffset? Since { get; internal set; }

    /// <summary>The process that mounted it; it may have ended. Null where another program did.</summary>
    public int? ProcessId { get; internal set; }

    /// <summary>The folder.</summary>
    public override string ToString() => Path;
}
