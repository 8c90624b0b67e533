using System.Diagnostics;
using System.Text.Json;

namespace CtrPS.Tests.Shells;

/// <summary>A real PowerShell: one process that takes line after line.</summary>
public sealed class PwshShell : IShell
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private static readonly string Script = Path.Combine(AppContext.BaseDirectory, "Shells", "shell.ps1");

    private readonly Process _process;

    private PwshShell(string program)
    {
        var start = new ProcessStartInfo(program)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            ArgumentList = { "-NoLogo", "-NoProfile", "-NonInteractive", "-File", Script, "-Module", ModuleUnderTest.Manifest },
        };
        start.Environment["POWERSHELL_TELEMETRY_OPTOUT"] = "1";
        start.Environment["POWERSHELL_UPDATECHECK"] = "Off";
        _process = Process.Start(start)!;
    }

    /// <summary>The one on the PATH, null where there is none that the module runs in.</summary>
    public static PwshShell? TryStart() => Environment.GetEnvironmentVariable("PATH")!.Split(Path.PathSeparator)
        .Select(folder => Path.Combine(folder, OperatingSystem.IsWindows() ? "pwsh.exe" : "pwsh"))
        .FirstOrDefault(File.Exists) is { } program && VersionOf(program) >= new Version(7, 6) ? new PwshShell(program) : null;

    public ShellResult Run(string address, string line)
    {
        _process.StandardInput.WriteLine(JsonSerializer.Serialize(new { address, line }));
        _process.StandardInput.Flush();
        List<string> host = [];
        while (_process.StandardOutput.ReadLineAsync().WaitAsync(Patience).GetAwaiter().GetResult() is { } answer)
        {
            if (answer.StartsWith('\u0001'))
            {
                return JsonSerializer.Deserialize<ShellResult>(answer[1..])! with { Host = host };
            }

            host.Add(answer);
        }

        throw new InvalidOperationException($"pwsh ended while it ran: {line}");
    }

    public IReadOnlyList<string> Complete(string address, string line) =>
        [.. Run(address, $"(TabExpansion2 '{line}').CompletionMatches.CompletionText").Objects.Select(one => one.GetString()!)];

    public void Dispose()
    {
        _process.StandardInput.Close();
        _process.WaitForExit();
        _process.Dispose();
    }

    /// <summary>What <c>pwsh --version</c> says: PowerShell 7.6.0-preview.5.</summary>
    private static Version VersionOf(string program)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, ["--version"]) { RedirectStandardOutput = true })!;
        string words = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return Version.TryParse(words.Trim().Split(' ', '-').ElementAtOrDefault(1), out Version? version) ? version : new Version(0, 0);
    }
}
