using System.Collections.Concurrent;
using CtrPS.Client.Connection;

namespace CtrPS.Client.Leases;

/// <summary>The leases that this process works under, in all its runspaces: how many do, as each that wants a turn makes the same one.</summary>
internal static class HeldLeases
{
    private static readonly ConcurrentDictionary<string, int> Held = new(StringComparer.Ordinal);

    public static void Add(string lease) => Held.AddOrUpdate(lease, 1, (_, count) => count + 1);

    public static void Remove(string lease)
    {
        while (Held.TryGetValue(lease, out int count)
            && !(count > 1 ? Held.TryUpdate(lease, count - 1, count) : Held.TryRemove(KeyValuePair.Create(lease, count))))
        {
            // Another runspace came between.
        }
    }

    /// <summary>Whether it is known that nobody works under a lease any more.</summary>
    public static bool IsAbandoned(string lease, ProcessOwner holder) =>
        holder == ProcessOwner.Current ? !Held.ContainsKey(lease) : holder.IsGone;
}
