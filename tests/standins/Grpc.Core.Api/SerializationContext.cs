using System.Buffers;

namespace Grpc.Core;

/// <summary>
/// Takes one outgoing payload: either <see cref="Complete(byte[])"/>, or the length if known, then the bytes into
/// <see cref="GetBufferWriter"/>, then <see cref="Complete()"/>.
/// </summary>
public abstract class SerializationContext
{
    /// <summary>Announces the length in bytes, before the first write.</summary>
    public abstract void SetPayloadLength(int payloadLength);

    public abstract IBufferWriter<byte> GetBufferWriter();

    /// <summary>The payload stands in the buffer writer.</summary>
    public abstract void Complete();

    /// <summary>The payload is this array, which the caller must not change any more.</summary>
    public abstract void Complete(byte[] payload);
}

/// <summary>Gives one incoming payload, once: as a copy or as a view that is valid only while the deserializer runs.</summary>
public abstract class DeserializationContext
{
    public abstract int PayloadLength { get; }

    public abstract byte[] PayloadAsNewBuffer();

    public abstract ReadOnlySequence<byte> PayloadAsReadOnlySequence();
}
