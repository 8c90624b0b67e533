using System.Management.Automation;
using CtrPS.Binding;
using CtrPS.Completion;

namespace CtrPS.Commands;

/// <summary>Dismount-CtrImage: ends mounts of images, with all that containerd keeps for them.</summary>
[Cmdlet(VerbsData.Dismount, "CtrImage", SupportsShouldProcess = true)]
public sealed class DismountCtrImageCommand : CtrSessionCmdlet
{
    /// <summary>Folders, names of images, or objects of either; wildcards.</summary>
    [Parameter(
        Position = 0, Mandatory = true, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true,
        HelpMessage = "Folders, or names of images. Wildcards are allowed.")]
    [Alias("Name", "Path", "FullName")]
    [ImageMountIdentityTransformation]
    [ArgumentCompleter(typeof(ImageMountCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public CtrImageMountIdentity[] Mount { get; set; } = [];

    /// <summary>The namespace. Default: the session's; an object brings its own.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true, HelpMessage = "The namespace.")]
    [ArgumentCompleter(typeof(NamespaceCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Namespace { get; set; }

    /// <summary>Dismount also what somebody uses.</summary>
    [Parameter(HelpMessage = "Dismount also what somebody uses: the kernel ends it with its last user.")]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    private protected override void OnRecord()
    {
        foreach (CtrImageMountIdentity wanted in Mount)
        {
            Guard(wanted, () => Dismount(wanted));
        }
    }

    private void Dismount(CtrImageMountIdentity wanted)
    {
        string words = $"Mount '{wanted.Name}'";
        CtrSession session = SessionOf(wanted.Session, words);
        string name = NamespaceOf(wanted.Namespace, Namespace, session, words);
        ICtrConnection connection = Connect(session);
        Func<CtrImageMount, bool> fits = ImageMountFinder.Matcher(this, wanted);
        CtrImageMount[] found = [.. Await(token => connection.Mounts.ListAsync(name, token)).Where(fits)];
        if (found.Length == 0 && !ImageMountFinder.IsPattern(wanted))
        {
            throw ImageMountFinder.NotFound(wanted, [name], Await(connection.Namespaces.ListAsync).Select(one => one.Name)
                .Where(other => other != name && Await(token => connection.Mounts.ListAsync(other, token)).Any(fits)));
        }

        foreach (CtrImageMount mount in found)
        {
            Guard(mount, () =>
            {
                string image = mount.Name.Length == 0 ? "an image" : $"image '{mount.Name}'";
                string lost = mount.IsWritable ? "; what was written there is lost" : "";
                if (ShouldProcess(session, $"{image} in namespace '{mount.Namespace}'", $"Dismount from '{mount.Path}'{lost}"))
                {
                    Await(token => connection.Mounts.DismountAsync(mount, Force, token));
                }
            });
        }
    }
}
