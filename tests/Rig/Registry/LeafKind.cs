namespace CtrPS.Rig.Registry;

/// <summary>What a server's certificate is like.</summary>
public enum LeafKind
{
    Good,

    /// <summary>It ended a day ago.</summary>
    Expired,

    /// <summary>It is for a host of another name.</summary>
    OtherName,
}
