using System.Management.Automation;
using CtrPS.Binding;

namespace CtrPS.Commands;

/// <summary>Base of the cmdlets that look into the folders about registries.</summary>
public abstract class CtrRegistryCmdlet : CtrCmdlet
{
    /// <summary>Folders with a folder for each registry.</summary>
    [Parameter(HelpMessage = RegistryWords.HostsDirectory)]
    [ValidateNotNullOrEmpty]
    public string[]? HostsDirectory { get; set; }

    /// <summary>The folders that were given. Null: the usual ones.</summary>
    private protected IReadOnlyList<string>? HostsFolders =>
        HostsDirectory is null ? null : [.. HostsDirectory.Select(folder => ProviderPath.Resolve(this, folder))];

    /// <summary>The full path of a file that has to be there.</summary>
    private protected string ExistingFile(string path)
    {
        string full = ProviderPath.Resolve(this, path);
        return File.Exists(full)
            ? full
            : throw new CtrException(CtrErrorIds.InvalidPath, CtrStatus.NotFound, $"There is no file '{full}'.") { Target = full };
    }

    /// <summary>The certificate of a client, and its key where that lies in a file of its own.</summary>
    private protected (string Certificate, string? Key)? ClientPair(string? certificate, string? key) =>
        certificate is not null ? (ExistingFile(certificate), key is null ? null : ExistingFile(key))
        : key is null ? null
        : throw new CtrException(CtrErrorIds.InvalidArgument, CtrStatus.InvalidArgument, "-ClientKey goes with -ClientCertificate.");
}
