using System.Management.Automation;
using CtrPS.Binding;
using CtrPS.Completion;

namespace CtrPS.Commands;

/// <summary>Get-CtrReference: who keeps a blob, a snapshot or an image, or what it keeps.</summary>
[Cmdlet(VerbsCommon.Get, "CtrReference", DefaultParameterSetName = ResourceSet)]
[OutputType(typeof(CtrReference))]
public sealed class GetCtrReferenceCommand : CtrListCmdlet
{
    private const string ResourceSet = "Resource";
    private const string SnapshotSet = "Snapshot";
    private const string ImageSet = "Image";

    /// <summary>Blobs, by digest or its first digits; or objects: images, containers, layers, orphans.</summary>
    [Parameter(
        Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true, ParameterSetName = ResourceSet,
        HelpMessage = "Digests, or six or more of their first digits; or objects.")]
    [Alias("Digest")]
    [ResourceNameTransformation]
    [ValidateNotNullOrEmpty]
    public CtrResourceName[] Resource { get; set; } = [];

    /// <summary>Keys of snapshots.</summary>
    [Parameter(Mandatory = true, ParameterSetName = SnapshotSet, HelpMessage = "Keys of snapshots.")]
    [ValidateNotNullOrEmpty]
    public string[] Snapshot { get; set; } = [];

    /// <summary>The snapshotter of the snapshots. Default: all.</summary>
    [Parameter(ParameterSetName = SnapshotSet, HelpMessage = "The snapshotter of the snapshots. Default: all.")]
    [ArgumentCompleter(typeof(SnapshotterCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Snapshotter { get; set; }

    /// <summary>Images: names, wildcards, or objects.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ImageSet, HelpMessage = "The images. Wildcards are allowed.")]
    [ImageIdentityTransformation]
    [ArgumentCompleter(typeof(ImageCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public CtrImageIdentity[] Image { get; set; } = [];

    /// <summary>What it keeps, instead of who keeps it.</summary>
    [Parameter(HelpMessage = "What it keeps, instead of who keeps it.")]
    public SwitchParameter To { get; set; }

    /// <inheritdoc/>
    private protected override void OnRecord()
    {
        foreach (CtrResourceName one in Resource)
        {
            Guard(one, () => Trace(one));
        }

        foreach (string key in Snapshot)
        {
            Guard(key, () => Trace(new CtrResourceName(CtrResourceKind.Snapshot, key, Snapshotter, null, null)));
        }

        foreach (CtrImageIdentity image in Image)
        {
            Guard(image, () => TraceImage(image));
        }
    }

    private void TraceImage(CtrImageIdentity wanted)
    {
        string words = $"Image '{wanted.Name}'";
        CtrSession session = SessionOf(wanted.Session, words);
        ICtrConnection connection = Connect(session);
        IReadOnlyList<string> namespaces = Namespaces(connection, session, wanted.Namespace, words);
        var found = new List<CtrImage>();
        foreach (string name in namespaces)
        {
            if (namespaces.Count == 1 || ImageFinder.IsPattern(wanted))
            {
                found.AddRange(Pull(token => ImageFinder.FindAsync(connection, name, wanted, CtrImageDetail.None, token)));
            }
            else
            {
                found.AddRange(Await(token => connection.Images.LookUpAsync(name, wanted.Name, CtrImageDetail.None, false, token)));
            }
        }

        if (found.Count == 0 && !ImageFinder.IsPattern(wanted))
        {
            throw Await(token => ImageFinder.NotFoundAsync(connection, [.. namespaces], wanted.Name, token));
        }

        foreach (CtrImage image in found)
        {
            _ = Write(new CtrResourceName(CtrResourceKind.Image, image.Name, null, image.Namespace, session), session, [image.Namespace]);
        }
    }

    private void Trace(CtrResourceName wanted)
    {
        string words = $"'{wanted.Key}'";
        CtrSession session = SessionOf(wanted.Session, words);
        ICtrConnection connection = Connect(session);
        IReadOnlyList<string> namespaces = Namespaces(connection, session, string.IsNullOrEmpty(wanted.Namespace) ? null : wanted.Namespace, words);
        if (!Write(wanted, session, namespaces))
        {
            throw NotFound(wanted, connection, namespaces);
        }
    }

    private bool Write(CtrResourceName wanted, CtrSession session, IReadOnlyList<string> namespaces)
    {
        IReadOnlyList<CtrReference> rows = Await(token => Connect(session).Storage.TraceAsync(Query(wanted, namespaces), token));
        foreach (CtrReference row in rows)
        {
            row.Session = session;
            WriteObject(row);
        }

        return rows.Count > 0;
    }

    private CtrReferenceQuery Query(CtrResourceName wanted, IReadOnlyList<string> namespaces) => new()
    {
        Namespaces = namespaces,
        Kind = wanted.Kind,
        Key = wanted.Key,
        Snapshotter = wanted.Snapshotter,
        Forward = To,
    };

    private CtrException NotFound(CtrResourceName wanted, ICtrConnection connection, IReadOnlyList<string> namespaces)
    {
        string[] others = [.. Await(connection.Namespaces.ListAsync).Select(one => one.Name).Except(namespaces)];
        string[] elsewhere = [.. Await(token => connection.Storage.TraceAsync(Query(wanted, others), token)).Select(row => row.Namespace).Distinct()];
        string where = (namespaces.Count == 1 ? "namespace " : "the namespaces ") + string.Join(", ", namespaces.Select(one => $"'{one}'"));
        string hint = elsewhere.Length > 0 ? $" It exists in {string.Join(", ", elsewhere.Select(one => $"'{one}'"))}." : "";
        string kind = wanted.Kind switch
        {
            CtrResourceKind.Content => "blob",
            CtrResourceKind.Ingest => "unfinished write",
            _ => wanted.Kind.ToString().ToLowerInvariant(),
        };
        return new CtrException(
            wanted.Kind == CtrResourceKind.Content ? CtrErrorIds.BlobMissing : CtrErrorIds.NotFound,
            CtrStatus.NotFound,
            $"There is no {kind} '{wanted.Key}' in {where}.{hint}")
        {
            Target = wanted.Key,
            RecommendedAction = elsewhere.Length > 0 ? $"Use -Namespace {elsewhere[0]}."
                : wanted.Kind == CtrResourceKind.Content && !wanted.Key.Split(':')[^1].All(char.IsAsciiHexDigit)
                    ? "A blob is named by its digest. Use -Image for the name of an image, -Snapshot for the key of a snapshot."
                : "Use -Namespace * to look into all namespaces.",
        };
    }
}
