using System.Text;
using CtrPS.Client.Formats;
using CtrPS.Client.Formats.Tar;
using CtrPS.Client.Oci;

namespace CtrPS.Client.Images.Files;

/// <summary>
/// Puts the entries of a layer's tar together to a tree, in their order, as containerd does when it unpacks one for overlayfs (pkg/archive/tar.go):
/// names are cleaned and stay below the root, links of the same layer are followed on the way to an entry, a later entry takes the place of an
/// earlier one, and what is marked by <c>.wh.</c> hides what lower layers have (image-spec, layer.md).
/// </summary>
internal sealed class LayerTree(FormatFault fault)
{

    /// <summary>About what a name and a file take beside their texts.</summary>
    private const long NodeSize = 180;
    private const long FileSize = 160;

    private readonly Dictionary<string, string> _owners = new(StringComparer.Ordinal);

    public LayerNode Root { get; } = new();

    /// <summary>About the bytes of memory that the tree takes.</summary>
    public long Memory { get; private set; }

    /// <summary>Takes an entry.</summary>
    public void Add(TarItem item, TarAttributes attributes)
    {
        if (KindOf(attributes.Type) is not { } kind)
        {
            return; // a header for all that follow, a volume's name
        }

        if (Encoding.UTF8.GetByteCount(item.Name) > LayerLimits.MaxPath || Encoding.UTF8.GetByteCount(item.LinkName) > LayerLimits.MaxPath)
        {
            throw fault(
                FormatFaultKind.Limit, $"the entry '{ForeignText.Show(item.Name)}' has a path or a link of more than {LayerLimits.MaxPath} bytes.");
        }

        if (item.Name.Contains('\0') || item.LinkName.Contains('\0'))
        {
            throw fault(FormatFaultKind.Corrupt, $"the entry '{ForeignText.Show(item.Name)}' has a zero in its path or link.");
        }

        List<string> parts = Clean(item.Name);
        if (parts.Count == 0 || (parts[0].StartsWith(Whiteouts.Reserved, StringComparison.Ordinal) && parts is not [Whiteouts.Opaque]))
        {
            return; // the root itself is made by the snapshotter
        }

        string name = parts[^1];
        LayerNode parent = Enter(parts, parts.Count - 1, item.Name);
        if (name == Whiteouts.Opaque)
        {
            parent.IsOpaque = true;
        }
        else if (name.StartsWith(Whiteouts.Prefix, StringComparison.Ordinal))
        {
            Hide(parent, name[Whiteouts.Prefix.Length..], item.Name);
        }
        else if (kind == CtrFileKind.CharacterDevice && attributes is { DeviceMajor: 0, DeviceMinor: 0 })
        {
            Hide(parent, name, item.Name); // overlayfs' own form
        }
        else
        {
            Put(parent, name, item.Kind == TarItemKind.HardLink ? Link(item, attributes) : Make(kind, item, attributes));
        }
    }

    /// <summary>The parts of a path below the root, whatever it says: <c>..</c> leads up, and never out.</summary>
    public static List<string> Clean(string path)
    {
        var parts = new List<string>();
        foreach (string part in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (part == "..")
            {
                if (parts.Count > 0)
                {
                    parts.RemoveAt(parts.Count - 1);
                }
            }
            else if (part != ".")
            {
                parts.Add(part);
            }
        }

        return parts;
    }

    /// <summary>What an entry is. Null: none of a file system.</summary>
    private static CtrFileKind? KindOf(char type) => type switch
    {
        '0' or '7' or '\0' or '1' => CtrFileKind.File,
        '2' => CtrFileKind.SymbolicLink,
        '3' => CtrFileKind.CharacterDevice,
        '4' => CtrFileKind.BlockDevice,
        '5' => CtrFileKind.Directory,
        '6' => CtrFileKind.Fifo,
        _ => null,
    };

    /// <summary>The folder at the first parts of a path; what is missing of it is made.</summary>
    private LayerNode Enter(IReadOnlyList<string> parts, int count, string name)
    {
        var way = new List<LayerNode> { Root };
        var ahead = new LinkedList<string>(parts.Take(count));
        for (int links = 0; ahead.First is { } next;)
        {
            ahead.RemoveFirst();
            if (next.Value == "..")
            {
                way.RemoveRange(Math.Max(1, way.Count - 1), Math.Min(1, way.Count - 1));
                continue;
            }

            LayerNode? child = way[^1].Find(next.Value);
            if (child is null)
            {
                child = new LayerNode();
                way[^1].Set(next.Value, child);
                Count(next.Value, NodeSize);
            }
            else if (child.File is { Kind: CtrFileKind.SymbolicLink } link)
            {
                if (++links > LayerLimits.MaxLinks)
                {
                    throw fault(
                        FormatFaultKind.Limit, $"the entry '{ForeignText.Show(name)}' lies behind more than {LayerLimits.MaxLinks} links.");
                }

                Follow(link.Link, way, ahead);
                continue;
            }
            else if (child.IsWhiteout)
            {
                child.IsWhiteout = false;
                child.IsOpaque = true;
            }
            else if (!child.IsFolder)
            {
                throw fault(FormatFaultKind.Corrupt, $"the entry '{ForeignText.Show(name)}' lies below one that is no folder.");
            }

            way.Add(child);
        }

        return way[^1];
    }

    /// <summary>What stands at a path in this layer, itself not followed. Null: nothing.</summary>
    private LayerNode? Find(IReadOnlyList<string> parts)
    {
        var way = new List<LayerNode> { Root };
        var ahead = new LinkedList<string>(parts);
        for (int links = 0; ahead.First is { } next;)
        {
            ahead.RemoveFirst();
            if (next.Value == "..")
            {
                way.RemoveRange(Math.Max(1, way.Count - 1), Math.Min(1, way.Count - 1));
                continue;
            }

            if (way[^1].Find(next.Value) is not { } child)
            {
                return null;
            }

            if (ahead.Count > 0 && child.File is { Kind: CtrFileKind.SymbolicLink } link)
            {
                if (++links > LayerLimits.MaxLinks)
                {
                    return null;
                }

                Follow(link.Link, way, ahead);
                continue;
            }

            way.Add(child);
        }

        return way[^1];
    }

    private static void Follow(string link, List<LayerNode> way, LinkedList<string> ahead)
    {
        if (link.StartsWith('/'))
        {
            way.RemoveRange(1, way.Count - 1);
        }

        foreach (string part in link.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(part => part != ".").Reverse())
        {
            _ = ahead.AddFirst(part);
        }
    }

    private void Hide(LayerNode parent, string hidden, string name)
    {
        if (hidden is "" or "." or "..")
        {
            throw fault(FormatFaultKind.Corrupt, $"the whiteout '{ForeignText.Show(name)}' names nothing.");
        }

        if (parent.Find(hidden) is { } own)
        {
            own.IsOpaque = true; // what this layer has itself stays
            return;
        }

        parent.Set(hidden, new LayerNode { IsWhiteout = true });
        Count(hidden, NodeSize);
    }

    private void Put(LayerNode parent, string name, LayerFile file)
    {
        if (parent.Find(name) is { } own && (own.IsWhiteout || (own.IsFolder && file.IsFolder)))
        {
            own.File = file;
            own.IsWhiteout = false;
            return;
        }

        parent.Set(name, new LayerNode { File = file });
        Count(name, NodeSize);
    }

    private LayerFile Link(TarItem item, TarAttributes attributes)
    {
        List<string> target = Clean(item.LinkName);
        if (Find(target)?.File is not { } file)
        {
            LayerFile below = Make(CtrFileKind.File, item, attributes, isForeign: true);
            return below;
        }

        if (file.IsFolder)
        {
            throw fault(FormatFaultKind.Corrupt, $"the hard link '{ForeignText.Show(item.Name)}' points to a folder.");
        }

        file.Names++;
        file.Uid = attributes.Uid;
        file.Gid = attributes.Gid;
        file.ModifiedAt = TimeOf(attributes);
        return file;
    }

    private LayerFile Make(CtrFileKind kind, TarItem item, TarAttributes attributes, bool isForeign = false)
    {
        string link = isForeign || kind == CtrFileKind.SymbolicLink ? item.LinkName : "";
        Count(link, FileSize + (attributes.Extended?.Sum(one => 100L + (2 * one.Key.Length) + one.Value.Length) ?? 0));
        bool isDevice = kind is CtrFileKind.CharacterDevice or CtrFileKind.BlockDevice;
        return new LayerFile
        {
            Kind = kind,
            IsForeignLink = isForeign,
            Mode = kind == CtrFileKind.SymbolicLink ? 0x1FF : attributes.Mode, // Linux gives links no permissions of their own
            Uid = attributes.Uid,
            Gid = attributes.Gid,
            User = Owner(attributes.User),
            Group = Owner(attributes.Group),
            ModifiedAt = TimeOf(attributes),
            Link = link,
            Offset = item.Offset,
            Size = kind == CtrFileKind.File ? item.Size : 0,
            DeviceMajor = isDevice ? attributes.DeviceMajor : 0,
            DeviceMinor = isDevice ? attributes.DeviceMinor : 0,
            Extended = attributes.Extended,
        };
    }

    /// <summary>containerd sets nothing before 1970.</summary>
    private static DateTimeOffset? TimeOf(TarAttributes attributes) =>
        attributes.ModifiedAt < DateTimeOffset.UnixEpoch ? DateTimeOffset.UnixEpoch : attributes.ModifiedAt;

    /// <summary>All files of an owner share the text.</summary>
    private string Owner(string name)
    {
        if (!_owners.TryGetValue(name, out string? known))
        {
            _owners[name] = known = name;
            Count(name, NodeSize);
        }

        return known;
    }

    private void Count(string text, long size)
    {
        Memory += size + (2 * text.Length);
        if (Memory > LayerLimits.MaxLayerMemory)
        {
            throw fault(
                FormatFaultKind.Limit, $"its names take more than {LayerLimits.MaxLayerMemory >> 20} MiB of memory, as no real layer's do.");
        }
    }
}
