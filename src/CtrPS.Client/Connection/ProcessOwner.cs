using System.ComponentModel;
using System.Globalization;

namespace CtrPS.Client.Connection;

/// <summary>A process that made something which outlives it where it is killed: a lease, pipes.</summary>
/// <param name="Host">
/// Where process ids mean what they mean here: this boot of this machine, and on Linux this pid namespace, so that a container on the same machine is
/// another place.
/// </param>
/// <param name="Process">Its id and its start, as ids are used again: <c>id@start</c>.</param>
internal sealed record ProcessOwner(string Host, string Process)
{
    /// <summary>The start of a process that is there and may not be looked at.</summary>
    private const string Hidden = "?";

    /// <summary>This process.</summary>
    public static ProcessOwner Current { get; } = new(FindHost(), $"{Environment.ProcessId}@{StartOf(Environment.ProcessId)}");

    /// <summary>Whether it is, or was, a process of this host: whether it still is there can be told.</summary>
    public bool IsHere => Host == Current.Host;

    /// <summary>
    /// Whether it lived before this machine was started, or on another one: nothing that ends with the machine can be left of it here. Linux only.
    /// </summary>
    public bool IsOfEarlierBoot => Host.Contains('/', StringComparison.Ordinal) && Host.Split('/')[0] != Current.Host.Split('/')[0];

    /// <summary>Its id. Null where the text is none of ours.</summary>
    public int? ProcessId => Parse() is { } parts ? parts.Id : null;

    /// <summary>Whether it is known to have ended. Of another host's process, and of a text that is none of ours, nothing is known.</summary>
    public bool IsGone => IsHere && Parse() is { } parts && StartOf(parts.Id) is var start && start != parts.Start && start != Hidden;

    private (int Id, string Start)? Parse()
    {
        string[] parts = Process.Split('@');
        return parts.Length == 2
            && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out int id) && id > 0
            && parts[1].Length > 0 && parts[1].All(char.IsAsciiDigit)
                ? (id, parts[1])
                : null;
    }

    /// <summary>When a process started, as the kernel counts: no clock that is set makes two processes of it. Null where it has ended.</summary>
    private static string? StartOf(int id)
    {
        try
        {
            return OperatingSystem.IsLinux() ? StartOnLinux(id) : StartElsewhere(id);
        }
        catch (Exception e) when (e is Win32Exception or NotSupportedException or UnauthorizedAccessException)
        {
            return Hidden;
        }
    }

    /// <summary>
    /// By proc_pid_stat(5): the third field is the state, and the 22nd the start. A zombie has ended, whoever forgot to wait for it.
    /// </summary>
    private static string? StartOnLinux(int id)
    {
        try
        {
            string status = File.ReadAllText($"/proc/{id}/stat");
            string[] fields = status[(status.LastIndexOf(')') + 2)..].Split(' '); // the name before may have blanks and brackets itself
            return fields[0] is "Z" or "X" ? null : fields[19];
        }
        catch (IOException)
        {
            return StartElsewhere(id) is null ? null : Hidden; // other users' processes may be hidden (proc(5), hidepid)
        }
    }

    private static string? StartElsewhere(int id)
    {
        try
        {
            using var process = System.Diagnostics.Process.GetProcessById(id);
            return OperatingSystem.IsLinux() ? Hidden : process.StartTime.ToUniversalTime().Ticks.ToString(CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            return null;
        }
    }

    private static string FindHost()
    {
        const string bootId = "/proc/sys/kernel/random/boot_id";
        return OperatingSystem.IsLinux() && File.Exists(bootId)
            ? $"{File.ReadAllText(bootId).Trim()}/{new FileInfo("/proc/self/ns/pid").LinkTarget}"
            : Environment.MachineName;
    }
}
