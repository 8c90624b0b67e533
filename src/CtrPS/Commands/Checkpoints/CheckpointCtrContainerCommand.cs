using System.Management.Automation;

namespace CtrPS.Commands;

/// <summary>Checkpoint-CtrContainer: keeps a container as an image.</summary>
[Cmdlet(VerbsData.Checkpoint, "CtrContainer", SupportsShouldProcess = true)]
[OutputType(typeof(CtrImage))]
public sealed class CheckpointCtrContainerCommand : CtrContainerCmdlet
{
    /// <summary>Name of the image to make.</summary>
    [Parameter(Position = 1, Mandatory = true, HelpMessage = "The name of the image to make.")]
    [ValidateNotNullOrEmpty]
    public string Reference { get; set; } = "";

    /// <summary>Keep what the container has changed in its file system.</summary>
    [Parameter(HelpMessage = "Keep what the container has changed in its file system.")]
    [Alias("Rw", "WritableLayer")]
    public SwitchParameter IncludeWritableLayer { get; set; }

    /// <summary>Keep the image that the container was made from.</summary>
    [Parameter(HelpMessage = "Keep the image that the container was made from.")]
    [Alias("Image")]
    public SwitchParameter IncludeImage { get; set; }

    /// <summary>Keep the state of its processes.</summary>
    [Parameter(HelpMessage = "Keep the state of the container's processes. This needs criu.")]
    [Alias("Task")]
    public SwitchParameter IncludeTask { get; set; }

    /// <inheritdoc/>
    private protected override void OnRecord()
    {
        string name = "";
        bool isValid = false;
        Guard(Reference, () =>
        {
            name = CtrImageReference.Parse(Reference).ToString();
            isValid = true;
        });
        if (isValid)
        {
            ForEachContainer(found => Keep(found, name));
        }
    }

    private void Keep(FoundContainer found, string name)
    {
        CtrContainer container = found.Container;
        var request = new CtrContainerCheckpointRequest
        {
            Namespace = container.Namespace,
            Id = container.Id,
            Reference = name,
            WritableLayer = IncludeWritableLayer,
            Image = IncludeImage,
            Task = IncludeTask,
        };
        if (ShouldProcess(found.Session, Words(container), $"Keep as image '{name}'"))
        {
            CtrImage image = Await(token => found.Connection.Checkpoints.CheckpointContainerAsync(request, token));
            image.Session = found.Session;
            WriteObject(image);
        }
    }
}
