namespace CtrPS.Client.Content;

/// <summary>An unfinished write.</summary>
/// <param name="Reference">Its name.</param>
/// <param name="Offset">Bytes that are written.</param>
/// <param name="StartedAt">When it began. Null where the daemon does not say.</param>
internal sealed record Ingest(string Reference, long Offset, DateTimeOffset? StartedAt);
