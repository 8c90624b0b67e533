using System.Management.Automation;
using CtrPS.Binding;

namespace CtrPS.Commands;

/// <summary>Where CNI's configurations and plugins are: as a cmdlet says it, else as the environment does.</summary>
internal static class CniFolders
{
    public static CtrCniOptions Options(PSCmdlet cmdlet, string? configuration, string[]? plugins)
    {
        var options = CtrCniOptions.FromEnvironment();
        return options with
        {
            ConfigFolder = configuration is null ? options.ConfigFolder : ProviderPath.Resolve(cmdlet, configuration),
            PluginFolders = plugins is null ? options.PluginFolders : [.. plugins.Select(folder => ProviderPath.Resolve(cmdlet, folder))],
        };
    }
}
