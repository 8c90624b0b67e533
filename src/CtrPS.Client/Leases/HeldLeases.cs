using System.Collections.Concurrent;
using CtrPS.Client.Connection;

namespace CtrPS.Client.Leases;

/// <summary>The leases that this process works under, in all its runspaces.</summary>
internal static class HeldLeases
{
    private static readonly ConcurrentDictionary<string, bool> Held = new(StringComparer.Ordinal);

    public static void Add(string lease) => Held[lease] = true;

    public static void Remove(string lease) => Held.TryRemove(lease, out _);

    /// <summary>Whether it is known that nobody works under a lease any more.</summary>
    public static bool IsAbandoned(string lease, ProcessOwner holder) =>
        holder == ProcessOwner.Current ? !Held.ContainsKey(lease) : holder.IsGone;
}
