using System.Net;
using System.Text.RegularExpressions;

namespace CtrPS.Rig.Registry;

/// <summary>
/// What a faulty server does wrong, and with which requests: the first of its faults that fits a request is the one. All that is set works
/// together.
/// <list type="table">
/// <item><term>500 three times</term><description><c>Path = "/blobs/", Times = 3, Status = 500</c></description></item>
/// <item><term>rate limit</term><description><c>Status = 429, Headers = { ["Retry-After"] = "1" }</c></description></item>
/// <item><term>cut in the middle, once</term><description><c>Method = "GET", Path = "/blobs/", Times = 1, CutAfter = 1000</c></description></item>
/// <item><term>redirect</term><description><c>Redirect = "{storage}{path}"</c>, <c>Redirect = "http://169.254.169.254/"</c></description></item>
/// <item><term>Range ignored</term><description><c>IgnoreRange = true</c></description></item>
/// <item><term>206 without Content-Range</term><description><c>Ranged = true, Headers = { ["Content-Range"] = null }</c></description></item>
/// <item><term>Range that hangs</term><description><c>Ranged = true, Hang = true</c>, or with headers: <c>StallAfter = 0</c></description></item>
/// <item><term>token expired</term><description><c>Authorized = true, Times = 1, DropAuthorization = true</c></description></item>
/// <item><term>401 for ever</term><description><c>DropAuthorization = true</c></description></item>
/// <item><term>realm elsewhere</term><description><c>Status = 401, Headers = { ["WWW-Authenticate"] =
/// "Bearer realm=\"{storage}/token\",service=\"x\"" }</c></description></item>
/// <item><term>wrong digest told</term><description><c>Headers = { ["Docker-Content-Digest"] = "sha256:0" }</c>; null: none told</description></item>
/// <item><term>upload elsewhere</term><description><c>Headers = { ["Location"] = "{storage}{location}" }</c></description></item>
/// <item><term>relative Location</term><description><c>Headers = { ["Location"] = "{location}" }</c></description></item>
/// </list>
/// Places that a text may name: <c>{self}</c>, <c>{otherPort}</c> (same host), <c>{storage}</c> (another host, takes no Authorization),
/// <c>{plain}</c> (http where the server has https), <c>{path}</c> (the request's path and query), <c>{location}</c> (those of the answer's
/// Location).
/// </summary>
public sealed record RegistryFault
{
    /// <summary>A word for the log.</summary>
    public string? Name { get; init; }

    // ---- which requests

    /// <summary>GET, HEAD... Null: any.</summary>
    public string? Method { get; init; }

    /// <summary>A regular expression that the path with the query holds. Null: any.</summary>
    public string? Path { get; init; }

    /// <summary>True: only requests with a Range; false: only those without one.</summary>
    public bool? Ranged { get; init; }

    /// <summary>True: only requests with Authorization; false: only those without one.</summary>
    public bool? Authorized { get; init; }

    /// <summary>Where the request came in. Null: anywhere.</summary>
    public FaultyPlace? Place { get; init; }

    /// <summary>How many that fit are served well first.</summary>
    public int Skip { get; init; }

    /// <summary>How many are served wrong then. Null: all.</summary>
    public int? Times { get; init; }

    // ---- before an answer

    /// <summary>Seconds to wait before anything is done.</summary>
    public double DelaySeconds { get; init; }

    /// <summary>No answer ever: until the client goes.</summary>
    public bool Hang { get; init; }

    /// <summary>The connection is reset instead of an answer. Clients may send a request once more by themselves where it went over a connection
    /// that had served before: .NET's does.</summary>
    public bool Drop { get; init; }

    /// <summary>The connection is reset after so many bytes of an upload were read.</summary>
    public long? CutRequestAfter { get; init; }

    /// <summary>The server behind does not see the Authorization: it asks for one anew.</summary>
    public bool DropAuthorization { get; init; }

    /// <summary>The server behind does not see the Range: it sends the whole.</summary>
    public bool IgnoreRange { get; init; }

    /// <summary>A mount from another repository is answered as an upload that begins (202).</summary>
    public bool RefuseMount { get; init; }

    // ---- an answer instead of the one of the server behind

    public int? Status { get; init; }

    /// <summary>The body with <see cref="Status"/>. Null: an error as registries tell it, made of <see cref="ErrorCode"/> and
    /// <see cref="ErrorMessage"/> where these are set, else nothing.</summary>
    public string? Body { get; init; }

    public string? ErrorCode { get; init; }

    public string? ErrorMessage { get; init; }

    /// <summary>The body is repeated until it has so many bytes.</summary>
    public int? BodyLength { get; init; }

    public string? ContentType { get; init; }

    /// <summary>Answer before the body of the request is read.</summary>
    public bool Early { get; init; }

    /// <summary>Answer with 307, or <see cref="Status"/>, to there.</summary>
    public string? Redirect { get; init; }

    // ---- changes of the answer

    /// <summary>Headers that are set; null: taken away.</summary>
    public IReadOnlyDictionary<string, string?> Headers { get; init; } = new Dictionary<string, string?>();

    /// <summary>No Content-Length.</summary>
    public bool Chunked { get; init; }

    /// <summary>Content-Encoding: gzip, whether it was asked for or not.</summary>
    public bool Gzip { get; init; }

    /// <summary>The byte at this offset of the body is another one; the length stays.</summary>
    public long? CorruptAt { get; init; }

    /// <summary>So many bytes more than there are, or, below zero, fewer; Content-Length agrees.</summary>
    public long Lengthen { get; init; }

    /// <summary>The connection is closed after so many bytes of the body. They reach the client, but for <see cref="Reset"/>.</summary>
    public long? CutAfter { get; init; }

    /// <summary>The cut is a reset: the system may throw away what the client has not read.</summary>
    public bool Reset { get; init; }

    /// <summary>After so many bytes of the body nothing more comes.</summary>
    public long? StallAfter { get; init; }

    /// <summary>How long nothing comes. Null: until the client goes.</summary>
    public double? StallSeconds { get; init; }

    /// <summary>How fast the body comes.</summary>
    public long? BytesPerSecond { get; init; }

    internal bool Fits(ServedRequest request) =>
        (Method is null || string.Equals(Method, request.Method, StringComparison.OrdinalIgnoreCase))
        && (Path is null || Regex.IsMatch(request.Path, Path))
        && (Ranged is null || Ranged == request.Range is not null)
        && (Authorized is null || Authorized == request.IsAuthorized)
        && (Place is null || Place == request.Place);

    /// <summary>The answer instead of the one of the server behind. Null: there is none.</summary>
    internal HttpResponseMessage? MakeAnswer()
    {
        if (Status is null && Redirect is null)
        {
            return null;
        }

        var answer = new HttpResponseMessage((HttpStatusCode)(Status ?? 307)) { Content = new ByteArrayContent(MakeBody()) };
        answer.Content.Headers.TryAddWithoutValidation("Content-Type", ContentType ?? (ErrorCode is null ? "text/plain" : "application/json"));
        if (Redirect is not null)
        {
            answer.Headers.TryAddWithoutValidation("Location", Redirect);
        }

        return answer;
    }

    private byte[] MakeBody()
    {
        var text = Body ?? (ErrorCode is null ? "" : RegistryError.ToJson(ErrorCode, ErrorMessage ?? ""));
        var once = System.Text.Encoding.UTF8.GetBytes(text);
        if (BodyLength is not { } length || once.Length == 0)
        {
            return once;
        }

        var body = new byte[length];
        for (var at = 0; at < length; at += once.Length)
        {
            once.AsSpan(0, Math.Min(once.Length, length - at)).CopyTo(body.AsSpan(at));
        }

        return body;
    }
}
