using System.Diagnostics;
using System.Globalization;

namespace CtrPS.Benchmarks;

/// <summary>A pwsh with the module and a session, that runs line after line and says how long each took: what a user at the prompt sees.</summary>
internal sealed class Shell : IAsyncDisposable
{
    private readonly Process _process;

    private Shell(Process process) => _process = process;

    public static async Task<Shell> StartAsync(Options options, string address)
    {
        const string loop = "while ($null -ne ($line = [Console]::In.ReadLine())) { $w = [Diagnostics.Stopwatch]::StartNew(); "
            + "try { $null = & ([scriptblock]::Create($line)); "
            + "[Console]::Out.WriteLine($w.Elapsed.TotalMilliseconds.ToString([cultureinfo]::InvariantCulture)) } "
            + "catch { [Console]::Out.WriteLine(\"failed: $_\") } }";
        var start = new ProcessStartInfo(options.PowerShell!) { RedirectStandardInput = true, RedirectStandardOutput = true };
        const string command = $"$ErrorActionPreference = 'Stop'; $ProgressPreference = 'SilentlyContinue'; {loop}";
        foreach (string argument in new[] { "-NoProfile", "-NonInteractive", "-Command", command })
        {
            start.ArgumentList.Add(argument);
        }

        var shell = new Shell(Process.Start(start)!);
        _ = await shell.RunAsync($"Import-Module '{options.Module}'; Connect-CtrSession '{address}' -Namespace bench; Get-CtrImage");
        return shell;
    }

    /// <summary>Highest resident memory so far, in MiB.</summary>
    public double PeakMemory => long.Parse(
        File.ReadLines($"/proc/{_process.Id}/status")
            .First(line => line.StartsWith("VmHWM:", StringComparison.Ordinal))
            .Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1],
        CultureInfo.InvariantCulture) / 1024.0;

    /// <summary>Runs a line.</summary>
    /// <returns>Milliseconds.</returns>
    public async Task<double> RunAsync(string line)
    {
        await _process.StandardInput.WriteLineAsync(line);
        await _process.StandardInput.FlushAsync();
        string? answer = await _process.StandardOutput.ReadLineAsync();
        return double.TryParse(answer, NumberStyles.Float, CultureInfo.InvariantCulture, out double time)
            ? time
            : throw new InvalidOperationException($"'{line}': {answer}");
    }

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
