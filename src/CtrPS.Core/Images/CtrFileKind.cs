namespace CtrPS;

/// <summary>What a file of an image or a container is.</summary>
public enum CtrFileKind : long
{
    /// <summary>A file with content.</summary>
    File,

    /// <summary>A folder.</summary>
    Directory,

    /// <summary>A name that points to another path.</summary>
    SymbolicLink,

    /// <summary>A device that is read and written character by character.</summary>
    CharacterDevice,

    /// <summary>A device that is read and written in blocks.</summary>
    BlockDevice,

    /// <summary>A named pipe.</summary>
    Fifo,

    /// <summary>A socket: of containers that run; layers have none.</summary>
    Socket,
}

/// <summary>Whether a file of a layer is one of the image.</summary>
public enum CtrFileState : long
{
    /// <summary>It is: a container sees it.</summary>
    Visible,

    /// <summary>A later layer has something else at its path.</summary>
    Replaced,

    /// <summary>A later layer takes it away.</summary>
    Deleted,
}
