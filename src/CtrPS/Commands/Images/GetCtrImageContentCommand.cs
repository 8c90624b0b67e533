using System.Management.Automation;
using System.Runtime.CompilerServices;
using System.Text;
using CtrPS.Binding;
using CtrPS.Completion;

namespace CtrPS.Commands;

/// <summary>Get-CtrImageContent: the content of files of images, as lines, as one text or as bytes. Nothing is mounted.</summary>
[Cmdlet(VerbsCommon.Get, "CtrImageContent", DefaultParameterSetName = LineSet)]
[OutputType(typeof(string), ParameterSetName = [LineSet, RawSet])]
[OutputType(typeof(byte[]), ParameterSetName = [BytesSet])]
public sealed class GetCtrImageContentCommand : CtrImageFilesCmdlet
{
    private const string LineSet = "Line";
    private const string RawSet = "Raw";
    private const string BytesSet = "Bytes";

    /// <summary>A line, or a whole file as one text, has no more characters than this.</summary>
    private const int MaxText = 1 << 28;

    private const int ChunkSize = 1 << 20;
    private const int BufferSize = 1 << 15;

    /// <summary>Paths in the image; wildcards. A file from Get-CtrImageFile brings its own.</summary>
    [Parameter(Position = 1, HelpMessage = "Paths in the image. Wildcards are allowed.")]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] FilePath { get; set; } = [];

    /// <summary>The first lines alone.</summary>
    [Parameter(ParameterSetName = LineSet, HelpMessage = "As many lines, from the start.")]
    [Alias("First", "Head")]
    [ValidateRange(0, long.MaxValue)]
    public long TotalCount { get; set; } = long.MaxValue;

    /// <summary>The last lines alone.</summary>
    [Parameter(ParameterSetName = LineSet, HelpMessage = "As many lines, from the end.")]
    [Alias("Last")]
    [ValidateRange(0, int.MaxValue)]
    public int Tail { get; set; }

    /// <summary>Return each file as one text.</summary>
    [Parameter(Mandatory = true, ParameterSetName = RawSet, HelpMessage = "Return each file as one text.")]
    public SwitchParameter Raw { get; set; }

    /// <summary>Return bytes: for a program on the right, or a file.</summary>
    [Parameter(Mandatory = true, ParameterSetName = BytesSet, HelpMessage = "Return bytes, for a program on the right.")]
    public SwitchParameter AsByteStream { get; set; }

    /// <summary>How the text is encoded, where no byte order mark says so. Default: UTF-8.</summary>
    [Parameter(ParameterSetName = LineSet, HelpMessage = "How the text is encoded, where no byte order mark says so.")]
    [Parameter(ParameterSetName = RawSet, HelpMessage = "How the text is encoded, where no byte order mark says so.")]
    [EncodingTransformation]
    [ArgumentCompleter(typeof(EncodingCompleter))]
    [ValidateNotNull]
    public Encoding Encoding { get; set; } = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);

    /// <inheritdoc/>
    private protected override void OnBegin()
    {
        if (IsGiven(nameof(Tail)) && IsGiven(nameof(TotalCount)))
        {
            OrEnd(() => throw new CtrException(
                CtrErrorIds.InvalidArgument, CtrStatus.InvalidArgument, "-TotalCount and -Tail mean the two ends of a file: give one of them."));
        }
    }

    /// <inheritdoc/>
    private protected override void OnRecord() => ForEachRoot((root, image, file) =>
    {
        if (file is not null)
        {
            CtrImageFile own = Await(token => ImageFilePaths.FindAgainAsync(root, file, image, token));
            Write(root, image, own.Kind == CtrFileKind.SymbolicLink
                ? Await(token => ImageFilePaths.FindAsync(root, WildcardPattern.Escape(own.Path), follow: true, hidden: false, image, token))[0]
                : own);
            return;
        }

        if (FilePath.Length == 0)
        {
            throw new CtrException(
                CtrErrorIds.InvalidArgument, CtrStatus.InvalidArgument, $"Which files of image '{image.Name}' are meant is not said.")
            {
                Target = image.Name,
                RecommendedAction = "Name them with -FilePath, or pipe files of Get-CtrImageFile in.",
            };
        }

        foreach (string path in FilePath)
        {
            bool isPattern = WildcardPattern.ContainsWildcardCharacters(path);
            Guard(path, () =>
            {
                foreach (CtrImageFile found in Await(token => ImageFilePaths.FindAsync(root, path, follow: true, hidden: false, image, token)))
                {
                    CtrImageFile? real = isPattern && found.Kind == CtrFileKind.SymbolicLink
                        ? Await(token => root.FindAsync(found.Path, follow: true, token))
                        : found;
                    if (!isPattern || real is { Kind: CtrFileKind.File })
                    {
                        Guard(found, () => Write(root, image, real!));
                    }
                }
            });
        }
    });

    private void Write(ICtrImageRoot root, CtrImage image, CtrImageFile file)
    {
        if (file.Kind != CtrFileKind.File)
        {
            bool isFolder = file.Kind == CtrFileKind.Directory;
            throw new CtrException(
                CtrErrorIds.InvalidArgument,
                CtrStatus.InvalidArgument,
                $"'{file.Path}' of image '{image.Name}' is a {(isFolder ? "folder" : "device or a pipe")}: it has no content.")
            {
                Target = file.Path,
                RecommendedAction = isFolder ? "See what is in it with Get-CtrImageFile." : null,
            };
        }

        using Stream content = Await(token => root.OpenAsync(file, token));
        if (AsByteStream)
        {
            foreach (byte[] chunk in Pull(token => ChunksAsync(content, token)))
            {
                WriteObject(chunk, enumerateCollection: false);
            }

            return;
        }

        using var reader = new StreamReader(content, Encoding, detectEncodingFromByteOrderMarks: true, BufferSize);
        if (Raw)
        {
            WriteObject(Await(token => TextAsync(reader, file, token)));
            return;
        }

        IEnumerable<string> lines = Pull(token => LinesAsync(reader, file, token));
        foreach (string line in IsGiven(nameof(Tail)) ? lines.TakeLast(Tail) : Limited(lines))
        {
            WriteObject(line);
        }
    }

    private IEnumerable<string> Limited(IEnumerable<string> lines)
    {
        long left = TotalCount;
        if (left == 0)
        {
            yield break;
        }

        foreach (string line in lines)
        {
            yield return line;
            if (--left == 0)
            {
                yield break;
            }
        }
    }

    private static async IAsyncEnumerable<byte[]> ChunksAsync(Stream content, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (true)
        {
            byte[] chunk = new byte[ChunkSize];
            int read = await content.ReadAtLeastAsync(chunk, chunk.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
            if (read > 0)
            {
                yield return read == chunk.Length ? chunk : chunk[..read];
            }

            if (read < chunk.Length)
            {
                yield break;
            }
        }
    }

    private static async Task<string> TextAsync(StreamReader reader, CtrImageFile file, CancellationToken cancellationToken)
    {
        var text = new StringBuilder();
        char[] buffer = new char[BufferSize];
        int read;
        while ((read = await reader.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0)
        {
            Require(text.Length + read, file);
            _ = text.Append(buffer, 0, read);
        }

        return text.ToString();
    }

    /// <summary>The lines, as Get-Content parts them: by line feeds, carriage returns, or both together.</summary>
    private static async IAsyncEnumerable<string> LinesAsync(
        StreamReader reader, CtrImageFile file, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var line = new StringBuilder();
        char[] buffer = new char[BufferSize];
        bool afterReturn = false;
        int read;
        while ((read = await reader.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0)
        {
            int start = 0;
            while (start < read)
            {
                if (afterReturn && buffer[start] == '\n')
                {
                    afterReturn = false;
                    start++;
                    continue;
                }

                afterReturn = false;
                int end = buffer.AsSpan(start, read - start).IndexOfAny('\n', '\r');
                int count = end < 0 ? read - start : end;
                Require(line.Length + count, file);
                _ = line.Append(buffer, start, count);
                start += count;
                if (end >= 0)
                {
                    afterReturn = buffer[start] == '\r';
                    start++;
                    yield return line.ToString();
                    _ = line.Clear();
                }
            }
        }

        if (line.Length > 0)
        {
            yield return line.ToString();
        }
    }

    private static void Require(long length, CtrImageFile file)
    {
        if (length > MaxText)
        {
            throw new CtrException(
                CtrErrorIds.InvalidArgument,
                CtrStatus.InvalidArgument,
                $"'{file.Path}' is no text: more than {MaxText} characters of it belong together.")
            {
                Target = file.Path,
                RecommendedAction = "Take its bytes with -AsByteStream, or write it to a file with Copy-CtrImageFile.",
            };
        }
    }
}
