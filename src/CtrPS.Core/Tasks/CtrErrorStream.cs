namespace CtrPS;

/// <summary>Where a cmdlet sends what a process writes to its standard error.</summary>
public enum CtrErrorStream
{
    /// <summary>To the error stream: a non-terminating error for each line.</summary>
    Error,

    /// <summary>To the output, between the lines of standard output as they come.</summary>
    Output,

    /// <summary>Nowhere.</summary>
    Null,
}
