namespace CtrPS.Rig.Registry;

/// <summary>The addresses that a faulty server listens on.</summary>
public enum FaultyPlace
{
    Self,

    /// <summary>The same host, another port.</summary>
    OtherPort,

    /// <summary>Another host, as where a registry keeps its blobs: whoever brings an Authorization is refused, as object stores do.</summary>
    Storage,

    /// <summary>Without TLS, where the server itself has it.</summary>
    Plain,
}
