using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace CtrPS.Client.Registry;

/// <summary>
/// A program that keeps credentials, <c>docker-credential-NAME</c> (docker/docker-credential-helpers). Secrets go over its standard input and output
/// alone: no argument, no error and no text has one.
/// </summary>
internal sealed partial class CredentialHelper
{
    private const string Prefix = "docker-credential-";
    private const int MaxOutput = 1 << 20;
    private const int MaxMessage = 300;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly string _name;
    private readonly string _program;

    private CredentialHelper(string name, string program)
    {
        _name = name;
        _program = program;
    }

    /// <summary>Finds the program of a name.</summary>
    /// <param name="name">The name, as a file gives it.</param>
    /// <param name="folders">Where programs are.</param>
    /// <param name="place">The file that names it.</param>
    /// <exception cref="CtrException">
    /// <see cref="CtrErrorIds.InvalidCredentialFile"/>: it is no name; <see cref="CtrErrorIds.CredentialHelperFailed"/>: there is no such program.
    /// </exception>
    public static CredentialHelper Open(string name, IReadOnlyList<string> folders, CredentialPlace place)
    {
        if (!NamePattern().IsMatch(name))
        {
            throw CredentialFile.Fault(place, $"names a helper '{ForeignText.Show(name)}', which is no name of a program");
        }

        string file = Prefix + name + (OperatingSystem.IsWindows() ? ".exe" : "");
        string? program = folders.Select(folder => Path.Combine(folder, file)).FirstOrDefault(File.Exists);
        return program is not null ? new CredentialHelper(name, program) : throw new CtrException(
            CtrErrorIds.CredentialHelperFailed,
            CtrStatus.NotFound,
            $"There is no program '{file}' in PATH, which {place.Words} names for credentials.")
        {
            Target = name,
            RecommendedAction = "Install it, or take it out of credsStore and credHelpers of the file.",
        };
    }

    /// <summary>The login that it has for a server. Null: it has none.</summary>
    public async Task<RegistryCredential?> GetAsync(string server, CancellationToken cancellationToken)
    {
        (int exitCode, byte[] output) = await RunAsync("get", server, cancellationToken).ConfigureAwait(false);
        if (exitCode != 0)
        {
            return IsAbsent(output) ? null : throw Failure("get", exitCode, output, null);
        }

        JsonObject answer = Parse("get", output);
        string user = Text(answer, "Username");
        string secret = Text(answer, "Secret");
        return new RegistryCredential
        {
            User = user == CredentialFile.TokenUser ? "" : user,
            Secret = secret,
            Source = $"the helper '{_name}'",
        };
    }

    /// <summary>The users by server. Empty too where it cannot list.</summary>
    public async Task<IReadOnlyDictionary<string, string>> ListAsync(CancellationToken cancellationToken)
    {
        (int exitCode, byte[] output) = await RunAsync("list", "", cancellationToken).ConfigureAwait(false);
        return exitCode != 0
            ? throw Failure("list", exitCode, output, null)
            : Parse("list", output).ToDictionary(
                pair => pair.Key,
                pair => pair.Value is JsonValue value && value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : "");
    }

    /// <summary>Keeps a login.</summary>
    public async Task StoreAsync(string server, string user, string secret, CancellationToken cancellationToken)
    {
        string input = new JsonObject { ["ServerURL"] = server, ["Username"] = user, ["Secret"] = secret }.ToJsonString();
        (int exitCode, byte[] output) = await RunAsync("store", input, cancellationToken).ConfigureAwait(false);
        if (exitCode != 0)
        {
            throw Failure("store", exitCode, output, secret);
        }
    }

    /// <summary>Removes a login.</summary>
    public async Task EraseAsync(string server, CancellationToken cancellationToken)
    {
        (int exitCode, byte[] output) = await RunAsync("erase", server, cancellationToken).ConfigureAwait(false);
        if (exitCode != 0 && !IsAbsent(output))
        {
            throw Failure("erase", exitCode, output, null);
        }
    }

    private async Task<(int ExitCode, byte[] Output)> RunAsync(string action, string input, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        var start = new ProcessStartInfo(_program)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        start.ArgumentList.Add(action);
        using var process = new Process { StartInfo = start };
        try
        {
            process.Start();
        }
        catch (Win32Exception e)
        {
            throw Fault(CtrStatus.Unknown, $"The credential helper '{_program}' cannot be run: {e.Message}", e);
        }

        try
        {
            Task<byte[]> output = ReadAsync(process.StandardOutput.BaseStream, limit.Token);
            Task<byte[]> ignored = ReadAsync(process.StandardError.BaseStream, limit.Token);
            await WriteAsync(process.StandardInput.BaseStream, Encoding.UTF8.GetBytes(input), limit.Token).ConfigureAwait(false);
            byte[] written = await output.ConfigureAwait(false);
            _ = await ignored.ConfigureAwait(false);
            await process.WaitForExitAsync(limit.Token).ConfigureAwait(false);
            return (process.ExitCode, written);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw Fault(
                CtrStatus.DeadlineExceeded,
                $"The credential helper '{_name}' did not end within {Patience.TotalSeconds:0} seconds when asked to {action}, and was killed.");
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
                await process.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
            }
        }
    }

    private static async Task WriteAsync(Stream stream, byte[] input, CancellationToken cancellationToken)
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

    private async Task<byte[]> ReadAsync(Stream stream, CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[16 << 10];
        using var output = new MemoryStream();
        for (int read; (read = await stream.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0;)
        {
            output.Write(buffer, 0, read);
            if (output.Length > MaxOutput)
            {
                throw Fault(CtrStatus.ResourceExhausted, $"The credential helper '{_name}' wrote more than {MaxOutput} bytes and was killed.");
            }
        }

        return output.ToArray();
    }

    /// <summary>What helpers say, on their standard output, where they have nothing (credentials/error.go).</summary>
    private static bool IsAbsent(byte[] output) => Words(output) is var said
        && (said.Contains("credentials not found", StringComparison.OrdinalIgnoreCase) || said.Contains("no credentials ", StringComparison.Ordinal));

    private static string Words(byte[] output) => Encoding.UTF8.GetString(output, 0, Math.Min(output.Length, MaxMessage)).Trim();

    private CtrException Failure(string action, int exitCode, byte[] output, string? secret)
    {
        // Some print what they were given.
        string said = Words(output);
        string words = said.Length == 0 ? "it said nothing"
            : secret is { Length: > 0 } && Holds(said, secret)
            ? "what it said has the secret in it and is not shown"
            : said;
        return Fault(CtrStatus.Unknown, $"The credential helper '{_name}' failed to {action} (exit code {exitCode}): {words}");
    }

    /// <summary>Whether a message has a secret in it, as it is or as it was sent.</summary>
    private static bool Holds(string said, string secret) =>
        said.Contains(secret, StringComparison.Ordinal) || said.Contains("\"Secret\"", StringComparison.OrdinalIgnoreCase);

    /// <summary>The answer. Nothing of it is told where it is none: it may be the secret.</summary>
    private JsonObject Parse(string action, byte[] output)
    {
        try
        {
            using var document = JsonDocument.Parse(output, new JsonDocumentOptions { AllowDuplicateProperties = false });
            return JsonNode.Parse(output) as JsonObject ?? throw new FormatException();
        }
        catch (Exception e) when (e is JsonException or FormatException or ArgumentException)
        {
            throw Fault(CtrStatus.Unknown, $"The credential helper '{_name}' gave no JSON object when asked to {action}.");
        }
    }

    private string Text(JsonObject answer, string name) =>
        answer[name] is JsonValue value && value.GetValueKind() == JsonValueKind.String
            ? value.GetValue<string>()
            : throw Fault(CtrStatus.Unknown, $"The credential helper '{_name}' gave no {name}.");

    private CtrException Fault(CtrStatus status, string message, Exception? cause = null) =>
        new(CtrErrorIds.CredentialHelperFailed, status, message, cause)
        {
            Target = _name,
            RecommendedAction =
                $"Try it by hand: echo SERVER | {Prefix}{_name} get. Or take it out of credsStore and credHelpers of docker's config.json.",
        };

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9._-]*\z")]
    private static partial Regex NamePattern();
}
