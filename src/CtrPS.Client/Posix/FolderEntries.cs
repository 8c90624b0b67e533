namespace CtrPS.Client.Posix;

/// <summary>What is in folders that others change meanwhile.</summary>
internal static class FolderEntries
{
    /// <summary>
    /// The paths of all that is in a folder. Empty where there is none, or none any more: who asks before whether it is there may have it taken away
    /// in between.
    /// </summary>
    /// <param name="folder">The folder.</param>
    /// <param name="ifAllowed">Empty as well where it may not be listed.</param>
    /// <exception cref="IOException">It cannot be listed.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be listed.</exception>
    public static string[] Of(string folder, bool ifAllowed = false)
    {
        try
        {
            return Directory.GetFileSystemEntries(folder);
        }
        catch (Exception e) when (e is DirectoryNotFoundException || (ifAllowed && e is UnauthorizedAccessException))
        {
            return [];
        }
    }
}
