using System.Net;
using Polly;
using Polly.Retry;

namespace CtrPS.Client.Registry;

/// <summary>What is tried again, and after which wait: as the registry asks, else waits that double, each a little different.</summary>
internal static class RegistryRetry
{
    /// <summary>A wait that is asked for beyond this is told, not waited for.</summary>
    private static readonly TimeSpan MaxWait = TimeSpan.FromMinutes(2);

    /// <summary>For requests: answers and broken connections that may pass.</summary>
    public static ResiliencePipeline<HttpResponseMessage> OfRequests(CtrRegistryOptions options) => options.MaximumRetryCount == 0
        ? ResiliencePipeline<HttpResponseMessage>.Empty
        : new ResiliencePipelineBuilder<HttpResponseMessage>().AddRetry(new RetryStrategyOptions<HttpResponseMessage>
        {
            MaxRetryAttempts = options.MaximumRetryCount,
            Delay = options.RetryInterval,
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
            MaxDelay = TimeSpan.FromSeconds(30),
            ShouldHandle = arguments => ValueTask.FromResult(MayPass(arguments.Outcome)),
            DelayGenerator = arguments => ValueTask.FromResult(WaitOf(arguments.Outcome.Result)),
            OnRetry = arguments =>
            {
                arguments.Outcome.Result?.Dispose();
                return ValueTask.CompletedTask;
            },
        }).Build();

    /// <summary>For work of several requests that has to begin anew where one fails.</summary>
    public static ResiliencePipeline OfWork(CtrRegistryOptions options) => options.MaximumRetryCount == 0
        ? ResiliencePipeline.Empty
        : new ResiliencePipelineBuilder().AddRetry(new RetryStrategyOptions
        {
            MaxRetryAttempts = options.MaximumRetryCount,
            Delay = options.RetryInterval,
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
            MaxDelay = TimeSpan.FromSeconds(30),
            ShouldHandle = arguments => ValueTask.FromResult(arguments.Outcome.Exception is CtrException e && MayPass(e)),
        }).Build();

    /// <summary>
    /// For a manifest whose blobs were found or put a moment ago: registries say now and then that they do not know one, while another client puts
    /// the same (distribution 2 writes the file that links a blob to a repository anew, and it is empty for that moment).
    /// </summary>
    public static ResiliencePipeline OfManifests(CtrRegistryOptions options) => options.MaximumRetryCount == 0
        ? ResiliencePipeline.Empty
        : new ResiliencePipelineBuilder().AddRetry(new RetryStrategyOptions
        {
            MaxRetryAttempts = Math.Min(2, options.MaximumRetryCount),
            Delay = TimeSpan.FromMilliseconds(300),
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
            ShouldHandle = arguments => ValueTask.FromResult(arguments.Outcome.Exception is CtrException e && RegistryFaults.IsBlobUnknown(e)),
        }).Build();

    private static bool MayPass(CtrException e) => e.ErrorId is CtrErrorIds.RegistryUnreachable or CtrErrorIds.RegistryLimited
        || (e.ErrorId == CtrErrorIds.RegistryFailed && e.Status == CtrStatus.Unavailable);

    private static bool MayPass(Outcome<HttpResponseMessage> outcome) => outcome switch
    {
        { Exception: HttpRequestException { InnerException: CtrException } } => false,
        { Exception: HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } } => false,
        { Exception: HttpRequestException or IOException } => true, // not TimeoutException: that was long enough
        { Result.StatusCode: HttpStatusCode.TooManyRequests } => WaitOf(outcome.Result) is null || WaitOf(outcome.Result) <= MaxWait,
        {
            Result.StatusCode: HttpStatusCode.RequestTimeout or HttpStatusCode.InternalServerError or HttpStatusCode.BadGateway
            or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout
        } => true,
        _ => false,
    };

    private static TimeSpan? WaitOf(HttpResponseMessage? response) => response?.Headers.RetryAfter is not { } after
        ? null
        : after.Delta ?? (after.Date is { } date && date > DateTimeOffset.UtcNow ? date - DateTimeOffset.UtcNow : TimeSpan.Zero);
}
