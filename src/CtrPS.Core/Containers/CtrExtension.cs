using System.Text;

namespace CtrPS;

/// <summary>A typed value on a container record that only its owner understands.</summary>
public sealed class CtrExtension
{
    private readonly byte[] _value;

    /// <param name="typeUrl">Its type.</param>
    /// <param name="value">Its bytes: JSON or protobuf.</param>
    internal CtrExtension(string typeUrl, byte[] value)
    {
        TypeUrl = typeUrl;
        _value = value;
    }

    /// <summary>Its type.</summary>
    public string TypeUrl { get; }

    /// <summary>The value as text, where it is JSON. Null where it is not.</summary>
    public string? Text => _value is [(byte)'{', ..] or [(byte)'[', ..] ? Encoding.UTF8.GetString(_value) : null;

    /// <summary>The value's bytes: JSON or protobuf.</summary>
    public byte[] GetBytes() => [.. _value];

    /// <summary>The type.</summary>
    public override string ToString() => TypeUrl;
}
