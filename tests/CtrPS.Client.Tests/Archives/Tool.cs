using System.Diagnostics;

namespace CtrPS.Client.Tests.Archives;

/// <summary>Programs of the field that archives are made and read with, to compare with.</summary>
internal static class Tool
{
    /// <summary>Runs a program to its end; the test is skipped where it is not installed.</summary>
    public static async Task<string> RunAsync(string program, params string[] arguments)
    {
        Need(program);
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0
            ? output
            : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}: {await error}");
    }

    public static void Need(string program) => Assert.SkipUnless(
        Environment.GetEnvironmentVariable("PATH")!.Split(':').Any(folder => File.Exists(Path.Combine(folder, program))),
        $"'{program}' is not installed here");
}
