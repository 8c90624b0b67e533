using CtrPS.Client.Leases;
using CtrPS.Client.Oci;

namespace CtrPS.Client.Content;

/// <summary>
/// A namespace of a containerd that blobs are put into, under a lease. A blob that another namespace of the daemon has is linked; one that an
/// earlier try began is gone on with where <see cref="KeepPartial"/> says so. The daemon proves what it is given.
/// </summary>
internal sealed class NamespaceSink(ContentStore content, LeaseStore leases, Lease lease) : IBlobSink
{
    private static readonly IReadOnlyDictionary<string, string> NoLabels = new Dictionary<string, string>();

    private readonly BlobWriter _writer = content.Writer(lease);

    /// <summary>What the namespace had a moment ago: nothing else is asked for. Null: everything is.</summary>
    public IReadOnlyDictionary<string, BlobInfo>? Listing { get; init; }

    /// <summary>After a broken connection, leave what was written for a later try to go on from.</summary>
    public bool KeepPartial { get; init; }

    /// <summary>
    /// Where the blobs are fetched from: the label that says so, and the repository. Blobs that are there already get it too, and what another
    /// client began to fetch is gone on with. Null: they are not fetched.
    /// </summary>
    public (string Label, string Repository)? FetchedFrom { get; init; }

    /// <summary>The labels by which a blob keeps its children from the garbage collector.</summary>
    public Func<ImageNode, IReadOnlyDictionary<string, string>> Labels { get; init; } = LabelsOf;

    /// <summary>The labels for all children.</summary>
    public static IReadOnlyDictionary<string, string> LabelsOf(ImageNode node) =>
        node.Children.Count > 0 ? GarbageLabels.For(node.Children.Select(child => child.Descriptor)) : NoLabels;

    public async ValueTask<bool> HasAsync(ImageNode blob, CancellationToken cancellationToken)
    {
        string digest = blob.Descriptor.Digest;
        if (Listing?.ContainsKey(digest) == false)
        {
            return false;
        }

        // First the lease, then the look: what is still there now stays.
        await leases.AddBlobAsync(lease, digest, cancellationToken).ConfigureAwait(false);
        if (await content.FindAsync(lease.Namespace, digest, cancellationToken).ConfigureAwait(false) is not { } info)
        {
            return false;
        }

        Dictionary<string, string> lacking = Labels(blob).Where(label => !info.Has(label.Key, label.Value)).ToDictionary(StringComparer.Ordinal);
        if (FetchedFrom is { } from && SourceLabels.With(info.Labels.GetValueOrDefault(from.Label), from.Repository) is { } repositories)
        {
            lacking[from.Label] = repositories;
        }

        if (lacking.Count > 0)
        {
            await content.SetLabelsAsync(lease.Namespace, digest, lacking, cancellationToken).ConfigureAwait(false);
        }

        return true;
    }

    public async Task<BlobOutcome> TakeAsync(ImageNode blob, OpenBlob open, CtrTransferMeter meter, CancellationToken cancellationToken)
    {
        IReadOnlyDictionary<string, string> labels = FetchedFrom is { } from
            ? new Dictionary<string, string>(Labels(blob), StringComparer.Ordinal) { [from.Label] = from.Repository }
            : Labels(blob);
        string? reference = FetchedFrom is null ? null : IngestNames.Of(blob);
        if (await _writer.WriteAsync(blob.Descriptor, open, labels, meter, KeepPartial, cancellationToken, reference).ConfigureAwait(false))
        {
            return BlobOutcome.Written;
        }

        if (FetchedFrom is not null)
        {
            _ = await HasAsync(blob, cancellationToken).ConfigureAwait(false); // who was faster may have fetched it from elsewhere
        }

        return BlobOutcome.Linked;
    }
}
