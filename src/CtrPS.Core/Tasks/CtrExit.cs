namespace CtrPS;

/// <summary>How a process ended.</summary>
/// <param name="ExitCode">0 to 255; 128 and the signal's number where a signal ended it.</param>
/// <param name="ExitedAt">When. Null where the daemon does not say.</param>
internal sealed record CtrExit(int ExitCode, DateTimeOffset? ExitedAt);
