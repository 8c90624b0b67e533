using System.Net;

namespace CtrPS;

/// <summary>How an endpoint is reached.</summary>
internal enum CtrTransport
{
    /// <summary>A unix domain socket.</summary>
    UnixSocket,

    /// <summary>A Windows named pipe.</summary>
    NamedPipe,

    /// <summary>TCP, to a proxy of the user's own: containerd serves none of its services over TCP.</summary>
    Tcp,
}

/// <summary>
/// Where a containerd listens and how to speak to it.
/// Forms: <c>/run/containerd/containerd.sock</c>, <c>unix:///path</c>, <c>\\.\pipe\name</c>, <c>npipe:////./pipe/name</c>, <c>tcp://host:port</c>.
/// </summary>
internal sealed record CtrEndpoint
{
    /// <summary>The environment variable that names the default address, as with ctr.</summary>
    public const string AddressVariable = "CONTAINERD_ADDRESS";

    /// <summary>The environment variable that names the default namespace, as with ctr.</summary>
    public const string NamespaceVariable = "CONTAINERD_NAMESPACE";

    private const string PipePrefix = @"\\.\pipe\";

    private CtrEndpoint(CtrTransport transport, string path, int port, string address)
    {
        Transport = transport;
        Path = path;
        Port = port;
        Address = address;
    }

    /// <summary>How it is reached.</summary>
    public CtrTransport Transport { get; }

    /// <summary>The socket's absolute path, the pipe's name, or the host.</summary>
    public string Path { get; }

    /// <summary>The port with TCP, else 0.</summary>
    public int Port { get; }

    /// <summary>The address as shown: a path, <c>\\.\pipe\name</c> or <c>tcp://host:port</c>.</summary>
    public string Address { get; }

    /// <summary>TLS settings; null means plain. TCP only.</summary>
    public CtrTlsOptions? Tls { get; init; }

    /// <summary>How long to wait for the connection and for the answer to a call about metadata. Default 30 seconds.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The platform's default: <c>/run/containerd/containerd.sock</c>, on Windows <c>\\.\pipe\containerd-containerd</c>.</summary>
    public static CtrEndpoint PlatformDefault =>
        Parse(OperatingSystem.IsWindows() ? PipePrefix + "containerd-containerd" : "/run/containerd/containerd.sock");

    /// <summary><c>$env:CONTAINERD_ADDRESS</c>, else <see cref="PlatformDefault"/>.</summary>
    /// <exception cref="CtrException">The variable holds no valid address.</exception>
    public static CtrEndpoint EnvironmentDefault =>
        Environment.GetEnvironmentVariable(AddressVariable) is { Length: > 0 } address ? Parse(address) : PlatformDefault;

    /// <summary>Reads an address.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.InvalidAddress"/>.</exception>
    public static CtrEndpoint Parse(string address)
    {
        ArgumentNullException.ThrowIfNull(address);
        if (address.StartsWith("unix://", StringComparison.OrdinalIgnoreCase))
        {
            return Unix(address["unix://".Length..], address);
        }

        if (address.StartsWith('/'))
        {
            return Unix(address, address);
        }

        if (address.StartsWith(PipePrefix, StringComparison.OrdinalIgnoreCase))
        {
            return Pipe(address[PipePrefix.Length..], address);
        }

        const string npipe = "npipe:////./pipe/";
        if (address.StartsWith(npipe, StringComparison.OrdinalIgnoreCase))
        {
            return Pipe(address[npipe.Length..], address);
        }

        if (address.StartsWith("tcp://", StringComparison.OrdinalIgnoreCase))
        {
            return Uri.TryCreate(address, UriKind.Absolute, out Uri? uri) && uri.Host.Length > 0 && uri.Port is > 0 and <= IPEndPoint.MaxPort
                && uri.PathAndQuery is "/" or "" && uri.UserInfo.Length == 0
                ? new CtrEndpoint(CtrTransport.Tcp, uri.IdnHost, uri.Port, $"tcp://{uri.Host}:{uri.Port}")
                : throw Invalid(address, "A TCP address is written tcp://host:port.");
        }

        throw Invalid(address, "Give a socket's absolute path, unix:///path, \\\\.\\pipe\\name, npipe:////./pipe/name or tcp://host:port.");
    }

    /// <summary>Whether both reach the same server in the same way; the timeout may differ.</summary>
    public bool Reaches(CtrEndpoint other) => other is not null && this with { Timeout = other.Timeout } == other;

    /// <summary>The address.</summary>
    public override string ToString() => Address;

    private static CtrEndpoint Unix(string path, string given)
    {
        // sun_path holds 108 bytes with the closing zero (unix(7)).
        if (!path.StartsWith('/'))
        {
            throw Invalid(given, "The path of a unix socket must be absolute, as in unix:///run/containerd/containerd.sock.");
        }

        return System.Text.Encoding.UTF8.GetByteCount(path) > 107
            ? throw Invalid(given, "The path of a unix socket may have 107 bytes at the most.")
            : new CtrEndpoint(CtrTransport.UnixSocket, path, 0, path);
    }

    private static CtrEndpoint Pipe(string name, string given) => name.Length == 0
        ? throw Invalid(given, "The pipe has no name.")
        : new CtrEndpoint(CtrTransport.NamedPipe, name, 0, PipePrefix + name);

    private static CtrException Invalid(string address, string advice) =>
        new(CtrErrorIds.InvalidAddress, CtrStatus.InvalidArgument, $"'{address}' is not an address of containerd. {advice}")
        {
            Target = address,
            RecommendedAction = advice,
        };
}

/// <summary>TLS settings of a TCP endpoint. Paths name PEM files.</summary>
internal sealed record CtrTlsOptions
{
    /// <summary>File with the certificates to trust instead of the system's. Null: the system's.</summary>
    public string? CertificateAuthority { get; init; }

    /// <summary>File with the client's certificate. Null: none is sent.</summary>
    public string? ClientCertificate { get; init; }

    /// <summary>File with the client's private key. Null: it stands in the certificate's file.</summary>
    public string? ClientKey { get; init; }

    /// <summary>Accept any server certificate. For tests only: it takes away all that TLS protects.</summary>
    public bool SkipCertificateCheck { get; init; }
}
