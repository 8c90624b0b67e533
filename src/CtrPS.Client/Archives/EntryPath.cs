
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
            throw ArchiveFault.Unsafe(archive, $"the entry '{ForeignText.Show(name)}' has an absolute name.");
        }

        // Most names are clean: they are given back as they are. A long one may be nothing but slashes, so its parts are not gathered.
        bool clean = true;
        foreach (Range part in name.AsSpan().Split('/'))
        {
            ReadOnlySpan<char> text = name.AsSpan(part);
            if (text is "..")
            {
                throw ArchiveFault.Unsafe(archive, $"the entry '{ForeignText.Show(name)}' has '..' in its name.");
            }

            clean &= IsReal(text);
        }

        return clean ? name : Join([], name);
    }

    /// <summary>What a link points to, as a name of the archive.</summary>
    /// <param name="name">The link's own name, cleaned.</param>
    /// <param name="target">What it holds.</param>
    /// <param name="fromRoot">The target counts from the archive's root (a hard link), not from the link's folder.</param>
    /// <param name="archive">The archive's path, for the message.</param>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.ArchiveUnsafe"/>.</exception>
    public static string Follow(string name, string target, bool fromRoot, string archive)
    {
        if (!IsWithin(fromRoot ? 0 : name.AsSpan().Count('/'), target))
        {
            throw ArchiveFault.Unsafe(
                archive, $"the link '{ForeignText.Show(name)}' points to '{ForeignText.Show(target)}', outside of the archive.");
        }

        int slash = fromRoot ? -1 : name.LastIndexOf('/');
        return Join(slash < 0 ? [] : name.AsSpan(0, slash), target);
    }

    /// <summary>Whether a target stays below the root, seen from a folder that is some folders below it.</summary>
    private static bool IsWithin(int depth, string target)
    {
        bool within = !target.StartsWith('/');
        foreach (Range part in target.AsSpan().Split('/'))
        {
            ReadOnlySpan<char> text = target.AsSpan(part);
            depth += text is ".." ? -1 : IsReal(text) ? 1 : 0;
            within &= depth >= 0;
        }

        return within;
    }

    /// <summary>The folder and what leads on from it, in the shortest form.</summary>
    private static string Join(ReadOnlySpan<char> folder, string onward)
    {
        char[] joined = new char[folder.Length + 1 + onward.Length];
        folder.CopyTo(joined);
        int length = folder.Length;
        foreach (Range part in onward.AsSpan().Split('/'))
        {
            ReadOnlySpan<char> text = onward.AsSpan(part);
            if (text is "..")
            {
                length = Math.Max(0, joined.AsSpan(0, length).LastIndexOf('/'));
            }
            else if (IsReal(text))
            {
                if (length > 0)
                {
                    joined[length++] = '/';
                }

                text.CopyTo(joined.AsSpan(length));
                length += text.Length;
            }
        }

        return new string(joined, 0, length);
    }

    private static bool IsReal(ReadOnlySpan<char> part) => !part.IsEmpty && part is not ".";
}
