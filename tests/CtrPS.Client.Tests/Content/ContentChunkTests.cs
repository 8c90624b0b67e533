using System.Buffers;
using Containerd.Services.Content.V1;
using CtrPS.Client.Content;
using Google.Protobuf;
using Grpc.Core;

namespace CtrPS.Client.Tests.Content;

/// <summary>Answers to Content.Read, read without protobuf's own message.</summary>
public sealed class ContentChunkTests
{
    private static readonly byte[] Bytes = [.. Enumerable.Range(0, 5000).Select(i => (byte)i)];

    [Fact]
    public void The_bytes_are_those_that_protobuf_reads()
    {
        byte[] message = new ReadContentResponse { Offset = 1L << 40, Data = ByteString.CopyFrom(Bytes) }.ToByteArray();
        Assert.Equal(Bytes, Read(message));
        Assert.Equal(Bytes, ReadContentResponse.Parser.ParseFrom(message).Data.ToByteArray());
    }

    [Fact]
    public void A_message_in_many_pieces_is_the_same() =>
        Assert.Equal(Bytes, Read(new ReadContentResponse { Offset = 7, Data = ByteString.CopyFrom(Bytes) }.ToByteArray(), pieces: 3));

    [Fact]
    public void A_message_without_bytes_is_empty()
    {
        Assert.Empty(Read([]));
        Assert.Empty(Read(new ReadContentResponse { Offset = 5 }.ToByteArray()));
    }

    [Theory]
    [InlineData("F80102 1203010203")] // field 31, a number
    [InlineData("F9010102030405060708 1203010203")] // field 31, 8 bytes
    [InlineData("FA01020909 1203010203")] // field 31, bytes
    [InlineData("FD0101020304 1203010203")] // field 31, 4 bytes
    [InlineData("120109 1203010203")] // the data twice: the last one counts
    public void Fields_that_are_not_known_are_passed_over(string hex) =>
        Assert.Equal([1, 2, 3], Read(Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal))));

    [Theory]
    [InlineData("12")]
    [InlineData("1205010203")] // fewer bytes than it says
    [InlineData("12FFFFFFFFFFFFFFFFFF01")] // as many as there can be
    [InlineData("FFFFFFFFFFFFFFFFFFFFFF")] // a number without end
    [InlineData("0B")] // a group, which proto3 does not have
    [InlineData("F90101")]
    public void What_is_cut_off_or_no_message_is_refused(string hex) =>
        Assert.Throws<InvalidDataException>(() => Read(Convert.FromHexString(hex)));

    private static byte[] Read(byte[] message, int pieces = 1)
    {
        using ContentChunk chunk = ContentChunk.Parse(new Payload(message, pieces));
        return chunk.Bytes.ToArray();
    }

    private sealed class Payload(byte[] message, int pieces) : DeserializationContext
    {
        public override int PayloadLength => message.Length;

        public override byte[] PayloadAsNewBuffer() => [.. message];

        public override ReadOnlySequence<byte> PayloadAsReadOnlySequence()
        {
            int size = (message.Length / pieces) + 1;
            Piece first = new(message.AsMemory(0, Math.Min(size, message.Length)), 0);
            Piece last = first;
            for (int at = size; at < message.Length; at += size)
            {
                last = last.Append(message.AsMemory(at, Math.Min(size, message.Length - at)));
            }

            return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
        }
    }

    private sealed class Piece : ReadOnlySequenceSegment<byte>
    {
        public Piece(ReadOnlyMemory<byte> bytes, long index)
        {
            Memory = bytes;
            RunningIndex = index;
        }

        public Piece Append(ReadOnlyMemory<byte> bytes)
        {
            var next = new Piece(bytes, RunningIndex + Memory.Length);
            Next = next;
            return next;
        }
    }
}
