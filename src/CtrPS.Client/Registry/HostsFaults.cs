namespace CtrPS.Client.Registry;

/// <summary>Errors of the files about registries in the module's words.</summary>
internal static class HostsFaults
{
    private const string Mend = "Mend the file. containerd leaves a broken hosts.toml out, and asks the registry itself: it only logs that.";

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
            ? "Work as a user who may read it, or name another folder with -HostsDirectory."
            : Mend,
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
        RecommendedAction = Mend,
    };
}
