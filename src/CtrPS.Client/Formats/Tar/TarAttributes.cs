namespace CtrPS.Client.Formats.Tar;

/// <summary>What a tar says of a file beside its name, its size and where a link points to.</summary>
/// <param name="Type">The type flag of the header; '5' for a folder that was told by the slash behind its name.</param>
/// <param name="Mode">Permissions, with set-user-id, set-group-id and sticky.</param>
/// <param name="Uid">The owner.</param>
/// <param name="Gid">The group.</param>
/// <param name="User">The owner's name where the tar was made; empty where it is not said.</param>
/// <param name="Group">The group's name there.</param>
/// <param name="ModifiedAt">When it was changed last. Null where it is not said.</param>
/// <param name="DeviceMajor">Of a device: its major number.</param>
/// <param name="DeviceMinor">Of a device: its minor number.</param>
/// <param name="Extended">Extended attributes. Null: none.</param>
internal sealed record TarAttributes(
    char Type,
    int Mode,
    long Uid,
    long Gid,
    string User,
    string Group,
    DateTimeOffset? ModifiedAt,
    long DeviceMajor,
    long DeviceMinor,
    IReadOnlyDictionary<string, byte[]>? Extended)
{
    /// <summary>Seconds since 1970 that .NET's times go back to.</summary>
    public const long MinTime = -62_135_596_800;

    /// <summary>Seconds since 1970 that .NET's times end before.</summary>
    public const long MaxTime = 253_402_300_800;

    public bool IsFolder => Type == '5';

    public static TarAttributes Read(ReadOnlySpan<byte> block, PaxRecords? pax, string name)
    {
        (string user, string group) = TarHeader.Owners(block);
        (long major, long minor) = TarHeader.Device(block);
        char type = TarHeader.Type(block);
        return new TarAttributes(
            type == '\0' && name.EndsWith('/') ? '5' : type,
            TarHeader.Mode(block),
            pax?.Uid ?? TarHeader.Uid(block),
            pax?.Gid ?? TarHeader.Gid(block),
            pax?.User ?? user,
            pax?.Group ?? group,
            pax?.ModifiedAt ?? (TarHeader.ModifiedAt(block) is { } seconds and < MaxTime ? DateTimeOffset.FromUnixTimeSeconds(seconds) : null),
            major,
            minor,
            pax?.FindAttributes());
    }
}
