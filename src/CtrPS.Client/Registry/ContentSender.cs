using System.Diagnostics;
using System.Net.Http.Headers;
using CtrPS.Client.Connection;
using CtrPS.Client.Content;
using CtrPS.Client.Oci;

namespace CtrPS.Client.Registry;

/// <inheritdoc/>
internal sealed class ContentSender(ContainerdConnection connection) : IContentSender
{
    private const string AnyBytes = "application/octet-stream";

    public async Task<ICtrContentPlan> PlanAsync(
        CtrContent content, string destination, string? mediaType, ICtrRegistries registries, CancellationToken cancellationToken)
    {
        if (mediaType is not null && !MediaTypeHeaderValue.TryParse(mediaType, out _))
        {
            throw Invalid(content, $"'{mediaType}' is no media type.");
        }

        var source = new NamespaceBlobs(connection.Content, content.Namespace, listed: false, cancellationToken);
        var blob = new Descriptor
        {
            MediaType = mediaType ?? await TypeAsync(source, content, cancellationToken).ConfigureAwait(false),
            Digest = content.Digest,
            Size = content.Size,
        };
        bool isIndex = MediaTypes.IsIndex(blob.MediaType), isDocument = isIndex || MediaTypes.IsManifest(blob.MediaType);
        if (isDocument && content.Size > ManifestDocument.MaxSize)
        {
            throw Invalid(
                content, $"It has {content.Size} bytes, and '{blob.MediaType}' may have {ManifestDocument.MaxSize}.");
        }

        CtrImageReference target = TargetOf(content, destination, isDocument);
        var node = new ImageNode
        {
            Descriptor = blob,
            Kind = isIndex ? ImageNodeKind.Index : isDocument ? ImageNodeKind.Manifest : ImageNodeKind.Other,
            State = new BlobState { StoredSize = content.Size },
        };
        string what = $"blob '{content.Digest}' of {source.Words}";
        var moved = new MovedBlob(node, null, source, what);
        await MoveChecks.RequireReadableAsync($"The {what} cannot be sent", [moved], 1, cancellationToken).ConfigureAwait(false);
        return new Plan(content, moved, ((RegistryClient)registries).Repository(target));
    }

    /// <summary>What it is, as it says itself: nothing in a namespace tells of a blob's type.</summary>
    private static async Task<string> TypeAsync(NamespaceBlobs source, CtrContent content, CancellationToken cancellationToken)
    {
        if (content.Size > ManifestDocument.MaxSize)
        {
            return AnyBytes;
        }

        var blob = new Descriptor { MediaType = "", Digest = content.Digest, Size = content.Size };
        return ManifestDocument.MediaTypeOf(await source.ReadAsync(blob, cancellationToken).ConfigureAwait(false)) ?? AnyBytes;
    }

    /// <summary>
    /// A manifest goes under the tag that was given; 'latest' is none that was given. A blob has no tag, and a digest must be that of what is sent.
    /// </summary>
    private static CtrImageReference TargetOf(CtrContent content, string destination, bool isDocument)
    {
        var given = CtrImageReference.Parse(destination);
        bool isTagged = destination.IndexOf(':', destination.LastIndexOf('/') + 1) is > 0 and var colon
            && destination.IndexOf('@', StringComparison.Ordinal) is var at && (at < 0 || colon < at);
        return given.Digest is { } digest && digest != content.Digest
            ? throw new CtrException(
                CtrErrorIds.InvalidReference,
                CtrStatus.InvalidArgument,
                $"The blob '{content.Digest}' cannot be sent as '{destination}', which is the name of another digest.")
            {
                Target = destination,
                RecommendedAction = "Name the repository, with a tag where a manifest is to have one.",
            }
            : isDocument && isTagged
            ? CtrImageReference.Parse($"{given.Registry}/{given.Repository}:{given.Tag}")
            : CtrImageReference.Parse($"{given.Registry}/{given.Repository}@{content.Digest}");
    }

    private static CtrException Invalid(CtrContent content, string why) => new(
        CtrErrorIds.InvalidArgument, CtrStatus.InvalidArgument, $"The blob '{content.Digest}' cannot be sent as it is wanted. {why}")
    {
        Target = content.Digest,
        RecommendedAction = $"Give the type that it has with -MediaType, such as {MediaTypes.OciManifest} or {AnyBytes}.",
    };

    /// <inheritdoc/>
    private sealed class Plan(CtrContent content, MovedBlob moved, RepositoryClient repository) : ICtrContentPlan
    {
        public CtrContentKind Kind => moved.Node.Kind switch
        {
            ImageNodeKind.Index => CtrContentKind.Index,
            ImageNodeKind.Manifest => CtrContentKind.Manifest,
            _ => CtrContentKind.Unknown,
        };

        public string MediaType => moved.Node.Descriptor.MediaType;

        public CtrImageReference Target => repository.Reference;

        public async Task<CtrSentContent> RunAsync(CtrTransferMeter meter, CancellationToken cancellationToken)
        {
            var clock = Stopwatch.StartNew();
            string? known = content.Labels.GetValueOrDefault(SourceLabels.KeyOf(Target.Registry));
            var sink = new RegistrySink(repository, moved.Node.IsDocument ? moved.Node : null, _ => SourceLabels.Read(known));
            TransferTally tally = await new BlobTransfer(sink, "sent", 1, meter).RunAsync([moved], cancellationToken).ConfigureAwait(false);
            return new CtrSentContent
            {
                Namespace = content.Namespace,
                Digest = content.Digest,
                MediaType = MediaType,
                Size = content.Size,
                Target = Target.ToString(),
                Status = tally.Present > 0 ? CtrSendStatus.UpToDate : CtrSendStatus.Sent,
                IsMounted = tally.Linked > 0,
                Host = RegistryFaults.Show(sink.Host.Root),
                BytesSent = sink.BytesSent,
                Duration = clock.Elapsed,
            };
        }
    }
}
