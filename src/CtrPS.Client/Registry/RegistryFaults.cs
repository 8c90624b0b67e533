using System.Net;
using System.Security.Authentication;
using System.Text.Json;

namespace CtrPS.Client.Registry;

/// <summary>What can go wrong at a registry, in words. Addresses are told without what stands behind a '?': that may be a secret.</summary>
internal static class RegistryFaults
{
    /// <summary>How much of an error's body is read.</summary>
    private const int MaxBody = 64 << 10;

    /// <summary>Of a body that is no list of errors, what is told.</summary>
    private const int MaxText = 300;

    private const string Login = "Log in with Connect-CtrRegistry, give -Credential, or check the name: registries answer so as well where there is "
        + "no such repository.";

    /// <summary>Whether a registry refused a manifest because it does not know a blob of it.</summary>
    public static bool IsBlobUnknown(CtrException e) => e is { ErrorId: CtrErrorIds.RegistryFailed, Status: CtrStatus.Aborted };

    /// <summary>An address as it may be shown.</summary>
    public static string Show(Uri address) => ForeignText.Show(address.GetComponents(
        UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped).TrimEnd('/'));

    /// <summary>Nobody answered, or not as HTTP or TLS.</summary>
    /// <param name="what">What was asked for: <c>image 'x'</c>.</param>
    /// <param name="host">The endpoint.</param>
    /// <param name="cause">What was thrown.</param>
    public static CtrException Unreachable(string what, Uri host, Exception cause)
    {
        Exception root = cause;
        while (root.InnerException is not null)
        {
            root = root.InnerException;
        }

        bool isTls = cause is AuthenticationException || cause.InnerException is AuthenticationException
            || cause is HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError };
        return isTls
            ? new CtrException(
                CtrErrorIds.RegistryTlsFailed,
                CtrStatus.Unavailable,
                $"The {what} cannot be had from {Show(host)}: no TLS connection. {root.Message.TrimEnd('.')}.",
                cause)
            {
                Target = host.Authority,
                RecommendedAction = "Trust its authority (-CaCertificate, or 'ca' in hosts.toml). A registry without TLS needs -PlainHttp. "
                    + "Test-CtrRegistry shows the certificate.",
            }
            : new CtrException(
                CtrErrorIds.RegistryUnreachable,
                CtrStatus.Unavailable,
                $"The {what} cannot be had from {Show(host)}: {root.Message.TrimEnd('.')}.",
                cause)
            {
                Target = host.Authority,
                RecommendedAction = "Check name, port, proxy (HTTPS_PROXY, NO_PROXY) and network; Test-CtrRegistry looks at each step.",
            };
    }

    /// <summary>The registry answered with an error.</summary>
    /// <param name="what">What was asked for: <c>image 'x'</c>.</param>
    /// <param name="host">Who answered.</param>
    /// <param name="response">The answer; its body is read.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public static async Task<CtrException> AnsweredAsync(
        string what, Uri host, HttpResponseMessage response, CancellationToken cancellationToken)
    {
        string said = await ReadErrorAsync(response, cancellationToken).ConfigureAwait(false);
        int code = (int)response.StatusCode;
        (string id, CtrStatus status, string fault, string? action) = response.StatusCode switch
        {
            HttpStatusCode.Unauthorized => (CtrErrorIds.RegistryDenied, CtrStatus.Unauthenticated, "it asks for a login.", Login),
            HttpStatusCode.Forbidden => (CtrErrorIds.RegistryDenied, CtrStatus.PermissionDenied, "it is not allowed.", Login),
            HttpStatusCode.NotFound => (CtrErrorIds.RemoteImageNotFound, CtrStatus.NotFound, "it is not there.",
                "Check repository and tag; Find-CtrImage lists them. Private repositories often answer so without a login."),
            HttpStatusCode.TooManyRequests => (CtrErrorIds.RegistryLimited, CtrStatus.ResourceExhausted, "too many requests.",
                "Wait, log in (Connect-CtrRegistry) for a higher limit, or use a mirror (Set-CtrRegistryHost)."),
            HttpStatusCode.RequestEntityTooLarge => (CtrErrorIds.RegistryFailed, CtrStatus.ResourceExhausted, "it is too large for it.",
                "A proxy before the registry limits the size of requests: raise its limit."),
            _ when said.Contains("MANIFEST_BLOB_UNKNOWN", StringComparison.Ordinal) => (
                CtrErrorIds.RegistryFailed, CtrStatus.Aborted, $"it answered {code}.",
                "It has not all blobs that the manifest names: send them before it (Send-CtrContent), or the whole image (Send-CtrImage)."),
            _ => (CtrErrorIds.RegistryFailed, code >= 500 ? CtrStatus.Unavailable : CtrStatus.FailedPrecondition, $"it answered {code}.", null),
        };
        return new CtrException(id, status, $"The {what} at {Show(host)}: {fault}{(said.Length == 0 ? "" : $" It says: {said}")}")
        {
            Target = host.Authority,
            RecommendedAction = action,
        };
    }

    /// <summary>A repository has something under no such digest, neither as a blob nor as a manifest.</summary>
    public static CtrException NoBlob(CtrImageReference repository, string digest, CtrException cause)
    {
        string name = $"{repository.Registry}/{repository.Repository}";
        return new CtrException(
            CtrErrorIds.BlobMissing, CtrStatus.NotFound, $"The repository '{name}' has no blob and no manifest '{digest}'. {cause.Message}", cause)
        {
            Target = digest,
            RecommendedAction = "What an image consists of, its manifest says: (Get-CtrRemoteImage NAME).ToJson($true). Registries answer so, too, "
                + "where there is no such repository, or none without a login (Connect-CtrRegistry, -Credential).",
        };
    }

    /// <summary>The registry broke the rules.</summary>
    public static CtrException Broken(string what, Uri host, string fault, Exception? cause = null) =>
        new(CtrErrorIds.RegistryFailed, CtrStatus.DataLoss, $"The {what} at {Show(host)}: {fault}", cause) { Target = host.Authority };

    /// <summary>The registry sends us somewhere that nobody should be sent.</summary>
    public static CtrException UnsafePlace(Uri host, string place) => new(
        CtrErrorIds.RegistryUntrusted, CtrStatus.PermissionDenied, $"The registry at {Show(host)} sends us to {place}: refused.")
    {
        Target = host.Authority,
        RecommendedAction = "Ask who runs the registry. A mirror may be set up wrong, or somebody answers in its place.",
    };

    /// <summary>Credentials would go to a token service of another host.</summary>
    public static CtrException UntrustedRealm(Uri host, Uri realm) => new(
        CtrErrorIds.RegistryUntrusted,
        CtrStatus.PermissionDenied,
        $"The registry at {Show(host)} wants a token of '{realm.Host}', which is another host: refused, as it would get the credentials.")
    {
        Target = realm.Host,
        RecommendedAction = $"If that is the registry's own login service, trust it with -TrustedRealm {ForeignText.Show(realm.Host)}.",
    };

    /// <summary>Of what several hosts said the one that tells most: who came furthest.</summary>
    public static CtrException MostAdvanced(IReadOnlyList<CtrException> faults)
    {
        CtrException most = faults.MaxBy(fault => fault.ErrorId switch
        {
            CtrErrorIds.RegistryUnreachable => 0,
            CtrErrorIds.RegistryTlsFailed => 1,
            CtrErrorIds.RemoteImageNotFound => 2,
            _ => 3,
        })!;
        return faults.Count == 1 ? most : new CtrException(most.ErrorId, most.Status, most.Message, most)
        {
            Target = most.Target,
            RecommendedAction = most.RecommendedAction,
            Details = [.. faults.Where(fault => !ReferenceEquals(fault, most)).Select(fault => fault.Message)],
        };
    }

    /// <summary>The errors in a body, as the distribution spec has them, or its beginning.</summary>
    public static async Task<string> ReadErrorAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[MaxBody];
        int length;
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(TimeSpan.FromSeconds(10));
            Stream body = await response.Content.ReadAsStreamAsync(limit.Token).ConfigureAwait(false);
            await using (body.ConfigureAwait(false))
            {
                length = await body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, limit.Token).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is IOException or HttpRequestException or OperationCanceledException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return ""; // the status is what matters
        }

        ReadOnlyMemory<byte> bytes = buffer.AsMemory(0, length);
        try
        {
            using var document = JsonDocument.Parse(bytes);
            if (document.RootElement is { ValueKind: JsonValueKind.Object } root
                && root.TryGetProperty("errors", out JsonElement errors) && errors.ValueKind == JsonValueKind.Array)
            {
                IEnumerable<string> told = errors.EnumerateArray().Where(error => error.ValueKind == JsonValueKind.Object).Select(error =>
                    string.Join(": ", new[] { Text(error, "code"), Text(error, "message") }.Where(text => text.Length > 0)));
                return ForeignText.Show(string.Join("; ", told));
            }
        }
        catch (JsonException)
        {
            // A proxy's page, mostly.
        }

        string mediaType = response.Content.Headers.ContentType?.MediaType ?? "";
        return mediaType.Contains("html", StringComparison.OrdinalIgnoreCase)
            ? ""
            : ForeignText.Show(System.Text.Encoding.UTF8.GetString(bytes.Span[..Math.Min(bytes.Length, MaxText)]).Trim());
    }

    private static string Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";
}
