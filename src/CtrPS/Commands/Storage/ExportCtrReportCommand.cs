using System.Collections.Concurrent;
using System.Management.Automation;
using System.Management.Automation.Language;
using System.Text;
using CtrPS.Files;
using CtrPS.Output;

namespace CtrPS.Commands;

/// <summary>Export-CtrReport: writes what daemons have, what takes their disks and what is wrong with it, as one page or one file.</summary>
[Cmdlet(VerbsData.Export, "CtrReport", SupportsShouldProcess = true, DefaultParameterSetName = PathSet)]
[OutputType(typeof(FileInfo))]
public sealed class ExportCtrReportCommand : CtrStorageListCmdlet
{
    private const string PathSet = "Path";
    private const string LiteralPathSet = "LiteralPath";

    private readonly ConcurrentBag<CtrReportNode> _nodes = [];
    private string _file = "";
    private bool _isWanted;

    /// <summary>The file.</summary>
    [Parameter(Position = 0, Mandatory = true, ParameterSetName = PathSet, HelpMessage = "The file to write.")]
    [ValidateNotNullOrEmpty]
    public string? Path { get; set; }

    /// <summary>The file; as -Path, which takes no wildcards either.</summary>
    [Parameter(Mandatory = true, ParameterSetName = LiteralPathSet, HelpMessage = "The file to write.")]
    [Alias("PSPath", "LP", "FullName")]
    [ValidateNotNullOrEmpty]
    public string? LiteralPath { get; set; }

    /// <summary>How to write it. Default: as the name of the file ends; else a page.</summary>
    [Parameter(HelpMessage = "Html, Json or Csv. Default: as the name of the file ends; else Html.")]
    public CtrReportFormat As { get; set; }

    /// <summary>Read and hash all bytes of the images.</summary>
    [Parameter(HelpMessage = "Read and hash all bytes of the images. Without it, it is looked whether they are there.")]
    public SwitchParameter Deep { get; set; }

    /// <summary>Replace a file that is there.</summary>
    [Parameter(HelpMessage = "Replace a file that is there.")]
    public SwitchParameter Force { get; set; }

    /// <summary>Return the file.</summary>
    [Parameter(HelpMessage = "Return the file.")]
    public SwitchParameter PassThru { get; set; }

    private ExportCtrReportCommand Report => (ExportCtrReportCommand)WholeCmdlet;

    /// <inheritdoc/>
    private protected override void OnWholeBegin() => OrEnd(() =>
    {
        _file = NewFile.Resolve(this, Path ?? LiteralPath!, Force);
        As = IsGiven(nameof(As)) ? As : System.IO.Path.GetExtension(_file).ToUpperInvariant() switch
        {
            ".JSON" => CtrReportFormat.Json,
            ".CSV" => CtrReportFormat.Csv,
            _ => CtrReportFormat.Html,
        };
        _isWanted = ShouldProcess($"file '{_file}'", $"Write a report as {As}");
    });

    /// <inheritdoc/>
    private protected override void List(CtrSession session, ICtrConnection connection)
    {
        if (!Report._isWanted)
        {
            return;
        }

        if (Report._nodes.Any(node => node.Address == session.Address && node.Error is null))
        {
            throw new CtrException(
                CtrErrorIds.InvalidArgument, CtrStatus.InvalidArgument, "A second object brings namespaces, and a report has those of one.")
            {
                Target = session.Address,
                RecommendedAction = "Name all namespaces with -Namespace.",
            };
        }

        IReadOnlyList<string> namespaces = WantedOf([.. Await(connection.Namespaces.ListAsync).Select(one => one.Name)]);
        if (namespaces.Count == 0 && !IsWanted(""))
        {
            // Of a name it was told already. A page about nothing would be taken for one about a node that has nothing.
            string[] patterns = [.. Namespace!.Where(WildcardPattern.ContainsWildcardCharacters)];
            if (patterns.Length == 0)
            {
                return;
            }

            throw new CtrException(
                CtrErrorIds.NamespaceNotFound,
                CtrStatus.NotFound,
                $"There is no namespace like {string.Join(", ", patterns.Select(Word))} at '{session.Address}'.")
            {
                Target = session.Address,
                RecommendedAction = "List the namespaces with Get-CtrNamespace.",
            };
        }

        CtrImage[] images =
        [
            .. namespaces.SelectMany(name => Pull(token =>
                connection.Images.ListAsync(new CtrImageQuery { Namespace = name, Detail = CtrImageDetail.None }, token))),
        ];
        Report._nodes.Add(new CtrReportNode
        {
            Address = session.Address,
            Server = Await(connection.Server.GetAsync),
            FailedPlugins =
            [
                .. Await(token => connection.Server.ListPluginsAsync([], token)).Where(one => one.Status == CtrPluginStatus.Error),
            ],
            Usage = Await(token => connection.Storage.MeasureAsync(IsWanted, token)),
            Shared = Await(token => connection.Storage.FindSharedAsync(IsWanted, token)),
            Orphans = Await(token => connection.Storage.FindOrphansAsync(IsWanted, TimeSpan.FromHours(1), deep: false, token)).Orphans,
            Garbage = Await(token => connection.Garbage.PredictAsync(session.Namespace, token)),
            Namespaces = string.Join(", ", (Namespace ?? ["*"]).Select(Word)),
            Images = Plan(connection, new CtrClearRequest { Namespaces = namespaces }),
            ImagesAndContainers = Plan(connection, new CtrClearRequest { Namespaces = namespaces, WithContainers = true }),
            Checks =
            [
                .. PullTransfer($"Checking images at {session.Address}", (meter, token) => connection.Care.TestAsync(
                    images, new CtrTestOptions { Deep = Deep }, meter, token)),
            ],
        });
    }

    private CtrClearPlan Plan(ICtrConnection connection, CtrClearRequest request) =>
        Await(token => connection.Clearer.OpenAsync(request, token)).Plan(new HashSet<CtrClearKey>());

    /// <summary>A namespace or a pattern as it is typed.</summary>
    private static string Word(string name) =>
        name == "*" ? name : $"'{CodeGeneration.EscapeSingleQuotedStringContent(name)}'";

    /// <inheritdoc/>
    private protected override void OnFailure(CtrException error)
    {
        // Of one session alone the error says it all.
        if (WholeCmdlet != this)
        {
            Report._nodes.Add(new CtrReportNode { Address = TargetSession.Address, Error = error.Message });
        }
    }

    /// <inheritdoc/>
    private protected override void OnWholeEnd()
    {
        if (!_isWanted || _nodes.All(node => node.Error is not null))
        {
            return; // nothing to tell: the errors told why
        }

        Guard(_file, () =>
        {
            // One that answered may have had something to tell besides, such as a namespace that is not there.
            CtrReportNode[] nodes = [.. _nodes.GroupBy(node => node.Address).Select(some => some.MinBy(node => node.Error is not null)!)];
            var report = new CtrReport(DateTimeOffset.Now, [.. nodes.OrderBy(node => node.Address, StringComparer.Ordinal)]);
            byte[] bytes = As switch
            {
                CtrReportFormat.Json => ReportData.Json(report),
                CtrReportFormat.Csv => Encoding.UTF8.GetBytes(ReportData.Csv(report)),
                _ => Encoding.UTF8.GetBytes(ReportHtml.Write(report)),
            };
            FileInfo written = Await(async token =>
            {
                NewFile file = NewFile.Create(_file, bytes.Length, checksum: false, Force);
                await using (file.ConfigureAwait(false))
                {
                    return await file.WriteAsync(output => output.WriteAsync(bytes, token).AsTask()).ConfigureAwait(false);
                }
            });
            if (PassThru)
            {
                WriteItem(written);
            }
        });
    }
}
