using System.Diagnostics;

namespace CtrPS.Rig.Processes;

/// <summary>Runs a program to its end, or starts one in a session of its own.</summary>
internal static class Command
{
    private static readonly TimeSpan EndPatience = TimeSpan.FromSeconds(10);

    /// <summary>Runs to the end. On cancellation the program is asked to end (SIGTERM), so that it can clean up after itself.</summary>
    public static async Task<CommandResult> RunAsync(
        string file,
        IEnumerable<string> arguments,
        IReadOnlyDictionary<string, string?>? environment = null,
        string? workingDirectory = null,
        CancellationToken cancellationToken = default)
    {
        var start = StartInfo(file, arguments, environment, workingDirectory);
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
            var error = process.StandardError.ReadToEndAsync(cancellationToken);
            await process.WaitForExitAsync(cancellationToken);
            return new CommandResult(string.Join(' ', [file, .. start.ArgumentList]), process.ExitCode, await output, await error);
        }
        finally
        {
            await EndAsync(process);
        }
    }

    /// <summary>Starts a program in its own session (a Ctrl-C in the terminal does not reach it), both outputs appended to a file,
    /// standard input a pipe from this process. The process id is the program's own: every step is an exec.</summary>
    public static Process StartDetached(
        string file, IEnumerable<string> arguments, string log, IReadOnlyDictionary<string, string?>? environment = null) =>
        Process.Start(StartInfo(
            "setsid", ["/bin/sh", "-c", "log=$1; shift; exec \"$@\" >>\"$log\" 2>&1", "sh", log, file, .. arguments], environment, null))!;

    /// <summary>SIGTERM, patience, SIGKILL with all descendants. Nothing happens to a process that has ended.</summary>
    public static async Task EndAsync(Process process)
    {
        if (process.HasExited)
        {
            return;
        }

        Posix.Signal(process.Id, Posix.SignalTerm);
        using var patience = new CancellationTokenSource(EndPatience);
        try
        {
            await process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None);
        }
    }

    /// <summary>The full path of a program on PATH or in the administrator's folders, or null.</summary>
    public static string? Find(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries)
            .Concat(["/usr/local/sbin", "/usr/sbin", "/sbin", "/bin", "/usr/lib/cni"])
            .Select(folder => Path.Combine(folder, program))
            .FirstOrDefault(File.Exists);

    private static ProcessStartInfo StartInfo(
        string file, IEnumerable<string> arguments, IReadOnlyDictionary<string, string?>? environment, string? workingDirectory)
    {
        var start = new ProcessStartInfo(file, arguments)
        {
            RedirectStandardInput = true,
            WorkingDirectory = workingDirectory ?? "/",
        };
        foreach (var (name, value) in environment ?? new Dictionary<string, string?>())
        {
            start.Environment[name] = value; // null takes the variable away
        }

        return start;
    }
}
