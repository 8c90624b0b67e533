using System.Buffers;
using Containerd.Services.Content.V1;
using Google.Protobuf;
using Grpc.Core;

namespace CtrPS.Client.Content;

/// <summary>
/// Bytes of a blob out of one answer to Content.Read, in a buffer that is used again. The message that protobuf would make of each answer is a new
/// MiB on the large object heap: a few GiB of them, and the process has hundreds of MiB more.
/// </summary>
internal sealed class ContentChunk : IDisposable
{
    private const ulong DataTag = 18; // field 2 of ReadContentResponse: bytes data

    private static readonly Method<ReadContentRequest, ContentChunk> ReadMethod = new(
        MethodType.ServerStreaming,
        "containerd.services.content.v1.Content",
        "Read",
        Marshallers.Create(static (ReadContentRequest request) => request.ToByteArray(), ReadContentRequest.Parser.ParseFrom),
        new Marshaller<ContentChunk>(static (_, _) => throw new NotSupportedException(), Parse));

    private byte[]? _buffer;
    private int _length;

    private ContentChunk()
    {
    }

    /// <summary>The bytes, until the chunk is disposed.</summary>
    public ReadOnlyMemory<byte> Bytes => _buffer.AsMemory(0, _length);

    /// <summary>Content.Read, with answers of this kind.</summary>
    public static AsyncServerStreamingCall<ContentChunk> Read(CallInvoker invoker, ReadContentRequest request, CallOptions options) =>
        invoker.AsyncServerStreamingCall(ReadMethod, null, options, request);

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _buffer, null) is { } buffer)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        _length = 0;
    }

    internal static ContentChunk Parse(DeserializationContext context)
    {
        var chunk = new ContentChunk();
        var reader = new SequenceReader<byte>(context.PayloadAsReadOnlySequence());
        while (!reader.End)
        {
            ulong tag = ReadVarint(ref reader);
            if (tag == DataTag)
            {
                chunk.Take(ref reader);
            }
            else
            {
                Skip(ref reader, (int)(tag & 7));
            }
        }

        return chunk;
    }

    private void Take(ref SequenceReader<byte> reader)
    {
        int length = ReadLength(ref reader);
        Dispose(); // of a field that comes twice, the last one counts
        byte[] buffer = ArrayPool<byte>.Shared.Rent(length);
        if (!reader.TryCopyTo(buffer.AsSpan(0, length)))
        {
            ArrayPool<byte>.Shared.Return(buffer);
            throw Malformed();
        }

        reader.Advance(length);
        _buffer = buffer;
        _length = length;
    }

    private static void Skip(ref SequenceReader<byte> reader, int wireType)
    {
        switch (wireType)
        {
            case 0:
                _ = ReadVarint(ref reader);
                break;
            case 1:
                Advance(ref reader, 8);
                break;
            case 2:
                Advance(ref reader, ReadLength(ref reader));
                break;
            case 5:
                Advance(ref reader, 4);
                break;
            default:
                throw Malformed();
        }
    }

    private static int ReadLength(ref SequenceReader<byte> reader)
    {
        ulong length = ReadVarint(ref reader);
        return length <= (ulong)reader.Remaining ? (int)length : throw Malformed();
    }

    private static void Advance(ref SequenceReader<byte> reader, int count)
    {
        if (count > reader.Remaining)
        {
            throw Malformed();
        }

        reader.Advance(count);
    }

    private static ulong ReadVarint(ref SequenceReader<byte> reader)
    {
        ulong value = 0;
        for (int shift = 0; shift < 64; shift += 7)
        {
            if (!reader.TryRead(out byte next))
            {
                throw Malformed();
            }

            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }

        throw Malformed();
    }

    /// <summary>As protobuf's own: gRPC makes an RpcException of it.</summary>
    private static InvalidDataException Malformed() => new("an answer to Content.Read is cut off or no message of protobuf");
}
