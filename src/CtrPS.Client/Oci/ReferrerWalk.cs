namespace CtrPS.Client.Oci;

/// <summary>
/// Finds what refers to an image, and what refers to that, and proves it: whoever may write to a repository can make a list of referrers say
/// anything. Taken is what names its subject itself and is whole; the rest is left out and told. Count, depth and bytes are limited.
/// </summary>
/// <param name="referrers">Who says what refers to a manifest.</param>
/// <param name="source">Where that can be read.</param>
/// <param name="what">The image in words.</param>
internal sealed class ReferrerWalk(IReferrerSource referrers, IBlobSource source, string what)
{
    /// <summary>Referrers that are looked at. Images have some; signed by every build, some dozens.</summary>
    public const int MaxCount = 1000;

    /// <summary>Referrers of referrers: a signature of an SBOM is at the second.</summary>
    public const int MaxDepth = 8;

    /// <summary>Bytes of all that refers to an image (4 GiB).</summary>
    public const long MaxBytes = 4L << 30;

    /// <summary>Bytes of their manifests, which are read before anything is moved (64 MiB).</summary>
    private const long MaxDocuments = 64L << 20;

    /// <summary>Questions under way at the same time.</summary>
    private const int Concurrency = 8;

    /// <summary>What is told of those left out; of more, how many.</summary>
    private const int MaxTold = 5;

    private static readonly SelectionRules Whole = SelectionRules.ToGive(CtrPlatformScope.All, []);

    /// <summary>Finds all that refers to manifests of an image.</summary>
    /// <param name="subjects">The manifests and indexes of the image, as far as it is moved.</param>
    /// <param name="cancellationToken">Ends the looking.</param>
    /// <exception cref="CtrException">
    /// <see cref="CtrErrorIds.ImageTooLarge"/>: it is more than the limits allow; and what the source throws that is no fault of a referrer.
    /// </exception>
    public async Task<ReferrerSet> FindAsync(IEnumerable<ImageNode> subjects, CancellationToken cancellationToken)
    {
        var found = new List<Referrer>();
        var leftOut = new List<string>();
        var taken = new HashSet<string>(StringComparer.Ordinal);
        var seen = new HashSet<(string, string)>();
        long documents = 0, bytes = 0;
        List<string> level = [.. subjects.Where(node => node.IsDocument).Select(node => node.Descriptor.Digest).Distinct()];
        for (int depth = 0; level.Count > 0; depth++)
        {
            List<(string Subject, Descriptor One)> listed = [];
            await foreach ((string subject, IReadOnlyList<Descriptor> list) in OrderedParallel.SelectAsync(
                level,
                Concurrency,
                async (one, token) => (one, await referrers.ListAsync(one, token).ConfigureAwait(false)),
                cancellationToken).ConfigureAwait(false))
            {
                listed.AddRange(list.Where(one => seen.Add((subject, one.Digest))).Select(one => (subject, one)));
                documents += list.Sum(one => Math.Clamp(one.Size, 0, ManifestDocument.MaxSize));
                Require(seen.Count <= MaxCount, $"more than {MaxCount} things refer to it");
            }

            Require(listed.Count == 0 || depth < MaxDepth, $"what refers to it is more than {MaxDepth} deep");
            Require(documents <= MaxDocuments, $"the manifests of what refers to it have more than {MaxDocuments >> 20} MiB");
            level.Clear();
            await foreach ((Referrer? one, string? why) in OrderedParallel.SelectAsync(
                listed,
                Concurrency,
                (pair, token) => ReadAsync(pair.Subject, pair.One, depth, token),
                cancellationToken).ConfigureAwait(false))
            {
                if (one is null)
                {
                    leftOut.Add(why!);
                }
                else if (taken.Add(one.Digest))
                {
                    found.Add(one);
                    level.Add(one.Digest);
                    bytes += one.Selection.Nodes.Sum(node => node.Descriptor.Size);
                    Require(bytes <= MaxBytes, $"what refers to it has more than {MaxBytes >> 30} GiB");
                }
            }
        }

        if (leftOut.Count > MaxTold)
        {
            string more = $"{leftOut.Count - MaxTold} more that are said to refer to the {what} are left out.";
            leftOut = [.. leftOut.Take(MaxTold), more];
        }

        return new ReferrerSet(found, leftOut, source);
    }

    /// <summary>Reads one, and says why it is not taken.</summary>
    private async Task<(Referrer? One, string? Why)> ReadAsync(string subject, Descriptor one, int depth, CancellationToken cancellationToken)
    {
        if (!MediaTypes.IsIndex(one.MediaType) && !MediaTypes.IsManifest(one.MediaType))
        {
            return (null, LeftOut(one, $"its media type is '{ForeignText.Show(one.MediaType)}', which is that of no manifest"));
        }

        if (one.Size is <= 0 or > ManifestDocument.MaxSize)
        {
            return (null, LeftOut(one, $"its size is told as {one.Size} bytes, which no manifest has"));
        }

        try
        {
            // The subject first: what does not name it is not walked.
            var document = ManifestDocument.Parse(await source.ReadAsync(one, cancellationToken).ConfigureAwait(false), one);
            if (document.Subject != subject)
            {
                string other = document.Subject is { } named ? $"refers to {ForeignText.Show(named)}" : "refers to nothing";
                return (null, LeftOut(one, $"it {other}, not to {subject}"));
            }

            ImageNode root = await ImageGraph.ReadAsync(source, one, cancellationToken).ConfigureAwait(false);
            var selection = ImageSelection.Of(root, Whole);
            if (selection.Broken.FirstOrDefault() is { } broken)
            {
                CtrBlobFault fault = await BlobFaults.OfAsync(
                    broken, selection.ManifestOf(broken), source, cancellationToken).ConfigureAwait(false);
                return (null, LeftOut(one, fault.Reason.TrimEnd('.')));
            }

            return (new Referrer(subject, selection, depth), null);
        }
        catch (CtrException e) when (e.ErrorId is CtrErrorIds.RemoteImageNotFound or CtrErrorIds.BlobMissing or CtrErrorIds.BlobCorrupt
            or CtrErrorIds.ImageTooLarge or CtrErrorIds.InvalidDigest)
        {
            return (null, LeftOut(one, e.Message.TrimEnd('.')));
        }
    }

    private string LeftOut(Descriptor one, string why) =>
        $"'{one.Digest}' is said to refer to the {what}, and is left out: {why}.";

    private void Require(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw new CtrException(CtrErrorIds.ImageTooLarge, CtrStatus.ResourceExhausted, $"The {what} is refused with its referrers: {otherwise}.")
            {
                RecommendedAction = "Move the image without -IncludeReferrer. Get-CtrRemoteImage lists what refers to an image at a registry.",
            };
        }
    }
}
