using System.Management.Automation;
using System.Net;
using CtrPS.Client;
using CtrPS.Completion;

namespace CtrPS.Commands;

/// <summary>Connect-CtrRegistry: logs in at a registry.</summary>
[Cmdlet(VerbsCommunications.Connect, "CtrRegistry", SupportsShouldProcess = true)]
[OutputType(typeof(CtrRegistryLogin))]
public sealed class ConnectCtrRegistryCommand : CtrRegistryCmdlet
{
    /// <summary>The registry.</summary>
    [Parameter(
        Position = 0, Mandatory = true, ValueFromPipelineByPropertyName = true,
        HelpMessage = "The registry: docker.io, registry.example.com:5000.")]
    [ArgumentCompleter(typeof(RegistryCompleter))]
    [ValidateNotNullOrEmpty]
    public string Registry { get; set; } = "";

    /// <summary>User and password, or an access token in the place of the password.</summary>
    [Parameter(Position = 1, Mandatory = true, HelpMessage = "User and password, or an access token in the place of the password.")]
    [Credential]
    [ValidateNotNull]
    public PSCredential? Credential { get; set; }

    /// <summary>Speak http where no file says otherwise.</summary>
    [Parameter(HelpMessage = "Speak http where no file says otherwise.")]
    public SwitchParameter PlainHttp { get; set; }

    /// <summary>Take any certificate where no file says anything of TLS.</summary>
    [Parameter(HelpMessage = "Take any certificate: for tests only.")]
    public SwitchParameter SkipCertificateCheck { get; set; }

    /// <summary>File with authorities to trust (PEM) where no file says anything of TLS.</summary>
    [Parameter(HelpMessage = "File with authorities to trust (PEM), beside the system's.")]
    [ValidateNotNullOrEmpty]
    public string? CaCertificate { get; set; }

    /// <summary>File with a certificate to identify by (PEM) where no file says anything of TLS.</summary>
    [Parameter(HelpMessage = "File with a certificate to identify by (PEM).")]
    [ValidateNotNullOrEmpty]
    public string? ClientCertificate { get; set; }

    /// <summary>File with its key, when it is not in the certificate's file.</summary>
    [Parameter(HelpMessage = "File with its key, when it is not in the certificate's file.")]
    [ValidateNotNullOrEmpty]
    public string? ClientKey { get; set; }

    /// <summary>Keep the login without asking the registry.</summary>
    [Parameter(HelpMessage = "Keep the login without asking the registry.")]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => Guard(Registry, () =>
    {
        string registry = Connector.Logins.RegistryOf(Registry);

        // Not GetNetworkCredential(), which takes a user apart at a backslash.
        var credential = new NetworkCredential(Credential!.UserName, Credential.Password);
        var options = new CtrRegistryOptions
        {
            HostsFolders = HostsFolders,
            PlainHttp = PlainHttp,
            SkipCertificateCheck = SkipCertificateCheck,
            Authority = CaCertificate is null ? null : ExistingFile(CaCertificate),
            ClientCertificate = ClientPair(ClientCertificate, ClientKey),
        };
        CtrRegistryLogin place = Connector.Logins.PlaceOf(registry);
        if (!ShouldProcess($"registry '{registry}'", $"Log in as '{credential.UserName}', kept in {LoginWords.Of(place)}"))
        {
            return;
        }

        if (!Force)
        {
            Await(token => Connector.LoginCheck.CheckAsync(registry, credential, options, token));
        }

        CtrRegistryLogin login = Await(token => Connector.Logins.StoreAsync(registry, credential, token));
        if (login.Helper is null)
        {
            WriteWarning(
                $"The password is kept as it is in '{login.File}', which only its owner may read. A credential helper (credsStore in that file) "
                + "keeps it better.");
        }

        WriteObject(login);
    });
}
