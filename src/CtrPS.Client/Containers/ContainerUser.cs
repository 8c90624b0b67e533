using System.Globalization;

namespace CtrPS.Client.Containers;

/// <summary>A user in a container, as numbers (runtime-spec, config.md, POSIX-platform User).</summary>
/// <param name="Uid">User id.</param>
/// <param name="Gid">Id of the primary group.</param>
/// <param name="AdditionalGids">Ids of all groups: the primary one first, then those of /etc/group that list the user, in its order.</param>
internal sealed record ContainerUser(uint Uid, uint Gid, IReadOnlyList<uint> AdditionalGids)
{
    private const string PasswdPath = "/etc/passwd";
    private const string GroupPath = "/etc/group";

    /// <summary>
    /// Finds a user by the forms that docker and containerd know (pkg/oci, spec_opts.go, WithUser): <c>name</c>, <c>uid</c>, <c>user:group</c>, each a number or a
    /// name. A number need not be in the files.
    /// </summary>
    /// <param name="form">The form.</param>
    /// <param name="read">Reads the lines of a file of the container; none where it is not there.</param>
    /// <param name="container">The container in words, for errors.</param>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.UserNotFound"/>.</exception>
    public static ContainerUser Find(string form, Func<string, IReadOnlyList<string>> read, string container)
    {
        string[] parts = form.Split(':');
        if (parts.Length > 2 || parts.Any(part => part.Length == 0))
        {
            throw new CtrException(CtrErrorIds.InvalidArgument, CtrStatus.InvalidArgument, $"'{form}' is no user. A user is written name, uid or user:group, as in www-data or 1000:1000.") { Target = form };
        }

        bool isNumber = TryNumber(parts[0], out uint uid);
        string[]? entry = Entries(read(PasswdPath), 4).FirstOrDefault(fields => isNumber ? TryNumber(fields[2], out uint id) && id == uid : fields[0] == parts[0]);
        if (entry is null && !isNumber)
        {
            throw NotFound("user", parts[0], PasswdPath, container);
        }

        if (entry is not null && !TryNumber(entry[2], out uid))
        {
            throw NotFound("user", parts[0], PasswdPath, container);
        }

        IReadOnlyList<string[]> groups = [.. Entries(read(GroupPath), 3)];
        uint gid = 0;
        if (parts.Length == 2)
        {
            if (!TryNumber(parts[1], out gid) && !TryNumber(groups.FirstOrDefault(fields => fields[0] == parts[1])?[2] ?? "", out gid))
            {
                throw NotFound("group", parts[1], GroupPath, container);
            }
        }
        else if (entry is not null)
        {
            _ = TryNumber(entry[3], out gid);
        }

        return new ContainerUser(uid, gid, [gid, .. GroupsOf(entry?[0], groups).Where(id => id != gid).Distinct()]);
    }

    /// <summary>The groups that list a user as a member, without the one that has its name.</summary>
    private static IEnumerable<uint> GroupsOf(string? user, IEnumerable<string[]> groups)
    {
        foreach (string[] fields in groups)
        {
            if (user is not null && fields[0] != user && fields.Length > 3 && fields[3].Split(',').Contains(user) && TryNumber(fields[2], out uint id))
            {
                yield return id;
            }
        }
    }

    private static IEnumerable<string[]> Entries(IReadOnlyList<string> lines, int fields) =>
        lines.Where(line => !line.StartsWith('#')).Select(line => line.Split(':')).Where(entry => entry.Length >= fields);

    private static bool TryNumber(string text, out uint number) => uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);

    private static CtrException NotFound(string what, string name, string file, string container) =>
        new(CtrErrorIds.UserNotFound, CtrStatus.NotFound, $"There is no {what} '{name}' in {file} of {container}.")
        {
            Target = name,
            RecommendedAction = $"Give a {what} that is there, or its number.",
        };
}
