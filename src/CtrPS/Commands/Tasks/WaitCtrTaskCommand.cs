using System.Management.Automation;

namespace CtrPS.Commands;

/// <summary>Wait-CtrTask: waits until tasks have ended, and gives each as it ends.</summary>
[Cmdlet(VerbsLifecycle.Wait, "CtrTask")]
[OutputType(typeof(CtrTask))]
public sealed class WaitCtrTaskCommand : CtrTaskCmdlet
{
    private readonly List<FoundContainer> _found = [];

    /// <summary>Seconds to wait at the most; -1: as long as it takes.</summary>
    [Parameter(HelpMessage = "Seconds to wait at the most. -1, the default: as long as it takes.")]
    [ValidateRange(-1, int.MaxValue / 1000)]
    public int Timeout { get; set; } = -1;

    /// <inheritdoc/>
    private protected override void OnRecord() => ForEachTask(_found.Add);

    /// <inheritdoc/>
    private protected override void OnEnd() => ForEachAtOnce(
        _found.DistinctBy(found => (found.Session, found.Container.Namespace, found.Container.Id)),
        width: null,
        WaitAsync,
        found => found.Container,
        (found, task) => WriteTask(task, found.Session));

    private async Task<CtrTask> WaitAsync(FoundContainer found, CancellationToken cancellationToken)
    {
        CtrContainer container = found.Container;
        using var time = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        if (Timeout >= 0)
        {
            time.CancelAfter(TimeSpan.FromSeconds(Timeout));
        }

        try
        {
            return await found.Connection.Stopper.WaitAsync(container.Namespace, container.Id, time.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new CtrException(
                CtrErrorIds.TaskTimeout, CtrStatus.DeadlineExceeded, $"The {TaskWords(container)} did not end within {Timeout} seconds.")
            {
                Target = container.Id,
                RecommendedAction = "Wait longer, or end it with Stop-CtrTask.",
            };
        }
    }
}
