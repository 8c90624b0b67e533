namespace CtrPS.Core.Tests;

public sealed class CtrSessionTests
{
    private readonly CtrEndpoint _endpoint = CtrEndpoint.Parse("/run/c.sock");

    [Fact]
    public async Task Callers_at_the_same_time_open_one_connection()
    {
        int opened = 0;
        var go = new TaskCompletionSource();
        var session = new CtrSession(1, _endpoint, "default", async (_, _) =>
        {
            _ = Interlocked.Increment(ref opened);
            await go.Task;
            return new FakeConnection();
        });
        Task<ICtrConnection>[] callers = [.. Enumerable.Range(0, 8).Select(_ => session.OpenAsync(CancellationToken.None))];
        go.SetResult();
        ICtrConnection[] connections = await Task.WhenAll(callers);
        Assert.Equal(1, opened);
        Assert.Single(connections.Distinct());
        Assert.Equal(CtrSessionState.Opened, session.State);
    }

    [Fact]
    public async Task A_failure_to_open_is_not_kept()
    {
        int attempts = 0;
        var session = new CtrSession(1, _endpoint, "default", (_, _) => ++attempts == 1
            ? throw new CtrException(CtrErrorIds.Unavailable, CtrStatus.Unavailable, "no")
            : Task.FromResult<ICtrConnection>(new FakeConnection()));
        _ = await Assert.ThrowsAsync<CtrException>(() => session.OpenAsync(CancellationToken.None));
        Assert.Equal(CtrSessionState.New, session.State);
        Assert.Equal("9.9", (await session.OpenAsync(CancellationToken.None)).ServerVersion);
    }

    [Fact]
    public async Task A_waiting_caller_can_give_up()
    {
        var go = new TaskCompletionSource<ICtrConnection>();
        var session = new CtrSession(1, _endpoint, "default", (_, _) => go.Task);
        Task<ICtrConnection> first = session.OpenAsync(CancellationToken.None);
        using var cancel = new CancellationTokenSource();
        Task<ICtrConnection> second = session.OpenAsync(cancel.Token);
        await cancel.CancelAsync();
        _ = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        go.SetResult(new FakeConnection());
        Assert.NotNull(await first);
    }

    [Fact]
    public async Task A_closed_session_says_so()
    {
        var connection = new FakeConnection();
        var session = new CtrSession(1, _endpoint, "default", (_, _) => Task.FromResult<ICtrConnection>(connection));
        _ = await session.OpenAsync(CancellationToken.None);
        await session.CloseAsync();
        await session.CloseAsync();
        Assert.Equal(1, connection.Disposals);
        Assert.Equal(CtrSessionState.Closed, session.State);
        Assert.Equal(CtrErrorIds.SessionClosed, (await Assert.ThrowsAsync<CtrException>(() => session.OpenAsync(CancellationToken.None))).ErrorId);
    }

    [Fact]
    public void The_namespace_follows_the_environment_unless_one_was_given()
    {
        string? before = Environment.GetEnvironmentVariable(CtrEndpoint.NamespaceVariable);
        try
        {
            var free = new CtrSession(1, _endpoint, null, (_, _) => throw new NotSupportedException());
            var bound = new CtrSession(2, _endpoint, "moby", (_, _) => throw new NotSupportedException());
            Environment.SetEnvironmentVariable(CtrEndpoint.NamespaceVariable, null);
            Assert.Equal("default", free.Namespace);
            Environment.SetEnvironmentVariable(CtrEndpoint.NamespaceVariable, "k8s.io");
            Assert.Equal("k8s.io", free.Namespace);
            Assert.Equal("moby", bound.Namespace);
        }
        finally
        {
            Environment.SetEnvironmentVariable(CtrEndpoint.NamespaceVariable, before);
        }
    }

    private sealed class FakeConnection : ICtrConnection
    {
        public int Disposals { get; private set; }

        public string ServerVersion => "9.9";

        public IImageStore Images => throw new NotSupportedException();

        public IImageImporter Importer => throw new NotSupportedException();

        public IImageReceiver Receiver => throw new NotSupportedException();

        public IImageSender Sender => throw new NotSupportedException();

        public ILayerClearer LayerClearer => throw new NotSupportedException();

        public IContentSender ContentSender => throw new NotSupportedException();

        public IImageCare Care => throw new NotSupportedException();

        public IImageInspector Inspector => throw new NotSupportedException();

        public IImageBuilder Builder => throw new NotSupportedException();

        public IImageMounts Mounts => throw new NotSupportedException();

        public IImageFiles Files => throw new NotSupportedException();

        public IContainerStore Containers => throw new NotSupportedException();

        public IContainerFiles ContainerFiles => throw new NotSupportedException();

        public ITaskStore Tasks => throw new NotSupportedException();

        public ITaskStopper Stopper => throw new NotSupportedException();

        public ITaskRunner Runner => throw new NotSupportedException();

        public IEventSource Events => throw new NotSupportedException();

        public ILogStore Logs => throw new NotSupportedException();

        public ICheckpoints Checkpoints => throw new NotSupportedException();

        public ILeaseRecords Leases => throw new NotSupportedException();

        public IContentRecords Content => throw new NotSupportedException();

        public IResourceUsers Users => throw new NotSupportedException();

        public ISnapshotRecords Snapshots => throw new NotSupportedException();

        public INamespaceStore Namespaces => throw new NotSupportedException();

        public IServerInspector Server => throw new NotSupportedException();

        public IGarbageCollector Garbage => throw new NotSupportedException();

        public IStorageInspector Storage => throw new NotSupportedException();

        public IImageClearer Clearer => throw new NotSupportedException();

        public ILeftoverStore Leftovers => throw new NotSupportedException();

        public ValueTask DisposeAsync()
        {
            Disposals++;
            return ValueTask.CompletedTask;
        }
    }
}
