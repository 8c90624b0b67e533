namespace CtrPS;

/// <summary>
/// What processes of ours left that were killed, in the daemon and beside it. Nothing of a process that lives, of another host or of another client.
/// </summary>
internal interface ILeftoverStore
{
    /// <summary>The leases and the unfinished writes that are left in a namespace.</summary>
    Task<IReadOnlyList<CtrLeftover>> ListAsync(string @namespace, CancellationToken cancellationToken);

    /// <summary>The processes in containers, and the pipes, that are left. None where the daemon is not on this machine.</summary>
    Task<IReadOnlyList<CtrLeftover>> ListProcessesAsync(CancellationToken cancellationToken);

    /// <summary>Clears one, if it still is a leftover.</summary>
    /// <returns>Whether it was, and is gone now.</returns>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.TaskTimeout"/> where a process does not end.</exception>
    Task<bool> ClearAsync(CtrLeftover leftover, CancellationToken cancellationToken);
}
