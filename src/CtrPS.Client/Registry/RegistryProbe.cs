using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using CtrPS.Client.Oci;

namespace CtrPS.Client.Registry;

/// <summary>
/// Looks at a host of a registry step by step: name, connection, certificate, challenge, token, manifest, parts of blobs, limits. The steps up to the
/// certificate are made beside the client, since it tells of them only where they fail; whether the certificate is trusted says the client alone.
/// </summary>
/// <param name="registries">How registries are spoken to.</param>
/// <param name="registry">The registry.</param>
/// <param name="reference">The image that is asked for. Null: none.</param>
internal sealed class RegistryProbe(RegistryClient registries, string registry, CtrImageReference? reference)
{
    /// <summary>What nobody answers within is told as that: this is a look, no download.</summary>
    private static readonly TimeSpan StepTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Looks at all hosts of a registry, in the order of asking.</summary>
    public static async IAsyncEnumerable<CtrRegistryCheck> TestAsync(
        string text, RegistryClient registries, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        CtrImageReference? reference = RegistryNames.ReferenceOf(text);
        string registry = reference?.Registry ?? RegistryNames.FromNameOrReference(text);
        var probe = new RegistryProbe(registries, registry, reference);
        IReadOnlyList<RegistryHost> hosts = registries.HostsOf(registry);
        for (int i = 0; i < hosts.Count; i++)
        {
            yield return await probe.LookAsync(hosts[i], i + 1, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<CtrRegistryCheck> LookAsync(RegistryHost host, int order, CancellationToken cancellationToken)
    {
        var check = new CtrRegistryCheck
        {
            Registry = registry,
            Order = order,
            IsMirror = host.Endpoint.IsMirror,
        };
        try
        {
            await ConnectAsync(host, check, cancellationToken).ConfigureAwait(false);
            await ChallengeAsync(host, check, cancellationToken).ConfigureAwait(false);
            await AuthorizeAsync(host, check, cancellationToken).ConfigureAwait(false);
            if (reference is not null)
            {
                await AskForImageAsync(host, reference, check, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (CtrException e)
        {
            check.Status = e.ErrorId switch
            {
                CtrErrorIds.RemoteImageNotFound => CtrRegistryState.NotFound,
                CtrErrorIds.RegistryDenied => CtrRegistryState.Denied,
                CtrErrorIds.RegistryLimited => CtrRegistryState.Limited,
                CtrErrorIds.RegistryUntrusted => CtrRegistryState.Untrusted,
                CtrErrorIds.RegistryTlsFailed => CtrRegistryState.TlsFailed,
                CtrErrorIds.RegistryUnreachable => CtrRegistryState.Unreachable,
                _ => CtrRegistryState.Failed,
            };
            check.Reason = e.Message;
            check.RecommendedAction = WayOut(check, e.RecommendedAction);
        }

        check.Url = RegistryFaults.Show(host.Root); // with or without TLS is known now
        return check;
    }

    /// <summary>What the step that failed says more than the error.</summary>
    private static string? WayOut(CtrRegistryCheck check, string? action) => check.Status switch
    {
        CtrRegistryState.TlsFailed when check.TlsExpiresAt < DateTimeOffset.Now =>
            string.Create(CultureInfo.InvariantCulture, $"Its certificate ended on {check.TlsExpiresAt:yyyy-MM-dd}: have it renewed."),
        CtrRegistryState.TlsFailed when check.TlsIssuer is { } issuer =>
            $"Check that the certificate is for this name, and trust the authority '{issuer}' (-CaCertificate, or 'ca' in hosts.toml).",
        CtrRegistryState.TlsFailed => "It speaks no TLS: -PlainHttp, or http:// in hosts.toml, if it is meant to.",
        CtrRegistryState.Unreachable when check.Proxy is { } proxy => $"Check the proxy {proxy} (HTTPS_PROXY, NO_PROXY) and what it lets through.",
        CtrRegistryState.Unreachable when check.IPAddresses.Count == 0 => "Its name stands for no address: check it, and DNS.",
        CtrRegistryState.Unreachable when check.ConnectTime is null => "Check its port, firewalls, and that it runs.",
        _ => action,
    };

    private static async Task ConnectAsync(RegistryHost host, CtrRegistryCheck check, CancellationToken cancellationToken)
    {
        Uri root = host.Endpoint.Root;
        if (HttpClient.DefaultProxy.GetProxy(root) is { } proxy && proxy != root)
        {
            check.Proxy = RegistryFaults.Show(proxy); // it looks up the name and connects, not we
            return;
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(StepTimeout);
        try
        {
            IPAddress[] addresses = await Dns.GetHostAddressesAsync(root.IdnHost, limit.Token).ConfigureAwait(false);
            check.IPAddresses = [.. addresses.Select(address => address.ToString())];
            var clock = Stopwatch.StartNew();
            using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(addresses, root.Port, limit.Token).ConfigureAwait(false);
            check.ConnectTime = clock.Elapsed;
            if (root.Scheme == "https" || host.Endpoint.TriesTlsFirst)
            {
                await LookAtCertificateAsync(socket, root, check, limit.Token).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is SocketException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            throw RegistryFaults.Unreachable("registry", root, e is SocketException ? e : new TimeoutException(
                string.Create(CultureInfo.InvariantCulture, $"no connection within {StepTimeout.TotalSeconds:0} seconds"), e));
        }
    }

    /// <summary>Reads the certificate, whoever may trust it. That there is none is told by the client, which may go on without.</summary>
    private static async Task LookAtCertificateAsync(Socket socket, Uri root, CtrRegistryCheck check, CancellationToken cancellationToken)
    {
        using var stream = new NetworkStream(socket);
        using var tls = new SslStream(stream, leaveInnerStreamOpen: false, (sender, certificate, _, _) =>
        {
            check.TlsProtocol = ((SslStream)sender).SslProtocol.ToString();
            if (certificate is not null)
            {
                using var leaf = new X509Certificate2(certificate);
                check.TlsSubject = leaf.Subject;
                check.TlsIssuer = leaf.Issuer;
                check.TlsExpiresAt = leaf.NotAfter;
            }

            return false; // all that is wanted was seen
        });
        try
        {
            await tls.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions { TargetHost = root.IdnHost }, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is AuthenticationException or IOException)
        {
            // Refused by the line above; or by the other side, and then the client meets the same in the next step and tells it in its words.
        }
    }

    /// <summary>How it wants to be told who asks. The request goes without a login.</summary>
    private static async Task ChallengeAsync(RegistryHost host, CtrRegistryCheck check, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        using HttpResponseMessage response = await host.AskPlainlyAsync(
            new RegistryRequest { Method = HttpMethod.Get, What = "registry" }, cancellationToken).ConfigureAwait(false);
        check.Latency = clock.Elapsed;
        Challenge? challenge = response.StatusCode == HttpStatusCode.Unauthorized ? Challenge.Choose(response.Headers) : null;
        check.Challenge = challenge?.Scheme ?? "";
        check.Realm = challenge?.Scheme == "bearer" && Uri.TryCreate(challenge["realm"], UriKind.Absolute, out Uri? realm) ? realm.Authority : null;
        if (response.StatusCode != HttpStatusCode.Unauthorized && !response.IsSuccessStatusCode && response.StatusCode != HttpStatusCode.NotFound)
        {
            throw await RegistryFaults.AnsweredAsync("registry", host.Root, response, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Whether it takes our login or token. Where an image is asked for, that is what it allows.</summary>
    private async Task AuthorizeAsync(RegistryHost host, CtrRegistryCheck check, CancellationToken cancellationToken)
    {
        if (reference is not null && check.Challenge != "")
        {
            return; // a token is for a repository
        }

        var request = new RegistryRequest { Method = HttpMethod.Get, What = "registry" };
        using HttpResponseMessage response = await host.SendAsync(request, isLast: true, cancellationToken).ConfigureAwait(false);
        check.IsAuthorized = response.StatusCode is not (HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden);

        // Mirrors and proxies may know nothing but repositories.
        if (!response.IsSuccessStatusCode && !(reference is not null && response.StatusCode == HttpStatusCode.NotFound))
        {
            throw response.StatusCode == HttpStatusCode.NotFound
                ? RegistryFaults.Broken("registry", host.Root, "there is no registry's API (it answers 404 at its root).")
                : await RegistryFaults.AnsweredAsync("registry", host.Root, response, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task AskForImageAsync(RegistryHost host, CtrImageReference image, CtrRegistryCheck check, CancellationToken cancellationToken)
    {
        var repository = new RepositoryClient([host], image, registries.Options);
        RegistryRequest head = repository.Request(
            HttpMethod.Head, $"manifests/{image.Digest ?? image.Tag}", host, RepositoryClient.ManifestTypes);
        using (HttpResponseMessage response = await host.SendAsync(head, isLast: true, cancellationToken).ConfigureAwait(false))
        {
            ReadLimits(response.Headers, check);
            check.IsAuthorized = response.StatusCode is not (HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden);
        }

        Descriptor target = await repository.ResolveAsync(image.Digest ?? image.Tag!, cancellationToken).ConfigureAwait(false);
        check.Digest = target.Digest;
        if (await FindBlobAsync(repository, target, cancellationToken).ConfigureAwait(false) is { } blob)
        {
            RegistryRequest part = repository.Request(HttpMethod.Get, $"blobs/{blob.Digest}", host) with { Range = new RangeHeaderValue(0, 0) };
            using HttpResponseMessage response = await RepositoryClient.SendAsync(host, part, isLast: true, cancellationToken).ConfigureAwait(false);
            check.SupportsRange = response.StatusCode == HttpStatusCode.PartialContent;
        }
    }

    /// <summary>Some blob of the image: the config of its first manifest. Null: there is none.</summary>
    private static async Task<Descriptor?> FindBlobAsync(RepositoryClient repository, Descriptor target, CancellationToken cancellationToken)
    {
        Descriptor? manifest = target;
        if (MediaTypes.IsIndex(target.MediaType))
        {
            ReadOnlyMemory<byte> index = await repository.ReadAsync(target, cancellationToken).ConfigureAwait(false);
            manifest = ManifestDocument.Parse(index, target).Children.FirstOrDefault(child => MediaTypes.IsManifest(child.MediaType));
        }

        if (manifest is null || !MediaTypes.IsManifest(manifest.MediaType))
        {
            return null;
        }

        ReadOnlyMemory<byte> bytes = await repository.ReadAsync(manifest, cancellationToken).ConfigureAwait(false);
        return ManifestDocument.Parse(bytes, manifest).Children.FirstOrDefault(child => child.Size > 0 && Digests.IsValid(child.Digest));
    }

    /// <summary>Limits as Docker Hub tells them, <c>100;w=21600</c>, and as others do.</summary>
    private static void ReadLimits(HttpResponseHeaders headers, CtrRegistryCheck check)
    {
        check.RateLimit = Number("ratelimit-limit") ?? Number("x-ratelimit-limit");
        check.RateLimitRemaining = Number("ratelimit-remaining") ?? Number("x-ratelimit-remaining");

        long? Number(string name) => headers.TryGetValues(name, out IEnumerable<string>? values)
            && long.TryParse(values.First().Split(';')[0].Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out long number)
            ? number
            : null;
    }
}
