namespace CtrPS.Commands;

/// <summary>What an action of Register-CtrEvent gets as <c>$EventArgs</c>.</summary>
public sealed class CtrEventArgs : EventArgs
{
    internal CtrEventArgs(CtrEvent told) => Event = told;

    /// <summary>The event of containerd, or a gap.</summary>
    public CtrEvent Event { get; }

    /// <summary>The topic.</summary>
    public override string ToString() => Event.ToString();
}
