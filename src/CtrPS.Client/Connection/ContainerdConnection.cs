using CtrPS.Client.Archives;
using CtrPS.Client.Builds;
using CtrPS.Client.Checkpoints;
using CtrPS.Client.Containers;
using CtrPS.Client.Content;
using CtrPS.Client.Events;
using CtrPS.Client.Images;
using CtrPS.Client.Images.Files;
using CtrPS.Client.Leases;
using CtrPS.Client.Logs;
using CtrPS.Client.Namespaces;
using CtrPS.Client.Network;
using CtrPS.Client.Registry;
using CtrPS.Client.Server;
using CtrPS.Client.Snapshots;
using CtrPS.Client.Storage;
using CtrPS.Client.Tasks;
using Google.Protobuf.WellKnownTypes;
using Grpc.Net.Client;

namespace CtrPS.Client.Connection;

/// <summary>One channel to one containerd, and the services on it.</summary>
internal sealed class ContainerdConnection : ICtrConnection
{
    private readonly GrpcChannel _channel;

    private ContainerdConnection(GrpcChannel channel, Calls calls, string serverVersion)
    {
        _channel = channel;
        ServerVersion = serverVersion;
        Server = new ServerInspector(channel, calls);
        Namespaces = new NamespaceStore(channel, calls);
        Facts = new ServerFacts(Server);
        Machine = new DaemonMachine(calls.Endpoint, Server, Facts);
        Content = new ContentStore(channel, calls, Facts, Machine);
        Snapshots = new SnapshotStore(channel, calls);
        Images = new ImageStore(channel, calls, Content, Facts);
        Leases = new LeaseStore(channel, calls);
        LeaseRecords = new LeaseRecords(channel, calls, Leases);
        ContentRecords = new ContentRecords(channel, calls, Content, Leases);
        Unpacker = new Unpacker(channel, calls, Content, Snapshots, Leases, Facts, Namespaces);
        SnapshotRecords = new SnapshotRecords(channel, calls, Snapshots, Content, Leases, Unpacker, Facts, Machine);
        Changes = new ContainerChanges(Snapshots, Unpacker);
        Importer = new ImageImporter(this);
        Receiver = new ImageReceiver(this);
        Sender = new ImageSender(this);
        ContentSender = new ContentSender(this);
        Care = new ImageCare(this, async (path, token) => await ArchiveReader.OpenAsync(path, token).ConfigureAwait(false));
        Inspector = new ImageInspector(this);
        Builder = new ImageBuilder(this);
        Mounts = new ImageMounts(this);
        Files = new ImageFiles(this);
        Tasks = new TaskStore(channel, calls, Machine);
        Containers = new ContainerStore(channel, calls, Tasks, Snapshots, () => new ContainerMaker(this));
        ContainerFiles = new ContainerFiles(this);
        Networks = new ContainerNetworks(Containers, Machine, serverVersion);
        var stopper = new TaskStopper(Tasks, Containers, Networks, Machine);
        Stopper = stopper;
        Pipes = new PipeLeftovers(calls.Endpoint, Tasks, Machine);
        Runner = new TaskRunner(channel, calls, Containers, Tasks, stopper, Snapshots, Networks, Machine, Pipes);
        Leftovers = new LeftoverStore(Leases, Content, Pipes, Machine);
        Reader = new DaemonReader(channel, calls, Facts, Namespaces, Snapshots, Leases, Containers, Tasks);
        var usages = new SnapshotUsages(Snapshots);
        Garbage = new GarbageCollector(Leases, Reader, usages, serverVersion);
        var graph = new GraphReader(Reader, Content, serverVersion);
        Users = new ResourceUsers(graph);
        Storage = new StorageInspector(this, graph, usages);
        Clearer = new ImageClearer(this, graph, usages);
        LayerClearer = new LayerClearer(this, serverVersion);
        Events = new EventSource(channel, calls, Containers, Namespaces);
        Logs = new LogStore(Containers, Tasks, Machine);
        Checkpoints = new CheckpointStore(new CheckpointMaker(channel, this), new CheckpointRestorer(this));
    }

    public string ServerVersion { get; }

    public ImageStore Images { get; }

    public IImageImporter Importer { get; }

    public IImageReceiver Receiver { get; }

    public IImageSender Sender { get; }

    public IContentSender ContentSender { get; }

    public IImageCare Care { get; }

    public IImageInspector Inspector { get; }

    public IImageBuilder Builder { get; }

    public IImageMounts Mounts { get; }

    public IImageFiles Files { get; }

    public IEventSource Events { get; }

    public ILogStore Logs { get; }

    public INamespaceStore Namespaces { get; }

    public IServerInspector Server { get; }

    public IGarbageCollector Garbage { get; }

    public DaemonReader Reader { get; }

    public IStorageInspector Storage { get; }

    public IImageClearer Clearer { get; }

    public ILayerClearer LayerClearer { get; }

    public ILeftoverStore Leftovers { get; }

    public ServerFacts Facts { get; }

    public DaemonMachine Machine { get; }

    public ContentStore Content { get; }

    public SnapshotStore Snapshots { get; }

    public LeaseStore Leases { get; }

    public ILeaseRecords LeaseRecords { get; }

    public IContentRecords ContentRecords { get; }

    public IResourceUsers Users { get; }

    public ISnapshotRecords SnapshotRecords { get; }

    public Unpacker Unpacker { get; }

    public ContainerChanges Changes { get; }

    public ContainerStore Containers { get; }

    public IContainerFiles ContainerFiles { get; }

    public TaskStore Tasks { get; }

    public ITaskStopper Stopper { get; }

    public PipeLeftovers Pipes { get; }

    public ITaskRunner Runner { get; }

    public ContainerNetworks Networks { get; }

    public ICheckpoints Checkpoints { get; }

    IImageStore ICtrConnection.Images => Images;

    ILeaseRecords ICtrConnection.Leases => LeaseRecords;

    IContentRecords ICtrConnection.Content => ContentRecords;

    ISnapshotRecords ICtrConnection.Snapshots => SnapshotRecords;

    IContainerStore ICtrConnection.Containers => Containers;

    ITaskStore ICtrConnection.Tasks => Tasks;

    public static async Task<ContainerdConnection> OpenAsync(CtrEndpoint endpoint, CancellationToken cancellationToken)
    {
        var calls = new Calls(endpoint);
        GrpcChannel channel = ChannelFactory.Create(endpoint);
        try
        {
            // GrpcChannel.ConnectAsync does not work with a ConnectCallback: a real call is the probe.
            Containerd.Services.Version.V1.VersionResponse version = await calls.InvokeAsync(
                () => new Containerd.Services.Version.V1.Version.VersionClient(channel).VersionAsync(
                    new Empty(), calls.Unary(null, cancellationToken)),
                new CallSubject("the version of the server"),
                cancellationToken).ConfigureAwait(false);
            calls.ServerVersion = version.Version;
            return new ContainerdConnection(channel, calls, version.Version);
        }
        catch (CtrException e) when (e.ErrorId is CtrErrorIds.NotSupported or CtrErrorIds.ServerError)
        {
            channel.Dispose();
            throw ConnectFault.NotContainerd(endpoint, "it speaks HTTP/2, but has none of containerd's services.", e);
        }
        catch
        {
            channel.Dispose();
            throw;
        }
    }

    public ValueTask DisposeAsync()
    {
        _channel.Dispose();
        return ValueTask.CompletedTask;
    }
}
