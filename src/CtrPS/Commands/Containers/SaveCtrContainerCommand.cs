using System.Management.Automation;
using CtrPS.Files;

namespace CtrPS.Commands;

/// <summary>Save-CtrContainer: writes the root file system of a container to a tar.</summary>
[Cmdlet(VerbsData.Save, "CtrContainer", SupportsShouldProcess = true, DefaultParameterSetName = PathSet)]
[OutputType(typeof(CtrSavedContainer), ParameterSetName = [PathSet, LiteralPathSet])]
[OutputType(typeof(byte[]), ParameterSetName = [StreamSet])]
[Alias("Export-CtrContainer")]
public sealed class SaveCtrContainerCommand : CtrContainerCmdlet
{
    private const string PathSet = "Path";
    private const string LiteralPathSet = "LiteralPath";
    private const string StreamSet = "Stream";

    private string? _file;
    private bool _saved;

    /// <summary>The tar.</summary>
    [Parameter(Position = 1, Mandatory = true, ParameterSetName = PathSet, HelpMessage = "The tar to write.")]
    [ValidateNotNullOrEmpty]
    public string? Path { get; set; }

    /// <summary>The tar; as -Path, which takes no wildcards either.</summary>
    [Parameter(Mandatory = true, ParameterSetName = LiteralPathSet, HelpMessage = "The tar to write.")]
    [Alias("PSPath", "LP", "FullName")]
    [ValidateNotNullOrEmpty]
    public string? LiteralPath { get; set; }

    /// <summary>Write the tar's bytes to the pipeline: for a program on the right.</summary>
    [Parameter(Mandatory = true, ParameterSetName = StreamSet, HelpMessage = "Write the tar's bytes to the pipeline, for a program on the right.")]
    public SwitchParameter AsByteStream { get; set; }

    /// <summary>Replace a file that is there.</summary>
    [Parameter(ParameterSetName = PathSet, HelpMessage = "Replace a file that is there.")]
    [Parameter(ParameterSetName = LiteralPathSet, HelpMessage = "Replace a file that is there.")]
    public SwitchParameter Force { get; set; }

    /// <summary>Return what was written.</summary>
    [Parameter(ParameterSetName = PathSet, HelpMessage = "Return what was written: file, size, digest.")]
    [Parameter(ParameterSetName = LiteralPathSet, HelpMessage = "Return what was written: file, size, digest.")]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    private protected override string? OneSessionOnly => "one tar is written";

    /// <inheritdoc/>
    private protected override void OnBegin() => OrEnd(() => _file = AsByteStream ? null : NewFile.Resolve(this, Path ?? LiteralPath!, Force));

    /// <inheritdoc/>
    private protected override void OnRecord() => ForEachContainer(Save);

    private void Save(FoundContainer found)
    {
        CtrContainer container = found.Container;
        if (_saved)
        {
            throw new CtrException(
                CtrErrorIds.InvalidArgument, CtrStatus.InvalidArgument, $"The {Words(container)} is not saved: a tar holds one container.")
            {
                Target = container.Id,
                RecommendedAction = "Call Save-CtrContainer once for each: | ForEach-Object { $_ | Save-CtrContainer -Path \"$($_.Id).tar\" }.",
            };
        }

        _saved = true;
        string where = _file is null ? "the pipeline" : $"'{_file}'";
        if (!ShouldProcess(found.Session, Words(container), $"Save its root file system to {where}"))
        {
            return;
        }

        if (_file is null)
        {
            foreach (byte[] chunk in Pull(token => ByteChunks.ReadAsync((output, stop) => PackAsync(found, output, stop), token)))
            {
                WriteObject(chunk, enumerateCollection: false);
            }

            return;
        }

        CtrSavedContainer saved = AwaitTransfer($"Saving {container.Id} to {where}", (meter, token) => SaveAsync(found, _file, meter, token));
        if (PassThru)
        {
            saved.Session = found.Session;
            WriteObject(saved);
        }
    }

    private static async Task PackAsync(FoundContainer found, Stream output, CancellationToken cancellationToken)
    {
        var meter = new CtrTransferMeter();
        ICtrContainerTar tar = await found.Connection.ContainerFiles.PackAsync(found.Container, meter, cancellationToken).ConfigureAwait(false);
        await using (tar.ConfigureAwait(false))
        {
            await tar.WriteAsync(output, meter, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<CtrSavedContainer> SaveAsync(FoundContainer found, string path, CtrTransferMeter meter, CancellationToken cancellationToken)
    {
        ICtrContainerTar tar = await found.Connection.ContainerFiles.PackAsync(found.Container, meter, cancellationToken).ConfigureAwait(false);
        await using (tar.ConfigureAwait(false))
        {
            NewFile file = NewFile.Create(path, tar.Size, checksum: false, Force);
            await using (file.ConfigureAwait(false))
            {
                FileInfo written = await file.WriteAsync(output => tar.WriteAsync(output, meter, cancellationToken)).ConfigureAwait(false);
                return new CtrSavedContainer
                {
                    ContainerId = found.Container.Id,
                    Namespace = found.Container.Namespace,
                    Path = written.FullName,
                    Size = tar.Size,
                    Digest = tar.Digest,
                };
            }
        }
    }
}
