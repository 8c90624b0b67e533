using System.Text.Json;
using System.Text.Json.Nodes;

namespace CtrPS.Client.Network;

/// <summary>
/// What is kept of a container at a network until it is detached: libcni's files (libcni, api.go: cachedInfo), so that ctr and cnitool detach what we
/// attached, and we what they did.
/// </summary>
/// <param name="folder">The folder, such as <c>/var/lib/cni</c>.</param>
internal sealed class CniCache(string folder)
{
    private const string Kind = "cniCacheV1";

    private readonly string _results = Path.Combine(folder, "results");

    /// <summary>Keeps an attachment.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.NetworkFailed"/>: the file cannot be written.</exception>
    public void Write(CniNetwork network, CniAttachment attachment, JsonObject result)
    {
        var entry = new JsonObject
        {
            ["kind"] = Kind,
            ["containerId"] = attachment.ContainerId,
            ["config"] = Convert.ToBase64String(network.Source.Span),
            ["ifName"] = attachment.Interface,
            ["networkName"] = network.Name,
            ["netns"] = attachment.NetworkNamespace,
        };
        if (attachment.Arguments.Length > 0)
        {
            entry["cniArgs"] = new JsonArray(
                [
                    .. attachment.Arguments.Split(';')
                        .Select(pair => pair.Split('=', 2))
                        .Select(pair => new JsonArray(pair[0], pair.Length > 1 ? pair[1] : "")),
                ]);
        }

        if (attachment.Capabilities.Count > 0)
        {
            entry["capabilityArgs"] = attachment.Capabilities.DeepClone();
        }

        entry["result"] = result.DeepClone();
        string path = PathOf(network.Name, attachment);
        string partial = Path.Join(Path.GetDirectoryName(path), PartialName.Make(Path.GetFileName(path)));
        try
        {
            const UnixFileMode mine = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            if (OperatingSystem.IsWindows())
            {
                Directory.CreateDirectory(_results);
            }
            else
            {
                Directory.CreateDirectory(_results, mine | UnixFileMode.UserExecute);
            }

            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = mine;
            }

            using (var file = new FileStream(partial, options))
            {
                JsonSerializer.Serialize(file, entry);
            }

            File.Move(partial, path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            File.Delete(partial);
            throw new CtrException(
                CtrErrorIds.NetworkFailed,
                CtrStatus.None,
                $"What is needed to detach the {attachment.Words} again cannot be kept in '{path}': {e.Message}",
                e)
            {
                Target = attachment.Target,
            };
        }
    }

    /// <summary>What is kept of a container. A file that cannot be read is left out: detaching works without it too.</summary>
    /// <param name="containerId">Its id for plugins.</param>
    /// <param name="interface">Its interface.</param>
    public IReadOnlyList<CniCacheEntry> Find(string containerId, string @interface)
    {
        string tail = $"-{containerId}-{@interface}";
        try
        {
            return Directory.Exists(_results)
                ? [.. Directory.EnumerateFiles(_results).Where(file => file.EndsWith(tail, StringComparison.Ordinal)).Order(StringComparer.Ordinal)
                    .Select(file => Read(file, containerId, @interface)).OfType<CniCacheEntry>()]
                : [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>Keeps a container no longer.</summary>
    public static void Remove(CniCacheEntry entry) => File.Delete(entry.Path);

    private static CniCacheEntry? Read(string path, string containerId, string @interface)
    {
        try
        {
            if (JsonNode.Parse(File.ReadAllBytes(path)) is not JsonObject json
                || CniNetwork.Text(json, "kind") != Kind
                    || CniNetwork.Text(json, "containerId") != containerId
                    || CniNetwork.Text(json, "ifName") != @interface)
            {
                return null;
            }

            var network = CniNetwork.ParseKept(Convert.FromBase64String(CniNetwork.Text(json, "config")));
            IEnumerable<string> arguments = (json["cniArgs"] as JsonArray ?? [])
                .OfType<JsonArray>()
                .Where(pair => pair.Count == 2)
                .Select(pair => $"{pair[0]}={pair[1]}");
            return new CniCacheEntry(
                path,
                network,
                CniNetwork.Text(json, "netns"),
                string.Join(';', arguments),
                json["capabilityArgs"] as JsonObject ?? [],
                json["result"] as JsonObject);
        }
        catch (Exception e) when (e is JsonException or FormatException or ArgumentException or FileNotFoundException)
        {
            return null;
        }
    }

    private string PathOf(string network, CniAttachment attachment) =>
        Path.Combine(_results, $"{network}-{attachment.ContainerId}-{attachment.Interface}");
}

/// <summary>What is kept of a container at a network.</summary>
/// <param name="Path">The file.</param>
/// <param name="Network">The network as it was then.</param>
/// <param name="NetworkNamespace">Path of the network namespace then.</param>
/// <param name="Arguments">Arguments for all plugins.</param>
/// <param name="Capabilities">What was asked of them.</param>
/// <param name="Result">What they gave.</param>
internal sealed record CniCacheEntry(
    string Path, CniNetwork Network, string NetworkNamespace, string Arguments, JsonObject Capabilities, JsonObject? Result)
{
    /// <summary>Whether it is about the network namespace of a path. Before 1.2 libcni kept that only where plugins put it in the result.</summary>
    public bool IsOf(string networkNamespace) => NetworkNamespace == networkNamespace
        || (NetworkNamespace.Length == 0
            && Result is not null
            && CniResult.ToNetwork(Result, Network.Name).Interfaces.Any(one => one.Sandbox == networkNamespace));
}
