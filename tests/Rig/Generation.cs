namespace CtrPS.Rig;

/// <summary>The containerd generations that the rig can run side by side.</summary>
public enum Generation
{
    /// <summary>containerd 1.6, Debian 12's package.</summary>
    V16,

    /// <summary>containerd 1.7, Debian 13's package.</summary>
    V17,

    /// <summary>containerd 2.x, Debian unstable's package; the minor version is whatever is there.</summary>
    V2,
}
