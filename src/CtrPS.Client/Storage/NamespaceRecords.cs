using Containerd.Services.Containers.V1;
using Containerd.Services.Images.V1;
using Containerd.Services.Leases.V1;
using Containerd.Types;
using CtrPS.Client.Leases;

namespace CtrPS.Client.Storage;

/// <summary>Something in the graph of what refers to what.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Namespace">Its namespace.</param>
/// <param name="Key">Its name there.</param>
/// <param name="Snapshotter">Of a snapshot: the snapshotter. Else empty.</param>
internal readonly record struct GraphNode(CtrResourceKind Kind, string Namespace, string Key, string Snapshotter = "");

/// <summary>A lease with what it holds.</summary>
/// <param name="Info">The lease.</param>
/// <param name="Resources">What it holds, as the daemon names it.</param>
internal sealed record LeaseHold(LeaseInfo Info, IReadOnlyList<Resource> Resources);

/// <summary>All that a namespace has at a moment, as the daemon tells it.</summary>
internal sealed record NamespaceRecords
{
    public required string Name { get; init; }

    /// <summary>By digest.</summary>
    public required IReadOnlyDictionary<string, Containerd.Services.Content.V1.Info> Blobs { get; init; }

    /// <summary>Of all snapshotters, by snapshotter and key.</summary>
    public required IReadOnlyDictionary<(string Snapshotter, string Key), Containerd.Services.Snapshots.V1.Info> Snapshots { get; init; }

    public required IReadOnlyList<Containerd.Services.Content.V1.Status> Ingests { get; init; }

    public required IReadOnlyList<LeaseHold> Leases { get; init; }

    /// <summary>By id.</summary>
    public required IReadOnlyDictionary<string, Container> Containers { get; init; }

    public required IReadOnlyList<CtrTask> Tasks { get; init; }

    public required IReadOnlyList<Sandbox> Sandboxes { get; init; }

    /// <summary>By name.</summary>
    public required IReadOnlyDictionary<string, Image> Images { get; init; }
}
