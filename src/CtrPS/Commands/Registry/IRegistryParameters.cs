using System.Management.Automation;
using CtrPS.Binding;

namespace CtrPS.Commands;

/// <summary>
/// The parameters about registries. Cmdlets with a session and without have them from different bases, and this is where both are read. What a
/// cmdlet does not have is as it is by default.
/// </summary>
internal interface IRegistryParameters
{
    PSCredential? Credential { get; }

    SwitchParameter PlainHttp { get; }

    SwitchParameter SkipCertificateCheck { get; }

    string? CaCertificate { get; }

    string? ClientCertificate => null;

    string? ClientKey => null;

    string[]? HostsDirectory { get; }

    string[] TrustedRealm => [];

    int MaximumRetryCount => new CtrRegistryOptions().MaximumRetryCount;

    double RetryIntervalSec => new CtrRegistryOptions().RetryInterval.TotalSeconds;

    double StallTimeout => new CtrRegistryOptions().StallTimeout.TotalSeconds;

    /// <summary>How registries are spoken to, as the parameters of a cmdlet say.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.InvalidPath"/>; <see cref="CtrErrorIds.InvalidArgument"/>.</exception>
    static CtrRegistryOptions Read<T>(T cmdlet)
        where T : PSCmdlet, IRegistryParameters => new()
        {
            HostsFolders = cmdlet.HostsDirectory is null
                ? null
                : [.. cmdlet.HostsDirectory.Select(folder => ProviderPath.Resolve(cmdlet, folder))],
            PlainHttp = cmdlet.PlainHttp,
            SkipCertificateCheck = cmdlet.SkipCertificateCheck,
            Authority = cmdlet.CaCertificate is null ? null : ProviderPath.Resolve(cmdlet, cmdlet.CaCertificate),
            ClientCertificate = cmdlet.ClientCertificate is { } certificate
                ? (ProviderPath.Resolve(cmdlet, certificate), cmdlet.ClientKey is null ? null : ProviderPath.Resolve(cmdlet, cmdlet.ClientKey))
                : cmdlet.ClientKey is null ? null
                : throw new CtrException(CtrErrorIds.InvalidArgument, CtrStatus.InvalidArgument, "-ClientKey goes with -ClientCertificate."),
            Credential = cmdlet.Credential is { } known ? CredentialOf(known) : null,
            TrustedRealms = cmdlet.TrustedRealm,
            MaximumRetryCount = cmdlet.MaximumRetryCount,
            RetryInterval = TimeSpan.FromSeconds(cmdlet.RetryIntervalSec),
            StallTimeout = TimeSpan.FromSeconds(cmdlet.StallTimeout),
        };

    /// <summary>Not GetNetworkCredential(), which takes a user apart at a backslash.</summary>
    static System.Net.NetworkCredential CredentialOf(PSCredential known) => new(known.UserName, known.Password);
}
