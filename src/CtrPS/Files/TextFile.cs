using System.Management.Automation;
using CtrPS.Binding;

namespace CtrPS.Files;

/// <summary>Reads small text files that parameters name.</summary>
internal static class TextFile
{
    /// <summary>The text of a file.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.InvalidPath"/>: there is no such file, or it cannot be read.</exception>
    public static string Read(PSCmdlet cmdlet, string path)
    {
        string full = ProviderPath.Resolve(cmdlet, path);
        try
        {
            return File.ReadAllText(full);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CtrException(
                CtrErrorIds.InvalidPath, e is FileNotFoundException or DirectoryNotFoundException ? CtrStatus.NotFound : CtrStatus.PermissionDenied,
                $"The file '{path}' cannot be read: {e.Message}", e)
            {
                Target = path,
            };
        }
    }
}
