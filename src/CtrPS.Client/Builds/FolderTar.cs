using CtrPS.Client.Formats.Tar;
using CtrPS.Client.Oci;
using CtrPS.Client.Posix;

namespace CtrPS.Client.Builds;

/// <summary>
/// The files of a folder of this machine as a tar: a folder before what is in it, by names, with owners, permissions, times to the second, hard
/// links, devices and those extended attributes that layers carry. Links are not followed.
/// </summary>
/// <param name="folder">The folder.</param>
/// <param name="target">Where its files go: an absolute path in the image.</param>
/// <param name="latest">Files that were changed later are said to be of this time. Null: all are of their own.</param>
/// <param name="notes">Takes what is left out, in sentences.</param>
/// <param name="meter">Counts the bytes.</param>
internal sealed class FolderTar(string folder, string target, DateTimeOffset? latest, List<string> notes, CtrTransferMeter meter)
{
    private readonly string _prefix = string.Concat(
        target.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(part => part != ".").Select(part => part + "/"));

    private readonly Dictionary<FileIdentity, string> _names = [];

    /// <summary>Writes it.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.InvalidPath"/>: something cannot be read, or cannot be in a layer.</exception>
    public async Task WriteAsync(Stream output, CancellationToken cancellationToken)
    {
        var tar = new TarEncoder(output);
        try
        {
            // The image's own root folder is left as it is.
            if (_prefix.Length > 0)
            {
                await tar.WriteAsync(FactsOf(new DirectoryInfo(folder), _prefix) with { Type = TarEntryFacts.Folder }, null, cancellationToken)
                    .ConfigureAwait(false);
            }

            await WriteBelowAsync(tar, new DirectoryInfo(folder), _prefix, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Cannot(folder, e.Message, e);
        }

        await tar.EndAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task WriteBelowAsync(TarEncoder tar, DirectoryInfo from, string prefix, CancellationToken cancellationToken)
    {
        var all = new EnumerationOptions { AttributesToSkip = 0, IgnoreInaccessible = false, RecurseSubdirectories = false };
        foreach (FileSystemInfo file in from.EnumerateFileSystemInfos("*", all).OrderBy(file => file.Name, StringComparer.Ordinal))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (file.Name.StartsWith(Whiteouts.Prefix, StringComparison.Ordinal))
            {
                throw Cannot(file.FullName, $"a name that begins with '{Whiteouts.Prefix}' means in a layer that another file is deleted", null);
            }

            if (file.Name.Contains('\uFFFD', StringComparison.Ordinal))
            {
                throw Cannot(file.FullName, "its name is no UTF-8", null);
            }

            await WriteAsync(tar, file, prefix + file.Name, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task WriteAsync(TarEncoder tar, FileSystemInfo file, string name, CancellationToken cancellationToken)
    {
        TarEntryFacts facts = FactsOf(file, name);
        FileStatus? status = FileStatus.Of(file.FullName, follow: false);
        if (status is { IsSocket: true })
        {
            notes.Add($"The socket '{ForeignText.Show(file.FullName)}' is left out: only who listens at it makes it one.");
            return;
        }

        // A file by a second name is a link to the first, as in the folder.
        if (status is { IsFolder: false, Identity: var identity } && !_names.TryAdd(identity, name))
        {
            await tar.WriteAsync(facts with { Type = TarEntryFacts.HardLink, LinkName = _names[identity] }, null, cancellationToken)
                .ConfigureAwait(false);
            return;
        }

        switch (facts.Type)
        {
            case TarEntryFacts.Folder:
                await tar.WriteAsync(facts with { Name = name + "/" }, null, cancellationToken).ConfigureAwait(false);
                await WriteBelowAsync(tar, (DirectoryInfo)file, name + "/", cancellationToken).ConfigureAwait(false);
                break;
            case TarEntryFacts.File:
                await WriteFileAsync(tar, file, facts, status, cancellationToken).ConfigureAwait(false);
                break;
            default:
                await tar.WriteAsync(facts, null, cancellationToken).ConfigureAwait(false);
                break;
        }
    }

    private async Task WriteFileAsync(
        TarEncoder tar, FileSystemInfo file, TarEntryFacts facts, FileStatus? status, CancellationToken cancellationToken)
    {
        var content = new FileStream(file.FullName, new FileStreamOptions
        {
            Mode = FileMode.Open,
            Access = FileAccess.Read,
            Share = FileShare.ReadWrite | FileShare.Delete,
            Options = FileOptions.Asynchronous | FileOptions.SequentialScan,
        });
        await using (content.ConfigureAwait(false))
        {
            if (status is { } asked && FileIdentity.Of(content.SafeFileHandle) != asked.Identity)
            {
                throw Cannot(file.FullName, "another file was put in its place while it was read", null);
            }

            long size = content.Length;
            await tar.WriteAsync(facts with { Size = size }, content, cancellationToken).ConfigureAwait(false);
            meter.AddDone(size);
        }
    }

    private TarEntryFacts FactsOf(FileSystemInfo file, string name)
    {
        FileStatus? status = FileStatus.Of(file.FullName, follow: false);
        char type = file.LinkTarget is not null ? TarEntryFacts.SymbolicLink
            : file is DirectoryInfo ? TarEntryFacts.Folder
            : status switch
            {
                { IsCharacterDevice: true } => TarEntryFacts.CharacterDevice,
                { IsBlockDevice: true } => TarEntryFacts.BlockDevice,
                { IsPipe: true } => TarEntryFacts.Pipe,
                _ => TarEntryFacts.File,
            };
        bool isDevice = type is TarEntryFacts.CharacterDevice or TarEntryFacts.BlockDevice;
        var modified = new DateTimeOffset(file.LastWriteTimeUtc);
        return new TarEntryFacts
        {
            Type = type,
            Name = name,
            LinkName = file.LinkTarget ?? "",
            Mode = status?.Permissions ?? (type == TarEntryFacts.File ? 0x1a4 : 0x1ed), // 644 and 755, where the system has none
            Uid = status?.Uid ?? 0,
            Gid = status?.Gid ?? 0,
            Modified = Math.Max(0, (latest is { } last && last < modified ? last : modified).ToUnixTimeSeconds()),
            Major = isDevice ? status!.Value.Major : 0,
            Minor = isDevice ? status!.Value.Minor : 0,
            Records = type == TarEntryFacts.SymbolicLink ? [] : AttributesOf(file.FullName),
        };
    }

    /// <summary>
    /// Capabilities, and what users set. What others there are belongs to the machine, not to the files: labels of SELinux, lists of ids.
    /// </summary>
    private static KeyValuePair<string, byte[]>[] AttributesOf(string path) =>
    [
        .. ExtendedAttributes.NamesOf(path)
            .Where(name => name == "security.capability"
                || (name.StartsWith("user.", StringComparison.Ordinal) && !name.StartsWith("user.overlay.", StringComparison.Ordinal)))
            .Select(name => (Name: name, Value: ExtendedAttributes.Find(path, name)))
            .Where(one => one.Value is not null)
            .Select(one => KeyValuePair.Create("SCHILY.xattr." + one.Name, one.Value!)),
    ];

    private static CtrException Cannot(string path, string why, Exception? cause) => new(
        CtrErrorIds.InvalidPath, CtrStatus.InvalidArgument, $"'{ForeignText.Show(path)}' cannot be put into an image: {why.TrimEnd('.')}.", cause)
    {
        Target = path,
    };
}
