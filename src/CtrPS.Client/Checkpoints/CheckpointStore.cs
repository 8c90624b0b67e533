namespace CtrPS.Client.Checkpoints;

/// <inheritdoc/>
internal sealed class CheckpointStore(CheckpointMaker maker, CheckpointRestorer restorer) : ICheckpoints
{
    public Task<CtrImage?> CheckpointTaskAsync(CtrTaskCheckpointRequest request, CancellationToken cancellationToken) =>
        maker.KeepTaskAsync(request, cancellationToken);

    public Task<CtrImage> CheckpointContainerAsync(CtrContainerCheckpointRequest request, CancellationToken cancellationToken) =>
        maker.KeepContainerAsync(request, cancellationToken);

    public Task<CtrContainer> RestoreAsync(CtrRestoreRequest request, CancellationToken cancellationToken) =>
        restorer.RestoreAsync(request, cancellationToken);
}
