using CtrPS.Client.Images.Files;
using CtrPS.Client.Posix;
using Microsoft.Win32.SafeHandles;

namespace CtrPS.Client.Containers.Files;

/// <inheritdoc/>
internal sealed class ContainerRoot : ICtrContainerRoot
{
    private readonly IdMap _users;
    private readonly IdMap _groups;
    private readonly FileTree _files;
    private readonly FileTree _local;
    private readonly SafeFileHandle? _turn;

    /// <param name="container">The container.</param>
    /// <param name="root">The root of its file system, which this closes.</param>
    /// <param name="turn">What keeps others from writing there, closed after it. Null: nothing does.</param>
    public ContainerRoot(CtrContainer container, SafeFileHandle root, SafeFileHandle? turn = null)
    {
        _turn = turn;
        CtrSpecLinux? linux = container.Spec?.Linux;
        _users = new IdMap([.. linux?.UidMappings ?? []]);
        _groups = new IdMap([.. linux?.GidMappings ?? []]);
        _files = new FileTree(
            root, $"container '{container.Id}' in namespace '{container.Namespace}'", _users.ToContainer, _groups.ToContainer);
        _local = new FileTree(RootedFiles.OpenRoot("/"), "this machine", _users.ToHost, _groups.ToHost);
    }

    public ICtrCopiedFile? Find(string path, bool follow) => _files.Find(path, follow);

    public ICtrCopiedFile? FindLocal(string path, bool follow) => _local.Find(path, follow);

    public string Resolve(string path) => _files.Resolve(path);

    public Task<IReadOnlyList<CtrCopyNote>> CopyOutAsync(
        IReadOnlyList<(ICtrCopiedFile File, string Name)> files,
        CtrFileCopyOptions options,
        CtrTransferMeter meter,
        CancellationToken cancellationToken) =>
        CopyAsync(new FileCopier(_files, options, () => WrittenFolder.Open(options.Folder), meter), files, cancellationToken);

    public Task<IReadOnlyList<CtrCopyNote>> CopyInAsync(
        IReadOnlyList<(ICtrCopiedFile File, string Name)> files,
        CtrFileCopyOptions options,
        CtrTransferMeter meter,
        CancellationToken cancellationToken)
    {
        CtrFileCopyOptions all = options with { Owner = ((uint)_users.ToHost(0), (uint)_groups.ToHost(0)) };
        return CopyAsync(new FileCopier(_local, all, () => _files.OpenFolder(options.Folder), meter), files, cancellationToken);
    }

    public void Dispose()
    {
        _files.Dispose();
        _local.Dispose();
        _turn?.Dispose();
    }

    /// <summary>Not on the caller's thread: it shows how far the work is, and small files are written without any wait.</summary>
    private static Task<IReadOnlyList<CtrCopyNote>> CopyAsync(
        FileCopier copier, IReadOnlyList<(ICtrCopiedFile File, string Name)> files, CancellationToken cancellationToken) =>
        Task.Run(() => copier.CopyAsync(files, cancellationToken), CancellationToken.None);
}
