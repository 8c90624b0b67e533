using System.Text;
using System.Text.Json.Nodes;

namespace CtrPS;

/// <summary>A manifest or an index of an image: what it lists.</summary>
public sealed class CtrImageManifest : CtrObject
{
    internal CtrImageManifest()
    {
    }

    /// <summary>The full name of the image.</summary>
    public string Name { get; internal set; } = null!;

    /// <summary>Digest of the document.</summary>
    public string Digest { get; internal set; } = null!;

    /// <summary>Media type of the document.</summary>
    public string MediaType { get; internal set; } = null!;

    /// <summary>Bytes of the document itself.</summary>
    public long Size { get; internal set; }

    /// <summary>The platform of a manifest. Null of an index, and where none is told.</summary>
    public CtrPlatform? Platform { get; internal set; }

    /// <summary>What kind of artifact it is, where it is no image that runs. Null where it does not say.</summary>
    public string? ArtifactType { get; internal set; }

    /// <summary>Digest of what it refers to: signatures and SBOMs do. Null where it refers to nothing.</summary>
    public string? Subject { get; internal set; }

    /// <summary>Of a manifest: the digest of its config. Null of an index.</summary>
    public string? Config { get; internal set; }

    /// <summary>Of a manifest: the digests of its layers, bottom first.</summary>
    public IReadOnlyList<string> Layers { get; internal set => field = CtrList.Of(value); } = CtrList<string>.Empty;

    /// <summary>Of an index: the digests of what it lists, in its order.</summary>
    public IReadOnlyList<string> Manifests { get; internal set => field = CtrList.Of(value); } = CtrList<string>.Empty;

    /// <summary>Its annotations.</summary>
    public IReadOnlyDictionary<string, string> Annotations { get; internal set => field = CtrMap.Of(value); } = CtrMap<string>.Empty;

    /// <summary>The bytes.</summary>
    internal ReadOnlyMemory<byte> Bytes { get; set; }

    /// <summary>The document as it is stored, byte for byte.</summary>
    public string ToJson() => Encoding.UTF8.GetString(Bytes.Span);

    /// <summary>The document.</summary>
    /// <param name="indented">On several lines, for people: then the bytes are no longer those of the digest.</param>
    public string ToJson(bool indented) => indented ? RecordJson.Text(JsonNode.Parse(Bytes.Span)!, indented: true) : ToJson();

    /// <summary>The digest.</summary>
    public override string ToString() => Digest;
}

/// <summary>What part a blob has in an image.</summary>
public enum CtrImageBlobKind : long
{
    /// <summary>Lists manifests.</summary>
    Index,

    /// <summary>Lists a config and layers.</summary>
    Manifest,

    /// <summary>Tells of another manifest of the index: provenance, an SBOM.</summary>
    Attestation,

    /// <summary>The config of a manifest.</summary>
    Config,

    /// <summary>A layer, or whatever an artifact has in its place.</summary>
    Layer,

    /// <summary>Something else that an index lists.</summary>
    Other,
}

/// <summary>A blob in its place in an image.</summary>
public sealed class CtrImageBlob : CtrObject
{
    internal CtrImageBlob()
    {
    }

    /// <summary>The full name of the image.</summary>
    public string Name { get; internal set; } = null!;

    /// <summary>What part it has.</summary>
    public CtrImageBlobKind Kind { get; internal set; }

    /// <summary>How deep it stands below what the name points to: 0 is that itself.</summary>
    public int Depth { get; internal set; }

    /// <summary>Its digest.</summary>
    public string Digest { get; internal set; } = null!;

    /// <summary>Its media type.</summary>
    public string MediaType { get; internal set; } = null!;

    /// <summary>Bytes, as the document says that lists it.</summary>
    public long Size { get; internal set; }

    /// <summary>The platform of a manifest. Null of what has none.</summary>
    public CtrPlatform? Platform { get; internal set; }

    /// <summary>Whether its bytes are here.</summary>
    public bool IsPresent { get; internal set; }

    /// <summary>What is wrong with it although it is here. Null where nothing is known.</summary>
    public string? Fault { get; internal set; }

    /// <summary>The annotations that the document gives it.</summary>
    public IReadOnlyDictionary<string, string> Annotations { get; internal set => field = CtrMap.Of(value); } = CtrMap<string>.Empty;

    /// <summary>The digest.</summary>
    public override string ToString() => Digest;
}
