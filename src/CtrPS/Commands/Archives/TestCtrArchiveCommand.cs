using System.Management.Automation;
using CtrPS.Client;

namespace CtrPS.Commands;

/// <summary>Test-CtrArchive: reads archives whole and proves every blob.</summary>
[Cmdlet(VerbsDiagnostic.Test, "CtrArchive", DefaultParameterSetName = "Path")]
[OutputType(typeof(CtrArchiveCheck))]
public sealed class TestCtrArchiveCommand : ArchiveCmdlet
{
    /// <summary>Unpack compressed layers too, and compare what comes of them with what the image says.</summary>
    [Parameter(HelpMessage = "Unpack compressed layers too, and compare what comes of them with what the image says.")]
    public SwitchParameter Deep { get; set; }

    /// <inheritdoc/>
    private protected override void Read(string path)
    {
        List<CtrArchiveCheck> checks = AwaitTransfer(
            $"Checking {path}",
            (meter, token) => Connector.Archives.VerifyAsync(path, Deep, meter, token).ToListAsync(token).AsTask());
        WriteObject(checks, enumerateCollection: true);
        if (checks.Count == 0)
        {
            WriteWarning($"The archive '{path}' lists no images.");
        }
    }
}
