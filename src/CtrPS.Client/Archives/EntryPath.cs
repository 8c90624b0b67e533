namespace CtrPS.Client.Archives;

/// <summary>
/// Names of entries and where links lead, with anything refused that leaves the archive. Nothing is ever unpacked: a name like that tells of a
/// forged archive.
/// </summary>
internal static class EntryPath
{
    /// <summary>The name without <c>.</c> parts and doubled slashes. Empty for the archive's own root.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.ArchiveUnsafe"/>.</exception>
    public static string Clean(string name, string archive)
    {
        if (name.StartsWith('/'))
        {
            throw ArchiveFault.Unsafe(archive, $"the entry '{name}' has an absolute name.");
        }

        string[] parts = name.Split('/');
        return parts.Contains("..")
            ? throw ArchiveFault.Unsafe(archive, $"the entry '{name}' has '..' in its name.")
            : string.Join('/', parts.Where(IsReal));
    }

    /// <summary>What a link points to, as a name of the archive.</summary>
    /// <param name="name">The link's own name, cleaned.</param>
    /// <param name="target">What it holds.</param>
    /// <param name="fromRoot">The target counts from the archive's root (a hard link), not from the link's folder.</param>
    /// <param name="archive">The archive's path, for the message.</param>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.ArchiveUnsafe"/>.</exception>
    public static string Follow(string name, string target, bool fromRoot, string archive)
    {
        var parts = new List<string>(fromRoot ? [] : name.Split('/')[..^1]);
        bool outside = target.StartsWith('/');
        foreach (string part in target.Split('/').Where(IsReal))
        {
            if (part != "..")
            {
                parts.Add(part);
            }
            else if (parts.Count > 0)
            {
                parts.RemoveAt(parts.Count - 1);
            }
            else
            {
                outside = true;
            }
        }

        return outside
            ? throw ArchiveFault.Unsafe(archive, $"the link '{name}' points to '{target}', outside of the archive.")
            : string.Join('/', parts);
    }

    private static bool IsReal(string part) => part.Length > 0 && part != ".";
}
