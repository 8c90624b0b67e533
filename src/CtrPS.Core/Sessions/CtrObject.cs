namespace CtrPS;

/// <summary>What every object from a namespace of containerd has: the namespace, and (not shown) the session that it came from.</summary>
public abstract class CtrObject
{
    /// <summary>The containerd namespace that the object lives in.</summary>
    public string Namespace { get; internal set; } = null!;

    /// <summary>Where the containerd listens that the object came from. Null where it is not known.</summary>
    public string? Address => Session?.Address;

    /// <summary>The session that the object came from; a cmdlet that gets the object through the pipeline works there.</summary>
    internal CtrSession? Session { get; set; }
}
