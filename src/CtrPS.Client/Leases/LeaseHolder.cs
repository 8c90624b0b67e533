using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace CtrPS.Client.Leases;

/// <summary>Says which process holds a lease, and whether that process is still there.</summary>
internal static class LeaseHolder
{
    private static readonly ConcurrentDictionary<string, bool> Held = new(StringComparer.Ordinal);

    /// <summary>
    /// Where process ids mean what they mean here: this boot of this machine, and on Linux this pid namespace, so that a container on the same
    /// machine is another place.
    /// </summary>
    public static string Host { get; } = FindHost();

    /// <summary>This process: id and start time, as ids are used again.</summary>
    public static string Process { get; } = Describe(System.Diagnostics.Process.GetCurrentProcess());

    public static void Add(string lease) => Held[lease] = true;

    public static void Remove(string lease) => Held.TryRemove(lease, out _);

    /// <summary>Whether nobody works under a lease of this host any more.</summary>
    public static bool IsAbandoned(string lease, string process)
    {
        if (process == Process)
        {
            return !Held.ContainsKey(lease);
        }

        if (!int.TryParse(process.Split('@')[0], NumberStyles.None, CultureInfo.InvariantCulture, out int id))
        {
            return false;
        }

        try
        {
            using var holder = System.Diagnostics.Process.GetProcessById(id);
            return Describe(holder) != process;
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            return true; // there is no such process any more
        }
    }

    private static string Describe(Process process) =>
        string.Create(CultureInfo.InvariantCulture, $"{process.Id}@{process.StartTime.ToUniversalTime():yyyyMMddHHmmss}");

    private static string FindHost()
    {
        const string bootId = "/proc/sys/kernel/random/boot_id";
        return OperatingSystem.IsLinux() && File.Exists(bootId)
            ? $"{File.ReadAllText(bootId).Trim()}/{new FileInfo("/proc/self/ns/pid").LinkTarget}"
            : Environment.MachineName;
    }
}
