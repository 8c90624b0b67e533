using System.Net.Sockets;
using CtrPS.Client.Posix;

namespace CtrPS.Client.Connection;

/// <summary>Tells apart why a connection could not be made, in words for the user.</summary>
internal static class ConnectFault
{
    public static CtrException From(CtrEndpoint endpoint, Exception cause) => endpoint.Transport switch
    {
        CtrTransport.UnixSocket => UnixSocket(endpoint, cause),
        CtrTransport.NamedPipe => NamedPipe(endpoint, cause),
        _ => Tcp(endpoint, cause),
    };

    public static CtrException Tls(CtrEndpoint endpoint, string reason, Exception? cause) => Make(
        CtrErrorIds.TlsFailed,
        endpoint,
        $"No TLS connection with '{endpoint.Address}': {reason}",
        "Check the certificate authority, the client certificate and the host name of the server's certificate.",
        cause);

    /// <summary>What answers is no containerd.</summary>
    public static CtrException NotContainerd(CtrEndpoint endpoint, string what, Exception? cause) => Make(
        CtrErrorIds.NotContainerd,
        endpoint,
        $"What answers at '{endpoint.Address}' is not containerd: {what}",
        "Give the address of containerd's gRPC socket: the value of [grpc] address in its config.toml.",
        cause);

    /// <summary>The session was closed by its owner.</summary>
    public static CtrException Closed(CtrEndpoint endpoint, Exception? cause) => Make(
        CtrErrorIds.SessionClosed,
        endpoint,
        $"The session with containerd at '{endpoint.Address}' was disconnected.",
        "Open a new session with Connect-CtrSession.",
        cause);

    private static CtrException UnixSocket(CtrEndpoint endpoint, Exception cause)
    {
        SocketError? error = (cause as SocketException)?.SocketErrorCode;
        if (error is SocketError.AccessDenied)
        {
            return Make(
                CtrErrorIds.AccessDenied,
                endpoint,
                $"No permission to connect to containerd's socket '{endpoint.Path}'. It belongs to root unless containerd's configuration says "
                    + "otherwise.",
                "Run pwsh as root (sudo pwsh), or let containerd give the socket to your group: uid and gid under [grpc] in its config.toml.",
                cause);
        }

        if (Directory.Exists(endpoint.Path))
        {
            return Make(
                CtrErrorIds.NotASocket,
                endpoint,
                $"'{endpoint.Path}' is a directory, not a socket.",
                "Give the path of containerd's socket, by default /run/containerd/containerd.sock.",
                cause);
        }

        if (!File.Exists(endpoint.Path))
        {
            return Make(
                CtrErrorIds.AddressNotFound,
                endpoint,
                $"There is no socket '{endpoint.Path}': containerd is not running, or it listens at another address.",
                "Start containerd (systemctl start containerd), or give its address with -Address or $env:CONTAINERD_ADDRESS.",
                cause);
        }

        // connect(2) answers ECONNREFUSED both for a plain file and for a socket without a listener.
        // Where it cannot be told which, it counts as a socket: that is what was asked for.
        return error is SocketError.ConnectionRefused && FileStatus.Of(endpoint.Path, follow: true) is not { IsSocket: false }
            ? Make(
                CtrErrorIds.ConnectionRefused,
                endpoint,
                $"Nobody listens on the socket '{endpoint.Path}': containerd has stopped.",
                "Start containerd (systemctl start containerd) and look into its log (journalctl -u containerd).",
                cause)
            : error is SocketError.ConnectionRefused or SocketError.ProtocolType or SocketError.OperationNotSupported
            ? Make(
                CtrErrorIds.NotASocket,
                endpoint,
                $"'{endpoint.Path}' is a file, not a socket.",
                "Give the path of containerd's socket, by default /run/containerd/containerd.sock.",
                cause)
            : Unavailable(endpoint, cause);
    }

    private static CtrException NamedPipe(CtrEndpoint endpoint, Exception cause) => cause switch
    {
        UnauthorizedAccessException => Make(
            CtrErrorIds.AccessDenied,
            endpoint,
            $"No permission to connect to containerd's pipe '{endpoint.Address}'.",
            "Run PowerShell as administrator.",
            cause),
        System.TimeoutException => Make(
            CtrErrorIds.AddressNotFound,
            endpoint,
            $"There is no pipe '{endpoint.Address}': containerd is not running, or it listens at another address.",
            "Start the service (Start-Service containerd), or give its address with -Address or $env:CONTAINERD_ADDRESS.",
            cause),
        _ => Unavailable(endpoint, cause),
    };

    private static CtrException Tcp(CtrEndpoint endpoint, Exception cause) => (cause as SocketException)?.SocketErrorCode switch
    {
        SocketError.ConnectionRefused => Make(
            CtrErrorIds.ConnectionRefused,
            endpoint,
            $"Nobody listens at '{endpoint.Address}'.",
            "containerd itself serves none of its services over TCP: forward its socket (ssh -L /tmp/ctr.sock:/run/containerd/containerd.sock "
                + "host), or start your proxy.",
            cause),
        SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain => Make(
            CtrErrorIds.AddressNotFound,
            endpoint,
            $"The host '{endpoint.Path}' is not known.",
            "Check the host name.",
            cause),
        _ => Unavailable(endpoint, cause),
    };

    private static CtrException Unavailable(CtrEndpoint endpoint, Exception cause) => Make(
        CtrErrorIds.Unavailable,
        endpoint,
        $"No connection with containerd at '{endpoint.Address}': {cause.Message}",
        "Look whether containerd runs and into its log.",
        cause);

    private static CtrException Make(string errorId, CtrEndpoint endpoint, string message, string advice, Exception? cause) =>
        new(errorId, errorId == CtrErrorIds.AccessDenied ? CtrStatus.PermissionDenied : CtrStatus.Unavailable, message, cause)
        {
            Target = endpoint.Address,
            RecommendedAction = advice,
        };
}
