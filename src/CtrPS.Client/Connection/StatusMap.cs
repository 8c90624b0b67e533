using System.Text.RegularExpressions;
using Google.Protobuf;
using Grpc.Core;

namespace CtrPS.Client.Connection;

/// <summary>Turns gRPC's errors into <see cref="CtrException"/>: code to status and id, the server's text first, its details behind.</summary>
internal static partial class StatusMap
{
    private const string DetailsTrailer = "grpc-status-details-bin";

    public static CtrException ToException(RpcException error, CallSubject subject, CtrEndpoint endpoint, string? serverVersion)
    {
        if (FindInner<CtrException>(error) is { } ours)
        {
            return ours;
        }

        if (FindInner<HttpRequestException>(error) is { } http)
        {
            return Transport(http, endpoint, serverVersion);
        }

        string detail = error.Status.Detail;
        (string id, string message, string? advice) = error.StatusCode switch
        {
            StatusCode.NotFound => (subject.NotFoundId, $"There is no {subject.Words}. {QuoteUnlessPlain(detail, subject)}", null),
            StatusCode.AlreadyExists => (subject.ExistsId, $"The {subject.Words} exists already. {QuoteUnlessPlain(detail, subject)}", null),
            StatusCode.InvalidArgument or StatusCode.OutOfRange =>
                (CtrErrorIds.InvalidArgument, $"containerd refuses the argument for {subject.Words}. {Quote(detail)}", null),
            StatusCode.FailedPrecondition => (subject.PreconditionId, $"The {subject.Words} is not in a state for this. {Quote(detail)}", null),
            StatusCode.PermissionDenied or StatusCode.Unauthenticated =>
                (CtrErrorIds.AccessDenied, $"containerd at '{endpoint.Address}' denies access to {subject.Words}. {Quote(detail)}", null),
            StatusCode.Unavailable => (
                CtrErrorIds.Unavailable,
                $"containerd at '{endpoint.Address}' is not available. {Quote(detail)}",
                "Look whether containerd runs and into its log."),
            StatusCode.DeadlineExceeded => (
                CtrErrorIds.Timeout,
                $"containerd at '{endpoint.Address}' gave no answer about {subject.Words} within {endpoint.Timeout.TotalSeconds:0.###} seconds.",
                "Look whether the daemon hangs or the disk is slow, or give more time: Connect-CtrSession -Timeout."),
            StatusCode.Unimplemented => (
                CtrErrorIds.NotSupported,
                $"containerd {serverVersion ?? "of this version"} at '{endpoint.Address}' cannot do this with {subject.Words}. {Quote(detail)}",
                "Use a later version of containerd, or look with Get-CtrPlugin whether the plugin is there."),
            StatusCode.ResourceExhausted => (CtrErrorIds.ResourceExhausted, $"A limit was hit with {subject.Words}. {Quote(detail)}", null),
            _ => (CtrErrorIds.ServerError, $"{Sentence(detail)} (containerd at '{endpoint.Address}', about {subject.Words})", (string?)null),
        };
        return new CtrException(id, ToStatus(error.StatusCode), message.TrimEnd(), error)
        {
            Target = error.StatusCode is StatusCode.Unavailable ? endpoint.Address : subject.Target ?? endpoint.Address,
            RecommendedAction = advice,
            Details = ReadDetails(error.Trailers),
        };
    }

    public static CtrStatus ToStatus(StatusCode code) => code switch
    {
        StatusCode.InvalidArgument => CtrStatus.InvalidArgument,
        StatusCode.OutOfRange => CtrStatus.OutOfRange,
        StatusCode.NotFound => CtrStatus.NotFound,
        StatusCode.AlreadyExists => CtrStatus.AlreadyExists,
        StatusCode.FailedPrecondition => CtrStatus.FailedPrecondition,
        StatusCode.Aborted => CtrStatus.Aborted,
        StatusCode.Unavailable => CtrStatus.Unavailable,
        StatusCode.Unimplemented => CtrStatus.Unimplemented,
        StatusCode.PermissionDenied => CtrStatus.PermissionDenied,
        StatusCode.Unauthenticated => CtrStatus.Unauthenticated,
        StatusCode.ResourceExhausted => CtrStatus.ResourceExhausted,
        StatusCode.DeadlineExceeded => CtrStatus.DeadlineExceeded,
        StatusCode.Internal => CtrStatus.Internal,
        StatusCode.DataLoss => CtrStatus.DataLoss,
        _ => CtrStatus.Unknown,
    };

    /// <summary>
    /// The texts of google.rpc.Status in the trailer, as containerd 2.0 and later nest them for wrapped errors; the outermost is the status itself.
    /// </summary>
    public static IReadOnlyList<string> ReadDetails(Metadata trailers)
    {
        if (trailers.GetValueBytes(DetailsTrailer) is not { } bytes)
        {
            return [];
        }

        var texts = new List<string>();
        try
        {
            Collect(Google.Rpc.Status.Parser.ParseFrom(bytes), texts, depth: 0);
        }
        catch (InvalidProtocolBufferException e)
        {
            // The error itself is known; only its details cannot be read, and that is said rather than hidden.
            texts.Add($"(details that cannot be read: {e.Message})");
        }

        return texts;
    }

    private static void Collect(Google.Rpc.Status status, List<string> texts, int depth)
    {
        const int deepest = 16;
        foreach (Google.Protobuf.WellKnownTypes.Any detail in status.Details)
        {
            // containerd's type URLs have no "type.googleapis.com/" before the name, google's own do.
            string type = detail.TypeUrl[(detail.TypeUrl.LastIndexOf('/') + 1)..];
            if (type == Google.Rpc.Status.Descriptor.FullName && depth < deepest)
            {
                var inner = Google.Rpc.Status.Parser.ParseFrom(detail.Value);
                if (inner.Message.Length > 0)
                {
                    texts.Add(inner.Message);
                }

                Collect(inner, texts, depth + 1);
            }
            else
            {
                // Structured errors come as JSON: HTTP status, body and URL of a registry's refusal.
                string text = detail.Value.ToStringUtf8();
                texts.Add(text.Contains('\uFFFD', StringComparison.Ordinal) ? type : $"{type}: {text}");
            }
        }
    }

    private static CtrException Transport(HttpRequestException error, CtrEndpoint endpoint, string? serverVersion)
    {
        // Before the first answer it may be anything that listens there, and a server of another protocol may answer in its own or just
        // close; later the same fault is a connection that broke.
        if (serverVersion is null)
        {
            bool otherProtocol = error.HttpRequestError is HttpRequestError.HttpProtocolError
                or HttpRequestError.InvalidResponse
                or HttpRequestError.VersionNegotiationError;
            return ConnectFault.NotContainerd(
                endpoint, otherProtocol ? "it does not speak HTTP/2." : "it closes the connection before an answer.", error);
        }

        return Broken(error, endpoint);
    }

    /// <summary>The error for a connection that worked and does so no more.</summary>
    public static CtrException Broken(Exception error, CtrEndpoint endpoint) => new(
        CtrErrorIds.Unavailable,
        CtrStatus.Unavailable,
        $"The connection with containerd at '{endpoint.Address}' broke: {Sentence((error.InnerException ?? error).Message)}",
        error)
    {
        Target = endpoint.Address,
        RecommendedAction = "Look whether containerd runs and into its log; the session reconnects with the next call.",
    };

    private static T? FindInner<T>(Exception error)
        where T : Exception
    {
        // Grpc.Net.Client keeps what the handler threw in Status.DebugException, and a stream's fault as the inner exception.
        Exception? current = (error as RpcException)?.Status.DebugException ?? error.InnerException;
        while (current is not null and not T)
        {
            current = current.InnerException;
        }

        return current as T;
    }

    /// <summary>Nothing where the server's text is just <c>image "x": not found</c>: our own sentence says that already.</summary>
    private static string QuoteUnlessPlain(string detail, CallSubject subject) =>
        subject.Target is { } target && PlainDetail().Match(detail) is { Success: true } match && match.Groups[1].Value == target
            ? ""
            : Quote(detail);

    private static string Quote(string detail) => detail.Length == 0 ? "" : $"containerd says: {Sentence(detail)}";

    private static string Sentence(string text) => text.Length == 0 ? "No reason was given." : text[^1] is '.' or '!' or '?' ? text : text + ".";

    [GeneratedRegex("^[a-z ]+ \"?([^\" ]+?)\"?: (?:not found|already exists)$", RegexOptions.CultureInvariant)]
    private static partial Regex PlainDetail();
}
