namespace CtrPS;

/// <summary>What a record of a watch is.</summary>
public enum CtrEventKind : long
{
    /// <summary>An event of containerd.</summary>
    Event,

    /// <summary>
    /// A hole: what happened between <see cref="CtrEvent.From"/> and <see cref="CtrEvent.To"/> was not seen, as the daemon was away or nobody
    /// read the events. containerd keeps no history.
    /// </summary>
    Gap,
}
