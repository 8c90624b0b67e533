using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace CtrPS.Client.Network;

/// <summary>Runs one plugin (CNI specification 1.1, section 2: execution protocol).</summary>
internal static class PluginProcess
{
    /// <summary>More than this no result has; what goes on writing is killed.</summary>
    private const int MaxOutput = 1 << 20;

    /// <summary>What is kept of the standard error, for the message.</summary>
    private const int MaxError = 4096;

    /// <summary>Runs a plugin to its end.</summary>
    /// <param name="path">The program.</param>
    /// <param name="environment">What it is to do; all of our own environment comes on top of that, as plugins look for further programs.</param>
    /// <param name="input">Its configuration.</param>
    /// <param name="timeout">After this it is killed.</param>
    /// <param name="cancellationToken">Kills it.</param>
    /// <returns>Its standard output.</returns>
    /// <exception cref="PluginFailureException">It failed, or had to be killed.</exception>
    public static async Task<ReadOnlyMemory<byte>> RunAsync(
        string path,
        IReadOnlyDictionary<string, string> environment,
        ReadOnlyMemory<byte> input,
        TimeSpan timeout,
        CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(timeout);
        using var process = new Process { StartInfo = Describe(path, environment) };
        try
        {
            process.Start();
        }
        catch (Win32Exception e)
        {
            throw new PluginFailureException($"'{path}' cannot be run: {e.Message}");
        }

        try
        {
            Task<string> error = ReadErrorAsync(process.StandardError.BaseStream, limit.Token);
            Task<ReadOnlyMemory<byte>> output = ReadOutputAsync(process.StandardOutput.BaseStream, limit.Token);
            await WriteAsync(process.StandardInput.BaseStream, input, limit.Token).ConfigureAwait(false);
            ReadOnlyMemory<byte> written = await output.ConfigureAwait(false);
            string complaint = await error.ConfigureAwait(false);
            await process.WaitForExitAsync(limit.Token).ConfigureAwait(false);
            return process.ExitCode == 0 ? written : throw Failure(process.ExitCode, written, complaint);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new PluginFailureException(string.Create(
                CultureInfo.InvariantCulture, $"it did not end within {timeout.TotalSeconds:0.#} seconds and was killed."));
        }
        finally
        {
            await EndAsync(process).ConfigureAwait(false);
        }
    }

    private static ProcessStartInfo Describe(string path, IReadOnlyDictionary<string, string> environment)
    {
        var start = new ProcessStartInfo(path)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        return start;
    }

    private static async Task WriteAsync(Stream stream, ReadOnlyMemory<byte> input, CancellationToken cancellationToken)
    {
        try
        {
            await using (stream.ConfigureAwait(false))
            {
                await stream.WriteAsync(input, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (IOException)
        {
            // It does not read what it does not need: how it ends tells the rest.
        }
    }

    private static async Task<ReadOnlyMemory<byte>> ReadOutputAsync(Stream stream, CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[64 << 10];
        using var output = new MemoryStream();
        for (int read; (read = await stream.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0;)
        {
            output.Write(buffer, 0, read);
            if (output.Length > MaxOutput)
            {
                throw new PluginFailureException($"it wrote more than {MaxOutput} bytes and was killed.");
            }
        }

        return output.ToArray();
    }

    private static async Task<string> ReadErrorAsync(Stream stream, CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[16 << 10];
        using var kept = new MemoryStream();
        for (int read; (read = await stream.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0;)
        {
            kept.Write(buffer, 0, (int)Math.Min(read, MaxError - kept.Length));
        }

        return Encoding.UTF8.GetString(kept.GetBuffer(), 0, (int)kept.Length).Trim();
    }

    /// <summary>The error in the words of the plugin: JSON on its standard output, else whatever is on its standard error.</summary>
    private static PluginFailureException Failure(int exitCode, ReadOnlyMemory<byte> output, string complaint)
    {
        try
        {
            if (output.Length > 0 && JsonNode.Parse(output.Span) is JsonObject error && CniNetwork.Text(error, "msg") is { Length: > 0 } message)
            {
                return new PluginFailureException(
                    message, error["code"] is JsonValue code && code.TryGetValue(out int number) ? number : null, CniNetwork.Text(error, "details"));
            }
        }
        catch (Exception e) when (e is JsonException or FormatException or ArgumentException)
        {
            // Not the form that is asked for: taken as text below.
        }

        string text = string.Join(
            ' ',
            new[] { Encoding.UTF8.GetString(output.Span[..Math.Min(output.Length, MaxError)]).Trim(), complaint }.Where(part => part.Length > 0));
        return new PluginFailureException(
            text.Length > 0 ? $"{text} (exit code {exitCode})" : $"it ended with exit code {exitCode} and said nothing.");
    }

    /// <summary>Nothing of it goes on when we do not wait for it any more.</summary>
    private static async Task EndAsync(Process process)
    {
        if (!process.HasExited)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
        }
    }
}
