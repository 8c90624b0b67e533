using System.Management.Automation;
using CtrPS.Client;

namespace CtrPS.Commands;

/// <summary>Test-CtrArchive: reads archives whole and proves every blob.</summary>
[Cmdlet(VerbsDiagnostic.Test, "CtrArchive", DefaultParameterSetName = "Path")]
[OutputType(typeof(CtrArchiveCheck), typeof(bool))]
public sealed class TestCtrArchiveCommand : ArchiveCmdlet
{
    private bool _any;
    private bool _failed;

    /// <summary>Return one true or false: whether there is an image in the archives, and all are right.</summary>
    [Parameter(HelpMessage = "Return one true or false: whether there is an image in the archives, and all are right.")]
    public SwitchParameter Quiet { get; set; }

    /// <summary>Unpack compressed layers too, and compare what comes of them with what the image says.</summary>
    [Parameter(HelpMessage = "Unpack compressed layers too, and compare what comes of them with what the image says.")]
    public SwitchParameter Deep { get; set; }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        if (Quiet)
        {
            WriteObject(_any && !_failed);
        }
    }

    /// <inheritdoc/>
    private protected override void Attempt(string target, Action work)
    {
        if (!Quiet)
        {
            base.Attempt(target, work);
            return;
        }

        Guard(target, () =>
        {
            try
            {
                work();
            }
            catch (CtrException e)
            {
                // That it cannot be read is the answer.
                _failed = true;
                WriteVerbose(e.Message);
            }
        });
    }

    /// <inheritdoc/>
    private protected override void OnFailure(CtrException error) => _failed = true;

    /// <inheritdoc/>
    private protected override void Read(string path)
    {
        List<CtrArchiveCheck> checks = AwaitTransfer(
            $"Checking {path}",
            (meter, token) => Connector.Archives.VerifyAsync(path, Deep, meter, token).ToListAsync(token).AsTask());
        if (Quiet)
        {
            _any |= checks.Count > 0;
            _failed |= checks.Count == 0 || checks.Any(check => check.Status != CtrBlobStatus.Ok);
            return;
        }

        WriteObject(checks, enumerateCollection: true);
        if (checks.Count == 0)
        {
            WriteWarning($"The archive '{path}' lists no images.");
        }
    }
}
