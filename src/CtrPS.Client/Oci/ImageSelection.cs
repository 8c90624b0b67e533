namespace CtrPS.Client.Oci;

/// <summary>Which blobs of an image are wanted, and what stands in the way.</summary>
internal sealed class ImageSelection
{
    private readonly ImageNode _root;
    private readonly SelectionRules _rules;
    private readonly ImageNode[] _manifests;
    private readonly ImageNode[] _all;
    private readonly HashSet<ImageNode> _chosen = new(ReferenceEqualityComparer.Instance);
    private readonly List<ImageNode> _nodes = [];
    private readonly List<ImageNode> _leftOut = [];
    private readonly List<CtrPlatform> _absent = [];
    private readonly Dictionary<ImageNode, bool> _taken = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<BlobState, bool> _entered = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<BlobState, bool> _here = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<string> _digests = new(StringComparer.Ordinal);
    private readonly Dictionary<ImageNode, ImageNode> _manifestOf = new(ReferenceEqualityComparer.Instance);

    private ImageSelection(ImageNode root, SelectionRules rules)
    {
        _root = root;
        _rules = rules;
        _manifests = [.. root.Manifests];
        _all = [.. _manifests.Where(manifest => !manifest.IsAttestation)];
    }

    /// <summary>The image.</summary>
    public ImageNode Root => _root;

    /// <summary>The manifests of platforms that are wanted, in the order of the index.</summary>
    public IReadOnlyList<ImageNode> Images => [.. _all.Where(_chosen.Contains)];

    /// <summary>The manifests of all platforms that the image has, whole or not.</summary>
    public IReadOnlyList<ImageNode> AllImages => _all;

    /// <summary>The platforms that the image has, whole or not.</summary>
    public IEnumerable<CtrPlatform> Platforms => _all.Select(manifest => manifest.Platform).OfType<CtrPlatform>().Distinct();

    /// <summary>What is wanted, children before their parents, each digest once.</summary>
    public IReadOnlyList<ImageNode> Nodes => _nodes;

    /// <summary>What is wanted and is missing or damaged.</summary>
    public IEnumerable<ImageNode> Broken => _nodes.Where(node => !node.IsSound);

    /// <summary>Platforms that were asked for and that the image does not have.</summary>
    public IReadOnlyList<CtrPlatform> AbsentPlatforms => _absent;

    /// <summary>Layers that go without their bytes: the receiver has them, or may not have them.</summary>
    public IReadOnlyList<ImageNode> LeftOutLayers => _leftOut;

    /// <summary>Manifests of platforms that stay away because they are not whole here.</summary>
    public IReadOnlyList<ImageNode> LeftOutImages =>
        _rules.Scope == CtrPlatformScope.Available ? [.. _all.Where(manifest => !_chosen.Contains(manifest))] : [];

    /// <summary>Chooses by the rules.</summary>
    public static ImageSelection Of(ImageNode root, SelectionRules rules)
    {
        var selection = new ImageSelection(root, rules);
        selection.Choose();
        _ = selection.Take(root, null);
        return selection;
    }

    /// <summary>
    /// The manifest of an image that a daemon of some platform would use, as containerd's client finds it (core/images/image.go, Manifest): in
    /// each index the best entry only, whether it is there or not, entries without a platform last.
    /// </summary>
    /// <param name="root">The image.</param>
    /// <param name="matcher">What is acceptable.</param>
    /// <param name="checkRoot">Also compare the platform of an image that is no index; else it counts whatever its platform.</param>
    /// <returns>
    /// A manifest, there or not; or an index on the way to it that is not there or cannot be read. Null where the image has nothing for the platform.
    /// </returns>
    public static ImageNode? Best(ImageNode root, PlatformMatcher matcher, bool checkRoot)
    {
        ImageNode node = root;
        while (node.Kind == ImageNodeKind.Index && node.IsSound)
        {
            (ImageNode? best, int bestRank) = (null, int.MaxValue);
            foreach (ImageNode child in node.Children)
            {
                int? rank = child.Descriptor.Platform is { } declared ? matcher.Rank(declared) : int.MaxValue - 1;
                if (rank < bestRank)
                {
                    (best, bestRank) = (child, rank.Value);
                }
            }

            if (best is null)
            {
                return null;
            }

            node = best;
        }

        if (!node.IsDocument)
        {
            return null;
        }

        bool mayDiffer =
            node.Kind == ImageNodeKind.Manifest && node.StoredSize is not null && (node == root ? checkRoot : node.Descriptor.Platform is null);
        return mayDiffer && !(node.Platform is { } own ? matcher.Matches(own) : node == root) ? null : node;
    }

    /// <summary>The wanted manifest that a daemon would run. Null where there is none among them.</summary>
    public ImageNode? Runnable(PlatformMatcher host) => _root.Kind == ImageNodeKind.Manifest
        ? _root.Platform is not { } own || host.Matches(own) ? Images is [{ } only, ..] ? only : null : null
        : Ranked(Images, host).FirstOrDefault();

    /// <summary>The manifest that a wanted blob is of: itself for a manifest, null for an index.</summary>
    public ImageNode? ManifestOf(ImageNode node) => _manifestOf.GetValueOrDefault(node);

    /// <summary>Those that match, the best first; equally good ones in the order of the index.</summary>
    private static IEnumerable<ImageNode> Ranked(IEnumerable<ImageNode> manifests, PlatformMatcher matcher) => manifests
        .Select(manifest => (
            Manifest: manifest,
            Rank: manifest.Platform is { } platform ? matcher.Rank(platform) : matcher.TakesUndeclared ? int.MaxValue : null))
        .Where(candidate => candidate.Rank is not null)
        .OrderBy(candidate => candidate.Rank)
        .Select(candidate => candidate.Manifest);

    private void Choose()
    {
        switch (_rules.Scope)
        {
            case CtrPlatformScope.All:
                _chosen.UnionWith(_manifests);
                return;
            case CtrPlatformScope.Listed when _root.StoredSize is not null:
                foreach (PlatformMatcher wanted in _rules.Platforms)
                {
                    ChooseFor(wanted);
                }

                break;
            default:
                _chosen.UnionWith(_all.Where(IsHere));

                // Nothing whole: what was begun tells best what is missing, else everything is.
                if (_chosen.Count == 0)
                {
                    ImageNode[] begun = [.. _all.Where(image => image.StoredSize is not null)];
                    _chosen.UnionWith(begun.Length > 0 ? begun : _all);
                }

                break;
        }

        if (_root.Kind == ImageNodeKind.Manifest && _absent.Count == 0)
        {
            _ = _chosen.Add(_root);
        }

        HashSet<string> described = [.. _chosen.Select(image => image.Descriptor.Digest)];
        _chosen.UnionWith(_manifests.Where(manifest =>
            manifest.IsAttestation && IsHere(manifest) && (manifest.AttestedDigest is not { } about || described.Contains(about))));
    }

    private void ChooseFor(PlatformMatcher wanted)
    {
        ImageNode[] matching = [.. Ranked(_all, wanted)];
        _chosen.UnionWith(_rules.Receiving ? matching.OrderByDescending(IsHere).Take(1) : matching);
        if (matching.Length == 0 && !IsTakenAnyway(wanted))
        {
            _absent.Add(wanted.Platform);
        }
    }

    /// <summary>
    /// A manifest that is the target itself is taken whatever its platform, as containerd does, unless the user said which; and what tells no
    /// platform cannot be of the wrong one: of what is not whole, that what it lacks is the fault.
    /// </summary>
    private bool IsTakenAnyway(PlatformMatcher wanted) => _root.Kind == ImageNodeKind.Manifest
        && (wanted.TakesUndeclared || (_root.Platform is null && (_rules.Receiving || !IsHere(_root))));

    /// <summary>Takes a node and what is below it as far as it is wanted.</summary>
    /// <returns>Whether it was.</returns>
    private bool Take(ImageNode node, ImageNode? manifest)
    {
        if (!_taken.TryGetValue(node, out bool taken))
        {
            _taken[node] = taken = TakeFirst(node, node.Kind == ImageNodeKind.Manifest ? node : manifest);
        }

        return taken;
    }

    private bool TakeFirst(ImageNode node, ImageNode? manifest)
    {
        bool everything = _rules.Scope == CtrPlatformScope.All || _all.Length == 0;
        switch (node.Kind)
        {
            case ImageNodeKind.Manifest when !_chosen.Contains(node):
            case ImageNodeKind.Other when node.StoredSize is null && !everything:
                return false;
            case ImageNodeKind.Layer when IsLeftOut(node):
                _leftOut.Add(node);
                return true;
            default:
                break;
        }

        // Another place that lists the same blob: what is below it was taken there.
        bool known = _entered.TryGetValue(node.State, out bool below);
        if (!known && node.Children.Count > 0)
        {
            _entered[node.State] = false;
            foreach (ImageNode child in node.Children)
            {
                below |= Take(child, manifest);
            }

            _entered[node.State] = below;
        }

        // An index within the index is wanted for what is in it.
        if (node.Kind == ImageNodeKind.Index && node != _root && !below && !everything)
        {
            return false;
        }

        if (manifest is not null)
        {
            _manifestOf[node] = manifest;
        }

        if (_digests.Add(node.Descriptor.Digest))
        {
            _nodes.Add(node);
        }

        return true;
    }

    private bool IsLeftOut(ImageNode layer) =>
        (_rules.SkipNonDistributable && MediaTypes.IsNonDistributable(layer.Descriptor.MediaType))
            || _rules.Excluded?.Contains(layer.Descriptor.Digest) == true;

    /// <summary>Whether all that is needed of a manifest is there. What is given away and damaged counts: damage is told, not passed over.</summary>
    private bool IsHere(ImageNode manifest)
    {
        if (!_here.TryGetValue(manifest.State, out bool here))
        {
            _here[manifest.State] = here = _rules.Receiving
                ? manifest.IsWhole
                : manifest.StoredSize is not null
                    && manifest.Children.All(child => child.StoredSize is not null || (child.Kind == ImageNodeKind.Layer && IsLeftOut(child)));
        }

        return here;
    }
}
