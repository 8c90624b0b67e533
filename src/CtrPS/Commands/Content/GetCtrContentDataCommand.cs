using System.Management.Automation;
using System.Text;
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

    /// <summary>Manifests, configs and the like have far less; a layer is no text.</summary>
    private const int MaxText = 64 << 20;

    private const int ChunkSize = 1 << 20;

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

        if ((Path ?? LiteralPath) is { } path)
        {
            Save(connection, one, path);
            return;
        }

        if (AsByteStream)
        {
            foreach (byte[] chunk in Pull(token => ByteChunks.ReadAsync((output, stop) => CopyAsync(connection, one, output, null, stop), token)))
            {
                WriteObject(chunk, enumerateCollection: false);
            }

            return;
        }

        WriteObject(Await(token => ReadTextAsync(connection, one, token)));
    }

    private void Save(ICtrConnection connection, CtrContent one, string given)
    {
        if (_isWritten)
        {
            throw new CtrException(
                CtrErrorIds.InvalidArgument, CtrStatus.InvalidArgument, $"The blob '{one.Digest}' was not written: a file holds one blob.")
            {
                Target = one.Digest,
                RecommendedAction = "Write each into a file of its own: ForEach-Object { $_ | Get-CtrContentData -Path \"$($_.Size).bin\" }.",
            };
        }

        string path = NewFile.Resolve(this, given, Force);
        _isWritten = true;
        FileInfo written = AwaitTransfer($"Writing {path}", async (meter, token) =>
        {
            long size = Math.Min(Count, one.Size - Offset);
            meter.SetTotal(size);
            NewFile file = NewFile.Create(path, size, checksum: false, Force);
            await using (file.ConfigureAwait(false))
            {
                return await file.WriteAsync(output => CopyAsync(connection, one, output, meter, token)).ConfigureAwait(false);
            }
        });
        if (PassThru)
        {
            WriteItem(written);
        }
    }

    private async Task CopyAsync(
        ICtrConnection connection, CtrContent one, Stream output, CtrTransferMeter? meter, CancellationToken cancellationToken)
    {
        Stream bytes = await connection.Content.OpenAsync(one, Offset, Count, cancellationToken).ConfigureAwait(false);
        await using (bytes.ConfigureAwait(false))
        {
            byte[] buffer = GC.AllocateUninitializedArray<byte>(ChunkSize);
            for (int read; (read = await bytes.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0;)
            {
                await output.WriteAsync(buffer.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
                meter?.AddDone(read);
            }
        }
    }

    private async Task<string> ReadTextAsync(ICtrConnection connection, CtrContent one, CancellationToken cancellationToken)
    {
        if (one.Size > MaxText)
        {
            throw NotText(one, $"has {one.Size} bytes, and as text at most {MaxText} are given");
        }

        var content = new MemoryStream((int)one.Size);
        await CopyAsync(connection, one, content, null, cancellationToken).ConfigureAwait(false);
        ReadOnlySpan<byte> bytes = content.GetBuffer().AsSpan(0, (int)content.Length);
        try
        {
            return bytes.Contains((byte)0)
                ? throw NotText(one, "has bytes that no text has")
                : new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true).GetString(bytes);
        }
        catch (DecoderFallbackException e)
        {
            throw NotText(one, "is no text of UTF-8", e);
        }
    }

    private static CtrException NotText(CtrContent one, string why, Exception? cause = null) => new(
        CtrErrorIds.ContentNotText, CtrStatus.InvalidArgument, $"The blob '{one.Digest}' in namespace '{one.Namespace}' {why}.", cause)
    {
        Target = one.Digest,
        RecommendedAction = "Take its bytes with -AsByteStream, or write it to a file with -Path.",
    };
}
