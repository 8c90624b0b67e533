using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace CtrPS;

/// <summary>
/// A signal of Linux: by name, with or without <c>SIG</c>, or by number. The numbers are those of x86 and arm (signal(7)); <c>RTMIN</c> is 34 and
/// <c>RTMAX</c> 64, as in glibc and in Go's clients of containerd.
/// </summary>
public sealed class CtrSignal : IEquatable<CtrSignal>
{
    /// <summary>SIGTERM: what ends a process that was told no other signal for it.</summary>
    public static readonly CtrSignal Term = new(15);

    /// <summary>SIGKILL: ends a process without asking it.</summary>
    public static readonly CtrSignal Kill = new(9);

    private const int First = 1;
    private const int RealTimeFirst = 34;
    private const int RealTimeLast = 64;

    private static readonly string[] Named =
    [
        "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM", "TERM", "STKFLT",
        "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG",
        "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
    ];

    /// <summary>By number.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.InvalidArgument"/>: not from 1 to 64.</exception>
    public CtrSignal(int number) =>
        Number = number is >= First and <= RealTimeLast ? number : throw Invalid(number.ToString(CultureInfo.InvariantCulture));

    /// <summary>By name or number in text. PowerShell converts strings with it.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.InvalidArgument"/>.</exception>
    public CtrSignal(string signal)
        : this(Parse(signal).Number)
    {
    }

    /// <summary>The signals that have a name of their own, by number.</summary>
    public static IReadOnlyList<CtrSignal> All { get; } = [.. Enumerable.Range(First, Named.Length).Select(number => new CtrSignal(number))];

    /// <summary>The number, 1 to 64.</summary>
    public int Number { get; }

    /// <summary>The name: <c>SIGTERM</c>, <c>SIGRTMIN+3</c>. 32 and 33 are glibc's own and have none: the number.</summary>
    public string Name => Number switch
    {
        <= 31 => "SIG" + Named[Number - First],
        RealTimeFirst => "SIGRTMIN",
        RealTimeLast => "SIGRTMAX",
        > RealTimeFirst => string.Create(CultureInfo.InvariantCulture, $"SIGRTMIN+{Number - RealTimeFirst}"),
        _ => Number.ToString(CultureInfo.InvariantCulture),
    };

    /// <summary>Reads a signal.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.InvalidArgument"/>.</exception>
    public static CtrSignal Parse(string signal) => TryParse(signal, out CtrSignal? parsed) ? parsed : throw Invalid(signal);

    /// <summary>
    /// Reads a signal: <c>TERM</c>, <c>SIGTERM</c>, <c>15</c>, <c>RTMIN+3</c>, <c>SIGRTMAX-1</c>; the case of letters does not matter.
    /// </summary>
    public static bool TryParse(string? signal, [NotNullWhen(true)] out CtrSignal? parsed)
    {
        int number = NumberOf(signal?.Trim().ToUpperInvariant() ?? "");
        parsed = number is >= First and <= RealTimeLast ? new CtrSignal(number) : null;
        return parsed is not null;
    }

    /// <summary>Whether both are written the same.</summary>
    public bool Equals(CtrSignal? other) => other is not null && ToString() == other.ToString();

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as CtrSignal);

    /// <inheritdoc/>
    public override int GetHashCode() => ToString().GetHashCode(StringComparison.Ordinal);

    /// <summary>As <see cref="Equals(CtrSignal)"/>.</summary>
    public static bool operator ==(CtrSignal? left, CtrSignal? right) => left is null ? right is null : left.Equals(right);

    /// <summary>As <see cref="Equals(CtrSignal)"/>.</summary>
    public static bool operator !=(CtrSignal? left, CtrSignal? right) => !(left == right);

    /// <summary>The name.</summary>
    public override string ToString() => Name;

    /// <summary>The number; 0 where the text is none.</summary>
    private static int NumberOf(string text)
    {
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number))
        {
            return number;
        }

        string name = text.StartsWith("SIG", StringComparison.Ordinal) ? text[3..] : text;
        int index = Array.IndexOf(Named, name);
        return index >= 0 ? index + First : name switch
        {
            "IOT" => 6,
            "CLD" => 17,
            "POLL" => 29,
            "RTMIN" => RealTimeFirst,
            "RTMAX" => RealTimeLast,
            _ when Offset("RTMIN+") is { } up => RealTimeFirst + up,
            _ when Offset("RTMAX-") is { } down => RealTimeLast - down,
            _ => 0,
        };

        int? Offset(string prefix) => name.StartsWith(prefix, StringComparison.Ordinal)
            && int.TryParse(name.AsSpan(prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out int offset)
            && offset <= RealTimeLast - RealTimeFirst
                ? offset
                : null;
    }

    private static CtrException Invalid(string signal) => new(
        CtrErrorIds.InvalidArgument,
        CtrStatus.InvalidArgument,
        $"'{signal}' is not a signal. Write a name such as TERM or SIGTERM, RTMIN+1 to RTMIN+30, or a number from 1 to 64.")
    {
        Target = signal,
        RecommendedAction = "Write a name such as TERM or SIGTERM, RTMIN+1 to RTMIN+30, or a number from 1 to 64.",
    };
}
