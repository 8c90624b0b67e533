using System.Management.Automation;
using CtrPS.Client;

namespace CtrPS.Commands;

/// <summary>Get-CtrArchive: the images in archives, without a containerd.</summary>
[Cmdlet(VerbsCommon.Get, "CtrArchive", DefaultParameterSetName = "Path")]
[OutputType(typeof(CtrArchiveImage))]
public sealed class GetCtrArchiveCommand : ArchiveCmdlet
{
    /// <summary>List attestations (provenance, SBOM) among the platforms.</summary>
    [Parameter(HelpMessage = "List attestations among the platforms.")]
    public SwitchParameter IncludeAttestation { get; set; }

    /// <inheritdoc/>
    private protected override void Read(string path)
    {
        int found = 0;
        foreach (CtrArchiveImage image in Pull(token => Connector.Archives.ListAsync(path, token)))
        {
            found++;
            WriteObject(IncludeAttestation
                ? image
                : image.With(copy => copy.Platforms = image.Platforms.Where(platform => !platform.IsAttestation).ToArray()));
        }

        if (found == 0)
        {
            WriteWarning($"The archive '{path}' lists no images.");
        }
    }
}
