namespace CtrPS;

/// <summary>What a copy needs to know of a file: of an image, of a container or of this machine.</summary>
internal interface ICtrCopiedFile
{
    /// <summary>The path, for messages.</summary>
    string Path { get; }

    /// <summary>What it is.</summary>
    CtrFileKind Kind { get; }

    /// <summary>Permissions as a number, with set-user-id, set-group-id and sticky.</summary>
    int Mode { get; }

    /// <summary>The owner's number, as where it is written counts.</summary>
    long Uid { get; }

    /// <summary>The group's number, as where it is written counts.</summary>
    long Gid { get; }

    /// <summary>Bytes of a file; 0 for everything else.</summary>
    long Size { get; }

    /// <summary>When it was changed last. Null where nobody says.</summary>
    DateTimeOffset? LastWriteTime { get; }

    /// <summary>Where a symbolic link points to. Null for everything else.</summary>
    string? LinkTarget { get; }
}
