using System.Management.Automation;
using CtrPS.Binding;
using CtrPS.Completion;

namespace CtrPS.Commands;

/// <summary>Get-CtrImageMount: the images that are mounted, by Mount-CtrImage or by ctr.</summary>
[Cmdlet(VerbsCommon.Get, "CtrImageMount")]
[OutputType(typeof(CtrImageMount))]
public sealed class GetCtrImageMountCommand : CtrListCmdlet
{
    /// <summary>Folders, names of images, or objects of either; wildcards. Default: all.</summary>
    [Parameter(
        Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true,
        HelpMessage = "Folders, or names of images. Wildcards are allowed.")]
    [Alias("Name", "Path", "FullName")]
    [ImageMountIdentityTransformation]
    [ArgumentCompleter(typeof(ImageMountCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public CtrImageMountIdentity[]? Mount { get; set; }

    /// <inheritdoc/>
    private protected override void OnRecord()
    {
        if (Mount is null)
        {
            Guard(null, () => List(null));
            return;
        }

        foreach (CtrImageMountIdentity wanted in Mount)
        {
            Guard(wanted, () => List(wanted));
        }
    }

    private void List(CtrImageMountIdentity? wanted)
    {
        string words = $"Mount '{wanted?.Name}'";
        CtrSession session = SessionOf(wanted?.Session, words);
        ICtrConnection connection = Connect(session);
        IReadOnlyList<string> namespaces = Namespaces(connection, session, wanted?.Namespace, words);
        Func<CtrImageMount, bool> fits = wanted is null ? _ => true : ImageMountFinder.Matcher(this, wanted);
        int found = 0;
        foreach (string name in namespaces)
        {
            foreach (CtrImageMount mount in Await(token => connection.Mounts.ListAsync(name, token)).Where(fits))
            {
                found++;
                mount.Session = session;
                WriteObject(mount);
            }
        }

        // An image that is there and is mounted nowhere is an answer: nothing.
        if (found == 0 && wanted is { Image: null } && !ImageMountFinder.IsPattern(wanted))
        {
            throw ImageMountFinder.NotFound(wanted, namespaces, Await(connection.Namespaces.ListAsync).Select(one => one.Name).Except(namespaces)
                .Where(name => Await(token => connection.Mounts.ListAsync(name, token)).Any(fits)));
        }

        if (found == 0 && wanted is null)
        {
            WarnOfOthers(
                connection, session, namespaces, "mounted images", name => Await(token => connection.Mounts.ListAsync(name, token)).Count > 0);
        }
    }
}
