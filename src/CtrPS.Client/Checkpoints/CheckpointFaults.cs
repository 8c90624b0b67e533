using System.Text.RegularExpressions;
using CtrPS.Client.Server;
using Grpc.Core;

namespace CtrPS.Client.Checkpoints;

/// <summary>Tells what is wrong with checkpoints, and what criu says through runc and shim.</summary>
internal static partial class CheckpointFaults
{
    public static CtrException Invalid(string reference, string @namespace, string fault, string? advice) => new(
        CtrErrorIds.InvalidCheckpoint, CtrStatus.FailedPrecondition, $"The image '{reference}' in namespace '{@namespace}' {fault}")
    {
        Target = reference,
        RecommendedAction = advice,
    };

    /// <summary>The error in our words where it is criu's; others stay as they are.</summary>
    /// <param name="error">The error.</param>
    /// <param name="what">What could not be done, as the beginning of a sentence.</param>
    /// <param name="id">The container.</param>
    /// <param name="machine">Where the daemon is: criu's log is a file there.</param>
    /// <param name="cancellationToken">Cancels the calls.</param>
    public static async Task<CtrException> ExplainAsync(
        CtrException error, string what, string id, DaemonMachine machine, CancellationToken cancellationToken)
    {
        string text = ((error.InnerException as RpcException) ?? (error.InnerException?.InnerException as RpcException))?.Status.Detail
            ?? error.Message;
        if (text.Contains("exec: \"criu\"", StringComparison.Ordinal) || text.Contains("criu: no such file or directory", StringComparison.Ordinal))
        {
            return new CtrException(
                CtrErrorIds.RuntimeNotFound, CtrStatus.NotFound, $"{what}: the program 'criu' is not installed on the daemon's machine.", error)
            {
                Target = id,
                RecommendedAction =
                    "Install it there, in the PATH of containerd (on Debian: apt install criu), or keep the container without the state of its "
                        + "processes.",
            };
        }

        if (!text.Contains("criu", StringComparison.OrdinalIgnoreCase))
        {
            return error;
        }

        string? log = Log().Match(text) is { Success: true } match ? match.Groups["path"].Value : null;
        string? cause = log is not null && await machine.IsLocalAsync(cancellationToken).ConfigureAwait(false) ? LastError(log) : null;
        return new CtrException(CtrErrorIds.RuntimeFailed, CtrStatus.Unknown, $"{what}: criu failed. {cause ?? text}", error)
        {
            Target = id,
            RecommendedAction =
                $"'criu check' on the daemon's machine tells whether criu works with its kernel{(log is null ? "" : $"; its log is '{log}'")}.",
            Details = cause is null ? [] : [text],
        };
    }

    /// <summary>The last error in criu's log. Null where it cannot be read or tells none.</summary>
    private static string? LastError(string log)
    {
        try
        {
            return File.ReadLines(log).Where(line => line.Contains("Error (", StringComparison.Ordinal)).LastOrDefault()?.Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    [GeneratedRegex(@"(?:path= |log file: )(?<path>/\S+?)(?::|\s|$)", RegexOptions.CultureInvariant)]
    private static partial Regex Log();
}
