using System.Management.Automation;
using CtrPS.Completion;
using CtrPS.Sessions;

namespace CtrPS.Commands;

/// <summary>Connect-CtrSession: opens a session and makes it the default.</summary>
[Cmdlet(VerbsCommunications.Connect, "CtrSession")]
[OutputType(typeof(CtrSession))]
public sealed class ConnectCtrSessionCommand : CtrCmdlet
{
    /// <summary>Where containerd listens. Default: $env:CONTAINERD_ADDRESS, else the platform's.</summary>
    [Parameter(Position = 0, HelpMessage = "A socket's path, unix:///path, \\\\.\\pipe\\name, npipe:////./pipe/name or tcp://host:port.")]
    [ArgumentCompleter(typeof(SessionCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Address { get; set; }

    /// <summary>The namespace where a cmdlet gets none. Default: $env:CONTAINERD_NAMESPACE, else "default".</summary>
    [Parameter(Position = 1, HelpMessage = "The namespace to use where a cmdlet gets none.")]
    [ArgumentCompleter(typeof(NamespaceCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Namespace { get; set; }

    /// <summary>Seconds to wait for the connection, and for each answer about metadata. Default 30.</summary>
    [Parameter(HelpMessage = "Seconds to wait for the connection and for each answer.")]
    [ValidateRange(1, 86400)]
    public int Timeout { get; set; } = 30;

    /// <summary>Do not make it the default session.</summary>
    [Parameter(HelpMessage = "Do not make it the default session.")]
    public SwitchParameter NoDefault { get; set; }

    /// <summary>Speak TLS with a tcp:// address. The other TLS parameters imply it.</summary>
    [Parameter(HelpMessage = "Speak TLS with a tcp:// address.")]
    public SwitchParameter UseTls { get; set; }

    /// <summary>PEM file with the certificates to trust instead of the system's.</summary>
    [Parameter(HelpMessage = "PEM file with the certificates to trust instead of the system's.")]
    [ValidateNotNullOrEmpty]
    public string? CertificateAuthority { get; set; }

    /// <summary>PEM file with the client's certificate.</summary>
    [Parameter(HelpMessage = "PEM file with the client's certificate.")]
    [ValidateNotNullOrEmpty]
    public string? ClientCertificate { get; set; }

    /// <summary>PEM file with the client's key, when it is not in the certificate's file.</summary>
    [Parameter(HelpMessage = "PEM file with the client's key.")]
    [ValidateNotNullOrEmpty]
    public string? ClientKey { get; set; }

    /// <summary>Accept any server certificate.</summary>
    [Parameter(HelpMessage = "Accept any server certificate: for tests only.")]
    public SwitchParameter SkipCertificateCheck { get; set; }

    private bool WantsTls =>
        UseTls || SkipCertificateCheck || CertificateAuthority is not null || ClientCertificate is not null || ClientKey is not null;

    /// <inheritdoc/>
    protected override void EndProcessing() => Guard(Address, () =>
    {
        CtrEndpoint endpoint = Endpoint();
        SessionTable table = SessionTable.Current;
        CtrSession session = table.Add(endpoint, Namespace);
        try
        {
            Await(session.OpenAsync);
        }
        catch
        {
            table.Close(session);
            throw;
        }

        if (NoDefault)
        {
            table.SetNeverDefault(session);
        }
        else
        {
            table.SetDefault(session);
        }

        WriteVerbose($"Connected to containerd {session.ServerVersion} at '{session.Address}'; namespace '{session.Namespace}'.");
        WriteObject(session);
    });

    private CtrEndpoint Endpoint()
    {
        CtrEndpoint endpoint = (Address is null ? CtrEndpoint.EnvironmentDefault : CtrEndpoint.Parse(Address)) with
        {
            Timeout = TimeSpan.FromSeconds(Timeout),
        };
        return !WantsTls ? endpoint
            : endpoint.Transport != CtrTransport.Tcp
            ? throw new CtrException(
                CtrErrorIds.InvalidAddress, CtrStatus.InvalidArgument, $"TLS goes with a tcp:// address, not with '{endpoint.Address}'.")
            {
                Target = endpoint.Address,
                RecommendedAction = "Leave the TLS parameters out for sockets and pipes: the operating system protects them.",
            }
            : endpoint with
            {
                Tls = new CtrTlsOptions
                {
                    CertificateAuthority = FilePath(CertificateAuthority),
                    ClientCertificate = FilePath(ClientCertificate),
                    ClientKey = FilePath(ClientKey),
                    SkipCertificateCheck = SkipCertificateCheck,
                },
            };
    }

    private string? FilePath(string? path)
    {
        string? full = path is null ? null : GetUnresolvedProviderPathFromPSPath(path);
        return full is null || File.Exists(full)
            ? full
            : throw new CtrException(CtrErrorIds.InvalidArgument, CtrStatus.InvalidArgument, $"There is no file '{full}'.") { Target = full };
    }
}
