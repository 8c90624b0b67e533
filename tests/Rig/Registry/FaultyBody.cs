using System.Diagnostics;
using Microsoft.AspNetCore.Http;

namespace CtrPS.Rig.Registry;

/// <summary>The body of an answer on its way out: counted, and slow, halted or cut as a fault says.</summary>
internal sealed class FaultyBody(HttpContext context, RegistryFault? fault, ServedRequest request) : OneWayStream
{
    private const int TrickleSteps = 20; // a second

    private readonly long _begin = Stopwatch.GetTimestamp();
    private readonly Stream _body = context.Response.Body;
    private bool _hasStalled;

    public override bool CanWrite => true;

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            await StopAsync();
            if (buffer.IsEmpty)
            {
                return;
            }

            var count = (int)Math.Min(buffer.Length, Room());
            await _body.WriteAsync(buffer[..count], context.RequestAborted);
            await _body.FlushAsync(context.RequestAborted); // over when the system has them: the server's own buffer is none
            request.AddSent(count);
            buffer = buffer[count..];
            if (fault?.BytesPerSecond is { } speed)
            {
                var ahead = TimeSpan.FromSeconds((double)request.Sent / speed) - Stopwatch.GetElapsedTime(_begin);
                await Task.Delay(ahead > TimeSpan.Zero ? ahead : TimeSpan.Zero, context.RequestAborted);
            }
        }
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => _body.FlushAsync(context.RequestAborted);

    /// <summary>Does what is due at this offset.</summary>
    private async Task StopAsync()
    {
        if (fault?.StallAfter <= request.Sent && !_hasStalled)
        {
            _hasStalled = true;
            await _body.FlushAsync(context.RequestAborted);
            var time = fault.StallSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : Timeout.InfiniteTimeSpan;
            await Task.Delay(time, context.RequestAborted);
        }

        if (fault?.CutAfter <= request.Sent)
        {
            await _body.FlushAsync(context.RequestAborted);
            throw new CutException(fault.Reset);
        }
    }

    /// <summary>How much may go at once.</summary>
    private long Room()
    {
        var room = long.MaxValue;
        if (fault?.CutAfter is { } cut)
        {
            room = cut - request.Sent;
        }

        if (fault?.StallAfter is { } stall && !_hasStalled)
        {
            room = Math.Min(room, stall - request.Sent);
        }

        return fault?.BytesPerSecond is { } speed ? Math.Min(room, Math.Max(1, speed / TrickleSteps)) : room;
    }
}
