namespace CtrPS;

/// <summary>A file, folder or link in an image, for one platform, as its layers have it: nothing is mounted or unpacked for it.</summary>
public sealed class CtrImageFile : CtrObject, ICtrCopiedFile
{
    internal CtrImageFile()
    {
    }

    /// <summary>The full name of the image.</summary>
    public string Image { get; internal set; } = null!;

    /// <summary>The platform of the image. Null where it does not say.</summary>
    public CtrPlatform? Platform { get; internal set; }

    /// <summary>The path in the image, from its root, links on the way followed: <c>/etc/passwd</c>.</summary>
    public string Path { get; internal set; } = null!;

    /// <summary>The last part of <see cref="Path"/>.</summary>
    public string Name => Path.Length > 1 ? Path[(Path.LastIndexOf('/') + 1)..] : Path;

    /// <summary>The folder that it is in.</summary>
    public string Directory => Path.LastIndexOf('/') is > 0 and var end ? Path[..end] : "/";

    /// <summary>What it is.</summary>
    public CtrFileKind Kind { get; internal set; }

    /// <summary>Kind and permissions as <c>ls -l</c> writes them: <c>-rwxr-xr-x</c>.</summary>
    public string UnixMode => string.Create(10, this, static (text, file) => file.Write(text));

    /// <summary>Permissions as a number, with set-user-id, set-group-id and sticky: octal 0 to 7777.</summary>
    public int Mode { get; internal set; }

    /// <summary>The owner's number.</summary>
    public long Uid { get; internal set; }

    /// <summary>The group's number.</summary>
    public long Gid { get; internal set; }

    /// <summary>The owner's name where the layer was made. Empty where the layer does not say.</summary>
    public string User { get; internal set; } = "";

    /// <summary>The group's name where the layer was made. Empty where the layer does not say.</summary>
    public string Group { get; internal set; } = "";

    /// <summary>Bytes of a file; 0 for everything else.</summary>
    public long Size { get; internal set; }

    /// <summary>When it was changed last. Null where no layer says.</summary>
    public DateTimeOffset? LastWriteTime { get; internal set; }

    /// <summary>Where a symbolic link points to, as it stands there. Null for everything else.</summary>
    public string? LinkTarget { get; internal set; }

    /// <summary>How many names its layer gives it; 1 mostly.</summary>
    public int LinkCount { get; internal set; } = 1;

    /// <summary>Of a device: its major number.</summary>
    public long DeviceMajor { get; internal set; }

    /// <summary>Of a device: its minor number.</summary>
    public long DeviceMinor { get; internal set; }

    /// <summary>Its extended attributes, the values in hex as getfattr writes them: <c>security.capability=0x0100…</c>.</summary>
    public IReadOnlyDictionary<string, string> ExtendedAttributes { get; internal set => field = CtrMap.Of(value); } = CtrMap<string>.Empty;

    /// <summary>Digest of the layer that it is from.</summary>
    public string Layer { get; internal set; } = null!;

    /// <summary>Place of that layer: 1 is the lowest.</summary>
    public int LayerIndex { get; internal set; }

    /// <summary>Whether a container of the image sees it.</summary>
    public CtrFileState State { get; internal set; }

    /// <summary>Where its bytes begin in the uncompressed layer.</summary>
    internal long Offset { get; set; }

    /// <summary>What the image's name pointed to.</summary>
    internal string? ImageDigest { get; set; }

    /// <summary>Where the reader of the image finds its bytes again. Null for an object that did not come from it.</summary>
    internal object? Handle { get; set; }

    /// <summary>The path.</summary>
    public override string ToString() => Path;

    private void Write(Span<char> text)
    {
        text[0] = Kind switch
        {
            CtrFileKind.Directory => 'd',
            CtrFileKind.SymbolicLink => 'l',
            CtrFileKind.CharacterDevice => 'c',
            CtrFileKind.BlockDevice => 'b',
            CtrFileKind.Fifo => 'p',
            _ => '-',
        };
        for (int i = 0; i < 9; i++)
        {
            text[i + 1] = (Mode & (0x100 >> i)) != 0 ? "rwx"[i % 3] : '-';
        }

        Special(0x800, 3, 's', text);
        Special(0x400, 6, 's', text);
        Special(0x200, 9, 't', text);
    }

    /// <summary>A bit that stands in the place of one to run it: in capitals where that one is not set.</summary>
    private void Special(int bit, int at, char letter, Span<char> text)
    {
        if ((Mode & bit) != 0)
        {
            text[at] = text[at] == 'x' ? letter : char.ToUpperInvariant(letter);
        }
    }
}
