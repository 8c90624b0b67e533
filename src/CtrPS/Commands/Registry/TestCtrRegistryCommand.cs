using System.Management.Automation;
using CtrPS.Client;
using CtrPS.Completion;

namespace CtrPS.Commands;

/// <summary>Test-CtrRegistry: how each host of a registry answers, step by step.</summary>
[Cmdlet(VerbsDiagnostic.Test, "CtrRegistry")]
[OutputType(typeof(CtrRegistryCheck), typeof(bool))]
public sealed class TestCtrRegistryCommand : CtrRegistryOptionsCmdlet
{
    private bool _any;
    private bool _failed;

    /// <summary>One try: what may pass is what is to be seen.</summary>
    public TestCtrRegistryCommand() => MaximumRetryCount = 0;

    /// <summary>Registries, or references of images to ask for. Default: all registries that have a folder.</summary>
    [Parameter(
        Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true,
        HelpMessage = "Registries, or references of images to ask for. Default: all registries that have a folder.")]
    [Alias("Name", "Reference")]
    [ArgumentCompleter(typeof(RegistryCompleter))]
    [ValidateNotNullOrEmpty]
    public string[]? Registry { get; set; }

    /// <summary>Return one true or false: whether an image could be pulled of each.</summary>
    [Parameter(HelpMessage = "Return one true or false: whether each registry has a host that is usable.")]
    public SwitchParameter Quiet { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        IReadOnlyList<string> names = [];
        OrEnd(() => names = Registry ?? Connector.RegistryHosts.Names(HostsFolders));
        foreach (string name in names)
        {
            bool usable = false;
            Guard(name, () =>
            {
                foreach (CtrRegistryCheck check in Pull(token => Remote.TestAsync(name, Registries, token)))
                {
                    usable |= check.Status == CtrRegistryState.Usable;
                    if (!Quiet)
                    {
                        WriteObject(check);
                    }
                    else if (check.Reason is { } reason)
                    {
                        WriteVerbose(reason);
                    }
                }
            });
            _any = true;
            _failed |= !usable;
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        if (Quiet)
        {
            WriteObject(_any && !_failed);
        }
    }
}
