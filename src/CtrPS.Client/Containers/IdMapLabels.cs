using System.Globalization;

namespace CtrPS.Client.Containers;

/// <summary>
/// Tells a snapshotter to give out a file system with shifted owners, for a user namespace (client/snapshotter_opts_unix.go). A snapshotter that
/// cannot do it is refused: its files would belong to nobody in the container.
/// </summary>
internal static class IdMapLabels
{
    private const string Capability = "remap-ids";

    /// <summary>Adds the labels, where there is a user namespace.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.NotSupported"/>.</exception>
    public static async Task AddAsync(
        Dictionary<string, string> labels,
        CtrContainerOptions options,
        string snapshotter,
        IServerInspector server,
        CancellationToken cancellationToken)
    {
        if (options.UidMappings.Count == 0 || options.GidMappings.Count == 0)
        {
            return;
        }

        IReadOnlyList<CtrPlugin> plugins = await server.ListPluginsAsync(
            [$"type==io.containerd.snapshotter.v1,id=={snapshotter}"], cancellationToken).ConfigureAwait(false);
        if (!plugins.Any(plugin => plugin.Capabilities.Contains(Capability)))
        {
            throw new CtrException(
                CtrErrorIds.NotSupported,
                CtrStatus.Unimplemented,
                $"The snapshotter {snapshotter} cannot shift the owners of files, which a user namespace with an image needs.")
            {
                Target = snapshotter,
                RecommendedAction =
                    "Use containerd 2 on a kernel with idmapped mounts of overlayfs (5.19), a snapshotter such as fuse-overlayfs, or -RootFS with "
                        + "a folder whose owners fit.",
            };
        }

        labels["containerd.io/snapshot/uidmapping"] = Text(options.UidMappings);
        labels["containerd.io/snapshot/gidmapping"] = Text(options.GidMappings);
    }

    private static string Text(IEnumerable<CtrSpecIdMapping> mappings) =>
        string.Join(
            ',', mappings.Select(mapping => string.Create(CultureInfo.InvariantCulture, $"{mapping.ContainerId}:{mapping.HostId}:{mapping.Size}")));
}
