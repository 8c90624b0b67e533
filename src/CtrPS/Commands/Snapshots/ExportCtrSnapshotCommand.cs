using System.Collections;
using System.Management.Automation;
using CtrPS.Completion;
using CtrPS.Files;

namespace CtrPS.Commands;

/// <summary>Export-CtrSnapshot: packs what a snapshot has and the one below it has not into a layer, as a file or as a blob.</summary>
[Cmdlet(VerbsData.Export, "CtrSnapshot", SupportsShouldProcess = true, DefaultParameterSetName = PathSet)]
[OutputType(typeof(FileInfo), ParameterSetName = [PathSet, LiteralPathSet])]
[OutputType(typeof(CtrContent), ParameterSetName = [ContentSet])]
public sealed class ExportCtrSnapshotCommand : CtrSnapshotCmdlet
{
    private const string PathSet = "Path";
    private const string LiteralPathSet = "LiteralPath";
    private const string ContentSet = "Content";
    private const string Tar = "application/vnd.oci.image.layer.v1.tar";

    private string? _file;
    private bool _isWritten;

    /// <summary>The tar.</summary>
    [Parameter(Position = 1, Mandatory = true, ParameterSetName = PathSet, HelpMessage = "The tar to write.")]
    [ValidateNotNullOrEmpty]
    public string? Path { get; set; }

    /// <summary>The tar; as -Path, which takes no wildcards either.</summary>
    [Parameter(Mandatory = true, ParameterSetName = LiteralPathSet, HelpMessage = "The tar to write.")]
    [Alias("PSPath", "LP", "FullName")]
    [ValidateNotNullOrEmpty]
    public string? LiteralPath { get; set; }

    /// <summary>Make a blob of the namespace instead of a file.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ContentSet, HelpMessage = "Make a blob of the namespace, instead of a file.")]
    public SwitchParameter AsContent { get; set; }

    /// <summary>The media type of the layer.</summary>
    [Parameter(HelpMessage = "The media type of the layer. Default: that of a plain tar for a file, of a tar with gzip for a blob.")]
    [ArgumentCompleter(typeof(LayerTypeCompleter))]
    [ValidateNotNullOrEmpty]
    public string? MediaType { get; set; }

    /// <summary>Labels of the blob.</summary>
    [Parameter(ParameterSetName = ContentSet, HelpMessage = "Labels of the blob.")]
    [Alias("Labels")]
    [ValidateNotNull]
    public Hashtable Label { get; set; } = [];

    /// <summary>The lease that keeps the blob. Default: a label does.</summary>
    [Parameter(ParameterSetName = ContentSet, HelpMessage = "The lease that keeps the blob. Default: a label of its own does.")]
    [ArgumentCompleter(typeof(LeaseCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Lease { get; set; }

    /// <summary>Replace a file that is there.</summary>
    [Parameter(ParameterSetName = PathSet, HelpMessage = "Replace a file that is there.")]
    [Parameter(ParameterSetName = LiteralPathSet, HelpMessage = "Replace a file that is there.")]
    public SwitchParameter Force { get; set; }

    /// <summary>Return the file.</summary>
    [Parameter(ParameterSetName = PathSet, HelpMessage = "Return the file.")]
    [Parameter(ParameterSetName = LiteralPathSet, HelpMessage = "Return the file.")]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    private protected override string? OneSessionOnly => AsContent ? null : "one tar is written";

    /// <inheritdoc/>
    private protected override void OnBegin() => OrEnd(() => _file = AsContent ? null : NewFile.Resolve(this, Path ?? LiteralPath!, Force));

    /// <inheritdoc/>
    private protected override void OnRecord() => ForEachSnapshot((one, session, connection) =>
    {
        string what = one.Parent.Length == 0 ? "all that it has" : $"what it changes of '{one.Parent}'";
        if (_file is null)
        {
            Dictionary<string, string> labels = KeptByLabel.Labels(Label, Lease, noRoot: false);
            if (ShouldProcess(session, Words(one), $"Pack {what} into a blob"))
            {
                CtrContent? kept = AwaitTransfer(
                    $"Packing {one.Key}", (meter, token) => KeepAsync(connection, one, labels, meter, token));
                if (kept is not null)
                {
                    kept.Session = session;
                    WriteObject(kept);
                }
            }

            return;
        }

        if (_isWritten)
        {
            throw new CtrException(
                CtrErrorIds.InvalidArgument, CtrStatus.InvalidArgument, $"The {Words(one)} was not written: a tar holds one snapshot.")
            {
                Target = one.Key,
                RecommendedAction = "Call Export-CtrSnapshot once for each, with a file for each.",
            };
        }

        _isWritten = true;
        if (ShouldProcess(session, Words(one), $"Pack {what} into '{_file}'"))
        {
            FileInfo written = AwaitTransfer($"Packing {one.Key}", (meter, token) => SaveAsync(connection, one, _file, meter, token));
            if (PassThru)
            {
                WriteItem(written);
            }
        }
    });

    private async Task<CtrContent?> KeepAsync(
        ICtrConnection connection,
        CtrSnapshot one,
        Dictionary<string, string> labels,
        CtrTransferMeter meter,
        CancellationToken cancellationToken)
    {
        meter.Show("Comparing");
        ICtrSnapshotDiff layer = await connection.Snapshots.CompareAsync(one, MediaType ?? Tar + "+gzip", cancellationToken).ConfigureAwait(false);
        await using (layer.ConfigureAwait(false))
        {
            await layer.KeepAsync(labels, Lease, cancellationToken).ConfigureAwait(false);
            return await connection.Content.FindAsync(one.Namespace, layer.Digest, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<FileInfo> SaveAsync(
        ICtrConnection connection, CtrSnapshot one, string path, CtrTransferMeter meter, CancellationToken cancellationToken)
    {
        meter.Show("Comparing");
        ICtrSnapshotDiff layer = await connection.Snapshots.CompareAsync(one, MediaType ?? Tar, cancellationToken).ConfigureAwait(false);
        await using (layer.ConfigureAwait(false))
        {
            NewFile file = NewFile.Create(path, layer.Size, checksum: false, Force);
            await using (file.ConfigureAwait(false))
            {
                return await file.WriteAsync(output => layer.WriteAsync(output, meter, cancellationToken)).ConfigureAwait(false);
            }
        }
    }
}
