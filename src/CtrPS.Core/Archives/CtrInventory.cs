using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace CtrPS;

/// <summary>
/// Which blobs a daemon has, at a moment: what Export-CtrInventory writes and Save-CtrImage -ExcludeInventory reads. As JSON:
/// <c>{"schemaVersion":1,"created":...,"server":...,"namespaces":[...],"digests":[...]}</c>.
/// </summary>
public sealed partial class CtrInventory
{
    internal CtrInventory()
    {
    }

    private const int SchemaVersion = 1;

    private static readonly JsonSerializerOptions Layout = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        WriteIndented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>When it was taken.</summary>
    public DateTimeOffset Created { get; internal set; }

    /// <summary>The daemon's UUID, see <see cref="CtrServer.Uuid"/>.</summary>
    public string Server { get; internal set; } = null!;

    /// <summary>The namespaces whose blobs are listed.</summary>
    public IReadOnlyList<string> Namespaces { get; internal set => field = CtrList.Of(value); } = CtrList<string>.Empty;

    /// <summary>The blobs, each once, in order.</summary>
    public IReadOnlyList<string> Digests { get; internal set => field = CtrList.Of(value); } = CtrList<string>.Empty;

    /// <summary>The inventory as JSON, with a line end at its end.</summary>
    public string ToJson() => JsonSerializer.Serialize(new { SchemaVersion, Created, Server, Namespaces, Digests }, Layout) + "\n";

    /// <summary>
    /// Reads the digests out of an inventory, out of a JSON array of digests, or out of a plain list: one a line, what follows a blank or a '#'
    /// is passed over.
    /// </summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.InvalidDigest"/> where the text is none of these.</exception>
    public static IReadOnlySet<string> ParseDigests(string text, string path)
    {
        ArgumentNullException.ThrowIfNull(text);
        string trimmed = text.TrimStart('\uFEFF', ' ', '\t', '\r', '\n');
        IEnumerable<string> entries = trimmed.StartsWith('{') || trimmed.StartsWith('[') ? FromJson(trimmed, path)
            : trimmed.Split('\n')
                .Select(line => line.Split('#')[0].Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).FirstOrDefault())
                .OfType<string>();
        var digests = new HashSet<string>(StringComparer.Ordinal);
        foreach (string entry in entries)
        {
            if (!DigestPattern().IsMatch(entry))
            {
                throw Invalid(path, $"'{(entry.Length > 80 ? entry[..80] + "…" : entry)}' is not a digest", null);
            }

            _ = digests.Add(entry);
        }

        return digests;
    }

    private static List<string> FromJson(string json, string path)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            JsonElement root = document.RootElement;
            if (root.ValueKind == JsonValueKind.Object
                && root.TryGetProperty("schemaVersion", out JsonElement version) && version.GetInt32() > SchemaVersion)
            {
                throw Invalid(path, $"it is of version {version.GetInt32()}, and this module reads version {SchemaVersion}", null);
            }

            JsonElement list = root.ValueKind == JsonValueKind.Array ? root : root.GetProperty("digests");
            return [.. list.EnumerateArray().Select(digest => digest.GetString() ?? "")];
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or KeyNotFoundException)
        {
            throw Invalid(path, e.Message.TrimEnd('.'), e);
        }
    }

    private static CtrException Invalid(string path, string fault, Exception? cause) => new(
        CtrErrorIds.InvalidDigest,
        CtrStatus.InvalidArgument,
        $"The file '{path}' is no inventory of Export-CtrInventory and no list of digests: {fault}.",
        cause)
    {
        Target = path,
    };

    [GeneratedRegex("^(?:sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128})$", RegexOptions.CultureInvariant)]
    private static partial Regex DigestPattern();
}
