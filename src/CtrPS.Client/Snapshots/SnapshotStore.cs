using System.Runtime.CompilerServices;
using Containerd.Services.Snapshots.V1;
using Containerd.Types;
using CtrPS.Client.Connection;
using Grpc.Net.Client;

namespace CtrPS.Client.Snapshots;

/// <summary>The snapshots of containerd: file systems by key, committed ones by name, each snapshotter with its own.</summary>
internal sealed class SnapshotStore(GrpcChannel channel, Calls calls)
{
    private readonly Containerd.Services.Snapshots.V1.Snapshots.SnapshotsClient _client = new(channel);

    /// <summary>What is known of a snapshot. Null where there is none.</summary>
    public async Task<Info?> FindAsync(string @namespace, string snapshotter, string key, CancellationToken cancellationToken) =>
        (await calls.FindAsync(
            () => _client.StatAsync(new StatSnapshotRequest { Snapshotter = snapshotter, Key = key }, calls.Unary(@namespace, cancellationToken)),
        Subject(key, snapshotter, @namespace),
        cancellationToken).ConfigureAwait(false))?.Info;

    /// <summary>The names of all committed snapshots of a snapshotter, in one call.</summary>
    public async Task<IReadOnlySet<string>> ListCommittedAsync(string @namespace, string snapshotter, CancellationToken cancellationToken)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        await foreach (Info info in ListAsync(@namespace, snapshotter, cancellationToken).ConfigureAwait(false))
        {
            if (info.Kind == Kind.Committed)
            {
                _ = names.Add(info.Name);
            }
        }

        return names;
    }

    /// <summary>All snapshots of a snapshotter, in one call.</summary>
    public async IAsyncEnumerable<Info> ListAsync(
        string @namespace, string snapshotter, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var request = new ListSnapshotsRequest { Snapshotter = snapshotter };
        var subject = new CallSubject($"the snapshots of {snapshotter} in namespace '{@namespace}'", snapshotter);
        await foreach (ListSnapshotsResponse message in calls.ReadAsync(
            () => _client.List(request, Calls.Unbounded(@namespace, cancellationToken)), subject, cancellationToken).ConfigureAwait(false))
        {
            foreach (Info info in message.Info)
            {
                yield return info;
            }
        }
    }

    /// <summary>What a snapshot takes on the disk, without those below it. Null where there is none.</summary>
    public async Task<SnapshotUsage?> FindUsageAsync(string @namespace, string snapshotter, string key, CancellationToken cancellationToken)
    {
        UsageResponse? usage = await calls.FindAsync(
            () => _client.UsageAsync(new UsageRequest { Snapshotter = snapshotter, Key = key }, calls.Unary(@namespace, cancellationToken)),
            Subject(key, snapshotter, @namespace),
            cancellationToken).ConfigureAwait(false);
        return usage is null ? null : new SnapshotUsage(usage.Size, usage.Inodes);
    }

    /// <summary>Makes a writable snapshot on a committed one (or on nothing).</summary>
    /// <returns>The mounts of its file system, in the words of the daemon's machine.</returns>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.AlreadyExists"/>.</exception>
    public async Task<IReadOnlyList<Mount>> PrepareAsync(
        string @namespace,
        string snapshotter,
        string key,
        string parent,
        IReadOnlyDictionary<string, string> labels,
        string? lease,
        CancellationToken cancellationToken)
    {
        var request = new PrepareSnapshotRequest { Snapshotter = snapshotter, Key = key, Parent = parent };
        request.Labels.Add(labels.ToDictionary());
        return (await calls.InvokeAsync(
            () => _client.PrepareAsync(request, calls.Unary(@namespace, cancellationToken, lease)),
            Subject(key, snapshotter, @namespace),
            cancellationToken).ConfigureAwait(false)).Mounts;
    }

    /// <summary>Makes a view of a committed snapshot: a file system that cannot be written.</summary>
    /// <returns>The mounts of its file system, in the words of the daemon's machine.</returns>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.AlreadyExists"/>.</exception>
    public async Task<IReadOnlyList<Mount>> ViewAsync(
        string @namespace,
        string snapshotter,
        string key,
        string parent,
        string? lease,
        CancellationToken cancellationToken,
        IReadOnlyDictionary<string, string>? labels = null)
    {
        var request = new ViewSnapshotRequest { Snapshotter = snapshotter, Key = key, Parent = parent };
        request.Labels.Add(labels?.ToDictionary() ?? []);
        return (await calls.InvokeAsync(
            () => _client.ViewAsync(request, calls.Unary(@namespace, cancellationToken, lease)),
            Subject(key, snapshotter, @namespace),
            cancellationToken).ConfigureAwait(false)).Mounts;
    }

    /// <summary>The mounts of a writable snapshot, in the words of the daemon's machine.</summary>
    public async Task<IReadOnlyList<Mount>> GetMountsAsync(
        string @namespace, string snapshotter, string key, CancellationToken cancellationToken) => (await calls.InvokeAsync(
        () => _client.MountsAsync(new MountsRequest { Snapshotter = snapshotter, Key = key }, calls.Unary(@namespace, cancellationToken)),
        Subject(key, snapshotter, @namespace),
        cancellationToken).ConfigureAwait(false)).Mounts;

    /// <summary>Freezes a writable snapshot under a name.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.AlreadyExists"/> where the name is taken; the writable one stays.</exception>
    public async Task CommitAsync(
        string @namespace, string snapshotter, string name, string key, string? lease, CancellationToken cancellationToken)
    {
        var request = new CommitSnapshotRequest { Snapshotter = snapshotter, Name = name, Key = key };
        _ = await calls.InvokeAsync(
            () => _client.CommitAsync(request, Calls.Unbounded(@namespace, cancellationToken, lease)),
            Subject(name, snapshotter, @namespace),
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Removes a snapshot. One that is not there is no error.</summary>
    public async Task RemoveAsync(string @namespace, string snapshotter, string key, CancellationToken cancellationToken) =>
        _ = await calls.FindAsync(
        () => _client.RemoveAsync(new RemoveSnapshotRequest { Snapshotter = snapshotter, Key = key }, calls.Unary(@namespace, cancellationToken)),
        Subject(key, snapshotter, @namespace),
        cancellationToken).ConfigureAwait(false);

    private static CallSubject Subject(string key, string snapshotter, string @namespace) =>
        new($"snapshot '{key}' of {snapshotter} in namespace '{@namespace}'", key);
}

/// <summary>What a snapshot takes on the disk.</summary>
/// <param name="Size">Bytes.</param>
/// <param name="Inodes">Files and folders.</param>
internal sealed record SnapshotUsage(long Size, long Inodes);
