using System.Management.Automation;
using CtrPS.Client;
using CtrPS.Completion;

namespace CtrPS.Commands;

/// <summary>Base of the cmdlets that move images between a containerd and registries: how the registries are spoken to.</summary>
public abstract class CtrImageTransferCmdlet : CtrSessionCmdlet, IRegistryParameters
{
    private ICtrRegistries? _registries;

    /// <summary>User and password for the registry. Default: what docker's and podman's files and helpers know.</summary>
    [Parameter(HelpMessage = RegistryWords.Credential)]
    [Credential]
    public PSCredential? Credential { get; set; }

    /// <summary>Speak http, not https, where no hosts.toml says otherwise.</summary>
    [Parameter(HelpMessage = RegistryWords.PlainHttp)]
    public SwitchParameter PlainHttp { get; set; }

    /// <summary>Take any certificate, where no hosts.toml says otherwise.</summary>
    [Parameter(HelpMessage = RegistryWords.SkipCertificateCheck)]
    public SwitchParameter SkipCertificateCheck { get; set; }

    /// <summary>A file with certificates of authorities to trust beside the system's (PEM).</summary>
    [Parameter(HelpMessage = RegistryWords.CaCertificate)]
    [ValidateNotNullOrEmpty]
    public string? CaCertificate { get; set; }

    /// <summary>A file with a certificate to identify by (PEM); its key is in there too, or in -ClientKey.</summary>
    [Parameter(HelpMessage = RegistryWords.ClientCertificate)]
    [ValidateNotNullOrEmpty]
    public string? ClientCertificate { get; set; }

    /// <summary>The file with the key of -ClientCertificate.</summary>
    [Parameter(HelpMessage = RegistryWords.ClientKey)]
    [ValidateNotNullOrEmpty]
    public string? ClientKey { get; set; }

    /// <summary>Folders with a folder for each registry, as containerd's config_path has them. Default: the usual ones.</summary>
    [Parameter(HelpMessage = RegistryWords.HostsDirectory)]
    [ValidateNotNullOrEmpty]
    public string[]? HostsDirectory { get; set; }

    /// <summary>Hosts of token services that may see the credentials though they are of another domain than the registry.</summary>
    [Parameter(HelpMessage = RegistryWords.TrustedRealm)]
    [ValidateNotNullOrEmpty]
    public string[] TrustedRealm { get; set; } = [];

    /// <summary>How often a request is made again that failed in a way that may pass.</summary>
    [Parameter(HelpMessage = RegistryWords.MaximumRetryCount)]
    [ValidateRange(0, 100)]
    public int MaximumRetryCount { get; set; } = 4;

    /// <summary>Seconds before the first of these; each further wait is about twice as long.</summary>
    [Parameter(HelpMessage = RegistryWords.RetryIntervalSec)]
    [ValidateRange(0.0, 3600.0)]
    public double RetryIntervalSec { get; set; } = 1;

    /// <summary>Seconds that a blob may bring no byte.</summary>
    [Parameter(HelpMessage = RegistryWords.StallTimeout)]
    [ValidateRange(0.1, 86400.0)]
    public double StallTimeout { get; set; } = 30;

    /// <summary>The namespace. Default: the session's.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true, HelpMessage = "The namespace.")]
    [ArgumentCompleter(typeof(NamespaceCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Namespace { get; set; }

    /// <summary>The registries, opened once.</summary>
    private protected ICtrRegistries Registries => _registries ??= Connector.OpenRegistries(Options);

    /// <summary>How they are spoken to.</summary>
    private protected virtual CtrRegistryOptions Options => IRegistryParameters.Read(this);

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
