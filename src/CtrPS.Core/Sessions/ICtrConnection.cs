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

    /// <summary>Checking, mending and copying images.</summary>
    IImageCare Care { get; }

    /// <summary>Looking into images.</summary>
    IImageInspector Inspector { get; }

    /// <summary>Containers.</summary>
    IContainerStore Containers { get; }

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

    /// <summary>Namespaces.</summary>
    INamespaceStore Namespaces { get; }

    /// <summary>The daemon itself.</summary>
    IServerInspector Server { get; }

    /// <summary>The garbage collector.</summary>
    IGarbageCollector Garbage { get; }

    /// <summary>What killed processes of ours left.</summary>
    ILeftoverStore Leftovers { get; }
}
