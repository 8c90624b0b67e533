using System.Management.Automation;
using CtrPS.Client;
using CtrPS.Completion;

namespace CtrPS.Commands;

/// <summary>Get-CtrRegistryHost: which hosts are asked for a registry, in which order, and which file says so.</summary>
[Cmdlet(VerbsCommon.Get, "CtrRegistryHost")]
[OutputType(typeof(CtrRegistryHost))]
public sealed class GetCtrRegistryHostCommand : CtrRegistryCmdlet
{
    /// <summary>Registries, or references of images. Default: all registries that have a folder.</summary>
    [Parameter(
        Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true,
        HelpMessage = "Registries, or references of images. Default: all registries that have a folder.")]
    [ArgumentCompleter(typeof(RegistryCompleter))]
    [ValidateNotNullOrEmpty]
    public string[]? Registry { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        IReadOnlyList<string>? folders = null;
        OrEnd(() => folders = HostsFolders);
        var options = new CtrRegistryOptions { HostsFolders = folders };
        foreach (string given in Registry ?? Connector.RegistryHosts.Names(folders))
        {
            Guard(given, () =>
            {
                string registry = Connector.RegistryHosts.RegistryOf(given);
                WriteObject(Connector.RegistryHosts.Find(registry, options), enumerateCollection: true);
            });
        }
    }
}
