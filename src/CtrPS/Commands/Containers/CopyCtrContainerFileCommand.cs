using System.Management.Automation;
using CtrPS.Binding;

namespace CtrPS.Commands;

/// <summary>Copy-CtrContainerFile: copies files and folders out of a container and into it, whether it runs or not.</summary>
[Cmdlet(VerbsCommon.Copy, "CtrContainerFile", SupportsShouldProcess = true, DefaultParameterSetName = OutSet)]
[OutputType(typeof(FileInfo), typeof(DirectoryInfo), ParameterSetName = [OutSet])]
[OutputType(typeof(CtrContainer), ParameterSetName = [PathSet, LiteralPathSet])]
public sealed class CopyCtrContainerFileCommand : CtrContainerCmdlet
{
    private const string OutSet = "FilePath";
    private const string PathSet = "Path";
    private const string LiteralPathSet = "LiteralPath";

    /// <summary>Paths in the container, to copy out of it.</summary>
    [Parameter(Position = 1, Mandatory = true, ParameterSetName = OutSet, HelpMessage = "Paths in the container, to copy out of it.")]
    [ValidateNotNullOrEmpty]
    public string[] FilePath { get; set; } = [];

    /// <summary>Files and folders of this machine, to copy into the container; wildcards.</summary>
    [Parameter(
        Mandatory = true,
        ParameterSetName = PathSet,
        HelpMessage = "Files and folders of this machine, to copy into the container. Wildcards are allowed.")]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] Path { get; set; } = [];

    /// <summary>Files and folders of this machine, each as it is written.</summary>
    [Parameter(
        Mandatory = true,
        ParameterSetName = LiteralPathSet,
        HelpMessage = "Files and folders of this machine, to copy into the container; no character has a special meaning.")]
    [Alias("PSPath", "LP", "FullName")]
    [ValidateNotNullOrEmpty]
    public string[] LiteralPath { get; set; } = [];

    /// <summary>The folder to copy to, or for one file or folder its new name: of this machine, or with -Path in the container.</summary>
    [Parameter(
        Position = 2,
        Mandatory = true,
        ParameterSetName = OutSet,
        HelpMessage = "The folder of this machine to copy to, or for one file or folder its new name.")]
    [Parameter(
        Position = 1,
        Mandatory = true,
        ParameterSetName = PathSet,
        HelpMessage = "The folder in the container to copy to, or for one file or folder its new name.")]
    [Parameter(
        Position = 1,
        Mandatory = true,
        ParameterSetName = LiteralPathSet,
        HelpMessage = "The folder in the container to copy to, or for one file or folder its new name.")]
    [ValidateNotNullOrEmpty]
    public string Destination { get; set; } = null!;

    /// <summary>Copy what a link that is named points to, not the link.</summary>
    [Parameter(HelpMessage = "Copy what a link that is named points to, not the link.")]
    public SwitchParameter FollowLink { get; set; }

    /// <summary>Keep the users and groups that the files are of, by number.</summary>
    [Parameter(HelpMessage = "Keep the users and groups that the files are of, by number.")]
    public SwitchParameter PreserveOwner { get; set; }

    /// <summary>Replace files that are there.</summary>
    [Parameter(HelpMessage = "Replace files that are there.")]
    public SwitchParameter Force { get; set; }

    /// <summary>Return the files and folders that were named, or with -Path the container.</summary>
    [Parameter(HelpMessage = "Return the files and folders that were named, or with -Path the container.")]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    private protected override string? OneSessionOnly => IsOut ? "their files would be written to one folder" : null;

    private bool IsOut => ParameterSetName == OutSet || FilePath.Length > 0;

    /// <inheritdoc/>
    private protected override void OnRecord() => ForEachContainer(found =>
    {
        using ICtrContainerRoot root = Await(token => found.Connection.ContainerFiles.OpenAsync(found.Container, toWrite: !IsOut, token));
        if (IsOut)
        {
            CopyOut(found, root);
        }
        else
        {
            CopyIn(found, root);
        }
    });

    private void CopyOut(FoundContainer found, ICtrContainerRoot root)
    {
        string full = ProviderPath.Resolve(this, Destination);
        var target = new Target(
            full,
            Directory.Exists(full) ? CtrFileKind.Directory : File.Exists(full) ? CtrFileKind.File : null,
            EndsAsFolder(Destination) || System.IO.Path.EndsInDirectorySeparator(Destination),
            FilePath.Length > 1 || Container.Length > 1 || ContainerFinder.IsPattern(found.Wanted),
            Directory.Exists);
        var chosen = new List<Chosen>();
        foreach (string path in FilePath)
        {
            Guard(path, () =>
            {
                ICtrCopiedFile file = Require(root.Find(path, FollowLink), path, Words(found.Container), CtrErrorIds.ContainerFileNotFound);
                Chosen one = Place(file, path, target);
                if (ShouldProcess(found.Session, $"{Word(file)} '{file.Path}' of {Words(found.Container)}", $"Copy to '{one.Path}'"))
                {
                    chosen.Add(one);
                }
            });
        }

        Copy(found, chosen, root.CopyOutAsync, written =>
        {
            foreach (Chosen one in written)
            {
                WriteItem(one.File.Kind == CtrFileKind.Directory ? new DirectoryInfo(one.Path) : new FileInfo(one.Path));
            }
        });
    }

    private void CopyIn(FoundContainer found, ICtrContainerRoot root)
    {
        var files = new List<(string Given, string Path)>();
        bool several = false;
        foreach (string given in IsGiven(nameof(LiteralPath)) ? LiteralPath : Path)
        {
            Guard(given, () =>
            {
                IReadOnlyList<string> paths = ProviderPath.Existing(this, given, literal: IsGiven(nameof(LiteralPath)));
                several |= paths.Count > 1;
                files.AddRange(paths.Select(path => (given, path)));
            });
        }

        several |= files.Count > 1;
        string full = root.Resolve(Destination);
        var target = new Target(
            full,
            root.Find(full, follow: false)?.Kind,
            EndsAsFolder(Destination),
            several,
            folder => root.Find(folder, follow: true)?.Kind == CtrFileKind.Directory);
        var chosen = new List<Chosen>();
        foreach ((string given, string path) in files)
        {
            Guard(path, () =>
            {
                // A slash at the end, or a dot, does not come through PowerShell's paths, and means something.
                string local = EndsAsFolder(given) && !several ? $"{path}/." : path;
                ICtrCopiedFile file = Require(root.FindLocal(local, FollowLink), path, "this machine", CtrErrorIds.ArchiveNotFound);
                Chosen one = Place(file, given, target);
                if (ShouldProcess(found.Session, Words(found.Container), $"Copy {Word(file)} '{file.Path}' to '{one.Path}' in it"))
                {
                    chosen.Add(one);
                }
            });
        }

        Copy(found, chosen, root.CopyInAsync, written =>
        {
            if (written.Count == chosen.Count)
            {
                WriteNow(found);
            }
        });
    }

    private void Copy(FoundContainer found, List<Chosen> chosen, Copier copy, Action<IReadOnlyList<Chosen>> pass)
    {
        if (chosen.Count == 0)
        {
            return;
        }

        var written = new List<Chosen>(chosen);
        foreach (IGrouping<string, Chosen> group in chosen.GroupBy(one => one.Folder))
        {
            var options = new CtrFileCopyOptions(group.Key, Force, PreserveOwner);
            IReadOnlyList<CtrCopyNote> notes = AwaitTransfer(
                $"Copying files of {found.Container.Id}",
                (meter, token) => copy([.. group.Select(one => (one.File, one.Name))], options, meter, token));
            foreach (CtrCopyNote note in notes)
            {
                if (note.Fault is { } fault)
                {
                    Guard(note.File.Path, () => throw fault);
                }
                else
                {
                    WriteWarning($"'{note.File.Path}' is a {Word(note.File)}: it is left out.");
                }

                _ = written.RemoveAll(one => ReferenceEquals(one.File, note.File));
            }
        }

        if (PassThru)
        {
            pass(written);
        }
    }

    /// <summary>Where docker cp would write it.</summary>
    private static Chosen Place(ICtrCopiedFile file, string given, Target target)
    {
        bool isFolder = file.Kind == CtrFileKind.Directory;
        string name = file.Path[(file.Path.LastIndexOf('/') + 1)..];
        if (target.Kind == CtrFileKind.Directory)
        {
            bool isContent = isFolder && (name is "" or ".." || given is "." || given.EndsWith("/.", StringComparison.Ordinal));
            return new Chosen(file, target.Path, isContent ? "" : name);
        }

        string? folder = System.IO.Path.GetDirectoryName(target.Path);
        string? fault = target switch
        {
            { Kind: not null } when isFolder || target.EndsAsFolder || target.Several => "is no folder",
            { Kind: null, Several: true } => "is not there, and several files can only be copied to a folder that is",
            { Kind: null, EndsAsFolder: true } when !isFolder => "is not there, and a file can only be copied to a folder that is",
            _ when folder is null || !target.HasFolder(folder) => "cannot be made: the folder that it is to be in does not exist",
            _ => null,
        };
        return fault is null
            ? new Chosen(file, folder!, System.IO.Path.GetFileName(target.Path))
            : throw new CtrException(CtrErrorIds.InvalidPath, CtrStatus.InvalidArgument, $"'{target.Path}' {fault}.") { Target = target.Path };
    }

    private static ICtrCopiedFile Require(ICtrCopiedFile? file, string path, string where, string errorId)
    {
        if (file is null)
        {
            throw new CtrException(errorId, CtrStatus.NotFound, $"There is no file '{path}' in {where}.")
            {
                Target = path,
                RecommendedAction = "Paths begin at the root and mind the case; wildcards are not taken in containers.",
            };
        }

        return !EndsAsFolder(path) || file.Kind == CtrFileKind.Directory
            ? file
            : throw new CtrException(errorId, CtrStatus.NotFound, $"'{path}' in {where} is no folder, as the slash at its end says.")
            {
                Target = path,
            };
    }

    private static bool EndsAsFolder(string path) => path.EndsWith('/') || path is "." || path.EndsWith("/.", StringComparison.Ordinal);

    private static string Word(ICtrCopiedFile file) => file.Kind switch
    {
        CtrFileKind.File => "file",
        CtrFileKind.Directory => "folder",
        CtrFileKind.SymbolicLink => "link",
        CtrFileKind.Fifo => "named pipe",
        CtrFileKind.Socket => "socket",
        _ => "device",
    };

    private delegate Task<IReadOnlyList<CtrCopyNote>> Copier(
        IReadOnlyList<(ICtrCopiedFile File, string Name)> files,
        CtrFileCopyOptions options,
        CtrTransferMeter meter,
        CancellationToken cancellationToken);

    /// <summary>What -Destination means.</summary>
    /// <param name="Path">The full path.</param>
    /// <param name="Kind">What is there. Null: nothing.</param>
    /// <param name="EndsAsFolder">Whether it is written as one of a folder.</param>
    /// <param name="Several">Whether several are copied there.</param>
    /// <param name="HasFolder">Whether there is such a folder.</param>
    private sealed record Target(string Path, CtrFileKind? Kind, bool EndsAsFolder, bool Several, Func<string, bool> HasFolder);

    /// <summary>What is to be copied.</summary>
    /// <param name="File">The file or folder.</param>
    /// <param name="Folder">The folder that it is written to.</param>
    /// <param name="Name">Its name there. Empty: what is in it is written there.</param>
    private sealed record Chosen(ICtrCopiedFile File, string Folder, string Name)
    {
        public string Path => System.IO.Path.Join(Folder, Name);
    }
}
