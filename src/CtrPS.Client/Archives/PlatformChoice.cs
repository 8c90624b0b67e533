using CtrPS.Client.Oci;

namespace CtrPS.Client.Archives;

/// <summary>Which of an image's manifests are wanted, and what of them is missing.</summary>
/// <param name="Manifests">The wanted manifests, attestations of them included.</param>
/// <param name="Faults">What stands in the way, one error for each blob or platform. Empty: all that is wanted is whole.</param>
/// <param name="Host">The manifest that the server would run. Null where there is none among the wanted.</param>
internal sealed record PlatformChoice(IReadOnlyList<ImageNode> Manifests, IReadOnlyList<CtrException> Faults, ImageNode? Host)
{
    /// <summary>All blobs that the wanted manifests need, and the indexes above them; each once, children before their parents.</summary>
    public IEnumerable<ImageNode> Blobs(ImageNode root)
    {
        var wanted = new HashSet<ImageNode>(Manifests);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        return Visit(root).Where(node => seen.Add(node.Descriptor.Digest));

        IEnumerable<ImageNode> Visit(ImageNode node)
        {
            if (node.Kind == ImageNodeKind.Manifest)
            {
                return wanted.Contains(node) ? node.Children.Append(node) : [];
            }

            IEnumerable<ImageNode> below = node.Children.SelectMany(Visit);
            return node.Kind == ImageNodeKind.Index && (ReferenceEquals(node, root) || below.Any()) ? below.Append(node) : node.Kind == ImageNodeKind.Index || !node.IsSound ? [] : [node];
        }
    }

    /// <summary>Chooses.</summary>
    /// <param name="root">The image.</param>
    /// <param name="request">What the user wants.</param>
    /// <param name="host">The server's platform.</param>
    /// <param name="words">The image in words: <c>image 'x' in archive 'y'</c>.</param>
    public static PlatformChoice For(ImageNode root, CtrImportRequest request, CtrPlatform host, string words)
    {
        var hostMatcher = PlatformMatcher.Only(host);
        if (!root.IsSound)
        {
            return new PlatformChoice([], [Fault(root, null, words)], null);
        }

        ImageNode[] all = root.Manifests.Where(manifest => !manifest.IsAttestation).ToArray();
        if (all.Length == 0)
        {
            ImageNode[] broken = root.All.Where(node => !node.IsSound).ToArray();
            return new PlatformChoice([], broken.Select(node => Fault(node, null, words)).ToArray(), null);
        }

        var chosen = new List<ImageNode>();
        var faults = new List<CtrException>();
        if (root.Kind == ImageNodeKind.Manifest)
        {
            // A manifest that is the target itself is taken whatever its platform, as containerd does, unless the user says which.
            if (request.Platforms.Count == 0 || request.Platforms.All(wanted => root.Platform is { } platform && PlatformMatcher.Strict([wanted]).Matches(platform)))
            {
                chosen.Add(root);
            }
            else
            {
                faults.Add(NoPlatform(request.Platforms, all, words));
            }
        }
        else if (request.Strict)
        {
            chosen.AddRange(root.Manifests);
            faults.AddRange(root.All.Where(node => node.Kind is ImageNodeKind.Index or ImageNodeKind.Other && !node.IsSound).Select(node => Fault(node, null, words)));
        }
        else if (request.AllPlatforms)
        {
            chosen.AddRange(all.Where(manifest => manifest.IsWhole));
            if (chosen.Count == 0)
            {
                chosen.AddRange(all);
            }
        }
        else if (request.Platforms.Count > 0)
        {
            foreach (CtrPlatform wanted in request.Platforms)
            {
                ImageNode[] matches = Ranked(all, PlatformMatcher.Strict([wanted])).ToArray();
                if (matches.Length == 0)
                {
                    faults.Add(NoPlatform([wanted], all, words));
                }

                chosen.AddRange(matches.OrderByDescending(match => match.IsWhole).Take(1));
            }
        }
        else
        {
            // The best that is whole; where none is, the best, so that its faults are told.
            ImageNode[] matches = Ranked(all, hostMatcher).ToArray();
            if (matches.Length == 0)
            {
                faults.Add(NoPlatform([host], all, words));
            }

            chosen.AddRange(matches.OrderByDescending(match => match.IsWhole).Take(1));
        }

        foreach (ImageNode manifest in chosen)
        {
            faults.AddRange(manifest.All.Where(node => !node.IsSound).Select(node => Fault(node, manifest.Platform, words)));
        }

        var digests = chosen.Select(manifest => manifest.Descriptor.Digest).ToHashSet(StringComparer.Ordinal);
        chosen.AddRange(root.Manifests.Where(manifest => manifest.IsAttestation && manifest.IsWhole && manifest.AttestedDigest is { } about && digests.Contains(about) && !chosen.Contains(manifest)));
        ImageNode? run = root.Kind == ImageNodeKind.Manifest
            ? root.Platform is not { } own || hostMatcher.Matches(own) ? chosen.FirstOrDefault() : null
            : Ranked(chosen.Where(manifest => !manifest.IsAttestation), hostMatcher).FirstOrDefault();
        return new PlatformChoice(chosen, faults, run);
    }

    /// <summary>Those that match, the best first; equally good ones in the order of the index.</summary>
    private static IEnumerable<ImageNode> Ranked(IEnumerable<ImageNode> manifests, PlatformMatcher matcher) => manifests
        .Select(manifest => (Manifest: manifest, Rank: manifest.Platform is { } platform ? matcher.Rank(platform) : matcher.TakesUndeclared ? int.MaxValue : null))
        .Where(candidate => candidate.Rank is not null)
        .OrderBy(candidate => candidate.Rank)
        .Select(candidate => candidate.Manifest);

    private static CtrException NoPlatform(IReadOnlyList<CtrPlatform> wanted, ImageNode[] all, string words)
    {
        string whole = Names(all.Where(manifest => manifest.IsWhole));
        return new CtrException(
            CtrErrorIds.PlatformNotFound,
            CtrStatus.NotFound,
            $"The {words} is not for {string.Join(", ", wanted)}. It is for {Names(all)}{(whole.Length == 0 ? ", none of it whole" : $"; whole are {whole}")}.")
        {
            Target = wanted[0].ToString(),
            RecommendedAction = whole.Length == 0 ? null : "Use -Platform with one of these, or -AllPlatforms.",
        };

        static string Names(IEnumerable<ImageNode> manifests) => string.Join(", ", manifests.Select(manifest => manifest.Platform?.ToString() ?? "no platform").Distinct());
    }

    private static CtrException Fault(ImageNode node, CtrPlatform? platform, string words)
    {
        string what = $"{node.Kind.ToString().ToLowerInvariant()} '{node.Descriptor.Digest}' ({node.Descriptor.MediaType}, {node.Descriptor.Size} bytes{(platform is null ? "" : $", for {platform}")})";
        return node.Fault is { } fault
            ? new CtrException(fault.ErrorId, fault.Status, $"In the {words}, the {what} cannot be used. {fault.Message}", fault)
            {
                Target = node.Descriptor.Digest,
                RecommendedAction = "The file was damaged after it was written: bring it again, and compare its checksum.",
            }
            : new CtrException(CtrErrorIds.BlobMissing, CtrStatus.NotFound, $"In the {words}, the {what} is absent, and the namespace has no such blob either.")
            {
                Target = node.Descriptor.Digest,
                RecommendedAction = "Save the image again where it is whole. A delta bundle needs the inventory of this very node: make it anew with Export-CtrInventory.",
            };
    }
}
