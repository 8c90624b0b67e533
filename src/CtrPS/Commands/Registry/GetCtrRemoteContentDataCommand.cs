using System.Management.Automation;
using CtrPS.Completion;
using CtrPS.Files;

namespace CtrPS.Commands;

/// <summary>Get-CtrRemoteContentData: the bytes of blobs that a registry has, as text, as bytes or as a file.</summary>
[Cmdlet(VerbsCommon.Get, "CtrRemoteContentData", DefaultParameterSetName = TextSet)]
[OutputType(typeof(string), ParameterSetName = [TextSet])]
[OutputType(typeof(byte[]), ParameterSetName = [BytesSet])]
[OutputType(typeof(FileInfo), ParameterSetName = [PathSet, LiteralPathSet])]
public sealed class GetCtrRemoteContentDataCommand : CtrRegistryOptionsCmdlet
{
    private const string TextSet = "Text";
    private const string BytesSet = "Bytes";
    private const string PathSet = "Path";
    private const string LiteralPathSet = "LiteralPath";

    private bool _isWritten;

    /// <summary>The repository, or an image of it.</summary>
    [Parameter(
        Position = 0, Mandatory = true, ValueFromPipelineByPropertyName = true,
        HelpMessage = "The repository, or the name of an image of it.")]
    [Alias("Name", "Reference")]
    [ArgumentCompleter(typeof(ImageCompleter))]
    [ValidateNotNullOrEmpty]
    public string Image { get; set; } = "";

    /// <summary>The blobs or manifests: digests.</summary>
    [Parameter(
        Position = 1, Mandatory = true, ValueFromPipelineByPropertyName = true,
        HelpMessage = "The blobs or manifests: whole digests.")]
    [ValidateNotNullOrEmpty]
    public string[] Digest { get; set; } = [];

    /// <summary>Return bytes: for a program on the right, or a file.</summary>
    [Parameter(Mandatory = true, ParameterSetName = BytesSet, HelpMessage = "Return bytes, for a program on the right.")]
    public SwitchParameter AsByteStream { get; set; }

    /// <summary>The file to write.</summary>
    [Parameter(Mandatory = true, ParameterSetName = PathSet, HelpMessage = "The file to write.")]
    [ValidateNotNullOrEmpty]
    public string? Path { get; set; }

    /// <summary>The file to write; as -Path, which takes no wildcards either.</summary>
    [Parameter(Mandatory = true, ParameterSetName = LiteralPathSet, HelpMessage = "The file to write.")]
    [Alias("PSPath", "LP", "FullName")]
    [ValidateNotNullOrEmpty]
    public string? LiteralPath { get; set; }

    /// <summary>Replace a file that is there.</summary>
    [Parameter(ParameterSetName = PathSet, HelpMessage = "Replace a file that is there.")]
    [Parameter(ParameterSetName = LiteralPathSet, HelpMessage = "Replace a file that is there.")]
    public SwitchParameter Force { get; set; }

    /// <summary>Return the file.</summary>
    [Parameter(ParameterSetName = PathSet, HelpMessage = "Return the file.")]
    [Parameter(ParameterSetName = LiteralPathSet, HelpMessage = "Return the file.")]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (string digest in Digest)
        {
            Guard(digest, () => Write(digest));
        }
    }

    private void Write(string digest)
    {
        var repository = CtrImageReference.Parse(Image);
        string? path = (Path ?? LiteralPath) is { } given && !_isWritten ? NewFile.Resolve(this, given, Force) : null;
        ICtrRemoteBlob blob = Await(token => Remote.FindBlobAsync(repository, digest, Registries, token));
        var bytes = new BlobBytes(digest, $"the registry '{repository.Registry}'", blob.Size, blob.OpenAsync);
        if (path is not null)
        {
            _isWritten = true;
            FileInfo written = AwaitTransfer($"Writing {path}", (meter, token) => bytes.SaveAsync(path, Force, meter, token));
            if (PassThru)
            {
                WriteItem(written);
            }
        }
        else if (_isWritten)
        {
            throw bytes.NoRoom("Get-CtrRemoteContentData");
        }
        else if (AsByteStream)
        {
            foreach (byte[] chunk in Pull(token => ByteChunks.ReadAsync((output, stop) => bytes.CopyAsync(output, null, stop), token)))
            {
                WriteObject(chunk, enumerateCollection: false);
            }
        }
        else
        {
            WriteObject(Await(bytes.ReadTextAsync));
        }
    }
}
