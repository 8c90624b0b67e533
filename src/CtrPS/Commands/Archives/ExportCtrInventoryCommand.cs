using System.Management.Automation;
using System.Text;
using CtrPS.Client;
using CtrPS.Completion;
using CtrPS.Files;
using CtrPS.Output;

namespace CtrPS.Commands;

/// <summary>Export-CtrInventory: lists the blobs that a daemon has, for a delta bundle that another makes.</summary>
[Cmdlet(VerbsData.Export, "CtrInventory", SupportsShouldProcess = true, DefaultParameterSetName = PathSet)]
[OutputType(typeof(FileInfo))]
public sealed class ExportCtrInventoryCommand : CtrSessionCmdlet
{
    private const string PathSet = "Path";
    private const string LiteralPathSet = "LiteralPath";

    private string _file = "";

    /// <summary>The file.</summary>
    [Parameter(Position = 0, Mandatory = true, ParameterSetName = PathSet, HelpMessage = "The file to write.")]
    [ValidateNotNullOrEmpty]
    public string? Path { get; set; }

    /// <summary>The file; as -Path, which takes no wildcards either.</summary>
    [Parameter(Mandatory = true, ParameterSetName = LiteralPathSet, HelpMessage = "The file to write.")]
    [Alias("PSPath", "LP", "FullName")]
    [ValidateNotNullOrEmpty]
    public string? LiteralPath { get; set; }

    /// <summary>Namespaces; wildcards. Default: all.</summary>
    [Parameter(HelpMessage = "Namespaces. Wildcards are allowed. Default: all.")]
    [ArgumentCompleter(typeof(NamespaceCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] Namespace { get; set; } = ["*"];

    /// <summary>Replace a file that is there.</summary>
    [Parameter(HelpMessage = "Replace a file that is there.")]
    public SwitchParameter Force { get; set; }

    /// <summary>Return the file.</summary>
    [Parameter(HelpMessage = "Return the file.")]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    private protected override string? OneSessionOnly => "one file is written";

    /// <inheritdoc/>
    private protected override void OnBegin()
    {
        try
        {
            _file = NewFile.Resolve(this, Path ?? LiteralPath!, Force);
        }
        catch (CtrException e)
        {
            ThrowTerminatingError(ErrorFactory.From(e, null));
        }
    }

    /// <inheritdoc/>
    private protected override void OnEnd() => Guard(_file, () =>
    {
        ICtrConnection connection = Connect(TargetSession);
        CtrInventory inventory = Await(token => Connector.Saver.TakeInventoryAsync(connection, Namespaces(connection), token));
        string namespaces = string.Join(", ", inventory.Namespaces.Select(name => $"'{name}'"));
        if (ShouldProcess($"{inventory.Digests.Count} digests of {namespaces} to '{_file}'", "Export"))
        {
            byte[] json = Encoding.UTF8.GetBytes(inventory.ToJson());
            FileInfo written = Await(async token =>
            {
                NewFile file = NewFile.Create(_file, json.Length, checksum: false, Force);
                await using (file.ConfigureAwait(false))
                {
                    return await file.WriteAsync(output => output.WriteAsync(json, token).AsTask()).ConfigureAwait(false);
                }
            });
            if (PassThru)
            {
                WriteItem(written);
            }
        }
    });

    private string[] Namespaces(ICtrConnection connection)
    {
        IReadOnlyList<CtrNamespace> all = Await(connection.Namespaces.ListAsync);
        foreach (string absent in Namespace.Where(given => !WildcardPattern.ContainsWildcardCharacters(given) && all.All(one => one.Name != given)))
        {
            throw new CtrException(
                CtrErrorIds.NamespaceNotFound, CtrStatus.NotFound, $"There is no namespace '{absent}' at '{TargetSession.Address}'.")
            {
                Target = absent,
                RecommendedAction = "List the namespaces with Get-CtrNamespace.",
            };
        }

        return [.. all
            .Select(one => one.Name)
            .Where(name => Namespace.Any(pattern => WildcardPattern.Get(pattern, WildcardOptions.IgnoreCase).IsMatch(name)))];
    }
}
