using Microsoft.Win32.SafeHandles;

namespace CtrPS.Client.Network;

/// <summary>
/// Holds the network namespace of a process while that is being ended, so that plugins find it there still: some take away rules of the machine's
/// firewall only then (the plugins' own bridge and ptp, with ipMasq).
/// </summary>
internal sealed class HeldNetwork : IDisposable
{
    private readonly SafeFileHandle _handle;

    private HeldNetwork(SafeFileHandle handle) => _handle = handle;

    /// <summary>A path for plugins, good until this is disposed.</summary>
    public string Path => $"/proc/{Environment.ProcessId}/fd/{_handle.DangerousGetHandle()}";

    /// <summary>Holds the namespace of a process. Null where there is none: the process has ended, or is on another machine.</summary>
    public static HeldNetwork? TryOpen(long pid)
    {
        string path = $"/proc/{pid}/ns/net";
        try
        {
            return OperatingSystem.IsLinux() && pid > 0 ? new HeldNetwork(File.OpenHandle(path)) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            return null;
        }
    }

    public void Dispose() => _handle.Dispose();
}
