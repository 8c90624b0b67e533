using System.Management.Automation;
using CtrPS.Client;

namespace CtrPS.Commands;

/// <summary>Test-CtrArchive: reads archives whole and proves every blob.</summary>
[Cmdlet(VerbsDiagnostic.Test, "CtrArchive", DefaultParameterSetName = "Path")]
[OutputType(typeof(CtrArchiveCheck))]
public sealed class TestCtrArchiveCommand : ArchiveCmdlet
{
    /// <inheritdoc/>
    private protected override void Read(string path)
    {
        List<CtrArchiveCheck> checks = AwaitTransfer(
            $"Checking {path}",
            (meter, token) => Connector.Archives.VerifyAsync(path, meter, token).ToListAsync(token).AsTask());
        WriteObject(checks, enumerateCollection: true);
        if (checks.Count == 0)
        {
            WriteWarning($"The archive '{path}' lists no images.");
        }
    }
}
