namespace CtrPS.Client.Logs;

/// <summary>A line of a log file, taken apart.</summary>
/// <param name="Time">When it was written. Null where it does not say.</param>
/// <param name="Stream">What it was written to.</param>
/// <param name="IsPartial">Whether the next one of the stream goes on with it.</param>
/// <param name="Text">What the process wrote, in UTF-8.</param>
internal readonly record struct LogRecord(DateTimeOffset? Time, CtrLogStream Stream, bool IsPartial, ReadOnlyMemory<byte> Text);
