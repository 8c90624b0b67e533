using System.Management.Automation;
using CtrPS.Binding;
using CtrPS.Completion;

namespace CtrPS.Commands;

/// <summary>Restore-CtrContainer: makes a container from a checkpoint and starts it.</summary>
[Cmdlet(VerbsData.Restore, "CtrContainer", SupportsShouldProcess = true)]
[OutputType(typeof(CtrContainer))]
public sealed class RestoreCtrContainerCommand : CtrSessionCmdlet
{
    /// <summary>Id of the container to make.</summary>
    [Parameter(Position = 0, Mandatory = true, HelpMessage = "The id of the container to make.")]
    [ValidateNotNullOrEmpty]
    public string Id { get; set; } = "";

    /// <summary>The checkpoint's image.</summary>
    [Parameter(Position = 1, Mandatory = true, ValueFromPipeline = true, HelpMessage = "The image of the checkpoint.")]
    [Alias("Checkpoint")]
    [ImageIdentityTransformation]
    [ArgumentCompleter(typeof(ImageCompleter))]
    [ValidateNotNull]
    public CtrImageIdentity? Reference { get; set; }

    /// <summary>The namespace. Default: the session's; an image object brings its own.</summary>
    [Parameter(HelpMessage = "The namespace.")]
    [ArgumentCompleter(typeof(NamespaceCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Namespace { get; set; }

    /// <summary>Bring back what the container had changed in its file system.</summary>
    [Parameter(HelpMessage = "Bring back what the container had changed in its file system.")]
    [Alias("Rw", "WritableLayer")]
    public SwitchParameter IncludeWritableLayer { get; set; }

    /// <summary>Let its processes go on where they were.</summary>
    [Parameter(HelpMessage = "Let the processes go on where they were, instead of starting anew. This needs criu.")]
    public SwitchParameter Live { get; set; }

    /// <summary>Make the container only.</summary>
    [Parameter(HelpMessage = "Make the container, but do not start it.")]
    public SwitchParameter NoStart { get; set; }

    /// <inheritdoc/>
    private protected override void OnRecord() => Guard(Id, () =>
    {
        if (Live && NoStart)
        {
            throw new CtrException(
                CtrErrorIds.InvalidArgument, CtrStatus.InvalidArgument, "-Live starts the container's processes, and -NoStart says not to.")
            {
                Target = Id,
            };
        }

        string id = CtrIdentifier.RequireContainerId(Id);
        CtrImageIdentity wanted = Reference!;
        CtrSession session = SessionOf(wanted.Session, $"Image '{wanted.Name}'");
        string name = NamespaceOf(wanted.Namespace, Namespace, session, $"Image '{wanted.Name}'");
        string then = NoStart ? "" : Live ? " and let go on" : " and start";
        if (ShouldProcess(session, $"container '{id}' in namespace '{name}'", $"Restore from '{wanted.Name}'{then}"))
        {
            var request = new CtrRestoreRequest
            {
                Namespace = name,
                Id = id,
                Reference = wanted.Name,
                WritableLayer = IncludeWritableLayer,
                Live = Live,
                NoStart = NoStart,
            };
            ICtrConnection connection = Connect(session);
            CtrContainer container = Await(token => connection.Checkpoints.RestoreAsync(request, token));
            container.Session = session;
            WriteObject(container);
        }
    });
}
