namespace CtrPS.Client.Formats;

/// <summary>What can be wrong with bytes that are read.</summary>
internal enum FormatFaultKind
{
    /// <summary>The disk, or whatever they lie on, does not give them.</summary>
    Unreadable,

    /// <summary>They are of another format, or of none.</summary>
    Unrecognized,

    /// <summary>They end too early.</summary>
    Truncated,

    /// <summary>They break the rules of their format.</summary>
    Corrupt,

    /// <summary>They ask for more than is given to them.</summary>
    Limit,
}

/// <summary>Makes the error for a fault. A format does not know what its bytes are for: whoever has them read does, and names it.</summary>
/// <param name="kind">What is wrong.</param>
/// <param name="what">A sentence: what exactly, and where.</param>
/// <param name="cause">What found it.</param>
internal delegate Exception FormatFault(FormatFaultKind kind, string what, Exception? cause = null);

/// <summary>Compressed data that asks for more memory than a decoder gives.</summary>
internal sealed class FormatLimitException(string message) : IOException(message);
