using System.Management.Automation;
using CtrPS.Binding;

namespace CtrPS.Files;

/// <summary>Reads inventories of other daemons.</summary>
internal static class InventoryFile
{
    /// <summary>The digests that the files name; wildcards are allowed.</summary>
    /// <exception cref="CtrException">
    /// <see cref="CtrErrorIds.ArchiveNotFound"/>, <see cref="CtrErrorIds.ArchiveAccessDenied"/>, <see cref="CtrErrorIds.ArchiveUnreadable"/>, <see
    /// cref="CtrErrorIds.InvalidDigest"/>.
    /// </exception>
    public static IReadOnlySet<string> Read(PSCmdlet cmdlet, string path) =>
        ProviderPath.Existing(cmdlet, path, literal: false).SelectMany(Read).ToHashSet(StringComparer.Ordinal);

    private static IReadOnlySet<string> Read(string full)
    {
        try
        {
            return CtrInventory.ParseDigests(File.ReadAllText(full), full);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new CtrException(
                CtrErrorIds.ArchiveAccessDenied, CtrStatus.PermissionDenied, $"The file '{full}' may not be read, or is a folder.", e)
            {
                Target = full,
            };
        }
        catch (IOException e)
        {
            throw new CtrException(CtrErrorIds.ArchiveUnreadable, CtrStatus.Unknown, $"The file '{full}' cannot be read: {e.Message}", e)
            {
                Target = full,
            };
        }
    }
}
