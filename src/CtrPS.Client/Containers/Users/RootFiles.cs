namespace CtrPS.Client.Containers.Users;

/// <summary>What both kinds of root file systems have in common: following links within the root, and limits.</summary>
internal abstract class RootFiles : IRootFiles
{
    /// <summary>As much as containerd reads of a file of users (pkg/oci/spec_opts.go).</summary>
    internal const long MaxSize = 10 << 20;

    /// <summary>As many links as Linux follows (path_resolution(7)).</summary>
    private const int MaxLinks = 40;

    public async ValueTask<byte[]?> ReadAsync(string path, CancellationToken cancellationToken)
    {
        var ahead = new LinkedList<string>(Parts(path));
        var found = new List<string>();
        for (int links = 0; ahead.First is { } next;)
        {
            ahead.RemoveFirst();
            if (next.Value == "..")
            {
                found.RemoveRange(Math.Max(0, found.Count - 1), Math.Min(1, found.Count));
                continue;
            }

            found.Add(next.Value);
            RootEntry? entry = await FindAsync(found, cancellationToken).ConfigureAwait(false);
            switch (entry?.Kind)
            {
                case RootEntryKind.Link when ++links <= MaxLinks:
                    found.RemoveAt(found.Count - 1);
                    if (entry.Link.StartsWith('/'))
                    {
                        found.Clear();
                    }

                    foreach (string part in Parts(entry.Link).Reverse())
                    {
                        _ = ahead.AddFirst(part);
                    }

                    break;
                case RootEntryKind.Folder when ahead.Count > 0:
                    break;
                case RootEntryKind.File when ahead.Count == 0:
                    byte[] bytes = await ReadAsync(entry, cancellationToken).ConfigureAwait(false);
                    return bytes.Length <= MaxSize ? bytes : throw Unreadable(path, $"it has more than {MaxSize} bytes");
                case null:
                case RootEntryKind.File:
                    return null;
                case RootEntryKind.Link:
                    throw Unreadable(path, $"it leads over more than {MaxLinks} links");
                default:
                    throw Unreadable(path, "it is not a file");
            }
        }

        return null;
    }

    /// <summary>What stands at a path whose parents are real folders, without following it. Null where there is nothing.</summary>
    protected abstract ValueTask<RootEntry?> FindAsync(IReadOnlyList<string> parts, CancellationToken cancellationToken);

    /// <summary>The bytes of a file, one more than <see cref="MaxSize"/> at the most.</summary>
    protected abstract ValueTask<byte[]> ReadAsync(RootEntry entry, CancellationToken cancellationToken);

    private static IEnumerable<string> Parts(string path) => path.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(part => part != ".");

    private static CtrException Unreadable(string path, string reason) =>
        new(CtrErrorIds.InvalidArgument, CtrStatus.InvalidArgument, $"'{path}' of the container's file system cannot be read: {reason}.")
        {
            Target = path,
        };
}

/// <summary>What an entry is.</summary>
internal enum RootEntryKind
{
    File,
    Folder,
    Link,
    Other,
}

/// <summary>An entry of a root file system.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Place">Where its bytes are: a path, or a name in a layer.</param>
/// <param name="Layer">The layer, counted from the top.</param>
/// <param name="Link">Where a link points to; else empty.</param>
internal sealed record RootEntry(RootEntryKind Kind, string Place, int Layer, string Link);
