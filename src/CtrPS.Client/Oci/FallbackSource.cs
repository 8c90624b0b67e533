namespace CtrPS.Client.Oci;

/// <summary>A source, and for what it leaves out another: a delta bundle and the namespace that has the rest.</summary>
internal sealed class FallbackSource(IBlobSource first, IBlobSource second) : IBlobSource
{
    public BlobPlace Place => first.Place;

    public string Words => first.Words;

    public bool IsSequential => first.IsSequential;

    public async ValueTask<long?> FindAsync(Descriptor blob, CancellationToken cancellationToken) =>
        await first.FindAsync(blob, cancellationToken).ConfigureAwait(false) ?? await second.FindAsync(blob, cancellationToken).ConfigureAwait(false);

    public async ValueTask<ReadOnlyMemory<byte>> ReadAsync(Descriptor blob, CancellationToken cancellationToken) =>
        await (await ChooseAsync(blob, cancellationToken).ConfigureAwait(false)).ReadAsync(blob, cancellationToken).ConfigureAwait(false);

    public async ValueTask<Stream> OpenAsync(Descriptor blob, long offset, CancellationToken cancellationToken) =>
        await (await ChooseAsync(blob, cancellationToken).ConfigureAwait(false)).OpenAsync(blob, offset, cancellationToken).ConfigureAwait(false);

    public IAsyncEnumerable<(string Digest, Stream Content)> ReadInOrderAsync(IReadOnlySet<string> digests, CancellationToken cancellationToken) =>
        first.ReadInOrderAsync(digests, cancellationToken);

    public ValueTask<CtrException?> ProbeAsync(Descriptor blob, CancellationToken cancellationToken) => first.ProbeAsync(blob, cancellationToken);

    public async ValueTask<MissingCause> FindCauseAsync(ImageNode blob, ImageNode? manifest, CancellationToken cancellationToken) =>
        await first.FindCauseAsync(blob, manifest, cancellationToken).ConfigureAwait(false) == MissingCause.CutOff
            ? MissingCause.CutOff
            : MissingCause.NotHereEither;

    private async ValueTask<IBlobSource> ChooseAsync(Descriptor blob, CancellationToken cancellationToken) =>
        await first.FindAsync(blob, cancellationToken).ConfigureAwait(false) is not null ? first : second;
}
