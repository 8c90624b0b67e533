using System.Globalization;

namespace CtrPS.Client.Containers.Users;

/// <summary>
/// Finds out the ids behind a user as images and command lines write it: <c>user</c>, <c>uid</c>, <c>user:group</c>, <c>uid:gid</c>, the mixed
/// forms, and <c>:group</c> for root, as containerd's client does (pkg/oci/spec_opts.go, WithUser and WithAdditionalGIDs).
/// </summary>
internal static class UserResolver
{
    /// <summary>Sets the user of a process.</summary>
    /// <param name="user">The process' user; what it was before goes.</param>
    /// <param name="given">As it is written. Empty: root.</param>
    /// <param name="table">Reads the users and groups; asked only where they are needed.</param>
    /// <param name="groupsByUid">Look up further groups also where a group is named.</param>
    /// <exception cref="CtrException">
    /// <see cref="CtrErrorIds.UserNotFound"/>; <see cref="CtrErrorIds.InvalidArgument"/> for a number that is too large, or several colons.
    /// </exception>
    public static async Task ApplyAsync(CtrSpecUser user, string given, Func<Task<UserTable>> table, bool groupsByUid)
    {
        string[] parts = given.Split(':');
        if (parts.Length > 2 || (parts.Length == 2 && parts[1].Length == 0))
        {
            throw new CtrException(
                CtrErrorIds.InvalidArgument,
                CtrStatus.InvalidArgument,
                $"'{given}' is not a user. A user is written user, uid, user:group, uid:gid or :gid.")
            {
                Target = given,
            };
        }

        (long uid, long gid, string? name) = (0, 0, "root");
        if (given.Length > 0)
        {
            UserTable.User? known;
            if (parts[0].Length == 0)
            {
                parts[0] = "0"; // a group alone is root's, as with docker
            }

            if (Number(parts[0], given) is { } number)
            {
                known = parts.Length == 2 && !groupsByUid
                    ? null
                    : (await table().ConfigureAwait(false)).Users.FirstOrDefault(one => one.Uid == number);
                uid = number;
            }
            else
            {
                known = (await table().ConfigureAwait(false)).Users.FirstOrDefault(one => one.Name == parts[0])
                    ?? throw NotFound("user", parts[0], given);
                uid = known.Uid;
            }

            gid = parts.Length == 1 ? known?.Gid ?? 0
                : Number(parts[1], given)
                    ?? (await table().ConfigureAwait(false)).Groups.FirstOrDefault(group => group.Name == parts[1])?.Gid
                        ?? throw NotFound("group", parts[1], given);
            name = parts.Length == 1 || groupsByUid ? known?.Name : null;
        }

        long[] groups = name is null ? [] : (await table().ConfigureAwait(false)).GroupsOf(name);
        user.Uid = uid;
        user.Gid = gid;
        user.AdditionalGids = new CtrSpecList<long>(groups.Contains(gid) ? groups : [gid, .. groups]);
    }

    private static long? Number(string text, string given) => text.Length == 0 || text.Any(c => !char.IsAsciiDigit(c)) ? null
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number
        : throw new CtrException(
            CtrErrorIds.InvalidArgument,
            CtrStatus.InvalidArgument,
            $"The number in the user '{given}' is larger than {int.MaxValue}, the largest that runc takes.")
        {
            Target = given,
        };

    private static CtrException NotFound(string what, string name, string given) =>
        new(
            CtrErrorIds.UserNotFound,
            CtrStatus.NotFound,
            $"The container's file system knows no {what} '{name}'{(name == given ? "" : $", which '{given}' names")}.")
        {
            Target = given,
            RecommendedAction = "Use a name that stands in its /etc/passwd or /etc/group, or numbers: uid:gid.",
        };
}
