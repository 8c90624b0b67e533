using System.Management.Automation;
using CtrPS.Binding;
using CtrPS.Completion;

namespace CtrPS.Commands;

/// <summary>Base of the cmdlets that change blobs which are there: which ones, in which namespace.</summary>
public abstract class CtrContentCmdlet : CtrSessionCmdlet
{
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

    /// <summary>The namespace. Default: the session's; an object brings its own.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true, HelpMessage = "The namespace.")]
    [ArgumentCompleter(typeof(NamespaceCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Namespace { get; set; }

    /// <summary>A blob in words, for questions and messages.</summary>
    private protected static string Words(CtrContent one) => $"blob '{one.Digest}' in namespace '{one.Namespace}'";

    /// <summary>Does the work for each blob, as it is now. An error about one leaves the others to be done.</summary>
    private protected void ForEachContent(Action<CtrContent, CtrSession, ICtrConnection> work)
    {
        foreach (CtrContentIdentity wanted in Content)
        {
            Guard(wanted, () =>
            {
                string words = $"Blob '{wanted.Digest}'";
                CtrSession session = SessionOf(wanted.Session, words);
                string name = NamespaceOf(wanted.Namespace, Namespace, session, words);
                ICtrConnection connection = Connect(session);
                foreach (CtrContent one in Await(token => ContentFinder.FindAsync(connection, name, wanted, token)))
                {
                    one.Session = session;
                    Guard(one, () => work(one, session, connection));
                }
            });
        }
    }
}
