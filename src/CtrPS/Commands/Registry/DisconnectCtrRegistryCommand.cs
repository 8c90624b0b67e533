using System.Management.Automation;
using CtrPS.Client;
using CtrPS.Completion;

namespace CtrPS.Commands;

/// <summary>Disconnect-CtrRegistry: logs out.</summary>
[Cmdlet(VerbsCommunications.Disconnect, "CtrRegistry", SupportsShouldProcess = true)]
public sealed class DisconnectCtrRegistryCommand : CtrCmdlet
{
    /// <summary>The registries.</summary>
    [Parameter(
        Position = 0, Mandatory = true, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true,
        HelpMessage = "The registries.")]
    [ArgumentCompleter(typeof(LoginCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Registry { get; set; } = [];

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (string given in Registry)
        {
            Guard(given, () =>
            {
                string registry = Connector.Logins.RegistryOf(given);
                if (!ShouldProcess($"registry '{registry}'", "Log out"))
                {
                    return;
                }

                IReadOnlyList<CtrRegistryLogin> gone = Await(token => Connector.Logins.EraseAsync(registry, token));
                if (gone.Count == 0)
                {
                    throw LoginWords.NotFound(registry, Connector.Logins.Names());
                }

                foreach (CtrRegistryLogin one in gone)
                {
                    WriteVerbose($"Removed the login at '{one.Registry}' from {LoginWords.Of(one)}.");
                }
            });
        }
    }
}
