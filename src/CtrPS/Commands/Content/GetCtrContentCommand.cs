using System.Management.Automation;
using CtrPS.Binding;
using CtrPS.Completion;

namespace CtrPS.Commands;

/// <summary>Get-CtrContent: the blobs of one or more namespaces, and what they are.</summary>
[Cmdlet(VerbsCommon.Get, "CtrContent")]
[OutputType(typeof(CtrContent))]
public sealed class GetCtrContentCommand : CtrListCmdlet
{
    private readonly Dictionary<(CtrSession Session, string Namespace), IReadOnlyList<CtrContent>> _listed = [];

    /// <summary>The blobs: digests, their first digits, wildcards, or objects with a digest. Default: all.</summary>
    [Parameter(
        Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true,
        HelpMessage = "The blobs: digests, six first digits of them or more. Wildcards are allowed.")]
    [Alias("Digest", "Id", "Name")]
    [ContentIdentityTransformation]
    [ArgumentCompleter(typeof(ContentCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public CtrContentIdentity[]? Content { get; set; }

    /// <summary>Only what is of one of these kinds.</summary>
    [Parameter(HelpMessage = "Only indexes, manifests, configs, layers, or what nothing tells of.")]
    [ValidateNotNullOrEmpty]
    public CtrContentKind[] Kind { get; set; } = [];

    /// <summary>Only blobs of these media types; wildcards. * reads them and leaves nothing out.</summary>
    [Parameter(HelpMessage = "Read the media types, and give only blobs of these. Wildcards are allowed: * is all.")]
    [ArgumentCompleter(typeof(MediaTypeCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] MediaType { get; set; } = [];

    /// <summary>Only blobs with these labels: key or key=value; wildcards.</summary>
    [Parameter(HelpMessage = "Only blobs with all of these labels: key or key=value. Wildcards are allowed.")]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] Label { get; set; } = [];

    /// <summary>Only blobs of as many bytes or more.</summary>
    [Parameter(HelpMessage = "Only blobs of as many bytes or more: 100MB.")]
    [BytesTransformation]
    [ValidateRange(0, long.MaxValue)]
    public long MinimumSize { get; set; }

    /// <summary>Only blobs that are here since then, or for so long.</summary>
    [Parameter(HelpMessage = "Only blobs that came before then: a date, a TimeSpan, or 90s, 10m, 1h30m, 2d ago.")]
    [MomentTransformation]
    public DateTimeOffset? OlderThan { get; set; }

    /// <inheritdoc/>
    private protected override void OnRecord()
    {
        foreach (CtrContentIdentity? wanted in Content ?? [null!])
        {
            Guard(wanted, () => List(wanted, SessionOf(wanted?.Session, $"Blob '{wanted?.Digest}'")));
        }
    }

    private void List(CtrContentIdentity? wanted, CtrSession session)
    {
        ICtrConnection connection = Connect(session);
        IReadOnlyList<string> namespaces = Namespaces(connection, session, wanted?.Namespace, $"Blob '{wanted?.Digest}'");
        var labels = new LabelFilter(Label);
        WildcardPattern[] types = [.. MediaType.Select(type => WildcardPattern.Get(type, WildcardOptions.IgnoreCase))];
        bool isFound = false;
        foreach (string name in namespaces)
        {
            IReadOnlyList<CtrContent> all = ListOnce(connection, session, name);
            foreach (CtrContent one in wanted is null ? all : ContentFinder.Among(all, wanted))
            {
                isFound = true;
                if ((Kind.Length == 0 || Kind.Contains(one.Kind))
                    && one.Size >= MinimumSize
                    && (OlderThan is null || one.CreatedAt < OlderThan)
                    && labels.Fits(one.Labels)
                    && (types.Length == 0 || MediaType.Contains("*") || types.Any(type => one.MediaType is { } own && type.IsMatch(own))))
                {
                    Write(one);
                }
            }
        }

        if (!isFound && wanted is null)
        {
            WarnOfOthers(
                connection, session, namespaces, "blobs", name => Await(token => connection.Content.ListAsync(name, false, token)).Count > 0);
        }
        else if (!isFound && !ContentFinder.IsPattern(wanted!))
        {
            throw Await(token => ContentFinder.NotFoundAsync(connection, namespaces, wanted!, token));
        }
    }

    private void Write(CtrContent one)
    {
        var shown = PSObject.AsPSObject(one);
        if (MediaType.Length > 0 && shown.TypeNames[0] == typeof(CtrContent).FullName)
        {
            shown.TypeNames.Insert(0, typeof(CtrContent).FullName + "#MediaType"); // a table of its own
        }

        WriteObject(shown);
    }

    /// <summary>A namespace's blobs, listed once: many objects that are piped in ask for the same.</summary>
    private IReadOnlyList<CtrContent> ListOnce(ICtrConnection connection, CtrSession session, string name)
    {
        if (!_listed.TryGetValue((session, name), out IReadOnlyList<CtrContent>? all))
        {
            all = Await(token => connection.Content.ListAsync(name, MediaType.Length > 0, token));
            foreach (CtrContent one in all)
            {
                one.Session = session;
            }

            _listed[(session, name)] = all;
        }

        return all;
    }
}
