using System.Text;
using System.Text.Json.Nodes;
using CtrPS.Client.Oci;

namespace CtrPS.Client.Tests.Oci;

/// <summary>A source in memory, as small as a source can be: what a new kind of source has to write. Counts how often it is read.</summary>
internal sealed class MemoryBlobs(BlobPlace place = BlobPlace.Registry) : IBlobSource
{
    private readonly Dictionary<string, byte[]> _blobs = new(StringComparer.Ordinal);

    public BlobPlace Place => place;

    public string Words => "registry 'memory'";

    /// <summary>Documents that were read.</summary>
    public int Reads { get; private set; }

    public ValueTask<long?> FindAsync(Descriptor blob, CancellationToken cancellationToken) =>
        ValueTask.FromResult<long?>(_blobs.TryGetValue(blob.Digest, out byte[]? bytes) ? bytes.Length : null);

    public ValueTask<ReadOnlyMemory<byte>> ReadAsync(Descriptor blob, CancellationToken cancellationToken)
    {
        Reads++;
        Digests.Require(blob, _blobs[blob.Digest], Words);
        return ValueTask.FromResult<ReadOnlyMemory<byte>>(_blobs[blob.Digest]);
    }

    public ValueTask<Stream> OpenAsync(Descriptor blob, long offset, CancellationToken cancellationToken) =>
        ValueTask.FromResult<Stream>(new MemoryStream(_blobs[blob.Digest][(int)offset..], writable: false));

    /// <summary>Puts a blob.</summary>
    public Descriptor Add(string mediaType, string content)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(content);
        string digest = Digests.Of(bytes);
        _blobs[digest] = bytes;
        return new Descriptor { MediaType = mediaType, Digest = digest, Size = bytes.Length };
    }

    /// <summary>Puts an image of one layer.</summary>
    public Descriptor AddManifest(string layer, int times = 1)
    {
        Descriptor config = Add(
            MediaTypes.OciConfig, $$$"""{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]},"x":"{{{layer}}}"}""");
        JsonArray layers = [.. Enumerable.Repeat(Add(MediaTypes.OciLayer, layer), times).Select(Json)];
        return Add(MediaTypes.OciManifest, new JsonObject { ["schemaVersion"] = 2, ["config"] = Json(config), ["layers"] = layers }.ToJsonString());
    }

    public Descriptor AddIndex(IEnumerable<Descriptor> children) =>
        Add(MediaTypes.OciIndex, new JsonObject { ["schemaVersion"] = 2, ["manifests"] = new JsonArray([.. children.Select(Json)]) }.ToJsonString());

    /// <summary>Changes a byte under a digest.</summary>
    public void Damage(string digest) => _blobs[digest] = [.. _blobs[digest][..^1], (byte)(_blobs[digest][^1] ^ 1)];

    public void Remove(string digest) => _blobs.Remove(digest);

    private static JsonNode Json(Descriptor blob) => new JsonObject
    {
        ["mediaType"] = blob.MediaType,
        ["digest"] = blob.Digest,
        ["size"] = blob.Size,
    };
}

/// <summary>A sink in memory that proves what it takes, as small as a sink can be.</summary>
internal sealed class MemorySink(bool sequential = false) : IBlobSink
{
    private readonly Dictionary<string, byte[]> _blobs = new(StringComparer.Ordinal);

    public bool IsSequential => sequential;

    /// <summary>What was taken, in that order.</summary>
    public List<string> Taken { get; } = [];

    public ValueTask<bool> HasAsync(ImageNode blob, CancellationToken cancellationToken) =>
        ValueTask.FromResult(_blobs.ContainsKey(blob.Descriptor.Digest));

    public async Task<BlobOutcome> TakeAsync(ImageNode blob, OpenBlob open, CtrTransferMeter meter, CancellationToken cancellationToken)
    {
        Stream content = await open(0, cancellationToken);
        using var bytes = new MemoryStream();
        await content.CopyToAsync(bytes, cancellationToken);
        if (!sequential)
        {
            Digests.Require(blob.Descriptor, bytes.ToArray(), "what came");
            Assert.All(blob.Children, child => Assert.True(_blobs.ContainsKey(child.Descriptor.Digest)));
        }

        lock (_blobs)
        {
            _blobs[blob.Descriptor.Digest] = bytes.ToArray();
            Taken.Add(blob.Descriptor.Digest);
        }

        return BlobOutcome.Written;
    }
}
