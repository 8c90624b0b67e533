namespace CtrPS;

/// <summary>What a process wrote a line to.</summary>
public enum CtrLogStream : long
{
    /// <summary>The log does not say.</summary>
    Unknown,

    /// <summary>Standard output.</summary>
    Output,

    /// <summary>Standard error.</summary>
    Error,
}
