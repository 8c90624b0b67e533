namespace CtrPS;

/// <summary>What the CNI plugins gave a container (CNI specification 1.1, section 5: result types).</summary>
public sealed class CtrNetwork
{
    internal CtrNetwork()
    {
    }

    /// <summary>Name of the network in its configuration.</summary>
    public string Name { get; internal set; } = null!;

    /// <summary>The container's addresses, with their prefix lengths: <c>10.4.0.7/24</c>.</summary>
    public IReadOnlyList<string> IPAddresses { get; internal set => field = CtrList.Of(value); } = CtrList<string>.Empty;

    /// <summary>The gateways of the addresses.</summary>
    public IReadOnlyList<string> Gateways { get; internal set => field = CtrList.Of(value); } = CtrList<string>.Empty;

    /// <summary>The routes in the container: <c>0.0.0.0/0</c>, or <c>10.1.0.0/16 via 10.4.0.1</c>.</summary>
    public IReadOnlyList<string> Routes { get; internal set => field = CtrList.Of(value); } = CtrList<string>.Empty;

    /// <summary>The name servers that the network names.</summary>
    public IReadOnlyList<string> NameServers { get; internal set => field = CtrList.Of(value); } = CtrList<string>.Empty;

    /// <summary>The domains to search that the network names.</summary>
    public IReadOnlyList<string> SearchDomains { get; internal set => field = CtrList.Of(value); } = CtrList<string>.Empty;

    /// <summary>What <see cref="GetInterfaces"/> gives.</summary>
    internal IReadOnlyList<CtrNetworkInterface> Interfaces { get; set => field = CtrList.Of(value); } = CtrList<CtrNetworkInterface>.Empty;

    /// <summary>The interfaces, those of the container and those on the machine.</summary>
    public IReadOnlyList<CtrNetworkInterface> GetInterfaces() => Interfaces;

    /// <summary>The addresses.</summary>
    public override string ToString() => string.Join(", ", IPAddresses);
}

/// <summary>An interface of a <see cref="CtrNetwork"/>.</summary>
public sealed class CtrNetworkInterface
{
    internal CtrNetworkInterface()
    {
    }

    /// <summary>Its name, such as <c>eth0</c>.</summary>
    public string Name { get; internal set; } = null!;

    /// <summary>Its hardware address.</summary>
    public string Mac { get; internal set; } = "";

    /// <summary>The network namespace it is in. Empty: the machine's.</summary>
    public string Sandbox { get; internal set; } = "";

    /// <summary>Its addresses, with their prefix lengths, as far as the plugins say whose they are.</summary>
    public IReadOnlyList<string> IPAddresses { get; internal set => field = CtrList.Of(value); } = CtrList<string>.Empty;

    /// <summary>Its name.</summary>
    public override string ToString() => Name;
}
