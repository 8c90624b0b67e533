namespace CtrPS.Client.Registry;

/// <summary>Errors of the files about registries in the module's words.</summary>
internal static class HostsFaults
{
    /// <summary>Something is wrong with a file as a whole.</summary>
    /// <param name="path">The file.</param>
    /// <param name="fault">What, as the rest of a sentence.</param>
    /// <param name="cause">What brought it up.</param>
    public static CtrException File(string path, string fault, Exception? cause = null) => new(
        CtrErrorIds.InvalidHostsFile,
        cause is UnauthorizedAccessException ? CtrStatus.PermissionDenied : CtrStatus.InvalidArgument,
        $"'{path}' {fault}.",
        cause)
    {
        Target = path,
        RecommendedAction = cause is UnauthorizedAccessException
            ? "Give yourself the permission to read it, or name another folder with -HostsDirectory."
            : "Mend the file, or name another folder with -HostsDirectory. containerd 1.6 to 2.x leave a broken hosts.toml out without an error.",
    };

    /// <summary>Something is wrong on a line.</summary>
    /// <param name="path">The file.</param>
    /// <param name="line">The line, from 1.</param>
    /// <param name="key">What stands there. Null: it cannot be told.</param>
    /// <param name="fault">What, as the rest of a sentence.</param>
    /// <param name="cause">What brought it up.</param>
    public static CtrException Line(string path, int line, string? key, string fault, Exception? cause = null) => new(
        CtrErrorIds.InvalidHostsFile,
        CtrStatus.InvalidArgument,
        $"'{path}', line {line}: {(key is null ? "it" : $"'{ForeignText.Show(key)}'")} {fault}.",
        cause)
    {
        Target = path,
        RecommendedAction =
            "Mend the file, or name another folder with -HostsDirectory. containerd 1.6 to 2.x leave a broken hosts.toml out without an error.",
    };
}
