namespace CtrPS.Client.Formats.Tar;

/// <summary>All that a tar says of a file, so that it can be said again in another one.</summary>
internal sealed record TarEntryFacts
{
    public const char File = '0';
    public const char HardLink = '1';
    public const char SymbolicLink = '2';
    public const char CharacterDevice = '3';
    public const char BlockDevice = '4';
    public const char Folder = '5';
    public const char Pipe = '6';

    /// <summary>One of the letters above.</summary>
    public required char Type { get; init; }

    /// <summary>The path. A folder's ends with a slash.</summary>
    public required string Name { get; init; }

    /// <summary>Where a link points to; empty for others.</summary>
    public string LinkName { get; init; } = "";

    /// <summary>Permissions, with the bits above them.</summary>
    public long Mode { get; init; }

    public long Uid { get; init; }

    public long Gid { get; init; }

    public string UserName { get; init; } = "";

    public string GroupName { get; init; } = "";

    /// <summary>Bytes.</summary>
    public long Size { get; init; }

    /// <summary>Seconds since 1970. A record of pax may say it more exactly.</summary>
    public long Modified { get; init; }

    public long Major { get; init; }

    public long Minor { get; init; }

    /// <summary>Pax records but for those of name, link and size: they win over what the members above say.</summary>
    public IReadOnlyList<KeyValuePair<string, byte[]>> Records { get; init; } = [];

    /// <summary>Reads them. Null where the entry is a comment or of a kind that nobody knows.</summary>
    public static TarEntryFacts? Of(ReadOnlySpan<byte> block, TarItem item, PaxRecords? pax)
    {
        char type = TarHeader.Type(block) switch
        {
            '\0' => item.Name.EndsWith('/') ? Folder : File,
            '7' => File,
            var known => known,
        };
        if (type is < File or > Pipe)
        {
            return null;
        }

        (string user, string group) = TarHeader.Owners(block);
        (long major, long minor) = TarHeader.Device(block);
        return new TarEntryFacts
        {
            Type = type,
            Name = item.Name,
            LinkName = type is HardLink or SymbolicLink ? item.LinkName : "",
            Mode = TarHeader.Mode(block),
            Uid = TarHeader.Uid(block),
            Gid = TarHeader.Gid(block),
            Size = item.Size,
            Modified = TarHeader.ModifiedAt(block) ?? 0,
            UserName = user,
            GroupName = group,
            Major = major,
            Minor = minor,
            Records = pax?.Others ?? [],
        };
    }
}
