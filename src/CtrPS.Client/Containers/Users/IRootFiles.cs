namespace CtrPS.Client.Containers.Users;

/// <summary>Reads small files of a container's root file system, as a process in it would see them.</summary>
internal interface IRootFiles
{
    /// <summary>The bytes of a file; symbolic links are followed within the root. Null where there is no such file.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.InvalidArgument"/>: it is none that can be read, or too large.</exception>
    ValueTask<byte[]?> ReadAsync(string path, CancellationToken cancellationToken);
}
