namespace CtrPS.Rig.Registry;

/// <summary>The body of a request on its way in: counted, and cut as a fault says.</summary>
internal sealed class CountedBody(Stream body, RegistryFault? fault, ServedRequest request) : OneWayStream
{
    public override bool CanRead => true;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (fault?.CutRequestAfter is { } cut)
        {
            buffer = cut > request.Received
                ? buffer[..(int)Math.Min(buffer.Length, cut - request.Received)]
                : throw new CutException(reset: true);
        }

        var count = await body.ReadAsync(buffer, cancellationToken);
        request.AddReceived(count);
        return count;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
}
