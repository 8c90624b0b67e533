namespace CtrPS;

/// <summary>What Kubernetes means a container to be.</summary>
public enum CtrContainerKind : long
{
    /// <summary>It is not Kubernetes'.</summary>
    None,

    /// <summary>A container of a pod.</summary>
    Container,

    /// <summary>The sandbox of a pod: the one that holds its namespaces.</summary>
    Sandbox,
}
