using System.Runtime.InteropServices;

namespace CtrPS.Posix;

/// <summary>The terminal that this process runs on: standard input and output.</summary>
internal static partial class Terminal
{
    private const int Input = 0;
    private const int Output = 1;
    private const int Now = 0; // TCSANOW
    private const nuint GetWindowSize = 0x5413; // TIOCGWINSZ of Linux (ioctl_tty(2))
    private const int SettingsSize = 256; // more than struct termios has anywhere; only libc looks into it
    private const short Readable = 1; // POLLIN
    private const int Interrupted = 4; // EINTR

    /// <summary>Whether both input and output are a terminal of Linux.</summary>
    public static bool IsThere => OperatingSystem.IsLinux() && IsTerminal(Input) != 0 && IsTerminal(Output) != 0;

    /// <summary>Its size in characters. Null: it does not say.</summary>
    public static (int Columns, int Rows)? Size
    {
        get
        {
            ushort[] size = new ushort[4]; // struct winsize: rows, columns, and two in pixels
            return Control(Output, GetWindowSize, size) == 0 && size[0] > 0 && size[1] > 0 ? (size[1], size[0]) : null;
        }
    }

    /// <summary>Passes every key on as it is typed, Ctrl-C included, and prints output as it is, until the settings are put back.</summary>
    public static IDisposable EnterRawMode()
    {
        byte[] before = new byte[SettingsSize];
        if (GetSettings(Input, before) != 0)
        {
            throw new IOException($"The terminal's settings cannot be read: error {Marshal.GetLastPInvokeError()}.");
        }

        byte[] raw = [.. before];
        MakeRaw(raw);
        return SetSettings(Input, Now, raw) == 0
            ? new Restorer(before)
            : throw new IOException($"The terminal's settings cannot be changed: error {Marshal.GetLastPInvokeError()}.");
    }

    /// <summary>Waits for keys, and reads them; 0: the input has ended, or something can be read from <paramref name="wake"/>.</summary>
    /// <param name="buffer">Takes them.</param>
    /// <param name="wake">A file descriptor that ends the wait.</param>
    public static int Read(byte[] buffer, int wake)
    {
        while (true)
        {
            var polls = new PollEntry[] { new() { Descriptor = Input, Events = Readable }, new() { Descriptor = wake, Events = Readable } };
            int ready = Poll(polls, 2, -1);
            if (ready < 0 && Marshal.GetLastPInvokeError() != Interrupted)
            {
                return 0;
            }

            if (ready > 0 && polls[1].Returned != 0)
            {
                return 0;
            }

            if (ready > 0 && polls[0].Returned != 0)
            {
                int count = (int)Read(Input, buffer, (nuint)buffer.Length);
                if (count >= 0 || Marshal.GetLastPInvokeError() != Interrupted)
                {
                    return Math.Max(count, 0);
                }
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "isatty")]
    private static partial int IsTerminal(int descriptor);

    [LibraryImport("libc", EntryPoint = "tcgetattr", SetLastError = true)]
    private static partial int GetSettings(int descriptor, [In, Out] byte[] settings);

    [LibraryImport("libc", EntryPoint = "tcsetattr", SetLastError = true)]
    private static partial int SetSettings(int descriptor, int when, [In] byte[] settings);

    [LibraryImport("libc", EntryPoint = "cfmakeraw")]
    private static partial void MakeRaw([In, Out] byte[] settings);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int Control(int descriptor, nuint request, [In, Out] ushort[] argument);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    private static partial int Poll([In, Out] PollEntry[] entries, nuint count, int timeout);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    private static partial nint Read(int descriptor, [Out] byte[] buffer, nuint count);

    private sealed class Restorer : IDisposable
    {
        private readonly byte[] _settings;
        private readonly EventHandler _atExit;
        private readonly PosixSignalRegistration[] _atSignal;

        public Restorer(byte[] settings)
        {
            _settings = settings;
            _atExit = (_, _) => Restore();

            // A PowerShell that is told to end leaves a usable terminal as well. .NET raises no ProcessExit on signals.
            AppDomain.CurrentDomain.ProcessExit += _atExit;
            PosixSignal[] ends = [PosixSignal.SIGTERM, PosixSignal.SIGHUP, PosixSignal.SIGQUIT];
            _atSignal = [.. ends.Select(signal => PosixSignalRegistration.Create(signal, _ => Restore()))];
        }

        public void Dispose()
        {
            foreach (PosixSignalRegistration registration in _atSignal)
            {
                registration.Dispose();
            }

            AppDomain.CurrentDomain.ProcessExit -= _atExit;
            Restore();
        }

        private void Restore() => _ = SetSettings(Input, Now, _settings);
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct PollEntry
    {
        public int Descriptor;
        public short Events;
        public short Returned;
    }
}
