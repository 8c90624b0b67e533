using System.Globalization;
using System.Text;

namespace CtrPS.Client.Containers.Users;

/// <summary>
/// The users and groups of a root file system: /etc/passwd and /etc/group (passwd(5), group(5)). Lines that are none are passed over.
/// </summary>
internal sealed class UserTable
{
    private UserTable(IReadOnlyList<User> users, IReadOnlyList<Group> groups)
    {
        Users = users;
        Groups = groups;
    }

    public IReadOnlyList<User> Users { get; }

    public IReadOnlyList<Group> Groups { get; }

    /// <summary>Reads both files; one that is not there has nobody in it.</summary>
    public static async Task<UserTable> ReadAsync(IRootFiles files, CancellationToken cancellationToken)
    {
        var users = new List<User>();
        foreach (string[] fields in await LinesAsync(files, "/etc/passwd", cancellationToken).ConfigureAwait(false))
        {
            if (fields.Length > 3 && Number(fields[2]) is { } uid && Number(fields[3]) is { } gid)
            {
                users.Add(new User(fields[0], uid, gid));
            }
        }

        var groups = new List<Group>();
        foreach (string[] fields in await LinesAsync(files, "/etc/group", cancellationToken).ConfigureAwait(false))
        {
            if (fields.Length > 2 && Number(fields[2]) is { } gid)
            {
                groups.Add(new Group(fields[0], gid, fields.Length > 3 ? fields[3].Split(',', StringSplitOptions.RemoveEmptyEntries) : []));
            }
        }

        return new UserTable(users, groups);
    }

    /// <summary>The groups of which a user is a member; that of the user's own name does not count.</summary>
    public long[] GroupsOf(string user) => [.. Groups.Where(group => group.Name != user && group.Members.Contains(user)).Select(group => group.Gid)];

    private static async Task<IEnumerable<string[]>> LinesAsync(IRootFiles files, string path, CancellationToken cancellationToken) =>
        await files.ReadAsync(path, cancellationToken).ConfigureAwait(false) is { } bytes
            ? Encoding.UTF8.GetString(bytes)
                .Split('\n')
                .Select(line => line.Trim())
                .Where(line => line.Length > 0 && line[0] != '#')
                .Select(line => line.Split(':'))
            : [];

    private static long? Number(string text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number : null;

    /// <summary>A line of /etc/passwd.</summary>
    internal sealed record User(string Name, long Uid, long Gid);

    /// <summary>A line of /etc/group.</summary>
    internal sealed record Group(string Name, long Gid, IReadOnlyList<string> Members);
}
