using System.Management.Automation;
using CtrPS.Binding;
using CtrPS.Completion;
using CtrPS.Files;

namespace CtrPS.Commands;

/// <summary>Get-CtrContentData: the bytes of blobs, as text, as bytes or as a file.</summary>
[Cmdlet(VerbsCommon.Get, "CtrContentData", DefaultParameterSetName = TextSet)]
[OutputType(typeof(string), ParameterSetName = [TextSet])]
[OutputType(typeof(byte[]), ParameterSetName = [BytesSet])]
[OutputType(typeof(FileInfo), ParameterSetName = [PathSet, LiteralPathSet])]
public sealed class GetCtrContentDataCommand : CtrListCmdlet
{
    private const string TextSet = "Text";
    private const string BytesSet = "Bytes";
    private const string PathSet = "Path";
    private const string LiteralPathSet = "LiteralPath";

    private bool _isWritten;

    /// <summary>The blobs: digests, their first digits, wildcards, or objects with a digest.</summary>
    [Parameter(
        Position = 0, Mandatory = true, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true,
        HelpMessage = "The blobs: digests, six first digits of them or more. Wildcards are allowed.")]
    [Alias("Digest", "Id", "Name")]
    [ContentIdentityTransformation]
    [ArgumentCompleter(typeof(ContentCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public CtrContentIdentity[] Content { get; set; } = [];

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

    /// <summary>Where to begin, in bytes.</summary>
    [Parameter(ParameterSetName = BytesSet, HelpMessage = "Where to begin, in bytes.")]
    [Parameter(ParameterSetName = PathSet, HelpMessage = "Where to begin, in bytes.")]
    [Parameter(ParameterSetName = LiteralPathSet, HelpMessage = "Where to begin, in bytes.")]
    [BytesTransformation]
    [ValidateRange(0, long.MaxValue)]
    public long Offset { get; set; }

    /// <summary>How many bytes at the most. Default: to the end.</summary>
    [Parameter(ParameterSetName = BytesSet, HelpMessage = "How many bytes at the most. Default: to the end.")]
    [Parameter(ParameterSetName = PathSet, HelpMessage = "How many bytes at the most. Default: to the end.")]
    [Parameter(ParameterSetName = LiteralPathSet, HelpMessage = "How many bytes at the most. Default: to the end.")]
    [BytesTransformation]
    [ValidateRange(0, long.MaxValue)]
    public long Count { get; set; } = long.MaxValue;

    /// <summary>Replace a file that is there.</summary>
    [Parameter(ParameterSetName = PathSet, HelpMessage = "Replace a file that is there.")]
    [Parameter(ParameterSetName = LiteralPathSet, HelpMessage = "Replace a file that is there.")]
    public SwitchParameter Force { get; set; }

    /// <summary>Return the file.</summary>
    [Parameter(ParameterSetName = PathSet, HelpMessage = "Return the file.")]
    [Parameter(ParameterSetName = LiteralPathSet, HelpMessage = "Return the file.")]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    private protected override string? OneSessionOnly => (Path ?? LiteralPath) is null ? null : "one file is written";

    /// <inheritdoc/>
    private protected override void OnRecord()
    {
        foreach (CtrContentIdentity wanted in Content)
        {
            Guard(wanted, () =>
            {
                string words = $"Blob '{wanted.Digest}'";
                CtrSession session = SessionOf(wanted.Session, words);
                ICtrConnection connection = Connect(session);
                foreach (CtrContent one in Find(connection, Namespaces(connection, session, wanted.Namespace, words), wanted))
                {
                    Guard(one.Digest, () => Write(connection, one));
                }
            });
        }
    }

    /// <summary>The blobs, each once: the same digest means the same bytes in all namespaces.</summary>
    private IEnumerable<CtrContent> Find(ICtrConnection connection, IReadOnlyList<string> namespaces, CtrContentIdentity wanted)
    {
        if (namespaces.Count == 1)
        {
            return Await(token => ContentFinder.FindAsync(connection, namespaces[0], wanted, token));
        }

        CtrContent[] found =
        [
            .. namespaces.SelectMany(name => Await(token => connection.Content.ListAsync(name, mediaTypes: false, token)))
                .DistinctBy(one => one.Digest),
        ];
        IReadOnlyList<CtrContent> meant = ContentFinder.Among(found, wanted);
        return meant.Count > 0 || ContentFinder.IsPattern(wanted)
            ? meant
            : throw Await(token => ContentFinder.NotFoundAsync(connection, namespaces, wanted, token));
    }

    private void Write(ICtrConnection connection, CtrContent one)
    {
        if (Offset > one.Size)
        {
            throw new CtrException(
                CtrErrorIds.InvalidArgument,
                CtrStatus.OutOfRange,
                $"The blob '{one.Digest}' in namespace '{one.Namespace}' has {one.Size} bytes, and -Offset says {Offset}.")
            {
                Target = one.Digest,
            };
        }

        var bytes = new BlobBytes(
            one.Digest,
            $"namespace '{one.Namespace}'",
            Math.Min(Count, one.Size - Offset),
            token => connection.Content.OpenAsync(one, Offset, Count, token));
        if ((Path ?? LiteralPath) is { } path)
        {
            Save(bytes, path);
            return;
        }

        if (AsByteStream)
        {
            foreach (byte[] chunk in Pull(token => ByteChunks.ReadAsync((output, stop) => bytes.CopyAsync(output, null, stop), token)))
            {
                WriteObject(chunk, enumerateCollection: false);
            }

            return;
        }

        WriteObject(Await(bytes.ReadTextAsync));
    }

    private void Save(BlobBytes bytes, string given)
    {
        if (_isWritten)
        {
            throw bytes.NoRoom("Get-CtrContentData");
        }

        string path = NewFile.Resolve(this, given, Force);
        _isWritten = true;
        FileInfo written = AwaitTransfer($"Writing {path}", (meter, token) => bytes.SaveAsync(path, Force, meter, token));
        if (PassThru)
        {
            WriteItem(written);
        }
    }
}
