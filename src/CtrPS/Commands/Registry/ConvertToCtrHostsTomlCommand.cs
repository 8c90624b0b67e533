using System.Management.Automation;
using CtrPS.Binding;
using CtrPS.Client;

namespace CtrPS.Commands;

/// <summary>ConvertTo-CtrHostsToml: makes hosts.toml files of what containerd's configuration says of registries.</summary>
[Cmdlet(VerbsData.ConvertTo, "CtrHostsToml", SupportsShouldProcess = true, DefaultParameterSetName = PathSet)]
[OutputType(typeof(CtrHostsFile))]
public sealed class ConvertToCtrHostsTomlCommand : CtrHostsCmdlet
{
    private const string PathSet = "Path";
    private const string LiteralPathSet = "LiteralPath";

    /// <summary>containerd's configuration.</summary>
    [Parameter(Position = 0, ParameterSetName = PathSet, HelpMessage = "containerd's configuration.")]
    [ValidateNotNullOrEmpty]
    public string Path { get; set; } = "/etc/containerd/config.toml";

    /// <summary>containerd's configuration; as -Path, which takes no wildcards either.</summary>
    [Parameter(ParameterSetName = LiteralPathSet, HelpMessage = "containerd's configuration.")]
    [Alias("PSPath", "LP", "FullName")]
    [ValidateNotNullOrEmpty]
    public string? LiteralPath { get; set; }

    /// <summary>Replace files that are there.</summary>
    [Parameter(HelpMessage = "Replace files that are there.")]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        string given = LiteralPath ?? Path;
        string root = "";
        CtrHostsConversion? found = null;
        Guard(given, () =>
        {
            root = Root;
            found = Connector.RegistryHosts.ReadConfiguration(ProviderPath.Resolve(this, given));
        });
        foreach (string remark in found?.Remarks ?? [])
        {
            WriteWarning(remark);
        }

        int written = 0;
        foreach (CtrHostsWish wish in found?.Wishes ?? [])
        {
            Guard(wish.Registry, () =>
            {
                CtrHostsFile file = Connector.RegistryHosts.Compose(wish, Connector.RegistryHosts.FileOf(root, wish.Registry));
                if (Write(file, Force))
                {
                    written++;
                    WriteObject(file);
                }
            });
        }

        if (found is { Wishes.Count: 0 })
        {
            WriteWarning($"'{given}' says nothing of mirrors or of TLS for registries: there is nothing to convert.");
        }
        else if (written > 0)
        {
            WriteWarning(
                $"containerd takes these files when its configuration has config_path = \"{root}\" in the table of registries, in the place "
                + "of mirrors, configs and auths, and was started again.");
        }
    }
}
