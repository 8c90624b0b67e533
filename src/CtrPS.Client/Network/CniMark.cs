using System.Text.Json;
using System.Text.Json.Nodes;
using Containerd.Services.Containers.V1;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace CtrPS.Client.Network;

/// <summary>
/// The mark on a container's record that its network is to be removed (cmd/ctr/commands/cni.go, since 1.7). Where folders were named, they go
/// with it, in fields that ctr does not look at.
/// </summary>
internal static class CniMark
{
    /// <summary>The extension's key.</summary>
    public const string Key = "ctr.cni-containerd.metadata";

    private const string Url = "github.com/containerd/containerd/v2/cmd/ctr/commands/NetworkMetaData";
    private const string OldUrl = "github.com/containerd/containerd/cmd/ctr/commands/NetworkMetaData";

    /// <summary>The mark for a server: a ctr of its generation must be able to read it, or it removes neither the network nor the task.</summary>
    public static Any Make(CtrCniOptions options, string serverVersion)
    {
        var mark = new JsonObject { ["EnableCni"] = true };
        if (options.ConfigFolder != CtrCniOptions.Standard.ConfigFolder)
        {
            mark[nameof(options.ConfigFolder)] = options.ConfigFolder;
        }

        if (!options.PluginFolders.SequenceEqual(CtrCniOptions.Standard.PluginFolders))
        {
            mark[nameof(options.PluginFolders)] = new JsonArray([.. options.PluginFolders.Select(folder => JsonValue.Create(folder))]);
        }

        if (options.CacheFolder != CtrCniOptions.Standard.CacheFolder)
        {
            mark[nameof(options.CacheFolder)] = options.CacheFolder;
        }

        bool old = serverVersion.TrimStart('v').StartsWith("1.", StringComparison.Ordinal);
        return new Any { TypeUrl = old ? OldUrl : Url, Value = ByteString.CopyFromUtf8(mark.ToJsonString()) };
    }

    /// <summary>Where the network of a container is described: what the mark names, else what is given. Null: it is not marked.</summary>
    public static CtrCniOptions? Read(Container container, CtrCniOptions given)
    {
        if (!container.Extensions.TryGetValue(Key, out Any? any))
        {
            return null;
        }

        try
        {
            if (JsonNode.Parse(any.Value.Span) is not JsonObject mark || mark["EnableCni"]?.GetValueKind() != JsonValueKind.True)
            {
                return null;
            }

            return given with
            {
                ConfigFolder = Text(mark, nameof(given.ConfigFolder)) ?? given.ConfigFolder,
                PluginFolders = mark[nameof(given.PluginFolders)] is JsonArray folders
                    ? [.. folders.Select(folder => folder!.GetValue<string>())]
                    : given.PluginFolders,
                CacheFolder = Text(mark, nameof(given.CacheFolder)) ?? given.CacheFolder,
            };
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            return null; // not of a form that ctr would read either
        }
    }

    private static string? Text(JsonObject mark, string name) => CniNetwork.Text(mark, name) is { Length: > 0 } text ? text : null;
}
