using CtrPS.Client;
using CtrPS.Files;

namespace CtrPS.Commands;

/// <summary>Base of the cmdlets that write files about registries.</summary>
public abstract class CtrHostsCmdlet : CtrRegistryCmdlet
{
    /// <summary>The folder to write below: the one that was given, else the first of the usual ones.</summary>
    private protected string Root => HostsFolders switch
    {
        null => Connector.RegistryHosts.DefaultFolders[0],
        [var one] => one,
        _ => throw new CtrException(CtrErrorIds.InvalidArgument, CtrStatus.InvalidArgument, "Files are written into one -HostsDirectory."),
    };

    /// <summary>Writes a file, if that is wished, and says so.</summary>
    /// <returns>Whether it was written.</returns>
    private protected bool Write(CtrHostsFile file, bool force)
    {
        _ = NewFile.RequireFree(file.Path, force);
        string hosts = file.Hosts.Count == 0 ? "" : $": {string.Join(", ", file.Hosts.Distinct())}";
        if (!ShouldProcess($"file '{file.Path}'", $"Write the hosts of {Words(file.Registry)}{hosts}"))
        {
            return false;
        }

        MakeFolder(Path.GetDirectoryName(file.Path)!);
        byte[] text = System.Text.Encoding.UTF8.GetBytes(file.Text);
        _ = Await(async token =>
        {
            NewFile written = NewFile.Create(file.Path, text.Length, checksum: false, force);
            await using (written.ConfigureAwait(false))
            {
                return await written.WriteAsync(output => output.WriteAsync(text, token).AsTask()).ConfigureAwait(false);
            }
        });
        return true;
    }

    private static string Words(string registry) => registry == "*" ? "all other registries" : $"registry '{registry}'";

    private static void MakeFolder(string folder)
    {
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CtrException(
                CtrErrorIds.WriteFailed, e is UnauthorizedAccessException ? CtrStatus.PermissionDenied : CtrStatus.Unknown,
                $"The folder '{folder}' cannot be made: {e.Message}", e)
            {
                Target = folder,
                RecommendedAction = "Work as a user who may, or name a folder with -HostsDirectory.",
            };
        }
    }
}
