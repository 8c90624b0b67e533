namespace CtrPS;

/// <summary>Which platforms of an index are meant. An image that is no index has just its own.</summary>
public enum CtrPlatformScope
{
    /// <summary>Those of which everything is there; at least one must be.</summary>
    Available,

    /// <summary>Those of a list, all of them.</summary>
    Listed,

    /// <summary>All that the index names.</summary>
    All,
}
