namespace CtrPS.Client.Oci;

/// <summary>Something that refers to a manifest: a signature, an SBOM, an attestation.</summary>
/// <param name="Subject">The digest of the manifest that it refers to.</param>
/// <param name="Selection">Its blobs.</param>
/// <param name="Depth">0: it refers to a manifest of the image; 1: to something of depth 0; and so on.</param>
internal sealed record Referrer(string Subject, ImageSelection Selection, int Depth)
{
    public string Digest => Selection.Root.Descriptor.Digest;
}

/// <summary>What refers to an image, in whole and proved; and in words what was left out of it.</summary>
/// <param name="All">Each once, a subject before what refers to it.</param>
/// <param name="LeftOut">Sentences about what is not taken.</param>
/// <param name="Source">Where the blobs are.</param>
internal sealed record ReferrerSet(IReadOnlyList<Referrer> All, IReadOnlyList<string> LeftOut, IBlobSource Source)
{
    private readonly ILookup<string, string> _bySubject = All.ToLookup(one => one.Subject, one => one.Digest, StringComparer.Ordinal);

    /// <summary>Nothing refers to the image, or nobody asked.</summary>
    public static ReferrerSet None(IBlobSource source) => new([], [], source);

    /// <summary>The labels by which a manifest keeps what refers to it. Empty: nothing does.</summary>
    public IReadOnlyDictionary<string, string> LabelsOf(string subject) => GarbageLabels.ForReferrers(_bySubject[subject]);

    /// <summary>The blobs of those of a depth, children before their parents, without those that are moved anyway.</summary>
    /// <param name="depth">The depth. Null: of all of them.</param>
    /// <param name="moved">Digests that are moved; those of the blobs come to it.</param>
    /// <param name="what">The image in words.</param>
    public IEnumerable<MovedBlob> Blobs(int? depth, HashSet<string> moved, string what) =>
        from one in All
        where depth is null || one.Depth == depth
        from node in one.Selection.Nodes
        where moved.Add(node.Descriptor.Digest)
        select new MovedBlob(node, one.Selection.ManifestOf(node), Source, $"{(one.Depth == 0 ? "referrer" : "referrer's referrer")} of the {what}");
}
