using System.Management.Automation;
using CtrPS.Client;
using CtrPS.Completion;

namespace CtrPS.Commands;

/// <summary>Set-CtrRegistryHost: writes the hosts.toml of a registry.</summary>
[Cmdlet(VerbsCommon.Set, "CtrRegistryHost", SupportsShouldProcess = true)]
[OutputType(typeof(CtrRegistryHost))]
public sealed class SetCtrRegistryHostCommand : CtrHostsCmdlet
{
    private static readonly string[] MirrorCapabilities = ["pull", "resolve"];

    /// <summary>The registry.</summary>
    [Parameter(
        Position = 0, Mandatory = true, ValueFromPipelineByPropertyName = true,
        HelpMessage = "The registry: docker.io, registry.example.com:5000.")]
    [ArgumentCompleter(typeof(RegistryCompleter))]
    [ValidateNotNullOrEmpty]
    public string Registry { get; set; } = "";

    /// <summary>URLs of mirrors, in the order of asking.</summary>
    [Parameter(Position = 1, HelpMessage = "URLs of mirrors, in the order of asking.")]
    [ValidateNotNullOrEmpty]
    public string[] Mirror { get; set; } = [];

    /// <summary>The URL that is asked last. Default: the registry itself.</summary>
    [Parameter(HelpMessage = "The URL that is asked last. Default: the registry itself.")]
    [ValidateNotNullOrEmpty]
    public string? Server { get; set; }

    /// <summary>What the mirrors are asked for. Default: pull and resolve.</summary>
    [Parameter(HelpMessage = "What the mirrors are asked for. Default: pull and resolve.")]
    [ValidateSet("pull", "resolve", "push", "referrers")]
    public string[]? Capability { get; set; }

    /// <summary>Files with authorities to trust (PEM): for the mirrors, or, without any, for the registry.</summary>
    [Parameter(HelpMessage = "Files with authorities to trust (PEM): for the mirrors, or, without any, for the registry.")]
    [ValidateNotNullOrEmpty]
    public string[] Ca { get; set; } = [];

    /// <summary>File with a certificate to identify by (PEM).</summary>
    [Parameter(HelpMessage = "File with a certificate to identify by (PEM).")]
    [ValidateNotNullOrEmpty]
    public string? ClientCertificate { get; set; }

    /// <summary>File with its key, when it is not in the certificate's file.</summary>
    [Parameter(HelpMessage = "File with its key, when it is not in the certificate's file.")]
    [ValidateNotNullOrEmpty]
    public string? ClientKey { get; set; }

    /// <summary>Take any certificate.</summary>
    [Parameter(HelpMessage = "Take any certificate: for tests only.")]
    public SwitchParameter SkipCertificateCheck { get; set; }

    /// <summary>Never ask the registry itself.</summary>
    [Parameter(HelpMessage = "Never ask the registry itself, only the mirrors.")]
    public SwitchParameter SkipFallback { get; set; }

    /// <summary>Take the paths of the URLs as they are, without /v2.</summary>
    [Parameter(HelpMessage = "Take the paths of the URLs as they are, without /v2.")]
    public SwitchParameter OverridePath { get; set; }

    /// <summary>Replace a file that is there.</summary>
    [Parameter(HelpMessage = "Replace a file that is there.")]
    public SwitchParameter Force { get; set; }

    /// <summary>Return the hosts that are asked now.</summary>
    [Parameter(HelpMessage = "Return the hosts that are asked now.")]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => Guard(Registry, () =>
    {
        string registry = Connector.Logins.RegistryOf(Registry);
        string root = Root;
        CtrHostsFile file = Connector.RegistryHosts.Compose(Wish(registry), Connector.RegistryHosts.FileOf(root, registry));
        if (Write(file, Force) && PassThru)
        {
            WriteObject(
                Connector.RegistryHosts.Find(registry, new CtrRegistryOptions { HostsFolders = [root] }), enumerateCollection: true);
        }
    });

    private CtrHostsWish Wish(string registry)
    {
        (string, string?)? pair = ClientPair(ClientCertificate, ClientKey);
        var settings = new CtrHostWish
        {
            Authorities = [.. Ca.Select(ExistingFile)],
            ClientCertificates = pair is { } one ? [one] : [],
            SkipVerify = SkipCertificateCheck ? true : null,
            OverridePath = OverridePath,
        };
        bool saysTls = settings.Authorities.Count > 0 || settings.ClientCertificates.Count > 0 || SkipCertificateCheck;
        if (Mirror.Length == 0)
        {
            return SkipFallback || Capability is not null
                ? throw Wrong("-SkipFallback and -Capability are about mirrors: name some with -Mirror.")
                : Server is null && (!saysTls || OverridePath)
                ? throw Wrong("There is nothing to write: name mirrors with -Mirror, a server with -Server, or say something of TLS.")
                : new CtrHostsWish(registry, settings with { Url = Server }, []);
        }

        if (SkipFallback && Server is not null)
        {
            throw Wrong("-SkipFallback leaves nothing to be asked last, and -Server names it: use one of them.");
        }

        CtrHostWish[] mirrors =
            [.. Mirror.Select(url => settings with { Url = url, Capabilities = Capability?.Distinct().ToArray() ?? MirrorCapabilities })];

        // containerd always asks some server last. That it is the last mirror again keeps it from the registry.
        return new CtrHostsWish(registry, SkipFallback ? mirrors[^1] : new CtrHostWish { Url = Server }, mirrors);
    }

    private CtrException Wrong(string message) => new(CtrErrorIds.InvalidArgument, CtrStatus.InvalidArgument, message) { Target = Registry };
}
