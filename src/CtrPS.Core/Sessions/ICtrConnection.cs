namespace CtrPS;

/// <summary>An open connection to one containerd. Safe for concurrent use. A daemon that restarts is found again by the next call.</summary>
internal interface ICtrConnection : IAsyncDisposable
{
    /// <summary>The server's version when the connection was opened.</summary>
    string ServerVersion { get; }

    /// <summary>Images.</summary>
    IImageStore Images { get; }

    /// <summary>Images out of archives.</summary>
    IImageImporter Importer { get; }

    /// <summary>Images out of registries.</summary>
    IImageReceiver Receiver { get; }

    /// <summary>Images into registries.</summary>
    IImageSender Sender { get; }

    /// <summary>Single blobs into registries.</summary>
    IContentSender ContentSender { get; }

    /// <summary>Checking, mending and copying images.</summary>
    IImageCare Care { get; }

    /// <summary>Looking into images.</summary>
    IImageInspector Inspector { get; }

    /// <summary>Making images: of others, of files, of containers.</summary>
    IImageBuilder Builder { get; }

    /// <summary>Images as file systems: unpacked, mounted.</summary>
    IImageMounts Mounts { get; }

    /// <summary>The files of images.</summary>
    IImageFiles Files { get; }

    /// <summary>Containers.</summary>
    IContainerStore Containers { get; }

    /// <summary>The files of containers.</summary>
    IContainerFiles ContainerFiles { get; }

    /// <summary>Tasks.</summary>
    ITaskStore Tasks { get; }

    /// <summary>Ending tasks.</summary>
    ITaskStopper Stopper { get; }

    /// <summary>Processes with pipes.</summary>
    ITaskRunner Runner { get; }

    /// <summary>Events.</summary>
    IEventSource Events { get; }

    /// <summary>Logs of containers.</summary>
    ILogStore Logs { get; }

    /// <summary>Checkpoints of tasks and containers.</summary>
    ICheckpoints Checkpoints { get; }

    /// <summary>Leases.</summary>
    ILeaseRecords Leases { get; }

    /// <summary>Blobs, and the writes of such.</summary>
    IContentRecords Content { get; }

    /// <summary>Who needs blobs and snapshots.</summary>
    IResourceUsers Users { get; }

    /// <summary>Snapshots.</summary>
    ISnapshotRecords Snapshots { get; }

    /// <summary>Namespaces.</summary>
    INamespaceStore Namespaces { get; }

    /// <summary>The daemon itself.</summary>
    IServerInspector Server { get; }

    /// <summary>The garbage collector.</summary>
    IGarbageCollector Garbage { get; }

    /// <summary>What refers to what, and what that takes on the disk.</summary>
    IStorageInspector Storage { get; }

    /// <summary>Clearing away images that nothing works with.</summary>
    IImageClearer Clearer { get; }

    /// <summary>Clearing away packed layers of images that are unpacked.</summary>
    ILayerClearer LayerClearer { get; }

    /// <summary>What killed processes of ours left.</summary>
    ILeftoverStore Leftovers { get; }
}
