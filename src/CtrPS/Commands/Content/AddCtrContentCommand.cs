using System.Collections;
using System.Management.Automation;
using System.Text;
using CtrPS.Binding;
using CtrPS.Completion;
using CtrPS.Files;

namespace CtrPS.Commands;

/// <summary>Add-CtrContent: makes blobs of files, text or bytes.</summary>
[Cmdlet(VerbsCommon.Add, "CtrContent", SupportsShouldProcess = true, DefaultParameterSetName = PathSet)]
[OutputType(typeof(CtrContent))]
public sealed class AddCtrContentCommand : CtrSessionCmdlet
{
    private const string PathSet = "Path";
    private const string LiteralPathSet = "LiteralPath";
    private const string ValueSet = "Value";

    /// <summary>Files; wildcards.</summary>
    [Parameter(
        Position = 0, Mandatory = true, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true, ParameterSetName = PathSet,
        HelpMessage = "The files. Wildcards are allowed.")]
    [ArchivePathTransformation]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] Path { get; set; } = [];

    /// <summary>Files, each as it is written.</summary>
    [Parameter(
        Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = LiteralPathSet,
        HelpMessage = "The files; no character has a special meaning.")]
    [Alias("PSPath", "LP", "FullName")]
    [ValidateNotNullOrEmpty]
    public string[] LiteralPath { get; set; } = [];

    /// <summary>The content itself: a text, which becomes UTF-8, or bytes.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ValueSet, HelpMessage = "The content itself: a text, or an array of bytes.")]
    [AllowEmptyString]
    [AllowEmptyCollection]
    [ValidateNotNull]
    public object? Value { get; set; }

    /// <summary>The digest that the bytes must have.</summary>
    [Parameter(HelpMessage = "The digest that the bytes must have: sha256 and the hash.")]
    [ValidateNotNullOrEmpty]
    public string? ExpectedDigest { get; set; }

    /// <summary>How many bytes there must be.</summary>
    [Parameter(HelpMessage = "How many bytes there must be.")]
    [BytesTransformation]
    [ValidateRange(0, long.MaxValue)]
    public long? ExpectedSize { get; set; }

    /// <summary>Labels. A blob that is there gets them too.</summary>
    [Parameter(HelpMessage = "Labels. A blob that is there already gets them too.")]
    [Alias("Labels")]
    [ValidateNotNull]
    public Hashtable Label { get; set; } = [];

    /// <summary>A name for the write: one that was broken off goes on under the same name.</summary>
    [Parameter(HelpMessage = "A name for the write. One that was broken off goes on under the same name.")]
    [ValidateNotNullOrEmpty]
    public string? Ref { get; set; }

    /// <summary>The lease that keeps the blob. Default: a label does.</summary>
    [Parameter(HelpMessage = "The lease that keeps the blob. Default: a label of its own does.")]
    [ArgumentCompleter(typeof(LeaseCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Lease { get; set; }

    /// <summary>Leave the blob to the garbage collector, unless something refers to it.</summary>
    [Parameter(HelpMessage = "Leave the blob to the next garbage collection, unless something refers to it by then.")]
    public SwitchParameter NoRoot { get; set; }

    /// <summary>The namespace. Default: the session's.</summary>
    [Parameter(HelpMessage = "The namespace.")]
    [ArgumentCompleter(typeof(NamespaceCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Namespace { get; set; }

    /// <inheritdoc/>
    private protected override void OnRecord()
    {
        if (ParameterSetName == ValueSet)
        {
            Guard(null, () =>
            {
                byte[] bytes = BytesOf(Value!);
                Add(
                    $"{bytes.Length} bytes",
                    "bytes",
                    bytes.Length,
                    offset => new MemoryStream(bytes, (int)offset, bytes.Length - (int)offset, writable: false));
            });
            return;
        }

        bool literal = ParameterSetName == LiteralPathSet;
        foreach (string given in literal ? LiteralPath : Path)
        {
            Guard(given, () =>
            {
                foreach (string path in ArchivePaths.Find(this, given, literal))
                {
                    Guard(path, () => AddFile(path));
                }
            });
        }
    }

    private void AddFile(string path)
    {
        if (Directory.Exists(path))
        {
            throw new CtrException(CtrErrorIds.InvalidPath, CtrStatus.InvalidArgument, $"'{path}' is a folder, and a blob is made of a file.")
            {
                Target = path,
            };
        }

        using FileStream file = Open(path, 0);
        long size = file.CanSeek ? file.Length : throw new CtrException(
            CtrErrorIds.InvalidPath, CtrStatus.InvalidArgument, $"'{path}' is no file that can be read twice: its digest is taken before it is sent.")
        {
            Target = path,
            RecommendedAction = "Write what comes from a program into a file first.",
        };
        Add($"file '{path}' with {size} bytes", path, size, offset => Open(path, offset));
    }

    private void Add(string words, string shown, long size, Func<long, Stream> open)
    {
        CtrSession session = TargetSession;
        string name = NamespaceOf(null, Namespace, session, "");
        if (ExpectedSize is { } expected && expected != size)
        {
            throw new CtrException(
                CtrErrorIds.BlobCorrupt, CtrStatus.DataLoss, $"There are {size} bytes, and {expected} were expected. Nothing was written.")
            {
                Target = shown,
            };
        }

        Dictionary<string, string> labels = KeptByLabel.Labels(Label, Lease, NoRoot);
        if (!ShouldProcess(session, $"namespace '{name}'", $"Add a blob of {words}"))
        {
            return;
        }

        var request = new CtrContentRequest
        {
            Namespace = name,
            Open = open,
            Size = size,
            ExpectedDigest = ExpectedDigest,
            Ref = Ref,
            Lease = Lease,
            Labels = labels,
        };
        ICtrConnection connection = Connect(session);
        CtrContent added = AwaitTransfer($"Adding {shown}", (meter, token) => connection.Content.AddAsync(request, meter, token));
        added.Session = session;
        WriteObject(added);
    }

    private static FileStream Open(string path, long offset)
    {
        try
        {
            var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.SequentialScan);
            if (offset > 0)
            {
                file.Position = offset;
            }

            return file;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CtrException(
                CtrErrorIds.InvalidPath,
                e is UnauthorizedAccessException ? CtrStatus.PermissionDenied : CtrStatus.Unknown,
                $"The file '{path}' cannot be read: {e.Message}",
                e)
            {
                Target = path,
            };
        }
    }

    private static byte[] BytesOf(object value) => (value is PSObject wrapped ? wrapped.BaseObject : value) switch
    {
        string text => new UTF8Encoding(encoderShouldEmitUTF8Identifier: false).GetBytes(text),
        byte[] bytes => bytes,
        byte one => [one],
        IList many when many.Cast<object?>().All(one => (one is PSObject element ? element.BaseObject : one) is byte) =>
            [.. many.Cast<object?>().Select(one => (byte)((one is PSObject element ? element.BaseObject : one)!))],
        _ => throw new CtrException(
            CtrErrorIds.InvalidArgument, CtrStatus.InvalidArgument, "-Value is one text or an array of bytes; several texts are several blobs.")
        {
            RecommendedAction = "Join lines with -join \"`n\", or write an object as a text with ConvertTo-Json.",
        },
    };
}
