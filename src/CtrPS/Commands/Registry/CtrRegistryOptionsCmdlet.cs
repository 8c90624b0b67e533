using System.Management.Automation;
using CtrPS.Client;

namespace CtrPS.Commands;

/// <summary>Base of the cmdlets that speak to registries and to no containerd.</summary>
public abstract class CtrRegistryOptionsCmdlet : CtrRegistryCmdlet, IRegistryParameters
{
    private ICtrRegistries? _registries;

    /// <summary>User and password for the registry.</summary>
    [Parameter(HelpMessage = RegistryWords.Credential)]
    [Credential]
    public PSCredential? Credential { get; set; }

    /// <summary>Speak http, not https.</summary>
    [Parameter(HelpMessage = RegistryWords.PlainHttp)]
    public SwitchParameter PlainHttp { get; set; }

    /// <summary>Take any certificate.</summary>
    [Parameter(HelpMessage = RegistryWords.SkipCertificateCheck)]
    public SwitchParameter SkipCertificateCheck { get; set; }

    /// <summary>A file with authorities.</summary>
    [Parameter(HelpMessage = RegistryWords.CaCertificate)]
    [ValidateNotNullOrEmpty]
    public string? CaCertificate { get; set; }

    /// <summary>A file with a certificate to identify by.</summary>
    [Parameter(HelpMessage = RegistryWords.ClientCertificate)]
    [ValidateNotNullOrEmpty]
    public string? ClientCertificate { get; set; }

    /// <summary>The file with its key.</summary>
    [Parameter(HelpMessage = RegistryWords.ClientKey)]
    [ValidateNotNullOrEmpty]
    public string? ClientKey { get; set; }

    /// <summary>Hosts of token services to trust.</summary>
    [Parameter(HelpMessage = RegistryWords.TrustedRealm)]
    [ValidateNotNullOrEmpty]
    public string[] TrustedRealm { get; set; } = [];

    /// <summary>How often a request is made again.</summary>
    [Parameter(HelpMessage = RegistryWords.MaximumRetryCount)]
    [ValidateRange(0, 100)]
    public int MaximumRetryCount { get; set; } = 4;

    /// <summary>Seconds before that.</summary>
    [Parameter(HelpMessage = RegistryWords.RetryIntervalSec)]
    [ValidateRange(0.0, 3600.0)]
    public double RetryIntervalSec { get; set; } = 1;

    /// <summary>Seconds without a byte.</summary>
    [Parameter(HelpMessage = RegistryWords.StallTimeout)]
    [ValidateRange(0.1, 86400.0)]
    public double StallTimeout { get; set; } = 30;

    /// <summary>The registries, opened once.</summary>
    private protected ICtrRegistries Registries => _registries ??= Connector.OpenRegistries(Options);

    /// <summary>How they are spoken to.</summary>
    private protected CtrRegistryOptions Options => IRegistryParameters.Read(this);

    /// <summary>What looks into them.</summary>
    private protected static IRemoteImages Remote => Connector.RemoteImages;

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _registries?.Dispose();
        }

        base.Dispose(disposing);
    }
}
