using System.Collections.ObjectModel;
using System.Management.Automation;
using CtrPS.Commands;

namespace CtrPS.Binding;

/// <summary>Turns PowerShell's paths (drives, ~, relative to its location, wildcards) into those of the file system.</summary>
internal static class ProviderPath
{
    private const string FileSystem = "FileSystem";

    /// <summary>The files and folders that a path means.</summary>
    /// <exception cref="CtrException">
    /// <see cref="CtrErrorIds.ArchiveNotFound"/>; <see cref="CtrErrorIds.InvalidArgument"/> for a path that is no file system's.
    /// </exception>
    public static IReadOnlyList<string> Existing(PSCmdlet cmdlet, string path, bool literal)
    {
        try
        {
            if (literal)
            {
                string one = Resolve(cmdlet, path);
                return File.Exists(one) || Directory.Exists(one) ? [one] : throw NotFound(path);
            }

            (Collection<string> found, ProviderInfo provider) = OnPipeline(cmdlet, () =>
            {
                Collection<string> paths = cmdlet.SessionState.Path.GetResolvedProviderPathFromPSPath(path, out ProviderInfo whose);
                return (paths, whose);
            });
            Require(provider, path);
            return found.Count > 0 ? found : throw NotFound(path);
        }
        catch (ItemNotFoundException e)
        {
            throw NotFound(path, e);
        }
        catch (System.Management.Automation.DriveNotFoundException e)
        {
            throw NotFound(path, e);
        }
    }

    /// <summary>The full path of something that need not exist.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.InvalidArgument"/> for a path that is no file system's.</exception>
    public static string Resolve(PSCmdlet cmdlet, string path)
    {
        (string full, ProviderInfo provider) = OnPipeline(cmdlet, () =>
        {
            string one = cmdlet.SessionState.Path.GetUnresolvedProviderPathFromPSPath(path, out ProviderInfo whose, out _);
            return (one, whose);
        });
        Require(provider, path);
        return full;
    }

    private static T OnPipeline<T>(PSCmdlet cmdlet, Func<T> work) => cmdlet is CtrCmdlet ours ? ours.OnPipeline(work) : work();

    private static void Require(ProviderInfo provider, string path)
    {
        if (provider.Name != FileSystem)
        {
            throw new CtrException(
                CtrErrorIds.InvalidArgument, CtrStatus.InvalidArgument, $"'{path}' is a path of the provider {provider.Name}, not of a file system.")
            {
                Target = path,
            };
        }
    }

    private static CtrException NotFound(string path, Exception? cause = null) =>
        new(CtrErrorIds.ArchiveNotFound, CtrStatus.NotFound, $"There is no file or folder '{path}'.", cause) { Target = path };
}
