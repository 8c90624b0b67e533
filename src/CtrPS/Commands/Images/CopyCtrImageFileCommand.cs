using System.Management.Automation;
using CtrPS.Binding;
using CtrPS.Completion;

namespace CtrPS.Commands;

/// <summary>Copy-CtrImageFile: writes files and folders of images to this machine. Nothing is mounted.</summary>
[Cmdlet(VerbsCommon.Copy, "CtrImageFile", SupportsShouldProcess = true)]
[OutputType(typeof(FileInfo), typeof(DirectoryInfo))]
public sealed class CopyCtrImageFileCommand : CtrImageCmdlet
{
    /// <summary>Paths in the image; wildcards. A file from Get-CtrImageFile brings its own.</summary>
    [Parameter(Position = 1, HelpMessage = "Paths in the image. Wildcards are allowed.")]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] FilePath { get; set; } = [];

    /// <summary>The folder to write to, or for one file or folder its new name.</summary>
    [Parameter(Position = 2, Mandatory = true, HelpMessage = "The folder to write to, or for one file or folder its new name.")]
    [ValidateNotNullOrEmpty]
    public string Destination { get; set; } = null!;

    /// <summary>The platform. Default: the one that the daemon runs, else the first that is here.</summary>
    [Parameter(HelpMessage = "The platform, such as linux/arm64.")]
    [ArgumentCompleter(typeof(PlatformCompleter))]
    [ValidateNotNull]
    public CtrPlatform? Platform { get; set; }

    /// <summary>Give the files to the users and groups that they are of in the image.</summary>
    [Parameter(HelpMessage = "Give the files to the users and groups that they are of in the image. Needs root.")]
    public SwitchParameter PreserveOwner { get; set; }

    /// <summary>Replace files that are there.</summary>
    [Parameter(HelpMessage = "Replace files that are there.")]
    public SwitchParameter Force { get; set; }

    /// <summary>Return the files and folders that were named.</summary>
    [Parameter(HelpMessage = "Return the files and folders that were named.")]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    private protected override string OneSessionOnly => "their files would be written to one folder";

    /// <inheritdoc/>
    private protected override void OnRecord()
    {
        foreach (CtrImageIdentity one in Image)
        {
            ForEachImage([one], found => Copy(found, one.File), accept: Require);
        }
    }

    private void Require(CtrImageIdentity wanted)
    {
        if (wanted.File is null && FilePath.Length == 0)
        {
            throw new CtrException(
                CtrErrorIds.InvalidArgument, CtrStatus.InvalidArgument, $"Which files of image '{wanted.Name}' are meant is not said.")
            {
                Target = wanted.Name,
                RecommendedAction = "Name them with -FilePath, or pipe files of Get-CtrImageFile in.",
            };
        }
    }

    private void Copy(FoundImage found, CtrImageFile? file)
    {
        ImageFilePaths.RequireSame(file, found.Image);
        ICtrImageRoot root = Await(token => found.Connection.Files.OpenAsync(found.Image, Platform ?? file?.Platform, token));
        bool several = file is not null || ExpectsInput || FilePath.Length > 1 || Image.Length > 1
            || FilePath.Any(WildcardPattern.ContainsWildcardCharacters);
        if (file is not null)
        {
            CtrImageFile own = Await(token => ImageFilePaths.FindAgainAsync(root, file, found.Image, token));
            Guard(file, () => Copy(found, root, [(own, own.Path == "/" ? "" : own.Name)], several));
            return;
        }

        foreach (string path in FilePath)
        {
            Guard(path, () =>
            {
                IReadOnlyList<CtrImageFile> named =
                    Await(token => ImageFilePaths.FindAsync(root, path, follow: true, hidden: false, found.Image, token));

                // A link that is named stands for what it points to, under its own name.
                string[] parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
                bool isPattern = WildcardPattern.ContainsWildcardCharacters(path);
                string? last = !isPattern && parts is [.., not ("." or "..")] ? WildcardPattern.Unescape(parts[^1]) : null;
                Copy(found, root, [.. named.Select(one => (one, last ?? (one.Path == "/" ? "" : one.Name)))], several);
            });
        }
    }

    private void Copy(FoundImage found, ICtrImageRoot root, IReadOnlyList<(CtrImageFile File, string Name)> files, bool several)
    {
        string full = ProviderPath.Resolve(this, Destination);
        bool isFolder = Directory.Exists(full);
        bool into = isFolder || several || Destination.EndsWith('/') || Path.EndsInDirectorySeparator(Destination)
            || files.Any(file => file.Name.Length == 0);
        string folder = into ? full : Path.GetDirectoryName(full) ?? full;
        if (!into && !Directory.Exists(folder))
        {
            throw Invalid(full, $"'{full}' cannot be made: its folder does not exist.");
        }

        if (into && !isFolder && File.Exists(full))
        {
            throw Invalid(full, $"'{full}' is a file, and several files can only be written to a folder.");
        }

        var chosen = new List<(CtrImageFile File, string Name)>();
        foreach ((CtrImageFile file, string name) in files)
        {
            string target = into ? name : Path.GetFileName(full);
            string what = file.Kind == CtrFileKind.Directory ? "folder" : "file";
            if (ShouldProcess(found.Session, $"{what} '{file.Path}' of {Words(found.Image)}", $"Copy to '{Path.Join(folder, target)}'"))
            {
                chosen.Add((file, target));
            }
        }

        if (chosen.Count == 0)
        {
            return;
        }

        MakeFolder(folder);
        var options = new CtrFileCopyOptions(folder, Force, PreserveOwner);
        IReadOnlyList<CtrCopyNote> notes =
            AwaitTransfer($"Copying files of {found.Image.Name}", (meter, token) => root.CopyAsync(chosen, options, meter, token));
        foreach (CtrCopyNote note in notes)
        {
            if (note.Fault is { } fault)
            {
                Guard(note.File, () => throw fault);
            }
            else
            {
                WriteWarning($"'{note.File.Path}' of {Words(found.Image)} is a {Word(note.File.Kind)}: it is left out.");
            }
        }

        foreach ((CtrImageFile file, string name) in PassThru ? chosen : [])
        {
            if (!notes.Any(note => ReferenceEquals(note.File, file)))
            {
                string path = Path.Join(folder, name);
                WriteItem(file.Kind == CtrFileKind.Directory ? new DirectoryInfo(path) : new FileInfo(path));
            }
        }
    }

    private static string Word(CtrFileKind kind) => kind == CtrFileKind.Fifo ? "named pipe" : "device";

    private static void MakeFolder(string folder)
    {
        try
        {
            _ = Directory.CreateDirectory(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CtrException(CtrErrorIds.InvalidPath, CtrStatus.InvalidArgument, $"The folder '{folder}' cannot be made: {e.Message}", e)
            {
                Target = folder,
            };
        }
    }

    private static CtrException Invalid(string path, string message) => new(CtrErrorIds.InvalidPath, CtrStatus.InvalidArgument, message)
    {
        Target = path,
    };
}
