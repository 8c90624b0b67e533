using System.Text;

namespace CtrPS;

/// <summary>A typed value on a container record that only its owner understands.</summary>
/// <param name="TypeUrl">Its type.</param>
/// <param name="Value">Its bytes: JSON or protobuf.</param>
public sealed record CtrExtension(string TypeUrl, byte[] Value)
{
    /// <summary>The value as text; JSON mostly.</summary>
    public string Text => Encoding.UTF8.GetString(Value);

    /// <summary>The type.</summary>
    public override string ToString() => TypeUrl;
}
