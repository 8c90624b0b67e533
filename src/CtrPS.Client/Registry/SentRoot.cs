using System.Text.Json;
using System.Text.Json.Nodes;
using CtrPS.Client.Oci;

namespace CtrPS.Client.Registry;

/// <summary>
/// What is put at a registry of an image of which only a part is wanted: registries take no index whose manifests they do not have.
/// </summary>
internal static class SentRoot
{
    /// <summary>What is to be the root at the registry: the image's own, a single manifest, or an index with fewer entries.</summary>
    /// <returns>The root, and where it and what is below it can be read.</returns>
    public static async Task<(ImageNode Top, IBlobSource From)> OfAsync(
        IBlobSource source, ImageSelection selection, CtrPlatformScope scope, CancellationToken cancellationToken)
    {
        ImageNode root = selection.Root;
        if (root.Kind != ImageNodeKind.Index || root.Manifests.All(manifest => selection.ManifestOf(manifest) is not null))
        {
            return (root, source);
        }

        if (scope == CtrPlatformScope.Listed && selection.Images is [{ } only])
        {
            return (only, source);
        }

        HashSet<string> taken = [.. selection.Nodes.Select(node => node.Descriptor.Digest)];
        ReadOnlyMemory<byte> own = await source.ReadAsync(root.Descriptor, cancellationToken).ConfigureAwait(false);
        JsonObject index = Parse(own, root.Descriptor);
        JsonArray entries = index["manifests"]!.AsArray();
        foreach (JsonNode? entry in entries.Where(entry => !taken.Contains((string)entry!["digest"]!)).ToList())
        {
            _ = entries.Remove(entry);
        }

        byte[] bytes = System.Text.Encoding.UTF8.GetBytes(index.ToJsonString());
        ImageNode[] children = [.. root.Children.Where(child => taken.Contains(child.Descriptor.Digest))];
        var top = new ImageNode
        {
            Descriptor = new Descriptor { MediaType = root.Descriptor.MediaType, Digest = Digests.Of(bytes), Size = bytes.Length },
            Kind = ImageNodeKind.Index,
            State = new BlobState { StoredSize = bytes.Length, Children = children, Height = children.Max(child => child.State.Height) + 1 },
        };
        return (top, new FallbackSource(new MadeDocument(top.Descriptor, bytes, source), source));
    }

    /// <summary>An index that is to be changed: where a key comes twice, nobody knows which of them to.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.BlobCorrupt"/>.</exception>
    private static JsonObject Parse(ReadOnlyMemory<byte> json, Descriptor of)
    {
        try
        {
            return JsonNode.Parse(json.Span, documentOptions: new JsonDocumentOptions { AllowDuplicateProperties = false })!.AsObject();
        }
        catch (JsonException e)
        {
            throw new CtrException(
                CtrErrorIds.BlobCorrupt, CtrStatus.DataLoss, $"No smaller index can be made of the index '{of.Digest}': {e.Message}", e)
            {
                Target = of.Digest,
                RecommendedAction = "Send it whole, or one platform of it.",
            };
        }
    }

    /// <summary>What goes: the selection, as far as it is below the root.</summary>
    public static IEnumerable<ImageNode> Nodes(ImageSelection selection, ImageNode top) => ReferenceEquals(top, selection.Root)
        ? selection.Nodes
        : selection.Nodes.Where(node => !ReferenceEquals(node, selection.Root) && top.All.Contains(node)).Append(top).Distinct();

    /// <summary>A document that is nowhere but here.</summary>
    private sealed class MadeDocument(Descriptor made, ReadOnlyMemory<byte> bytes, IBlobSource beside) : IBlobSource
    {
        public BlobPlace Place => beside.Place;

        public string Words => beside.Words;

        public ValueTask<long?> FindAsync(Descriptor blob, CancellationToken cancellationToken) =>
            ValueTask.FromResult<long?>(blob.Digest == made.Digest ? bytes.Length : null);

        public ValueTask<ReadOnlyMemory<byte>> ReadAsync(Descriptor blob, CancellationToken cancellationToken) => ValueTask.FromResult(bytes);

        public ValueTask<Stream> OpenAsync(Descriptor blob, long offset, CancellationToken cancellationToken) =>
            ValueTask.FromResult<Stream>(new MemoryStream(bytes[(int)offset..].ToArray(), writable: false));
    }
}
