using System.Management.Automation;
using CtrPS.Binding;

namespace CtrPS.Commands;

/// <summary>Checkpoint-CtrTask: keeps the state of processes, as an image or as criu's files.</summary>
[Cmdlet(VerbsData.Checkpoint, "CtrTask", SupportsShouldProcess = true)]
[OutputType(typeof(CtrImage))]
public sealed class CheckpointCtrTaskCommand : CtrTaskCmdlet
{
    /// <summary>A folder on the daemon's machine for criu's files.</summary>
    [Parameter(HelpMessage = "A folder on the daemon's machine for criu's files. Then no image is made.")]
    [ValidateNotNullOrEmpty]
    public string? ImagePath { get; set; }

    /// <summary>A folder on the daemon's machine for criu's log.</summary>
    [Parameter(HelpMessage = "A folder on the daemon's machine for criu's log and temporary files.")]
    [ValidateNotNullOrEmpty]
    public string? WorkPath { get; set; }

    /// <summary>End the task afterwards.</summary>
    [Parameter(HelpMessage = "End the task when its state is kept.")]
    public SwitchParameter Exit { get; set; }

    /// <inheritdoc/>
    private protected override void OnRecord() => ForEachTask(Keep);

    private void Keep(FoundContainer found)
    {
        CtrContainer container = found.Container;
        var request = new CtrTaskCheckpointRequest
        {
            Namespace = container.Namespace,
            Id = container.Id,
            ImagePath = Resolve(ImagePath),
            WorkPath = Resolve(WorkPath),
            Exit = Exit,
        };
        string where = request.ImagePath is null ? "" : $" in '{request.ImagePath}'";
        if (ShouldProcess(found.Session, TaskWords(container), $"Keep the state{where}{(Exit ? " and end" : "")}")
            && Await(token => found.Connection.Checkpoints.CheckpointTaskAsync(request, token)) is { } image)
        {
            image.Session = found.Session;
            WriteObject(image);
        }
    }

    /// <summary>The path on the daemon's machine: an absolute one is taken as it is, as that may be another machine.</summary>
    private string? Resolve(string? path) => path is null || path.StartsWith('/') ? path : ProviderPath.Resolve(this, path);
}
