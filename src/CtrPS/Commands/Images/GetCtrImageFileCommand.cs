using System.Management.Automation;

namespace CtrPS.Commands;

/// <summary>Get-CtrImageFile: the files of images, as their layers have them. Nothing is mounted or unpacked.</summary>
[Cmdlet(VerbsCommon.Get, "CtrImageFile")]
[OutputType(typeof(CtrImageFile))]
public sealed class GetCtrImageFileCommand : CtrImageFilesCmdlet
{
    /// <summary>Paths in the image; wildcards. Default: its root.</summary>
    [Parameter(Position = 1, HelpMessage = "Paths in the image. Wildcards are allowed.")]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] FilePath { get; set; } = ["/"];

    /// <summary>Also what is in the folders of a folder.</summary>
    [Parameter(HelpMessage = "Also what is in the folders of a folder.")]
    [Alias("s")]
    public SwitchParameter Recurse { get; set; }

    /// <summary>How many folders deep; 0 is the folder itself. Means -Recurse.</summary>
    [Parameter(HelpMessage = "How many folders deep; 0 is the folder alone. Means -Recurse.")]
    [ValidateRange(0, int.MaxValue)]
    public int Depth { get; set; }

    /// <summary>Also what later layers took away or replaced.</summary>
    [Parameter(HelpMessage = "Also what later layers took away or replaced.")]
    public SwitchParameter Hidden { get; set; }

    /// <inheritdoc/>
    private protected override void OnRecord() => ForEachRoot((root, image, file) =>
    {
        foreach (string path in file is null ? FilePath : [WildcardPattern.Escape(file.Path)])
        {
            Guard(path, () => Write(root, image, path));
        }
    });

    private void Write(ICtrImageRoot root, CtrImage image, string path)
    {
        bool isPattern = WildcardPattern.ContainsWildcardCharacters(path);
        int depth = IsGiven(nameof(Depth)) ? Depth : Recurse ? int.MaxValue : 0;
        foreach (CtrImageFile one in Await(token => ImageFilePaths.FindAsync(root, path, follow: false, Hidden, image, token)))
        {
            // As Get-ChildItem: a folder that is named means what is in it; what a wildcard finds is meant itself.
            CtrImageFile found = !isPattern && one.Kind == CtrFileKind.SymbolicLink
                && Await(token => root.FindAsync(one.Path, follow: true, token)) is { Kind: CtrFileKind.Directory } folder ? folder : one;
            if (isPattern || found.Kind != CtrFileKind.Directory)
            {
                WriteObject(found);
            }

            if (found.Kind == CtrFileKind.Directory && (!isPattern || depth > 0))
            {
                List(root, found.Path, isPattern ? depth - 1 : depth);
            }
        }
    }

    private void List(ICtrImageRoot root, string start, int depth)
    {
        var folders = new Stack<(string Path, int Depth)>([(start, 0)]);
        while (folders.TryPop(out (string Path, int Depth) folder))
        {
            IReadOnlyList<CtrImageFile> files = Await(token => root.ListAsync(folder.Path, Hidden, token));
            foreach (CtrImageFile file in files)
            {
                WriteObject(file);
            }

            if (folder.Depth < depth)
            {
                foreach (string below in files.Where(file => file.Kind == CtrFileKind.Directory).Select(file => file.Path).Distinct().Reverse())
                {
                    folders.Push((below, folder.Depth + 1));
                }
            }
        }
    }
}
