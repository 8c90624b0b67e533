using System.Net;

namespace CtrPS.Client.Registry;

/// <summary>
/// The bytes of a blob on their way to a registry, of a length that is told before. Whoever takes no byte for too long has stalled; the answer that
/// comes behind them takes as long as the registry needs to hash and store them.
/// </summary>
internal sealed class UploadContent(Stream content, long length, TimeSpan stall, Action<int> count) : HttpContent
{
    protected override bool TryComputeLength(out long computed)
    {
        computed = length;
        return true;
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[256 << 10];
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        while (await content.ReadAsync(buffer, cancellationToken).ConfigureAwait(false) is > 0 and var read)
        {
            limit.CancelAfter(stall);
            try
            {
                await stream.WriteAsync(buffer.AsMemory(0, read), limit.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException e)
            {
                cancellationToken.ThrowIfCancellationRequested();
                throw new IOException($"it took no byte for {stall.TotalSeconds:0.#} seconds", e);
            }

            limit.CancelAfter(Timeout.InfiniteTimeSpan);
            count(read);
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            content.Dispose();
        }

        base.Dispose(disposing);
    }
}
