using CtrPS.Client.Oci;

namespace CtrPS.Client.Archives;

/// <summary>Which blobs of an image go into an archive, and which of those cannot.</summary>
internal sealed class ImageSelection
{
    private readonly ImageNode _root;
    private readonly CtrSaveRequest _request;
    private readonly List<ImageNode> _nodes = [];
    private readonly List<ImageNode> _missing = [];
    private readonly List<ImageNode> _leftOut = [];
    private readonly List<CtrPlatform> _absent = [];
    private readonly HashSet<ImageNode> _chosen = [];

    private ImageSelection(ImageNode root, CtrSaveRequest request)
    {
        _root = root;
        _request = request;
    }

    /// <summary>The manifests of platforms that go in, in the order of the index.</summary>
    public IReadOnlyList<ImageNode> Images => [.. _root.Manifests.Where(manifest => _chosen.Contains(manifest) && !manifest.IsAttestation)];

    /// <summary>The platforms that the image has, whole or not.</summary>
    public IEnumerable<CtrPlatform> Platforms => _root.Manifests.Where(manifest => !manifest.IsAttestation).Select(manifest => manifest.Platform).OfType<CtrPlatform>();

    /// <summary>What goes in, each parent before its children.</summary>
    public IReadOnlyList<ImageNode> Nodes => _nodes;

    /// <summary>What should go in and is not there.</summary>
    public IReadOnlyList<ImageNode> Missing => _missing;

    /// <summary>Platforms that were asked for and that the image does not have.</summary>
    public IReadOnlyList<CtrPlatform> AbsentPlatforms => _absent;

    /// <summary>Layers that go without their bytes: the receiver has them, or may not have them.</summary>
    public IReadOnlyList<ImageNode> LeftOutLayers => _leftOut;

    /// <summary>Manifests of platforms that stay away because they are not whole here.</summary>
    public IReadOnlyList<ImageNode> LeftOutImages =>
        _request.Scope == CtrSaveScope.Available ? [.. _root.Manifests.Where(manifest => !manifest.IsAttestation && !_chosen.Contains(manifest))] : [];

    /// <summary>Chooses by the request.</summary>
    public static ImageSelection Of(ImageNode root, CtrSaveRequest request)
    {
        var selection = new ImageSelection(root, request);
        selection.Choose();
        _ = selection.Take(root);
        return selection;
    }

    private void Choose()
    {
        List<ImageNode> images = [.. _root.Manifests.Where(manifest => !manifest.IsAttestation)];
        switch (_request.Scope)
        {
            case CtrSaveScope.All:
                _chosen.UnionWith(_root.Manifests);
                return;
            case CtrSaveScope.Listed when _root.StoredSize is not null:
                foreach (CtrPlatform platform in _request.Platforms)
                {
                    var matcher = PlatformMatcher.Strict([platform]);
                    List<ImageNode> matching = [.. images.Where(image => image.Platform is { } own && matcher.Matches(own))];
                    _chosen.UnionWith(matching);

                    // A manifest that is not whole may not tell its platform: then what it lacks is the fault.
                    if (matching.Count == 0 && (_root.Kind == ImageNodeKind.Index || _root.Platform is not null || IsHereWhole(_root)))
                    {
                        _absent.Add(platform);
                    }
                }

                break;
            default:
                _chosen.UnionWith(images.Where(IsHereWhole));

                // Nothing whole: what was begun tells best what is missing, else everything is.
                if (_chosen.Count == 0)
                {
                    List<ImageNode> begun = [.. images.Where(image => image.StoredSize is not null)];
                    _chosen.UnionWith(begun.Count > 0 ? begun : images);
                }

                break;
        }

        if (_root.Kind == ImageNodeKind.Manifest && _absent.Count == 0)
        {
            _ = _chosen.Add(_root);
        }

        HashSet<string> described = [.. _chosen.Select(image => image.Descriptor.Digest)];
        _chosen.UnionWith(_root.Manifests.Where(manifest => manifest.IsAttestation && IsHereWhole(manifest) && (manifest.AttestedDigest is not { } about || described.Contains(about))));
    }

    /// <summary>Takes a node and what is below it as far as it is wanted.</summary>
    /// <returns>Whether it was.</returns>
    private bool Take(ImageNode node)
    {
        bool everything = _request.Scope == CtrSaveScope.All;
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

        int at = _nodes.Count;
        bool below = false;
        foreach (ImageNode child in node.Children)
        {
            below |= Take(child);
        }

        // An index within the index is wanted for what is in it.
        if (node.Kind == ImageNodeKind.Index && node != _root && !below && !everything)
        {
            return false;
        }

        _nodes.Insert(at, node);
        if (node.StoredSize is null)
        {
            _missing.Add(node);
        }

        return true;
    }

    private bool IsLeftOut(ImageNode layer) =>
        (_request.SkipNonDistributable && MediaTypes.IsNonDistributable(layer.Descriptor.MediaType)) || _request.Excluded?.Contains(layer.Descriptor.Digest) == true;

    /// <summary>Whether all that is needed of a manifest is there. What is there and damaged counts: damage is told, not passed over.</summary>
    private bool IsHereWhole(ImageNode manifest) =>
        manifest.StoredSize is not null && manifest.Children.All(child => child.StoredSize is not null || (child.Kind == ImageNodeKind.Layer && IsLeftOut(child)));
}
