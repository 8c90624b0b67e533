using System.Text.RegularExpressions;
using Grpc.Core;

namespace CtrPS.Client.Tasks;

/// <summary>
/// Tells why a process could not be made or started. What runc says arrives as text only, behind the words of shim and
/// daemon: this is the one place that reads it.
/// </summary>
internal static partial class RuntimeFaults
{
    private const string Shell = "/bin/sh";

    /// <summary>The error in our words, with the runtime's own behind.</summary>
    /// <param name="error">What <see cref="Connection.StatusMap"/> made of it.</param>
    /// <param name="id">The container.</param>
    /// <param name="namespace">Its namespace.</param>
    /// <param name="runtime">The container's runtime. Null where it is not known.</param>
    public static CtrException Explain(CtrException error, string id, string @namespace, string? runtime)
    {
        string text = (error.InnerException as RpcException)?.Status.Detail ?? error.Message;
        string container = $"container '{id}' in namespace '{@namespace}'";
        if (Program().Match(text) is { Success: true } program)
        {
            string name = program.Groups["name"].Value;
            return program.Groups["fault"].Value switch
            {
                "executable file not found in $PATH" => NotFound($"The {container} has no program '{name}' in its PATH."),
                "permission denied" or "is a directory" => NotRunnable(
                    $"'{name}' in {container} cannot be run as a program: {program.Groups["fault"].Value}.",
                    "Name a program: a file that is executable."),
                "exec format error" => NotRunnable(
                    $"The program '{name}' in {container} is for another platform than this machine's.", "Use the image for this platform."),
                _ when name == Shell => Make(
                    CtrErrorIds.CommandNotFound,
                    CtrStatus.NotFound,
                    $"The {container} has no {Shell}: its image has no shell.",
                    "Run a program itself, without -Shell: each argument is a word by itself."),
                _ => NotFound($"The {container} has no program '{name}'."),
            };
        }

        if (Format().Match(text) is { Success: true } format)
        {
            return NotRunnable(
                $"The program '{format.Groups["name"].Value}' in {container} is for another platform than this machine's, or a script without an "
                    + "interpreter.",
                "Use the image for this platform.");
        }

        if (WorkingDirectory().Match(text) is { Success: true } directory)
        {
            return Make(
                CtrErrorIds.InvalidArgument,
                CtrStatus.InvalidArgument,
                $"The {container} has no folder '{directory.Groups["path"].Value}' to work in.",
                "Name a folder that is there, with -WorkingDirectory.");
        }

        if (TaskFolder().Match(text) is { Success: true } folder)
        {
            return Make(
                CtrErrorIds.TaskExists,
                CtrStatus.AlreadyExists,
                $"Another client makes a task of the {container} at this moment, or one that is gone left its folder: '{folder.Groups["path"]}'.",
                "See with Get-CtrTask whether it runs. Where it has no task, restart containerd, which clears such folders.");
        }

        if (text.Contains("failed to resolve runtime path", StringComparison.Ordinal))
        {
            return Make(
                CtrErrorIds.RuntimeNotFound,
                CtrStatus.NotFound,
                $"The runtime '{runtime}' of {container} is not installed on the daemon's machine. containerd says: {text}.",
                "Install its shim in the PATH of containerd, or make the container with another -Runtime.");
        }

        if (RuntimeProgram().Match(text) is { Success: true } missing)
        {
            return Make(
                CtrErrorIds.RuntimeNotFound,
                CtrStatus.NotFound,
                $"The program '{missing.Groups["name"].Value}' that runs {container} is not installed on the daemon's machine.",
                "Install it (on Debian: apt install runc), or name another with -RuncBinary.");
        }

        return Make(
            CtrErrorIds.RuntimeFailed, CtrStatus.Unknown, $"The runtime could not start a process of {container}: {text.TrimEnd('.')}.", null);

        CtrException NotFound(string message) =>
            Make(CtrErrorIds.CommandNotFound, CtrStatus.NotFound, message, "Name a program that the image has, and each argument by itself.");

        CtrException NotRunnable(string message, string advice) =>
            Make(CtrErrorIds.CommandNotRunnable, CtrStatus.FailedPrecondition, message, advice);

        CtrException Make(string errorId, CtrStatus status, string message, string? advice) => new(errorId, status, message, error)
        {
            Target = id,
            RecommendedAction = advice,
            Details = error.Details,
        };
    }

    [GeneratedRegex(
        """unable to start container process: (?:error during container init: )?exec: "(?<name>[^"]*)": (?:stat [^:]*: )?(?<fault>[^:]+?)"""
        + "(?:: unknown)?$",
        RegexOptions.CultureInvariant)]
    private static partial Regex Program();

    [GeneratedRegex("""exec (?<name>/[^:]*): exec format error""", RegexOptions.CultureInvariant)]
    private static partial Regex Format();

    [GeneratedRegex("""chdir to cwd \("(?<path>[^"]*)"\)""", RegexOptions.CultureInvariant)]
    private static partial Regex WorkingDirectory();

    [GeneratedRegex("""mkdir (?<path>/[^:]*): file exists""", RegexOptions.CultureInvariant)]
    private static partial Regex TaskFolder();

    [GeneratedRegex(
        """(?:fork/exec (?<name>[^:]+): no such file or directory|exec: "(?<name>[^"]+)": executable file not found in \$PATH)""",
        RegexOptions.CultureInvariant)]
    private static partial Regex RuntimeProgram();
}
