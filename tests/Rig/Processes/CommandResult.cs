namespace CtrPS.Rig;

/// <summary>What a finished program said. Output and error are whole texts, decoded as UTF-8.</summary>
public sealed record CommandResult(string CommandLine, int ExitCode, string Output, string Error)
{
    /// <summary>The result itself when the exit code is 0, else an exception that carries the program's words.</summary>
    public CommandResult Check() => ExitCode == 0
        ? this
        : throw new InvalidOperationException($"'{CommandLine}' ended with {ExitCode}: {(Error + Output).Trim()}");
}
