using CtrPS.Client.Formats.Tar;
using CtrPS.Client.Oci;

namespace CtrPS.Client.Builds;

/// <summary>
/// What is left of the files of several layers, one laid on the other, as containerd lays them (pkg/archive/tar.go): names stay within the root
/// whatever they say, links on the way to a file are followed within it, whiteouts hide what is in lower layers (image-spec, layer.md).
/// </summary>
internal sealed class MergedTree(Func<string, Exception> fault)
{
    /// <summary>Files of all layers together, at most.</summary>
    public const int MaxFiles = 2_000_000;

    /// <summary>Folders in folders, at most. The kernel's own limit on paths allows no more than twice that.</summary>
    private const int MaxDepth = 1024;

    /// <summary>Bytes of names and extended attributes of all files together, at most: all of them are in memory.</summary>
    private const long MaxBytes = 256 << 20;

    /// <summary>As the kernel's limit.</summary>
    private const int MaxLinks = 40;

    private readonly Node _root = new(null, "") { Kind = TarEntryFacts.Folder };
    private readonly Dictionary<(int Layer, long Place), Inode> _inodes = [];
    private long _count;
    private long _bytes;

    /// <summary>Lays an entry of a layer on what is there.</summary>
    /// <param name="layer">Which layer, from the lowest up.</param>
    /// <param name="place">Which of its entries.</param>
    /// <param name="facts">What the entry says.</param>
    public void Add(int layer, long place, TarEntryFacts facts)
    {
        if (++_count > MaxFiles)
        {
            throw fault($"they have more than {MaxFiles} files and links together.");
        }

        if (facts.Name.Contains('\uFFFD', StringComparison.Ordinal) || facts.LinkName.Contains('\uFFFD', StringComparison.Ordinal))
        {
            throw fault($"the name of the file '{ForeignText.Show(facts.Name)}' is no UTF-8, and would be another one in a new layer.");
        }

        Take(facts.Name.Length + facts.LinkName.Length + facts.Records.Sum(record => record.Key.Length + record.Value.Length));
        List<string> parts = Parts(facts.Name);
        if (parts.Count == 0)
        {
            _root.Facts = facts.Type == TarEntryFacts.Folder ? facts : _root.Facts;
            return;
        }

        Node folder = Folder(parts[..^1], layer);
        string name = parts[^1];
        if (name.StartsWith(Whiteouts.Prefix, StringComparison.Ordinal))
        {
            Hide(folder, name, layer);
            return;
        }

        if (facts.Type == TarEntryFacts.HardLink)
        {
            Link(folder, name, layer, facts);
            return;
        }

        Node node = folder.Children.TryGetValue(name, out Node? there) && there.Kind == TarEntryFacts.Folder && facts.Type == TarEntryFacts.Folder
            ? there
            : folder.Children[name] = new Node(folder, name);
        (node.Kind, node.Layer, node.Facts) = (facts.Type, layer, facts);
        if (facts.Type == TarEntryFacts.File)
        {
            node.File = _inodes[(layer, place)] = new Inode(facts);
        }
    }

    /// <summary>Whether a file of a layer is left under any name.</summary>
    public bool HasFilesOf(int layer) => _inodes.Any(inode => inode.Key.Layer == layer && inode.Value.Names.Count > 0);

    /// <summary>Finds out under which names files are left. To be called once, after the last entry.</summary>
    /// <returns>What is left beside files, a folder before what is in it, by names.</returns>
    public IReadOnlyList<TarEntryFacts> Settle()
    {
        var others = new List<TarEntryFacts>();
        var ahead = new Stack<(Node Node, string Path)>();
        if (_root.Facts is { } root)
        {
            others.Add(root with { Name = "./" });
        }

        Push(_root, "");
        while (ahead.TryPop(out (Node Node, string Path) next))
        {
            (Node node, string path) = next;
            Take(path.Length);
            if (node.File is { } file)
            {
                file.Names.Add(path);
            }
            else if (node.Facts is { } facts)
            {
                others.Add(facts with { Name = node.Kind == TarEntryFacts.Folder ? path + "/" : path });
            }

            Push(node, path + "/");
        }

        return others;

        void Push(Node node, string prefix)
        {
            foreach (Node child in node.Children.Values.OrderByDescending(child => child.Name, StringComparer.Ordinal))
            {
                ahead.Push((child, prefix + child.Name));
            }
        }
    }

    /// <summary>The names under which a file of a layer is left, and what is said of it. Null: under none.</summary>
    public (TarEntryFacts Facts, IReadOnlyList<string> Names)? Find(int layer, long place) =>
        _inodes.TryGetValue((layer, place), out Inode? inode) && inode.Names.Count > 0 ? (inode.Facts, inode.Names) : null;

    private void Take(long bytes)
    {
        _bytes += bytes;
        if (_bytes > MaxBytes)
        {
            throw fault($"the names and extended attributes of their files have more than {MaxBytes} bytes together.");
        }
    }

    private static List<string> Parts(string path)
    {
        var parts = new List<string>();
        foreach (string part in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (part == ".." && parts.Count > 0)
            {
                parts.RemoveAt(parts.Count - 1);
            }
            else if (part is not ("." or ".."))
            {
                parts.Add(part);
            }
        }

        return parts;
    }

    /// <summary>The folder at a path, links followed; what is missing on the way is made, as unpacking does.</summary>
    private Node Folder(IEnumerable<string> path, int layer)
    {
        Node folder = _root;
        int links = 0;
        var ahead = new LinkedList<string>(path);
        while (ahead.First is { Value: var part } first)
        {
            ahead.RemoveFirst();
            if (part == "..")
            {
                folder = folder.Parent ?? _root;
                continue;
            }

            if (folder.Children.TryGetValue(part, out Node? child) && child is { Kind: TarEntryFacts.SymbolicLink, Facts: { } link })
            {
                if (++links > MaxLinks)
                {
                    throw fault($"the link '{ForeignText.Show(link.Name)}' leads to itself.");
                }

                folder = link.LinkName.StartsWith('/') ? _root : folder;
                foreach (string one in link.LinkName.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(one => one != ".").Reverse())
                {
                    _ = ahead.AddFirst(one);
                }

                continue;
            }

            if (folder.Depth >= MaxDepth)
            {
                throw fault($"they have folders in more than {MaxDepth} others.");
            }

            folder = child is { Kind: TarEntryFacts.Folder }
                ? child
                : folder.Children[part] = new Node(folder, part) { Kind = TarEntryFacts.Folder, Layer = layer };
        }

        return folder;
    }

    private void Link(Node folder, string name, int layer, TarEntryFacts facts)
    {
        List<string> target = Parts(facts.LinkName);
        if (target.Count == 0 || !Folder(target[..^1], layer).Children.TryGetValue(target[^1], out Node? to) || to.Kind == TarEntryFacts.Folder)
        {
            throw fault($"the file '{ForeignText.Show(facts.Name)}' is a link to '{ForeignText.Show(facts.LinkName)}', which is no file in them.");
        }

        folder.Children[name] = new Node(folder, name) { Kind = to.Kind, Layer = layer, Facts = to.Facts, File = to.File };
    }

    private static void Hide(Node folder, string name, int layer)
    {
        if (name == Whiteouts.Opaque)
        {
            HideBelow(folder, layer);
        }
        else if (!name.StartsWith(Whiteouts.Reserved, StringComparison.Ordinal)
            && folder.Children.TryGetValue(name[Whiteouts.Prefix.Length..], out Node? hidden) && Hidden(hidden, layer))
        {
            _ = folder.Children.Remove(hidden.Name);
        }
    }

    /// <summary>Takes away what lower layers have. Whether nothing of this layer is left.</summary>
    private static bool Hidden(Node node, int layer)
    {
        HideBelow(node, layer);
        if (node.Layer < layer)
        {
            node.Facts = null;
        }

        return node.Layer < layer && node.Children.Count == 0;
    }

    private static void HideBelow(Node folder, int layer)
    {
        foreach (Node child in folder.Children.Values.ToArray())
        {
            if (Hidden(child, layer))
            {
                _ = folder.Children.Remove(child.Name);
            }
        }
    }

    private sealed class Node(Node? parent, string name)
    {
        private static readonly Dictionary<string, Node> None = [];

        private Dictionary<string, Node>? _children;

        public Node? Parent => parent;

        public string Name => name;

        public int Depth { get; } = parent is null ? 0 : parent.Depth + 1;

        public char Kind { get; set; }

        /// <summary>The last layer that has it.</summary>
        public int Layer { get; set; }

        /// <summary>What is said of it. Null: it is only on the way to something.</summary>
        public TarEntryFacts? Facts { get; set; }

        public Inode? File { get; set; }

        public Dictionary<string, Node> Children => Kind == TarEntryFacts.Folder ? _children ??= new(StringComparer.Ordinal) : None;
    }

    private sealed record Inode(TarEntryFacts Facts)
    {
        public List<string> Names { get; } = [];
    }
}
