using System.IO.Pipes;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using Grpc.Net.Client;

namespace CtrPS.Client.Connection;

/// <summary>Makes gRPC channels over unix sockets, named pipes and TCP. Making one does no I/O.</summary>
internal static class ChannelFactory
{
    /// <summary>
    /// The limit of containerd's Go client and server (defaults/defaults.go); .NET's own default of 4 MiB is too small for long lists.
    /// </summary>
    private const int MaxMessageSize = 16 << 20;

    public static GrpcChannel Create(CtrEndpoint endpoint)
    {
        var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            ActivityHeadersPropagator = null,
            EnableMultipleHttp2Connections = true,
            PooledConnectionIdleTimeout = System.Threading.Timeout.InfiniteTimeSpan,
            ConnectTimeout = endpoint.Timeout,
            // Large blobs: a window that holds two of the server's 1 MiB messages keeps its sender from waiting for ours. Several blobs are read at a
            // time, and each fills its window; where the way is long, the handler itself widens it.
            InitialHttp2StreamWindowSize = 2 << 20,
            ConnectCallback = (_, cancellationToken) => ConnectAsync(endpoint, cancellationToken),
        };

        // TLS is done in ConnectAsync, so that its failures are told like those of the socket. The authority is "localhost", as containerd's
        // Go server refuses an escaped path there.
        return GrpcChannel.ForAddress("http://localhost", new GrpcChannelOptions
        {
            HttpHandler = handler,
            DisposeHttpClient = true,
            Credentials = ChannelCredentials.Insecure,
            MaxReceiveMessageSize = MaxMessageSize,
            MaxSendMessageSize = MaxMessageSize,
        });
    }

    private static async ValueTask<Stream> ConnectAsync(CtrEndpoint endpoint, CancellationToken cancellationToken)
    {
        switch (endpoint.Transport)
        {
            case CtrTransport.NamedPipe:
                return await ConnectPipeAsync(endpoint, cancellationToken).ConfigureAwait(false);
            case CtrTransport.UnixSocket:
                return await ConnectSocketAsync(
                    endpoint,
                    new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified),
                    socket => socket.ConnectAsync(new UnixDomainSocketEndPoint(endpoint.Path), cancellationToken)).ConfigureAwait(false);
            default:
                Stream plain = await ConnectSocketAsync(
                    endpoint,
                    new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true },
                    socket => socket.ConnectAsync(endpoint.Path, endpoint.Port, cancellationToken)).ConfigureAwait(false);
                return endpoint.Tls is { } tls ? await SecureAsync(endpoint, tls, plain, cancellationToken).ConfigureAwait(false) : plain;
        }
    }

    private static async ValueTask<Stream> ConnectSocketAsync(CtrEndpoint endpoint, Socket socket, Func<Socket, ValueTask> connect)
    {
        try
        {
            await connect(socket).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw ConnectFault.From(endpoint, e);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static async ValueTask<Stream> ConnectPipeAsync(CtrEndpoint endpoint, CancellationToken cancellationToken)
    {
        // HTTP/2 reads and writes at the same time: the handle must be asynchronous, or one waits for the other.
        var pipe = new NamedPipeClientStream(".", endpoint.Path, PipeDirection.InOut, PipeOptions.Asynchronous);
        try
        {
            await pipe.ConnectAsync(endpoint.Timeout, cancellationToken).ConfigureAwait(false);
            return pipe;
        }
        catch (Exception e) when (e is System.TimeoutException or UnauthorizedAccessException or IOException)
        {
            await pipe.DisposeAsync().ConfigureAwait(false);
            throw ConnectFault.From(endpoint, e);
        }
        catch
        {
            await pipe.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private static async ValueTask<Stream> SecureAsync(CtrEndpoint endpoint, CtrTlsOptions tls, Stream plain, CancellationToken cancellationToken)
    {
        var secure = new SslStream(plain);
        try
        {
            await secure.AuthenticateAsClientAsync(TlsOptions(endpoint, tls), cancellationToken).ConfigureAwait(false);
            return secure.NegotiatedApplicationProtocol == SslApplicationProtocol.Http2
                ? secure
                : throw ConnectFault.Tls(endpoint, "the server does not speak HTTP/2.", null);
        }
        catch (Exception e)
        {
            await secure.DisposeAsync().ConfigureAwait(false);
            if (e is System.Security.Authentication.AuthenticationException or IOException or System.Security.Cryptography.CryptographicException)
            {
                throw ConnectFault.Tls(endpoint, (e.InnerException ?? e).Message, e);
            }

            throw;
        }
    }

    private static SslClientAuthenticationOptions TlsOptions(CtrEndpoint endpoint, CtrTlsOptions tls)
    {
        var options = new SslClientAuthenticationOptions
        {
            TargetHost = endpoint.Path,
            ApplicationProtocols = [SslApplicationProtocol.Http2],
        };
        if (tls.ClientCertificate is { } certificate)
        {
            // Through PKCS#12: on Windows a key read from PEM cannot be used by TLS.
            using var pem = X509Certificate2.CreateFromPemFile(certificate, tls.ClientKey ?? certificate);
            options.ClientCertificates = [X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pkcs12), null)];
        }

        if (tls.CertificateAuthority is { } authority)
        {
            var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            policy.CustomTrustStore.ImportFromPemFile(authority);
            options.CertificateChainPolicy = policy;
        }

        if (tls.SkipCertificateCheck)
        {
#pragma warning disable CA5359 // asked for by the user, and named so
            options.RemoteCertificateValidationCallback = (_, _, _, _) => true;
#pragma warning restore CA5359
        }

        return options;
    }
}
