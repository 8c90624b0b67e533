using System.Management.Automation;

namespace CtrPS.Commands;

/// <summary>Compare-CtrContainer: the files in which containers differ from their images.</summary>
[Cmdlet(VerbsData.Compare, "CtrContainer")]
[OutputType(typeof(CtrContainerChange))]
public sealed class CompareCtrContainerCommand : CtrContainerCmdlet
{
    /// <summary>Only what was done in these ways.</summary>
    [Parameter(HelpMessage = "Only files that were Added, Changed or Deleted.")]
    [ValidateNotNullOrEmpty]
    public CtrContainerChangeKind[] Change { get; set; } = [];

    /// <inheritdoc/>
    private protected override void OnRecord() => ForEachContainer(found =>
    {
        foreach (CtrContainerChange one in AwaitTransfer(
            $"Comparing {found.Container.Id} with its image",
            (meter, token) => found.Connection.ContainerFiles.CompareAsync(found.Container, meter, token)))
        {
            if (Change.Length == 0 || Change.Contains(one.Change))
            {
                one.Session = found.Session;
                WriteObject(one);
            }
        }
    });
}
