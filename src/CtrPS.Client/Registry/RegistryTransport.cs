using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Net.Sockets;
using System.Reflection;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace CtrPS.Client.Registry;

/// <summary>
/// HTTP connections to one endpoint, and to where it sends us. Nothing is followed, unpacked, repeated or remembered here: redirects, codings,
/// retries and tokens are decided on by who sends, since each of them can lead secrets or bytes astray.
/// </summary>
internal sealed class RegistryTransport : IDisposable
{
    private static readonly ProductInfoHeaderValue Product = new(
        "CtrPS",
        typeof(RegistryTransport).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0]);

    private readonly RegistryEndpoint _endpoint;
    private readonly HttpClient _client;
    private readonly X509Certificate2Collection _authorities = [];
    private readonly X509Certificate2Collection _own = [];
    private volatile bool _speaksPlainly;

    /// <exception cref="CtrException"><see cref="CtrErrorIds.InvalidArgument"/>: a certificate's file cannot be used.</exception>
    public RegistryTransport(RegistryEndpoint endpoint)
    {
        _endpoint = endpoint;
        foreach (string file in endpoint.Authorities)
        {
            Load(file, () => _authorities.ImportFromPemFile(file));
        }

        foreach ((string certificate, string? key) in endpoint.ClientCertificates)
        {
            Load(certificate, () => _own.Add(ReadOwn(certificate, key)));
        }

        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            UseCookies = false,
            Proxy = new QuietProxy(HttpClient.DefaultProxy),
            ConnectTimeout = endpoint.DialTimeout,
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
            Expect100ContinueTimeout = TimeSpan.FromSeconds(5),
            ConnectCallback = ConnectAsync,
            SslOptions = { RemoteCertificateValidationCallback = IsTrusted, ClientCertificates = _own.Count > 0 ? _own : null },
        };
        _client = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>Whether the endpoint answered TLS with plain HTTP.</summary>
    public bool SpeaksPlainly => _speaksPlainly;

    /// <summary>Sends a request and reads the head of the answer.</summary>
    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        request.Version = HttpVersion.Version11; // one connection a blob: HTTP/2 shares one window among them
        request.VersionPolicy = HttpVersionPolicy.RequestVersionOrLower;
        request.Headers.UserAgent.Add(Product);
        return _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
    }

    public void Dispose()
    {
        _client.Dispose();
        foreach (X509Certificate2 certificate in _authorities.Concat(_own))
        {
            certificate.Dispose();
        }
    }

    /// <summary>Addresses that no registry has and that clouds answer on with the machine's own secrets.</summary>
    public static bool IsLinkLocal(IPAddress address)
    {
        IPAddress plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        byte[] bytes = plain.GetAddressBytes();
        return plain.IsIPv6LinkLocal
            || (bytes.Length == 4 && ((bytes[0] == 169 && bytes[1] == 254) || bytes.All(one => one == 0) || plain.Equals(AlibabaMetadata)))
            || plain.Equals(AwsMetadata)
            || plain.Equals(IPAddress.IPv6Any);
    }

    private static readonly IPAddress AwsMetadata = IPAddress.Parse("fd00:ec2::254");
    private static readonly IPAddress AlibabaMetadata = IPAddress.Parse("100.100.100.200");

    private static void Load(string file, Action load)
    {
        try
        {
            load();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            throw new CtrException(
                CtrErrorIds.InvalidArgument, CtrStatus.InvalidArgument, $"The certificate file '{file}' cannot be used: {e.Message}", e)
            {
                Target = file,
                RecommendedAction =
                    "Name a readable file with certificates in PEM form (-----BEGIN CERTIFICATE-----), and for one of a client its key.",
            };
        }
    }

    private static X509Certificate2 ReadOwn(string certificate, string? key)
    {
        var own = X509Certificate2.CreateFromPemFile(certificate, string.IsNullOrEmpty(key) ? certificate : key);
        if (!OperatingSystem.IsWindows())
        {
            return own;
        }

        // Windows' TLS takes no key that is in memory only.
        using (own)
        {
            return X509CertificateLoader.LoadPkcs12(own.Export(X509ContentType.Pkcs12), null);
        }
    }

    /// <summary>The system's authorities, and beside them those that the endpoint is configured with.</summary>
    private bool IsTrusted(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (_endpoint.SkipVerify || errors == SslPolicyErrors.None)
        {
            return true;
        }

        if (errors != SslPolicyErrors.RemoteCertificateChainErrors || _authorities.Count == 0 || certificate is null)
        {
            return false;
        }

        using var own = new X509Chain();
        own.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        own.ChainPolicy.CustomTrustStore.AddRange(_authorities);
        own.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        own.ChainPolicy.ApplicationPolicy.Add(new Oid("1.3.6.1.5.5.7.3.1")); // a server
        if (chain is not null)
        {
            own.ChainPolicy.ExtraStore.AddRange(chain.ChainElements.Select(element => element.Certificate).ToArray());
        }

        using var leaf = new X509Certificate2(certificate);
        return own.Build(leaf);
    }

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        DnsEndPoint target = context.DnsEndPoint;
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            // Where the endpoint sends us, not where the user did. A proxy has another name than what is asked for through it.
            if (target.Host == context.InitialRequestMessage.RequestUri!.IdnHost && target.Host != _endpoint.Root.IdnHost)
            {
                IPAddress[] addresses = await Dns.GetHostAddressesAsync(target.Host, cancellationToken).ConfigureAwait(false);
                if (addresses.Any(IsLinkLocal))
                {
                    throw RegistryFaults.UnsafePlace(_endpoint.Root, $"'{target.Host}', which is a link-local or metadata address");
                }

                await socket.ConnectAsync(addresses, target.Port, cancellationToken).ConfigureAwait(false);
            }
            else
            {
                await socket.ConnectAsync(target, cancellationToken).ConfigureAwait(false);
            }

            var stream = new NetworkStream(socket, ownsSocket: true);
            return _endpoint.TriesTlsFirst ? new FirstBytes(stream, () => _speaksPlainly = true) : stream;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>The system's proxy by an address without its user and password: errors of .NET tell that address.</summary>
    private sealed class QuietProxy(IWebProxy proxy) : IWebProxy, ICredentials
    {
        public ICredentials? Credentials
        {
            get => this;
            set => throw new NotSupportedException();
        }

        public Uri? GetProxy(Uri destination) => proxy.GetProxy(destination) is { UserInfo.Length: > 0 } told
            ? new UriBuilder(told) { UserName = "", Password = "" }.Uri
            : proxy.GetProxy(destination);

        public bool IsBypassed(Uri host) => proxy.IsBypassed(host);

        // Addresses are equal whatever user is in them.
        public NetworkCredential? GetCredential(Uri uri, string authType) => proxy.Credentials?.GetCredential(uri, authType);
    }

    /// <summary>Looks at the first bytes of an answer: whoever answers TLS with <c>HTTP/</c> speaks none.</summary>
    private sealed class FirstBytes(Stream stream, Action plain) : Stream
    {
        private readonly byte[] _first = new byte[5];
        private int _count;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            int read = await stream.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
            Look(buffer.Span[..read]);
            return read;
        }

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override int Read(byte[] buffer, int offset, int count)
        {
            int read = stream.Read(buffer, offset, count);
            Look(buffer.AsSpan(offset, read));
            return read;
        }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
            stream.WriteAsync(buffer, cancellationToken);

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            stream.WriteAsync(buffer, offset, count, cancellationToken);

        public override void Write(byte[] buffer, int offset, int count) => stream.Write(buffer, offset, count);

        public override void Flush() => stream.Flush();

        public override Task FlushAsync(CancellationToken cancellationToken) => stream.FlushAsync(cancellationToken);

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                stream.Dispose();
            }

            base.Dispose(disposing);
        }

        private void Look(ReadOnlySpan<byte> bytes)
        {
            if (_count < _first.Length)
            {
                int taken = Math.Min(bytes.Length, _first.Length - _count);
                bytes[..taken].CopyTo(_first.AsSpan(_count));
                _count += taken;
                if (_count == _first.Length && _first.AsSpan().SequenceEqual("HTTP/"u8))
                {
                    plain();
                }
            }
        }
    }
}
