namespace CtrPS;

/// <summary>Names that containerd and its clients agree on, in the records of containers and namespaces.</summary>
internal static class ContainerNames
{
    /// <summary>The runtime where none is given (defaults/defaults.go).</summary>
    public const string RuncRuntime = "io.containerd.runc.v2";

    /// <summary>Type of that runtime's options.</summary>
    public const string RuncOptions = "containerd.runc.v1.Options";

    /// <summary>Of a namespace: the runtime where none is given.</summary>
    public const string DefaultRuntimeLabel = "containerd.io/defaults/runtime";

    /// <summary>Of a container: the signal that ends it, which ctr, nerdctl and CRI write there out of its image's config.</summary>
    public const string StopSignalLabel = "io.containerd.image.config.stop-signal";
}
