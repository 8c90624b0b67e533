using CtrPS.Client.Connection;
using CtrPS.Client.Oci;

namespace CtrPS.Client.Images;

/// <summary>
/// Kubernetes' side of containerd hears of new images by their events and then makes a record named by the config's digest: whoever brings an image
/// into its namespace waits for that, or the kubelet may not see it yet.
/// </summary>
internal static class KubernetesNotice
{
    public const string Namespace = "k8s.io";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <summary>Waits for the records of images, each with the manifest that the daemon would run, where it has one.</summary>
    /// <returns>What the user should know, in sentences.</returns>
    public static async Task<IReadOnlyList<string>> WaitAsync(
        ContainerdConnection connection,
        string @namespace,
        IReadOnlyList<(string Name, ImageNode? Manifest)> images,
        CancellationToken cancellationToken)
    {
        var warnings = new List<string>();
        if (@namespace != Namespace || !await connection.Facts.HasCriAsync(cancellationToken).ConfigureAwait(false))
        {
            return warnings;
        }

        DateTime end = DateTime.UtcNow + Patience;
        foreach ((string name, ImageNode? manifest) in images)
        {
            string? id = manifest?.Config is { } config && MediaTypes.IsImageConfig(config.Descriptor.MediaType) ? config.Descriptor.Digest : null;
            while (id is not null && await connection.Images.GetAsync(@namespace, id, cancellationToken).ConfigureAwait(false) is null)
            {
                if (DateTime.UtcNow > end)
                {
                    warnings.Add(
                        $"Kubernetes' interface of containerd has not taken notice of image '{name}' yet; the kubelet may not see it. "
                        + "Look with 'crictl images'.");
                    break;
                }

                await Task.Delay(TimeSpan.FromMilliseconds(20), cancellationToken).ConfigureAwait(false);
            }
        }

        return warnings;
    }
}
