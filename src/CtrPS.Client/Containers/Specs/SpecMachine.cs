using System.Globalization;

namespace CtrPS.Client.Containers.Specs;

/// <summary>What a spec needs to know of the daemon's machine.</summary>
/// <param name="architecture">Its architecture, in Go's words.</param>
/// <param name="isLocal">Whether it is this one.</param>
/// <param name="notLocal">The error where it is not; the parameter says what is needed there.</param>
internal sealed class SpecMachine(string architecture, bool isLocal, Func<string, CtrException> notLocal)
{
    private const string Status = "/proc/self/status";
    private const string AppArmor = "/sys/module/apparmor/parameters/enabled";
    private const string Name = "/proc/sys/kernel/hostname";

    public string Architecture => architecture;

    /// <summary>Its name. Null where it cannot be known.</summary>
    public string? HostName => isLocal && File.Exists(Name) ? File.ReadAllText(Name).Trim() : null;

    /// <summary>Whether AppArmor confines processes there. True where that cannot be known.</summary>
    public bool HasAppArmor => !isLocal || (File.Exists(AppArmor) && File.ReadAllText(AppArmor).StartsWith('Y'));

    /// <summary>
    /// All capabilities that a process can have there: those that the kernel knows and that are not taken from us; where it is another machine, all
    /// there are.
    /// </summary>
    public IReadOnlyList<string> Capabilities
    {
        get
        {
            string? bounding = isLocal && File.Exists(Status)
                ? File.ReadLines(Status).FirstOrDefault(line => line.StartsWith("CapBnd:", StringComparison.Ordinal))
                : null;
            return bounding is not null
                && ulong.TryParse(bounding.AsSpan("CapBnd:".Length).Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out ulong set)
                ? [.. SpecNames.Capabilities.Where((_, number) => (set >> number & 1) == 1)]
                : SpecNames.Capabilities;
        }
    }

    /// <summary>All its devices.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.NotLocal"/>.</exception>
    public IReadOnlyList<CtrSpecDevice> Devices() => isLocal ? HostDevices.All() : throw notLocal("The machine's devices");

    /// <summary>The devices at a path.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.NotLocal"/>; <see cref="CtrErrorIds.InvalidArgument"/>.</exception>
    public IReadOnlyList<CtrSpecDevice> DevicesAt(string path, string inside) =>
        isLocal ? HostDevices.At(path, inside) : throw notLocal($"Devices such as '{path}'");
}
