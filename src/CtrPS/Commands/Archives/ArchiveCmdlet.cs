using System.Management.Automation;
using CtrPS.Binding;
using CtrPS.Files;

namespace CtrPS.Commands;

/// <summary>Base of the cmdlets that read archives: the paths, each archive once.</summary>
public abstract class ArchiveCmdlet : CtrCmdlet
{
    private const string PathSet = "Path";
    private const string LiteralSet = "LiteralPath";

    private readonly HashSet<string> _seen = new(StringComparer.Ordinal);

    /// <summary>Archives, or folders with a layout; wildcards.</summary>
    [Parameter(
        Position = 0, Mandatory = true, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true, ParameterSetName = PathSet,
        HelpMessage = "Archives or layout folders. Wildcards are allowed.")]
    [ArchivePathTransformation]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] Path { get; set; } = [];

    /// <summary>Archives, or folders with a layout, each as it is written.</summary>
    [Parameter(
        Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = LiteralSet,
        HelpMessage = "Archives or layout folders; no character has a special meaning.")]
    [Alias("PSPath", "LP", "FullName")]
    [ValidateNotNullOrEmpty]
    public string[] LiteralPath { get; set; } = [];

    /// <inheritdoc/>
    protected sealed override void ProcessRecord()
    {
        bool literal = ParameterSetName == LiteralSet;
        foreach (string given in literal ? LiteralPath : Path)
        {
            Attempt(given, () =>
            {
                foreach (string path in ArchivePaths.Find(this, given, literal).Where(_seen.Add))
                {
                    Attempt(path, () => Read(path));
                }
            });
        }
    }

    /// <summary>Does the work for what was given, or for one archive of it: an error is told, and the others go on.</summary>
    private protected virtual void Attempt(string target, Action work) => Guard(target, work);

    /// <summary>Reads one archive and writes what is found.</summary>
    private protected abstract void Read(string path);
}
